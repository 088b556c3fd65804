"""The thread that owns a log's connection: it processes one item at a time, and never on the loop."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from genie.backend.asyncio_trio import future_factory, threadsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.backend.asyncio_trio import Future
    from genie.contracts.ports.journal import LogRecord

T = TypeVar("T")
MOST_JOBS = 1_024
"""Calls that may wait for the thread; a further call waits on the loop."""
MOST_RECORDS = 2_000
"""Number of records of one commit; a single batch may be larger."""


class Batch:
    """A batch whose writing is awaited."""

    __slots__ = ("done", "error", "records")

    def __init__(self, records: Sequence[LogRecord], done: Future) -> None:
        self.records = records
        self.done = done
        self.error: Exception | None = None


class _Work(Generic[T]):
    """A function that the thread calls between two commits."""

    __slots__ = ("done", "error", "function", "result")

    def __init__(self, function: Callable[[], T], done: Future) -> None:
        self.function = function
        self.done = done
        self.error: Exception | None = None
        self.result: list[T] = []


class Writer:
    """A thread with a bounded queue. Batches that wait together are committed together.

    Args:
        name: Name of the thread.
        commit: Stores batches, all of them or none; called in the thread.
        idle: Called in the thread about every ``every_s`` seconds, also between commits.
        every_s: As above.
    """

    def __init__(
        self, name: str, commit: Callable[[Sequence[Batch]], None], idle: Callable[[], None], every_s: float
    ) -> None:
        self._commit = commit
        self._idle = idle
        self._every_s = every_s
        self._jobs: queue.SimpleQueue[Batch | _Work[object] | None] = queue.SimpleQueue()
        self._room = anyio.Semaphore(MOST_JOBS, fast_acquire=True)
        self._future = future_factory()
        self._soon = threadsafe()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # --- on the loop ---

    async def keep(self, records: Sequence[LogRecord]) -> None:
        """Return when a batch is stored; raise the error if it cannot be."""
        batch = Batch(records, self._future())
        try:
            self._room.acquire_nowait()
        except anyio.WouldBlock:
            await self._room.acquire()
        try:
            self._jobs.put(batch)
            await batch.done
        finally:
            self._room.release()
        if batch.error is not None:
            raise batch.error

    async def call(self, function: Callable[[], T]) -> T:
        """Call a function in the thread, after all earlier batches; return its result."""
        work = _Work(function, self._future())
        async with self._room:
            self._jobs.put(work)  # type: ignore[arg-type]  # the queue does not look at what a function returns
            await work.done
        if work.error is not None:
            raise work.error
        return work.result[0]

    def stop(self) -> None:
        """End the thread after the queued items."""
        self._jobs.put(None)

    # --- in the thread ---

    def _run(self) -> None:
        job: Batch | _Work[object] | None
        while True:
            try:
                job = self._jobs.get(timeout=self._every_s)
            except queue.Empty:
                self._idle()
                continue
            batches: list[Batch] = []
            records = 0
            while isinstance(job, Batch):
                batches.append(job)
                records += len(job.records)
                if records >= MOST_RECORDS or self._jobs.empty():
                    job = None
                    break
                job = self._jobs.get()
            else:
                if job is None:
                    self._keep(batches)
                    return
            self._keep(batches)
            if job is not None:
                self._call(job)

    def _keep(self, batches: list[Batch]) -> None:
        if not batches:
            return
        error: Exception | None = None
        try:
            self._commit(batches)
        except Exception as raised:  # noqa: BLE001 - it is raised where the batch is awaited
            error = raised
        for batch in batches:
            batch.error = error
        self._wake([batch.done for batch in batches])

    def _call(self, work: _Work[object]) -> None:
        try:
            work.result.append(work.function())
        except Exception as raised:  # noqa: BLE001 - it is raised where the call is awaited
            work.error = raised
        self._wake([work.done])

    def _wake(self, futures: list[Future]) -> None:
        def wake() -> None:
            for future in futures:
                if not future.done():  # its task may have been cancelled
                    future.set_result(None)

        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits
            self._soon(wake)
