"""Fallbacks of fallbacks answer for the agent that was asked first; retries end with their run."""

from __future__ import annotations

import anyio
import pytest

from genie import Each, Gathered, Retry, agent
from tests.genie.policies_for_tests import (
    Answer,
    Note,
    Opinion,
    Question,
    asking,
    assert_at_rest,
    running,
)

pytestmark = pytest.mark.anyio


def failing(id: str, **options):
    @agent(id, **options)
    async def fails(question: Question) -> Answer:
        raise ValueError

    return fails


def standing_in(id: str):
    @agent(id)
    async def stands_in(question: Question) -> Answer:
        return Answer(text=f"{id} {question.number}")

    return stands_in


@pytest.mark.parametrize("order", ["abc", "cab", "bca", "cba"])
async def test_each_part_of_a_chain_of_fallbacks_comes_under_the_id_that_it_stands_in_for(order: str) -> None:
    got: list[Gathered] = []
    chain = {"a": failing("a", fallback="b"), "b": failing("b", fallback="c"), "c": standing_in("c")}
    desk = asking(Question(number=7), Each(Answer), into=got)
    async with running(*(chain[each] for each in order), desk) as runtime:
        run = runtime.start(Note(), Opinion)
        await run.result()
        answers = got[0][Each(Answer)]
        assert {name: answer.text for name, answer in answers.items()} == {
            "a": "c 7"
        }  # fallbacks are not asked themselves
        assert got[0].missing == {}
        await run.settled()
        assert run.messages().late == 0
        assert_at_rest(runtime)


@pytest.mark.parametrize("cleans_s", [0.8, 5], ids=["stops", "abandoned"])
async def test_a_handler_that_times_out_after_its_run_has_ended_is_not_retried(cleans_s: float) -> None:
    """It is out of time first, then its run is cancelled, and only then does it end: nothing is left to try again."""
    cleaned: list[str] = []

    @agent("stubborn", timeout_s=3, retry=Retry(attempts=3, first_s=1_000, longest_s=1_000))
    async def stubborn(question: Question) -> Answer:
        try:
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(cleans_s)
            cleaned.append("done")
        return Answer()

    async with running(stubborn) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.sleep(3.5)
        run.cancel()
        await anyio.sleep(6)
        assert cleaned == ["done"]
        statistics = runtime.statistics().agents["stubborn"]
        assert (statistics.retrying, statistics.retried, statistics.in_flight) == (0, 0, 0)
        assert run.at_rest
        assert_at_rest(runtime)


async def test_a_handler_that_times_out_after_its_run_has_ended_has_no_fallback() -> None:
    seen: list[str] = []

    @agent("stubborn", timeout_s=3, fallback="second", retry=Retry(attempts=2, first_s=1_000, longest_s=1_000))
    async def stubborn(question: Question) -> Answer:
        try:
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(5)
        return Answer()

    @agent("second")
    async def second(question: Question) -> Answer:
        seen.append("second")
        return Answer()

    async with running(stubborn, second) as runtime:
        run = runtime.start(Question(), Answer, to="stubborn")
        await anyio.sleep(4)
        run.cancel()
        await anyio.sleep(6)
        assert seen == []
        assert [failure.agent for failure in run.failures()] == ["stubborn"]
        assert_at_rest(runtime)
