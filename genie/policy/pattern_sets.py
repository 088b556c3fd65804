"""Patterns that are searched for together, in as few passes over a text as keep their automata small.

RE2 runs in linear time, but it builds its automaton while it reads: a new combination of what the patterns have matched
so far is a new state, which takes a hundred times as long as a known one. Patterns that count characters multiply the
combinations: in one set, each new UUID or ULID in a message cost 16 to 85 us. A text of a few words is searched in one
pass, which costs least. Other texts are searched in two, for the patterns that count and for the others, and for the
longest counts only where one is possible.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping

Match = Callable[[bytes], list[int] | None]

SHORT = 32
"""Characters of a text that is searched in one pass."""
_MEMORY = 64 << 20
"""Upper limit of one automaton, in bytes."""
_KEPT = 32
"""Automata that are kept for the next policy set with the same patterns: to build one takes 13 ms."""
_CANARY = r"\z"
"""A pattern of every set that always matches: if nothing matched, the set gave up, and the text may not be clean."""
_FOUND = -1
"""Stands for the number of ``_TOKEN``."""
_TOKEN = r"[A-Za-z0-9+/_\-]{16}"  # noqa: S105 - a pattern
_COUNT = re.compile(r"\{(\d+)")
_FEW = 2
"""Repetitions that multiply the states too little to matter."""


class TokenPattern(str):
    """A pattern whose matches all hold a long token: sixteen letters, digits and ``+ / _ -`` in a row.

    It is searched for by itself, and only in texts that have a long token.
    """

    __slots__ = ()


class _Pass:
    """One automaton, and the numbers of its patterns.

    Args:
        patterns: Pattern -> its number.
    """

    def __init__(self, patterns: Mapping[str, int]) -> None:
        self.match = _matching(tuple(patterns))
        self.clean = [len(patterns)]
        """Result of ``match`` for a text in which no pattern matches: only the canary."""
        self._numbers = tuple(patterns.values())

    def hits(self, data: bytes) -> list[int]:
        """Return the numbers of the patterns that match.

        Raises:
            MemoryError: The automaton exceeded its memory, so nothing is known about the text.
        """
        found = self.match(data)
        if not found:
            raise MemoryError("the patterns ran out of memory on a text")
        return [] if found == self.clean else [self._numbers[at] for at in found if at != self.clean[0]]


class PatternSets:
    """Patterns that are searched for together.

    Args:
        patterns: RE2, each once; the position of a pattern here is its number.

    Raises:
        ValueError: A pattern does not compile, or all of them do not together.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._numbers = {pattern: number for number, pattern in enumerate(patterns)}
        self.match, self.clean = _matching(tuple(self._numbers)), [len(self._numbers)]
        """The search of a text of at most ``SHORT`` bytes, and its result if no pattern matches."""

    @functools.cached_property
    def _passes(self) -> tuple[_Pass, _Pass, tuple[_Pass, ...]]:
        """What other texts are searched with, made for the first: patterns that count, and others; those of tokens."""
        tokens = {pattern: number for pattern, number in self._numbers.items() if isinstance(pattern, TokenPattern)}
        others = self._numbers.items() - tokens.items()
        counted = {pattern: number for pattern, number in others if _counts(pattern)}
        simple = dict(sorted(others - counted.items()))
        return (
            _Pass(dict(sorted(counted.items())) | ({_TOKEN: _FOUND} if tokens else {})),
            _Pass(simple),
            tuple(_Pass({pattern: number}) for pattern, number in tokens.items()),
        )

    def is_clean(self, data: bytes) -> bool:
        """Return True for UTF-8 in which no pattern matches and no long token stands."""
        counted, simple, _ = self._passes
        return simple.match(data) == simple.clean and counted.match(data) == counted.clean

    def hits(self, data: bytes) -> list[int]:
        """Return the numbers of the patterns that match UTF-8, in order.

        Raises:
            MemoryError: An automaton exceeded its memory, so nothing is known about the text.
        """
        counted, simple, tokens = self._passes
        found = counted.hits(data)
        if _FOUND in found:
            found.remove(_FOUND)
            found += [number for one in tokens for number in one.hits(data)]
        return sorted(found + simple.hits(data))


def _counts(pattern: str) -> bool:
    return any(int(count) > _FEW for count in _COUNT.findall(pattern))


@functools.lru_cache(_KEPT)
def _matching(patterns: tuple[str, ...]) -> Match:
    """Return what matches patterns together, and the canary after them.

    Raises:
        ValueError: They do not compile.
    """
    import re2  # noqa: PLC0415 - start-up: a program that looks for nothing needs no patterns

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    made = re2.Set.SearchSet(options)
    try:
        for pattern in (*patterns, _CANARY):
            made.Add(pattern)
        made.Compile()
    except re2.error as error:
        raise ValueError(str(error)) from None
    # The wrapped set where there is one: its wrapper asks every time whether it was given text or bytes, which costs as
    # much as half the search.
    match: Match = getattr(made, "_set", made).Match
    return match
