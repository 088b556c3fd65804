"""Compares the speed of a replay with that of the run: ``python -m benchmarks.replay``.

One run of 10,000 messages is kept in a log, and replayed from it: once where its agents only compute, so that the bus
and the log are all that costs time, and once where each of them waits, as agents wait for a model or a service. The
first is compared by the time of the processor, which is what it costs on a machine that others use too.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.figures import Figure, Limit, printed
from genie import Context, Mailbox, Payload, RunLimits, Runtime, agent
from genie.benchmark.sanity import BenchmarkError
from genie.contracts.agent import Binding, FunctionAgent
from genie.journal.past import chosen, past_run
from genie.journal.sqlite import SqliteDatabase, SqliteLog
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policy.policy import PolicySet
from genie.replay.replay import Parts, Replayed, replay

QUESTIONS = 5_000
FLIGHT = 50
WAIT_S = 0.05
"""Duration of the fastest service; a model takes ten times as long."""
TURNS = 3
LIMITS = RunLimits(max_messages=4 * QUESTIONS, deadline_s=None)
POLICIES = PolicySet((Clearance(), Pii()))


class Job(Payload, topic="replayed.job"):
    """Question of the run."""


class Asked(Payload, topic="replayed.asked", key="number"):
    """One question."""

    number: int
    text: str


class Said(Payload, topic="replayed.said"):
    """Its answer."""

    number: int
    text: str
    luck: int


class Total(Payload, topic="replayed.total"):
    """The end of the run."""

    luck: int


def agents(wait_s: float) -> list[FunctionAgent]:
    """Return a desk that asks, and a worker that answers after a while."""

    @agent("desk", asks={Asked: (Said,)})
    async def desk(_job: Job, context: Context) -> Total:
        left, luck = list(range(QUESTIONS)), 0

        async def asking() -> None:
            nonlocal luck
            while left:
                number = left.pop()
                said = await context.ask(Asked(number=number, text=f"how lucky is {number}?"), Said)
                luck += said.luck

        async with asyncio.TaskGroup() as group:
            for _ in range(FLIGHT):
                group.create_task(asking())
        return Total(luck=luck)

    @agent("worker", concurrency=FLIGHT, mailbox=Mailbox(capacity=QUESTIONS))
    async def worker(asked: Asked, context: Context) -> Said:
        if wait_s:
            await asyncio.sleep(wait_s)
        return Said(number=asked.number, text=asked.text, luck=context.random.randrange(1_000))

    return [desk, worker]


def spent(wait_s: float) -> float:
    """Return seconds: of the clock where agents wait, else of the processor."""
    return time.perf_counter() if wait_s else time.process_time()


async def ran(path: Path, wait_s: float) -> tuple[float, str]:
    """Return the seconds of a recorded run, and its id."""
    log = SqliteLog(path, synchronous="normal")
    async with Runtime(agents(wait_s), policies=POLICIES, log=log, limits=LIMITS) as runtime:
        begun = spent(wait_s)
        run = runtime.start(Job(), Total)
        await run.result()
        took = spent(wait_s) - begun
        await run.settled()
    return took, run.id


def replayed(path: Path, run: str, wait_s: float) -> tuple[float, Replayed]:
    """Return the seconds of a replay, with reading the log."""
    begun = spent(wait_s)
    database = SqliteDatabase(path)
    database.connect(create=False)
    past = past_run(database, chosen(database, run))
    database.close()
    bindings = [Binding(agent=one, card=one.card) for one in agents(wait_s)]
    found = replay(past, Parts(bindings, POLICIES, limits=LIMITS))
    return spent(wait_s) - begun, found


def compared(folder: Path, wait_s: float, name: str, limit: Limit | None) -> Iterator[Figure]:
    """Run and replay in turn."""
    first, second = [], []
    for turn in range(TURNS):
        path = folder / f"{name} {turn}"
        took, run = asyncio.run(ran(path, wait_s))
        first.append(took)
        took, found = replayed(path, run, wait_s)
        if not found.same or found.findings.messages < 2 * QUESTIONS:
            raise BenchmarkError("replay", f"is not the same: {found.findings.counts}, {found.notes}")
        second.append(took)
    ratios = [one / other for one, other in zip(first, second, strict=True)]
    yield Figure(f"{name}: {2 * QUESTIONS + 2:,} messages ran", statistics.median(first), "s")
    yield Figure(f"{name}: they were replayed", statistics.median(second), "s")
    yield Figure(f"{name}: times faster than they ran", statistics.median(ratios), "x", limit=limit)


@click.command()
def main() -> None:
    """Replay 10,000 messages."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        try:
            printed(
                compared(place, WAIT_S, f"agents wait {WAIT_S * 1000:g} ms", Limit(1.0, least=True)),
                compared(place, 0.0, "agents compute", Limit(1.0, least=True)),
            )
        except BenchmarkError as error:
            click.echo(error, err=True)
            sys.exit(2)


if __name__ == "__main__":
    main()
