"""The interface of inspectors: they find spans in strings, in slices for long ones, with no effect in shadow mode."""

from __future__ import annotations

import functools
import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, NamedTuple, Protocol

from genie.contracts.classification import Classification
from genie.contracts.message import Finding


class Span(NamedTuple):
    """A finding of an inspector in one string."""

    kind: str
    start: int
    end: int
    label: Classification
    score: float = 1.0
    """Confidence of the inspector, in [0, 1]."""


class Inspector(Protocol):
    """Finds something in strings. A first pass over the message's text decides whether the inspector is called.

    An inspector may also define: ``for_topic(topic)`` returns the inspector of one topic, with the same name and
    patterns but for instance another threshold; ``always = True`` calls it for every message; ``confirm(text)`` returns
    False for folded text that has no finding although a pattern matches; ``examine_all(texts)`` returns the results of
    ``examine`` for many strings, faster; ``across = True`` also examines the joined lines of a tuple of strings, for
    findings that cross a line end; ``reach`` is the length in characters of the longest finding and its context, so
    that long strings are examined in slices that overlap by it.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns; a text in which none matches has no finding. They see text folded by ``fold``."""
        ...

    def fold(self, text: str) -> str:
        """Normalise text to the form that the patterns expect; called only for text that is not ASCII.

        Inspectors that share one function here (``fold = staticmethod(fold)``) share one folding of the text.
        """
        ...

    def examine(self, text: str) -> Iterable[Span]:
        """Return the findings of one string, with positions in the original string."""
        ...


class ShadowFinding(Finding):
    """A finding that only policies in shadow mode use: its label is public, and it masks nothing."""

    __slots__ = ()


class ShadowInspector:
    """An inspector that only policies in shadow mode use: it can neither fail a message nor raise its label."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.name = inspector.name  # type: ignore[misc]  # that of the inspector inside
        self.version = inspector.version  # type: ignore[misc]  # as above
        self.always = bool(getattr(inspector, "always", False))
        self.across = bool(getattr(inspector, "across", False))
        self.reach: int | None = getattr(inspector, "reach", None)

    name: ClassVar[str]
    version: ClassVar[str]

    def confirm(self, text: str) -> bool:
        """Return the answer of the wrapped inspector; one that fails confirms nothing."""
        try:
            return confirmed(self._inspector, text)
        except BaseException:  # noqa: BLE001 - as above
            return False

    def for_topic(self, topic: str) -> Inspector:
        """Return the inspector of a topic, also in shadow mode."""
        own = getattr(self._inspector, "for_topic", None)
        return self if own is None else ShadowInspector(own(topic))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of the wrapped inspector."""
        return self._inspector.patterns

    def fold(self, text: str) -> str:
        """Fold text as the wrapped inspector does."""
        try:
            return self._inspector.fold(text)
        except BaseException:  # noqa: BLE001 - shadow mode never acts, not even by failing
            return text

    def examine(self, text: str) -> Iterable[Span]:
        """Yield the findings of the wrapped inspector, without labels."""
        try:
            return [span._replace(label=Classification.PUBLIC) for span in self._inspector.examine(text)]
        except BaseException:  # noqa: BLE001 - as above
            return ()


def shadowed(inspector: Inspector) -> Inspector:
    """Return an inspector whose findings only policies in shadow mode use."""
    return ShadowInspector(inspector)


SLICE = 65_536
"""Characters that an inspector examines in one call, if it states its ``reach``."""


CONTEXT = 1_024
"""Characters before a finding that it may depend on."""


class Slice(NamedTuple):
    """A part of a long text."""

    start: int
    """First character to examine."""
    end: int
    """One past the last character to examine."""
    first: int
    """Findings that start at or after this position ..."""
    last: int
    """... and before this one belong to this slice."""


def slices(length: int, size: int, overlap: int) -> Iterator[Slice]:
    """Yield the slices of a text; a finding no longer than the overlap lies entirely in its slice.

    Args:
        length: Characters of the text.
        size: Characters that belong to one slice, at least 1.
        overlap: Characters examined after them; before them at most ``CONTEXT``.
    """
    for first in range(0, length, size):
        last = min(first + size, length)
        yield Slice(max(0, first - min(overlap, CONTEXT)), min(last + overlap, length), first, last)


def never() -> bool:
    """Return False: the inspection is never stopped."""
    return False


def examined(inspector: Inspector, text: str, *, size: int = SLICE, stop: Callable[[], bool] = never) -> Iterator[Span]:
    """Yield the findings of an inspector in a string, slice by slice if it is long and the inspector allows it.

    Args:
        inspector: The inspector.
        text: One string.
        size: Characters of one slice.
        stop: Returns True once the result is no longer needed; called before each slice.

    Raises:
        StoppedError: ``stop`` returned True.
    """
    reach = getattr(inspector, "reach", None)
    if reach is None or len(text) <= size:
        yield from inspector.examine(text)
        return
    new: Callable[..., Span] = tuple.__new__  # a NamedTuple's own constructor takes twice as long
    for part in slices(len(text), size, reach):
        if stop():
            raise StoppedError
        at, first, last = part.start, part.first - part.start, part.last - part.start
        found = inspector.examine(text[at : part.end])
        if at == 0:  # the places are those of the text
            yield from [span for span in found if first <= span[1] < last]
            continue
        yield from [
            new(Span, (kind, start + at, end + at, label, score))
            for kind, start, end, label, score in found
            if first <= start < last
        ]


class Masked:
    """A string with masked spans as a recipient sees it, and the mapping back to the original.

    Args:
        text: The original.
        spans: Spans to mask; they may overlap.
    """

    def __init__(self, text: str, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans, key=_start)
        self._cuts: list[tuple[int, int, str]] = []
        """Start and end of each mask in the original, and its word; computed only if the masked text has findings."""
        self._shown: list[int] = []
        """Start of each mask in the masked text; computed as above."""
        pieces: list[str] = []
        at = 0
        for kind, start, end, _, _ in self._spans:
            if start >= at:
                pieces += (text[at:start], _word(kind))
                at = end
            else:  # it overlaps the previous span and is covered by that mask
                at = max(at, end)
        self.text = "".join([*pieces, text[at:]])

    def original(self, span: Span) -> Span | None:
        """Return the span of the original for a span of the masked text; None for a span inside a mask."""
        if not self._cuts:
            self._look_up()
        first, start, _ = self._origin(span.start)
        last, _, end = self._origin(span.end - 1)
        return None if first == last and first is not None else span._replace(start=start, end=end)

    def _look_up(self) -> None:
        at = shift = 0
        for kind, start, end, *_ in self._spans:
            if start >= at:
                self._cuts.append((start, end, _word(kind)))
            elif end > at:
                begin, _, word = self._cuts[-1]
                self._cuts[-1] = (begin, end, word)
            at = max(at, end)
        for begin, stop, word in self._cuts:
            self._shown.append(begin + shift)
            shift += len(word) - (stop - begin)

    def _origin(self, at: int) -> tuple[int | None, int, int]:
        """Return the mask at a character of the masked text, and the span that it replaces."""
        number = bisect_right(self._shown, at) - 1
        if number < 0:
            return None, at, at + 1
        begin, stop, word = self._cuts[number]
        beyond = at - self._shown[number] - len(word)
        return (number, begin, stop) if beyond < 0 else (None, stop + beyond, stop + beyond + 1)


@functools.lru_cache(maxsize=1024)  # policies name kinds; an organisation may define its own
def _word(kind: str) -> str:
    """Return the placeholder for a masked value of a kind."""
    return f"[{kind.rpartition('.')[2]}]"


_start = operator.itemgetter(Span._fields.index("start"))


class StoppedError(Exception):
    """The caller no longer needs the result."""


def confirmed(inspector: Inspector, text: str) -> bool:
    """Return False if an inspector rejects a text although one of its patterns matches."""
    confirm = getattr(inspector, "confirm", None)
    return confirm is None or confirm(text)
