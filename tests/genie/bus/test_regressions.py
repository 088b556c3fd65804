"""Cases that once went wrong, each found by a law that did not hold."""

from __future__ import annotations

import asyncio  # noqa: TID251 - a handler may meet its cancellation by other hands
import gc
import math
from collections.abc import AsyncIterator

import anyio
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Overflow, RestartBudget, Retry
from genie.contracts.message import Payload
from genie.errors import RunExpiredError, RunHeld, RunStalled
from genie.journal.memory import MemoryJournal
from genie.policy.policy import Deny, Hold, PolicySet, Redact
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    answerer,
    assert_at_rest,
    gated,
    holding,
    masking,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


class Other(Payload, topic="t.other"):
    text: str = ""


class Both(Payload, topic="t.both"):
    answer: Answer | None = None
    opinion: Opinion | None = None


class Noted(Payload, topic="t.noted"):
    note: Note | None = None
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
        assert len(subscriber.queue) + subscriber.behind_keys == 2
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
        runtime.approvals.release(held.value.holds[0])
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
        runtime.approvals.release(held.value.holds[0])
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


async def test_a_handler_that_raises_a_cancellation_of_its_own_is_contained(anyio_backend_name: str) -> None:
    if anyio_backend_name == "trio":
        pytest.skip("trio lets nobody make a Cancelled")

    @agent("breaker")
    async def breaker(question: Question) -> Answer:
        if question.number:
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
        raise asyncio.CancelledError

    async with running(breaker, answerer) as runtime:
        for number in (0, 1):
            with pytest.raises(RunStalled, match="breaker"):
                await runtime.ask(Question(number=number), Answer, to="breaker")
        assert (await runtime.ask(Question(), Answer, to="answerer")).text == "?"
        assert_at_rest(runtime)


class Exit(BaseException):
    pass


@pytest.mark.parametrize("waits", [False, True])
async def test_a_handler_that_raises_what_is_no_exception_is_contained_too(*, waits: bool) -> None:
    @agent("breaker")
    async def breaker(_question: Question) -> Answer:
        if waits:
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
        raise Exit

    async with running(breaker, answerer) as runtime:
        with pytest.raises(RunStalled, match="Exit"):
            await runtime.ask(Question(), Answer, to="breaker")
        assert await runtime.ask(Question(), Answer, to="answerer")
        assert_at_rest(runtime)


async def test_closing_does_not_wait_for_a_handler_that_swallows_its_cancellation_once() -> None:
    entered = anyio.Event()

    @agent("stubborn")
    async def stubborn(_note: Note) -> None:
        entered.set()
        try:
            await anyio.sleep_forever()
        except BaseException:  # noqa: BLE001 - what this is about
            return

    with anyio.fail_after(100):
        async with Runtime([stubborn]) as runtime:
            await runtime.publish(Note())
            await entered.wait()
    assert runtime.statistics().agents["stubborn"].cancelled == 1


async def test_a_stream_that_has_yielded_is_not_retried_after_its_timeout() -> None:
    started: list[int] = []

    @agent("stream", timeout_s=1.0, retry=Retry(attempts=3))
    async def stream(question: Question) -> AsyncIterator[Answer]:
        started.append(question.number)
        yield Answer()
        await anyio.sleep(10)

    async with running(stream) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert started == [0]
        assert run.messages().dead_lettered == 1


async def test_a_returned_payload_is_not_sent_again_when_the_time_ends_while_it_waits_for_room() -> None:
    gate, handled = Gate(), []

    @agent("source", timeout_s=1.0, retry=Retry(attempts=3))
    async def source(_question: Question) -> Note:
        handled.append(1)
        return Note()

    @agent("sink", mailbox=Mailbox(1, Overflow.BLOCK, math.inf))
    async def sink(_note: Note) -> None:
        await gate.wait()

    async with running(source, sink) as runtime:
        for _ in range(2):
            await runtime.publish(Note())
        await turns()
        run = runtime.start(Question(), Answer)
        await anyio.sleep(30)
        gate.open.set()
        await run.settled()
        assert handled == [1]


async def test_handlers_that_yield_to_the_loop_once_let_others_run() -> None:
    turned = 0

    @agent("busy")
    async def busy(_note: Note) -> None:
        await anyio.lowlevel.checkpoint()

    async with running(busy) as runtime, anyio.create_task_group() as group:

        async def others() -> None:
            nonlocal turned
            while True:
                await anyio.lowlevel.checkpoint()
                turned += 1

        for _ in range(500):
            await runtime.publish(Note())
        group.start_soon(others)
        while runtime.statistics().runs:
            await anyio.lowlevel.checkpoint()
        assert turned > 100
        group.cancel_scope.cancel()


# --- gathers ---


async def test_a_gather_returns_in_time_while_its_question_waits_for_room() -> None:
    gate, took = Gate(), []

    @agent("sink", mailbox=Mailbox(1, Overflow.BLOCK, math.inf))
    async def sink(_question: Question) -> Answer:
        await gate.wait()
        return Answer()

    @agent("desk", asks={Question: (Answer,)})
    async def desk(_note: Note, context: Context) -> None:
        started = context.deadline, anyio.current_time()
        gathered = await context.gather(Question(), expect=Answer, within_s=1.0)
        took.append((anyio.current_time() - started[1], gathered.missing["t.answer"].reason))

    async with running(sink, desk) as runtime:
        for _ in range(2):
            await runtime.publish(Question())
        await turns()
        await runtime.publish(Note())
        started = anyio.current_time()
        gathered = await runtime.gather(Question(), expect=Answer, within_s=2.0)
        assert anyio.current_time() - started == pytest.approx(2)
        assert gathered.missing["t.answer"].reason == "late"
        assert took == [(pytest.approx(1), "late")]
        gate.open.set()


async def test_what_a_fallback_publishes_later_counts_for_the_agent_it_replaces() -> None:
    @agent("first", fallback="second")
    async def first(_question: Question) -> Answer:
        raise ValueError

    @agent("second", publishes=(Answer,))
    async def second(_question: Question, context: Context) -> None:
        context.after(1.0, Answer(text="second"))

    async with running(first, second) as runtime:
        gathered = await runtime.gather(Question(), expect=Each(Answer))
        assert gathered[Each(Answer)]["first"].text == "second"


async def test_a_part_that_an_agent_added_meanwhile_can_bring_is_not_given_up() -> None:
    gate = Gate()

    @agent("first", publishes=(Note,))
    async def first(_question: Question, context: Context) -> None:
        await gate.wait()
        await context.publish(Note())

    @agent("nothing")
    async def nothing(_question: Question) -> Opinion | None:
        await anyio.sleep(1)
        return None

    @agent("late")
    async def late(_note: Note) -> Answer:
        return Answer(text="late")

    async with running(first, nothing) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        await runtime.add(late)
        await anyio.sleep(5)
        gate.open.set()
        assert (await run.result()).text == "late"


# --- joins ---


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_join_at_rest_waits_for_what_an_earlier_join_brings(*, backwards: bool) -> None:
    """Both has no opinion, so it closes at rest; of it comes Other, which the second join waits for."""
    seen: list[Noted] = []

    @agent("noter")
    async def noter(_question: Question) -> Note:
        return Note()

    @agent("other")
    async def other(_both: Both) -> Other:
        return Other(text="other")

    @agent("reader")
    async def reader(noted: Noted) -> None:
        seen.append(noted)

    joins = [
        Join(id="both", into=Both, parts={"answer": Answer, "opinion": Opinion}, partial="publish"),
        Join(id="noted", into=Noted, parts={"note": Note, "other": Other}, partial="publish"),
    ]
    agents = [noter, answerer] if backwards else [answerer, noter]  # so that either join opens first
    async with running(*agents, other, reader, joins=joins) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
    assert [noted.other for noted in seen] == [Other(text="other")]


async def test_what_a_join_publishes_is_caused_by_a_part_that_it_took() -> None:
    journal = MemoryJournal()
    policies = PolicySet((verdict_for("both", Opinion, Deny("no", "not for joins")),))

    @agent("opinions")
    async def opinions(_answer: Answer) -> Opinion:
        return Opinion()

    join = Join(id="both", into=Both, parts={"answer": Answer, "opinion": Opinion}, partial="publish")
    async with running(answerer, opinions, joins=[join], policies=policies, journal=journal) as runtime:
        await runtime.start(Question(), Answer).settled()
    numbers = {entry.topic: entry.message.number for entry in journal if entry.message is not None}
    causes = {entry.topic: entry.message.cause for entry in journal if entry.message is not None}
    assert causes["t.both"] == numbers["t.answer"]


# --- waits that cannot end ---


async def test_a_handler_that_asks_its_own_agent_behind_its_own_key_is_told_at_once() -> None:
    reasons: list[str] = []

    @agent("desk", concurrency=4, asks={Question: (Answer,)})
    async def desk(question: Question, context: Context) -> Answer:
        gathered = await context.gather(Question(number=question.number + 1), expect=Answer)
        reasons.extend(missing.reason for missing in gathered.missing.values())
        return Answer()

    async with running(desk) as runtime:
        with anyio.fail_after(1):
            await runtime.ask(Question(), Answer)
    assert any("deadlock" in reason for reason in reasons)


async def test_a_cycle_behind_a_key_over_two_agents_is_told_at_once() -> None:
    @agent("desk", concurrency=4, asks={Note: (Opinion,)})
    async def desk(_question: Question, context: Context) -> Answer:
        await context.gather(Note(), expect=Opinion)
        return Answer()

    @agent("helper", concurrency=4, asks={Question: (Answer,)})
    async def helper(_note: Note, context: Context) -> Opinion:
        await context.gather(Question(), expect=Answer)
        return Opinion()

    async with running(desk, helper) as runtime:
        with anyio.fail_after(1):
            assert await runtime.ask(Question(), Answer)


async def test_a_publisher_that_fills_its_own_mailbox_behind_its_own_key_is_told_at_once() -> None:
    @agent("source", concurrency=2, mailbox=Mailbox(1, Overflow.BLOCK, math.inf))
    async def source(note: Note) -> tuple[Note, ...]:
        return () if note.number else tuple(Note(number=number) for number in range(1, 5))

    async with running(source) as runtime:
        run = runtime.start(Note(), Answer)
        with anyio.fail_after(1):
            await run.settled()
        assert run.messages().balanced


async def test_a_cycle_that_closes_when_something_else_ends_is_told_then() -> None:
    """The desk waits for a slow agent, and for one that waits for the desk."""

    @agent("desk", asks={Question: (Answer, Other)})
    async def desk(note: Note, context: Context) -> Opinion:
        if note.number == 0:
            await context.gather(Question(), expect=(Answer, Other))
        return Opinion()

    @agent("slow")
    async def slow(_question: Question) -> Other:
        await anyio.sleep(5)
        return Other()

    @agent("back", asks={Note: (Opinion,)})
    async def back(_question: Question, context: Context) -> Answer:
        gathered = await context.gather(Note(number=1), expect=Opinion)
        return Answer(text=next(iter(gathered.missing.values())).reason)

    @agent("watcher")
    async def watcher(_note: Note) -> None:
        await anyio.sleep(5)

    async with running(desk, slow, back, watcher) as runtime:
        with anyio.fail_after(11):  # of the watcher's two notes
            assert await runtime.ask(Note(), Opinion)


async def test_a_cycle_through_an_agent_with_slots_to_spare_is_told_at_once() -> None:
    @agent("desk", asks={Question: (Answer,)})
    async def desk(note: Note, context: Context) -> Opinion:
        if note.number == 0:
            await context.gather(Question(), expect=Answer)
        return Opinion()

    @agent("back", concurrency=8, asks={Note: (Opinion,)})
    async def back(_question: Question, context: Context) -> Answer:
        await context.gather(Note(number=1), expect=Opinion)
        return Answer()

    async with running(desk, back) as runtime:
        with anyio.fail_after(1):
            assert await runtime.ask(Note(), Opinion)


async def test_a_cycle_that_closes_when_a_retry_comes_due_is_told_at_once() -> None:
    attempts: list[int] = []

    @agent("desk", asks={Question: (Answer,)}, retry=Retry(attempts=1))
    async def desk(note: Note, context: Context) -> Opinion:
        if note.number == 0:
            await context.gather(Question(), expect=Answer)
        return Opinion()

    @agent("middle", asks={Note: (Opinion,)}, retry=Retry(attempts=2, first_s=1.0))
    async def middle(_question: Question, context: Context) -> Answer:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError
        await context.gather(Note(number=1), expect=Opinion)
        return Answer()

    async with running(desk, middle) as runtime:
        with anyio.fail_after(10):
            assert await runtime.ask(Note(), Opinion)


async def test_a_cycle_that_a_join_might_have_broken_is_told_when_the_join_closes() -> None:
    @agent("desk", asks={Note: (Both,)})
    async def desk(note: Note, context: Context) -> Opinion:
        if note.number == 0:
            await context.gather(Note(number=1), expect=Both)
        return Opinion()

    class Wanted(Payload):
        note: Note | None = None
        other: Other | None = None

    join = Join(id="wanted", into=Wanted, parts={"note": Note, "other": Other}, within_s=3.0)
    async with running(desk, joins=[join]) as runtime:
        with anyio.fail_after(4):
            await runtime.start(Note(), Opinion).settled()


@pytest.mark.parametrize("first", [Note, Question])
async def test_in_a_cycle_the_wait_gives_way_that_would_end_first(first: type[Payload]) -> None:
    """The hasty one would give up after a second, and then answer the patient one: so the patient one is answered."""
    patient_got: list[list[str]] = []
    hasty_got: list[list[str]] = []

    @agent("patient", asks={Question: (Answer,)})
    async def patient(note: Note, context: Context) -> Opinion:
        if note.number < 2:
            gathered = await context.gather(Question(number=note.number + 1), expect=Answer)
            patient_got.append([missing.reason for missing in gathered.missing.values()])
        return Opinion()

    @agent("hasty", asks={Note: (Opinion,)})
    async def hasty(question: Question, context: Context) -> Answer:
        if question.number < 2:
            gathered = await context.gather(Note(number=question.number + 1), expect=Opinion, within_s=1.0)
            hasty_got.append([missing.reason for missing in gathered.missing.values()])
        return Answer()

    async with running(patient, hasty) as runtime:
        with anyio.fail_after(0.5):
            await runtime.start(first(), Opinion if first is Note else Answer).settled()
    assert patient_got == [[]]
    assert hasty_got in ([["deadlock: patient -> hasty -> patient"]], [["deadlock: hasty -> patient -> hasty"]])


async def test_a_cycle_that_closes_when_a_held_answer_ends_is_told_then() -> None:
    @agent("loop", asks={Question: (Answer, Opinion)})
    async def loop(question: Question, context: Context) -> Note:
        if question.number == 0:
            await context.gather(Question(number=1), expect=(Answer, Opinion))
        return Note()

    policies = PolicySet((verdict_for("loop", Answer, Hold("ask", 5.0)),))
    async with running(loop, answerer, policies=policies) as runtime:
        with anyio.fail_after(6):
            await runtime.ask(Question(), Note)


async def test_a_handler_with_two_waits_is_told_of_the_one_that_is_left() -> None:
    """Its own mailbox is full of what it asked before; of two more questions each waits for room in it."""

    @agent("loop", asks={Question: (Answer,)}, mailbox=Mailbox(1, Overflow.BLOCK, math.inf))
    async def loop(question: Question, context: Context) -> Opinion:
        if question.number == 0:
            await context.gather(Question(number=1), expect=Answer)
            async with anyio.create_task_group() as group:
                for _ in range(2):
                    group.start_soon(gather, context)
        return Opinion()

    async def gather(context: Context) -> None:
        await context.gather(Question(number=2), expect=Answer)

    async with running(loop, answerer) as runtime:
        with anyio.fail_after(1):
            await runtime.start(Question(), Opinion).settled()


# --- what is kept ---


@pytest.mark.usefixtures("own_garbage")
async def test_callers_come_and_go_without_leaving_anything() -> None:
    async with running(answerer, policies=masking("nobody", Answer)) as runtime:
        for number in range(3_000):
            await runtime.ask(Question(), Answer, caller=Caller(user=f"user {number}"))
        gc.collect()
        assert len(runtime._questions._askers) <= 1_024
        assert len(runtime._bus._judged_for) <= 2 * 1_024


async def test_a_dead_letter_keeps_nothing_of_what_agents_kept_for_the_run() -> None:
    @agent("breaker")
    async def breaker(_note: Note, context: Context) -> None:
        context.state["kept"] = "private"
        raise ValueError

    async with running(breaker) as runtime:
        await runtime.publish(Note())
        await turns()
        (letter,) = runtime.operations.dead_letters()
        assert letter.message.scope.run.state is None


async def test_redriving_after_new_policies_judges_the_answer_by_them() -> None:
    async with running(answerer, policies=PolicySet((verdict_for("x", Note, Redact(frozenset())),))) as runtime:
        assert await runtime.ask(Question(), Answer)
        runtime.operations.replace_policies(masking("caller:local", Answer))
        assert (await runtime.ask(Question(text="seen"), Answer)).text == "[masked]"


async def test_an_agent_that_is_added_again_begins_with_a_new_restart_budget() -> None:
    @agent("fragile", restarts=RestartBudget(failures=1, within_s=1_000))
    async def fragile(question: Question) -> Answer:
        raise ValueError

    async with running(fragile) as runtime:
        for again in range(2):
            if again:
                await runtime.remove("fragile")
                await runtime.add(fragile)
            with pytest.raises(RunStalled):
                await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["fragile"].suspended is None
