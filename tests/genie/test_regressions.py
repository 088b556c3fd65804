"""Cases that once went wrong, each found by a law that did not hold."""

from __future__ import annotations

import math

import anyio
import pytest

from genie.errors import RunExpiredError, RunHeld
from genie.limits import Mailbox, Overflow
from genie.message import Payload
from genie.protocol import Caller, Context, agent
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    gated,
    holding,
    masking,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Other(Payload, topic="t.other"):
    text: str = ""


class Both(Payload, topic="t.both"):
    answer: Answer | None = None
    opinion: Opinion | None = None


class All(Payload, topic="t.all"):
    both: Both | None = None
    other: Other | None = None


# --- masking ---


async def test_a_masked_copy_is_of_its_own_message_when_nothing_was_found() -> None:
    seen: list[tuple[str, int]] = []

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append((note.text, note.number))

    async with running(reader, policies=masking("reader", Note)) as runtime:
        for number in (1, 2):  # of the same size
            await runtime.publish(Note(text="abc", number=number), caller=Caller(tenant=str(number)))
        await turns()
    assert seen == [("[masked]", 1), ("[masked]", 2)]


# --- mailboxes ---


async def test_a_mailbox_holds_no_more_than_its_capacity_when_deliveries_wait_for_their_key() -> None:
    gate = Gate()

    @agent("reader", concurrency=2, mailbox=Mailbox(2, Overflow.BLOCK, math.inf))
    async def reader(_order: Order) -> None:
        await gate.wait()

    async with running(reader) as runtime, anyio.create_task_group() as group:
        for number in range(7):
            group.start_soon(runtime.publish, Order(account="a", number=number))
        await turns()
        subscriber = runtime._bus.subscribers["reader"]
        assert len(subscriber.queue) + subscriber.laned == 2
        gate.open.set()


async def test_shed_oldest_drops_what_waits_longest_be_it_behind_a_key() -> None:
    gate, seen = Gate(), []

    @agent("reader", concurrency=2, mailbox=Mailbox(3, Overflow.SHED_OLDEST))
    async def reader(order: Order) -> None:
        seen.append((order.account, order.number))
        await gate.wait()

    async with running(reader) as runtime:
        for account, number in (("a", 1), ("a", 2), ("b", 3), ("a", 4), ("c", 5), ("c", 6)):
            await runtime.publish(Order(account=account, number=number))
            await turns()
        gate.open.set()
        await turns()
    assert sorted(seen) == [("a", 1), ("a", 4), ("b", 3), ("c", 5), ("c", 6)]


# --- deadlines and holds ---


async def test_the_deadline_that_a_hold_moved_is_the_one_that_counts() -> None:
    gate = Gate()
    async with running(gated(gate), policies=holding("slow", Question)) as runtime:
        run = runtime.start(Question(), Answer, deadline_s=10.0)
        with pytest.raises(RunHeld) as held:
            await run.result()
        await anyio.sleep(6)
        runtime.release(held.value.holds[0])
        await gate.reached.wait()
        await anyio.sleep(8)  # 14 s after its start, of which 6 were held
        gate.open.set()
        assert (await run.result()).text == "slow"


async def test_the_moved_deadline_comes() -> None:
    gate = Gate()
    async with running(gated(gate), policies=holding("slow", Question)) as runtime:
        run = runtime.start(Question(), Answer, deadline_s=10.0)
        with pytest.raises(RunHeld) as held:
            await run.result()
        await anyio.sleep(6)
        started = anyio.current_time() - 6
        runtime.release(held.value.holds[0])
        with pytest.raises(RunExpiredError):
            await run.result()
        assert anyio.current_time() - started == pytest.approx(16)


async def test_drain_ends_when_the_last_run_ends() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime, anyio.create_task_group() as group:
        group.start_soon(runtime.ask, Question(), Answer)
        await gate.reached.wait()
        started = anyio.current_time()

        async def later() -> None:
            await anyio.sleep(1)
            gate.open.set()

        group.start_soon(later)
        await runtime.drain(1_000)
        assert anyio.current_time() - started < 10


# --- what handlers end with ---


class Exit(BaseException):
    pass


# --- gathers ---


# --- joins ---


class WithNote(Payload, topic="t.with_note"):
    note: Note | None = None
    other: Other | None = None


# --- consents ---


# --- waits that cannot end ---


# --- what is kept ---


async def test_a_dead_letter_keeps_nothing_of_what_agents_kept_for_the_run() -> None:
    @agent("breaker")
    async def breaker(_note: Note, context: Context) -> None:
        context.state["kept"] = "private"
        raise ValueError

    async with running(breaker) as runtime:
        await runtime.publish(Note())
        await turns()
        (letter,) = runtime.dead_letters()
        assert letter.message.scope.run.state is None
