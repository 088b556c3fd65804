"""The result of a simulation as the object of ``--json``; no value depends on the machine or the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.simulation.journal import by_invariant
from genie.simulation.record import percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from genie.simulation.record import Record, Violation
    from genie.simulation.scenario import Scenario
    from genie.simulation.seed_search import SeedResult
    from genie.simulation.shrinking import MinimalFailure

MAX_NAMED = 10
"""Violations per invariant that are reported."""


def as_json(scenario: Scenario, record: Record) -> dict[str, Any]:
    """Return the result of one seed."""
    ordered = record.latencies()
    totals = record.totals
    return {
        "scenario": scenario.id,
        "pipeline": scenario.pipeline.id,
        "seed": record.seed,
        "journal_sha256": record.journal_sha256,
        "records": record.records,
        "virtual_s": round(record.virtual_s, 6),
        "runs": len(record.runs),
        "messages": record.messages,
        "outcomes": record.outcomes(),
        "deliveries": {} if totals is None else totals._asdict(),
        "latency_s": {
            name: None if (found := percentile(ordered, share)) is None else round(found, 6)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
        },
        "invariants": held(scenario, record.violations),
        "verdicts": [
            {"policy": policy, "verdict": verdict, "count": count}
            for (policy, verdict), count in sorted(record.verdicts.items())
        ],
        "trouble": dict(sorted(record.injected.items())),
        "trouble_on": trouble_names(scenario, record),
        "compared": compared(scenario, record),
        "worst_run": record.worst,
        "deadlock": record.deadlock,
    }


def trouble_names(scenario: Scenario, record: Record) -> list[str]:
    """Return the entries of trouble that were on, each with its place: ``2 kill adviser``."""
    return [f"{place} {scenario.section.trouble[place].label}" for place in record.trouble]


def held(scenario: Scenario, violations: Iterable[Violation]) -> list[dict[str, Any]]:
    """Return all invariants of a scenario with their violations."""
    found = by_invariant(violations)
    return [
        {
            "name": one.name,
            "holds": one.name not in found,
            "breaches": [breach.text for breach in found.get(one.name, ())][:MAX_NAMED],
        }
        for one in scenario.invariants
    ]


def compared(scenario: Scenario, record: Record) -> dict[str, Any] | None:
    """Return the different decisions of the compared policy set; None without one."""
    if scenario.section.compared is None:
        return None
    return {
        "id": scenario.section.compared.id,
        "deliveries": record.compared_of,
        "stricter": record.stricter,
        "verdicts": [
            {"policy": policy, "verdict": verdict, "count": count}
            for (policy, verdict), count in sorted(record.compared.items())
        ],
    }


def search_as_json(
    scenario: Scenario, results: Sequence[SeedResult], smallest: MinimalFailure | None, replay: str
) -> dict[str, Any]:
    """Return the results of many seeds."""
    broken = [one for one in results if one.broken]
    outcomes: dict[str, int] = {}
    for one in results:
        for name, count in one.outcomes.items():
            outcomes[name] = outcomes.get(name, 0) + count
    return {
        "scenario": scenario.id,
        "pipeline": scenario.pipeline.id,
        "seeds": len(results),
        "runs": sum(one.runs for one in results),
        "messages": sum(one.messages for one in results),
        "outcomes": outcomes,
        "failing_seeds": [one.seed for one in broken],
        "invariants": held(scenario, [breach for one in broken for breach in one.violations]),
        "smallest": None if smallest is None else minimal_failure_as_json(smallest, replay),
        "replay": replay or None,
        "journals": {str(one.seed): one.journal_sha256 for one in results},
    }


def minimal_failure_as_json(smallest: MinimalFailure, replay: str) -> dict[str, Any]:
    """Return the minimal failure."""
    return {
        "seed": smallest.seed,
        "runs": sorted(smallest.part.arrivals or ()),
        "trouble": sorted(smallest.part.trouble or ()),
        "breaches": [one.text for one in smallest.violations][:MAX_NAMED],
        "tries": smallest.tries,
        "replay": replay,
    }
