"""What nobody takes up after a crash ends by name: questions whose asker ends, and payloads that wait for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from anyio import sleep_forever

from genie import Each, Payload, RunLimits, Runtime, agent
from genie.contracts.context import Context
from genie.contracts.outcome import Outcome, Reason
from genie.journal.history import History
from genie.testing import settled
from tests.durability.restarts import Machine

if TYPE_CHECKING:
    from genie.testing.recorders import RecordingLog

pytestmark = pytest.mark.anyio


class Start(Payload, topic="abandoned.start"):
    number: int


class Asked(Payload, topic="abandoned.asked"):
    number: int


class Said(Payload, topic="abandoned.said"):
    number: int


class Done(Payload, topic="abandoned.done"):
    number: int


class Later(Payload, topic="abandoned.later"):
    number: int


class Desk:
    """An asker that hangs after its answer has come, or while it waits for it; a next process may not ask at all."""

    def __init__(self, *, answers: bool, deaths: int = 0) -> None:
        self.answers = answers
        self.asks = True
        self.hangs = True
        self.limits = RunLimits(deaths=deaths, deadline_s=None)

    def machine(self) -> Machine:
        @agent("asker", asks={Asked: Said})
        async def asker(start: Start, ctx: Context) -> Done:
            if self.asks:
                await ctx.ask(Asked(number=start.number), Said)
            if self.hangs:
                await sleep_forever()
            return Done(number=start.number)

        @agent("sayer")
        async def sayer(asked: Asked) -> Said:
            if not self.answers:
                await sleep_forever()
            return Said(number=asked.number)

        def make(log: RecordingLog) -> Runtime:
            return Runtime([asker, sayer], log=log, seed=1, prefix="a", limits=self.limits)

        return Machine(make)


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("outcome", [Outcome.EXPIRED, Outcome.CANCELLED])
async def test_a_run_that_ends_before_its_asker_goes_on_leaves_no_question_open(
    answers: bool, outcome: Outcome
) -> None:
    desk = Desk(answers=answers)
    machine = desk.machine()
    async with machine.process() as runtime:
        runtime.start(Start(number=1), Done)
        await settled(runtime)
    async with machine.process(dies=False) as runtime:
        (run,) = runtime.bus.runs.open_runs.values()
        runtime.bus.runs.end(run, outcome, Reason("test"))
        assert not runtime.bus.runs.open_runs
    assert list(History(machine.log.records)) == []


@pytest.mark.parametrize("answers", [True, False])
async def test_a_handler_that_asks_no_more_leaves_no_question_open(answers: bool) -> None:
    desk = Desk(answers=answers)
    machine = desk.machine()
    async with machine.process() as runtime:
        run = runtime.start(Start(number=1), Done).id
        await settled(runtime)
    desk.asks = desk.hangs = False
    async with machine.process(dies=False) as runtime:
        assert await runtime.run(run).result() == Done(number=1)
        await settled(runtime)
        assert not runtime.bus.runs.open_runs
    assert list(History(machine.log.records)) == []
    sayers = [(outcome, code) for delivery, outcome, code in machine.ended() if delivery.endswith("@sayer")]
    assert sayers == [("handled", "") if answers else ("cancelled", "no_longer_needed")]


async def test_an_asker_that_killed_its_processes_leaves_no_question_open() -> None:
    desk = Desk(answers=True, deaths=1)
    machine = desk.machine()
    async with machine.process() as runtime:
        runtime.start(Start(number=1), Done)
        await settled(runtime)
        await runtime.bus.observers.recorder.flush()  # type: ignore[union-attr]  # it is at work, which is told here
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        assert [one.code for one in runtime.operations.dead_letters()] == ["poison"]
        assert not runtime.bus.runs.open_runs
    assert list(History(machine.log.records)) == []


async def test_a_stream_that_was_read_when_the_process_died_is_asked_again_and_leaves_nothing_open() -> None:
    hangs, begun = [True], []

    @agent("asker", asks={Asked: (Said, Later)})
    async def asker(start: Start, ctx: Context) -> Done:
        parts = []
        async for part in ctx.stream(Asked(number=start.number), parts=Later, end=Said):
            parts.append(part)
        return Done(number=len(parts))

    @agent("sayer", publishes=(Later,))
    async def sayer(asked: Asked, ctx: Context) -> Said:
        begun.append(asked.number)
        await ctx.publish(Later(number=1))
        if hangs[0]:
            await sleep_forever()
        return Said(number=asked.number)

    limits = RunLimits(deaths=0, deadline_s=None)
    machine = Machine(lambda log: Runtime([asker, sayer], log=log, seed=1, prefix="a", limits=limits))
    async with machine.process() as runtime:
        run = runtime.start(Start(number=1), Done).id
        await settled(runtime)
    hangs[0] = False
    async with machine.process(dies=False) as runtime:
        assert await runtime.run(run).result() == Done(number=2)
        await settled(runtime)
        assert not runtime.bus.runs.open_runs
    assert list(History(machine.log.records)) == []


class Clockwork:
    """An agent that publishes a payload later, and who takes it; a next process may have other classes."""

    def __init__(self) -> None:
        self.consumer = self.sender = True
        self.got: list[int] = []

    def machine(self) -> Machine:
        @agent("sender", publishes=(Later,))
        async def sender(start: Start, ctx: Context) -> None:
            ctx.after(60, Later(number=start.number))

        @agent("plain")
        async def plain(start: Start) -> None:
            """Take it and say nothing."""

        @agent("taker")
        async def taker(later: Later) -> None:
            self.got.append(later.number)

        def make(log: RecordingLog) -> Runtime:
            agents = [sender if self.sender else plain, *((taker,) if self.consumer else ())]
            return Runtime(agents, log=log, seed=1, prefix="a", limits=RunLimits(deadline_s=None))

        return Machine(make)


async def parked(clockwork: Clockwork) -> Machine:
    """Leave a delayed payload in a log."""
    machine = clockwork.machine()
    async with machine.process() as runtime:
        await runtime.publish(Start(number=1))
        await settled(runtime)
    assert len(machine.of("delayed")) == 1
    return machine


async def test_a_delayed_payload_that_no_class_reads_is_a_dead_letter_with_an_incident() -> None:
    clockwork = Clockwork()
    machine = await parked(clockwork)
    clockwork.consumer = False
    clockwork.sender = False
    async with machine.process() as runtime:
        await settled(runtime)
        (letter,) = runtime.operations.dead_letters()
        assert (letter.topic, letter.code) == ("abandoned.later", "removed")
        assert ("dead_lettered", "removed") in [(one.kind, one.code) for one in runtime.operations.incidents()]
        assert not runtime.bus.runs.open_runs
    async with machine.process(dies=False) as runtime:  # it is named once, and kept
        assert len(runtime.operations.dead_letters()) == 1
    assert list(History(machine.log.records)) == []


async def test_a_delayed_payload_whose_sender_is_gone_goes_to_its_subscribers_when_it_is_redriven() -> None:
    clockwork = Clockwork()
    machine = await parked(clockwork)
    clockwork.sender = False
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        (letter,) = runtime.operations.dead_letters()
        assert (letter.agent, letter.code) == ("", "removed")
        await runtime.redrive(letter.id)
        await settled(runtime)
        assert clockwork.got == [1]
        assert runtime.operations.dead_letters() == ()
    assert list(History(machine.log.records)) == []


def later_said(*, reads: bool) -> type[Payload]:
    """Return the next version of an answer, which may read the one before."""

    class NewSaid(Payload, topic="abandoned.said", version=2):
        number: int
        by: str

        @classmethod
        def upcast(cls, version: int, fields: dict[str, Any]) -> dict[str, Any] | None:
            return {**fields, "by": "upcast"} if reads and version == 1 else None

    return NewSaid


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("each", [True, False])
async def test_an_answer_of_an_earlier_version_is_read_or_missing_by_name(reads: bool, each: bool) -> None:
    asked: list[int] = []
    hangs = [True]

    def machine_of(said: type[Payload]) -> Machine:
        expected: Any = Each(said) if each else said

        @agent("asker", asks={Asked: expected})
        async def asker(start: Start, ctx: Context) -> Done:
            parts = await ctx.gather(Asked(number=start.number), expect=expected)
            if hangs[0]:
                await sleep_forever()
            one = parts.get(said)
            found: list[Any] = [*parts[expected].values()] if each else [] if one is None else [one]
            return Done(number=sum(one.number for one in found))

        async def answer(question: Asked) -> Any:
            asked.append(question.number)
            return said(number=question.number)

        answer.__annotations__["return"] = said
        sayer = agent("sayer")(answer)
        return Machine(
            lambda log: Runtime([asker, sayer], log=log, seed=1, prefix="a", limits=RunLimits(deadline_s=None))
        )

    machine = machine_of(Said)
    async with machine.process() as runtime:
        run = runtime.start(Start(number=3), Done).id
        await settled(runtime)
    hangs[0] = False
    records = machine.log.records
    machine = machine_of(later_said(reads=reads))
    machine.log.records = records
    async with machine.process(dies=False) as runtime:
        assert await runtime.run(run).result() == Done(number=3 if reads else 0)
        await settled(runtime)
        incidents = [(one.kind, one.code) for one in runtime.operations.incidents()]
        assert (("dead_lettered", "version") in incidents) is not reads
    assert asked == [3]  # the question stands, so that it is not asked again
    assert list(History(machine.log.records)) == []
