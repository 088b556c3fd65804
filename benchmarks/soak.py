"""Check that memory does not grow in a long run: ``python -m benchmarks.soak [--messages 1000000] [--no-log]``.

Of a hundred messages one fails, one hangs until its timeout, and one is cancelled. Memory is measured in equal steps;
in the last half it may differ by 5 %. The exit code is 1 where it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.figures import Figure, Limit, printed
from genie import Payload, RunLimits, Runtime, agent
from genie.benchmark.memory import resident
from genie.errors import RunError
from genie.journal.sqlite import SqliteLog

MESSAGES = 1_000_000
FLIGHT = 200
STEPS = 20
HUNG_S = 0.05
FAILS, HANGS, CANCELLED = range(3)


class Job(Payload, topic="soak.job"):
    """A message, and by its number what becomes of it."""

    number: int


class Done(Payload, topic="soak.done"):
    """Its answer."""

    number: int


@agent("worker", concurrency=FLIGHT, timeout_s=HUNG_S)
async def worker(job: Job) -> Done:
    """Answer, fail, or hang."""
    match job.number % 100:
        case 0:
            raise ValueError
        case 1 | 2:
            await asyncio.sleep(3600)
    return Done(number=job.number)


async def one(runtime: Runtime, number: int) -> None:
    """Send one message, and wait for its end."""
    run = runtime.start(Job(number=number), Done)
    if number % 100 == CANCELLED:
        await asyncio.sleep(0)
        run.cancel()
    with contextlib.suppress(RunError):
        await run.result()
    await run.settled()


async def soaked(messages: int, log: Path | None) -> list[int]:
    """Return the bytes of memory after each step of that many messages."""
    found: list[int] = []
    numbers = iter(range(messages))
    limits = RunLimits(deadline_s=None, dead_letters=100)
    async with Runtime(
        [worker], log=None if log is None else SqliteLog(log, synchronous="normal"), limits=limits
    ) as runtime:
        for _ in range(STEPS):

            async def asker(step: Iterator[int]) -> None:
                for number in step:
                    await one(runtime, number)

            step = itertools.islice(numbers, messages // STEPS)
            async with asyncio.TaskGroup() as group:
                for _ in range(FLIGHT):
                    group.create_task(asker(step))
            gc.collect()
            found.append(resident())
        if not runtime.statistics().totals.balanced:
            raise AssertionError("the account does not balance")
    return found


def figures(messages: int, *, log: bool) -> Iterator[Figure]:
    """Yield how memory differs in the last half."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        found = asyncio.run(soaked(messages, Path(folder) / "log" if log else None))
        seconds = time.perf_counter() - begun
    last = found[STEPS // 2 :]
    yield Figure("messages a second", messages / seconds, "/s")
    yield Figure("memory after the first step", found[0] / 2**20, "MB")
    yield Figure("memory after the last step", found[-1] / 2**20, "MB")
    yield Figure("memory of the last half: the most over the least", max(last) / min(last), "x", limit=Limit(1.05))


@click.command()
@click.option("--messages", type=click.IntRange(min=STEPS * FLIGHT), default=MESSAGES, show_default=True)
@click.option("--log/--no-log", default=True, help="Keep everything in a log.")
def main(*, messages: int, log: bool) -> None:
    """Send many messages and look at the memory."""
    logging.disable(logging.CRITICAL)  # of what fails
    found = list(figures(messages, log=log))
    printed(found)
    raise SystemExit(any(one.missed for one in found))


if __name__ == "__main__":
    main()
