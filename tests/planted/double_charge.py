"""A card agent that charges first and then waits for the network: a timeout and its retry charge again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import anyio

from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.simulation.invariants import invariant
from genie.simulation.record import Record


class Order(Payload, topic="card.order"):
    number: int


class Charged(Payload, topic="card.charged"):
    number: int


class Confirmed(Payload, topic="card.confirmed"):
    number: int


@agent("card", publishes=(Charged,), timeout_s=4.0, concurrency=64, retry=Retry(attempts=3, first_s=0.5))
async def card(order: Order, context: Context) -> Confirmed:
    """Charge, then wait for the network's confirmation."""
    await context.publish(Charged(number=order.number))  # the bug: the charge is not undone when the wait times out
    await anyio.sleep(context.random.expovariate(1.0))
    return Confirmed(number=order.number)


@agent("ledger", concurrency=64)
async def ledger(_charged: Charged) -> None:
    """Keep the charges."""


@invariant(topics=(Charged,))
def charged_once(record: Record) -> Iterator[tuple[int, str]]:
    """No order is charged twice."""
    times = Counter(number for number, _ in record.payloads["card.charged"])
    yield from ((number, f"charged {count} times") for number, count in times.items() if count > 1)


CATALOGUE = Plugins(agents={"card": card, "ledger": ledger})
RULES = {"charged_once": charged_once}
PIPELINE = """
version: 1
id: card
agents: [card, ledger]
input: card.order
output: card.confirmed
"""
SCENARIO = """
version: 1
id: double-charge
pipeline: pipeline.yaml
duration: 2h
workload:
  arrivals: [{poisson: 35}]
  questions: [{fields: {number: "{number}"}}]
trouble:
  - {kind: slow, agent: ledger, rate: 0.3, takes: 1}
invariants: [charged_once]
"""
BROKEN = "charged_once"
