"""Many seeds of one scenario, in parallel over the cores: each seed is another interleaving, and other customers."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from genie.simulation.record import percentile
from genie.simulation.runner import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from genie.simulation.record import Record, Violation
    from genie.simulation.scenario import Scenario


class SeedResult(NamedTuple):
    """What came of one seed, small enough to be carried between processes."""

    seed: int
    journal_sha256: str
    runs: int
    messages: int
    outcomes: dict[str, int]
    p99_s: float | None
    violations: tuple[Violation, ...]

    @property
    def broken(self) -> bool:
        """True when an invariant is."""
        return bool(self.violations)


def run_seed(scenario: Scenario, seed: int) -> SeedResult:
    """Return what comes of one seed."""
    return summarise(simulate(scenario, seed))


def summarise(record: Record) -> SeedResult:
    """Return what is kept of one seed's record."""
    return SeedResult(
        record.seed, record.journal_sha256, len(record.runs), record.messages, record.outcomes(),
        percentile(record.latencies(), 0.99), tuple(record.violations),
    )  # fmt: skip


def search(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    processes: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[SeedResult]:
    """Try seeds, and return what came of each, in the order of the seeds.

    Args:
        scenario: Loaded and checked; worker processes inherit it.
        seeds: What to try.
        processes: At a time; as many as this process has cores by default. One where processes cannot be forked.
        told: Called with how many are done, and of how many.
    """
    found: list[SeedResult] = []
    for one in _tried(scenario, seeds, processes or len(os.sched_getaffinity(0))):
        found.append(one)
        if told is not None:
            told(len(found), len(seeds))
    return found


def _tried(scenario: Scenario, seeds: Sequence[int], processes: int) -> Iterator[SeedResult]:
    processes = min(processes, len(seeds))
    if processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (run_seed(scenario, seed) for seed in seeds)
        return
    _Worker.scenario = scenario
    size = max(1, min(8, len(seeds) // (processes * 4)))
    with multiprocessing.get_context("fork").Pool(processes, initializer=_begin) as pool:
        yield from pool.imap(_work, seeds, chunksize=size)


class _Worker:
    """What a forked process inherits."""

    scenario: Scenario


def _begin() -> None:
    """Leave an interrupt to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(seed: int) -> SeedResult:
    return run_seed(_Worker.scenario, seed)
