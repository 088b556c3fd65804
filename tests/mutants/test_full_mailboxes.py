"""Full mailboxes, keys, retries that must wait, and circles: what gives way, and who goes on at once."""

from __future__ import annotations

from typing import Any, ClassVar

import anyio
import pytest

from genie import Caller, Context, Mailbox, Overflow, PolicySet, Retry, agent
from genie.errors import GenieError, UnknownAgentError
from genie.policy.policy import AsyncPolicy, AsyncSettings
from genie.policy.verdicts import ALLOW, Hold
from genie.testing import RecordingLog
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    Rule,
    assert_at_rest,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("overflow", "handled"),
    [
        (Overflow.BLOCK, [1, 2, 3]),
        (Overflow.SHED_NEWEST, [1, 2]),
        (Overflow.SHED_OLDEST, [1, 3]),
        (Overflow.REJECT, [1, 2]),
    ],
)
async def test_what_is_released_into_a_full_mailbox_meets_its_overflow(overflow: Overflow, handled: list[int]) -> None:
    """A released delivery has no publisher to wait or to be told: it waits in its own name, or ends."""
    gate = Gate()
    seen: list[int] = []

    @agent("guarded", mailbox=Mailbox(capacity=1, overflow=overflow))
    async def guarded(question: Question) -> None:
        seen.append(question.number)
        await gate.wait()

    def third(route):
        return lambda message, _sender: Hold("ask") if message.payload.number == 3 else ALLOW

    async with running(guarded, policies=PolicySet((Rule(third),))) as runtime:
        for number in (1, 3, 2):
            await runtime.publish(Question(number=number), caller=Caller(user="ann"))
            await turns()
        assert runtime.statistics().agents["guarded"].queued == 1
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
        await turns()
        assert runtime.statistics().totals.dead_lettered == 3 - len(handled)
        gate.open.set()
        await runtime.drain(10)
        assert seen == handled
        assert_at_rest(runtime)


async def test_who_waits_too_long_for_room_after_a_release_ends_by_name() -> None:
    gate = Gate()

    @agent("guarded", mailbox=Mailbox(capacity=1, overflow=Overflow.BLOCK, block_s=5))
    async def guarded(question: Question) -> None:
        await gate.wait()

    def third(route):
        return lambda message, _sender: Hold("ask") if message.payload.number == 3 else ALLOW

    async with running(guarded, policies=PolicySet((Rule(third),))) as runtime:
        for number in (1, 3, 2):
            await runtime.publish(Question(number=number), caller=Caller(user="ann"))
            await turns()
        runtime.approvals.approve(runtime.approvals.holds()[0].id, by="ben", reason="fine")
        await anyio.sleep(4.9)
        assert runtime.operations.dead_letters() == ()
        await anyio.sleep(0.2)
        assert [letter.code for letter in runtime.operations.dead_letters()] == ["overflow"]
        gate.open.set()
        await runtime.drain(10)
        assert runtime.statistics().totals.handled == 2
        assert_at_rest(runtime)


async def test_room_that_a_cancelled_run_leaves_behind_a_key_is_used_at_once() -> None:
    """One account holds every place of the mailbox; when its run goes away, another account need not wait for it."""
    gate = Gate()
    seen: list[str] = []

    @agent("clerk", concurrency=2, mailbox=Mailbox(capacity=2, overflow=Overflow.BLOCK))
    async def clerk(order: Order) -> Answer:
        seen.append(f"{order.account}{order.number}")
        if order.account == "a":
            await gate.wait()
        return Answer()

    async with running(clerk) as runtime:
        runtime.start(Order(account="a", number=1), Answer)
        await gate.reached.wait()
        behind = [runtime.start(Order(account="a", number=number), Answer) for number in (2, 3)]
        await turns()
        other = runtime.start(Order(account="b", number=4), Answer)
        await turns()
        assert seen == ["a1"]
        behind[0].cancel()
        assert await other.result() == Answer()
        assert seen == ["a1", "b4"]
        gate.open.set()
        await behind[1].result()
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_a_handler_out_of_time_ends_at_once_where_no_other_retry_may_wait() -> None:
    """As many deliveries wait for a retry as the mailbox has places, so this one is not retried."""

    @agent(
        "stubborn",
        timeout_s=3,
        concurrency=2,
        mailbox=Mailbox(capacity=1),
        retry=Retry(attempts=3, first_s=1_000, longest_s=1_000),
    )
    async def stubborn(question: Question) -> Answer:
        if question.number == 0:
            raise ValueError
        try:
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.5)
        return Answer()

    async with running(stubborn) as runtime:
        first = runtime.start(Question(), Answer)
        await turns()
        assert runtime.statistics().agents["stubborn"].retrying == 1
        begun = anyio.current_time()
        second = runtime.start(Question(number=1), Answer)
        await second.settled()
        assert anyio.current_time() - begun == pytest.approx(3, abs=0.01)
        assert [failure.reason.code for failure in second.failures()] == ["timeout"]
        first.cancel()
        await first.settled()
        await anyio.sleep(1)
        assert_at_rest(runtime)


class Stubborn(AsyncPolicy):
    """Answers after its deadline, whatever cancels it."""

    name: ClassVar[str] = "stubborn"
    version: ClassVar[str] = "1"
    settings = AsyncSettings(deadline_s=5)

    def judge_of(self, route: Any) -> Any:
        async def judge(_message: Any, _sender: Any) -> Any:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(20)
            return ALLOW

        return judge if route.recipient.id == "answering" else None


async def test_a_verdict_that_comes_after_its_deadline_changes_nothing() -> None:
    seen: list[str] = []

    @agent("answering")
    async def answering(question: Question) -> Answer:
        seen.append("handled")
        return Answer()

    async with running(answering, policies=PolicySet((Stubborn(),))) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(60)
        assert seen == []
        assert (run.messages().denied, run.messages().handled) == (1, 0)
        assert_at_rest(runtime)


async def test_of_a_circle_of_waits_one_gives_way_and_the_others_go_on() -> None:
    """Two agents ask each other while each is busy: one question ends, and with its answer missing the rest ends."""
    ended: list[str] = []
    both = anyio.Event()
    busy = 0

    async def meet() -> None:
        nonlocal busy
        busy += 1
        if busy == 2:
            both.set()
        await both.wait()

    @agent("left", asks={Note: Opinion})
    async def left(question: Question, context: Context) -> Answer:
        if question.number:
            return Answer()
        await meet()
        try:
            await context.ask(Note(number=1), Opinion)
            ended.append("left answered")
        except GenieError:
            ended.append("left alone")
        return Answer()

    @agent("right", asks={Question: Answer})
    async def right(note: Note, context: Context) -> Opinion:
        if note.number:
            return Opinion()
        await meet()
        try:
            await context.ask(Question(number=1), Answer)
            ended.append("right answered")
        except GenieError:
            ended.append("right alone")
        return Opinion()

    async with running(left, right) as runtime:
        first = runtime.start(Question(), Answer)
        second = runtime.start(Note(), Opinion)
        await first.result()
        await second.result()
        assert len(ended) == 2
        assert sum(one.endswith("answered") for one in ended) == 1
        assert runtime.statistics().totals.dead_lettered == 1
        assert_at_rest(runtime)


@pytest.mark.parametrize("log", [None, RecordingLog], ids=["passing", "durable"])
async def test_an_addressee_that_is_unknown_is_told_at_once_and_costs_nothing(log: type[RecordingLog] | None) -> None:
    told: list[str] = []

    @agent("writer", publishes=(Note,))
    async def writer(question: Question, context: Context) -> Answer:
        for _ in range(3):
            try:
                await context.publish(Note(), to="nobody")
            except UnknownAgentError as error:
                told.append(error.code)
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        """Takes no note: none is for it."""

    async with running(writer, reader, log=log and log()) as runtime:
        run = runtime.start(Question(), Answer)
        await run.result()
        await run.settled()
        assert told == ["unknown_agent"] * 3
        assert run.messages().accepted == 2  # the question, and the answer
        assert_at_rest(runtime)


@pytest.mark.parametrize("debug", [False, True])
async def test_an_error_of_the_bus_is_logged_with_its_traceback_only_for_debugging(
    debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(debug=debug) as runtime:
        runtime.bus.timers.on("broken", lambda _data: 1 / 0)
        runtime.bus.timers.soon("broken")
        await turns()
        assert any(record.name == "genie.bus" for record in caplog.records)
        assert any(record.name == "genie.debug" for record in caplog.records) == debug
