"""One pass over a message's joined text never misses what examining a single string finds."""
# ruff: noqa: RUF001, E501 - lookalikes are test data, in rows

from __future__ import annotations

import itertools

import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.detectors.injection.inspector import InjectionInspector
from genie.detectors.pii.digit_runs import Digits
from genie.detectors.pii.inspector import DETECTORS, PiiInspector
from genie.detectors.secrets.inspector import FINDERS, SecretsInspector
from genie.detectors.unicode import fold
from genie.policies.secrets import KINDS
from genie.policy.policy import Inspectors

PII = PiiInspector({detector.kind: Classification.RESTRICTED for detector in DETECTORS})
SECRETS = SecretsInspector(dict.fromkeys(KINDS, Classification.RESTRICTED))
MARKS = InjectionInspector(Classification.RESTRICTED)

# Pieces that findings are made of, so that random joins of them often are one, or nearly.
PIECES = [
    "4111", "1111", "4111111111111111", "378282246310005", "DE89", "3704", "0044", "0532", "0130", "00", "IBAN", "2341",
    "2346", "234123412346", "aadhaar", "uid", "PAN", "ACUPA", "ACUPA7085R", "7085", "R", "27AAPFU0939F1ZV", "jane@", "example.com",
    "@", ".", "+91", "+1", "98765", "43210", "9876543210", "tel", "phone", "(415)", "415", "555", "2671", "020", "7946", "06",
    "12", "34", "56", "78", "ignore", "disregard", "all", "previous", "the", "system", "prompt", "instructions", "reveal", "your",
    "you are now", "dan", "mode", "<|", "im_start", "|>", "[INST]", "###", ":", "role", '"', "https://x.example/?a=b", "![a](",
    ")", "vergiss", "deine", "regeln", "ıgnοrе", "４１１１", "\u200b", "\u0301", "–", "é", "_", "x", "日", "password", "api_key",
    "=", "AKIA", "IOSFODNN7EXAMPLE", "Bearer", "mF_9.B5f-4.1JqM", "password=q7Rz9Kd2Lm5X",
    "db://ann:hunter2x@", "AKIAIOSFODNN7EXAMPLE", "Bearer mF_9.B5f-4.1JqM",
]  # fmt: skip
TEXT = st.lists(
    st.tuples(
        st.sampled_from(PIECES), st.sampled_from(["", " ", " ", "-", "  ", "\n", "\t", ".", "/", "_", "\u00a0", "\x00"])
    ),
    max_size=12,
).map(lambda parts: "".join(piece + gap for piece, gap in parts))


def hit(patterns: tuple[str, ...], text: str) -> bool:
    searched = re2.Set.SearchSet()
    for pattern in patterns:
        searched.Add(pattern)
    searched.Compile()
    return bool(searched.Match(text))


class Pair(Payload, topic="test.pair"):
    first: str
    second: str


class Note(Payload, topic="test.note"):
    text: str


ALL = Inspectors((PII, SECRETS, MARKS))


@given(TEXT, st.one_of(TEXT, st.text(max_size=10)))
@settings(max_examples=300)
def test_what_is_found_in_a_string_is_found_in_a_message_that_has_it_beside_others(text: str, beside: str) -> None:
    alone = {
        (span.kind, span.start, span.end) for span in (*PII.examine(text), *SECRETS.examine(text), *MARKS.examine(text))
    }

    inspection = ALL.inspect(Pair(first=text, second=beside))

    assert inspection.failed is None
    assert {(f.kind, f.start, f.end) for f in inspection.findings if f.path == ("first",)} >= alone


@given(TEXT)
@settings(max_examples=300)
def test_each_kind_is_found_only_where_one_of_its_own_patterns_matches(text: str) -> None:
    folded = fold(text)

    for detector in DETECTORS:
        assume(len(folded) < 400)
        if any(True for _ in detector.find(folded, Digits(folded))):
            assert hit(detector.hints, folded)
    for finder in FINDERS:
        if any(True for _ in finder.find(folded)):
            assert hit(finder.hints, folded)


@given(st.one_of(TEXT, st.text(max_size=80)))
def test_findings_lie_inside_their_string_and_personal_data_does_not_overlap(text: str) -> None:
    for spans in (PII.examine(text), SECRETS.examine(text), MARKS.examine(text)):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
    personal = PII.examine(text)
    assert all(one.end <= two.start for one, two in itertools.pairwise(personal))


@given(st.binary(max_size=200))
def test_no_text_makes_the_inspectors_fail(raw: bytes) -> None:
    text = raw.decode("utf-16", "surrogatepass") if len(raw) % 2 == 0 else raw.decode("latin-1")

    assert PII.examine(text) is not None
    assert SECRETS.examine(text) is not None
    assert MARKS.examine(text) is not None


@given(st.lists(st.one_of(TEXT, st.text(max_size=10)), max_size=6))
@settings(max_examples=300)
def test_strings_examined_together_hold_what_each_of_them_holds_alone(texts: list[str]) -> None:
    assert PII.examine_all(texts) == [PII.examine(text) for text in texts]
