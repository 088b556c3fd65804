"""Server-sent events with resume by ``Last-Event-ID``, gaps, heartbeats and an end, written on bare ASGI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio

from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from genie.server.hosting import HostedRun, Ring, Told

HEARTBEAT_S = 15.0
"""Seconds without an event after which a comment is sent."""
BLOCKED_S = 30.0
"""Seconds that a write may be blocked before the stream is closed."""
CHUNK = 64_000
"""Bytes that are written at once."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip


def position(given: str | None, epoch: str) -> int | None:
    """Return the number of the last event that a client has; None where this process has not sent it.

    Raises:
        Problem: It is not the id of an event.
    """
    if not given:
        return 0
    of, _, number = given.partition(".")
    if len(given) > 60 or not (number.isascii() and number.isdigit() and of.isascii() and of.isalnum()):
        raise Problem("malformed", "Last-Event-ID is the id of an event that was sent before")
    return int(number) if of == epoch else None


class Events:
    """The response that streams events; a client that goes away ends it.

    Args:
        ring: The events.
        epoch: Names this process in ids.
        after: Number of the last event that the client has; None where it comes from another process.
        allowed: Says whether an event may be shown to the client.
        good: Says whether the client's credentials are still good.
        run: The run that ends the stream; None for one without an end.
        snapshot: What a client is sent that has missed events.
    """

    def __init__(
        self, ring: Ring, epoch: str, after: int | None, *, allowed: Callable[[HostedRun], bool],
        good: Callable[[], bool], run: HostedRun | None = None, snapshot: Callable[[], object] = dict,
    ) -> None:  # fmt: skip
        self._ring = ring
        self._epoch = epoch
        self._lost = after is None or after > ring.last
        self._after = 0 if after is None or after > ring.last else after
        self._allowed = allowed
        self._good = good
        self._run = run
        self._snapshot = snapshot

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the run is over or the client has gone."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        async with anyio.create_task_group() as tasks:

            async def gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(gone)
            await self._stream(send)
            tasks.cancel_scope.cancel()

    async def _stream(self, send: Send) -> None:
        if not await written(send, b"retry: 2000\n\n" + self._gap()):
            return
        while self._good():
            pending = self._ring.after(self._after)
            if pending and pending[0].number > self._after + 1:
                await written(send, b"event: behind\ndata: {}\n\n", more=False)  # the client resumes, with a gap
                return
            chunk = bytearray()
            for told in pending:
                self._after = told.number
                if self._allowed(told.run):
                    chunk += self._encoded(told)
                if len(chunk) > CHUNK:
                    break
            if chunk:
                if not await written(send, bytes(chunk)):
                    return
                await anyio.lowlevel.checkpoint()  # a client that has gone must not keep the loop
            if self._after < self._ring.last:
                continue
            if self._run is not None and self._run.over:
                body = json.dumps({"status": self._run.status, "code": self._run.code})
                await written(send, f"event: end\ndata: {body}\n\n".encode(), more=False)
                return
            with anyio.move_on_after(HEARTBEAT_S) as quiet:
                await self._ring.changed()
            if quiet.cancelled_caught and not await written(send, b": still here\n\n"):
                return
        await written(send, b'event: end\ndata: {"status": "closed"}\n\n', more=False)

    def _gap(self) -> bytes:
        """Return what tells a client of events that are kept no more, with the present state."""
        first = self._ring.kept[0].number if self._ring.kept else self._ring.last + 1
        if not self._lost and first <= self._after + 1:
            return b""
        gap = {"from": self._after + 1, "to": first - 1, "restarted": self._lost, "snapshot": self._snapshot()}
        self._after = max(self._after, first - 1)
        return f"event: gap\ndata: {json.dumps(gap)}\n\n".encode()

    def _encoded(self, told: Told) -> bytes:
        """Return one event as it is sent; events name things and never carry payload text."""
        if told.encoded is None:
            body = {"run": told.run.id, "pipeline": told.run.pipeline, **told.event._asdict()}
            text = json.dumps(body, separators=(",", ":"))
            told.encoded = f"id: {self._epoch}.{told.number}\nevent: {told.event.kind}\ndata: {text}\n\n".encode()
        return told.encoded


async def written(send: Send, body: bytes, *, more: bool = True) -> bool:
    """Write a part of a stream; False where the client has not read for too long."""
    with anyio.move_on_after(BLOCKED_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})
        return True
    return False
