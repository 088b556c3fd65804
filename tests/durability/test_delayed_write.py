"""One write takes very long, and the process dies in it: nothing has left the process that stands on that write."""

from __future__ import annotations

import contextlib
import logging
import random
from typing import TYPE_CHECKING

import anyio
import pytest

from genie.errors import JournalError
from genie.simulation.disk import SimulatedDisk
from genie.simulation.event_loop import SimulationLoop, run
from tests.durability.world import Answer, Question, World

if TYPE_CHECKING:
    from collections.abc import Iterator

TOTAL = (4 + 30 + 300) * 1000 + 1
LONG_S = 5.0
"""Virtual seconds of the delayed write; everything else of the run is over by then."""


class DelayingDisk(SimulatedDisk):
    """A disk of which one write takes long."""

    def __init__(self, delayed: int) -> None:
        super().__init__(random.Random(0))
        self.delayed = delayed
        self.begun = anyio.Event()
        self._writes = 0

    def took(self) -> float:
        """Return the seconds of the next write."""
        self._writes += 1
        if self._writes == self.delayed:
            self.begun.set()
            return LONG_S
        return 0.001


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the failures of the world's agents, and of dead disks, out of the log."""
    logger = logging.getLogger("genie")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


async def delayed(number: int, *, kept: bool) -> bool:
    """Play a history in which that write is delayed and the process dies in it; False where there is no such write."""
    disk = DelayingDisk(number)
    seen: list[int] = []

    async def ask(world: World) -> None:
        async with world.runtime() as runtime:
            run = runtime.start(Question(size=3), Answer, key="question")
            seen.append((await run.result()).total)
            while runtime.bus.runs.open_runs:
                await anyio.sleep(0.01)
            await runtime.bus.observers.recorder.barrier()  # type: ignore[union-attr]  # it has a log

    async def die(process: anyio.CancelScope) -> None:
        await disk.begun.wait()
        await anyio.sleep(LONG_S / 2)
        on_its_way = first.writing
        assert on_its_way
        disk.crash("torn_write")  # what is being written is gone, and the process writes nothing more
        if kept:
            disk.batches.append(on_its_way)
        process.cancel()

    first = disk.log()
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as process, contextlib.suppress(JournalError):  # what a process without a log says
            tasks.start_soon(die, process)
            await ask(World(log=first))
        tasks.cancel_scope.cancel()
    if not disk.begun.is_set():
        return False
    # A caller who has an answer has one that the log holds, whatever the delayed write was.
    held = [one for one in disk.read() if one["kind"] == "message" and one["topic"] == "durable.answer@1"]
    assert not seen or held
    assert list(disk.problems(over=False)) == []
    disk.delayed = 0
    await ask(World(log=disk.log()))
    assert set(seen) == {TOTAL}
    assert list(disk.problems(over=True)) == []
    return True


@pytest.mark.parametrize("kept", [False, True])
def test_no_output_is_visible_without_its_outcome_whichever_write_is_delayed(kept: bool) -> None:
    writes = 0
    while run(delayed(writes + 1, kept=kept), SimulationLoop(writes)):
        writes += 1
    assert writes >= 5
