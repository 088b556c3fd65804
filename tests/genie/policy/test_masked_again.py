"""What is found only once the rest is masked is masked as well, until nothing is found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.message import Payload, stamp, topic_of
from genie.policies.pii import Pii, PiiSettings
from genie.policy.inspection import Inspectors, Span
from genie.policy.inspector import Masked
from genie.policy.policy import PolicySet, mask
from tests.genie.detectors.generated import MAKERS


class Text(Payload, topic="again.text", classification="public"):
    text: str


class Pairs:
    """Finds ``ab``, which taking another ``ab`` out of its middle leaves behind."""

    name: ClassVar[str] = "pairs"
    version: ClassVar[str] = "1"
    patterns = ("a",)

    def __init__(self, word: str = "") -> None:
        self.word = word

    def fold(self, text: str) -> str:
        return text

    def examine(self, text: str) -> Iterable[Span]:
        return [
            Span(f"pairs.{self.word or 'x'}", *match.span(), Classification.RESTRICTED)
            for match in re.finditer(r"a(?:\[x\])*b", text)
        ]


@given(st.text("ab", max_size=30))
def test_nothing_is_found_in_what_is_shown(text: str) -> None:
    found = Inspectors([Pairs()]).inspect(Text(text=text)).findings

    shown = Masked(text, [Span(one.kind, one.start, one.end, one.label) for one in found]).text
    assert list(Pairs().examine(shown)) == []


def test_a_string_that_always_holds_something_more_is_one_finding() -> None:
    class Endless(Pairs):
        def examine(self, text: str) -> Iterable[Span]:
            at = text.rfind("a")
            return [Span("pairs.q", at, at + 1, Classification.RESTRICTED)] if at >= 0 else []

    found = Inspectors([Endless()]).inspect(Text(text="a" * 50)).findings

    assert (found[-1].start, found[-1].end) == (0, 50)


@given(st.text("ab []", max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6))
def test_every_character_of_a_masked_text_has_its_place_in_the_original(
    text: str, parts: list[tuple[int, int]]
) -> None:
    spans = [Span("k.w", at, min(at + size, len(text)), Classification.PUBLIC) for at, size in parts if at < len(text)]
    masked = Masked(text, spans)
    hidden = bytearray(len(text))
    for _, start, end, *_ in spans:
        hidden[start:end] = b"\1" * (end - start)

    kept = [masked.original(Span("", at, at + 1, Classification.PUBLIC)) for at in range(len(masked.text))]

    assert [text[one.start] for one in kept if one is not None] == [
        char for char, gone in zip(text, hidden, strict=True) if not gone
    ]


EVERYTHING = PolicySet((Pii(PiiSettings(everyone=True)),))
CARD = AgentCard(id="reader")


@given(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_masked_copy_has_no_findings_however_values_stand_together(kinds: list[str], chance: object) -> None:
    gaps = ("", " ", ",", "-", "@", ".", "\n", "4", "a")
    text = "".join(MAKERS[kind](chance) + chance.choice(gaps) for kind in kinds)  # type: ignore[arg-type, attr-defined]  # hypothesis names no class for it
    inspection = EVERYTHING.inspectors.inspect(Text(text=text))
    message = stamp(
        1, Text(text=text), "s", None, None, 0, 0, Caller().headers(), topic_of(Text).classification, inspection
    )
    decision = EVERYTHING.evaluator(Text, CARD).judge(message, CARD)

    shown = message.payload if decision is None else mask(message, decision.paths)

    assert EVERYTHING.inspectors.inspect(shown).findings == ()


def test_masks_that_touch_keep_their_own_words() -> None:
    card, iban = (Span(kind, at, at + 2, Classification.PUBLIC) for kind, at in (("pii.card", 0), ("pii.iban", 2)))
    shown = Masked("aabbc", [card, iban])
    assert shown.text == "[card][iban]c"
    found = shown.original(Span("pii.name", len(shown.text) - 1, len(shown.text), Classification.PUBLIC))
    assert found is not None
    assert (found.start, found.end) == (4, 5)
