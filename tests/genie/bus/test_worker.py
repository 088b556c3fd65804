"""One handler at a time: containment, timeouts, cancellation that is swallowed or shielded, and streams."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Literal

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Overflow, Retry
from genie.contracts.message import Message, Payload
from genie.edges.executors.default import InlineExecutor
from genie.errors import RunCancelledError, RunStalled
from genie.inflight.handlers import Call
from genie.simulation.instrumentation import SimulatedRuntime
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    answerer,
    assert_at_rest,
    gated,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


# --- failure is contained ---


@pytest.mark.parametrize("suspends", [False, True])
@pytest.mark.parametrize("error", [ValueError, StopIteration, StopAsyncIteration, RecursionError, ExceptionGroup])
async def test_failure_an_exception_is_contained_to_its_delivery(error: type[Exception], suspends: bool) -> None:
    """Bad input: an agent that raises; the next message is handled by the same worker."""

    @agent("fragile")
    async def fragile(question: Question) -> Answer:
        if suspends:
            await anyio.lowlevel.checkpoint()
        if question.number == 0:
            raise ExceptionGroup("several", [ValueError()]) if error is ExceptionGroup else error()
        return Answer(number=question.number)

    async with running(fragile) as runtime:
        with pytest.raises(RunStalled, match="fragile: dead_lettered"):
            await runtime.ask(Question(number=0), Answer)
        assert (await runtime.ask(Question(number=1), Answer)).number == 1
        assert_at_rest(runtime)


async def test_failure_its_text_reaches_neither_log_nor_reasons(caplog: pytest.LogCaptureFixture) -> None:
    """An exception's text may quote a payload."""

    @agent("quoting")
    async def quoting(question: Question) -> Answer:
        raise ValueError(f"cannot read {question.text}")

    async with running(quoting) as runtime:
        with caplog.at_level(logging.DEBUG), pytest.raises(RunStalled) as caught:
            await runtime.ask(Question(text="4111111111111111"), Answer)
        assert "4111" not in caplog.text
        assert "agent quoting failed: ValueError at" in caplog.text
        assert "4111" not in str(caught.value)
        assert "4111" not in repr(runtime.operations.dead_letters())


async def test_failure_of_a_foreign_cancellation_does_not_stop_the_agent() -> None:
    """A handler may await something that was cancelled by somebody else, before or after it has suspended."""

    @agent("awaiting")
    async def awaiting(question: Question) -> Answer:
        if question.number == 0:
            with anyio.CancelScope() as inner:
                inner.cancel()
                await anyio.lowlevel.checkpoint()
        return Answer(number=question.number)

    async with running(awaiting) as runtime:
        for number in range(3):
            assert (await runtime.ask(Question(number=number), Answer)).number == number


@pytest.mark.parametrize("suspends", [False, True])
async def test_failure_a_cancelled_error_of_the_handlers_own_is_contained(
    suspends: bool, anyio_backend_name: str
) -> None:
    if anyio_backend_name == "trio":
        pytest.skip("a handler cannot make trio's Cancelled")

    @agent("awaiting")
    async def awaiting(question: Question) -> Answer:
        if question.number == 0:
            if suspends:
                await anyio.lowlevel.checkpoint()
            raise anyio.get_cancelled_exc_class()
        return Answer(number=question.number)

    async with running(awaiting) as runtime:
        with pytest.raises(RunStalled, match="awaiting: "):
            await runtime.ask(Question(number=0), Answer)
        assert (await runtime.ask(Question(number=1), Answer)).number == 1
        assert_at_rest(runtime)


async def test_failure_a_third_partys_agent_needs_only_a_card_and_handle() -> None:
    class Foreign:
        card = AgentCard(id="foreign", consumes=(Question,), produces=(Answer,))

        async def handle(self, message, context):
            await anyio.lowlevel.checkpoint()
            return Answer(text=message.payload.text + message.sender)

    class Streaming:
        card = AgentCard(id="streaming", consumes=(Note,), produces=(Answer,))

        async def handle(self, message, context):
            return self._several()

        async def _several(self):
            yield Answer(text="streamed")

    class Rubbish:
        card = AgentCard(id="rubbish", consumes=(Opinion,), produces=(Answer,))

        def handle(self, message, context):
            return 7

    async with running(Foreign(), Streaming(), Rubbish()) as runtime:
        assert (await runtime.ask(Question(text="q "), Answer)).text == "q caller:local"
        assert (await runtime.ask(Note(), Answer)).text == "streamed"
        with pytest.raises(RunStalled, match="rubbish: dead_lettered"):
            await runtime.ask(Opinion(), Answer)
        assert_at_rest(runtime)


# --- timeouts ---


async def test_an_agent_that_hangs_while_awaiting_ends_dead_lettered_timeout() -> None:
    """Bad input: a hang, bounded by the card's timeout (row `not admitted`)."""
    gate = Gate()
    async with running(gated(gate, timeout_s=3)) as runtime:
        started = anyio.current_time()
        with pytest.raises(RunStalled, match=r"slow: dead_lettered\(timeout\)"):
            await runtime.ask(Question(), Answer)
        assert anyio.current_time() == pytest.approx(started + 3)
        await turns()
        assert gate.cancelled == 1
        assert_at_rest(runtime)


async def test_a_timeout_is_a_failure_and_so_is_tried_again() -> None:
    attempts = 0

    @agent("flaky", timeout_s=3, retry=Retry(attempts=3, first_s=1))
    async def flaky(question: Question) -> Answer:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            await anyio.sleep(100)
        return Answer(number=attempts)

    async with running(flaky) as runtime:
        assert (await runtime.ask(Question(), Answer)).number == 3
        statistics = runtime.statistics().agents["flaky"]
        assert (statistics.failed, statistics.retried, statistics.handled) == (2, 2, 1)
        assert_at_rest(runtime)


async def test_a_timeout_is_of_each_handling_not_of_the_time_in_the_mailbox() -> None:
    @agent("slow", timeout_s=3)
    async def slow(question: Question) -> Answer:
        await anyio.sleep(2)
        return Answer()

    async with running(slow) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(4)]
        for run in runs:
            await run.result()
        assert runtime.statistics().agents["slow"].handled == 4


# --- cancellation ---


async def test_cancellation_that_a_handler_swallows_still_ends_cancelled_and_drops_its_outputs() -> None:
    reached = anyio.Event()
    seen: list[Answer] = []

    @agent("stubborn", publishes=(Note,))
    async def stubborn(question: Question, context: Context) -> Answer:
        if question.number:
            return Answer(number=question.number)
        reached.set()
        with contextlib.suppress(BaseException):  # what a careless handler does
            await anyio.sleep_forever()
        return Answer()

    @agent("reader")
    async def reader(answer: Answer) -> None:
        seen.append(answer)

    async with running(stubborn, reader) as runtime:
        run = runtime.start(Question(), Answer)
        await reached.wait()
        run.cancel()
        await run.settled()
        assert run.messages().cancelled == 1
        assert seen == []
        assert (await runtime.ask(Question(number=1), Answer)).number == 1
        await runtime.drain(10)
        assert_at_rest(runtime)


async def test_cancellation_settles_a_handler_that_shields_itself_at_once_and_stops_what_it_publishes() -> None:
    gate = Gate()
    errors: list[str] = []
    seen: list[Note] = []

    @agent("shielded", publishes=(Note,))
    async def shielded(question: Question, context: Context) -> Answer:
        with anyio.CancelScope(shield=True):
            await gate.wait()
            try:
                await context.publish(Note())
            except RuntimeError as error:
                errors.append(str(error))
            try:
                context.after(1_000, Note())
            except RuntimeError as error:
                errors.append(str(error))
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note)

    async with running(shielded, reader, answerer) as runtime:
        run = runtime.start(Question(), Answer, to="shielded")
        await gate.reached.wait()
        runtime.operations.kill("shielded")
        await turns()
        assert (run.messages().in_flight, run.messages().cancelled) == (0, 1)  # settled when it was cut off
        assert (await runtime.ask(Question(), Answer, to="answerer")) == Answer(text="?")  # others feel nothing
        gate.open.set()
        await turns()
        assert seen == []
        assert len(errors) == 2
        assert_at_rest(runtime)


async def test_cancellation_a_handler_that_fails_while_it_is_cancelled_stops_nobody_else() -> None:
    """An error in a child task's clean-up comes out mixed with cancellations; the worker survives it."""
    reached = anyio.Event()

    @agent("messy")
    async def messy(question: Question) -> Answer:
        if question.number:
            return Answer(number=question.number)

        async def child() -> None:
            try:
                reached.set()
                await anyio.sleep_forever()
            finally:
                raise ValueError

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child)
            tasks.start_soon(anyio.sleep_forever)
            await anyio.sleep_forever()
        return Answer()

    async with running(messy) as runtime:
        run = runtime.start(Question(), Answer)
        await reached.wait()
        run.cancel()
        with pytest.raises(RunCancelledError):
            await run.result()
        await run.settled()
        assert run.messages().cancelled == 1
        for number in (1, 2, 3):
            assert (await runtime.ask(Question(number=number), Answer)).number == number
        assert_at_rest(runtime)


async def test_cancellation_finds_a_handler_inside_its_own_scopes() -> None:
    reached = anyio.Event()

    @agent("nested")
    async def nested(question: Question) -> Answer:
        if question.number == 0:
            with anyio.fail_after(100):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(anyio.sleep_forever)
                    reached.set()
        return Answer(number=question.number)

    async with running(nested) as runtime:
        run = runtime.start(Question(), Answer)
        await reached.wait()
        run.cancel()
        await run.settled()
        assert (await runtime.ask(Question(number=2), Answer)).number == 2
        assert_at_rest(runtime)


async def test_one_worker_survives_many_cancellations() -> None:
    """Its cancel scope is replaced after each."""

    @agent("waiting")
    async def waiting(question: Question) -> Answer:
        if question.number % 2:
            await anyio.sleep_forever()
        return Answer(number=question.number)

    async with running(waiting) as runtime:
        for number in range(20):
            run = runtime.start(Question(number=number), Answer)
            await turns(20)
            if number % 2:
                run.cancel()
                await run.settled()
                assert run.messages().cancelled == 1
            else:
                assert (await run.result()).number == number
        assert runtime.statistics().agents["waiting"].workers == 1
        assert_at_rest(runtime)


# --- streams ---


async def test_a_stream_publishes_what_it_yields_at_once() -> None:
    gate, seen = Gate(), []

    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Note | Answer]:
        yield Note(number=1)
        await gate.wait()
        yield Note(number=2)
        yield Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.number)

    async with running(streamer, reader) as runtime:
        run = runtime.start(Question(), Answer)
        await gate.reached.wait()
        await turns()
        assert seen == [1]
        gate.open.set()
        await run.result()
        await run.settled()
        assert seen == [1, 2]
        assert_at_rest(runtime)


@pytest.mark.parametrize("how", ["raises", "times out"])
async def test_a_stream_that_has_yielded_is_never_retried(how: str) -> None:
    seen = []

    @agent("streamer", timeout_s=5, retry=Retry(attempts=3, first_s=1))
    async def streamer(question: Question) -> AsyncIterator[Note]:
        yield Note(number=1)
        if how == "raises":
            raise ValueError
        await anyio.sleep(100)

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.number)

    async with running(streamer, reader) as runtime:
        run = runtime.start(Question(), Answer)
        await run.settled()
        assert seen == [1]
        assert runtime.statistics().agents["streamer"].retried == 0
        assert run.messages().dead_lettered == 1
        assert_at_rest(runtime)


async def test_a_handler_may_suspend_before_it_returns_a_stream() -> None:
    """Bad input: a third party's ``handle`` that waits for something and then returns an async iterator."""

    class Slow:
        card = AgentCard(id="slow", consumes=frozenset({Question}), produces=frozenset({Answer}))

        async def handle(self, message: Message[Question], context: Context) -> AsyncIterator[Answer]:
            await anyio.lowlevel.checkpoint()

            async def stream() -> AsyncIterator[Answer]:
                await anyio.lowlevel.checkpoint()
                yield Answer(number=message.payload.number)

            return stream()

    async with running(Slow()) as runtime:
        assert (await runtime.ask(Question(number=1), Answer)).number == 1
        assert (await runtime.ask(Question(number=2), Answer)).number == 2
        assert_at_rest(runtime)


async def test_a_stream_that_fails_before_its_first_yield_is_retried() -> None:
    attempts = 0

    @agent("streamer", retry=Retry(attempts=3, first_s=1))
    async def streamer(question: Question) -> AsyncIterator[Answer]:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise ValueError
        yield Answer(number=attempts)

    async with running(streamer) as runtime:
        assert (await runtime.ask(Question(), Answer)).number == 3


@pytest.mark.parametrize("where", ["in the generator", "waiting for room"])
async def test_a_stream_is_closed_on_cancel(where: str) -> None:
    closed = anyio.Event()
    gate = Gate()

    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Note]:
        try:
            for _ in range(3):
                yield Note()
            if where == "in the generator":
                await anyio.sleep_forever()
            for _ in range(3):
                yield Note()
        finally:
            closed.set()

    capacity = 100 if where == "in the generator" else 1

    @agent("reader", mailbox=Mailbox(capacity=capacity, overflow=Overflow.BLOCK, block_s=3_600))
    async def reader(note: Note) -> None:
        await gate.wait()

    async with running(streamer, reader) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        run.cancel()
        await run.settled()
        await turns()
        assert closed.is_set()
        assert_at_rest(runtime)


async def test_a_stream_that_yields_inside_its_own_cancel_scope_is_contained() -> None:
    """It may not; what follows is its own delivery's failure at most, and the worker goes on."""

    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Answer]:
        with anyio.move_on_after(5):
            yield Answer(number=question.number)
            if question.number == 1:
                await anyio.sleep(100)
            if question.number == 2:
                raise ValueError

    async with running(streamer) as runtime:
        for number in range(4):
            assert (await runtime.ask(Question(number=number), Answer)).number == number
        await runtime.drain(100)
        assert runtime.statistics().totals.in_flight == 0


async def test_a_stream_that_yields_a_wrong_type_is_named() -> None:
    @agent("streamer")
    async def streamer(question: Question) -> AsyncIterator[Answer]:
        yield "rubbish"  # type: ignore[misc]  # the wrong type of the bad-input table

    async with running(streamer) as runtime:
        with pytest.raises(RunStalled, match=r"streamer: dead_lettered.*returned str"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["streamer"].refused == 1


# --- what cannot be contained ---


@pytest.mark.parametrize("suspends", [False, True])
async def test_what_cannot_be_contained_a_handler_that_blocks_the_loop_is_named_after_a_second(
    suspends: bool, caplog: pytest.LogCaptureFixture, blocked
) -> None:
    @agent("blocking")
    async def blocking(question: Question) -> Answer:
        if suspends:
            await anyio.lowlevel.checkpoint()
        blocked(0.5 if question.number else 2.5)
        if suspends:
            await anyio.sleep(60)  # waiting is not blocking
        return Answer()

    async with running(blocking) as runtime:
        await runtime.ask(Question(number=1), Answer)
        assert runtime.statistics().agents["blocking"].stalled == 0
        with caplog.at_level(logging.WARNING):
            await runtime.ask(Question(number=0), Answer)
        assert runtime.statistics().agents["blocking"].stalled == 1
        assert "agent blocking blocked the loop for 2.5 s" in caplog.text


async def test_what_cannot_be_contained_is_named_for_streams_too(blocked) -> None:
    @agent("blocking")
    async def blocking(question: Question) -> AsyncIterator[Answer]:
        blocked(2)
        yield Answer()
        await anyio.sleep(60)

    async with running(blocking) as runtime:
        await runtime.ask(Question(), Answer)
        await runtime.drain(100)
        assert runtime.statistics().agents["blocking"].stalled == 1


# --- fairness ---


async def test_a_worker_that_never_suspends_lets_the_loop_turn() -> None:
    order: list[str] = []

    @agent("busy")
    async def busy(note: Note) -> None:
        order.append("busy")

    @agent("feeder")
    async def feeder(_question: Question) -> tuple[Note, ...]:
        return tuple(Note(number=number) for number in range(300))

    async with running(busy, feeder) as runtime:
        async with anyio.create_task_group() as tasks:
            await runtime.publish(Question())

            async def other() -> None:
                await anyio.lowlevel.checkpoint()
                await anyio.lowlevel.checkpoint()
                order.append("other")

            tasks.start_soon(other)
        await runtime.drain(10)
        assert order.index("other") < 300


# --- instrumentation ---


@pytest.mark.parametrize("executor", ["loop", "thread"])
async def test_a_wrapped_handler_finds_its_delivery(executor: Literal["loop", "thread"]) -> None:
    @agent("wrapped")
    async def awaited(question: Question) -> Answer:
        return Answer(number=question.number)

    @agent("wrapped", executor="thread")
    def plain(question: Question) -> Answer:
        return Answer(number=question.number)

    seen: list[tuple[str, Question]] = []

    def wrap(card: AgentCard, calls: Mapping[type[Payload], Call]) -> dict[type[Payload], Call]:
        def wrapped(inner: Call) -> Call:
            handler, wants, branches = inner

            async def call(question: Question) -> object:
                worker = runtime.bus.workers.stepping
                assert worker is not None
                assert worker.delivery is not None
                seen.append((card.id, worker.delivery.message.payload))
                return await handler(question)

            return call, wants, branches

        return {kind: wrapped(call) for kind, call in calls.items()}

    made = awaited if executor == "loop" else plain
    async with SimulatedRuntime([made], calls=wrap, executor=InlineExecutor()) as runtime:
        assert (await runtime.ask(Question(number=2), Answer)).number == 2
    assert seen == [("wrapped", Question(number=2))]
