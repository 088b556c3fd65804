"""The suite of the ``Executor`` port: where plain functions run.

The functions are at the top level of this module, so that a worker process can import them. A function that blocks
writes to one named pipe when it begins, and reads from another until the suite releases it. So the suite needs a POSIX
system, a test in real time, and no sleep.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.signature import read_signature
from genie.errors import AgentDefinitionError
from genie.testing.conformance.suite import Make, expect, run_checks, violated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genie.contracts.ports.executor import Executor, Job
    from genie.contracts.signature import ExecutorName

CHANCE_S = 0.25
"""Seconds in which a call that must not begin could begin; a busy machine starts a thread late."""


class Number(Payload, topic="conformance.number"):
    """Input and output of the suite's functions."""

    value: int
    text: str = ""


class Pipes(Payload, topic="conformance.pipes"):
    """Pipes on which a function reports its start, and on which it waits."""

    started: str
    release: str


def double(number: Number) -> Number:
    """Return twice the number."""
    return Number(value=2 * number.value, text=number.text)


def fail(number: Number) -> Number:
    """Raise an error."""
    raise LookupError(number.text)


def leave(number: Number) -> Number:
    """Try to end the interpreter."""
    raise SystemExit(number.value)


def wait(pipes: Pipes) -> Number:
    """Report the start, and return once released."""
    with Path(pipes.started).open("wb") as started:
        started.write(b".")
    with Path(pipes.release).open("rb", buffering=0) as release:
        release.read(1)
    return Number(value=1)


class _Waiting:
    """Calls of ``wait`` in a folder of their own."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._count = 0
        self._started = self._folder / "started"
        os.mkfifo(self._started)
        self._reader = os.open(self._started, os.O_RDWR | os.O_NONBLOCK)
        self._held: list[int] = []

    def pipes(self) -> Pipes:
        """Return the pipes of one more call."""
        path = self._folder / str(self._count)
        self._count += 1
        os.mkfifo(path)
        return Pipes(started=str(self._started), release=str(path))

    async def begun(self) -> None:
        """Wait until one more call has begun."""
        await anyio.wait_readable(self._reader)
        os.read(self._reader, 1)

    def release(self) -> None:
        """Release every call that has its pipes, even one that has not begun."""
        while len(self._held) < self._count:
            handle = os.open(self._folder / str(len(self._held)), os.O_RDWR | os.O_NONBLOCK)
            os.write(handle, b".")
            self._held.append(handle)  # an open pipe keeps its byte until the function reads it

    def close(self) -> None:
        """Release every call, and close the pipes."""
        self.release()
        for handle in (*self._held, self._reader):
            os.close(handle)


@dataclass
class Subject:
    """An executor, and how the checks use it."""

    executor: Executor
    place: ExecutorName
    patience_s: float
    waiting: _Waiting
    closed: bool = field(default=False, init=False)

    def job(self, function: Callable[[Any], object], slots: int = 1) -> Job:
        """Return a job of one function."""
        signature = read_signature(function, method=False, names=globals(), context=Context, executor=self.place)
        return self.executor.job(self.place, "conformance", function, signature, slots)

    async def close(self) -> None:
        """Close the executor, once."""
        if not self.closed:
            self.closed = True
            await self.executor.close()


async def check_executor(make: Make[Executor], place: ExecutorName, *, patience_s: float = 5.0) -> None:
    """Run every check of the port.

    Args:
        make: Makes an executor with room for at least two calls at a time. The suite closes it.
        place: ``thread`` or ``process``.
        patience_s: Seconds that a cancelled call, or ``close``, may take at most.

    Raises:
        NonconformanceError: A check failed.
    """

    @asynccontextmanager
    async def made() -> AsyncIterator[Subject]:
        with tempfile.TemporaryDirectory() as folder:
            waiting = _Waiting(folder)
            try:
                async with make() as executor:
                    subject = Subject(executor, place, patience_s, waiting)
                    try:
                        yield subject
                    finally:
                        waiting.release()
                        await subject.close()
            finally:
                waiting.close()

    await run_checks("executor", made, CHECKS)


async def returns_the_output(made: Subject) -> None:
    """A call returns what the function returns for its own input."""
    job = made.job(double, slots=2)
    found: dict[int, object] = {}

    async def call(number: int) -> None:
        found[number] = await job.call(Number(value=number, text="é\u2028"))

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(call, number)
    wanted = {number: Number(value=2 * number, text="é\u2028") for number in range(6)}
    expect(found == wanted, "the function's own output for each input")


async def leaves_the_loop_free(made: Subject) -> None:
    """The loop turns while a function blocks."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        made.waiting.release()

    job, pipes = made.job(wait), made.waiting.pipes()
    timer = threading.Timer(made.patience_s, give_up)  # a blocked loop cannot end the wait by itself
    timer.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(job.call, pipes)
        await made.waiting.begun()
        timer.cancel()
        made.waiting.release()
    expect(not late.is_set(), "the loop to turn while a function blocks")


async def raises_what_the_function_raises(made: Subject) -> None:
    """An error of the function reaches the caller, named by its class, and the job goes on."""
    job = made.job(fail)
    for _ in range(2):
        try:
            await job.call(Number(value=1, text="secret"))
        except Exception as error:  # noqa: BLE001 - whatever comes is looked at
            expect(type(error).__name__ == "LookupError", "an error named like the function's")
        else:
            violated("the function's error to be raised")


async def contains_an_exit(made: Subject) -> None:
    """A function that exits fails its own call, and the job goes on."""
    try:
        await made.job(leave).call(Number(value=3))
    except Exception:  # noqa: BLE001 - any error will do
        output = await made.job(double).call(Number(value=2))
        expect(output == Number(value=4), "later calls to be answered after a function has tried to exit")
    except SystemExit:
        violated("an error instead of the function's SystemExit")
    else:
        violated("an error where a function has tried to exit")


async def keeps_to_its_slots(made: Subject) -> None:
    """No more calls of a job begin than it has slots; the next one begins when a slot is free."""
    job = made.job(wait, slots=2)
    begun = False
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(job.call, made.waiting.pipes())
        for _ in range(2):
            await made.waiting.begun()
        with anyio.move_on_after(CHANCE_S):
            await made.waiting.begun()
            begun = True
        made.waiting.release()
        if not begun:
            await made.waiting.begun()
    expect(not begun, "no third call to begin while a job's two slots are taken")


async def returns_at_once_when_cancelled(made: Subject) -> None:
    """A cancelled call returns before its function; ``abandoned`` counts it while the function runs."""
    job = made.job(wait)
    returned = await _cancelled(made, job)
    abandoned = job.abandoned
    made.waiting.release()
    expect(returned, "a cancelled call to return before its function")
    expect(abandoned == (made.place == "thread"), "`abandoned` to count cancelled calls that still run")
    second = partial(made.job(double).call, Number(value=1))
    expect(await second() == Number(value=2), "later calls to be answered after a cancel")
    with anyio.move_on_after(made.patience_s):
        while job.abandoned:
            await anyio.lowlevel.checkpoint()
    expect(job.abandoned == 0, "`abandoned` not to count a call whose function has returned")


async def closes_at_once(made: Subject) -> None:
    """``close`` returns although an abandoned call still runs."""
    job = made.job(wait)
    await _cancelled(made, job)
    closed = anyio.Event()

    async def close() -> None:
        await made.close()
        closed.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(close)
        with anyio.move_on_after(made.patience_s):
            await closed.wait()
        at_once = closed.is_set()
        made.waiting.release()
    expect(at_once, "`close` to return although an abandoned call still runs")


async def refuses_what_it_cannot_call(made: Subject) -> None:
    """A function that a process would not find by its name is refused when the job is made."""
    if made.place != "process":
        return

    def nested(number: Number) -> Number:
        return number

    try:
        made.job(nested)
    except AgentDefinitionError:
        return
    violated("AgentDefinitionError for a function that a process cannot find")


async def _cancelled(made: Subject, job: Job) -> bool:
    """Cancel a call in the middle of its function; return whether the call returned in time."""
    ended = anyio.Event()
    scope = anyio.CancelScope()

    async def call() -> None:
        try:
            with scope:
                await job.call(made.waiting.pipes())
        finally:
            ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await made.waiting.begun()
        scope.cancel()
        with anyio.move_on_after(made.patience_s):
            await ended.wait()
        in_time = ended.is_set()
        if not in_time:
            made.waiting.release()
    return in_time


CHECKS = (
    returns_the_output,
    leaves_the_loop_free,
    raises_what_the_function_raises,
    contains_an_exit,
    keeps_to_its_slots,
    returns_at_once_when_cancelled,
    closes_at_once,
    refuses_what_it_cannot_call,
)
