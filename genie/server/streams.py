"""Streams of events with resume by the last event id, gaps, heartbeats and an end.

One task serves all streams of a server: it takes the rings that have changed, and writes the new events to each of
their readers. An event is encoded once. A stream whose client does not read is skipped, so that it delays no other.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from genie.server.hosting import PART
from genie.server.messages import SOCKET
from genie.server.presence import Closed, Registered, told_when_gone
from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from genie.server.hosting import HostedRun
    from genie.server.messages import Incoming
    from genie.server.principals import Principal
    from genie.server.rings import Ring

HEARTBEAT_S = 15.0
"""Seconds without an event after which a heartbeat is sent."""
BLOCKED_S = 30.0
"""Seconds that a client may not read before its stream is closed."""
CHUNK = 64_000
"""Number of bytes written at once."""
SLICE = 128
"""Number of streams written before the task yields to the loop."""
MOST_STREAMS = 20_000
"""Maximum number of open streams; further ones are refused."""
LOOK_S = 1.0
"""Seconds between two checks for clients that do not read, or need a heartbeat."""
CLOSING_S = 1.0
"""Seconds that the last message of a WebSocket may take."""
CODES = {"end": 1000, "behind": 4001, "blocked": 4002}
"""Outcome of a stream -> close code of its WebSocket."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip


def position(given: str | None, epoch: str) -> int | None:
    """Return the number of a client's last event; None if this process has not sent it.

    Raises:
        Problem: The id is not that of an event.
    """
    if not given:
        return 0
    of, _, number = given.partition(".")
    if len(given) > 60 or not (number.isascii() and number.isdigit() and of.isascii() and of.isalnum()):
        raise Problem("malformed", "Last-Event-ID is the id of an event that was sent before")
    return int(number) if of == epoch else None


def _shown(form: Form, epoch: str, number: int, run: HostedRun, fact: Any) -> bytes:
    return form.event(epoch, number, fact[1], run.encoded(fact))


class Outlet(Protocol):
    """Output of one stream."""

    @property
    def full(self) -> bool:
        """The client has not read what was written."""
        ...

    def push(self, parts: list[bytes]) -> None:
        """Write; never waits."""
        ...

    def cut(self) -> None:
        """Close at once; unread data is lost."""
        ...


class Form(Protocol):
    """Encoding of a stream's parts."""

    quiet: bytes
    """Heartbeat."""

    @staticmethod
    def event(epoch: str, number: int, kind: str, body: bytes) -> bytes:
        """Return an event of a run."""
        ...

    @staticmethod
    def word(kind: str, body: object) -> bytes:
        """Return a message of the stream itself: ``gap``, ``behind``, ``end``."""
        ...


class SentEvents:
    """Server-sent events."""

    quiet = b": still here\n\n"

    @staticmethod
    def event(epoch: str, number: int, kind: str, body: bytes) -> bytes:
        """Return an event of a run."""
        return b"id: %b.%d\nevent: %b\ndata: %b\n\n" % (epoch.encode(), number, kind.encode(), body)

    @staticmethod
    def word(kind: str, body: object) -> bytes:
        """Return a message of the stream itself."""
        return f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode()


class Frames:
    """Messages of a WebSocket: one JSON object for each event."""

    quiet = b'{"event":"still_here"}'

    @staticmethod
    def event(epoch: str, number: int, kind: str, body: bytes) -> bytes:
        """Return an event of a run."""
        return b'{"id":"%b.%d","event":"%b","data":%b}' % (epoch.encode(), number, kind.encode(), body)

    @staticmethod
    def word(kind: str, body: object) -> bytes:
        """Return what the stream says of itself."""
        return json.dumps({"event": kind, "data": body}).encode()


class Stream:
    """One client's position in a ring.

    Args:
        ring: The events.
        epoch: Identifies this process in ids.
        after: Number of the client's last event; None if it came from another process.
        who: The client's principal.
        allowed: Returns whether an event may be shown to the client; None if the whole ring may.
        run: The run that ends the stream; None for one without an end.
        snapshot: Returns the state for a client that has missed events.
    """

    __slots__ = (
        "_after", "_allowed", "_epoch", "_lost", "_reads", "_snapshot", "began", "blocked_at", "closed", "form",
        "outcome", "outlet", "ring", "run", "who", "wrote_at",
    )  # fmt: skip

    def __init__(
        self, ring: Ring[Any], epoch: str, after: int | None, *, who: Principal,
        allowed: Callable[[HostedRun], bool] | None = None, run: HostedRun | None = None,
        snapshot: Callable[[], object] = dict,
    ) -> None:  # fmt: skip
        self.ring = ring
        self.who = who
        self.run = run
        self.form: Form = SentEvents
        self.outlet: Outlet | None = None
        self.closed = Closed()
        self.outcome = "gone"
        """Why it was closed: ``end``, ``behind`` (the client resumes), ``blocked`` (it did not read) or ``gone``."""
        self.began = False
        self.wrote_at = 0.0
        self.blocked_at: float | None = None
        self._epoch = epoch
        self._lost = after is None or after > ring.last
        self._after = 0 if after is None or after > ring.last else after
        self._allowed = allowed
        self._snapshot = snapshot
        self._reads = run is not None and run.read_by(who)

    def step(self, now: float, *, good: bool) -> bool:
        """Write new events; return True if more are left.

        Args:
            now: Seconds on the loop's clock.
            good: The client's credentials are still good.
        """
        outlet, ring = self.outlet, self.ring
        if outlet is None or self.closed.is_set():
            return False
        if not good:
            return self._end({"status": "closed"})
        if outlet.full:
            self.blocked_at = self.blocked_at or now
            return False
        self.blocked_at = None
        parts = [] if self.began else self._gap()
        self.began = True
        if ring.first > self._after + 1:
            return self._close("behind", [*parts, self.form.word("behind", {})])  # the client resumes, with a gap
        left, allowed, form, epoch = CHUNK, self._allowed, self.form, self._epoch
        for entry in ring.after(self._after):
            self._after += 1
            run, fact = (self.run, entry) if self.run is not None else entry
            if allowed is None or allowed(run):
                if fact[1] == PART and not self._reads:
                    continue
                parts.append(ring.shown(form, self._after, partial(_shown, form, epoch, self._after, run, fact)))
                left -= len(parts[-1])
                if left <= 0:
                    break
        if parts:
            self.wrote_at = now
            outlet.push(parts)
        if self._after < ring.last:
            return True
        if self.run is not None and self.run.over:
            return self._end({"status": self.run.status, "code": self.run.code})
        return False

    def look(self, now: float) -> None:
        """Close the stream of a client that does not read, and send heartbeats."""
        outlet = self.outlet
        if outlet is None or self.closed.is_set():
            return
        if outlet.full:
            self.blocked_at = self.blocked_at or self.wrote_at
            if now - self.blocked_at > BLOCKED_S:
                self.outcome = "blocked"
                self.cut()
        elif now - self.wrote_at >= HEARTBEAT_S:
            self.wrote_at = now
            outlet.push([self.form.quiet])

    def cut(self) -> None:
        """The client has disconnected, or does not read: write nothing more."""
        self.closed.set()
        if self.outlet is not None:
            self.outlet.cut()

    def _end(self, why: object) -> bool:
        return self._close("end", [self.form.word("end", why)])

    def _close(self, outcome: str, parts: list[bytes]) -> bool:
        self.outcome = outcome
        if self.outlet is not None:
            self.outlet.push(parts)
        self.closed.set()
        return False

    def _gap(self) -> list[bytes]:
        """Return a gap message for dropped events, with the present state."""
        first = self.ring.first
        if not self._lost and first <= self._after + 1:
            return []
        gap = {"from": self._after + 1, "to": first - 1, "restarted": self._lost, "snapshot": self._snapshot()}
        self._after = max(self._after, first - 1)
        return [self.form.word("gap", gap)]


def _owners(who: Principal) -> tuple[tuple[str, str], ...]:
    """Return the caller, and the tenant, whose streams a new stream counts among."""
    tenant = who.caller.tenant
    return (("caller", who.id),) if tenant is None else (("caller", who.id), ("tenant", tenant))


class Streams:
    """All open streams of a server, and the task that writes to them.

    Args:
        good: Returns whether credentials are still valid.
        now: The loop's clock.
    """

    def __init__(self, good: Callable[[Principal], bool], now: Callable[[], float]) -> None:
        self.open: dict[Stream, None] = {}
        self._own: Counter[tuple[str, str]] = Counter()
        """Number of open streams of each caller and each tenant."""
        self.closed: dict[str, int] = {}
        """Number of closed streams, by outcome."""
        self._good = good
        self._now = now
        self._due: dict[Stream, None] = {}
        self._changed = anyio.Event()

    def admit(self, who: Principal) -> None:
        """Admit one more stream. A caller or a tenant may have as many open as are free, so that others find room.

        Raises:
            Problem: Too many are open, or too many of the caller or its tenant.
        """
        free = MOST_STREAMS - len(self.open)
        if free <= 0:
            raise Problem("overflow", "too many streams are open")
        if any(self._own[one] >= free for one in _owners(who)):
            raise Problem("quota", "the caller or its tenant has as many streams open as are left for all others")

    @contextlib.asynccontextmanager
    async def entered(self, stream: Stream) -> AsyncIterator[None]:
        """Write to a stream while the block runs."""
        ring = stream.ring
        ring.readers = {} if ring.readers is None else ring.readers
        self.open[stream] = ring.readers[stream] = None
        self._own.update(_owners(stream.who))
        stream.wrote_at = self._now()
        self.feed(ring)
        self.again(stream)
        try:
            yield
        finally:
            self.closed[stream.outcome] = self.closed.get(stream.outcome, 0) + 1
            for one in _owners(stream.who):
                self._own[one] -= 1
                if not self._own[one]:
                    del self._own[one]
            for table in (self.open, self._due, ring.readers):
                table.pop(stream, None)

    def feed(self, ring: Ring[Any]) -> None:
        """Subscribe to changes of a ring."""
        ring.told = self.touch

    def touch(self, ring: Ring[Any]) -> None:
        """A ring has changed: its readers are due."""
        if ring.readers:
            self._due |= ring.readers
            self._changed.set()

    def again(self, stream: Stream) -> None:
        """A stream is due."""
        self._due[stream] = None
        self._changed.set()

    def touch_all(self) -> None:
        """Anything may have changed, such as permissions: check every stream."""
        self._due |= self.open
        self._changed.set()

    async def run(self) -> None:
        """Write until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look)
            while True:
                await self._changed.wait()
                self._changed = anyio.Event()
                await self._pass()

    async def _pass(self) -> None:
        due, self._due = self._due, {}
        known: dict[int, bool] = {}
        now = self._now()
        for number, stream in enumerate(due):
            if number % SLICE == SLICE - 1:
                await anyio.lowlevel.checkpoint()
                now = self._now()
                known.clear()
            if stream.step(now, good=self._is_good(stream.who, known)):
                self.again(stream)
        await anyio.lowlevel.checkpoint()  # streams that are due again at once must not block the loop

    async def _look(self) -> None:
        while True:
            await anyio.sleep(LOOK_S)
            now, known = self._now(), dict[int, bool]()
            for number, stream in enumerate(tuple(self.open)):
                if number % SLICE == SLICE - 1:
                    await anyio.lowlevel.checkpoint()
                    known.clear()
                if not self._is_good(stream.who, known):
                    self.again(stream)
                elif stream.blocked_at is not None or now - stream.wrote_at >= HEARTBEAT_S:
                    stream.look(now)

    def _is_good(self, who: Principal, known: dict[int, bool]) -> bool:
        """Return whether credentials are valid; ``known`` has the results for other streams of this slice."""
        found = known.get(id(who))
        if found is None:
            found = known[id(who)] = self._good(who)
        return found


class Buffered:
    """An output to a client through ASGI's ``send``, used by the response's own task.

    Args:
        streams: Notified once there is room.
        stream: The stream.
    """

    def __init__(self, streams: Streams, stream: Stream) -> None:
        self._streams = streams
        self._stream = stream
        self._parts: list[bytes] = []
        self._changed = anyio.Event()
        self._cut = False

    @property
    def full(self) -> bool:
        """True if the last pushed parts have not been taken."""
        return bool(self._parts)

    def push(self, parts: list[bytes]) -> None:
        """Store parts for the sending task."""
        self._parts += parts
        self._changed.set()

    def cut(self) -> None:
        """Let the task end."""
        self._cut = True
        self._changed.set()

    async def drain(self, send: Callable[[list[bytes]], Awaitable[None]]) -> None:
        """Send pushed parts until the stream is closed and everything is sent, or the client does not read."""
        while not self._cut and (self._parts or not self._stream.closed.is_set()):
            if not self._parts:
                await self._changed.wait()
                self._changed = anyio.Event()
                continue
            parts = self._parts.copy()
            with anyio.move_on_after(BLOCKED_S) as limit:
                await send(parts)
            if limit.cancelled_caught:
                self._stream.outcome = "blocked"
                break
            del self._parts[: len(parts)]
            self._streams.again(self._stream)


class Events:
    """A response that streams server-sent events; it ends if the client disconnects.

    Args:
        streams: All open streams.
        stream: Its own stream.
        request: The request.

    Raises:
        Problem: Too many streams are open.
    """

    def __init__(self, streams: Streams, stream: Stream, request: Incoming) -> None:
        streams.admit(stream.who)
        self._streams = streams
        self._stream = stream
        self._line = request.line
        self._gone = partial(told_when_gone, request) if self._line is None else partial(Registered, self._line)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the run ends or the client disconnects."""
        if SOCKET in scope:
            await self._frames(scope[SOCKET], receive)
            return
        if self._line is not None:  # it was read; keeping it would use memory as long as the stream is open
            scope["headers"].clear()
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        await self._written(lambda parts: _body(send, parts))
        with anyio.move_on_after(BLOCKED_S):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _frames(self, send: Send, receive: Receive) -> None:
        """Send events as messages of a WebSocket; messages of the client are ignored."""
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        stream = self._stream
        stream.form = Frames
        await self._written(lambda parts: _messages(send, parts))
        if stream.outcome != "gone":
            with anyio.move_on_after(CLOSING_S):
                await send({"type": "websocket.close", "code": CODES[stream.outcome], "reason": stream.outcome})

    async def _written(self, send: Callable[[list[bytes]], Awaitable[None]]) -> None:
        """Write until the stream is closed, bypassing ASGI on connections of this server."""
        stream, line = self._stream, self._line
        buffered = None if line is not None else Buffered(self._streams, stream)
        stream.outlet = buffered or line
        if line is not None:
            line.room = lambda: self._streams.again(stream)
        async with self._streams.entered(stream), self._gone(stream.cut):
            if buffered is None:
                await stream.closed.wait()
            else:
                await buffered.drain(send)


async def _messages(send: Send, parts: list[bytes]) -> None:
    for part in parts:
        await send({"type": "websocket.send", "text": part.decode()})


async def _body(send: Send, parts: list[bytes]) -> None:
    await send({"type": "http.response.body", "body": b"".join(parts), "more_body": True})


async def written(send: Send, body: bytes, *, more: bool = True) -> bool:
    """Write a part of a stream; return False if the client has not read for too long."""
    with anyio.move_on_after(BLOCKED_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})
        return True
    return False
