"""What an inspector is: it finds spans in strings, in slices where they are long, and in shadow mode without effect."""

from __future__ import annotations

import functools
import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, NamedTuple, Protocol

from genie.contracts.classification import Classification
from genie.contracts.message import Finding


class Span(NamedTuple):
    """What an inspector found in one string."""

    kind: str
    start: int
    end: int
    label: Classification
    score: float = 1.0
    """How sure the inspector is, in [0, 1]."""


class Inspector(Protocol):
    """Finds something in strings. A first pass over the message's text decides whether the inspector is called.

    What an inspector may say of itself beyond this protocol: ``for_topic(topic)`` returns the inspector of one topic,
    with the same name and patterns but for instance another threshold; ``always = True`` has it asked of every message;
    ``confirm(text)`` returns False for folded text in which there is nothing although one of its patterns matches;
    ``examine_all(texts)`` returns what ``examine`` returns for each of many strings, in less time;
    ``across = True`` has it look into the joined lines of a tuple of strings for what crosses the end of a line;
    ``reach`` is the longest finding in characters, with the text around it that it depends on, so that long strings are
    examined in slices that overlap by it.
    """

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """RE2 patterns; a text in which none matches has no finding. They see text folded by ``fold``."""
        ...

    def fold(self, text: str) -> str:
        """Bring text to the form that the patterns are written for; called only for text that is not ASCII.

        Inspectors that share one function here (``fold = staticmethod(fold)``) have the text folded once for all.
        """
        ...

    def examine(self, text: str) -> Iterable[Span]:
        """Return what is in one string, with positions in that string as it is."""
        ...


class ShadowFinding(Finding):
    """What only a policy in shadow mode looks for: its label is public, and nothing is masked because of it."""

    __slots__ = ()


class ShadowInspector:
    """An inspector that only policies in shadow mode ask: it can neither fail a message nor raise its label."""

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
        """Return what the inspector inside answers; an inspector that fails confirms nothing."""
        try:
            return confirmed(self._inspector, text)
        except BaseException:  # noqa: BLE001 - as above
            return False

    def for_topic(self, topic: str) -> Inspector:
        """Return the inspector of a topic, in shadow mode as well."""
        own = getattr(self._inspector, "for_topic", None)
        return self if own is None else ShadowInspector(own(topic))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns that the inspector inside finds."""
        return self._inspector.patterns

    def fold(self, text: str) -> str:
        """Return the text as the inspector inside compares it."""
        try:
            return self._inspector.fold(text)
        except BaseException:  # noqa: BLE001 - shadow mode never acts, not even by failing
            return text

    def examine(self, text: str) -> Iterable[Span]:
        """Yield what the inspector inside finds, without a label."""
        try:
            return [span._replace(label=Classification.PUBLIC) for span in self._inspector.examine(text)]
        except BaseException:  # noqa: BLE001 - as above
            return ()


def shadowed(inspector: Inspector) -> Inspector:
    """Return an inspector whose findings only policies in shadow mode hear of."""
    return ShadowInspector(inspector)


SLICE = 65_536
"""Characters that an inspector examines in one call, where it states its ``reach``."""


CONTEXT = 1_024
"""Characters before a finding that it may depend on."""


class Slice(NamedTuple):
    """A part of a long text."""

    start: int
    """First character to examine."""
    end: int
    """One past the last character to examine."""
    first: int
    """Findings that start here or later, ..."""
    last: int
    """... and before here, belong to this slice."""


def slices(length: int, size: int, overlap: int) -> Iterator[Slice]:
    """Yield the slices of a text; a finding that is no longer than the overlap lies whole in the slice it belongs to.

    Args:
        length: Characters of the text.
        size: Characters that belong to one slice, at least 1.
        overlap: Characters examined after them; before them at most ``CONTEXT``.
    """
    for first in range(0, length, size):
        last = min(first + size, length)
        yield Slice(max(0, first - min(overlap, CONTEXT)), min(last + overlap, length), first, last)


def never() -> bool:
    """Return False: nobody stops an inspection."""
    return False


def examined(inspector: Inspector, text: str, *, size: int = SLICE, stop: Callable[[], bool] = never) -> Iterator[Span]:
    """Yield what an inspector finds in a string; slice by slice where the string is long and the inspector allows it.

    Args:
        inspector: Of any kind.
        text: One string.
        size: Characters of one slice.
        stop: Returns True when nobody wants to know any more; asked before each slice.

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
        yield from [
            new(Span, (kind, start + at, end + at, label, score))
            for kind, start, end, label, score in found
            if first <= start < last
        ]


class Masked:
    """A string in which spans are masked as a recipient sees it, with the way back to the original.

    Args:
        text: The original.
        spans: What is masked; spans may overlap.
    """

    def __init__(self, text: str, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans, key=_start)
        self._cuts: list[tuple[int, int, str]] = []
        """Start and end of each mask in the original, and its word; looked up only where something is found in it."""
        self._shown: list[int] = []
        """Where each mask begins in the masked text; as above."""
        pieces: list[str] = []
        at = 0
        for kind, start, end, _, _ in self._spans:
            if start >= at:
                pieces += (text[at:start], _word(kind))
                at = end
            else:  # it overlaps the one before, and is a part of what that masks
                at = max(at, end)
        self.text = "".join([*pieces, text[at:]])

    def original(self, span: Span) -> Span | None:
        """Return the span of the original that a span of the masked text stands for; None inside what a mask says."""
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
        """Return which mask a character of the masked text is part of, and the span that it stands for."""
        number = bisect_right(self._shown, at) - 1
        if number < 0:
            return None, at, at + 1
        begin, stop, word = self._cuts[number]
        beyond = at - self._shown[number] - len(word)
        return (number, begin, stop) if beyond < 0 else (None, stop + beyond, stop + beyond + 1)


@functools.lru_cache(maxsize=1024)  # kinds are named by policies; an organisation has some of its own
def _word(kind: str) -> str:
    """Return what stands in the place of a masked value of a kind."""
    return f"[{kind.rpartition('.')[2]}]"


_start = operator.itemgetter(Span._fields.index("start"))


class StoppedError(Exception):
    """The caller does not need the answer any more."""


def confirmed(inspector: Inspector, text: str) -> bool:
    """Return False where an inspector says that there is nothing in a text although one of its patterns matches."""
    confirm = getattr(inspector, "confirm", None)
    return confirm is None or confirm(text)
