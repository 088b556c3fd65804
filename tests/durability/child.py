"""A process to kill: the first starts the runs and waits for its end; started again it resumes them and ends with 0."""

from __future__ import annotations

import sys

import anyio

from genie.journal.sqlite import SqliteLog
from tests.durability.world import Answer, Question, World

RUNS = 12


async def main(path: str) -> None:
    """Run until everything has ended; the first process never ends by itself, so that at least one is killed."""
    log = SqliteLog(path)
    new = not await log.open()
    world = World(log=log)
    async with world.runtime() as runtime:
        if new:
            for size in range(1, RUNS + 1):
                runtime.start(Question(size=size), Answer)
        sys.stdout.write("open\n")
        sys.stdout.flush()
        while new or runtime.bus.runs.open_runs:  # beside deliveries, delayed payloads keep a run open
            await anyio.sleep(0.005)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], backend=sys.argv[2])
