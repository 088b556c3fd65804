"""What a handler may touch, and for how long."""

from __future__ import annotations

import datetime
import logging

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.errors import RunStalled, UndeclaredMessageError
from genie.journal.memory import MemoryJournal
from genie.policy.policy import PolicySet
from tests.genie.policies_for_tests import (
    CLEARANCE,
    PERMITS,
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


async def test_a_context_is_dead_after_its_handler() -> None:
    kept: list[Context] = []

    @agent("keeper", publishes=(Note,), asks={Question: Answer})
    async def keeper(opinion: Opinion, context: Context) -> Answer:
        kept.append(context)
        return Answer()

    async with running(keeper, answerer) as runtime:
        await runtime.ask(Opinion(), Answer)
        await turns()
        [context] = kept
        for call in (
            context.publish(Note()),
            context.ask(Question(), Answer),
            context.gather(Question(), expect=Answer),
        ):
            with pytest.raises(RuntimeError, match=r"'keeper' tried to .* after its handling had ended"):
                await call
        with pytest.raises(RuntimeError, match="publish later"):
            context.after(1, Note())
        assert_at_rest(runtime)


async def test_a_task_that_outlives_its_handler_cannot_ask_on() -> None:
    """The scope of a gather that somebody else's task still awaits is cancelled with the handler."""
    gate, ended = Gate(), anyio.Event()

    async with anyio.create_task_group() as tasks:

        @agent("leaky", asks={Question: Answer})
        async def leaky(note: Note, context: Context) -> Opinion:
            tasks.start_soon(_ask, context)
            await gate.reached.wait()
            return Opinion()

        async def _ask(context: Context) -> None:
            views = await context.gather(Question(), expect=Answer)
            assert not views.complete
            ended.set()

        async with running(leaky, gated(gate)) as runtime:
            await runtime.ask(Note(), Opinion)
            await ended.wait()
            await turns()
            assert gate.cancelled == 1
            assert_at_rest(runtime)
            assert runtime._bus is not None
            assert runtime._bus.subscribers["leaky"].waiting == {}


async def test_state_is_this_agents_scratch_for_this_run() -> None:
    seen: list[tuple[str, int]] = []

    def counting(name: str):
        @agent(name)
        async def counts(note: Note, context: Context) -> None:
            context.state["count"] = context.state.get("count", 0) + 1
            seen.append((name, context.state["count"]))

        return counts

    @agent("sender")
    async def sender(question: Question) -> tuple[Note, Note]:
        return Note(), Note()

    async with running(counting("a"), counting("b"), sender) as runtime:
        for _ in range(2):
            await runtime.publish(Question())
            await runtime.start(Question(), Answer).settled()
        await turns()
        assert sorted(seen) == sorted([("a", 1), ("a", 2), ("b", 1), ("b", 2)] * 4)


async def test_random_and_now_are_repeatable() -> None:
    def draws():
        seen: list[object] = []

        @agent("drawing")
        async def drawing(question: Question, context: Context) -> Answer:
            seen.append((context.random.random(), context.random.random()))
            seen.append(context.now() - datetime.datetime.fromtimestamp(1_000, datetime.UTC))
            return Answer()

        return seen, drawing

    results = []
    for seed in (7, 7, 8):
        seen, drawing = draws()
        async with running(drawing, seed=seed, wall=1_000.0) as runtime:
            await runtime.ask(Question(), Answer)
            await runtime.ask(Question(), Answer)
        results.append(seen)
    assert results[0] == results[1]
    assert results[0][0] != results[2][0]
    assert results[0][0] != results[0][2]
    assert results[0][1] == datetime.timedelta(0)


async def test_after_publishes_later_and_does_not_sleep() -> None:
    seen: list[tuple[str, float]] = []

    @agent("timing", publishes=(Note,))
    async def timing(question: Question, context: Context) -> Answer:
        context.after(30, Note(text="second"))
        context.after(10, Note(text="first"))
        context.after(20, Note(text="directed"), to="reader")
        for wrong in (-1, float("nan"), float("inf")):
            with pytest.raises(ValueError, match="finite"):
                context.after(wrong, Note())
        with pytest.raises(UndeclaredMessageError):
            context.after(1, Opinion())
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append((note.text, anyio.current_time()))

    async with running(timing, reader) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(), Answer)
        await run.result()
        assert anyio.current_time() == started
        assert runtime.statistics().timed == 3
        await run.settled()
        assert [(text, round(at - started)) for text, at in seen] == [("first", 10), ("directed", 20), ("second", 30)]
        assert run.messages().handled == 5
        assert_at_rest(runtime)


async def test_after_to_an_agent_that_is_gone_by_then_is_unrouted() -> None:
    @agent("timing", publishes=(Note,))
    async def timing(question: Question, context: Context) -> None:
        context.after(10, Note(), to="reader")

    @agent("reader")
    async def reader(note: Note) -> None:
        pass

    async with running(timing, reader) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        await runtime.remove("reader")
        await run.settled()
        assert run.messages().unrouted == 1
        assert run.messages().balanced
        assert_at_rest(runtime)


async def test_the_envelope_says_whence_a_message_came() -> None:
    seen: list[tuple[str, str | None, str, int]] = []

    @agent("first")
    async def first(question: Question, context: Context) -> Note:
        seen.append((context.message.sender, context.message.causation_id, context.message.id, context.message.hops))
        return Note()

    @agent("second")
    async def second(note: Note, context: Context) -> None:
        seen.append((context.message.sender, context.message.causation_id, context.message.id, context.message.hops))
        assert context.message.correlation_id == run.id

    async with running(first, second) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(user="u"))
        await run.settled()
        assert seen[0][:2] == ("caller:u", None)
        assert seen[1][:2] == ("first", seen[0][2])
        assert [hops for *_, hops in seen] == [0, 1]


async def test_headers_are_inherited_and_can_be_narrowed() -> None:
    seen: list[tuple[frozenset[str], Classification]] = []

    @agent("first", publishes=(Note,))
    async def first(question: Question, context: Context) -> None:
        narrower = context.headers.narrowed(roles=frozenset({"reader"}), classification=Classification.CONFIDENTIAL)
        await context.publish(Note(), headers=narrower)

    @agent("second")
    async def second(note: Note, context: Context) -> Opinion:
        seen.append((context.headers.roles, context.message.label))
        return Opinion()

    @agent("third")
    async def third(opinion: Opinion, context: Context) -> None:
        seen.append((context.headers.roles, context.message.label))

    async with running(first, second, third) as runtime:
        run = runtime.start(Question(), Answer, caller=Caller(roles=frozenset({"reader", "writer"})))
        await run.settled()
        assert seen == [(frozenset({"reader"}), Classification.CONFIDENTIAL)] * 2


async def test_a_label_is_lowered_by_declassifies_where_a_policy_permits_and_that_is_recorded() -> None:
    class Secret(Payload, topic="t.secret", classification="restricted"):
        pass

    class Total(Payload, topic="t.total", classification="public"):
        pass

    @agent("summing", clearance="restricted", declassifies={Total: "internal"})
    async def summing(secret: Secret) -> Total:
        return Total()

    journal = MemoryJournal()
    async with running(summing, policies=PolicySet((CLEARANCE, PERMITS)), journal=journal) as runtime:
        caller = Caller(clearance=Classification.INTERNAL)
        assert await runtime.ask(Secret(), Total, caller=caller) == Total()
    [record] = [record for record in journal if record.kind == "declassified"]
    assert (record.topic, record.reason) == ("t.total", "restricted to internal")


async def test_what_a_handler_asked_for_raises_its_label() -> None:
    class Secret(Payload, topic="t.secret", classification="restricted"):
        pass

    labels: list[Classification] = []

    @agent("source", clearance="restricted")
    async def source(question: Question) -> Secret:
        return Secret()

    @agent("desk", clearance="restricted", asks={Question: Secret}, publishes=(Opinion,))
    async def desk(note: Note, context: Context) -> Answer:
        await context.publish(Opinion(text="before"))
        await context.ask(Question(), Secret)
        await context.publish(Opinion(text="after"))
        context.after(5, Opinion(text="later"))
        return Answer()

    @agent("reader", clearance="restricted")
    async def reader(opinion: Opinion | Answer, context: Context) -> None:
        labels.append(context.message.label)

    async with running(source, desk, reader) as runtime:
        run = runtime.start(Note(), Answer)
        await run.settled()
        internal, restricted = Classification.INTERNAL, Classification.RESTRICTED
        assert labels == [internal, restricted, restricted, restricted]


async def test_an_undeclared_question_is_refused() -> None:
    @agent("curious")
    async def curious(note: Note, context: Context) -> Answer:
        return await context.ask(Question(), Answer)

    async with running(curious, answerer) as runtime:
        with pytest.raises(RunStalled, match=r"may not ask t.question; declare it in asks"):
            await runtime.ask(Note(), Answer)
        assert runtime.statistics().agents["curious"].refused == 1
        assert_at_rest(runtime)


async def test_the_logger_names_run_and_agent(caplog: pytest.LogCaptureFixture) -> None:
    @agent("logging")
    async def logs(question: Question, context: Context) -> Answer:
        context.logger.warning("here")
        return Answer()

    async with running(logs) as runtime:
        with caplog.at_level(logging.WARNING):
            run = runtime.start(Question(), Answer)
            await run.result()
    [record] = [record for record in caplog.records if record.message == "here"]
    assert (record.run_id, record.agent) == (run.id, "logging")
