"""A payer who pays first and then fails: its retry pays again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.simulation.invariants import invariant
from genie.simulation.record import Record


class Order(Payload, topic="pay.order"):
    number: int


class Paid(Payload, topic="pay.paid"):
    number: int


class Confirmed(Payload, topic="pay.confirmed"):
    number: int


@agent("payer", publishes=(Paid,), retry=Retry(attempts=3, first_s=0.5))
async def payer(order: Order, context: Context) -> Confirmed:
    """Pay, then confirm."""
    await context.publish(Paid(number=order.number))  # the bug: what is published stays, though the handling is retried
    return Confirmed(number=order.number)


@agent("bank")
async def bank(_paid: Paid) -> None:
    """Take what is paid."""


@invariant(topics=(Paid,))
def paid_once(record: Record) -> Iterator[str]:
    """No order is paid twice."""
    times = Counter(number for number, _ in record.payloads["pay.paid"])
    yield from (f"run {number} paid {count} times" for number, count in times.items() if count > 1)


CATALOGUE = Plugins(agents={"payer": payer, "bank": bank})
RULES = {"paid_once": paid_once}
PIPELINE = """
version: 1
id: pay
agents: [payer, bank]
input: pay.order
output: pay.confirmed
"""
SCENARIO = """
version: 1
id: double-payment
pipeline: pipeline.yaml
duration: 2h
workload:
  arrivals: [{poisson: 20}]
  questions: [{fields: {number: "{number}"}}]
work: {bank: {exponential: 2}}
trouble:
  - {kind: slow, agent: bank, rate: 0.3, takes: 3}
  - {kind: raise, agent: payer, late: true, rate: 0.05}
  - {kind: slow, agent: payer, rate: 0.5, takes: {uniform: [1, 2]}}
invariants: [paid_once]
"""
BROKEN = "paid_once"
