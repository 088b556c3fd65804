"""Threads: what leaves the loop, what a cancel does, and how long a slot is taken."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import anyio.to_thread
import pytest

from genie.contracts.agent import Binding, FunctionAgent, Handlers, agent, handles
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.edges.executors.default import InlineExecutor
from genie.errors import AgentDefinitionError, RunExpiredError, RunStalled
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import Answer, Question

pytestmark = pytest.mark.anyio
MARK: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="")


class Blocking:
    """A handler that waits in its thread for a gate, and says when it has started."""

    def __init__(self, **options: Any) -> None:
        self.started: list[int] = []
        self.starts = threading.Semaphore(0)
        self.gate = threading.Event()

        @agent("blocking", executor="thread", **options)
        def blocking(question: Question) -> Answer:
            self.started.append(question.number)
            self.starts.release()
            self.gate.wait()
            return Answer(number=question.number)

        self.agent: FunctionAgent[..., Any] = blocking

    async def one_more_start(self) -> None:
        await anyio.to_thread.run_sync(self.starts.acquire)


@pytest.fixture
def blocking() -> Iterator[Blocking]:
    handler = Blocking()
    yield handler
    handler.gate.set()


async def test_it_runs_in_a_thread_with_its_own_context_variables() -> None:
    seen: list[tuple[str, str]] = []

    @agent("plain", executor="thread")
    def plain(question: Question) -> Answer:
        seen.append((threading.current_thread().name, MARK.get()))
        MARK.set(question.text)
        return Answer(text=question.text)

    async with Runtime([plain]) as runtime:
        for text in ("one", "two"):
            assert (await runtime.ask(Question(text=text), Answer)).text == text
        assert runtime.statistics().agents["plain"].abandoned == 0
    assert seen == [("genie plain 1", ""), ("genie plain 1", "")]
    assert plain(Question(text="called")).text == "called"


async def test_the_loop_turns_while_threads_wait_up_to_the_agents_concurrency() -> None:
    blocking = Blocking(concurrency=2)
    async with Runtime([blocking.agent]) as runtime:
        runs = [runtime.start(Question(number=number), Answer) for number in range(3)]
        await blocking.one_more_start()
        await blocking.one_more_start()
        assert sorted(blocking.started) == [0, 1]
        assert runtime.statistics().agents["blocking"].running == 2
        blocking.gate.set()
        assert [(await run.result()).number for run in runs] == [0, 1, 2]


async def test_a_cancelled_delivery_settles_at_once_and_its_slot_stays_taken(blocking: Blocking) -> None:
    async with Runtime([blocking.agent]) as runtime:
        first = runtime.start(Question(number=1), Answer)
        await blocking.one_more_start()
        first.cancel()
        await first.settled()
        assert first.messages().cancelled == 1
        assert runtime.statistics().agents["blocking"].abandoned == 1

        second = runtime.start(Question(number=2), Answer)
        await anyio.wait_all_tasks_blocked()
        assert blocking.started == [1]
        assert runtime.statistics().agents["blocking"].running == 1
        blocking.gate.set()
        assert (await second.result()).number == 2
        now = runtime.statistics()
        assert now.agents["blocking"].abandoned == 0
        assert (now.totals.handled, now.totals.cancelled, now.totals.balanced) == (1, 1, True)
        assert first.messages().handled == 0


async def test_one_that_waits_for_a_slot_can_be_cancelled_too(blocking: Blocking) -> None:
    async with Runtime([blocking.agent]) as runtime:
        first = runtime.start(Question(number=1), Answer)
        await blocking.one_more_start()
        first.cancel()
        second = runtime.start(Question(number=2), Answer)
        await anyio.wait_all_tasks_blocked()
        second.cancel()
        await second.settled()
        third = runtime.start(Question(number=3), Answer)
        blocking.gate.set()
        assert (await third.result()).number == 3
        assert blocking.started == [1, 3]


async def test_out_of_time_is_a_failure_although_the_thread_runs_on(blocking: Blocking) -> None:
    card = replace(blocking.agent.card, timeout_s=0.01)
    async with Runtime([Binding(agent=blocking.agent, card=card)]) as runtime:
        with pytest.raises(RunStalled, match=r"dead_lettered\(timeout\)"):
            await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["blocking"].abandoned == 1


async def test_closing_does_not_wait_for_a_thread(blocking: Blocking) -> None:
    async with Runtime([blocking.agent]) as runtime:
        with pytest.raises(RunExpiredError):
            await runtime.ask(Question(), Answer, within_s=0.01)
    assert not blocking.gate.is_set()


async def test_threads_end_with_their_agent() -> None:
    blocking = Blocking()
    blocking.gate.set()
    async with Runtime([blocking.agent]) as runtime:
        await runtime.ask(Question(), Answer)
        thread = next(one for one in threading.enumerate() if one.name == "genie blocking 1")
        await runtime.remove("blocking")
        await anyio.to_thread.run_sync(thread.join)
        assert not thread.is_alive()


@pytest.mark.parametrize("raised", [ValueError, SystemExit, StopIteration])
async def test_a_failure_is_contained_and_named(raised: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    @agent("failing", executor="thread")
    def failing(question: Question) -> Answer:
        raise raised(question.text)

    caplog.set_level(logging.DEBUG)
    async with Runtime([failing]) as runtime:
        reason = "ValueError" if raised is ValueError else "RuntimeError"
        with pytest.raises(RunStalled, match=rf"failing: dead_lettered\({reason}\)"):
            await runtime.ask(Question(text="secret"), Answer)
    assert "secret" not in caplog.text


async def test_it_is_tried_again() -> None:
    attempts: list[int] = []

    @agent("flaky", executor="thread", retry=Retry(attempts=2, first_s=0.0))
    def flaky(question: Question) -> Answer:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError
        return Answer()

    async with Runtime([flaky]) as runtime:
        await runtime.ask(Question(), Answer)
    assert len(attempts) == 2


async def test_inline_runs_on_the_loops_own_thread() -> None:
    threads: list[threading.Thread] = []

    @agent("inline", executor="thread")
    def inline(question: Question) -> Answer:
        threads.append(threading.current_thread())
        return Answer(text=question.text)

    async with Runtime([inline], executor=InlineExecutor()) as runtime:
        assert (await runtime.ask(Question(text="x"), Answer)).text == "x"
    assert threads == [threading.current_thread()]


# --- what is refused ---


def refused(make: Any) -> str:
    with pytest.raises(AgentDefinitionError) as caught:
        make()
    return str(caught.value)


def test_only_plain_functions_of_a_payload_may_leave_the_loop() -> None:
    def with_context(question: Question, context: Context) -> Answer:
        return Answer()

    async def awaiting(question: Question) -> Answer:
        return Answer()

    def yielding(question: Question) -> Any:
        yield Answer()

    def plain(question: Question) -> Answer:
        return Answer()

    decorate: Any = agent
    assert "takes a payload alone" in refused(lambda: decorate("a", executor="thread")(with_context))
    assert "plain `def`" in refused(lambda: decorate("a", executor="thread")(awaiting))
    assert "plain `def`" in refused(lambda: decorate("a", executor="thread")(yielding))
    assert "must be `async def`" in refused(lambda: decorate("a")(plain))
    assert "loop, thread or process" in refused(lambda: decorate("a", executor="cloud")(plain))
    assert "top level of a module" in refused(lambda: decorate("a", executor="process")(plain))
    assert "publishes cannot be used" in refused(lambda: decorate("a", executor="thread", publishes=(Answer,))(plain))


def test_a_class_runs_on_the_loop() -> None:
    def define() -> None:
        class Desk(Handlers, id="desk", executor="thread"):  # type: ignore[call-arg]  # what is to be refused
            @handles
            async def on_question(self, question: Question) -> Answer:
                return Answer()

    assert "methods, which run on the loop" in refused(define)


async def test_a_binding_cannot_move_a_handler_to_where_it_does_not_fit() -> None:
    @agent("awaiting")
    async def awaiting(question: Question) -> Answer:
        return Answer()

    @agent("plain", executor="thread")
    def plain(question: Question) -> Answer:
        return Answer()

    moves: Any = ((awaiting, "thread"), (plain, "loop"), (plain, "process"))
    for one, executor in moves:
        card = replace(one.card, executor=executor)
        with pytest.raises(AgentDefinitionError):
            async with Runtime([Binding(agent=one, card=card)]):
                pass
