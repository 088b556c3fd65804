"""Cost of approvals: a delivery that four eyes does not concern, one vote, and an idle read of the file."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from benchmarks.figures import Figure, Limit, printed
from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.headers import Headers
from genie.contracts.message import Inspection, Payload, stamp, topic_of
from genie.contracts.ports.control import ControlReport
from genie.edges.control.database import Ledger
from genie.policies.four_eyes import FourEyes, FourEyesSettings
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime


class Order(Payload, topic="bench.order"):
    cents: int = 1


class Paid(Payload, topic="bench.paid"):
    cents: int = 1


@agent("bank")
async def bank(order: Order) -> Paid:
    """Pay."""
    return Paid(cents=order.cents)


POLICIES = PolicySet(
    (FourEyes(FourEyesSettings.model_validate({"topics": {"bench.order": {"recipients": ["bank"]}}})),)
)


def figures(rounds: int = 300) -> Iterator[Figure]:
    """Yield the fastest of many: judging what four eyes do not concern, one approval, an idle look at the file."""
    yield Figure("four eyes, others' deliveries", _judged(), "us", limit=Limit(0.5))
    yield Figure("hold, approve and deliver", anyio.run(_approved, rounds), "us", limit=Limit(1_000))
    yield Figure("idle look at the control file", _looked(rounds), "us", limit=Limit(1_000))


def _judged(rounds: int = 20_000) -> float:
    gate = POLICIES.evaluator(Order, AgentCard(id="printer"))
    payload = Order()
    message = stamp(
        1, payload, "desk", None, None, 0, 0, Headers(user="ann"), topic_of(payload).classification, Inspection(8)
    )
    sender = AgentCard(id="desk")
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(rounds):
            gate.judge(message, sender)
        best = min(best, (time.perf_counter() - began) / rounds)
    return best * 1e6


async def _approved(rounds: int = 300) -> float:
    best = float("inf")
    async with Runtime([bank], policies=POLICIES) as runtime:
        for _ in range(rounds):
            began = time.perf_counter()
            run = runtime.start(Order(), Paid, caller=Caller(user="ann"))
            runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
            await run.result()
            best = min(best, time.perf_counter() - began)
    return best * 1e6


def _looked(rounds: int = 300) -> float:
    best = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "control.db", create=True)
        report = ControlReport(1.0, {}, {}, (), {})
        _, last = ledger.register("bench", report)
        for _ in range(rounds):
            began = time.perf_counter()
            ledger.exchange("bench", report, last, beat=False)
            best = min(best, time.perf_counter() - began)
        ledger.close()
    return best * 1e6


if __name__ == "__main__":
    printed(figures())
