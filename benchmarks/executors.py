"""Two computing agents asked at once: on the loop, in threads, and in processes.

Run it with ``python -m benchmarks.executors``. Threads share one interpreter lock, so they take as long as the loop;
processes use a core each. It prints the wall time of one fan-out of two beside that of a single question.
"""

from __future__ import annotations

import os
import statistics
from typing import Literal

import anyio

from benchmarks.arithmetic import Done, Work, process_one, process_two, thread_one, thread_two
from genie.contracts.gather import Each
from genie.runtime.runtime import Runtime

ROUNDS = 7
STEPS = 4_000_000


AGENTS = {"process": (process_one, process_two), "thread": (thread_one, thread_two)}


async def measured(place: Literal["process", "thread"]) -> tuple[float, float]:
    """Return the median seconds of one question to one agent, and of one to both."""
    both = AGENTS[place]
    alone, together = [], []
    async with Runtime(both) as runtime:
        await runtime.gather(Work(steps=1), expect=Each(Done))  # starts the processes
        for _ in range(ROUNDS):
            began = anyio.current_time()
            await runtime.ask(Work(steps=STEPS), Done, to=both[0].card.id)
            alone.append(anyio.current_time() - began)
            began = anyio.current_time()
            await runtime.gather(Work(steps=STEPS), expect=Each(Done))
            together.append(anyio.current_time() - began)
    return statistics.median(alone), statistics.median(together)


async def main() -> None:
    """Measure and print."""
    print(f"{os.cpu_count()} cores, {ROUNDS} rounds, {STEPS:,} steps each")
    for place in ("thread", "process"):
        one, two = await measured(place)
        print(f"{place:8} one {one * 1000:6.0f} ms   two at once {two * 1000:6.0f} ms   ratio {two / one:.2f}")


if __name__ == "__main__":
    anyio.run(main)
