"""The limits of an inspection: size before any scan, a budget of findings, and long strings slice by slice."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Message, Payload, Value, stamp, topic_of
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.inspection import MAX_FINDINGS, TOO_LARGE, TOO_MANY, Inspectors, Span, examined, shadowed, slices
from genie.policy.policy import PolicySet

CORPORA = Path(__file__).parents[2] / "corpora"


class Words:
    """Finds words of a few letters; counts what it is shown."""

    name: ClassVar[str] = "words"
    version: ClassVar[str] = "1"
    patterns = ("[a-z]",)
    always = True
    reach = 8

    def __init__(self) -> None:
        self.shown = 0

    def fold(self, text: str) -> str:
        self.shown += 1
        return text

    def examine(self, text: str) -> Iterable[Span]:
        self.shown += 1
        found = [match.span() for match in re.finditer(r"\b[a-z]{1,8}\b", text)]
        return [Span("words.word", start, end, Classification.PUBLIC) for start, end in found]


class Line(Value):
    text: str


class Lines(Value):
    lines: tuple[Line, ...]


class Sheet(Payload, topic="limits.sheet"):
    title: str
    body: Lines = Lines(lines=())


class Flat(Payload, topic="limits.flat"):
    title: str
    body: str = ""


def sealed(payload: Payload, policies: PolicySet) -> Message[Payload]:
    found = policies.inspectors.compiled(type(payload))(payload)
    return stamp(1, payload, "s", None, None, 0, 0, Caller().headers(), topic_of(type(payload)).classification, found)


class Note(Payload, topic="limits.note"):
    lines: tuple[str, ...]


WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "wide")


class Wide(Words):
    """Finds words in wide letters too."""

    always = False

    def fold(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text)

    def examine(self, text: str) -> Iterable[Span]:
        return super().examine(self.fold(text))


@pytest.mark.parametrize("title", ["wide", WIDE, WIDE * 2_000], ids=["ascii", "wide", "long"])
def test_a_text_that_must_be_folded_is_folded_in_a_class_of_any_form(title: str) -> None:
    inspectors = Inspectors([Wide()])
    for payload in (Flat(title=title), Note(lines=(title,)), Sheet(title="", body=Lines(lines=(Line(text=title),)))):
        found = inspectors.compiled(type(payload))(payload)
        assert found == inspectors.inspect(payload)
        assert bool(found.findings) == (len(title) < 9)


@pytest.mark.parametrize(
    "payload",
    [Flat(title="a" * 101), Flat(title="é" * 51), Sheet(title="", body=Lines(lines=(Line(text="a" * 101),)))],
    ids=["ascii", "utf-8", "part"],
)
def test_a_payload_above_its_limit_is_not_scanned(payload: Payload) -> None:
    words = Words()
    inspectors = Inspectors([words], max_bytes=lambda _topic: 100)

    for inspection in (inspectors.inspect(payload), inspectors.compiled(type(payload))(payload)):
        assert inspection.failed == TOO_LARGE
        assert inspection.size_bytes > 100
    assert words.shown == 0


def test_a_payload_at_its_limit_is_scanned() -> None:
    inspectors = Inspectors([Words()], max_bytes=lambda _topic: 101)  # the separator between two strings is counted

    assert inspectors.inspect(Flat(title="a" * 100)).failed is None


def test_a_limit_belongs_to_a_topic() -> None:
    inspectors = Inspectors([Words()], max_bytes={"limits.flat": 10, "limits.sheet": None}.__getitem__)

    assert inspectors.inspect(Flat(title="eleven long")).failed == TOO_LARGE
    assert inspectors.inspect(Sheet(title="eleven long")).failed is None


def test_a_message_that_is_too_large_is_denied_by_the_policy_that_set_the_limit() -> None:
    policies = PolicySet((Pii(), PayloadSize(PayloadSizeSettings(max_bytes=50))))
    decision = policies.evaluator(Flat, AgentCard(id="a")).judge(
        sealed(Flat(title="4111 1111 1111 1111 " * 9), policies), AgentCard(id="s")
    )

    assert decision is not None
    assert [(reason.policy, reason.code) for reason in decision.reasons] == [("payload_size", "payload_size")]


def test_a_limit_in_shadow_mode_refuses_nothing() -> None:
    size = PayloadSize(PayloadSizeSettings(max_bytes=50))
    policies = PolicySet((size,), shadow=frozenset({"payload_size"}))

    assert policies.inspectors.inspect(Flat(title="a" * 99)).failed is None


# --- the budget of findings ---


@pytest.mark.parametrize(
    "payload",
    [
        Flat(title="a b c d"),
        Flat(title="a b", body="c d"),
        Sheet(title="a b", body=Lines(lines=(Line(text="c"), Line(text="d")))),
    ],
    ids=["string", "strings", "part"],
)
def test_more_findings_than_the_limit_end_the_inspection(payload: Payload) -> None:
    assert Inspectors([Words()], max_findings=4).inspect(payload).failed is None
    assert Inspectors([Words()], max_findings=3).inspect(payload).failed == TOO_MANY


class Broken(Words):
    """Finds a word that goes on behind the end of a line."""

    across = True

    def examine(self, text: str) -> Iterable[Span]:
        self.shown += 1
        found = [match.span() for match in re.finditer(r"over\nflow", text)]
        return [Span("words.word", start, end, Classification.PUBLIC) for start, end in found]


class Paper(Payload, topic="limits.paper"):
    title: str = "over"
    lines: tuple[str, ...] | None = None


@pytest.mark.parametrize(
    ("lines", "found"), [(None, 0), ((), 0), (("over",), 0), (("over", "flow"), 2), (("over", "flow") * 2, 4)]
)
def test_what_crosses_the_ends_of_lines_is_found_and_counts(lines: tuple[str, ...] | None, found: int) -> None:
    inspection = Inspectors([Broken()], max_findings=4).inspect(Paper(lines=lines))
    assert (len(inspection.findings), inspection.failed) == (found, None)
    if found:
        assert Inspectors([Broken()], max_findings=found - 1).inspect(Paper(lines=lines)).failed == TOO_MANY


def test_texts_that_were_read_before_are_not_read_again() -> None:
    words = Words()
    inspectors = Inspectors([words])
    inspectors.inspect(Flat(title="a", body="b"))
    shown = words.shown

    inspectors.inspect(Flat(title="b", body="a"))
    assert words.shown == shown


def test_findings_that_are_known_from_another_message_count_as_well() -> None:
    inspectors = Inspectors([Words()], max_findings=3)
    assert inspectors.inspect(Flat(title="a b")).failed is None

    assert inspectors.inspect(Flat(title="a b", body="c d")).failed == TOO_MANY


def test_findings_of_shadow_mode_do_not_count() -> None:
    inspection = Inspectors([shadowed(Words())], max_findings=3).inspect(Flat(title="a b c d e"))

    assert inspection.failed is None
    assert len(inspection.findings) == 4  # of one string, one more than the limit is kept


def test_a_message_with_too_many_findings_is_denied_by_that_code() -> None:
    policies = PolicySet((Pii(),))
    message = sealed(Flat(title="a@b.co " * (MAX_FINDINGS + 1)), policies)
    decision = policies.evaluator(Flat, AgentCard(id="a")).judge(message, AgentCard(id="s"))

    assert decision is not None
    assert (decision.verdict, decision.reasons[0].code) == ("deny", "findings_limit")


# --- slices ---


@given(st.integers(0, 500), st.integers(1, 60), st.integers(0, 40))
def test_slices_own_every_character_once_and_overlap_on_both_sides(length: int, size: int, overlap: int) -> None:
    parts = list(slices(length, size, overlap))

    assert [at for part in parts for at in range(part.first, part.last)] == list(range(length))
    for part in parts:
        assert part.start == max(0, part.first - overlap)
        assert part.end == min(length, part.last + overlap)


@given(st.text("ab c", max_size=300), st.integers(9, 60))
def test_slices_find_what_the_whole_text_holds(text: str, size: int) -> None:
    """A word here is at most eight letters; one character more on each side decides whether it stands alone."""
    words = Words()
    words.reach = 10

    assert list(examined(words, text, size=size)) == list(words.examine(text))


TEXTS = [
    json.loads(line)["text"].replace("¦", "")
    for name in ("pii", "secrets")
    for line in (CORPORA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.slow
@given(
    st.lists(st.sampled_from(TEXTS), min_size=50, max_size=90),
    st.sampled_from(["\n", "; ", " | "]),
    st.integers(300, 2_000),
)
@settings(max_examples=60)
def test_slices_find_the_personal_data_and_secrets_of_the_whole_text(texts: list[str], gap: str, size: int) -> None:
    text = gap.join(texts)
    for policy in (Pii(), Secrets()):
        (inspector,) = policy.inspectors
        assert list(examined(inspector, text, size=size)) == list(inspector.examine(text))
