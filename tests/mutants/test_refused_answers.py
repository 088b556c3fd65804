"""An answer that the limits of its run refuse reaches nobody: not its asker either, outside or inside."""

from __future__ import annotations

import pytest

from genie import Context, RunLimits, agent
from genie.errors import GenieError, RunStalled, TooManyRunsError
from tests.genie.policies_for_tests import Answer, Gate, Note, Opinion, Question, assert_at_rest, gated, running

pytestmark = pytest.mark.anyio


@agent("asking", asks={Question: Answer})
async def asking(note: Note, context: Context) -> Opinion:
    try:
        return Opinion(text=(await context.ask(Question(), Answer)).text)
    except GenieError as error:
        return Opinion(text=error.code)


@agent("passing")
async def passing(opinion: Opinion) -> Question:
    return Question(text=opinion.text)


@agent("answering")
async def answering(question: Question) -> Answer:
    return Answer(text="secret")


@pytest.mark.parametrize(
    ("limits", "code"),
    [(RunLimits(max_hops=1), "loop"), (RunLimits(max_messages=2), "budget")],
    ids=["hops", "messages"],
)
async def test_an_answer_beyond_a_limit_is_not_given_to_the_caller(limits: RunLimits, code: str) -> None:
    async with running(passing, answering, limits=limits) as runtime:
        run = runtime.start(Opinion(), Answer)
        with pytest.raises(RunStalled):
            await run.result()
        await run.settled()
        assert [failure.reason.code for failure in run.failures()] == [code]
        assert run.messages().dead_lettered == 1
        assert_at_rest(runtime)


async def test_an_answer_beyond_a_limit_is_not_given_to_an_agent_that_asks() -> None:
    async with running(asking, answering, limits=RunLimits(max_messages=2)) as runtime:
        run = runtime.start(Note(), Opinion)
        with pytest.raises(RunStalled):
            await run.result()
        await run.settled()
        assert {failure.reason.code for failure in run.failures()} == {"budget"}
        assert_at_rest(runtime)


async def test_an_answer_within_the_limits_is_given() -> None:
    async with running(passing, answering, limits=RunLimits(max_hops=2, max_messages=3)) as runtime:
        assert (await runtime.ask(Opinion(), Answer)).text == "secret"


async def test_exactly_as_many_runs_are_admitted_as_the_limit_says() -> None:
    gate = Gate()
    async with running(gated(gate), limits=RunLimits(max_runs=2)) as runtime:
        runs = [runtime.start(Question(), Answer) for _ in range(2)]
        with pytest.raises(TooManyRunsError):
            runtime.start(Question(), Answer)
        gate.open.set()
        for run in runs:
            await run.result()
        assert (await runtime.ask(Question(), Answer)).text == "slow"
