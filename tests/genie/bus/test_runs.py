"""Cancelling, deadlines and waiting for runs, from every state a delivery can be in."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator

import anyio
import pytest

from genie.contracts.agent import Join, agent
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox, Retry, RunLimits
from genie.contracts.message import Payload
from genie.errors import RunCancelledError, RunExpiredError, RunStalled
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
    running,
    turns,
)

pytestmark = pytest.mark.anyio


class Pair(Payload, topic="t.pair"):
    opinion: Opinion
    order: Order


def everything(gate: Gate):
    """Return agents that bring a run into every state at once."""

    @agent("queued", concurrency=1)
    async def queued(question: Question) -> Answer:
        await gate.wait()
        return Answer()

    @agent("parallel", concurrency=3)
    async def parallel(question: Question) -> None:
        await gate.wait()

    @agent("retrying", retry=Retry(attempts=2, first_s=1_000, longest_s=1_000))
    async def retrying(question: Question) -> None:
        raise ValueError

    @agent("guarded")
    async def guarded(question: Question) -> None:
        pass

    @agent("timed", publishes=(Note,))
    async def timed(question: Question, context: Context) -> None:
        context.after(1_000, Note())

    @agent("asking", asks={Note: Answer})
    async def asks(question: Question, context: Context) -> None:
        await context.ask(Note(number=1), Answer)

    @agent("deeper", asks={Note: Opinion})
    async def deeper(note: Note, context: Context) -> Answer:
        if note.number == 1:
            await context.ask(Note(number=2), Opinion)
        else:
            await gate.wait()
        return Answer()

    @agent("deepest", concurrency=2)
    async def deepest(note: Note) -> Opinion:
        await gate.wait()
        return Opinion()

    @agent("streaming")
    async def streaming(question: Question) -> AsyncIterator[Opinion]:
        yield Opinion()
        await gate.wait()
        yield Opinion()

    @agent("full", mailbox=Mailbox(capacity=1, block_s=3_600))
    async def full(order: Order) -> None:
        await gate.wait()

    @agent("blocked", publishes=(Order,))
    async def blocked(question: Question, context: Context) -> None:
        for number in range(5):
            await context.publish(Order(account=str(number), number=number))

    return (
        queued, parallel, retrying, guarded, timed, asks, deeper, deepest, streaming, full, blocked,
    )  # fmt: skip


JOIN = Join(id="pair", into=Pair, parts={"opinion": Opinion, "order": Order}, within_s=5_000)


class Never(Payload, topic="t.never"):
    """Nobody answers it."""


@pytest.mark.parametrize("how", ["cancel", "deadline", "close"])
async def test_cancellation_from_every_state_settles_everything_and_other_runs_feel_nothing(how: str) -> None:
    """Queued, running, blocked for room, retrying, held, timed, in nested gathers, streaming, in a join."""
    gate = Gate()
    options = {"policies": holding("guarded", Question), "joins": (JOIN,)}
    async with running(*everything(gate), answerer, **options) as runtime:
        doomed = runtime.start(Question(), Never, deadline_s=100 if how == "deadline" else None)
        other = runtime.start(Question(), Answer, to="queued")
        await turns(300)
        states = runtime.statistics()
        assert (states.timed, states.held) == (1, 1)
        assert states.agents["retrying"].retrying == 1
        assert states.agents["full"].queued > 1  # one waits for room
        assert states.agents["deepest"].in_flight == 2  # in two scopes, one below the other
        assert states.agents["streaming"].running == 1
        assert states.totals.balanced
        if how == "cancel":
            doomed.cancel()
        elif how == "deadline":
            runtime.approvals.refuse(runtime.approvals.holds()[0].id)
            await anyio.sleep(200)
        if how != "close":
            with pytest.raises(RunCancelledError if how == "cancel" else RunExpiredError):
                await doomed.result()
            await doomed.settled()
            counts = doomed.messages()
            assert counts.balanced
            assert counts.in_flight == 0
            assert counts.cancelled + counts.expired >= 8
            gate.open.set()
            assert await other.result() == Answer()
            await other.settled()
            assert_at_rest(runtime)
    after = runtime.statistics()
    assert after.totals.balanced
    assert (after.totals.in_flight, after.runs, after.timed, after.held) == (0, 0, 0, 0)
    if how == "close":
        with pytest.raises(RunCancelledError, match="closed"):
            await doomed.result()


async def test_cancellation_when_the_caller_goes_away() -> None:
    """Row `cancellation`: the caller going away cancels every handler working for it."""
    gate = Gate()
    async with running(gated(gate), answerer) as runtime:
        with anyio.move_on_after(1):
            await runtime.ask(Question(), Answer, to="slow")
        await turns()
        assert gate.cancelled == 1
        assert runtime.statistics().agents["slow"].cancelled == 1
        with anyio.move_on_after(1):
            await runtime.gather(Question(number=7), expect=Each(Answer))
        await turns()
        assert gate.cancelled == 2
        assert_at_rest(runtime)


async def test_cancellation_when_the_caller_goes_away_while_it_waits_for_room() -> None:
    gate = Gate()
    slow = gated(gate, mailbox=Mailbox(capacity=1, block_s=3_600))
    async with running(slow) as runtime:
        for _ in range(2):
            await runtime.publish(Question())
            await turns()
        with anyio.move_on_after(1) as moved:
            await runtime.ask(Question(), Answer)
        assert moved.cancelled_caught
        assert runtime.statistics().agents["slow"].cancelled == 1
        gate.open.set()
        await runtime.drain(10)
        assert runtime.statistics().agents["slow"].handled == 2
        assert_at_rest(runtime)


async def test_cancellation_of_a_run_twice_or_after_its_end_does_nothing() -> None:
    async with running(answerer) as runtime:
        run = runtime.start(Question(text="x"), Answer)
        await run.result()
        await run.settled()
        run.cancel()
        run.cancel()
        assert (await run.result()).text == "x"
        assert run.messages().cancelled == 0


async def test_cancellation_frees_the_key_for_the_next_run() -> None:
    gate, seen = Gate(), []

    @agent("clerk", concurrency=2, retry=Retry(attempts=2, first_s=1_000, longest_s=1_000))
    async def clerk(order: Order) -> None:
        if order.number == 0:
            raise ValueError
        if order.number == 1:
            await gate.wait()
        seen.append(order.number)

    async with running(clerk) as runtime:
        retrying = runtime.start(Order(account="a", number=0), Answer)
        await turns()
        behind = runtime.start(Order(account="a", number=2), Answer)
        busy = runtime.start(Order(account="b", number=1), Answer)
        await gate.reached.wait()
        also = runtime.start(Order(account="b", number=3), Answer)
        await turns()
        assert seen == []
        retrying.cancel()
        await behind.settled()
        busy.cancel()
        await also.settled()
        assert seen == [2, 3]
        assert_at_rest(runtime)


async def test_deadlines_are_inherited_by_everything_a_run_causes() -> None:
    seen: list[float] = []

    @agent("desk", asks={Question: Answer})
    async def desk(note: Note, context: Context) -> Opinion:
        seen.append(context.deadline)
        await context.ask(Question(), Answer)
        return Opinion()

    @agent("inner")
    async def inner(question: Question, context: Context) -> Answer:
        seen.append(context.deadline)
        return Answer()

    async with running(desk, inner) as runtime:
        now = anyio.current_time()
        await runtime.ask(Note(), Opinion, within_s=30)
        assert seen == [pytest.approx(now + 30)] * 2
        await runtime.ask(Note(), Opinion)
        assert seen[2:] == [float("inf")] * 2


async def test_deadlines_an_expired_delivery_is_not_handled() -> None:
    """Row `deadlines`: in the queue, and during handling."""
    gate, seen = Gate(), []

    @agent("slow")
    async def slow(question: Question) -> Answer:
        seen.append(question.number)
        await gate.wait()
        return Answer()

    async with running(slow) as runtime:
        first = runtime.start(Question(number=1), Answer, deadline_s=50)
        await gate.reached.wait()
        second = runtime.start(Question(number=2), Answer, deadline_s=10)
        with pytest.raises(RunExpiredError):
            await second.result()
        with pytest.raises(RunExpiredError):
            await first.result()
        await turns()
        assert seen == [1]
        assert runtime.statistics().agents["slow"].expired == 2
        assert first.messages().expired == second.messages().expired == 1
        assert_at_rest(runtime)


async def test_deadlines_a_run_without_one_takes_the_runtimes() -> None:
    async with running(gated(Gate()), limits=RunLimits(deadline_s=5)) as runtime:
        started = anyio.current_time()
        with pytest.raises(RunExpiredError):
            await runtime.ask(Question(), Answer)
        assert anyio.current_time() == pytest.approx(started + 5)


@pytest.mark.parametrize("within_s", [float("nan"), -1.0])
async def test_deadlines_that_are_no_time_are_refused_and_leave_nothing_open(within_s: float) -> None:
    async with running(answerer) as runtime:
        with pytest.raises(ValueError, match="seconds, at least 0"):
            await runtime.ask(Question(), Answer, within_s=within_s)
        with pytest.raises(ValueError, match="seconds, at least 0"):
            runtime.start(Question(), Answer, deadline_s=within_s)
        with pytest.raises(ValueError, match="seconds, at least 0"):
            await runtime.gather(Question(), expect=Answer, within_s=within_s)
        assert_at_rest(runtime)
        assert await runtime.ask(Question(), Answer, within_s=5) == Answer(text="?")


async def test_a_run_ends_in_milliseconds_with_a_typed_failure() -> None:
    """Row `failure`: asking callers get a typed failure, not a timeout."""

    @agent("breaker")
    async def breaker(question: Question) -> Answer:
        raise ValueError

    async with running(breaker) as runtime:
        started = anyio.current_time()
        with pytest.raises(RunStalled) as caught:
            await runtime.ask(Question(), Answer, within_s=3_600)
        assert anyio.current_time() == started
        assert caught.value.expected == "t.answer"


async def test_events_tell_what_happens_and_end_when_the_run_is_at_rest() -> None:
    @agent("reporting")
    async def reporting(question: Question, context: Context) -> Answer:
        context.progress("reading", fraction=0.5)
        return Answer()

    async with running(reporting) as runtime:
        run = runtime.start(Question(text="secret"), Answer)
        events = [event async for event in run.events()]
        assert [event.kind for event in events] == [
            "accepted", "started", "progress", "accepted", "answered", "handled",
        ]  # fmt: skip
        assert events[2].reason == "reading (50%)"
        assert "secret" not in repr(events)
        assert run.at_rest


async def test_events_say_held_at_once() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        kinds = []
        async for event in run.events():
            kinds.append(event.kind)
            if event.kind == "held":
                runtime.approvals.release(runtime.approvals.holds()[0].id)
        assert kinds[:3] == ["accepted", "held", "released"]
        assert kinds[-1] == "handled"


async def test_events_are_bounded_the_oldest_go_first() -> None:
    @agent("chatty")
    async def chatty(question: Question, context: Context) -> Answer:
        for number in range(5_000):
            context.progress(str(number))
        return Answer()

    async with running(chatty) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        events = [event async for event in run.events()]
        assert len(events) == 4_096
        assert events[-1].kind == "handled"


async def test_events_can_be_read_by_two_readers() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        run = runtime.start(Question(), Answer)
        read: list[int] = []

        async def reader() -> None:
            read.append(len([event async for event in run.events()]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reader)
            tasks.start_soon(reader)
            await gate.reached.wait()
            await turns()
            gate.open.set()
        assert len(read) == 2


async def test_a_run_tells_what_each_agent_did_for_it() -> None:
    @agent("breaker")
    async def breaker(question: Question) -> Answer:
        raise ValueError

    async with running(answerer, breaker) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        agents = run.agents()
        assert (agents["answerer"].handled, agents["answerer"].failed) == (1, 0)
        assert (agents["breaker"].handled, agents["breaker"].failed) == (0, 1)
        assert agents["answerer"].p50_ms is not None
        assert [(failure.agent, str(failure)) for failure in run.failures()] == [
            ("breaker", "dead_lettered(ValueError)")
        ]


async def test_a_result_may_be_awaited_by_many_and_again() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        run = runtime.start(Question(number=5), Answer)
        got: list[int] = []

        async def wait() -> None:
            got.append((await run.result()).number)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(wait)
            await gate.reached.wait()
            gate.open.set()
        await wait()
        assert got == [5] * 4


async def test_a_run_at_rest_is_freed_without_the_cycle_collector() -> None:
    async with running(answerer) as runtime:
        freed: list[weakref.ref[object]] = []

        async def started(*, read: bool) -> None:
            run = runtime.start(Question(), Answer)
            events = [event.kind async for event in run.events()] if read else []
            assert (await run.result()).number == 0
            assert (run.messages().accepted, run.at_rest, bool(events)) == (2, True, read)
            freed.append(weakref.ref(run._state.root.gather or run))

        gc.disable()
        try:
            for read in (True, False):
                await started(read=read)
            await turns()
            assert [one() for one in freed] == [None, None]
        finally:
            gc.enable()
