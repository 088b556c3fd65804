"""Gathers and questions: what counts as an answer, and when the wait ends."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, Each, Gathered, agent
from genie.inflight.gather import GatherSpec
from tests.genie.policies_for_tests import (
    Answer,
    Gate,
    Note,
    Opinion,
    Question,
    answerer,
    asking,
    assert_at_rest,
    gated,
    running,
)

pytestmark = pytest.mark.anyio


@agent("polisher")
async def polisher(question: Question) -> Question | None:
    return None if question.number else Question(text="polished", number=1)


async def test_a_question_does_not_answer_itself() -> None:
    """An agent may improve a payload: the answer has the class of the question, and it is not the question."""
    async with running(polisher) as runtime:
        assert await runtime.ask(Question(text="raw"), Question) == Question(text="polished", number=1)
        assert await runtime.start(Question(text="raw"), Question).result() == Question(text="polished", number=1)
        views = await runtime.gather(Question(text="raw"), expect=Question)
        assert views[Question].text == "polished"
        await runtime.drain(1)
        assert_at_rest(runtime)


async def test_a_question_of_a_handler_does_not_answer_itself() -> None:
    got: list[Gathered] = []
    async with running(polisher, asking(Question(text="raw"), Question, into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        assert got[0][Question].text == "polished"
        await runtime.drain(1)
        assert_at_rest(runtime)


async def test_a_part_that_is_known_to_be_missing_is_late_when_it_comes_after_all() -> None:
    """It counts once: as the failure that it was. The gather goes on until the other parts are in."""
    gate = Gate()
    got: list[Gathered] = []

    @agent("unsure")
    async def unsure(question: Question, context: Context) -> Answer:
        context.after(1, Answer(text="after all"))
        raise ValueError

    async with running(unsure, answerer, gated(gate), asking(Question(), Each(Answer), into=got)) as runtime:
        run = runtime.start(Note(), Opinion)
        await anyio.sleep(5)
        assert got == []
        gate.open.set()
        await run.result()
        assert sorted(got[0][Each(Answer)]) == ["answerer", "slow"]
        assert {name: part.reason for name, part in got[0].missing.items()} == {"unsure": "dead_lettered(ValueError)"}
        await run.settled()
        assert run.messages().late == 1
        assert_at_rest(runtime)


@pytest.mark.parametrize("wrong", [int, Answer(), "t.answer", None, Each(int), Each(Answer())])
def test_a_gather_expects_payload_classes_alone(wrong: object) -> None:
    with pytest.raises(TypeError):
        GatherSpec((wrong,), "all", lambda _part: ())


async def test_each_missing_part_has_the_reason_of_its_own_agent() -> None:
    got: list[Gathered] = []

    @agent("mute")
    async def mute(question: Question) -> Answer | None:
        return None

    @agent("failing")
    async def failing(question: Question) -> Answer:
        raise ValueError

    async with running(mute, failing, answerer, asking(Question(), Each(Answer), into=got)) as runtime:
        await runtime.ask(Note(), Opinion)
        missing = got[0].missing
        assert set(missing) == {"mute", "failing"}
        assert missing["mute"].reason == "answered nothing"
        assert "ValueError" in missing["failing"].reason
        assert set(got[0][Each(Answer)]) == {"answerer"}
