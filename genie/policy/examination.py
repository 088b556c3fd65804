"""Examines the strings of a payload: each once, in batches, and again after masking what was found in it."""

from __future__ import annotations

import functools
import itertools
import math
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from genie.contracts import text as fields
from genie.contracts.message import Finding
from genie.policy.inspector import (
    SLICE,
    Inspector,
    Masked,
    ShadowFinding,
    ShadowInspector,
    Span,
    StoppedError,
    examined,
    never,
)

if TYPE_CHECKING:
    import hashlib


class TooManyError(Exception):
    """A payload has more findings than the limit."""


class TooMuchError(Exception):
    """A payload has more text than may be examined on the loop."""


class Work:
    """The remaining work limits of one inspection.

    Args:
        most: Characters of text that it may scan.
        new: Characters that it may examine of new strings in which a pattern matches.
        stop: Returns True once the result is no longer needed.
    """

    __slots__ = ("left", "new", "stop")

    def __init__(self, most: float = math.inf, new: float = math.inf, stop: Callable[[], bool] = never) -> None:
        self.left = most
        self.new = new
        self.stop = stop

    def look(self, size: int) -> None:
        """Count a text that is scanned.

        Raises:
            TooMuchError: A limit is exceeded.
            StoppedError: The result is no longer needed.
        """
        self.left -= size
        if self.left < 0:
            raise TooMuchError
        if self.stop():
            raise StoppedError

    def examine(self, size: int) -> None:
        """Count strings that are examined.

        Raises:
            TooMuchError: A limit is exceeded.
        """
        self.new -= size
        if self.new < 0:
            raise TooMuchError


class View(NamedTuple):
    """The inspectors, as configured for one topic."""

    inspectors: tuple[Inspector, ...]
    always: tuple[Inspector, ...]
    """Inspectors that run even if no pattern matches."""


class Asked(Protocol):
    """Return the inspectors to call for a text."""

    def __call__(self, text: str, view: View) -> dict[Inspector, None]:
        """Return the inspectors whose patterns match and whose ``confirm`` agrees.

        A match in one string is also a match in strings joined by ``SEPARATOR``.
        """
        ...


Seen = tuple[tuple[type[Finding], tuple[Span, ...]], ...]
"""Findings of one string."""
_ROUNDS = 4
"""Number of times that a string is masked and examined again; after that the whole string is one finding."""
_KNOWN = 16_384
"""Number of strings whose findings are cached; the key is a private digest, never the string."""
_KEY = os.urandom(16)


class Examiner:
    """Finds matches in strings, and caches them.

    Args:
        asked: Returns the inspectors for a text.
        max_findings: Findings after which a payload is not examined further; those of shadow mode are not counted.
    """

    def __init__(self, asked: Asked, max_findings: int) -> None:
        self._asked = asked
        self._max_findings = max_findings
        self._known: dict[View, dict[bytes, Seen]] = {}
        self._crossing: dict[Inspector, dict[bytes, list[tuple[int, Span]]]] = {}

    def known_spans(self, parts: Iterable[str], view: View, asked: Sequence[Inspector], work: Work) -> dict[str, Seen]:
        """Return the strings with findings, and their findings.

        Most strings have none, a statement repeats the same text, and the messages of one run share many strings; hence
        the cache.

        Raises:
            TooManyError: There are more findings than the limit.
            TooMuchError: There is more text than may be examined now.
            StoppedError: The result is no longer needed.
        """
        known, digest = self._known.setdefault(view, {}), _digest()
        found: dict[str, Seen] = {}
        unknown: dict[str, bytes] = {}
        left = self._max_findings
        for text in dict.fromkeys(parts):
            key = digest(text.encode(errors="surrogatepass"), digest_size=16, key=_KEY).digest()
            spans = known.get(key)
            if spans is None:
                unknown[text] = key
            elif spans:
                found[text] = spans
        work.examine(sum(map(len, unknown)))
        for batch in _batches(unknown):
            work.look(0)
            for text, spans in zip(batch, self._seen_in(batch, view, asked, left, work), strict=True):
                if len(known) >= _KNOWN:
                    known.clear()
                known[unknown[text]] = spans
                if spans:
                    found[text] = spans
                    left -= sum([len(some) for made, some in spans if made is Finding])
            if left < 0:
                raise TooManyError
        return found

    def crossing(self, lines: tuple[str, ...], inspector: Inspector, work: Work) -> list[tuple[int, Span]]:
        """Return the findings of an inspector in joined lines, as line number and span in the line.

        An instruction to a model counts only if it crosses a line end, because each line was examined by itself; then
        all lines are one finding, because the later lines continue the instruction.

        Raises:
            TooMuchError: There is more text than may be examined now.
            StoppedError: The result is no longer needed.
        """
        text = "\n".join(lines)
        key = _digest()(text.encode(errors="surrogatepass"), digest_size=16, key=_KEY).digest()
        known = self._crossing.setdefault(inspector, {})
        found = known.get(key)
        if found is None:
            work.examine(len(text))
            work.look(0)
            ends = list(itertools.accumulate(len(line) + 1 for line in lines))
            found = []
            for span in examined(inspector, text, stop=work.stop):
                first, last = bisect_right(ends, span.start), bisect_right(ends, span.end - 1)
                order = span.kind.startswith("injection.")
                if last > first or not order:
                    touched = range(len(lines)) if order else range(first, last + 1)
                    found += _parts(span, lines, ends, touched, whole=order)
                if len(found) > self._max_findings and not isinstance(inspector, ShadowInspector):
                    raise TooManyError
            if len(known) >= _KNOWN:
                known.clear()
            known[key] = found
        return found

    def _seen_in(
        self, texts: list[str], view: View, asked: Sequence[Inspector], left: int, work: Work
    ) -> Sequence[Seen]:
        """Return the findings of each string; strings are examined in one batch."""
        many = len(texts) > 1
        if many:
            asked = tuple(self._asked(fields.SEPARATOR.join(texts), view))
            if not asked:
                return [()] * len(texts)
        all_spans = {one: one.examine_all(texts) for one in asked if many and hasattr(one, "examine_all")}
        one_by_one = len(all_spans) < len(asked)
        seen: list[Seen] = []
        acting: list[list[Span]] = []
        for at, text in enumerate(texts):
            # Patterns select the inspectors: examining a string costs ten times as much.
            wanted = self._asked(text, view) if one_by_one else ()
            here: list[tuple[type[Finding], tuple[Span, ...]]] = []
            act: list[Span] = []
            for inspector in view.inspectors:
                if inspector in all_spans:
                    some = tuple(all_spans[inspector][at])
                elif inspector in wanted:
                    spans = examined(inspector, text, stop=work.stop)
                    some = tuple(itertools.islice(spans, self._max_findings + 1))
                else:
                    continue
                if some:
                    made = ShadowFinding if isinstance(inspector, ShadowInspector) else Finding
                    here.append((made, some))
                    if made is Finding:
                        act += some
            left -= len(act)
            if left < 0:
                raise TooManyError
            seen.append(tuple(here))
            acting.append(act)
        return self._again(texts, seen, acting, view, left, work)

    def _again(
        self, texts: list[str], seen: list[Seen], acting: list[list[Span]], view: View, left: int, work: Work
    ) -> Sequence[Seen]:
        """Return the findings of each string, including those that appear only after earlier findings were masked.

        Raises:
            TooManyError: There are more findings than the limit.
        """
        if len(texts) > 1:  # after masking, many strings are equal
            shown = dict.fromkeys(Masked(text, spans).text for text, spans in zip(texts, acting, strict=True) if spans)
            if not shown or not self._asked(fields.SEPARATOR.join(shown), view):
                return seen
        for at, spans in enumerate(acting):
            more = self._left_over(texts[at], spans, view, left, work) if spans else ()
            if more:
                left -= len(more)
                seen[at] = (*seen[at], (Finding, tuple(more)))
        return seen

    def _left_over(self, text: str, seen: Sequence[Span], view: View, left: int, work: Work) -> list[Span]:
        """Return the findings of one string that appear after earlier ones were masked, until there are no more.

        Raises:
            TooManyError: There are more findings than the limit.
        """
        more: list[Span] = []
        spans = list(seen)
        for _ in range(_ROUNDS):
            shown = Masked(text, spans)
            wanted = [one for one in self._asked(shown.text, view) if not isinstance(one, ShadowInspector)]
            found = [span for one in wanted for span in examined(one, shown.text, stop=work.stop)]
            fresh = [span for span in map(shown.original, found) if span is not None]
            if not fresh:
                return more
            more += fresh
            spans += fresh
            if len(more) > left:
                raise TooManyError
        label = max(span.label for span in spans)
        return [*more, Span(max(spans, key=lambda span: span.label).kind, 0, len(text), label)]


def _parts(
    span: Span, lines: tuple[str, ...], ends: Sequence[int], touched: Iterable[int], *, whole: bool
) -> Iterator[tuple[int, Span]]:
    """Yield the part of a span in each line that it covers, as positions in that line."""
    for number in touched:
        line = lines[number]
        begin = ends[number] - len(line) - 1
        start, end = (0, len(line)) if whole else (max(0, span.start - begin), min(len(line), span.end - begin))
        if start < end:
            yield number, span._replace(start=start, end=end)


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the strings in groups of about the size of a slice; a longer string is a group by itself."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and size + len(text) > SLICE:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


@functools.cache
def _digest() -> type[hashlib.blake2b]:
    import hashlib  # noqa: PLC0415 - start-up: loads OpenSSL, which a program without inspectors needs not

    return hashlib.blake2b
