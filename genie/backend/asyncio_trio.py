"""Parking a task and waking it, once per backend.

An ``anyio.Event`` costs ten microseconds a round trip more than the loop's own primitive (measured, see
``docs/decisions``), and a worker parks once per message, so the two backends are met directly here. This module and
the simulation's loop are the only ones that know which backend runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio

T = TypeVar("T")


class Future(Protocol):
    """What one task awaits once. On asyncio it is the loop's own future, which costs no Python frame."""

    def done(self) -> bool:
        """Return True once it has its result, or whoever awaited it was cancelled."""
        ...

    def set_result(self, result: None, /) -> None:
        """Let the task go on; only where it is not ``done``."""
        ...

    def __await__(self) -> Generator[Any, None, None]:
        """Wait for the result."""
        ...


class _TrioFuture:
    __slots__ = ("_done", "_task")

    def __init__(self) -> None:
        self._done = False
        self._task: Any = None

    def done(self) -> bool:
        return self._done

    def set_result(self, _result: None, /) -> None:
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        self._done = True
        if self._task is not None:
            trio.lowlevel.reschedule(self._task)

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            self._done = True
            return trio.lowlevel.Abort.SUCCEEDED

        if not self._done:
            self._task = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(abort)


class Waiter:
    """One place where one task at a time can wait, again and again.

    ``wake`` before ``park`` is not remembered: the caller checks its condition before it parks and after it wakes.

    Args:
        make_future: Of the running backend.
    """

    __slots__ = ("_future", "_make")

    def __init__(self, make_future: Callable[[], Future]) -> None:
        self._make = make_future
        self._future: Future | None = None

    def park(self) -> Awaitable[None]:
        """Wait until ``wake``. Cancelled: the place is free again."""
        # A plain function that returns the future: one frame less than a coroutine.
        self._future = future = self._make()
        return future

    def wake(self) -> None:
        """Let the parked task go on; nothing happens when none is parked."""
        future, self._future = self._future, None
        if future is not None and not future.done():  # one that was cancelled may still lie here
            future.set_result(None)


def _on_trio() -> bool:
    return anyio.get_cancelled_exc_class().__module__.partition(".")[0] == "trio"


def future_factory() -> Callable[[], Future]:
    """Return a maker of futures for the running backend."""
    if _on_trio():
        return _TrioFuture
    import asyncio  # noqa: PLC0415 - this module meets the backend

    return asyncio.get_running_loop().create_future


def waiter_factory() -> Callable[[], Waiter]:
    """Return a maker of waiters for the running backend."""
    return partial(Waiter, future_factory())


def loop_time() -> Callable[[], float]:
    """Return the running loop's clock: seven times cheaper than ``anyio.current_time``."""
    if _on_trio():
        return anyio.current_time
    import asyncio  # noqa: PLC0415 - this module meets the backend

    read = asyncio.get_running_loop().time
    # The standard library's loops only hand on what this says, at the cost of a call on every reading.
    return time.monotonic if getattr(read, "__func__", None) is asyncio.BaseEventLoop.time else read


def now() -> float:
    """Return the time of the running loop, for spans of time: four times cheaper than ``anyio.current_time``.

    Compare it with nothing but itself: where trio runs as a guest of asyncio, it is the time of the host.
    """
    events: Any = sys.modules.get("asyncio.events")  # a program on trio need not load it
    loop = None if events is None else events._get_running_loop()  # noqa: SLF001 - the one that does not raise
    return anyio.current_time() if loop is None else float(loop.time())


def threadsafe() -> Callable[[Callable[[], object]], object]:
    """Return a function, callable from any thread, that has the running loop call something soon.

    It raises RuntimeError once the loop is closed.
    """
    if _on_trio():
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio  # noqa: PLC0415 - this module meets the backend

    return asyncio.get_running_loop().call_soon_threadsafe


def offload(most: int) -> Callable[[Callable[[], T]], Awaitable[T]]:
    """Return a function that has a thread call something, at most so many at a time, while the loop turns.

    A cancelled call is abandoned. The simulation's loop has no threads: there the function is called at once.
    """
    if not _on_trio():
        import asyncio  # noqa: PLC0415 - this module meets the backend

        if not getattr(asyncio.get_running_loop(), "threads", True):
            return _at_once
    from anyio import to_thread  # noqa: PLC0415 - start-up: most programs have nothing that is long to look at

    limiter = anyio.CapacityLimiter(most)
    return lambda work: to_thread.run_sync(work, abandon_on_cancel=True, limiter=limiter)


async def _at_once(work: Callable[[], T]) -> T:
    return work()


async def together(works: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run some functions at once: the first in this task, each other in one of its own; all have ended when it returns.

    An error of the first cancels the others; one of another does so once the first has ended. It is raised as it is. A
    task group costs four times as much as its tasks under asyncio (see ``benchmarks/tools.py``).
    """
    if len(works) == 1:
        await works[0]()
    elif _on_trio():
        await _together_on_trio(works)
    else:
        await _together_on_asyncio(works)


async def _together_on_trio(works: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    failed: list[Exception] = []
    over = False

    async def guarded(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised below: a task group would wrap it
            failed.append(error)
        if failed and over:
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for work in works[1:]:
            group.start_soon(guarded, work)
        try:
            await works[0]()
        except Exception as error:  # noqa: BLE001 - as above
            failed.insert(0, error)
        over = True
        if failed:
            group.cancel_scope.cancel()
    if failed:
        raise failed[0]


async def _together_on_asyncio(works: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    import asyncio  # noqa: PLC0415 - this module meets the backend

    create = asyncio.get_running_loop().create_task
    tasks = [create(work()) for work in works[1:]]
    try:
        await works[0]()
        for task in tasks:
            await task
    except BaseException:  # a cancellation as well: no task goes on alone, then the error goes on
        for task in tasks:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # the first error is the one that is raised
        raise


class Tasks(Protocol):
    """The tasks of one runtime: started at any time, cancelled and awaited together at the end."""

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        """Start a task, and return its name for ``left`` and ``interrupt``."""
        ...

    def left(self, task: object) -> None:
        """Forget a task that ends now."""
        ...

    def interrupt(self, task: object) -> None:
        """Cancel one task, whatever shields it, where the backend can: what it runs has been abandoned."""
        ...

    async def close(self, within_s: float, abandon: Callable[[], None]) -> None:
        """Cancel every task and wait until all have ended.

        Args:
            within_s: Seconds that the tasks have to end.
            abandon: Called when some have not; they are cancelled once more after it.
        """
        ...


Failed = Callable[[BaseException], None]
"""Told of a task that ended with an error of its own."""


class _AsyncioTasks:
    """Plain tasks: what a task group keeps for each weighs 2 KB, more than a blocked handler (measured)."""

    def __init__(self, failed: Failed) -> None:
        import asyncio  # noqa: PLC0415 - this module meets the backend

        self._asyncio = asyncio
        self._create = asyncio.get_running_loop().create_task
        self._failed = failed
        self._tasks: set[Any] = set()

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        task = self._create(function())
        task.add_done_callback(self._ended)
        self._tasks.add(task)
        return task

    def _ended(self, task: Any) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)  # the runtime fails by name; the loop would only log it

    def left(self, task: object) -> None:
        self._tasks.discard(task)

    def interrupt(self, task: object) -> None:
        if isinstance(task, self._asyncio.Task):
            task.cancel()

    async def close(self, within_s: float, abandon: Callable[[], None]) -> None:
        with anyio.CancelScope(shield=True):  # no task outlives its runtime, even when its caller is cancelled
            await self._end(within_s)
            if self._tasks:
                abandon()
                await self._end(within_s)
        self._tasks.clear()

    async def _end(self, within_s: float) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            done, _ = await self._asyncio.wait(tasks, timeout=within_s)
            self._tasks -= done


class _TrioTasks:
    """System tasks, each in a cancel scope: a task group would wait for ever for a handler that shields itself."""

    def __init__(self, failed: Failed) -> None:
        self._failed = failed
        self._scopes: dict[anyio.CancelScope, None] = {}
        self._all_left = anyio.Event()

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        scope = anyio.CancelScope()
        self._scopes[scope] = None
        # A system task is protected from Ctrl-C, which belongs to the program, not to the handler that happens to run.
        return trio.lowlevel.spawn_system_task(self._scoped, function, scope, context=copy_context())

    async def _scoped(self, function: Callable[[], Coroutine[Any, Any, None]], scope: anyio.CancelScope) -> None:
        try:
            with scope:
                try:
                    await function()
                except Exception as error:  # noqa: BLE001 - the runtime fails by name, not the program
                    self._failed(error)
        except BaseException as error:  # noqa: BLE001 - what leaves a system task would end the whole program
            # An error of the task is reported already. What else comes here but an interrupt is of a cancel scope that
            # a handler has left open in it.
            if not isinstance(error, (Exception, anyio.get_cancelled_exc_class())):
                self._failed(error)
        finally:
            del self._scopes[scope]
            if not self._scopes:
                self._all_left.set()

    def left(self, task: object) -> None:
        """A task forgets itself when it ends."""

    def interrupt(self, task: object) -> None:
        """Nothing reaches into a shielded scope on trio; what was abandoned ends when its shield does."""

    async def close(self, within_s: float, abandon: Callable[[], None]) -> None:
        for scope in tuple(self._scopes):
            scope.cancel()
        await self._wait(within_s)
        if self._scopes:
            abandon()
            await self._wait(within_s)

    async def _wait(self, within_s: float) -> None:
        if self._scopes:
            with anyio.move_on_after(within_s, shield=True):
                await self._all_left.wait()


def open_tasks(failed: Failed) -> Tasks:
    """Return an empty set of tasks for the running backend; the caller closes it in the same task.

    Args:
        failed: Told of a task that ended with an error of its own.
    """
    if not _on_trio():
        return _AsyncioTasks(failed)
    return _TrioTasks(failed)
