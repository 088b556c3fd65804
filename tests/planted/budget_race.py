"""A treasurer who looks at what is left, asks the bank, and only then takes it: two may spend the same money."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from genie.config.plugins import Plugins
from genie.contracts.agent import Handlers, handles
from genie.contracts.message import Payload
from genie.simulation.invariants import invariant
from genie.simulation.record import Record

BUDGET = 1_000


class Wish(Payload, topic="budget.wish"):
    amount: int


class Granted(Payload, topic="budget.granted"):
    amount: int


class Treasurer(Handlers, id="treasurer", concurrency=4):
    """Grants what is left."""

    def __init__(self) -> None:
        self._left = BUDGET

    @handles
    async def grant(self, wish: Wish) -> Granted:
        if self._left < wish.amount:
            return Granted(amount=0)
        await anyio.sleep(2.0)  # the bug: whoever comes meanwhile sees money that is spoken for
        self._left -= wish.amount
        return Granted(amount=wish.amount)


@invariant(topics=(Granted,))
def within_budget(record: Record) -> Iterator[str]:
    """No more is granted than there is."""
    granted = sum(payload.amount for _, payload in record.payloads["budget.granted"])  # type: ignore[attr-defined] - of that class
    if granted > BUDGET:
        yield f"{granted} granted of {BUDGET}"


CATALOGUE = Plugins(agents={"treasurer": Treasurer})
RULES = {"within_budget": within_budget}
PIPELINE = """
version: 1
id: budget
agents: [treasurer]
input: budget.wish
output: budget.granted
"""
SCENARIO = """
version: 1
id: budget-race
pipeline: pipeline.yaml
duration: 10m
workload:
  arrivals: [{poisson: 240}]
  questions:
    - {weight: 3, fields: {amount: 90}}
    - {weight: 1, fields: {amount: 250}}
invariants: [within_budget]
"""
BROKEN = "within_budget"
