"""Cost of rates and budgets for a delivery.

Run it with ``python -m benchmarks.policy_admission``. The admission controller's part of a delivery, from its check to
its settlement, is timed separately, since the variation of the rest would hide it. The fastest of many counts.
"""

from __future__ import annotations

import gc
from decimal import Decimal
from time import perf_counter_ns
from typing import TYPE_CHECKING

import anyio

from benchmarks.figures import Figure, Limit, printed
from genie.admission.limiter import AdmissionController
from genie.benchmark.policies import CALLER
from genie.benchmark.workload import SERIES, Work, worker
from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.classification import Classification
from genie.contracts.limits import Estimate
from genie.contracts.message import stamp
from genie.contracts.outcome import Outcome
from genie.inflight.accounting import accept, settle
from genie.inflight.gather import Asker
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope

FANOUT = 60
ROUNDS = 300
LIMIT_US = 1.5

EXPECTED = Estimate(Decimal("0.02"), 500)
RATE = Rate(id="tenants", per=("tenant",), per_s=1e9, burst=10**9)
RATES = (RATE, Rate(id="senders", per=("sender", "agent"), per_s=1e9, burst=10**9))
OF_RUNS = Budget(id="run", messages=10**9, cost=Decimal(10**9), estimate=EXPECTED)
OF_DAYS = Budget(id="day", per="tenant_day", zone="Asia/Kolkata", cost=Decimal(10**9), estimate=EXPECTED)

CASES = {
    "a rate": (Admission(rates=(RATE,)), LIMIT_US),
    "a budget of a day": (Admission(budgets=(OF_DAYS,)), LIMIT_US),
    "a rate and a budget of a day": (Admission(rates=(RATE,), budgets=(OF_DAYS,)), LIMIT_US),
    "two rates, one by recipient, and three budgets": (Admission(rates=RATES, budgets=(OF_RUNS, OF_DAYS)), 2.5),
}


async def _measured_us(admission: Admission, rounds: int) -> tuple[float, float]:
    """Return the microseconds of a delivery among ``FANOUT`` of one message, and of one that is its message's only."""
    agents = [worker(f"a{number}", None) for number in range(FANOUT)]
    payload = Work(corr="r", tenant="t1", kind="work", text="x", limit=1.0, series=SERIES)
    async with Runtime(agents, caller=CALLER, admission=admission) as runtime:
        bus = runtime.bus
        run = bus.runs.open(Asker(CALLER.card(), CALLER.headers()), float("inf"))
        route = bus.route(Work)

        def message() -> Envelope[Work]:
            return stamp(
                bus.next_number(), payload, "bench", None, run.root, 0, 0, run.headers, Classification.PUBLIC,
                route.inspect(payload),
            )  # fmt: skip

        gc.collect()
        gc.disable()
        try:
            among = min(_passing_ns(bus, message(), FANOUT) for _ in range(rounds)) / FANOUT
            alone = min(_passing_ns(bus, message(), 1) for _ in range(10 * rounds))
        finally:
            gc.enable()
        bus.runs.opened(run)
    return among / 1e3, alone / 1e3


def _passing_ns(bus: Bus, message: Envelope[Work], count: int) -> int:
    (controller,) = [one for one in bus.interceptors if isinstance(one, AdmissionController)]
    deliveries = [accept(message, one, bus.epoch) for one in bus.route(Work).subscriptions[:count]]
    began = perf_counter_ns()
    check = controller.check(message)
    for delivery in deliveries:
        check.admit(delivery)
    for delivery in deliveries:
        controller.settled(delivery, Outcome.HANDLED)
    took = perf_counter_ns() - began
    for delivery in deliveries:
        settle(delivery, Outcome.HANDLED)
    return took


def figures(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Yield how much longer a delivery takes, among many of one message and alone."""
    for name, (admission, limit) in CASES.items():
        among, alone = anyio.run(_measured_us, admission, rounds)
        yield Figure(f"{name}, fan-out {FANOUT}", among, "us", limit=Limit(limit))
        yield Figure(f"{name}, one recipient", alone, "us", limit=Limit(2 * limit))


if __name__ == "__main__":
    printed(figures())
