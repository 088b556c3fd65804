"""Backpressure: bounded mailboxes, their four overflow rules, and waits that can never end."""

from __future__ import annotations

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Overflow, Retry
from genie.errors import MailboxFullError, PartMissingError, RunStalled
from genie.policy.policy import PolicySet, Redact
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    assert_at_rest,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


def sink(
    gate: Gate, seen: list[int], overflow: Overflow, *, capacity: int = 2, block_s: float = 5.0, name: str = "sink"
):
    @agent(name, mailbox=Mailbox(capacity=capacity, overflow=overflow, block_s=block_s))
    async def consumer(note: Note) -> None:
        await gate.wait()
        seen.append(note.number)

    return consumer


async def fill(runtime, gate: Gate, count: int = 2) -> None:
    """One being handled, ``count`` waiting."""
    await runtime.publish(Note(number=0))
    await gate.reached.wait()
    for number in range(1, count + 1):
        await runtime.publish(Note(number=number))


async def test_backpressure_shed_oldest_drops_what_has_waited_longest() -> None:
    gate, seen = Gate(), []
    async with running(sink(gate, seen, Overflow.SHED_OLDEST)) as runtime:
        await fill(runtime, gate)
        await runtime.publish(Note(number=3))
        assert [letter.reason for letter in runtime.operations.dead_letters()] == ["overflow"]
        gate.open.set()
        await runtime.drain(10)
        assert seen == [0, 2, 3]
        assert_at_rest(runtime)


async def test_backpressure_shed_newest_drops_what_comes() -> None:
    gate, seen = Gate(), []
    async with running(sink(gate, seen, Overflow.SHED_NEWEST)) as runtime:
        await fill(runtime, gate)
        await runtime.publish(Note(number=3))
        gate.open.set()
        await runtime.drain(10)
        assert seen == [0, 1, 2]
        assert [letter.reason for letter in runtime.operations.dead_letters()] == ["overflow"]


async def test_backpressure_reject_tells_whoever_called_publish() -> None:
    """`MailboxFullError` goes to whoever called `publish`, outside and in a handler."""
    gate, seen, errors = Gate(), [], []

    @agent("sender", publishes=(Note,), asks={Note: Answer})
    async def sender(question: Question, context: Context) -> Answer:
        for call in (context.publish(Note(number=8)), context.gather(Note(number=9), expect=Answer)):
            try:
                await call
            except MailboxFullError as error:
                errors.append((error.agent, error.capacity))
        return Answer()

    async with running(sink(gate, seen, Overflow.REJECT), sender) as runtime:
        await fill(runtime, gate)
        with pytest.raises(MailboxFullError, match="'sink' is full"):
            await runtime.publish(Note(number=3))
        with pytest.raises(MailboxFullError):
            await runtime.ask(Note(number=4), Answer)
        with pytest.raises(MailboxFullError):
            runtime.start(Note(number=5), Answer)
        await runtime.ask(Question(), Answer)
        assert errors == [("sink", 2), ("sink", 2)]
        gate.open.set()
        await runtime.drain(10)
        assert seen == [0, 1, 2]
        assert {letter.reason for letter in runtime.operations.dead_letters()} == {"overflow"}
        assert_at_rest(runtime)


async def test_backpressure_reject_of_a_question_cancels_what_the_others_would_have_answered() -> None:
    """The caller has gone with its `MailboxFullError`; a plain publish goes on to the others."""
    gate, seen, others = Gate(), [], Gate()

    @agent("other", concurrency=4)
    async def other(note: Note) -> Answer:
        await others.wait()
        return Answer()

    async with running(sink(gate, seen, Overflow.REJECT), other) as runtime:
        await runtime.publish(Note(), to="sink")
        await gate.reached.wait()
        for _ in range(2):
            await runtime.publish(Note(), to="sink")
        for call in (runtime.ask(Note(), Answer), runtime.gather(Note(), expect=Answer), runtime.publish(Note())):
            with pytest.raises(MailboxFullError):
                await call
        with pytest.raises(MailboxFullError):
            runtime.start(Note(), Answer)
        await turns()
        statistics = runtime.statistics().agents["other"]
        assert (statistics.cancelled, statistics.running) == (3, 1)
        others.open.set()
        gate.open.set()
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_backpressure_reject_of_a_returned_payload_has_the_outcome_only() -> None:
    gate, seen = Gate(), []

    @agent("sender")
    async def sender(question: Question) -> Note:
        return Note(number=9)

    async with running(sink(gate, seen, Overflow.REJECT), sender) as runtime:
        await fill(runtime, gate)
        await runtime.publish(Question())
        await turns()
        agents = runtime.statistics().agents
        assert (agents["sender"].handled, agents["sender"].failed) == (1, 0)
        assert [letter.reason for letter in runtime.operations.dead_letters()] == ["overflow"]
        gate.open.set()


async def test_backpressure_block_makes_the_publisher_wait_for_room() -> None:
    gate, seen = Gate(), []
    async with running(sink(gate, seen, Overflow.BLOCK, block_s=100)) as runtime:
        await fill(runtime, gate)
        async with anyio.create_task_group() as tasks:
            published = anyio.Event()

            async def publish() -> None:
                await runtime.publish(Note(number=3))
                published.set()

            tasks.start_soon(publish)
            await turns()
            assert not published.is_set()
            gate.open.set()
            await published.wait()
        await runtime.drain(10)
        assert seen == [0, 1, 2, 3]  # in order


async def test_backpressure_block_ends_dead_lettered_overflow_after_its_stated_time() -> None:
    gate, seen = Gate(), []
    async with running(sink(gate, seen, Overflow.BLOCK, block_s=3)) as runtime:
        await fill(runtime, gate)
        started = anyio.current_time()
        await runtime.publish(Note(number=3))
        assert anyio.current_time() == pytest.approx(started + 3)
        assert [letter.reason for letter in runtime.operations.dead_letters()] == ["overflow"]
        gate.open.set()
        await runtime.drain(10)
        assert seen == [0, 1, 2]


async def test_backpressure_a_fan_out_fills_the_mailboxes_with_room_first() -> None:
    gate, seen, other = Gate(), [], []

    @agent("roomy")
    async def roomy(note: Note) -> None:
        other.append(note.number)

    async with running(sink(gate, seen, Overflow.BLOCK, block_s=100), roomy) as runtime:
        await fill(runtime, gate)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runtime.publish, Note(number=3))
            await turns()
            assert other == [0, 1, 2, 3]
            gate.open.set()


async def test_backpressure_a_returned_tuple_waits_for_room_before_its_delivery_settles() -> None:
    gate, seen = Gate(), []

    @agent("sender", timeout_s=2, retry=Retry(attempts=3, first_s=1))
    async def sender(question: Question) -> tuple[Note, Note, Note]:
        return Note(number=11), Note(number=12), Note(number=13)

    async with running(sink(gate, seen, Overflow.BLOCK, capacity=1, block_s=100), sender) as runtime:
        await fill(runtime, gate, 1)
        run = runtime.start(Question(), Answer)
        await anyio.sleep(50)  # past the sender's timeout: what was returned is not returned again
        assert runtime.statistics().agents["sender"].handled == 0
        gate.open.set()
        await run.settled()
        assert seen == [0, 1, 11, 12, 13]
        assert runtime.statistics().agents["sender"].retried == 0
        assert_at_rest(runtime)


async def test_backpressure_one_worker_that_publishes_to_itself_ends_at_once_naming_the_cycle() -> None:
    """`block` cannot deadlock: a wait that would close a cycle ends at once as an outcome."""

    @agent("loop", mailbox=Mailbox(capacity=1, block_s=3_600), publishes=(Note,))
    async def loop(note: Note, context: Context) -> None:
        if note.number == 0:
            for number in range(1, 4):
                await context.publish(Note(number=number))

    async with running(loop) as runtime:
        started = anyio.current_time()
        run = runtime.start(Note(), Answer)
        await run.settled()
        assert anyio.current_time() == started
        assert {letter.reason for letter in runtime.operations.dead_letters()} == {"deadlock: loop -> loop"}
        assert_at_rest(runtime)


async def test_backpressure_two_full_mailboxes_that_wait_for_each_other_end_at_once_naming_the_path() -> None:
    both = anyio.Event()

    @agent("left", mailbox=Mailbox(capacity=1, block_s=3_600), publishes=(Opinion,))
    async def left(note: Note, context: Context) -> None:
        if note.number == 0:
            await both.wait()
            for _ in range(4):
                await context.publish(Opinion(text="from left"))

    @agent("right", mailbox=Mailbox(capacity=1, block_s=3_600), publishes=(Note,))
    async def right(opinion: Opinion, context: Context) -> None:
        if opinion.text == "start":
            await both.wait()
            for _ in range(4):
                await context.publish(Note(number=1))

    async with running(left, right) as runtime:
        one = runtime.start(Note(), Answer)
        two = runtime.start(Opinion(text="start"), Answer)
        await turns()
        started = anyio.current_time()
        both.set()
        await one.settled()
        await two.settled()
        assert anyio.current_time() == started
        reasons = {letter.reason for letter in runtime.operations.dead_letters()}
        assert reasons
        assert reasons <= {"deadlock: left -> right -> left", "deadlock: right -> left -> right"}
        assert_at_rest(runtime)


async def test_a_gather_cycle_ends_at_once_naming_the_path() -> None:
    """The wait graph holds gathers on agents whose every slot waits."""
    reasons: list[str] = []

    @agent("alpha", asks={Note: Opinion})
    async def alpha(question: Question, context: Context) -> Answer:
        try:
            await context.ask(Note(), Opinion)
        except PartMissingError as error:
            reasons.append(error.reason)
        return Answer()

    @agent("beta", asks={Question: Answer})
    async def beta(note: Note, context: Context) -> Opinion:
        try:
            await context.ask(Question(), Answer)
        except PartMissingError as error:
            reasons.append(error.reason)
        return Opinion()

    async with running(alpha, beta) as runtime:
        started = anyio.current_time()
        await runtime.ask(Question(), Answer)
        assert anyio.current_time() == started
        assert len(reasons) == 1
        assert "deadlock: " in reasons[0]
        assert "alpha -> beta -> alpha" in reasons[0] or "beta -> alpha -> beta" in reasons[0]


async def test_a_gather_on_itself_ends_at_once() -> None:
    @agent("self", asks={Question: Answer})
    async def narcissus(question: Question, context: Context) -> Answer:
        return await context.ask(Question(), Answer)

    async with running(narcissus) as runtime:
        with pytest.raises(RunStalled, match="deadlock: self -> self"):
            await runtime.ask(Question(), Answer, within_s=3_600)
        assert_at_rest(runtime)


async def test_a_gather_that_waits_behind_other_work_is_no_cycle() -> None:
    gate, got = Gate(), []

    @agent("worker", concurrency=1)
    async def worker(question: Question) -> Answer:
        await gate.wait()
        return Answer()

    @agent("desk", asks={Question: Answer})
    async def desk(order: Order, context: Context) -> Opinion:
        got.append(await context.ask(Question(), Answer))
        return Opinion()

    async with running(worker, desk) as runtime:
        first = runtime.start(Order(account="a", number=1), Opinion)
        second = runtime.start(Order(account="b", number=2), Opinion)
        await turns()
        assert runtime.operations.dead_letters() == ()
        gate.open.set()
        await first.result()
        await second.result()
        assert len(got) == 2


async def test_a_masked_key_is_nobodys_key() -> None:
    """Order and lanes go by the original key, whatever a recipient may see of it."""
    seen: list[tuple[str, int]] = []
    gate = Gate()

    @agent("clerk", concurrency=3)
    async def clerk(order: Order) -> None:
        if order.number == 0:
            await gate.wait()
        seen.append((order.account, order.number))

    policies = PolicySet((verdict_for("clerk", Order, Redact(frozenset({("account",)}))),))
    async with running(clerk, policies=policies) as runtime:
        for account, number in (("a", 0), ("a", 1), ("b", 2)):
            await runtime.publish(Order(account=account, number=number))
        await turns()
        assert seen == [("[masked]", 2)]
        gate.open.set()
        await runtime.drain(10)
        assert seen[1:] == [("[masked]", 0), ("[masked]", 1)]
        assert_at_rest(runtime)
