"""What rates and budgets add to a delivery, over the canonical round trip at fan-out 60.

Run it with ``python -m benchmarks.policy_admission``. The round trip is timed without and with them, in turns, and the
fastest median of each counts: the machine may be used by others.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial

from genie.admission import Admission, Budget, Rate
from genie.benchmark.policies import eight_policies
from genie.benchmark.timing import _latency
from genie.benchmark.work import Governed
from genie.limits import Estimate

FANOUT = 60
REQUESTS = 200
ROUNDS = 7
LIMIT_US = 1.5

EXPECTED = Estimate(Decimal("0.02"), 500)
RATE = Rate(id="tenants", per=("tenant",), per_s=1e9, burst=10**9)
RATES = (RATE, Rate(id="senders", per=("sender", "agent"), per_s=1e9, burst=10**9))
OF_RUNS = Budget(id="run", messages=10**9, cost=Decimal(10**9), estimate=EXPECTED)
OF_DAYS = Budget(id="day", per="tenant_day", zone="Asia/Kolkata", cost=Decimal(10**9), estimate=EXPECTED)

CASES = {
    "a rate": Admission(rates=(RATE,)),
    "a budget of a day": Admission(budgets=(OF_DAYS,)),
    "a rate and a budget of a day": Admission(rates=(RATE,), budgets=(OF_DAYS,)),
    "two rates, a budget of runs (two units) and one of days": Admission(rates=RATES, budgets=(OF_RUNS, OF_DAYS)),
}


def _round_trip_us(admission: Admission | None) -> float:
    make = partial(Governed, FANOUT, policies=eight_policies(), admission=admission)
    return asyncio.run(_latency(make, FANOUT, REQUESTS)).p50


def rows() -> list[tuple[str, float, float]]:
    """Return name, microseconds that a delivery takes longer, and the limit."""
    without: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        without.append(_round_trip_us(None))
        for name, admission in CASES.items():
            found[name].append(_round_trip_us(admission))
    return [(name, (min(times) - min(without)) / (FANOUT + 1), LIMIT_US) for name, times in found.items()]


if __name__ == "__main__":
    for name, microseconds, limit in rows():
        print(f"{name}: {microseconds:.2f} us a delivery (limit {limit})")
