"""A pipeline with much of what a run can do: a fan-out, questions in a handler, an effect, a hold, a mask, a retry."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import anyio

from genie import Caller, Payload, Runtime, agent
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.journal.sqlite import SqliteLog
from genie.policies.clearance import Clearance
from genie.policies.pii import Pii
from genie.policy.policy import PolicySet

if TYPE_CHECKING:
    from pathlib import Path

    from genie.contracts.agent import FunctionAgent
    from genie.contracts.ports.journal import EventLog

CARD = "4539 1488 0343 6467"
ANN = Caller(user="ann", tenant="acme", clearance=Classification.RESTRICTED)


class Order(Payload, topic="shop.order"):
    item: str
    note: str = ""


class StockAsked(Payload, topic="shop.stock_asked"):
    item: str


class Stock(Payload, topic="shop.stock"):
    count: int
    seen: datetime.datetime


class PriceAsked(Payload, topic="shop.price_asked"):
    item: str


class Price(Payload, topic="shop.price"):
    pence: int
    luck: float


class Paid(Payload, topic="shop.paid"):
    reference: str


class Noted(Payload, topic="shop.noted"):
    text: str


class Receipt(Payload, topic="shop.receipt"):
    item: str
    pence: int
    left: int
    reference: str
    seen: datetime.datetime
    parts: tuple[str, ...]


class World:
    """What is outside: how often it was touched, and how long its answers take."""

    def __init__(self) -> None:
        self.paid = 0
        self.failures = 0
        self.wait_s = 0.0

    def agents(self) -> list[FunctionAgent]:
        """Return the agents of the shop."""

        @agent("desk", asks={StockAsked: (Stock,), PriceAsked: (Price,)}, publishes=(Noted,), clearance="restricted")
        async def desk(order: Order, ctx: Context) -> Receipt:
            parts: list[str] = []
            found: dict[str, Payload] = {}

            async def ask(question: Payload, kind: type[Payload]) -> None:
                found[kind.__name__] = await ctx.ask(question, kind)
                parts.append(kind.__name__)

            async with anyio.create_task_group() as both:
                both.start_soon(ask, StockAsked(item=order.item), Stock)
                both.start_soon(ask, PriceAsked(item=order.item), Price)
            stock, price = found["Stock"], found["Price"]
            assert isinstance(stock, Stock)
            assert isinstance(price, Price)
            reference = await ctx.once("pay", self.pay)
            await ctx.publish(Noted(text=order.note or order.item))
            ctx.state["orders"] = ctx.state.get("orders", 0) + 1
            return Receipt(
                item=order.item, pence=price.pence, left=stock.count, reference=reference, seen=ctx.now(),
                parts=tuple(parts),
            )  # fmt: skip

        @agent("stock", clearance="restricted")
        async def stock(asked: StockAsked, ctx: Context) -> Stock:
            seen = ctx.now()
            await anyio.sleep(3 * self.wait_s)
            return Stock(count=len(asked.item), seen=seen)

        @agent("price", retry=Retry(attempts=3, first_s=self.wait_s), clearance="restricted")
        async def price(_asked: PriceAsked, ctx: Context) -> Price:
            await anyio.sleep(self.wait_s)
            if self.failures:
                self.failures -= 1
                raise ConnectionError
            return Price(pence=ctx.random.randrange(1, 10_000), luck=ctx.random.random())

        @agent("clerk", clearance="internal")
        async def clerk(_noted: Noted) -> None:
            await anyio.sleep(2 * self.wait_s)

        return [desk, stock, price, clerk]

    async def pay(self, token: str) -> str:
        """Pay; it is counted."""
        self.paid += 1
        await anyio.sleep(self.wait_s)
        return f"paid {token[:6]}"

    def runtime(self, log: EventLog, **more: object) -> Runtime:
        """Return the shop with a log."""
        return Runtime(self.agents(), policies=POLICIES, log=log, prefix="shop", caller=ANN, **more)  # type: ignore[arg-type] # as the caller names it

    async def order(self, path: Path, count: int = 1) -> list[str]:
        """Keep some runs in a log; return their ids."""
        ids: list[str] = []
        async with self.runtime(SqliteLog(path)) as runtime:
            for number in range(count):
                run = runtime.start(Order(item=f"tea {number}", note=f"card {CARD}"), Receipt)
                ids.append(run.id)
                await run.result()
                await run.settled()
        return ids


POLICIES = PolicySet((Clearance(), Pii()))
