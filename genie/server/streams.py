"""Server-sent events of one run, with resume by ``Last-Event-ID``, heartbeats and an end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from genie.inflight.events import Event
    from genie.server.hosting import HostedRun

HEARTBEAT_S = 15.0
"""Seconds without an event after which a comment is sent."""


def encoded(number: int, event: Event) -> bytes:
    """Return one event as it is sent; events name things and never carry payload text."""
    body = json.dumps(event._asdict(), separators=(",", ":"))
    return f"id: {number}\nevent: {event.kind}\ndata: {body}\n\n".encode()


class RunEvents:
    """The response that streams a run's events; a client that goes away ends it.

    Args:
        run: The run.
        after: Number of the last event that the client has.
    """

    def __init__(self, run: HostedRun, after: int) -> None:
        self._run = run
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send events until the run is over or the client has gone."""
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
                   (b"x-accel-buffering", b"no")]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with anyio.create_task_group() as tasks:

            async def gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(gone)
            await self._stream(send)
            tasks.cancel_scope.cancel()

    async def _stream(self, send: Send) -> None:
        run, last = self._run, self._after
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        while True:
            changed = run.changed
            kept = list(run.events)
            if kept and kept[0][0] > last + 1:
                gap = json.dumps({"from": last + 1, "to": kept[0][0] - 1})
                await send({"type": "http.response.body", "body": f"event: gap\ndata: {gap}\n\n".encode(),
                            "more_body": True})  # fmt: skip
            for number, event in kept:
                if number > last:
                    await send({"type": "http.response.body", "body": encoded(number, event), "more_body": True})
                    last = number
                    await anyio.lowlevel.checkpoint()  # a client that has gone must not keep the loop
            if run.over and not [1 for number, _ in run.events if number > last]:
                body = json.dumps({"status": run.status, "code": run.code})
                await send({"type": "http.response.body", "body": f"event: end\ndata: {body}\n\n".encode()})
                return
            with anyio.move_on_after(HEARTBEAT_S) as quiet:
                await changed.wait()
            if quiet.cancelled_caught:
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
