"""Parking a task and waking it, once per backend.

An ``anyio.Event`` costs ten microseconds a round trip more than the loop's own primitive (measured, see
``docs/decisions``), and a worker parks once per message, so the two backends are met directly here. This module and
the simulation's loop are the only ones that know which backend runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import anyio
import sniffio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


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


def parker_factory() -> Callable[[], Parker]:
    """Return a maker of parkers for the running backend."""
    if sniffio.current_async_library() == "trio":
        return _TrioParker
    import asyncio  # noqa: PLC0415, TID251 - this module meets the backend

    make = asyncio.get_running_loop().create_future
    return lambda: _AsyncioParker(make)


def loop_time() -> Callable[[], float]:
    """Return the running loop's clock: seven times cheaper than ``anyio.current_time``."""
    if sniffio.current_async_library() == "trio":
        return anyio.current_time
    import asyncio  # noqa: PLC0415, TID251 - this module meets the backend

    return asyncio.get_running_loop().time
