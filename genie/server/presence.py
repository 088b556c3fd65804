"""Detects the disconnect of a request's client."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from genie.server.messages import Incoming, Line


def told_when_gone(request: Incoming, gone: Callable[[], None]) -> AbstractAsyncContextManager[None]:
    """Call a function if the client of a request disconnects while the block runs.

    The connection of this server calls it, so that a request needs no task of its own. Behind any other server a task
    reads the request to its end.
    """
    line = request.line
    return _reading(request, gone) if line is None else _Registered(line, gone)


class _Registered:
    __slots__ = ("_gone", "_line")

    def __init__(self, line: Line, gone: Callable[[], None]) -> None:
        self._line = line
        self._gone = gone

    async def __aenter__(self) -> None:
        self._line.partings[self._gone] = None
        if self._line.lost:  # before the callback was registered
            self._gone()

    async def __aexit__(self, *_: object) -> None:
        self._line.partings.pop(self._gone, None)


@contextlib.asynccontextmanager
async def _reading(request: Incoming, gone: Callable[[], None]) -> AsyncIterator[None]:
    async def read() -> None:
        while not (await request.receive())["type"].endswith(".disconnect"):
            pass
        gone()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        yield
        tasks.cancel_scope.cancel()
