"""Timing: each repetition runs the governed work between two runs of the baseline; the median counts.

The speed of a shared machine changes from second to second. So every repetition measures the baseline directly before
and after, its ratio is against the mean of the two, and the reported figure is the median over repetitions. The cycle
collector stays on for both.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.benchmark.baseline import Bare
from genie.benchmark.policies import CALLER, eight_policies
from genie.benchmark.sanity import BenchmarkError, prove
from genie.benchmark.workload import Governed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from genie.benchmark.workload import Answer, Contender
    from genie.contracts.card import Caller
    from genie.policy.policy import PolicySet

    Make = Callable[[], Contender]
    Progress = Callable[[str], None]

DELIVERIES = 30_000
"""Approximate number of deliveries in one measurement of a round trip."""
MOST_REQUESTS = 2_000
FEWEST_REQUESTS = 10
MOST_WARM = 200
REPETITIONS = 5


class Latency(NamedTuple):
    """Percentiles of round trips, in microseconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the bus compared with bare asyncio's, as medians over repetitions."""

    value: float
    baseline: float
    ratio: float
    """Ratio to the work, or the time, of bare asyncio."""


def silent(_text: str) -> None:
    """Report no progress."""


def requests_at(fanout: int) -> int:
    """Return the number of round trips that one repetition times at a fan-out."""
    return max(FEWEST_REQUESTS, min(MOST_REQUESTS, DELIVERIES // fanout))


def fanout(
    fanouts: Iterable[int] = (3, 10, 60, 1000),
    *,
    requests: int | None = None,
    repetitions: int = REPETITIONS,
    policies: PolicySet | None = None,
    caller: Caller = CALLER,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Time the round trip (question, analyser, n agents, gathered answer), governed and bare.

    Args:
        fanouts: Numbers of agents, each from 1.
        requests: Round trips timed per repetition; by default so that each fan-out takes about equally long.
        repetitions: Number of repetitions, from 1; each measures the baseline before and after.
        policies: The policies; the eight by default. Before timing, each must stop a message.
        caller: The caller, whom every policy must allow.
        progress: Called with the name of the next measurement.

    Returns:
        One row per fan-out: ``fanout``, ``requests`` (timed in one repetition), ``policies`` (names), ``p50_us``,
        ``p95_us``, ``p99_us``, ``per_delivery_us`` (of the median, over n + 1 deliveries), ``baseline_p50_us`` and
        ``ratio`` of the medians. Every figure is the median over repetitions.

    Raises:
        BenchmarkError: A policy does not stop a message that it must stop, or an answer was incomplete.
    """
    judged = eight_policies() if policies is None else policies
    return asyncio.run(_fanout(tuple(fanouts), requests, repetitions, judged, caller, progress))


async def _fanout(
    fanouts: tuple[int, ...],
    requests: int | None,
    repetitions: int,
    policies: PolicySet,
    caller: Caller,
    progress: Progress,
) -> list[dict[str, Any]]:
    await prove(policies, caller)
    rows: list[dict[str, Any]] = []
    for n in fanouts:
        count = requests or requests_at(n)
        progress(f"round trip at fan-out {n}: {repetitions} x {count}")
        bare, bus = partial(Bare, n), partial(Governed, n, policies=policies, caller=caller)
        measured, bases, ratios = [], [], []
        for _ in range(repetitions):
            before = await _latency(bare, n, count)
            row = await _latency(bus, n, count)
            after = await _latency(bare, n, count)
            base = (before.p50 + after.p50) / 2
            measured.append(row)
            bases.append(base)
            ratios.append(row.p50 / base)
        p50, p95, p99 = (statistics.median(column) for column in zip(*measured, strict=True))
        rows.append({
            "fanout": n,
            "requests": count,
            "policies": [policy.name for policy in policies.policies],
            "p50_us": round(p50, 2),
            "p95_us": round(p95, 2),
            "p99_us": round(p99, 2),
            "per_delivery_us": round(p50 / (n + 1), 2),
            "baseline_p50_us": round(statistics.median(bases), 2),
            "ratio": round(statistics.median(ratios), 3),
        })  # fmt: skip
    return rows


async def _latency(make: Make, n: int, count: int) -> Latency:
    async with make() as contender:
        warm = max(2, min(MOST_WARM, count // 10))
        for number in range(warm):
            whole(await contender.ask(number), number, n)
        gc.collect()
        times: list[int] = []
        for number in range(warm, warm + count):
            start = perf_counter_ns()
            answer = await contender.ask(number)
            times.append(perf_counter_ns() - start)
            whole(answer, number, n)
    return Latency(*(percentile(times, share) / 1e3 for share in (0.50, 0.95, 0.99)))


def percentile(values: list[int], share: float) -> int:
    """Return the quantile of sorted values at a fraction."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def whole(answer: Answer, number: int, n: int) -> None:
    """Check an answer.

    Raises:
        BenchmarkError: It belongs to another question, or the result of an agent is missing.
    """
    if answer.corr != f"r{number}" or len(answer.results) != n:
        raise BenchmarkError(
            f"round trip {number}", f"brought {len(answer.results)} of {n} results, so its timings mean nothing"
        )


# --- throughput and waiting handlers ---


def waiting(n: int = 60, *, wait_s: float = 0.010, requests: int = 30, repetitions: int = 3) -> Compared:
    """Time the round trip when each of the n handlers waits.

    Returns:
        Median round trips in microseconds, and the ratio of the bus to bare asyncio.
    """

    async def nap() -> None:
        await asyncio.sleep(wait_s)

    async def median(make: Make) -> float:
        return (await _latency(make, n, requests)).p50

    return _compared(lambda: Bare(n, hook=nap), lambda: governed(n, hook=nap), median, repetitions, higher=False)


def in_flight(flight: int = 100, *, n: int = 3, seconds: float = 1.0, repetitions: int = 5) -> Compared:
    """Count round trips a second at a concurrency; a concurrency of one is sequential.

    Returns:
        Round trips a second, and the ratio of bare asyncio to the bus.
    """

    async def rate(make: Make) -> float:
        async with make() as contender:
            return await _rate(contender, flight, n, seconds)

    return _compared(lambda: Bare(n), lambda: governed(n), rate, repetitions, higher=True)


async def _rate(contender: Contender, flight: int, n: int, seconds: float) -> float:
    numbers = iter(range(10**9))
    for number in (next(numbers) for _ in range(MOST_WARM)):
        whole(await contender.ask(number), number, n)
    gc.collect()
    done = 0
    start = perf_counter_ns()
    end = start + int(seconds * 1e9)

    async def asker() -> None:
        nonlocal done
        while True:  # at least once, even on a busy machine
            number = next(numbers)
            whole(await contender.ask(number), number, n)
            done += 1
            if perf_counter_ns() >= end:
                return

    async with asyncio.TaskGroup() as group:
        for _ in range(flight):
            group.create_task(asker())
    return done / ((perf_counter_ns() - start) / 1e9)


def one_way(count: int = 50_000, *, repetitions: int = 3) -> Compared:
    """Count messages a second to one subscriber that answers nothing.

    Returns:
        Messages a second, and the ratio of bare asyncio to the bus.
    """

    async def rate(make: Make) -> float:
        async with make() as contender:
            await contender.send(max(1, count // 100))
            gc.collect()
            start = perf_counter_ns()
            await contender.send(count)
            return count / ((perf_counter_ns() - start) / 1e9)

    return _compared(lambda: Bare(1), lambda: governed(1), rate, repetitions, higher=True)


def governed(n: int, *, hook: Callable[[], Awaitable[None]] | None = None) -> Governed:
    """Return the governed work under the eight policies."""
    return Governed(n, policies=eight_policies(), hook=hook)


def _compared(
    bare: Make, bus: Make, measure: Callable[[Make], Awaitable[float]], repetitions: int, *, higher: bool
) -> Compared:
    return asyncio.run(_interleaved(bare, bus, measure, repetitions, higher=higher))


async def _interleaved(
    bare: Make, bus: Make, measure: Callable[[Make], Awaitable[float]], repetitions: int, *, higher: bool
) -> Compared:
    values, bases, ratios = [], [], []
    for _ in range(repetitions):
        before = await measure(bare)
        value = await measure(bus)
        base = (before + await measure(bare)) / 2
        values.append(value)
        bases.append(base)
        ratios.append(base / value if higher else value / base)
    return Compared(statistics.median(values), statistics.median(bases), statistics.median(ratios))
