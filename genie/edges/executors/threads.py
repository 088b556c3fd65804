"""``executor: thread``: a plain function runs in a thread, for work that waits on files, sockets or databases.

A thread cannot be stopped. A cancelled delivery settles at once; the thread's later result is dropped, and its slot
counts as abandoned, and stays occupied, until the function returns.
"""

from __future__ import annotations

import threading
from collections import deque
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from genie.backend.asyncio_trio import threadsafe, waiter_factory
from genie.errors import class_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.message import Payload


class _Task:
    """One call in a thread."""

    __slots__ = ("call", "done", "error", "left", "output", "waiter")

    def __init__(self, call: Callable[[], object], waiter: Waiter) -> None:
        self.call: Callable[[], object] | None = call
        self.waiter = waiter
        self.output: object = None
        self.error: BaseException | None = None
        self.done = False
        self.left = False
        """The call was cancelled; its result is dropped."""


class ThreadJob:
    """One agent's plain function, called in the agent's own threads; created and used on the loop.

    Args:
        agent: Its id, which names the threads.
        function: The handler.
        slots: Calls at the same time, from 1; abandoned calls count.
        closed: Called when the job is closed.
    """

    def __init__(
        self, agent: str, function: Callable[[Any], object], slots: int, closed: Callable[[ThreadJob], None]
    ) -> None:
        self.abandoned = 0
        self._agent = agent
        self._function = function
        self._closed = closed
        self._free = slots
        self._waiting: deque[Waiter] = deque()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = 0
        self._running = 0
        self._make_waiter = waiter_factory()
        self._soon = threadsafe()

    async def call(self, payload: Payload) -> object:
        """Call the function in a thread, once a slot is free.

        Cancelled: returns at once; the thread continues, and its result is dropped.
        """
        await self._slot()
        function = self._function
        variables = copy_context()
        task = _Task(lambda: variables.run(function, payload), self._make_waiter())
        self._running += 1
        if self._running > self._threads:
            self._threads += 1
            name = f"genie {self._agent} {self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        self._tasks.put(task)
        try:
            while not task.done:
                await task.waiter.park()
        except BaseException:  # a thread cannot be stopped: count the cancelled call, then re-raise
            if not task.done:
                task.left = True
                self.abandoned += 1
            raise
        if task.error is not None:
            raise task.error
        return task.output

    def close(self) -> None:
        """End idle threads now, and abandoned threads when they return; does not wait for them."""
        for _ in range(self._threads):
            self._tasks.put(None)
        self._closed(self)

    async def _slot(self) -> None:
        if self._free:
            self._free -= 1
            return
        waiter = self._make_waiter()
        self._waiting.append(waiter)
        try:
            while waiter in self._waiting:
                await waiter.park()
        except BaseException:  # a cancelled wait gives up its slot, then the cancellation is re-raised
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            else:
                self._release()  # it got a slot and was cancelled in the same turn
            raise

    def _release(self) -> None:
        """Pass a slot to the longest waiting call."""
        if self._waiting:
            self._waiting.popleft().wake()
        else:
            self._free += 1

    def _work(self) -> None:
        """Run calls in a thread until the job or the loop is closed."""
        while (task := self._tasks.get()) is not None:
            call, task.call = task.call, None
            try:
                task.output = call() if call is not None else None
            except Exception as error:  # noqa: BLE001 - the error is raised where the task is awaited
                task.error = error
            except BaseException as error:  # noqa: BLE001 - neither an exit nor an interrupt leaves a handler
                task.error = RuntimeError(f"the handler raised {class_name(error)}")
            del call
            try:
                self._soon(partial(self._finished, task))
            except RuntimeError:  # the loop is closed; nobody waits for the result
                return

    def _finished(self, task: _Task) -> None:
        """Settle a call whose thread has returned; runs on the loop."""
        self._running -= 1
        task.done = True
        if task.left:
            self.abandoned -= 1
            task.output = task.error = None
        else:
            task.waiter.wake()
        self._release()
