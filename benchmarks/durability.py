"""Cost of a durable log: ``python -m benchmarks.durability [--counted] [--dbos PYTHON]``.

Each figure is a ratio to something that is measured in the same run: the runtime without a log, the disk's own rate of
``fsync``, the JSON of the payloads, or DBOS.
"""

from __future__ import annotations

import asyncio
import base64
import os
import queue
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic_core import to_json

from benchmarks.cachegrind import counted, installed, per_unit, run
from benchmarks.durable_trips import governed
from benchmarks.figures import Figure, Limit, printed
from genie import Mailbox, Payload, RunLimits, Runtime, agent
from genie.benchmark.sanity import BenchmarkError
from genie.journal.sqlite import SqliteLog

ROOT = Path(__file__).parents[1]
MESSAGES = 20_000
FLIGHT = 100
LENGTHS = (20, 120)
UNDELIVERED = 100_000
STEPS = 10
BODY = 343
"""Bytes of the text of a message."""
PAGE = 4096
SECONDS = 1.0
TURNS = 5


def at_least(bound: float) -> Limit:
    """Return a bound that must be reached."""
    return Limit(bound, least=True)


class Parcel(Payload, topic="durable.parcel"):
    """A message of the size that messages have."""

    number: int
    text: str


# --- instructions ---


def instructions(flight: int) -> Iterator[Figure]:
    """Count the instructions of a round trip with and without a log."""
    costs = {}
    for side in ("none", "batched"):
        commands = [
            [sys.executable, "-m", "benchmarks.durable_trips", side, str(flight), str(length)]
            for length in (1, *LENGTHS)
        ]
        run(commands[0], folder=ROOT)
        found = [counted(command, folder=ROOT) for command in commands[1:]]
        costs[side] = per_unit(*found, units=LENGTHS[1] - LENGTHS[0]).instructions
    ratio = costs["batched"] / costs["none"]
    yield Figure(
        f"batched, {flight} in flight: instructions of a round trip over none", ratio, "x",
        limit=Limit(1.7) if flight > 1 else None,
    )  # fmt: skip


# --- messages ---


async def one_way(log: SqliteLog | None) -> tuple[float, float]:
    """Return messages a second to one subscriber, and microseconds of the processor for each, in all threads."""
    async with governed(log) as opened:
        await opened.send(MESSAGES // 20)
        begun, used = time.perf_counter(), time.process_time()
        await opened.send(MESSAGES)
        return MESSAGES / (time.perf_counter() - begun), (time.process_time() - used) / MESSAGES * 1e6


def messages(folder: Path) -> Iterator[Figure]:
    """Publish one way, without a log and with one."""
    none = [asyncio.run(one_way(None))[0] for _ in range(3)]
    found = [asyncio.run(one_way(SqliteLog(folder / f"way{n}", synchronous="normal"))) for n in range(3)]
    batched, used = zip(*found, strict=True)
    yield Figure("none: messages a second, one way", statistics.median(none), "/s")
    yield Figure("batched: processor time of a message, all threads", statistics.median(used), "us", limit=Limit(40))
    yield Figure("batched: messages a second, one way", statistics.median(batched), "/s", limit=at_least(25_000))
    yield Figure("batched: times fewer messages than none", statistics.median(none) / statistics.median(batched), "x")


# --- commits ---


def fsyncs(folder: Path) -> list[float]:
    """Return the seconds of each append and fsync of a page."""
    found = []
    with (folder / "raw").open("wb", buffering=0) as file:
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            begun = time.perf_counter()
            file.write(os.urandom(PAGE))
            os.fsync(file.fileno())
            found.append(time.perf_counter() - begun)
    return found


async def commits(log: SqliteLog | Bare, waiting: int) -> list[float]:
    """Return the seconds that each of many appends took, so many at a time."""
    await log.open()
    found: list[float] = []
    end = time.perf_counter() + SECONDS
    text = "x" * BODY

    async def writer(number: int) -> None:
        while time.perf_counter() < end:
            begun = time.perf_counter()
            await log.append([{"kind": "message", "run": number, "payload": text}])
            found.append(time.perf_counter() - begun)

    async with asyncio.TaskGroup() as group:
        for number in range(waiting):
            group.create_task(writer(number))
    await log.close()
    return found


class Bare:
    """The least that keeps records before it acknowledges them: a thread, one transaction for all that wait, JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[tuple[object, asyncio.Future[None]] | None] = queue.SimpleQueue()

    async def open(self) -> None:
        """Begin."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def append(self, records: list[dict[str, object]]) -> None:
        """Keep records."""
        done = self._loop.create_future()
        self._jobs.put((records, done))
        await done

    async def close(self) -> None:
        """End."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL").fetchall()
        database.execute("PRAGMA synchronous=FULL").fetchall()
        database.execute("CREATE TABLE batches (number INTEGER PRIMARY KEY, body BLOB)")
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            while not self._jobs.empty() and (more := self._jobs.get()) is not None:
                jobs.append(more)
            body = b"\n".join([to_json(records) for records, _ in jobs])
            database.execute("INSERT INTO batches (body) VALUES (?)", (body,))
            self._loop.call_soon_threadsafe(self._done, [done for _, done in jobs])
        database.close()

    @staticmethod
    def _done(futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            future.set_result(None)


def every_message(folder: Path) -> Iterator[Figure]:
    """Compare commits with the disk's rate, in turn: a shared disk changes from second to second."""
    raw: list[float] = []
    slow: list[float] = []
    alone, many, bare_alone, bare_many = [], [], [], []
    for turn in range(TURNS):
        place = folder / str(turn)
        place.mkdir()
        before = fsyncs(place)
        one, hundred = (asyncio.run(commits(SqliteLog(place / f"log{n}"), n)) for n in (1, FLIGHT))
        bare, bares = (len(asyncio.run(commits(Bare(place / f"bare{n}"), n))) for n in (1, FLIGHT))
        found = [*before, *fsyncs(place)]
        rate = len(found) / sum(found)
        raw += found
        slow += hundred
        alone.append(len(one) / SECONDS / rate)
        many.append(len(hundred) / SECONDS / rate)
        bare_alone.append(bare / SECONDS / rate)
        bare_many.append(bares / SECONDS / rate)
    p99, own = (sorted(one)[int(0.99 * len(one))] for one in (slow, raw))
    name = f"every_message, {FLIGHT} waiting"
    once, records = statistics.median(alone), statistics.median(many)
    yield Figure("the disk: appends of a page with fsync", len(raw) / sum(raw), "/s")
    yield Figure("the disk: p99 of an fsync", own * 1e3, "ms")
    yield Figure("every_message, 1 waiting: commits over fsyncs", once, "x", limit=at_least(0.8))
    yield Figure("a bare thread with SQLite, 1 waiting: commits over fsyncs", statistics.median(bare_alone), "x")
    yield Figure(f"{name}: records over fsyncs", records, "x", limit=at_least(50))
    yield Figure(f"a bare thread with SQLite, {FLIGHT} waiting: records over fsyncs", statistics.median(bare_many), "x")
    yield Figure(f"{name}: p99 over the mean fsync", p99 * len(raw) / sum(raw), "x")
    yield Figure(f"{name}: p99 over the p99 of an fsync", p99 / own, "x", limit=Limit(4))


# --- recovery and size ---


def random_text() -> str:
    """Return text that packs worse than what people write."""
    return base64.b64encode(os.urandom(BODY)).decode()[:BODY]


async def undelivered(path: Path) -> None:
    """Leave unhandled messages in a log."""

    @agent("sink", mailbox=Mailbox(capacity=UNDELIVERED))
    async def sink(_parcel: Parcel) -> None:
        await asyncio.Event().wait()

    limits = RunLimits(max_runs=UNDELIVERED + 1, deadline_s=None)
    log = SqliteLog(path, synchronous="normal")
    async with Runtime([sink], log=log, limits=limits) as runtime:
        for number in range(UNDELIVERED):
            await runtime.publish(Parcel(number=number, text=random_text()))
            if number % 5_000 == 0:
                await asyncio.sleep(0.05)


async def recovered(path: Path) -> tuple[list[float], list[float]]:
    """Return the seconds to the first delivery and to the end of all: by the clock, and of the processor."""
    first: list[list[float]] = []

    def passed() -> list[float]:
        return [time.perf_counter() - begun, time.process_time() - used]

    handled = 0
    done = asyncio.Event()

    @agent("sink", mailbox=Mailbox(capacity=UNDELIVERED))
    async def sink(_parcel: Parcel) -> None:
        nonlocal handled
        handled += 1
        if not first:
            first.append(passed())
        if handled == UNDELIVERED:
            done.set()

    begun, used = time.perf_counter(), time.process_time()
    limits = RunLimits(max_runs=UNDELIVERED + 1, deadline_s=None)
    async with Runtime([sink], log=SqliteLog(path, synchronous="normal"), limits=limits):
        await done.wait()
        return first[0], passed()


def recovery(folder: Path) -> Iterator[Figure]:
    """Resume many messages, and weigh them first."""
    path = folder / "undelivered"
    asyncio.run(undelivered(path))
    bare = len(Parcel(number=UNDELIVERED, text="x" * BODY).model_dump_json()) * UNDELIVERED
    size = path.stat().st_size / bare
    yield Figure("size of the log over the JSON of the payloads", size, "x", limit=Limit(1.3))
    for what, (clock, processor), most in zip(
        ("first delivery", "last"), asyncio.run(recovered(path)), (5, 20), strict=True
    ):
        name = f"recovery of {UNDELIVERED:,} messages: to the {what}"
        yield Figure(name, clock, "s", limit=Limit(most))
        yield Figure(f"{name}, processor time", processor, "s", limit=Limit(most))


# --- beside DBOS ---

DBOS = """
import sys, time
from dbos import DBOS, DBOSConfig
DBOS(config=DBOSConfig(name="steps", system_database_url=f"sqlite:///{sys.argv[1]}"))

@DBOS.step()
def step(n): return n + 1

@DBOS.workflow()
def flow(n):
    for _ in range(10): n = step(n)
    return n

DBOS.launch()
flow(0)
end, done = time.perf_counter() + float(sys.argv[2]), 0
begun = time.perf_counter()
while time.perf_counter() < end:
    assert flow(0) == 10
    done += 10
print("rate", done / (time.perf_counter() - begun), flush=True)
import os; os._exit(0)
"""


class Step(Payload, topic="durable.step"):
    """One step of ten."""

    number: int


class Last(Payload, topic="durable.last"):
    """The end of ten steps."""

    number: int


async def steps(path: Path, waiting: int) -> float:
    """Return steps a second of chains of ten agents, kept before they are answered."""

    @agent("stepper", concurrency=FLIGHT, publishes=(Step,))
    async def stepper(step: Step) -> Step | Last:
        return Step(number=step.number + 1) if step.number < STEPS else Last(number=step.number)

    done = 0
    # A chain is a cycle of one agent, whose hops are bounded.
    async with Runtime([stepper], log=SqliteLog(path)) as runtime:
        end = time.perf_counter() + SECONDS
        begun = time.perf_counter()

        async def asker() -> None:
            nonlocal done
            while time.perf_counter() < end:
                await runtime.ask(Step(number=1), Last)
                done += STEPS

        async with asyncio.TaskGroup() as group:
            for _ in range(waiting):
                group.create_task(asker())
        return done / (time.perf_counter() - begun)


def beside_dbos(folder: Path, python: str | None) -> Iterator[Figure]:
    """Run ten steps here and there."""
    alone, many = asyncio.run(steps(folder / "s1", 1)), asyncio.run(steps(folder / "s100", FLIGHT))
    yield Figure("ten steps, 1 at a time: steps a second", alone, "/s")
    yield Figure(f"ten steps, {FLIGHT} at a time: steps a second", many, "/s")
    if python is None:
        return
    done = subprocess.run(  # noqa: S603 - the interpreter that the caller names
        [python, "-c", DBOS, str(folder / "dbos.sqlite"), str(SECONDS)],
        capture_output=True, text=True, check=False, timeout=120, cwd=folder,
    )  # fmt: skip
    rate = next((float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("rate ")), None)
    if rate is None:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BenchmarkError("DBOS", f"did not run: {last}")
    yield Figure("DBOS on SQLite, 1 at a time: steps a second", rate, "/s")
    yield Figure("steps a second over DBOS, 1 at a time", alone / rate, "x", limit=at_least(20))


@click.command()
@click.option("--counted", "counts", is_flag=True, help="Count instructions under valgrind too; takes minutes.")
@click.option("--dbos", metavar="PYTHON", help="Interpreter of an environment that has DBOS.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), help="A folder on the disk to measure.")
def main(*, counts: bool, dbos: str | None, folder: Path | None) -> None:
    """Measure the cost of a log beside the same work without one."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        place = Path(made)
        try:
            printed(every_message(place), messages(place), beside_dbos(place, dbos), recovery(place))
            if counts and installed():
                printed(instructions(1), instructions(FLIGHT))
        except BenchmarkError as error:
            click.echo(error, err=True)
            sys.exit(2)


if __name__ == "__main__":
    main()
