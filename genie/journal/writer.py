"""The thread that owns a log's connection: it does one piece of work at a time, and never on the loop."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from genie.backend.asyncio_trio import threadsafe, waiter_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.journal import LogRecord

T = TypeVar("T")
MOST_JOBS = 1_024
"""Calls that may wait for the thread; a further call waits on the loop."""
MOST_RECORDS = 2_000
"""Records of one commit; one batch may be larger."""


class Batch:
    """Records that somebody waits for."""

    __slots__ = ("done", "error", "records", "wake")

    def __init__(self, records: Sequence[LogRecord], wake: Callable[[], None]) -> None:
        self.records = records
        self.wake = wake
        self.done = False
        self.error: Exception | None = None


class _Work(Generic[T]):
    """A function that the thread calls between two commits."""

    __slots__ = ("done", "error", "function", "result", "wake")

    def __init__(self, function: Callable[[], T], wake: Callable[[], None]) -> None:
        self.function = function
        self.wake = wake
        self.done = False
        self.error: Exception | None = None
        self.result: list[T] = []


class Writer:
    """A thread with a bounded queue. Batches that wait together are committed together.

    Args:
        name: Of the thread.
        commit: Keeps some batches, all of them or none; called in the thread.
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
        self._make = waiter_factory()
        self._soon = threadsafe()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # --- on the loop ---

    async def keep(self, records: Sequence[LogRecord]) -> None:
        """Return when a batch is kept; raise what stopped it."""
        async with self._room:
            waiter = self._make()
            batch = Batch(records, waiter.wake)
            self._jobs.put(batch)
            while not batch.done:
                await waiter.park()
            if batch.error is not None:
                raise batch.error

    async def call(self, function: Callable[[], T]) -> T:
        """Have the thread call a function, after every batch that came before; return what it returns."""
        async with self._room:
            waiter = self._make()
            work = _Work(function, waiter.wake)
            self._jobs.put(work)  # type: ignore[arg-type]  # the queue does not look at what a function returns
            while not work.done:
                await waiter.park()
            if work.error is not None:
                raise work.error
            return work.result[0]

    def stop(self) -> None:
        """End the thread after what is in the queue."""
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
                if records >= MOST_RECORDS:
                    job = None
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    job = None
                    break
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
            batch.error, batch.done = error, True
        self._tell([batch.wake for batch in batches])

    def _call(self, work: _Work[object]) -> None:
        try:
            work.result.append(work.function())
        except Exception as raised:  # noqa: BLE001 - it is raised where the call is awaited
            work.error = raised
        work.done = True
        self._tell([work.wake])

    def _tell(self, wakes: list[Callable[[], None]]) -> None:
        def wake() -> None:
            for one in wakes:
                one()

        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits
            self._soon(wake)
