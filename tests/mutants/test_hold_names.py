"""Holds: which parts of a gather are reported as held, and that a run's deadline rests while a person decides."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, Each, Gathered, PolicySet, agent
from genie.errors import RunHeld
from genie.policy.verdicts import Hold
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Order,
    Question,
    answerer,
    asking,
    assert_at_rest,
    gated,
    holding,
    running,
    turns,
    verdict_for,
)

pytestmark = pytest.mark.anyio


async def test_only_the_part_that_waits_for_a_person_is_named_held() -> None:
    """Of two agents one is held and the other is slow; of two classes one cannot follow from what is held."""
    gate = Gate()
    got: list[Gathered] = []

    @agent("slow_opiner")
    async def slow_opiner(question: Question) -> Opinion:
        await gate.wait()
        return Opinion()

    desk = asking(Question(), Each(Answer), Opinion, into=got, within_s=5)
    async with running(answerer, gated(gate), slow_opiner, desk, policies=holding("answerer", Question)) as runtime:
        run = runtime.start(Note(), Opinion)
        await anyio.sleep(10)
        [held] = runtime.approvals.holds()
        missing = {name: part.reason for name, part in got[0].missing.items()}
        assert missing == {"answerer": f"held({held.id})", "slow": "late", "t.opinion": "late"}
        gate.open.set()
        runtime.approvals.refuse(held.id)
        await run.settled()
        assert_at_rest(runtime)


@pytest.mark.parametrize("decide", ["refuse", "release", "expire"])
async def test_a_second_hold_of_a_part_is_named_once_the_first_is_decided(decide: str) -> None:
    """Both agents could bring the one answer; the first hold ends, and the part still waits for the second."""
    got: list[Gathered] = []
    gate = Gate()
    desk = asking(Question(), Answer, into=got, within_s=50)
    policies = PolicySet((
        verdict_for("slow", Question, Hold("ask", 10), name="first"),
        verdict_for("answerer", Question, Hold("ask", 5_000), name="second"),
    ))  # fmt: skip
    async with running(gated(gate), answerer, desk, policies=policies) as runtime:
        run = runtime.start(Note(), Opinion)
        await turns()
        first, second = runtime.approvals.holds()
        assert (first.recipient, second.recipient) == ("slow", "answerer")
        if decide == "refuse":
            runtime.approvals.refuse(first.id)
        elif decide == "release":
            runtime.approvals.release(first.id)
        await anyio.sleep(60)
        assert [part.reason for part in got[0].missing.values()] == [f"held({second.id})"]
        gate.open.set()
        runtime.approvals.refuse(second.id)
        await run.settled()
        assert_at_rest(runtime)


async def test_mail_of_a_run_is_handled_past_the_deadline_while_a_person_decides() -> None:
    """The deadline of a run rests while something of it is held; mail that comes meanwhile is no later for it."""
    seen: list[str] = []

    @agent("later", publishes=(Note,))
    async def later(question: Question, context: Context) -> None:
        context.after(150, Note(text="in time"))

    @agent("reader")
    async def reader(note: Note) -> None:
        seen.append(note.text)

    async with running(answerer, later, reader, policies=holding("answerer", Question, 5_000)) as runtime:
        run = runtime.start(Question(text="q"), Answer, deadline_s=100)
        await anyio.sleep(200)
        assert seen == ["in time"]
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        assert (await run.result()).text == "q"
        await run.settled()
        assert run.messages().expired == 0
        assert_at_rest(runtime)


async def test_a_run_is_held_once_nothing_else_of_it_runs_a_question_that_nobody_waits_for_included() -> None:
    @agent("late")
    async def late(question: Question) -> Answer:
        await anyio.sleep(10)
        return Answer()

    @agent("desk", asks={Question: (Answer,)})
    async def desk(note: Note, context: Context) -> Opinion:
        await context.gather(Question(), expect=(Answer,), within_s=1)
        return Opinion()

    @agent("clerk")
    async def clerk(opinion: Opinion) -> Order:
        return Order(account="a", number=1)

    async with running(late, desk, clerk, policies=holding("clerk", Opinion)) as runtime:
        run = runtime.start(Note(), Order)
        began = anyio.current_time()
        with pytest.raises(RunHeld):
            await run.result()
        assert anyio.current_time() - began == pytest.approx(10)
        runtime.approvals.release(runtime.approvals.holds()[0].id)
        assert (await run.result()).number == 1
        assert_at_rest(runtime)
