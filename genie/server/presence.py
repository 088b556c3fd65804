"""Detects the disconnect of a request's client, and the end of its stream."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import anyio

from genie.backend.asyncio_trio import future_factory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from genie.backend.asyncio_trio import Future
    from genie.server.messages import Incoming, Line


def told_when_gone(request: Incoming, gone: Callable[[], None]) -> AbstractAsyncContextManager[None]:
    """Call a function if the client of a request disconnects while the block runs.

    The connection of this server calls it, so that a request needs no task of its own. Behind any other server a task
    reads the request to its end.
    """
    line = request.line
    return _reading(request, gone) if line is None else Registered(line, gone)


class Registered:
    """Lets a connection call something when its client goes away while the block runs."""

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


class Closed:
    """A flag that a stream is closed; an ``asyncio.Event`` needs four times as much memory."""

    __slots__ = ("_set", "_waiting")

    def __init__(self) -> None:
        self._set = False
        self._waiting: Future | None = None

    def is_set(self) -> bool:
        """Return True once it is closed."""
        return self._set

    def set(self) -> None:
        """It is closed."""
        self._set = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self) -> None:
        """Wait until it is closed; one task does."""
        if not self._set:
            self._waiting = future_factory()()
            await self._waiting
