"""Run canonical round trips with or without a log: the process that ``benchmarks.durability`` counts.

``python -m benchmarks.durable_trips none|batched FLIGHT LENGTH``. As ``benchmarks.round_trips``, with so many questions
in flight at a time.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.round_trips import SEED
from genie.benchmark.policies import CALLER, eight_policies
from genie.benchmark.timing import whole
from genie.benchmark.workload import Governed
from genie.journal.sqlite import SqliteLog

if TYPE_CHECKING:
    from genie.contracts.ports.journal import EventLog

FANOUT = 3


def governed(log: EventLog | None) -> Governed:
    """Return the governed work under the eight policies."""
    return Governed(FANOUT, policies=eight_policies(), caller=CALLER, log=log)


async def run(side: str, flight: int, length: int, folder: Path) -> None:
    """Make that many round trips, so many at a time."""
    log = None if side == "none" else SqliteLog(folder / "log", synchronous="normal")
    async with governed(log) as opened:
        gc.collect()
        gc.freeze()
        numbers = iter(range(length))

        async def asker() -> None:
            for number in itertools.islice(numbers, length):
                whole(await opened.ask(number), number, FANOUT)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(flight, length)):
                group.create_task(asker())


if __name__ == "__main__":
    random.seed(SEED)
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(made)))
