"""Splits the bytes of a stream into events: server-sent events, or JSON lines. Bounded, at any chunk boundaries."""

from __future__ import annotations

from typing import NamedTuple, Protocol

MOST_OF_EVENT = 1 << 20
"""Bytes of one event, and of one line."""
MOST_OF_STREAM = 64 << 20
"""Bytes of one stream."""
MOST_EVENTS = 1_000_000
"""Events of one stream."""


class Event(NamedTuple):
    """One event of a stream."""

    name: bytes
    """Name of the event; empty if it has none."""
    data: bytes


class StreamTooLargeError(Exception):
    """A line, an event or a stream exceeds its limit; ``args[0]`` states which."""


class Splitter(Protocol):
    """Converts chunks of bytes into events."""

    @property
    def beats(self) -> int:
        """Number of complete lines so far, including comments: while it grows, the other side is alive."""
        ...

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that a chunk completes.

        Raises:
            StreamTooLargeError: A limit is reached; nothing more may be fed.
        """
        ...

    @property
    def unfinished(self) -> bool:
        """True if the bytes so far end inside an event."""
        ...


class _Lines:
    """Yields the complete lines of a stream; a line ends with LF, CRLF or a lone CR, at any chunk boundaries."""

    __slots__ = ("_after_cr", "_pieces", "_size", "_total", "beats")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        """Start of the incomplete line."""
        self._size = self._total = self.beats = 0
        self._after_cr = False

    @property
    def unfinished(self) -> bool:
        return self._size > 0

    def of(self, piece: bytes) -> list[bytes]:
        self._total += len(piece)
        if self._total > MOST_OF_STREAM:
            raise StreamTooLargeError("stream")
        if self._after_cr and piece:
            self._after_cr = False
            if piece[0] == 10:
                piece = piece[1:]
        if b"\r" in piece:
            self._after_cr = piece[-1] == 13
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = piece.split(b"\n")
        if len(lines) == 1:
            self._keep(piece)
            return []
        if self._size:
            self._keep(lines[0])
            lines[0] = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
        last = lines.pop()
        if last:
            self._keep(last)
        if len(piece) > MOST_OF_EVENT and max(map(len, lines)) > MOST_OF_EVENT:
            raise StreamTooLargeError("line")
        if not self.beats:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        self.beats += len(lines)
        return lines

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._size += len(piece)
            if self._size > MOST_OF_EVENT:
                raise StreamTooLargeError("line")
            self._pieces.append(piece)


class EventSplitter:
    """Splits a stream of server-sent events."""

    __slots__ = ("_data", "_events", "_lines", "_name", "_size")

    def __init__(self) -> None:
        self._lines = _Lines()
        self._name = b""
        self._data: list[bytes] = []
        self._size = self._events = 0

    @property
    def beats(self) -> int:
        """See ``Splitter.beats``."""
        return self._lines.beats

    @property
    def unfinished(self) -> bool:
        """See ``Splitter.unfinished``."""
        return bool(self._data) or self._lines.unfinished

    def feed(self, piece: bytes) -> list[Event]:
        """See ``Splitter.feed``."""
        events: list[Event] = []
        for line in self._lines.of(piece):
            if not line:
                if self._data:
                    events.append(Event(self._name, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                    self._data = []
                    self._size = 0
                self._name = b""
            elif line.startswith(b"data:"):
                value = line[6:] if line[5:6] == b" " else line[5:]
                self._size += len(value) + 1
                if self._size > MOST_OF_EVENT:
                    raise StreamTooLargeError("event")
                self._data.append(value)
            elif line.startswith(b"event:"):
                self._name = line[6:].removeprefix(b" ")
        self._events += len(events)
        if self._events > MOST_EVENTS:
            raise StreamTooLargeError("events")
        return events


class LineSplitter:
    """Splits a stream of JSON lines; the last line may lack its end."""

    __slots__ = ("_events", "_lines")

    def __init__(self) -> None:
        self._lines = _Lines()
        self._events = 0

    @property
    def beats(self) -> int:
        """See ``Splitter.beats``."""
        return self._lines.beats

    @property
    def unfinished(self) -> bool:
        """See ``Splitter.unfinished``."""
        return self._lines.unfinished

    def feed(self, piece: bytes) -> list[Event]:
        """See ``Splitter.feed``."""
        events = [Event(b"", line) for line in self._lines.of(piece) if line.strip()]
        self._events += len(events)
        if self._events > MOST_EVENTS:
            raise StreamTooLargeError("events")
        return events
