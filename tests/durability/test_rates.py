"""Rates across a restart: processes that die again and again pass no more than one process would."""

from __future__ import annotations

import pytest
from anyio import sleep_forever

from genie import Payload, RunLimits, Runtime, agent
from genie.contracts.admission import Admission, Rate
from genie.testing import settled
from tests.durability.restarts import Machine

pytestmark = pytest.mark.anyio
PER_HOUR = 1 / 3600


class Order(Payload, topic="rates.order"):
    number: int


async def test_what_a_rate_had_let_pass_is_not_denied_by_it_after_a_restart() -> None:
    handled: list[int] = []
    hangs = [True]

    @agent("till")
    async def till(order: Order) -> None:
        if hangs[0]:
            await sleep_forever()
        handled.append(order.number)

    rates = (Rate(id="orders", agents=frozenset({"till"}), per_s=PER_HOUR, burst=5),)
    admission, limits = Admission(rates=rates), RunLimits(deaths=0)
    machine = Machine(lambda log: Runtime([till], admission=admission, limits=limits, log=log, seed=1, prefix="m"))
    async with machine.process() as runtime:
        for number in range(5):
            await runtime.publish(Order(number=number))
        await settled(runtime)
    async with machine.process() as runtime:  # dies again, so that the rate meets them twice
        await settled(runtime)
    hangs[0] = False
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
    assert handled == [0, 1, 2, 3, 4]


async def test_a_restart_gives_no_second_burst() -> None:
    handled: list[int] = []

    @agent("till")
    async def till(order: Order) -> None:
        handled.append(order.number)

    rates = (Rate(id="orders", agents=frozenset({"till"}), per_s=PER_HOUR, burst=3),)
    admission, limits = Admission(rates=rates), RunLimits(deaths=0)
    machine = Machine(lambda log: Runtime([till], admission=admission, limits=limits, log=log, seed=1, prefix="m"))
    for _ in range(4):
        async with machine.process() as runtime:
            for number in range(5):
                await runtime.publish(Order(number=number))
            await settled(runtime)
    assert handled == [0, 1, 2]
