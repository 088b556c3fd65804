"""Precision and recall on the labelled corpora, kind by kind, and that disguises change nothing.

The corpora were written beside the rules, so their figures say that nothing got worse, not how well unseen text does.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.card import AgentCard, Caller
from genie.contracts.message import Payload, stamp, topic_of
from genie.detectors.unicode import LOOKALIKES
from genie.policies.pii import LABELS, Pii, PiiSettings
from genie.policies.secrets import KINDS, Secrets, SecretsSettings
from genie.policy.inspection import Inspector
from genie.policy.policy import PolicySet, mask

CORPORA = Path(__file__).parents[2] / "corpora"
CUT = "¦"
"""Stands inside each long value of the corpora, so that no scanner takes them for leaked keys."""

PRECISION = 0.98
RECALL = 0.98
PII, SECRETS = Pii(), Secrets()
INSPECTORS: dict[str, Inspector] = {"pii": PII.inspectors[0], "secrets": SECRETS.inspectors[0]}


class Case(NamedTuple):
    corpus: str
    text: str
    found: tuple[tuple[str, str], ...]


def cases(corpus: str) -> list[Case]:
    rows = [json.loads(line) for line in (CORPORA / f"{corpus}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        Case(
            corpus, row["text"].replace(CUT, ""), tuple((kind, value.replace(CUT, "")) for kind, value in row["found"])
        )
        for row in rows
    ]


def found(corpus: str, text: str) -> list[tuple[str, str]]:
    spans = INSPECTORS[corpus].examine(text)
    return [(span.kind.removeprefix(f"{corpus}."), text[span.start : span.end]) for span in spans]


ALL = cases("pii") + cases("secrets")
POSITIVE = [case for case in ALL if case.found]


def test_the_corpora_are_large_and_half_benign() -> None:
    assert len(ALL) >= 250
    assert 2 * len(POSITIVE) <= len(ALL)
    assert {kind for case in ALL for kind, _ in case.found} == {*LABELS, *KINDS}


@pytest.mark.parametrize("corpus", ["pii", "secrets"])
def test_precision_and_recall_stay_above_their_floors(corpus: str) -> None:
    wanted, got, right = Counter[str](), Counter[str](), Counter[str]()
    for case in cases(corpus):
        seen = found(corpus, case.text)
        wanted.update(kind for kind, _ in case.found)
        got.update(kind for kind, _ in seen)
        right.update(kind for kind, _ in set(seen) & set(case.found))

    print(f"\n{corpus:14}{'cases':>7}{'precision':>11}{'recall':>8}")  # noqa: T201 - the figures are what people read
    for kind in sorted(wanted | got):
        precision, recall = right[kind] / max(got[kind], 1), right[kind] / max(wanted[kind], 1)
        print(f"{kind:14}{wanted[kind]:>7}{precision:>11.3f}{recall:>8.3f}")  # noqa: T201 - as above
        assert precision >= PRECISION, kind
        assert recall >= RECALL, kind


# --- disguises ---

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f"
ANY_CASE = {"iban", "gstin", "email", "upi"}
DIGITS = {"card", "aadhaar", "iban"}
LOOKING_LIKE: dict[str, str] = {}
for _char, _plain in LOOKALIKES.items():
    if len(_plain) == 1 and _plain.isalpha() and _char not in LOOKING_LIKE.values():
        LOOKING_LIKE.setdefault(_plain, _char)


def disguised(case: Case, change: dict[str, str]) -> Case:
    text = case.text
    for _, value in case.found:
        text = text.replace(value, change[value])
    return Case(case.corpus, text, tuple((kind, change[value]) for kind, value in case.found))


def still_found(case: Case) -> None:
    assert [pair for pair in case.found if pair not in found(case.corpus, case.text)] == []


@given(st.sampled_from(POSITIVE), st.data())
@settings(max_examples=200)
def test_invisible_characters_hide_nothing(case: Case, data: st.DataObject) -> None:
    change = {}
    for _, value in case.found:
        at = data.draw(st.integers(1, len(value) - 1))
        change[value] = value[:at] + data.draw(st.text(INVISIBLE, min_size=1, max_size=3)) + value[at:]

    still_found(disguised(case, change))


@given(st.sampled_from(POSITIVE), st.data())
@settings(max_examples=200)
def test_full_width_forms_hide_nothing(case: Case, data: st.DataObject) -> None:
    def widened(value: str) -> str:
        chosen = data.draw(st.lists(st.booleans(), min_size=len(value), max_size=len(value)))
        pairs = zip(value, chosen, strict=True)
        return "".join(chr(ord(char) + 0xFEE0) if wide and "!" <= char <= "~" else char for char, wide in pairs)

    still_found(disguised(case, {value: widened(value) for _, value in case.found}))


@given(st.sampled_from([case for case in POSITIVE if case.corpus == "pii"]), st.sampled_from([0x660, 0x966, 0x1D7CE]))
def test_digits_of_other_scripts_hide_nothing(case: Case, zero: int) -> None:
    digits = {str(n): chr(zero + n) for n in range(10)}

    still_found(disguised(case, {value: "".join(digits.get(char, char) for char in value) for _, value in case.found}))


@pytest.mark.parametrize("case", POSITIVE, ids=lambda case: case.text[:20])
def test_lookalike_letters_hide_nothing(case: Case) -> None:
    still_found(
        disguised(case, {value: "".join(LOOKING_LIKE.get(char, char) for char in value) for _, value in case.found})
    )


@pytest.mark.parametrize(
    "case", [case for case in POSITIVE if {kind for kind, _ in case.found} <= ANY_CASE], ids=lambda case: case.text[:20]
)
def test_case_hides_nothing_where_it_means_nothing(case: Case) -> None:
    for change in (str.upper, str.lower, str.swapcase):
        still_found(disguised(case, {value: change(value) for _, value in case.found}))


@pytest.mark.parametrize(
    "case", [case for case in POSITIVE if {kind for kind, _ in case.found} <= DIGITS], ids=lambda case: case.text[:20]
)
@pytest.mark.parametrize("gap", [" ", "-", "\n", "\r\n", "\u00a0", "\u2009", "\u2013"])
def test_numbers_are_found_however_they_are_spaced(case: Case, gap: str) -> None:
    def spaced(value: str) -> str:
        return re.sub(r"[^\w]+", gap, value) if re.search(r"[ -]", value) else gap.join(re.findall(".{1,4}", value))

    still_found(disguised(case, {value: spaced(re.sub(r"[\u200b]", "", value)) for _, value in case.found}))


@given(st.sampled_from(POSITIVE), st.sampled_from(["\n", "\r\n", "  ", "\t", " | ", "; "]))
def test_what_stands_round_a_value_hides_nothing(case: Case, gap: str) -> None:
    still_found(Case(case.corpus, f"one{gap}{case.text}{gap}two", case.found))


# --- fuzz, and masking ---


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_no_text_makes_an_inspector_raise(text: str) -> None:
    for inspector in INSPECTORS.values():
        spans = tuple(inspector.examine(text))
        assert all(0 <= one.start < one.end <= len(text) for one in spans)
        assert all(one.end <= two.start for one, two in zip(spans, spans[1:], strict=False))


GAPS = ["", " ", "\n", "-", ":", "@", '"', "\u200b", "\x1f", "\u0661"]
PIECES = st.sampled_from([part for case in ALL for part in (case.text, case.text[: len(case.text) // 2])])


@given(st.lists(st.tuples(PIECES, st.sampled_from(GAPS)), max_size=5))
@settings(max_examples=200)
def test_pieces_of_secrets_joined_anyhow_make_no_inspector_raise(parts: list[tuple[str, str]]) -> None:
    text = "".join(piece + gap for piece, gap in parts)
    for inspector in INSPECTORS.values():
        assert all(0 <= one.start < one.end <= len(text) for one in inspector.examine(text))


class Told(Payload, topic="test.told", classification="public"):
    text: str


EVERYTHING = PolicySet((Pii(PiiSettings(everyone=True)), Secrets(SecretsSettings(everyone=True))))
CARD = AgentCard(id="reader")


@given(st.lists(st.sampled_from(POSITIVE), min_size=1, max_size=3), st.text("abc xyz\n", max_size=20))
@settings(max_examples=150)
def test_a_masked_copy_holds_nothing_that_was_found_and_all_that_was_not(chosen: list[Case], around: str) -> None:
    text = around.join(["", *(f"\n{case.text}\n" for case in chosen), ""])
    payload = Told(text=text)
    inspection = EVERYTHING.inspectors.inspect(payload)
    message = stamp(
        1, payload, "s", None, None, 0, 0, Caller().headers(), topic_of(payload).classification, inspection
    )  # fmt: skip
    decision = EVERYTHING.evaluator(Told, CARD).judge(message, CARD)
    assert decision is not None
    assert decision.verdict == "redact"

    seen = mask(message, decision.paths).text

    gone = [False] * len(text)
    for finding in inspection.findings:
        assert text[finding.start : finding.end] not in seen
        gone[finding.start : finding.end] = [True] * (finding.end - finding.start)
    kept = "".join(char for char, masked in zip(text, gone, strict=True) if not masked)
    assert re.sub(r"\[(?:card|" + "|".join([*LABELS, *KINDS]) + r")\]", "", seen) == kept
