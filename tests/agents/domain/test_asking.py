"""The base of the desks: answers, what is insufficient, and missing answers by agent and reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from genie.contracts.agent import Agent, agent
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime
from genie_finance.contracts.insufficient import InsufficientData, Lack, MissingAnswer
from genie_finance.domain.asking import Asking, Desk

pytestmark = pytest.mark.anyio


class AskingCase(Payload, topic="test_asking.case"):
    """What the desk under test is asked."""


class AskingOutcome(Payload, topic="test_asking.outcome"):
    """What it found."""

    weight: int | None
    height: int | None
    insufficient: tuple[InsufficientData, ...]
    missing: tuple[MissingAnswer, ...]


class AskWeight(Payload, topic="test_asking.ask_weight"):
    """A question that may be answered with too little."""


class Weight(Payload, topic="test_asking.weight"):
    """Its answer."""

    value: int = 7


class AskHeight(Payload, topic="test_asking.ask_height"):
    """A question with one class of answer."""


class Height(Payload, topic="test_asking.height"):
    """Its answer."""

    value: int = 9


LACK = Lack(what="scales", needed="one")
LACKING = InsufficientData(agent="weigher", question="a weight", missing=(LACK,))
DESK = Desk(id="desk", asks={AskWeight: (Weight, InsufficientData), AskHeight: (Height,)}, within_s=30.0)
Asks = Callable[[Asking], Any]


def desk_that(asks: Asks, desk: Desk = DESK) -> Agent:
    @agent(id="desk", asks=desk.asks)
    async def made(case: AskingCase, context: Context) -> AskingOutcome:
        """Ask as the test says."""
        asking = desk.open(context)
        await asks(asking)
        weight, height = asking.get(Weight), asking.get(Height)
        return AskingOutcome(
            weight=None if weight is None else weight.value,
            height=None if height is None else height.value,
            insufficient=asking.insufficient,
            missing=asking.missing,
        )

    return made


@agent(id="weigher")
async def weigher(question: AskWeight) -> Weight:
    """Weigh."""
    return Weight()


@agent(id="measurer")
async def measurer(question: AskHeight) -> Height:
    """Measure."""
    return Height()


async def outcome(asks: Asks, *others: Agent, desk: Desk = DESK) -> AskingOutcome:
    async with Runtime([desk_that(asks, desk), *others]) as runtime:
        return await runtime.ask(AskingCase(), AskingOutcome)


async def both(asking: Asking) -> None:
    await asking.ask(AskWeight(), Weight)
    await asking.ask(AskHeight(), Height)


async def test_answers_are_returned_and_kept() -> None:
    async def asks(asking: Asking) -> None:
        found = await asking.ask(AskWeight(), Weight)
        assert found == asking.get(Weight) == Weight()
        assert asking.get(Height) is None

    found = await outcome(asks, weigher, measurer)
    assert (found.weight, found.insufficient, found.missing) == (7, (), ())


async def test_too_little_is_kept_as_the_agent_said_it() -> None:
    @agent(id="weigher")
    async def without_scales(question: AskWeight) -> Weight | InsufficientData:
        """Say what is lacking."""
        return LACKING

    found = await outcome(both, without_scales, measurer)
    assert (found.weight, found.height) == (None, 9)
    assert (found.insufficient, found.missing) == ((LACKING,), ())


async def test_a_failure_is_a_missing_answer_with_agent_and_reason() -> None:
    @agent(id="weigher")
    async def broken(question: AskWeight) -> Weight:
        """Fail."""
        raise RuntimeError("no scales")

    found = await outcome(both, broken, measurer)
    assert (found.weight, found.height, found.insufficient) == (None, 9, ())
    (missing,) = found.missing
    assert (missing.part, missing.agent) == ("test_asking.weight", "weigher")
    assert missing.reason.startswith("dead_lettered")


async def test_a_question_without_a_subscriber_names_the_topic() -> None:
    found = await outcome(both, weigher)
    (missing,) = found.missing
    assert missing.part == missing.agent == "test_asking.height"
    assert found.weight == 7


async def test_a_question_that_the_desk_cannot_ask_is_kept_and_not_asked() -> None:
    asked: list[AskWeight] = []

    @agent(id="weigher")
    async def counting(question: AskWeight) -> Weight:
        """Count."""
        asked.append(question)
        return Weight()

    async def asks(asking: Asking) -> None:
        assert await asking.ask(DESK.lacking("a weight", LACK), Weight) is None

    found = await outcome(asks, counting)
    assert asked == []
    assert found.insufficient == (InsufficientData(agent="desk", question="a weight", missing=(LACK,)),)
    assert found.missing == ()


async def test_what_was_not_asked_says_why_and_about_what() -> None:
    async def asks(asking: Asking) -> None:
        asking.lost(Height, "not asked: no subject", about=" of 7", agent="measurer")
        asking.lost(Weight, "not asked")

    found = await outcome(asks)
    assert found.missing == (
        MissingAnswer(part="test_asking.height of 7", agent="measurer", reason="not asked: no subject"),
        MissingAnswer(part="test_asking.weight", agent="test_asking.weight", reason="not asked"),
    )


async def test_questions_asked_together_do_not_wait_for_each_other() -> None:
    """Each of the two agents answers only once the other has been asked."""
    weighing, measuring = anyio.Event(), anyio.Event()

    @agent(id="weigher")
    async def first(question: AskWeight) -> Weight:
        """Wait for the other."""
        weighing.set()
        await measuring.wait()
        return Weight()

    @agent(id="measurer")
    async def second(question: AskHeight) -> Height:
        """Wait for the other."""
        measuring.set()
        await weighing.wait()
        return Height()

    async def asks(asking: Asking) -> None:
        await asking.ask_all((AskWeight(), Weight), (AskHeight(), Height), (None, Weight))

    with anyio.fail_after(20):
        found = await outcome(asks, first, second)
    assert (found.weight, found.height, found.missing) == (7, 9, ())


async def test_of_a_question_with_a_fallback_the_primary_says_what_is_lacking() -> None:
    lacking: Each[InsufficientData] = Each(InsufficientData)
    desk = Desk(id="desk", asks={AskWeight: (Weight, lacking)}, within_s=30.0, primaries={AskWeight: "weigher"})

    @agent(id="weigher")
    async def without_scales(question: AskWeight) -> Weight | InsufficientData:
        """Say what is lacking."""
        return LACKING

    @agent(id="spare")
    async def spare(question: AskWeight) -> InsufficientData:
        """Say that it only stands in."""
        return InsufficientData(agent="spare", question="a weight", missing=(LACK,))

    async def asks(asking: Asking) -> None:
        await asking.ask(AskWeight(), Weight)

    found = await outcome(asks, without_scales, spare, desk=desk)
    assert found.insufficient == (LACKING,)

    @agent(id="weigher")
    async def broken(question: AskWeight) -> Weight | InsufficientData:
        """Fail."""
        raise RuntimeError("no scales")

    found = await outcome(asks, broken, spare, desk=desk)
    (missing,) = found.missing
    assert (missing.agent, found.insufficient) == ("weigher", ())


@pytest.mark.parametrize("of_people", [False, True])
async def test_only_people_are_waited_for_without_a_limit(of_people: bool) -> None:
    released = anyio.Event()

    @agent(id="weigher")
    async def slow(question: AskWeight) -> Weight:
        """Answer when released."""
        await released.wait()
        return Weight()

    desk = Desk(id="desk", asks=DESK.asks, within_s=0.01)

    async def asks(asking: Asking) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(release_after_a_limit, asking)
            await asking.ask(AskWeight(), Weight, of_people=of_people)
        released.set()  # after both have ended: a limit that passes a little earlier must not let the other one answer

    async def release_after_a_limit(asking: Asking) -> None:
        await asking.ask(AskHeight(), Height)  # nobody measures in time, so this ends when the limit has passed
        if of_people:
            released.set()

    @agent(id="measurer")
    async def never(question: AskHeight) -> Height:
        """Answer when released, which is too late."""
        await released.wait()
        return Height()

    with anyio.fail_after(20):
        found = await outcome(asks, slow, never, desk=desk)
    assert (found.weight == 7) is of_people
    assert "test_asking.height" in {one.part for one in found.missing}
