"""RE2 for untrusted text: patterns with a memory limit, hints, and matches as spans.

RE2 runs in linear time, but it builds its automaton while it reads. Text with many new combinations of characters then
costs a new state at almost every character, which is a hundred times slower. The patterns of the one pass over every
message are therefore simple: a *hint* matches the minimum that a text with a finding contains, and few hints have
counted repetitions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import re2

from genie.policy.pattern_sets import PatternSets

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
    """One pattern that returns its matches as spans.

    The re2 wrapper creates a match object and converts offsets for every match, which takes ten times as long as
    finding it (6 us and 0.6 us). For texts full of matches this uses the extension type below the wrapper.

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
        seen = chars = 0  # bytes that were counted, and their number of characters
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
        """Return the start of each match, including overlapping ones; each start once."""
        data, match, at, starts = text.encode(errors="surrogatepass"), self._match, 0, list[int]()
        size = len(data)
        while (start := match(_UNANCHORED, data, at, size)[0][0]) >= 0:
            starts.append(start)
            at = start + 1
            while at < size and data[at] & 0xC0 == 0x80:
                at += 1
        if not text.isascii():  # convert byte offsets to character offsets
            counts = itertools.accumulate(_count(data, *two) for two in itertools.pairwise([0, *starts]))
            return list(counts)
        return starts

    def search(self, text: str) -> bool:
        """Return True if the text has a match."""
        return self.within(text.encode(errors="surrogatepass"))

    def within(self, data: bytes) -> bool:
        """Return True if UTF-8 text has a match."""
        return self._match(_UNANCHORED, data, 0, len(data))[0] != _ABSENT


def _count(data: bytes, start: int, end: int) -> int:
    """Return the number of characters in a span of UTF-8."""
    return len(data[start:end].decode(errors="surrogatepass"))


class Hints:
    """Patterns that are searched for together.

    Args:
        patterns: RE2.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        """The patterns, each once."""
        self._sets = PatternSets(self.patterns)

    def __call__(self, text: str) -> set[str]:
        """Return the patterns that match a text.

        Raises:
            MemoryError: An automaton exceeded its memory, so nothing is known about the text.
        """
        return {self.patterns[hit] for hit in self._sets.hits(text.encode())}
