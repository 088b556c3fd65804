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


class Hints:
    """Patterns, each searched for by itself.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._searches = {pattern: compiled(pattern).search for pattern in patterns}

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns, each once."""
        return tuple(self._searches)

    def __call__(self, text: str) -> set[str]:
        """Return the patterns that a text holds."""
        return {pattern for pattern, search in self._searches.items() if search(text)}
