"""Cost of one operation with thousands of runs in flight: ``python -m benchmarks.crowded [--backend trio]``."""

from __future__ import annotations

import contextlib
import gc
import time

import anyio
import click

from genie import Context, GenieError, Mailbox, Payload, RunLimits, Runtime, agent

LIMITS = RunLimits(max_runs=20_000, deadline_s=None)
RUNS = 10_000


class Question(Payload, topic="crowded.question"):
    """Question to a chain of agents."""


class Passed(Payload, topic="crowded.passed"):
    """Message of the first agent to the next."""


class Answer(Payload, topic="crowded.answer"):
    """Answer that no agent gives."""


@agent("hangs", concurrency=RUNS, mailbox=Mailbox(capacity=RUNS))
async def hangs(_question: Question) -> Answer:
    """Never answers."""
    await anyio.sleep_forever()
    return Answer()


@agent("asks", asks={Passed: Answer}, concurrency=4_000, mailbox=Mailbox(capacity=RUNS))
async def asks(_question: Question, context: Context) -> Answer:
    """Waits for an agent that has few slots and a small mailbox."""
    return await context.ask(Passed(), Answer)


@agent("narrow", mailbox=Mailbox(capacity=100))
async def narrow(_passed: Passed) -> Answer:
    """Never answers, one at a time."""
    await anyio.sleep_forever()
    return Answer()


@agent("slow", mailbox=Mailbox(capacity=100_000))
async def slow(_question: Question) -> Answer:
    """Hangs downstream for ten seconds."""
    await anyio.sleep(10)
    return Answer()


async def longest_stall(until: anyio.Event) -> float:
    """Return the longest time between two turns of the loop until an event, in seconds."""
    longest = 0.0
    while not until.is_set():
        before = time.perf_counter()
        await anyio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before)
    return longest


async def expire_together() -> float:
    """Let 10,000 asks expire at one time; return the longest stall of the loop in seconds."""
    async with Runtime([hangs], limits=LIMITS) as runtime:
        runs = [runtime.start(Question(), Answer, deadline_s=8) for _ in range(RUNS)]
        await anyio.sleep(6)
        ended = anyio.Event()
        found = 0.0

        async def watch() -> None:
            nonlocal found
            found = await longest_stall(ended)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            for run in runs:
                await run.settled()
            ended.set()
    return found


async def cancel_one() -> float:
    """Return the seconds that the cancellation of one run takes beside 10,000 others."""
    async with Runtime([hangs], limits=LIMITS) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(RUNS)]
        await anyio.sleep(3)
        costs = []
        for run in runs[:100]:
            before = time.perf_counter()
            run.cancel()
            costs.append(time.perf_counter() - before)
    return sorted(costs)[50]


async def close() -> float:
    """Return the seconds that closing a runtime with 10,000 runs in flight takes."""
    async with anyio.create_task_group():
        runtime = Runtime([hangs], limits=LIMITS)
        async with runtime:
            for _ in range(RUNS):
                runtime.start(Question(), Answer)
            await anyio.sleep(3)
            before = time.perf_counter()
    return time.perf_counter() - before


async def wait_all() -> float:
    """Return the CPU seconds until 4,000 handlers wait in asks for an agent whose mailbox is full."""
    async with Runtime([asks, narrow], limits=LIMITS) as runtime:
        before = time.process_time()
        for _ in range(4_000):
            runtime.start(Question(), Answer, to="asks")
        await anyio.wait_all_tasks_blocked()
        return time.process_time() - before


async def downstream_hangs() -> float:
    """Ask 2,000 times a second for three seconds, with 5 s to live each; return the longest time an ask took."""
    longest = 0.0

    async def ask(runtime: Runtime) -> None:
        nonlocal longest
        before = time.perf_counter()
        with contextlib.suppress(GenieError):
            await runtime.ask(Question(), Answer, within_s=5)
        longest = max(longest, time.perf_counter() - before)

    async with Runtime([slow], limits=LIMITS) as runtime, anyio.create_task_group() as tasks:
        start = time.perf_counter()
        for number in range(6_000):
            tasks.start_soon(ask, runtime)
            wait = start + number / 2_000 - time.perf_counter()
            await anyio.sleep(max(wait, 0))
    return longest


ROWS = {
    "10,000 asks that expire together, longest stall of the loop": (expire_together, 0.25, "s"),
    "cancel of one run, 10,000 others in flight": (cancel_one, 0.0001, "s"),
    "closing with 10,000 runs in flight": (close, 2.0, "s"),
    "4,000 handlers wait in asks, mailboxes full, CPU": (wait_all, 1.0, "s"),
    "2,000 asks/s of 5 s to live, downstream hangs, longest ask": (downstream_hangs, 5.5, "s"),
}


@click.command()
@click.option("--backend", type=click.Choice(["asyncio", "trio"]), default="asyncio", show_default=True)
def main(backend: str) -> None:
    """Measure what must not grow with everything in flight; each row with its limit on a quiet machine."""
    for name, (measure, limit, unit) in ROWS.items():
        gc.collect()  # leftovers of the row before do not count for this row
        found = anyio.run(measure, backend=backend)
        click.echo(f"{name:62}{found:10.5f} {unit}, limit {limit:g}")


if __name__ == "__main__":
    main()
