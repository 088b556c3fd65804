"""Marks of prompt injection in strings, found on folded text."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import re2

from genie.governance.detectors.phrases import PHRASES, TOKENS
from genie.governance.folding import fold, fold_with_origins
from genie.message import Classification
from genie.policy import Span

_ROWS = (*((row.kind, row.pattern) for row in PHRASES), *TOKENS)

MARKED = 0.5
"""Score from which a text counts as an attack."""


class Assessment(NamedTuple):
    """How much a text looks like an injection, and why."""

    score: float
    """Between 0 and 1."""
    marked: bool
    """True when the score is at least ``MARKED``."""
    reasons: tuple[str, ...]
    """Stable codes such as ``"override.en"``, the heaviest first; never text of the message."""


class InjectionInspector:
    """Finds instructions that pose as data.

    Args:
        label: Clearance needed to see a mark.
    """

    name: ClassVar[str] = "injection"
    version: ClassVar[str] = "1"

    def __init__(self, label: Classification) -> None:
        self._label = label
        self._patterns = tuple(pattern for _, pattern in _ROWS)
        options = re2.Options()
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for pattern in self._patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def fold(self, text: str) -> str:
        """Fold Unicode look-alikes, invisible characters and diacritics."""
        return fold(text)

    @property
    def patterns(self) -> tuple[str, ...]:
        """What a text with a mark matches."""
        return self._patterns

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the marks in a string, in order; marks of different kinds may overlap."""
        folded = fold_with_origins(text)
        hits = self._set.Match(folded.text)
        if not hits:
            return ()
        found = {
            (*folded.span(*match.span()), _ROWS[hit][0])
            for hit in hits
            for match in re2.finditer(_ROWS[hit][1], folded.text)
        }
        return tuple(Span(f"injection.{kind}", start, end, self._label) for start, end, kind in sorted(found))


_inspector = InjectionInspector(Classification.RESTRICTED)


def assess(text: str, *, model: bool = True) -> Assessment:  # noqa: ARG001 - the model comes with its weights
    """Return how much a text looks like an injection; never raises.

    Args:
        text: Any string.
        model: Also ask the linear model, not the rules alone.
    """
    kinds = tuple(dict.fromkeys(span.kind.removeprefix("injection.") for span in _inspector.examine(text)))
    score = 1.0 if kinds else 0.0
    return Assessment(score, score >= MARKED, kinds)
