"""An event loop in virtual time. A seed determines the order of its steps.

The clock jumps to the next timer when no task can run, so a wait takes no real time. Steps that are ready at the same
virtual time are sorted by the numbers of their tasks, and then shuffled by the seed; other callbacks keep their order.
The sort is necessary: libraries keep tasks in sets, whose order depends on memory addresses.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import heapq
import itertools
import math
import random
import sys
import threading
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from genie.simulation.errors import DeadlockError, ExternalCallError, LivelockError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

T = TypeVar("T")

MAX_STEPS = 1_000_000
"""Callbacks at one virtual time after which the loop reports a livelock."""
COLLECTED_EVERY = 200_000
"""Callbacks between two garbage collections; a fixed number, so that finalisers run at the same step every time."""
MAX_NAMED = 12
_NO_FILE = "a simulation opens no file descriptors"
_FAKE = "bind the agent's port to a fake"


class SimulatedTask(asyncio.Task[Any]):
    """A task with its number."""

    number: int


class _Handle:
    """A scheduled callback; ``cancel`` prevents the call."""

    __slots__ = ("args", "at", "callback", "context", "number")

    def __init__(
        self, at: float, callback: Any, args: tuple[Any, ...], context: contextvars.Context, number: int
    ) -> None:
        self.at = at
        self.callback = callback
        self.args = args
        self.context = context
        self.number = number
        """Number of the task whose step it is; 0 for any other callback."""

    def cancel(self) -> None:
        self.callback = None
        self.args = ()

    def cancelled(self) -> bool:
        return self.callback is None

    def when(self) -> float:
        return self.at


_Base: Any = asyncio.AbstractEventLoop  # thirty of its methods are refused, see the end of this module


class SimulationLoop(_Base):  # type: ignore[misc]  # see above
    """Runs tasks in virtual time, in one thread, without file descriptors.

    Args:
        seed: Determines the order of steps at the same virtual time.
        explain: Describes the waiting tasks when a deadlock is found.
        most_steps: Callbacks at one virtual time after which the loop reports a livelock.
        shuffled: Steps that are ready together run in random order; otherwise in the order in which they became ready.
    """

    threads = False
    """Nothing is offloaded to a thread: no seed determines when a thread would finish."""

    def __init__(
        self, seed: int = 0, *, explain: Callable[[], list[str]] | None = None, most_steps: int = MAX_STEPS,
        shuffled: bool = True,
    ) -> None:  # fmt: skip
        self._shuffled = shuffled
        self._now = 0.0
        self._random = random.Random(f"{seed}/steps")  # noqa: S311 - repeatable on purpose
        self._ready: list[_Handle] = []
        self._timers: list[tuple[float, int, _Handle]] = []
        self._order = itertools.count().__next__
        self._numbers = itertools.count(1).__next__
        self._running = False
        self._stopping = False
        self._closed = False
        self._handler: Any = None
        self._generators: list[AsyncGenerator[Any, Any]] = []
        self._thread = threading.get_ident()
        self._most_steps = most_steps
        self.explain = explain
        self.steps = 0
        """Number of callbacks called."""
        self.failures: list[str] = []
        """Exceptions of tasks that nothing awaits, with their context."""

    # --- time and callbacks ---

    def time(self) -> float:
        """Return virtual seconds since the start."""
        return self._now

    def call_soon(
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Any:  # a handle with fewer fields than asyncio's
        """Call a function at the current virtual time, after the callbacks that are ready."""
        owner = getattr(callback, "__self__", None)
        number = owner.number if type(owner) is SimulatedTask else 0
        handle = _Handle(self._now, callback, args, context or contextvars.copy_context(), number)
        self._ready.append(handle)
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        """Call a function at a virtual time."""
        when = max(when, self._now)
        handle = _Handle(when, callback, args, context or contextvars.copy_context(), 0)
        if when < math.inf:  # a wait for an infinite time is a deadlock if nothing else can run
            heapq.heappush(self._timers, (when, self._order(), handle))
        return handle

    def advance(self, when: float) -> bool:
        """Advance the time of this step at once; return False if a timer is due before.

        Steps that are already ready still run at the time at which they became ready.
        """
        timers = self._timers
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        if timers and timers[0][0] <= when:
            return False
        self._now, self._still = when, self.steps
        return True

    def call_later(self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        """Call a function after a delay."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> Any:
        """Call a function soon; only from the loop's thread, because no seed determines when another thread calls."""
        if threading.get_ident() != self._thread:
            raise ExternalCallError(call="a call from another thread")
        return self.call_soon(callback, *args, context=context)

    # --- running ---

    def _turn(self) -> None:
        """Call everything that is ready; advance the time to the next timer if nothing is."""
        self._take_due()
        batch, self._ready = self._ready, []
        if len(batch) > 1 and self._shuffled:
            self._shuffle(batch)
        for handle in batch:
            callback = handle.callback
            if callback is not None:
                self._now = handle.at  # an earlier step may have advanced the time
                try:
                    handle.context.run(callback, *handle.args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:  # noqa: BLE001 - as asyncio does: nothing awaits the callback
                    self.call_exception_handler({"message": "a callback failed", "exception": error})
        before = self.steps
        self.steps = now = before + len(batch)
        if now // COLLECTED_EVERY != before // COLLECTED_EVERY:
            gc.collect()
        if now - self._still > self._most_steps:
            busy = tuple(sorted({_shown(handle.callback.__self__) for handle in batch if handle.number}))
            raise LivelockError(at=self._now, steps=now - self._still, busy=busy[:MAX_NAMED])

    def _take_due(self) -> None:
        """Move due timers to the ready callbacks; advance the time if nothing is ready."""
        timers, ready = self._timers, self._ready
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        if not ready:
            if not timers:
                raise DeadlockError(at=self._now, waiting=tuple(self._waiting()))
            if timers[0][0] > self._now:
                self._now = timers[0][0]
                self._still = self.steps
        while timers and timers[0][0] <= self._now:
            handle = heapq.heappop(timers)[2]
            if handle.callback is not None:
                ready.append(handle)

    _still = 0
    """Number of callbacks at the last change of virtual time."""

    def _shuffle(self, batch: list[_Handle]) -> None:
        places = [place for place, handle in enumerate(batch) if handle.number]
        count = len(places)
        if count < 2:
            return
        steps = sorted((batch[place] for place in places), key=_number_of)
        draw = self._random.random
        for last in range(count - 1, 0, -1):
            other = int(draw() * (last + 1))
            steps[last], steps[other] = steps[other], steps[last]
        for place, handle in zip(places, steps, strict=True):
            batch[place] = handle

    def run_forever(self) -> None:
        """Run until ``stop`` is called.

        Raises:
            DeadlockError: No task can run, and no timer is set.
            LivelockError: Virtual time does not advance.
        """
        if self._closed:
            raise RuntimeError("the loop is closed")
        if asyncio._get_running_loop() is not None:  # noqa: SLF001 - event loops outside asyncio have no public way
            raise RuntimeError("an event loop is running in this thread; call simulate() outside of it")
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=self._generators.append)
        asyncio._set_running_loop(self)  # noqa: SLF001 - as above
        self._running, self._stopping, self._still = True, False, self.steps
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._running = False
            asyncio._set_running_loop(None)  # noqa: SLF001 - as above
            sys.set_asyncgen_hooks(*hooks)

    def run_until_complete(self, future: Any) -> Any:
        """Run until a future or coroutine is done; return its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._stop)
        if not task.done():
            raise RuntimeError("the loop stopped before the future was done")
        return task.result()

    def _stop(self, _future: Any) -> None:
        self._stopping = True

    def stop(self) -> None:
        """Stop after the current turn."""
        self._stopping = True

    def is_running(self) -> bool:
        """Return True while the loop runs."""
        return self._running

    def is_closed(self) -> bool:
        """Return True after ``close``."""
        return self._closed

    def close(self) -> None:
        """Drop all callbacks and timers."""
        self._closed = True
        self._ready.clear()
        self._timers.clear()

    async def shutdown_asyncgens(self) -> None:
        """Close the async generators that were not exhausted."""
        generators, self._generators = self._generators, []
        for generator in generators:
            await generator.aclose()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's name
        """Do nothing: the loop has no executor."""

    # --- tasks ---

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> Any:
        """Return a numbered task."""
        number = self._numbers()
        if options.get("name") is None:
            options["name"] = f"task-{number}"  # asyncio's count continues from loop to loop
        task = SimulatedTask.__new__(SimulatedTask)
        task.number = number
        task.__init__(coro, loop=self, **options)  # type: ignore[misc]  # the constructor schedules a step, which needs the number
        return task

    def set_task_factory(self, factory: Any) -> None:
        """Refuse another factory: the loop numbers the tasks."""
        if factory is not None:
            raise ExternalCallError(call="a task factory", hint="the loop of the simulation makes the tasks")

    def get_task_factory(self) -> None:
        """Return None: there is no factory."""

    def tasks(self) -> list[SimulatedTask]:
        """Return the tasks that are not done, by number."""
        found = (task for task in asyncio.all_tasks(self) if isinstance(task, SimulatedTask))
        return sorted(found, key=_number_of)

    def _waiting(self) -> list[str]:
        told = self.explain() if self.explain is not None else []
        return (told or [_shown(task) for task in self.tasks()])[:MAX_NAMED]

    # --- errors ---

    def get_debug(self) -> bool:
        """Return False: asyncio's debug mode reads the wall clock."""
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Ignore the call, for the same reason."""

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep the exception."""
        self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    def set_exception_handler(self, handler: Any) -> None:
        """Set the handler of exceptions that nothing awaits."""
        self._handler = handler

    def get_exception_handler(self) -> Any:
        """Return the handler."""
        return self._handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Handle an exception that nothing awaits."""
        if self._handler is None:
            self.default_exception_handler(context)
        else:
            self._handler(self, context)


_REFUSED = {
    "run_in_executor": ("a thread", "set `executor: thread` on the agent's card; the simulation then runs it inline"),
    **dict.fromkeys(("create_connection", "create_server", "create_datagram_endpoint", "create_unix_connection",
                     "create_unix_server", "connect_accepted_socket", "start_tls", "sendfile", "sock_recv",
                     "sock_recv_into", "sock_recvfrom", "sock_recvfrom_into", "sock_sendto", "sock_sendall",
                     "sock_connect", "sock_accept", "sock_sendfile", "getaddrinfo", "getnameinfo"),
                    ("a socket", _FAKE)),
    **dict.fromkeys(("subprocess_exec", "subprocess_shell"),
                    ("a process", _FAKE)),
    **dict.fromkeys(("add_reader", "remove_reader", "add_writer", "remove_writer", "connect_read_pipe",
                     "connect_write_pipe"), ("a file descriptor", _NO_FILE)),
    **dict.fromkeys(("add_signal_handler", "remove_signal_handler"), ("a signal handler", _NO_FILE)),
}  # fmt: skip


def _refusing(name: str) -> Any:
    what, hint = _REFUSED[name]

    def refuse(*_: object, **__: object) -> NoReturn:
        raise ExternalCallError(call=f"{what} (loop.{name})", hint=hint)

    return refuse


for _name in _REFUSED:
    setattr(SimulationLoop, _name, _refusing(_name))


def _number_of(one: Any) -> int:
    number: int = one.number
    return number


def _shown(task: SimulatedTask) -> str:
    """Return the name of a task and the line at which it waits."""
    coroutine: Any = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    return f"{task.get_name()} ({name}) at {source_location(coroutine)}"


def source_location(coroutine: Any) -> str:
    """Return the line at which a coroutine waits: ``file:line``; the innermost line outside Genie if there is one."""
    place = inner = "?"
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "ag_frame", None)
        if frame is not None:
            inner = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            if not str(frame.f_globals.get("__name__", "")).startswith(("genie.", "anyio.", "asyncio.")):
                place = inner
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "ag_await", None)
    return inner if place == "?" else place


def run(main: Coroutine[Any, Any, T], loop: SimulationLoop) -> T:
    """Run a coroutine to its end in virtual time, cancel the remaining tasks, and close the loop.

    Garbage is collected at fixed steps and once at the end. Objects that existed before are excluded from collection:
    traversing them takes longer than most simulations.

    Raises:
        DeadlockError, LivelockError: As ``SimulationLoop.run_forever``.
    """
    collects = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        found: T = loop.run_until_complete(main)
    finally:
        try:
            _wind_up(loop)
        finally:
            loop.close()
            gc.collect()
            gc.unfreeze()
            if collects:
                gc.enable()
    return found


def _wind_up(loop: SimulationLoop) -> None:
    left = loop.tasks()
    for task in left:
        task.cancel()
    if left:
        try:
            loop.run_until_complete(asyncio.wait(left))
        except (DeadlockError, LivelockError):  # a task that refuses to be cancelled is dropped with the loop
            for task in left:
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 - the error was reported before
    loop.run_until_complete(loop.shutdown_asyncgens())
