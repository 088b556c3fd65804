"""Everything that is measured, in order, with the limits that hold on a machine of two cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import bench_policy, catalogue, policy_audit, scrape
from benchmarks.figures import Figure, Limit
from benchmarks.installation import bare_install
from genie.benchmark import fanout, memory, startup, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.benchmark.timing import Compared

MB = 1e6

CANONICAL = "fan-out 3, round trip p50"
BARE_US = 22
"""What bare asyncio takes for the canonical round trip on the machine that limits in absolute terms are for."""
FANOUT_LIMITS = {3: Limit(2.4, "ratio"), 60: Limit(2.0, "ratio"), 1000: Limit(2.5, "ratio")}
IN_FLIGHT_LIMIT = Limit(18_000, least=True)
WAITING_LIMIT = Limit(1.10, "ratio")
BLOCKED_LIMIT = Limit(15_000)
IDLE_LIMIT = Limit(60)
IMPORT_LIMIT = Limit(115)
HEAVY_LIMIT = Limit(0)
VERSION_LIMIT = Limit(90)
PACKAGES_LIMIT = Limit(25)
INSTALL_LIMIT = Limit(40)


@dataclass(frozen=True, slots=True)
class Effort:
    """Number of measurements: more makes figures steadier, and the suite slower."""

    fanouts: tuple[int, ...] = (3, 10, 60, 1000)
    requests: int | None = None
    """Round trips per repetition; by default as many as each fan-out needs."""
    repetitions: int = 5
    seconds: float = 1.0
    """That throughput is counted for, each time."""
    messages: int = 50_000
    """One way."""
    runs: int = 1_000
    """Blocked at once."""
    children: int = 3
    """Processes measured for a figure of memory."""
    starts: int = 9
    """Processes started for a figure of start-up."""
    rounds: int = 300
    """Rounds of the parts of governance; the fastest counts."""
    records: int = policy_audit.RECORDS
    """Appended to an audit trail and verified."""
    rows: int = catalogue.ROWS
    """Number of statements and transfers for the catalogue."""


QUICK = Effort(
    fanouts=(3,), requests=5, repetitions=1, seconds=0.01, messages=200, runs=300, children=1, starts=1, rounds=2,
    records=2_000, rows=2_000,
)  # fmt: skip
"""Enough to check that everything can be measured, too few for reliable figures."""


def measured(effort: Effort, progress: Callable[[str], None]) -> Iterator[Figure]:
    """Measure everything, and yield each figure as it is known.

    Raises:
        BenchmarkError: A precondition of the measurements is not met.
    """
    for row in fanout(effort.fanouts, requests=effort.requests, repetitions=effort.repetitions, progress=progress):
        yield from _round_trip(row)
    progress("round trips one after the other")
    alone = timing.in_flight(1, seconds=effort.seconds, repetitions=effort.repetitions)
    yield _beside("fan-out 3, one after the other", alone, "/s")
    progress("round trips, 100 in flight")
    crowd = timing.in_flight(100, seconds=effort.seconds, repetitions=effort.repetitions)
    yield _beside("fan-out 3, 100 in flight", crowd, "/s", IN_FLIGHT_LIMIT)
    progress("messages one way")
    yield _beside("one way", timing.one_way(effort.messages, repetitions=effort.repetitions), "/s")
    progress("handlers that wait 10 ms")
    naps = timing.waiting(requests=effort.requests or 30, repetitions=effort.repetitions)
    yield _beside("fan-out 60, handlers wait 10 ms", naps, "us", WAITING_LIMIT)
    progress("memory")
    blocked = memory.blocked_runs(effort.runs, children=effort.children)
    yield _beside("run blocked in 3 handlers", blocked, "B", BLOCKED_LIMIT)
    idle = memory.idle_agents(children=effort.children)
    yield Figure("60 idle agents", idle / MB, "MB", limit=IDLE_LIMIT)
    progress("start-up")
    yield from _started(startup.startup(rounds=effort.starts))
    yield Figure("import, over a first model", startup.import_over_model(), "")
    packages, size = bare_install()
    yield Figure("bare install, packages", packages, "", limit=PACKAGES_LIMIT)
    yield Figure("bare install, size", size / MB, "MB", limit=INSTALL_LIMIT)
    yield from bench_policy.figures(
        progress, requests=effort.requests, repetitions=effort.repetitions, rounds=effort.rounds, records=effort.records
    )
    progress("a scrape of metrics")
    yield from scrape.figures()
    progress("the catalogue's heavy questions")
    yield from catalogue.figures(min(effort.repetitions, 3), effort.rows)


def _round_trip(row: dict[str, Any]) -> Iterator[Figure]:
    n = row["fanout"]
    name = f"fan-out {n}"
    yield Figure(
        f"{name}, round trip p50", row["p50_us"], "us", row["baseline_p50_us"], row["ratio"], FANOUT_LIMITS.get(n)
    )
    yield Figure(f"{name}, round trip p95", row["p95_us"], "us")
    yield Figure(f"{name}, round trip p99", row["p99_us"], "us")
    yield Figure(f"{name}, per delivery", row["per_delivery_us"], "us")


def _started(found: startup.Startup) -> Iterator[Figure]:
    yield Figure("bare Python", found.python_ms, "ms")
    yield Figure("import, over bare Python", found.import_ms, "ms", limit=IMPORT_LIMIT)
    yield Figure("import, heavy modules loaded", len(found.heavy), "", limit=HEAVY_LIMIT)
    yield Figure("genie --version", found.version_ms, "ms", limit=VERSION_LIMIT)


def _beside(name: str, found: Compared, unit: str, limit: Limit | None = None) -> Figure:
    return Figure(name, found.value, unit, found.baseline, found.ratio, limit)
