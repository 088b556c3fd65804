"""Parking a task and waking it, once per backend.

An ``anyio.Event`` costs ten microseconds a round trip more than the loop's own primitive (measured, see
``docs/decisions``), and a worker parks once per message, so the two backends are met directly here. This module and
the simulation's loop are the only ones that know which backend runs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine


class Parker(Protocol):
    """One place where one task at a time can wait.

    ``wake`` before ``park`` is not remembered: the caller checks its condition before it parks and after it wakes.
    """

    def park(self) -> Awaitable[None]:
        """Wait until ``wake``. Cancelled: the place is free again."""
        ...

    def wake(self) -> None:
        """Let the parked task go on; nothing happens when none is parked."""
        ...


class _AsyncioParker:
    __slots__ = ("_future", "_make")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._future: Any = None

    def park(self) -> Awaitable[None]:
        # A plain function that returns the future: one frame less than a coroutine on every message.
        self._future = future = self._make()
        waiting: Awaitable[None] = future
        return waiting

    def wake(self) -> None:
        future = self._future
        if future is not None:
            self._future = None
            if not future.done():  # a future that was cancelled may still lie here
                future.set_result(None)


class _TrioParker:
    __slots__ = ("_task",)

    def __init__(self) -> None:
        self._task: Any = None

    async def park(self) -> None:
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        self._task = trio.lowlevel.current_task()

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            self._task = None
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def wake(self) -> None:
        task = self._task
        if task is not None:
            import trio.lowlevel  # noqa: PLC0415 - only under trio

            self._task = None
            trio.lowlevel.reschedule(task)


def _on_trio() -> bool:
    return anyio.get_cancelled_exc_class().__module__.partition(".")[0] == "trio"


def parker_factory() -> Callable[[], Parker]:
    """Return a maker of parkers for the running backend."""
    if _on_trio():
        return _TrioParker
    import asyncio  # noqa: PLC0415 - this module meets the backend

    make = asyncio.get_running_loop().create_future
    return lambda: _AsyncioParker(make)


def loop_time() -> Callable[[], float]:
    """Return the running loop's clock: seven times cheaper than ``anyio.current_time``."""
    if _on_trio():
        return anyio.current_time
    import asyncio  # noqa: PLC0415 - this module meets the backend

    read = asyncio.get_running_loop().time
    # The standard library's loops only hand on what this says, at the cost of a call on every reading.
    return time.monotonic if getattr(read, "__func__", None) is asyncio.BaseEventLoop.time else read


def threadsafe() -> Callable[[Callable[[], object]], object]:
    """Return a function, callable from any thread, that has the running loop call something soon.

    It raises RuntimeError once the loop is closed.
    """
    if _on_trio():
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio  # noqa: PLC0415 - this module meets the backend

    return asyncio.get_running_loop().call_soon_threadsafe


class Crew(Protocol):
    """The tasks of one runtime: started at any time, cancelled and awaited together at the end."""

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        """Start a task, and return its name for ``left``."""
        ...

    def left(self, task: object) -> None:
        """Forget a task, which ends now."""
        ...

    async def close(self) -> None:
        """Cancel every task and wait until all have ended.

        Raises:
            ExceptionGroup: Tasks had ended with errors of their own.
        """
        ...


class _AsyncioCrew:
    """Plain tasks: what a task group keeps for each weighs 2 KB, more than a blocked handler (measured)."""

    def __init__(self) -> None:
        import asyncio  # noqa: PLC0415 - this module meets the backend

        self._asyncio = asyncio
        self._create = asyncio.get_running_loop().create_task
        self._tasks: set[Any] = set()
        self._errors: list[Exception] = []

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        task = self._create(function())
        self._tasks.add(task)
        return task

    def left(self, task: object) -> None:
        self._tasks.discard(task)

    async def close(self) -> None:
        while self._tasks:
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            with anyio.CancelScope(shield=True):  # no task outlives its runtime, whoever is cancelled meanwhile
                await self._asyncio.wait(tasks)
            for task in tasks:
                self._tasks.discard(task)
                error = None if task.cancelled() else task.exception()
                if isinstance(error, Exception):
                    self._errors.append(error)
        if self._errors:
            raise ExceptionGroup("tasks of the runtime failed", self._errors)


class _TrioCrew:
    def __init__(self) -> None:
        self._group = anyio.create_task_group()

    async def open(self) -> None:
        await self._group.__aenter__()

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        return self._group.start_soon(function)

    def left(self, task: object) -> None:
        """The nursery knows."""

    async def close(self) -> None:
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)


async def open_crew() -> Crew:
    """Return an empty crew for the running backend; the caller closes it in the same task."""
    if not _on_trio():
        return _AsyncioCrew()
    crew = _TrioCrew()
    await crew.open()
    return crew
