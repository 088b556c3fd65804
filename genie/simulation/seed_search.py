"""Runs a scenario under many seeds, in parallel: each seed gives another interleaving and other customers."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from genie.simulation.record import percentile
from genie.simulation.runner import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkContext

    from genie.simulation.record import Record, Violation
    from genie.simulation.scenario import Scenario


class SeedResult(NamedTuple):
    """The result of one seed, small enough to be sent between processes."""

    seed: int
    journal_sha256: str
    runs: int
    messages: int
    outcomes: dict[str, int]
    p99_s: float | None
    violations: tuple[Violation, ...]
    trouble: tuple[int, ...] = ()
    """Numbers of the entries of trouble that were on."""
    difference: str | None = None
    """First difference from the journal of a second process."""

    @property
    def broken(self) -> bool:
        """True if an invariant is violated."""
        return bool(self.violations)


def run_seed(scenario: Scenario, seed: int) -> SeedResult:
    """Return the result of one seed."""
    return summarise(simulate(scenario, seed))


def summarise(record: Record) -> SeedResult:
    """Return the result of a record."""
    return SeedResult(
        record.seed, record.journal_sha256, len(record.runs), record.messages, record.outcomes(),
        percentile(record.latencies(), 0.99), tuple(record.violations), record.trouble, record.difference,
    )  # fmt: skip


def search(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    processes: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[SeedResult]:
    """Run a scenario under some seeds; return the results in the order of the seeds.

    Args:
        scenario: A loaded scenario; worker processes inherit it.
        seeds: The seeds.
        processes: Number of worker processes; the number of cores by default. One if processes cannot be forked.
        told: Receives the number of finished seeds and the number of all seeds.
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
    # The workers and the pool's threads inherit the blocked signal: an interrupt reaches the parent's main thread only.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pool = forks().Pool(processes)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with pool:
        yield from pool.imap(_work, seeds, chunksize=size)


def forks() -> ForkContext:
    """Return what starts the workers of a pool; one whose results nobody reads any more ends without a traceback."""
    from multiprocessing.context import ForkContext, ForkProcess  # noqa: PLC0415 - there where processes can be forked

    class Fork(ForkProcess):
        def run(self) -> None:
            with contextlib.suppress(BrokenPipeError):  # an agent's own is a result, and never gets here
                super().run()

    context = ForkContext()
    context.Process = Fork  # type: ignore[misc]  # a subclass of the class there
    return context


class _Worker:
    """State that a forked process inherits."""

    scenario: Scenario


def _work(seed: int) -> SeedResult:
    return run_seed(_Worker.scenario, seed)
