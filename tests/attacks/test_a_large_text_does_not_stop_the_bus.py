"""Attack: a large text.

While inspectors look into it the loop turns, and order, account, deadline, cancel and kill hold.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

import anyio
import pytest

from genie import PolicySet, Runtime, agent
from genie.contracts.classification import Classification
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.errors import NotConsumedError, RunCancelledError, RunExpiredError, UnknownAgentError
from genie.policies.pii import Pii
from genie.policies.secrets import Secrets
from genie.policy.policy import Span
from genie.simulation.event_loop import SimulationLoop
from tests.genie.policies_for_tests import Answer, Note, Question, Rule, answerer, running

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGE = "x" * 200_000


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class Waiting:
    """An inspector that looks at large texts until it is let go: it would stop the loop for ever if it ran there."""

    name: ClassVar[str] = "waiting"
    version: ClassVar[str] = "1"
    patterns = ("x",)

    def __init__(self, kind: str = "waiting.found") -> None:
        self.kind = kind
        self.begun, self.go, self.looked = threading.Event(), threading.Event(), 0

    def fold(self, text: str) -> str:
        return text

    def examine(self, text: str) -> Iterable[Span]:
        if len(text) > 100_000:
            self.looked += 1
            self.begun.set()
            assert self.go.wait(20), "nobody let the inspector go: the loop did not turn"
        return [Span(self.kind, 0, 1, Classification.PUBLIC)] if text.startswith("x") else []

    async def reached(self) -> None:
        while not self.begun.is_set():
            await anyio.lowlevel.checkpoint()


def policies(inspector: Waiting) -> PolicySet:
    return PolicySet((Rule(lambda _route: None, inspectors=(inspector,)),))


@pytest.mark.anyio
async def test_others_are_answered_and_timers_fire_while_a_text_is_inspected() -> None:
    looking = Waiting()
    answers: list[str] = []
    async with running(answerer, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:

        async def ask(text: str) -> None:
            await runtime.ask(Question(text=text), Answer)
            answers.append(text[:5])

        tasks.start_soon(ask, LARGE)
        await looking.reached()
        with anyio.move_on_after(0) as timer:
            await anyio.sleep_forever()
        await ask("small")
        assert timer.cancelled_caught
        assert answers == ["small"]
        counted = runtime.statistics()
        assert (counted.totals.handled, counted.timed) == (1, 1)
        looking.go.set()

    assert answers == ["small", "xxxxx"]


@pytest.mark.anyio
async def test_what_a_sender_publishes_behind_a_large_text_stays_behind_it() -> None:
    looking = Waiting()
    got: list[int] = []

    @agent("writer", publishes=(Note,), concurrency=4)
    async def writer(question: Question, context: Context) -> Answer:
        await context.publish(Note(text="small" if question.number else LARGE, number=question.number))
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        got.append(note.number)

    async with running(writer, reader, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:

        async def ask(number: int) -> None:
            await runtime.ask(Question(number=number), Answer)

        for number in range(3):
            tasks.start_soon(ask, number)
            await looking.reached()
            for _ in range(50):
                await anyio.lowlevel.checkpoint()
        assert got == []
        looking.go.set()

    assert got == [0, 1, 2]


@pytest.mark.anyio
async def test_a_large_text_to_an_agent_that_leaves_meanwhile_is_counted() -> None:
    looking = Waiting()
    async with running(answerer, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:

        async def publish() -> None:
            await runtime.publish(Question(text=LARGE), to="answerer")

        tasks.start_soon(publish)
        await looking.reached()
        await runtime.remove("answerer")
        looking.go.set()
        await runtime.drain(20)
        assert runtime.statistics().unrouted == 1


@pytest.mark.anyio
async def test_a_handlers_small_output_does_not_overtake_its_large_one() -> None:
    looking = Waiting()
    looking.begun.clear()
    got: list[int] = []

    @agent("writer", publishes=(Note,))
    async def writer(_question: Question, context: Context) -> Answer:
        context.after(0, Note(number=3))
        await context.publish(Note(number=1, text=LARGE))
        await context.publish(Note(number=2))
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        got.append(note.number)

    async with running(writer, reader, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:
        tasks.start_soon(runtime.ask, Question(), Answer)
        await looking.reached()
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        assert got in ([], [3])  # what was due before the large one, nothing that came behind it
        looking.go.set()

    assert sorted(got) == [1, 2, 3]
    assert got.index(1) < got.index(2)


@pytest.mark.anyio
async def test_the_deadline_ends_a_run_whose_question_is_being_inspected() -> None:
    looking = Waiting()
    async with running(answerer, policies=policies(looking)) as runtime:
        try:
            with pytest.raises(RunExpiredError):
                await runtime.ask(Question(text=LARGE), Answer, within_s=0.01)
        finally:
            looking.go.set()
        totals = runtime.statistics().totals
        assert (totals.handled, totals.in_flight) == (0, 0)


@pytest.mark.anyio
async def test_a_caller_that_leaves_ends_a_run_whose_question_is_being_inspected() -> None:
    looking = Waiting()
    async with running(answerer, policies=policies(looking)) as runtime:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runtime.ask, Question(text=LARGE), Answer)
            await looking.reached()
            tasks.cancel_scope.cancel()
        looking.go.set()
        assert runtime.statistics().totals.in_flight == 0
        assert (await runtime.ask(Question(text="after"), Answer)) is not None


@pytest.mark.anyio
async def test_a_kill_holds_for_what_is_being_inspected() -> None:
    looking = Waiting()
    failed: list[BaseException] = []
    async with running(answerer, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:

        async def ask() -> None:
            try:
                await runtime.ask(Question(text=LARGE), Answer)
            except RunCancelledError as error:
                failed.append(error)

        tasks.start_soon(ask)
        await looking.reached()
        runtime.operations.kill(everything=True, by="ann", reason="drill")
        looking.go.set()

    assert len(failed) == 1


@pytest.mark.anyio
async def test_a_large_part_of_a_fan_out_is_waited_for() -> None:
    looking = Waiting()

    @agent("verbose")
    async def verbose(_question: Question) -> Answer:
        return Answer(text=LARGE)

    @agent("brief")
    async def brief(_question: Question) -> Answer:
        return Answer(text="brief")

    async with running(verbose, brief, policies=policies(looking)) as runtime, anyio.create_task_group() as tasks:

        async def ask() -> None:
            gathered = await runtime.gather(Question(), expect=Each(Answer))
            assert {name: len(answer.text) for name, answer in gathered[Each(Answer)].items()} == {
                "verbose": 200_000, "brief": 5,
            }  # fmt: skip

        tasks.start_soon(ask)
        await looking.reached()
        looking.go.set()


@pytest.mark.anyio
async def test_policies_that_are_replaced_meanwhile_judge_by_their_own_inspectors() -> None:
    before, after = Waiting(), Waiting()
    after.go.set()
    async with running(answerer, policies=policies(before)) as runtime, anyio.create_task_group() as tasks:
        tasks.start_soon(runtime.ask, Question(text=LARGE), Answer)
        await before.reached()
        runtime.operations.replace_policies(policies(after), by="ann", reason="other rules")
        before.go.set()

    assert after.looked >= 1


@pytest.mark.anyio
async def test_a_large_text_is_masked_like_a_small_one() -> None:
    filler = "nothing to see here. " * 5_000
    shown: list[str] = []

    @agent("reader")
    async def reader(question: Question) -> Answer:
        shown.append(question.text)
        return Answer()

    async with Runtime([reader], policies=PolicySet((Pii(), Secrets()))) as runtime:
        await runtime.ask(Question(text=f"{filler}4111 1111 1111 1111 {filler}"), Answer)

    assert shown == [f"{filler}[card] {filler}"]


def test_a_simulation_inspects_a_large_text_without_a_thread() -> None:
    looking = Waiting()
    looking.go.set()

    async def main() -> None:
        async with Runtime([answerer], policies=policies(looking)) as runtime:
            await runtime.ask(Question(text=LARGE), Answer)

    loop = SimulationLoop(seed=1)
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    assert looking.looked >= 1


@pytest.mark.anyio
async def test_a_large_text_for_nobody_is_refused_before_it_is_looked_into() -> None:
    inspector = Waiting()
    async with running(answerer, policies=PolicySet((Rule(lambda _route: None, inspectors=(inspector,)),))) as runtime:
        for to, error in (("nobody", UnknownAgentError), ("answerer", NotConsumedError)):
            with pytest.raises(error):
                await runtime.publish(Note(text=LARGE) if to == "answerer" else Question(text=LARGE), to=to)
        assert not inspector.begun.is_set()
