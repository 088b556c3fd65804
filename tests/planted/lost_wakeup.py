"""A clerk who looks whether the till is free, looks away, and then waits for a bell that has rung meanwhile."""

from __future__ import annotations

import anyio

from genie.config.plugins import Plugins
from genie.contracts.agent import Handlers, handles
from genie.contracts.message import Payload


class Order(Payload, topic="till.order"):
    number: int


class Receipt(Payload, topic="till.receipt"):
    number: int


class Till(Handlers, id="till", concurrency=8):
    """One till for all orders."""

    def __init__(self) -> None:
        self._busy = False
        self._bell: anyio.Event | None = None

    @handles
    async def book(self, order: Order) -> Receipt:
        if self._busy:
            await anyio.sleep(0.1)
            # The bug: it may have become free meanwhile, and then nobody rings.
            self._bell = anyio.Event()
            await self._bell.wait()
        self._busy = True
        await anyio.sleep(1.0)
        self._busy = False
        if self._bell is not None:
            self._bell.set()
            self._bell = None
        return Receipt(number=order.number)


CATALOGUE = Plugins(agents={"till": Till})
PIPELINE = """
version: 1
id: till
agents: [till]
input: till.order
output: till.receipt
"""
SCENARIO = """
version: 1
id: lost-wakeup
pipeline: pipeline.yaml
duration: 1m
workload:
  arrivals: [{poisson: 600}]
  questions: [{fields: {number: "{number}"}}]
"""
BROKEN = "runs_end"
