"""Parks a task and wakes it, with one implementation for each backend.

An ``anyio.Event`` costs ten microseconds a round trip more than the loop's own primitive (measured, see
``docs/decisions``), and a worker parks once per message, so this module uses the two backends directly. This module and
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
    """A one-shot result that one task awaits. On asyncio it is the loop's own future, which costs no Python frame."""

    def done(self) -> bool:
        """Return True once it has a result, or its awaiter was cancelled."""
        ...

    def set_result(self, result: None, /) -> None:
        """Resume the task; allowed only if it is not ``done``."""
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
    """A reusable place where one task at a time can wait.

    A ``wake`` before ``park`` has no effect: callers check their condition before they park and after they wake.

    Args:
        make_future: Makes a future of the running backend.
    """

    __slots__ = ("_future", "_make")

    def __init__(self, make_future: Callable[[], Future]) -> None:
        self._make = make_future
        self._future: Future | None = None

    def park(self) -> Awaitable[None]:
        """Wait until ``wake``. After a cancellation another task may wait."""
        # A plain function that returns the future: one frame less than a coroutine.
        self._future = future = self._make()
        return future

    def wake(self) -> None:
        """Resume the parked task; does nothing if none is parked."""
        future, self._future = self._future, None
        if future is not None and not future.done():  # a cancelled one may still be here
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
    # The standard library's loops only forward to this clock, at the cost of a call for each reading.
    return time.monotonic if getattr(read, "__func__", None) is asyncio.BaseEventLoop.time else read


def now() -> float:
    """Return the time of the running loop, for spans of time: four times cheaper than ``anyio.current_time``.

    Compare it only with itself: if trio runs as a guest of asyncio, it is the time of the host.
    """
    events: Any = sys.modules.get("asyncio.events")  # a program on trio need not load asyncio
    loop = None if events is None else events._get_running_loop()  # noqa: SLF001 - the one that does not raise
    return anyio.current_time() if loop is None else float(loop.time())


def threadsafe() -> Callable[[Callable[[], object]], object]:
    """Return a function, callable from any thread, that schedules a call on the running loop.

    It raises RuntimeError once the loop is closed.
    """
    if _on_trio():
        import trio.lowlevel  # noqa: PLC0415 - only under trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    import asyncio  # noqa: PLC0415 - this module meets the backend

    return asyncio.get_running_loop().call_soon_threadsafe


def offload(most: int) -> Callable[[Callable[[], T]], Awaitable[T]]:
    """Return a function that runs calls in threads, with a limit on concurrent calls, without blocking the loop.

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
    """Run functions concurrently: the first in this task, the others in their own tasks; return when all have ended.

    An error of the first cancels the others; an error of another does so once the first has ended. The error is raised
    unwrapped. A task group costs four times as much as its tasks under asyncio (see ``benchmarks/tools.py``).
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
        if any(not task.done() for task in tasks):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
    except BaseException:  # includes cancellation: cancel and await all tasks, then re-raise
        for task in tasks:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # only the first error is raised
        raise


class Tasks(Protocol):
    """The tasks of one runtime: started at any time, cancelled and awaited together at the end."""

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> object:
        """Start a task, and return its key for ``left`` and ``interrupt``."""
        ...

    def left(self, task: object) -> None:
        """Forget a task that is about to end."""
        ...

    def interrupt(self, task: object) -> None:
        """Cancel one task in spite of shields, if the backend can: the work that it runs was abandoned."""
        ...

    async def close(self, within_s: float, abandon: Callable[[], None]) -> None:
        """Cancel every task and wait until all have ended.

        Args:
            within_s: Seconds that the tasks have to end.
            abandon: Called if some have not; they are cancelled once more afterwards.
        """
        ...


Failed = Callable[[BaseException], None]
"""Called for a task that ended with an error."""


class _AsyncioTasks:
    """Plain tasks: a task group would use 2 KB for each, more than a blocked handler (measured)."""

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
            self._failed(error)  # the runtime fails with a reason; the loop would only log it

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
        # A system task is protected from Ctrl-C, which is for the program, not for the handler that happens to run.
        return trio.lowlevel.spawn_system_task(self._scoped, function, scope, context=copy_context())

    async def _scoped(self, function: Callable[[], Coroutine[Any, Any, None]], scope: anyio.CancelScope) -> None:
        try:
            with scope:
                try:
                    await function()
                except Exception as error:  # noqa: BLE001 - the runtime fails by name, not the program
                    self._failed(error)
        except BaseException as error:  # noqa: BLE001 - what leaves a system task would end the whole program
            # An error of the task was already reported. Apart from an interrupt, anything else here comes from a cancel
            # scope that a handler has left open.
            if not isinstance(error, (Exception, anyio.get_cancelled_exc_class())):
                self._failed(error)
        finally:
            del self._scopes[scope]
            if not self._scopes:
                self._all_left.set()

    def left(self, task: object) -> None:
        """Does nothing: a task removes itself when it ends."""

    def interrupt(self, task: object) -> None:
        """Does nothing: trio cannot cancel a shielded scope. Abandoned work ends when its shield does."""

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
        failed: Called for a task that ended with an error.
    """
    if not _on_trio():
        return _AsyncioTasks(failed)
    return _TrioTasks(failed)
