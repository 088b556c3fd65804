"""Waits that can never end are found wherever they close, and nothing else is taken for one."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Retry
from genie.errors import RunStalled
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    assert_at_rest,
    holding,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


async def test_a_gather_behind_its_own_key_ends_although_other_slots_are_free() -> None:
    """At `concurrency: n` the question waits behind the key of the handler that asks it."""

    @agent("keyed", concurrency=4, asks={Question: Answer})
    async def keyed(question: Question, context: Context) -> Answer:
        return await context.ask(Question(), Answer)

    async with running(keyed) as runtime:
        with pytest.raises(RunStalled, match="deadlock: keyed -> keyed"):
            await runtime.ask(Question(), Answer)
        assert_at_rest(runtime)


async def test_a_cycle_through_an_agent_with_free_slots_ends() -> None:
    @agent("wide", concurrency=4, asks={Note: Opinion})
    async def wide(question: Question, context: Context) -> Answer:
        await context.ask(Note(), Opinion)
        return Answer()

    @agent("narrow", concurrency=1, asks={Question: Answer})
    async def narrow(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    async with running(wide, narrow) as runtime:
        with pytest.raises(
            RunStalled, match=r"deadlock: .*narrow -> wide -> narrow|deadlock: .*wide -> narrow -> wide"
        ):
            await runtime.ask(Question(), Answer)
        assert_at_rest(runtime)


async def test_a_cycle_that_closes_when_the_last_that_could_help_ends_is_found() -> None:
    gate = Gate()

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        if note.number == 0:
            await context.ask(Question(), Answer)
        return Opinion()

    @agent("helper")
    async def helper(question: Question) -> Note:
        await gate.wait()
        return Note(number=1)  # lies in the mailbox of `desk`, which waits

    @agent("closer")
    async def closer(opinion: Opinion) -> Answer:
        return Answer()

    async with running(desk, helper, closer) as runtime:
        run = runtime.start(Note(), Opinion)
        await gate.reached.wait()
        await anyio.sleep(30)
        gate.open.set()
        with pytest.raises(RunStalled, match="deadlock: desk -> desk"):
            await run.result()
        await run.settled()
        assert_at_rest(runtime)


async def test_a_cycle_of_full_lanes_is_found() -> None:
    """A mailbox whose every place waits behind a stuck handler's key has no room to come."""

    @agent("keyed", concurrency=3, mailbox=Mailbox(capacity=2, block_s=100_000), publishes=(Order,))
    async def keyed(order: Order, context: Context) -> None:
        if order.number == 0:
            for number in range(1, 5):
                await context.publish(Order(account="a", number=number))

    async with running(keyed) as runtime:
        run = runtime.start(Order(account="a", number=0), Answer)
        await run.settled()
        assert anyio.current_time() < 100
        assert {letter.reason for letter in runtime.operations.dead_letters()} == {"deadlock: keyed -> keyed"}
        assert_at_rest(runtime)


@pytest.mark.parametrize("why", ["held", "retrying", "timed", "working"])
async def test_what_may_still_move_is_no_cycle(why: str) -> None:
    gate = Gate()
    attempts = 0

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    @agent("helper", retry=Retry(attempts=2, first_s=1_000, longest_s=1_000), publishes=(Answer,))
    async def helper(question: Question, context: Context) -> Answer | None:
        nonlocal attempts
        attempts += 1
        if why == "retrying" and attempts == 1:
            raise ValueError
        if why == "timed":
            context.after(1_000, Answer())
            return None
        if why == "working":
            await gate.wait()
        return Answer()

    policies = holding("helper", Question) if why == "held" else None
    async with running(desk, helper, policies=policies) as runtime:
        run = runtime.start(Note(), Opinion)
        behind = runtime.start(Note(), Opinion)
        await anyio.sleep(400)
        assert runtime.operations.dead_letters() == ()
        if why == "held":
            runtime.operations.replace_policies(PolicySet())
            runtime.approvals.release(runtime.approvals.holds()[0].id)
        gate.open.set()
        await run.result()
        await behind.result()
        await run.settled()
        await behind.settled()
        assert_at_rest(runtime)


async def test_a_long_wait_costs_few_alarms() -> None:
    """However long a handler waits, the alarm is not set again and again for it."""

    @agent("desk", concurrency=2, asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        await context.ask(Question(), Answer)
        return Opinion()

    @agent("slow")
    async def slow(question: Question) -> Answer:
        await anyio.sleep(80_000)
        return Answer()

    async with running(desk, slow) as runtime, anyio.create_task_group() as tasks:
        run = runtime.start(Note(), Opinion)
        await turns()
        bus = runtime._bus
        assert bus is not None
        before = bus.timers._number()
        tasks.start_soon(run.result)
        with anyio.CancelScope(shield=True):
            await anyio.sleep(80_001)
        entries = bus.timers._number() - before
        assert entries < 30


async def test_who_waits_for_what_is_explained() -> None:
    gate = Gate()

    @agent("asker", asks={Note: Opinion})
    async def asker(question: Question, context: Context) -> Answer:
        await context.ask(Note(), Opinion)
        return Answer()

    @agent("asked")
    async def asked(note: Note) -> Opinion:
        await gate.wait()
        return Opinion()

    async with running(asker, asked) as runtime:
        assert runtime.bus.deadlocks.explain() == []
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        await turns()
        waiting = {one.agent: one for one in runtime.bus.deadlocks.explain()}
        assert {agent: one.awaits for agent, one in waiting.items()} == {"asker": ("asked",), "asked": ()}
        assert isinstance(waiting["asked"].message.payload, Note)
        assert waiting["asked"].coroutine is not None
        gate.open.set()
        assert await run.result() == Answer()
        assert runtime.bus.deadlocks.explain() == []
