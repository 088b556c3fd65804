"""Crash histories in virtual time: processes die at any moment, and the disk loses or tears their last writes."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING

import anyio
import pytest

from genie.simulation.disk import SimulatedDisk
from genie.simulation.event_loop import SimulationLoop, run
from tests.durability.world import Answer, Question, World

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("crash", "torn_write", "lost_write")
TOTAL = (4 + 30 + 300) * 1000 + 1
LIVES = 8
"""Processes of one history: `second` fails once in each, and its ninth failure is for good."""


class History:
    """One history under one seed."""

    def __init__(self, seed: int) -> None:
        self.crashes = 0
        self.totals: set[int] = set()
        self._seed = seed
        self.disk = SimulatedDisk(random.Random(f"{seed}/disk"))

    def play(self) -> list[str]:
        """Let processes die until one has ended everything; return what the log says that must not be."""
        run(self._main(), SimulationLoop(self._seed))
        return list(self.disk.problems(over=True))

    async def _main(self) -> None:
        drawn = random.Random(f"{self._seed}/crashes")
        kinds = [kind for kind in KINDS if drawn.random() < 0.5]
        for life in range(LIVES):
            async with World(log=self.disk.log()).runtime() as runtime:
                # The last process is left alone; the one before that may die at the end of its work.
                limit = drawn.uniform(0.0, 0.03) if kinds and life < LIVES - 1 else None
                with anyio.move_on_after(limit) as alive:
                    question = runtime.start(Question(size=3), Answer, key="question")
                    self.totals.add((await question.result()).total)
                    while runtime.bus.runs.open_runs:
                        await anyio.sleep(0.01)
                    await runtime.bus.observers.recorder.barrier()  # type: ignore[union-attr]  # it has a log
                if not alive.cancelled_caught:
                    return
                self.crashes += 1
                self.disk.crash(drawn.choice(kinds))
        raise AssertionError("the work never ended")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the failures of the world's agents, and of dead disks, out of the log."""
    logger = logging.getLogger("genie")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def played(seeds: range) -> int:
    """Return how many processes died; each history must have ended as if none had."""
    crashes = 0
    for seed in seeds:
        history = History(seed)
        assert history.play() == [], seed
        assert history.totals == {TOTAL}, seed
        crashes += history.crashes
    return crashes


def test_no_crash_history_differs_from_an_uncrashed_run() -> None:
    assert played(range(60)) >= 60


@pytest.mark.slow  # thousands of processes
def test_thousands_of_crash_histories() -> None:
    assert played(range(1_000, 1_600)) >= 1_000


def test_the_check_sees_an_output_without_its_outcome_and_a_delivery_without_one() -> None:
    history = History(1)
    assert history.play() == []
    batches = history.disk.batches
    where = next(i for i, batch in enumerate(batches) if any(one["kind"] == "ended" for one in batch))
    batches[where] = tuple(one for one in batches[where] if one["kind"] != "ended")
    problems = list(history.disk.problems(over=True))
    assert any("without the outcome" in one for one in problems)
    assert any("has no outcome" in one for one in problems)
