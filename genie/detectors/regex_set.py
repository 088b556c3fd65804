"""RE2 for untrusted text: patterns with a memory limit, sets of patterns, and matches as spans.

RE2 runs in linear time, but it builds its automaton while it reads. Text with many new combinations of characters then
costs a new state at almost every character, which is a hundred times slower. The patterns of the one pass over every
message are therefore simple: a *hint* states the least that a text with a finding contains, and few hints count
repetitions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import re2

_MEMORY = 64 << 20
"""Upper limit of one automaton, in bytes."""
_UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED  # noqa: SLF001 - see `Pattern`
_ABSENT = (-1, -1)


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def compiled(pattern: str) -> re2.Pattern:
    """Return one pattern to search with."""
    return re2.compile(pattern, _options())


class Pattern:
    """One pattern whose matches are wanted as spans.

    The wrapper of re2 builds a match object and converts offsets for every match, which takes ten times as long as
    finding it (6 us and 0.6 us). A text full of matches needs the extension type below the wrapper.

    Args:
        pattern: RE2.
    """

    def __init__(self, pattern: str) -> None:
        self._match: Callable[..., list[tuple[int, int]]] = compiled(pattern)._regexp.Match  # noqa: SLF001 - as above

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the span of each match."""
        for spans in self.groups(text):
            yield spans[0]

    def found(self, text: str) -> list[tuple[int, int]]:
        """Return the span of each match; twice as fast as ``spans`` for a text full of them."""
        if not text.isascii():
            return list(self.spans(text))
        data, match, at, found = text.encode(), self._match, 0, list[tuple[int, int]]()
        size = len(data)
        while at <= size:
            span = match(_UNANCHORED, data, at, size)[0]
            if span[0] < 0:
                break
            found.append(span)
            at = span[1] if span[1] > at else at + 1
        return found

    def groups(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """Yield for each match its span and the spans of its groups; a group that did not match is (-1, -1)."""
        data, ascii_only = text.encode(errors="surrogatepass"), text.isascii()
        match, at, size = self._match, 0, len(data)
        seen = chars = 0  # bytes whose characters are counted, and how many characters they are
        while at <= size:
            spans = match(_UNANCHORED, data, at, size)
            start, end = spans[0]
            if start < 0:
                return
            if ascii_only:
                yield spans
            else:
                chars += len(data[seen:start].decode(errors="surrogatepass"))
                seen = start
                yield [
                    span
                    if span == _ABSENT
                    else (chars + _count(data, start, span[0]), chars + _count(data, start, span[1]))
                    for span in spans
                ]
            at = end if end > at else at + 1

    def starts(self, text: str) -> list[int]:
        """Return where a match begins, also inside another; each start once."""
        data, match, at, starts = text.encode(errors="surrogatepass"), self._match, 0, list[int]()
        size = len(data)
        while (start := match(_UNANCHORED, data, at, size)[0][0]) >= 0:
            starts.append(start)
            at = start + 1
            while at < size and data[at] & 0xC0 == 0x80:
                at += 1
        if not text.isascii():  # how many characters the bytes before each are
            counts = itertools.accumulate(_count(data, *two) for two in itertools.pairwise([0, *starts]))
            return list(counts)
        return starts

    def search(self, text: str) -> bool:
        """Return True when the text holds a match."""
        return self.within(text.encode(errors="surrogatepass"))

    def within(self, data: bytes) -> bool:
        """Return True when UTF-8 holds a match."""
        return self._match(_UNANCHORED, data, 0, len(data))[0] != _ABSENT


def _count(data: bytes, start: int, end: int) -> int:
    """Return how many characters a span of UTF-8 is."""
    return len(data[start:end].decode(errors="surrogatepass"))


class RegexSet:
    """Patterns that are searched for together.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        made = re2.Set.SearchSet(_options())
        self._canary = 0
        for self._canary, pattern in enumerate(patterns, 1):
            made.Add(pattern)
        made.Add(r"\z")  # always matches: without this hit the set gave up, and nothing is known about the text
        made.Compile()
        # The wrapped set where there is one: its wrapper takes half as long as the search in a short text.
        self._match: Callable[[bytes], list[int] | None] = getattr(made, "_set", made).Match

    def hits(self, text: str) -> list[int]:
        """Return the positions of the patterns that a text holds, in order.

        Raises:
            MemoryError: The automaton exceeded its memory, so nothing is known about the text.
        """
        found = self._match(text.encode())
        if not found:
            raise MemoryError(f"{self._canary} patterns need more than {_MEMORY} bytes on this text")
        if len(found) == 1:
            return []
        return sorted(hit for hit in found if hit != self._canary)


class Hints:
    """A set of patterns that returns the patterns themselves.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        """The patterns, each once."""
        self._set = RegexSet(self.patterns)

    def __call__(self, text: str) -> set[str]:
        """Return the patterns that a text holds."""
        return {self.patterns[hit] for hit in self._set.hits(text)}
