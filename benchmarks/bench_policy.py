"""Cost of governance: the round trip under all policies beside bare asyncio, and each part by itself.

``python -m benchmarks.bench_policy`` prints it all; `make bench` has it after the bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import (
    policy_admission,
    policy_approvals,
    policy_audit,
    policy_detectors,
    policy_recipients,
    policy_rules,
)
from benchmarks.figures import Figure, Limit, printed
from genie.benchmark import CONSENTING, all_policies, fanout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUND_TRIP_LIMIT = Limit(4.5, "ratio")


def figures(
    progress: Callable[[str], None], *, requests: int | None = None, repetitions: int = 5, rounds: int = 300,
    records: int = policy_audit.RECORDS,
) -> Iterator[Figure]:  # fmt: skip
    """Yield each figure as it is known.

    Args:
        progress: Called with the name of the next measurement.
        requests: Round trips per repetition.
        repetitions: Repetitions of the round trip, each between two runs of bare asyncio.
        rounds: Rounds of all other measurements; the fastest counts.
        records: Number of records to append and verify.

    Raises:
        BenchmarkError: A policy does not stop a message that it must stop.
    """
    policies = all_policies()
    named = f"{len(policies.policies)} policies"
    rows = fanout(
        (3, 60), requests=requests, repetitions=repetitions, policies=policies, caller=CONSENTING, progress=progress
    )
    for row in rows:
        base, ratio = row["baseline_p50_us"], row["ratio"]
        yield Figure(f"{named}, fan-out {row['fanout']}", row["p50_us"], "us", base, ratio, ROUND_TRIP_LIMIT)
    progress("detectors, rules, recipients")
    yield from policy_detectors.figures(rounds)
    yield from policy_detectors.full_figures()
    yield from policy_detectors.kind_figures()
    yield from policy_detectors.id_figures()
    yield from policy_recipients.figures(max(2, rounds * 2 // 3))
    yield from policy_rules.figures(max(1, rounds // 10))
    progress("approvals, rates and budgets")
    yield from policy_approvals.figures(rounds)
    yield from policy_admission.figures(rounds)
    progress("the audit trail")
    yield from policy_audit.figures(records)


if __name__ == "__main__":
    printed(figures(lambda _: None))
