"""Compiling patterns for untrusted text: RE2, with memory enough for its automata and without words on its errors.

What one pass over a message looks for is kept simple on purpose. RE2 builds its automaton while it reads, and text that
it has not seen costs a new state at almost every character if many patterns count characters side by side: a hundred
times as long. So a *hint* says the least that a text with a finding has, and few hints count.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2

_MEMORY = 64 << 20
"""Bytes at most for one automaton."""


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def compiled(pattern: str) -> re2.Pattern:
    """Return one pattern to search with."""
    return re2.compile(pattern, _options())


class Patterns:
    """Patterns that are searched for together.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._set = re2.Set.SearchSet(_options())
        self._canary = 0
        for self._canary, pattern in enumerate(patterns, 1):
            self._set.Add(pattern)
        self._set.Add(r"\z")  # always matches: where nothing did, the set gave up, and the text is not known clean
        self._set.Compile()

    def hits(self, text: str) -> list[int]:
        """Return the places of the patterns that a text holds, in order.

        Raises:
            MemoryError: The automaton outgrew its memory, so nothing is known.
        """
        found: list[int] | None = self._set.Match(text)
        if not found:
            raise MemoryError(f"{self._canary} patterns need more than {_MEMORY} bytes on this text")
        return sorted(hit for hit in found if hit != self._canary)


class Hints:
    """Patterns of which it is told which ones a text holds.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        """The patterns, each once."""
        self._set = Patterns(self.patterns)

    def __call__(self, text: str) -> set[str]:
        """Return the patterns that a text holds."""
        return {self.patterns[hit] for hit in self._set.hits(text)}
