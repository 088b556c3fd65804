"""Marks of prompt injection in strings, found on folded text."""

from __future__ import annotations

from typing import ClassVar

import re2

from genie.governance.detectors.phrases import PHRASES, TOKENS
from genie.governance.folding import fold, fold_with_origins
from genie.message import Classification
from genie.policy import Span

_ROWS = (*((row.kind, row.pattern) for row in PHRASES), *TOKENS)


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
