"""The runtime: opening and closing, admission, drain, and agents that come and go."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from threading import Thread

import anyio
import pytest
from pydantic import BaseModel

from genie.contracts.agent import Binding, Handlers, agent, handles
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.limits import Retry, RunLimits
from genie.errors import (
    AgentDefinitionError,
    DuplicateAgentError,
    RunCancelledError,
    RunExpiredError,
    RunStalled,
    RuntimeClosedError,
    RuntimeDrainingError,
    TooManyRunsError,
    UndeclaredMessageError,
    UnknownAgentError,
    WrongThreadError,
)
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    answerer,
    assert_at_rest,
    gated,
    holding,
    running,
    turns,
)

pytestmark = pytest.mark.anyio


# --- drain ---


async def test_drain_admits_no_run() -> None:
    async with running(answerer) as runtime:
        await runtime.drain(1)
        for call in (
            runtime.ask(Question(), Answer),
            runtime.publish(Question()),
            runtime.gather(Question(), expect=Answer),
        ):
            with pytest.raises(RuntimeDrainingError):
                await call
        with pytest.raises(RuntimeDrainingError):
            runtime.start(Question(), Answer)


async def test_drain_waits_only_as_long_as_something_is_in_flight() -> None:
    """Plain asks and publishes are waited for as runs are, and no longer."""

    @agent("slow")
    async def slow(question: Question) -> Answer:
        await anyio.sleep(3)
        return Answer()

    async with running(slow) as runtime:
        started = anyio.current_time()
        await runtime.publish(Question())
        await runtime.drain(1_000)
        assert anyio.current_time() == pytest.approx(started + 3)
        assert runtime.statistics().agents["slow"].handled == 1
        await runtime.drain(1_000)
        assert anyio.current_time() == pytest.approx(started + 3)


async def test_drain_without_a_limit_waits_until_everything_has_ended() -> None:
    @agent("slow", publishes=(Note,))
    async def slow(question: Question, context: Context) -> Answer:
        context.after(100_000, Note())
        await anyio.sleep(50_000)
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        """Read."""

    async with running(slow, reader) as runtime:
        started = anyio.current_time()
        run = runtime.start(Question(), Answer)
        await runtime.drain(math.inf)
        assert anyio.current_time() == pytest.approx(started + 100_000)
        assert await run.result() == Answer()
        assert runtime.statistics().agents["reader"].handled == 1
        with pytest.raises(RuntimeDrainingError):
            runtime.start(Question(), Answer)
        assert_at_rest(runtime)


async def test_drain_runs_timers_and_retries_that_are_due_before_the_limit() -> None:
    seen: list[str] = []
    failed = False

    @agent("flaky", retry=Retry(attempts=2, first_s=10, longest_s=10), publishes=(Note,))
    async def flaky(question: Question, context: Context) -> None:
        nonlocal failed
        if not failed:
            failed = True
            context.after(20, Note(text="timer"))
            raise ValueError
        seen.append("retry")

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)

    async with running(flaky, reader) as runtime:
        await runtime.publish(Question())
        await turns()
        await runtime.drain(100)
        assert seen == ["retry", "timer"]
        assert_at_rest(runtime)


async def test_drain_ends_what_is_left_at_the_limit_cancelled_drain() -> None:
    """Held, timed later, or still running."""
    gate = Gate()

    @agent("timing", publishes=(Note,))
    async def timing(question: Question, context: Context) -> None:
        context.after(1_000, Note())

    @agent("guarded")
    async def guarded(question: Question) -> None:
        pass

    async with running(gated(gate), timing, guarded, policies=holding("guarded", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        started = anyio.current_time()
        await turns()
        await runtime.drain(50)
        assert anyio.current_time() == pytest.approx(started + 50)
        with pytest.raises(RunCancelledError, match="drain"):
            await run.result()
        counts = run.messages()
        assert (counts.cancelled, counts.in_flight) == (3, 0)
        assert counts.balanced
        assert {str(failure) for failure in run.failures()} == {"cancelled(drain)"}
        assert_at_rest(runtime)


async def test_drain_does_not_wait_for_what_a_person_has_to_decide() -> None:
    async with running(answerer, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Question(), Answer)
        await turns()
        started = anyio.current_time()
        await runtime.drain(1_000)
        assert anyio.current_time() == started
        assert run.messages().cancelled == 1


# --- admission ---


async def test_backpressure_admission_bounds_the_runs_in_flight() -> None:
    gate = Gate()
    async with running(gated(gate), limits=RunLimits(max_runs=2)) as runtime:
        first = runtime.start(Question(), Answer)
        runtime.start(Question(), Answer)
        with pytest.raises(TooManyRunsError, match="2 runs are in flight"):
            await runtime.ask(Question(), Answer)
        first.cancel()
        await first.settled()
        third = runtime.start(Question(), Answer)
        gate.open.set()
        await third.result()


async def test_a_closed_or_unopened_runtime_says_so() -> None:
    runtime = Runtime([answerer])
    with pytest.raises(RuntimeClosedError):
        await runtime.ask(Question(), Answer)
    async with runtime:
        await runtime.ask(Question(), Answer)
    with pytest.raises(RuntimeClosedError):
        await runtime.ask(Question(), Answer)
    with pytest.raises(RuntimeClosedError):
        async with runtime:
            pass


async def test_closing_cancels_what_runs_and_tells_whoever_waits() -> None:
    gate, errors = Gate(), []
    async with anyio.create_task_group() as tasks, running(gated(gate)) as runtime:

        async def ask() -> None:
            try:
                await runtime.ask(Question(), Answer)
            except RunCancelledError as error:
                errors.append(error.reason)

        tasks.start_soon(ask)
        await gate.reached.wait()
    assert errors == ["closed"]
    assert gate.cancelled == 1


async def test_the_body_of_a_runtime_may_fail_or_be_cancelled() -> None:
    gate = Gate()

    async def fail() -> None:
        async with Runtime([gated(gate)]) as runtime:
            runtime.start(Question(), Answer)
            await gate.reached.wait()
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert gate.cancelled == 1
    gate = Gate()
    with anyio.move_on_after(5) as scope:
        async with Runtime([gated(gate)]) as runtime:
            await runtime.ask(Question(), Answer)
    assert scope.cancelled_caught
    assert gate.cancelled == 1


# --- agents that come and go ---


async def test_an_agent_registered_while_running_gets_what_is_published_from_now_on() -> None:
    async with running() as runtime:
        with pytest.raises(RunStalled, match="no agent takes the question"):
            await runtime.ask(Question(), Answer)
        await runtime.add(answerer)
        assert await runtime.ask(Question(text="q"), Answer) == Answer(text="q")
        with pytest.raises(DuplicateAgentError):
            await runtime.add(answerer)
        await runtime.remove("answerer")
        with pytest.raises(RunStalled, match="no agent takes the question"):
            await runtime.ask(Question(), Answer)
        await runtime.add(answerer)
        await runtime.ask(Question(), Answer)
        with pytest.raises(UnknownAgentError):
            await runtime.remove("nobody")


async def test_two_agents_of_one_id_and_things_that_are_no_agent_are_refused() -> None:
    with pytest.raises(DuplicateAgentError):
        Runtime([answerer, answerer])
    with pytest.raises(AgentDefinitionError, match="not an agent"):
        Runtime([object()])  # type: ignore[list-item]  # on purpose


async def test_capability_lookup_follows_registration() -> None:
    @agent("able", capabilities=("forecast.cashflow", "other"))
    async def able(question: Question) -> Answer:
        return Answer()

    async with running(answerer) as runtime:
        assert runtime.capable("forecast.cashflow") == ()
        await runtime.add(able)
        assert [card.id for card in runtime.capable("forecast.cashflow")] == ["able"]
        assert [card.id for card in runtime.cards()] == ["answerer", "able"]
        await runtime.remove("able")
        assert runtime.capable("forecast.cashflow") == ()


class Lifecycle(Handlers, id="lifecycle"):
    """Handles two classes and remembers its life."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def open(self) -> None:
        self.log.append("open")

    async def close(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.log.append("close")

    @handles
    async def question(self, question: Question) -> Answer:
        return Answer(text=f"class {question.text}")

    @handles
    async def note(self, note: Note, context: Context) -> Opinion:
        return Opinion(text=note.text)


async def test_class_agents_are_opened_once_and_closed_once() -> None:
    log: list[str] = []
    async with running(Lifecycle(log)) as runtime:
        assert (await runtime.ask(Question(text="q"), Answer)).text == "class q"
        assert (await runtime.ask(Note(text="n"), Opinion)).text == "n"
        assert log == ["open"]
    assert log == ["open", "close"]
    log.clear()
    async with running() as runtime:
        await runtime.add(Lifecycle(log))
        await runtime.remove("lifecycle")
        assert log == ["open", "close"]
    assert log == ["open", "close"]


async def test_an_agent_is_closed_only_after_its_handlers_have_ended() -> None:
    log: list[str] = []
    reached = anyio.Event()

    class Careful(Handlers, id="careful"):
        async def close(self) -> None:
            log.append("closed")

        @handles
        async def question(self, question: Question) -> Answer:
            reached.set()
            try:
                await anyio.sleep_forever()
            finally:
                log.append("handler ended")
            return Answer()

    for how in ("close", "remove"):
        log.clear()
        reached = anyio.Event()
        async with running(Careful()) as runtime:
            runtime.start(Question(), Answer)
            await reached.wait()
            if how == "remove":
                await runtime.remove("careful")
        assert log == ["handler ended", "closed"]


async def test_an_agent_that_cannot_open_keeps_the_runtime_shut_and_closes_the_others() -> None:
    log: list[str] = []

    class Failing(Handlers, id="failing"):
        async def open(self) -> None:
            raise OSError

        @handles
        async def question(self, question: Question) -> Answer:
            return Answer()

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        async with Runtime([Lifecycle(log), Failing()]):
            raise AssertionError("never open")
    assert log == ["open", "close"]
    async with running() as runtime:
        with pytest.raises(OSError):  # noqa: PT011 - any will do
            await runtime.add(Failing())
        assert runtime.cards() == ()


async def test_an_agent_that_cannot_close_does_not_keep_the_others_open() -> None:
    log: list[str] = []

    class Failing(Handlers, id="failing"):
        async def close(self) -> None:
            raise OSError

        @handles
        async def question(self, question: Question) -> Answer:
            return Answer()

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        async with Runtime([Lifecycle(log), Failing()]):
            pass
    assert log == ["open", "close"]


async def test_a_binding_overrides_a_card_and_gives_settings_and_ports() -> None:
    class Settings(BaseModel, frozen=True):
        word: str

    class Port:
        value = 7

    got: list[object] = []

    @agent("bound", settings=Settings, ports=(Port,))
    async def bound(question: Question, context: Context) -> Answer:
        got.extend((context.settings.word, context.port(Port).value))
        with pytest.raises(UndeclaredMessageError, match="may not use the port str"):
            context.port(str)
        return Answer()

    card = AgentCard(id="renamed", consumes=bound.card.consumes, produces=bound.card.produces)
    binding = Binding(agent=bound, card=card, settings=Settings(word="w"), ports={Port: Port()})
    async with running(binding) as runtime:
        await runtime.ask(Question(), Answer, to="renamed")
        assert got == ["w", 7]


async def test_statistics_are_a_snapshot_that_obeys_the_law() -> None:
    gate = Gate()
    async with running(gated(gate), answerer) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(3)]
        await gate.reached.wait()
        await turns()
        statistics = runtime.statistics()
        slow = statistics.agents["slow"]
        assert (slow.running, slow.queued, slow.in_flight, slow.accepted) == (1, 2, 3, 3)
        assert statistics.runs == 3
        assert statistics.totals.balanced
        assert statistics.totals.accepted == 6
        gate.open.set()
        for run in runs:
            await run.settled()
        assert slow.in_flight == 3  # it does not change
        after = runtime.statistics().agents["slow"]
        assert sum(after.times) == after.handled == 3
        assert after.p50_ms is not None
        assert after.workers == 0  # it lets its workers go to others
        assert runtime.statistics().agents["answerer"].p50_ms is not None


USES: dict[str, Callable[[Runtime, Run[Answer]], object]] = {
    "start": lambda runtime, _: runtime.start(Question(), Answer),
    "run": lambda runtime, run: runtime.run(run.id),
    "operations": lambda runtime, _: runtime.operations.kill(everything=True),
    "approvals": lambda runtime, _: runtime.approvals.holds(),
    "cancel": lambda _, run: run.cancel(),
    "ask": lambda runtime, _: anyio.run(partial(runtime.ask, Question(), Answer)),
    "gather": lambda runtime, _: anyio.run(partial(runtime.gather, Question(), expect=Answer)),
    "publish": lambda runtime, _: anyio.run(runtime.publish, Question()),
    "result": lambda _, run: anyio.run(run.result),
    "drain": lambda runtime, _: anyio.run(runtime.drain, 0),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_a_runtime_that_is_used_from_another_thread_says_so_and_goes_on(
    use: Callable[[Runtime, Run[Answer]], object],
) -> None:
    raised: list[BaseException] = []

    @agent("slow")
    async def slow(question: Question) -> Answer:
        await anyio.sleep(1)
        return Answer(text=question.text)

    def elsewhere(runtime: Runtime, run: Run[Answer]) -> None:
        try:
            use(runtime, run)
        except Exception as error:  # noqa: BLE001 - told in the other thread
            raised.append(error)

    async with running(slow) as runtime:
        run = runtime.start(Question(text="first"), Answer)
        thread = Thread(target=elsewhere, args=(runtime, run))
        thread.start()
        thread.join()
        assert [type(one) for one in raised] == [WrongThreadError]
        assert (await run.result()).text == "first"
        assert (await runtime.ask(Question(text="then"), Answer)).text == "then"


async def test_a_run_without_time_expires_whoever_sees_it_first() -> None:
    async with running(answerer) as runtime:
        with pytest.raises(RunExpiredError):
            await runtime.start(Question(), Answer, deadline_s=0).result()
        with pytest.raises(RunExpiredError):
            await runtime.ask(Question(), Answer, within_s=0)
