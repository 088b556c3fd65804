"""What looks into strings fails closed, and folds a text once for all who fold alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import pytest

from genie.contracts.classification import Classification
from genie.contracts.message import Payload
from genie.policy import inspection as inspector
from genie.policy import pattern_sets
from genie.policy.inspection import Inspectors, Span


class Note(Payload, topic="inspector.note"):
    text: str


class Looking:
    """Finds the word ``card``; counts how often it is asked to fold."""

    version: ClassVar[str] = "1"
    patterns = ("card",)

    def __init__(self, name: str, fold: object) -> None:
        self.name = name  # type: ignore[misc]  # two of one class for a test
        self.fold = fold

    name: ClassVar[str]

    def examine(self, text: str) -> Iterable[Span]:
        at = text.find("card")
        return [] if at < 0 else [Span(f"{self.name}.card", at, at + 4, Classification.RESTRICTED)]


def test_patterns_that_run_out_of_memory_fail_the_inspection_and_never_call_a_text_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = Inspectors([Looking("a", str)])  # type: ignore[list-item]  # a function stands for the method
    texts = ("nothing", "n\u00f6thing", "nothing " * 8)
    assert looking.inspect(Note(text="a card")).findings
    assert {looking.inspect(Note(text=text)).failed for text in texts} == {None}
    monkeypatch.setattr(pattern_sets, "_matching", lambda _patterns: lambda _data: [])  # RE2's answer without memory
    starved = Inspectors([Looking("a", str)])  # type: ignore[list-item]  # as above
    for inspect in (starved.inspect, starved.compiled(Note)):
        for text in ("a card", *texts, "a card " * 8):
            assert inspect(Note(text=text)).failed == "MemoryError"


def test_a_set_without_patterns_finds_everything_clean() -> None:
    assert inspector.Inspectors([]).inspect(Note(text="n\u00f6thing")).failed is None


def test_a_text_is_folded_once_for_all_who_fold_alike() -> None:
    asked: list[str] = []

    def fold(text: str) -> str:
        asked.append(text)
        return text

    looking = Inspectors([Looking("a", fold), Looking("b", fold)])  # type: ignore[list-item]  # as above
    found = looking.inspect(Note(text="a c\u00e4rd and a card")).findings
    assert [finding.kind for finding in found] == ["a.card", "b.card"]
    assert len(asked) == 3  # all of the message's text, the string by itself, and the string as it is masked
