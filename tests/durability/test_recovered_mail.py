"""Mail that an earlier process had accepted: none of it is shed, and it is handled in the order of its numbers."""

from __future__ import annotations

import gc

import anyio
import pytest
from anyio import sleep_forever

from genie import Mailbox, Payload, Runtime, agent
from genie.contracts.limits import Overflow
from genie.contracts.outcome import Outcome, Reason
from genie.testing import settled
from tests.durability.restarts import Machine

pytestmark = pytest.mark.anyio


class Item(Payload, topic="mail.item", key="account"):
    name: str
    account: int = 1


class Start(Payload, topic="mail.start"):
    name: str


class Sink:
    """One process: an agent that hangs in its first handling, or works; and one that sends an item later."""

    def __init__(self, overflow: Overflow, capacity: int, concurrency: int = 1) -> None:
        self.concurrency = concurrency
        self.mailbox = Mailbox(capacity=capacity, overflow=overflow)
        self.hangs = True
        self.gate = anyio.Event()
        self.got: list[str] = []

    def machine(self) -> Machine:
        @agent("sink", mailbox=self.mailbox, concurrency=self.concurrency)
        async def sink(item: Item) -> None:
            if self.hangs and item.account == 1:
                await sleep_forever()
            self.got.append(item.name)

        @agent("relay")
        async def relay(start: Start) -> Item:
            await self.gate.wait()
            return Item(name=start.name)

        return Machine(lambda log: Runtime([sink, relay], log=log, seed=1, prefix="m"))


@pytest.mark.parametrize("overflow", list(Overflow))
async def test_a_full_mailbox_and_what_its_agent_had_at_work_come_back_whole(overflow: Overflow) -> None:
    world = Sink(overflow, capacity=2)
    machine = world.machine()
    async with machine.process() as runtime:
        for name in "abc":  # the first one is at work, so the mailbox is full
            await runtime.publish(Item(name=name))
            await settled(runtime)
    world.hangs = False
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        assert runtime.operations.dead_letters() == ()
    assert world.got == ["a", "b", "c"]


async def test_what_killed_nobody_yet_holds_back_its_own_key_while_it_waits_for_its_turn() -> None:
    world = Sink(Overflow.BLOCK, capacity=9, concurrency=2)
    machine = world.machine()
    async with machine.process() as runtime:
        for name, account in (("a", 1), ("b", 1), ("c", 1)):
            await runtime.publish(Item(name=name, account=account))
            await settled(runtime)
    world.hangs = False
    async with machine.process(dies=False) as runtime:
        await runtime.publish(Item(name="other", account=2))
        await runtime.publish(Item(name="new"))
        await settled(runtime)
    assert [name for name in world.got if name != "other"] == ["a", "b", "c", "new"]


@pytest.mark.parametrize("how", ["kill", "cancel", "expire"])
async def test_a_key_goes_on_when_its_suspect_ends_before_its_turn(how: str) -> None:
    world = Sink(Overflow.BLOCK, capacity=9, concurrency=3)
    machine = world.machine()
    async with machine.process() as runtime:
        for name in ("a", "b"):
            await runtime.publish(Item(name=name, account=1))
            await settled(runtime)
    world.hangs = False
    async with machine.process(dies=False) as runtime:
        subscriber = runtime.bus.subscribers["sink"]
        (first, *_) = runtime.bus.runs.open_runs.values()
        assert [one.message.payload.name for one in subscriber.holders.values()] == ["a"]
        if how == "kill":
            runtime.operations.kill("sink", reason="test")
            assert not subscriber.holders
            return
        outcome = Outcome.CANCELLED if how == "cancel" else Outcome.EXPIRED
        runtime.bus.runs.end(first, outcome, Reason("test"))
        await settled(runtime)
    assert world.got == ["b"]


async def test_mail_comes_back_in_the_order_of_its_numbers_whatever_run_is_older() -> None:
    world = Sink(Overflow.BLOCK, capacity=9)
    machine = world.machine()
    async with machine.process() as runtime:
        await runtime.publish(Item(name="at work"))
        await settled(runtime)
        await runtime.publish(Start(name="of the older run"))
        await settled(runtime)
        await runtime.publish(Item(name="of the younger run"))
        await settled(runtime)
        world.gate.set()
        await settled(runtime)
    world.hangs = False
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
    assert world.got == ["at work", "of the younger run", "of the older run"]


async def test_a_run_that_goes_on_is_not_told_again() -> None:
    world = Sink(Overflow.BLOCK, capacity=9)
    machine = world.machine()
    for _ in range(2):
        async with machine.process() as runtime:
            if not machine.log.records:
                await runtime.publish(Item(name="a"))
            await settled(runtime)
    assert len(machine.of("run")) == 1


@pytest.mark.parametrize("frozen", [False, True])
async def test_recovery_leaves_the_cycle_collector_as_it_was(frozen: bool) -> None:
    world = Sink(Overflow.BLOCK, capacity=9)
    machine = world.machine()
    async with machine.process() as runtime:
        await runtime.publish(Item(name="a"))
        await settled(runtime)
    if frozen:
        gc.freeze()
    before = gc.get_freeze_count()
    try:
        async with machine.process():
            assert gc.isenabled()
            assert bool(gc.get_freeze_count()) is bool(before)
    finally:
        gc.unfreeze()
