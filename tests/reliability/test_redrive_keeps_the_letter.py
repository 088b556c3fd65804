"""Redriving a dead letter loses nothing, ends in time, and finds every letter by its name."""

from __future__ import annotations

import anyio
import pytest

from genie import GenieError, RunLimits, agent
from genie.errors import InputError
from tests.genie.policies_for_tests import Answer, Question, running

pytestmark = pytest.mark.anyio


async def test_a_letter_whose_agent_was_removed_is_kept() -> None:
    @agent("fails")
    async def fails(question: Question) -> Answer:
        raise ValueError

    async with running(fails) as runtime:
        await runtime.publish(Question())
        await anyio.wait_all_tasks_blocked()
        (letter,) = runtime.operations.dead_letters()
        await runtime.remove("fails")
        with pytest.raises(GenieError):
            await runtime.redrive(letter.id)
        assert [kept.id for kept in runtime.operations.dead_letters()] == [letter.id]


@pytest.mark.parametrize("stopped", ["pause", "kill", "everything"])
async def test_a_letter_that_is_denied_again_is_kept(stopped: str) -> None:
    broken = True

    @agent("fails")
    async def fails(question: Question) -> Answer:
        if broken:
            raise ValueError
        return Answer()

    @agent("leaves")
    async def leaves(question: Question) -> Answer:
        raise ValueError

    async with running(fails, leaves) as runtime:
        await runtime.publish(Question())
        await anyio.wait_all_tasks_blocked()
        operations = runtime.operations
        letters = {letter.agent: letter.id for letter in operations.dead_letters()}
        if stopped == "pause":
            operations.pause("fails")
        else:
            operations.kill(**({"agent": "fails"} if stopped == "kill" else {"everything": True}))
        with pytest.raises(InputError, match="paused" if stopped == "pause" else "killed"):
            await runtime.redrive(letters["fails"])
        assert {letter.id for letter in operations.dead_letters()} == set(letters.values())
        operations.resume("fails") if stopped == "pause" else operations.revive(
            **({"agent": "fails"} if stopped == "kill" else {"everything": True})
        )
        broken = False
        await runtime.remove("leaves")
        assert await operations.redrive_all(per_s=1000) == 1  # the one that cannot go does not stop the other
        await anyio.wait_all_tasks_blocked()
        assert [letter.id for letter in operations.dead_letters()] == [letters["leaves"]]


async def test_a_redriven_run_has_the_deadline_of_the_limits() -> None:
    tried = 0

    @agent("fails")
    async def fails(question: Question) -> Answer:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise ValueError
        await anyio.sleep_forever()
        return Answer()

    async with running(fails, limits=RunLimits(deadline_s=5)) as runtime:
        await runtime.publish(Question())
        await anyio.wait_all_tasks_blocked()
        (letter,) = runtime.operations.dead_letters()
        await runtime.redrive(letter.id)
        await anyio.sleep(10)
        assert runtime.statistics().runs == 0


async def test_no_two_letters_have_one_name() -> None:
    @agent("first", fallback="second")
    async def first(question: Question) -> Answer:
        raise ValueError

    @agent("second")
    async def second(question: Question) -> Answer:
        raise ValueError

    async with running(first, second) as runtime:
        await runtime.publish(Question())
        await anyio.wait_all_tasks_blocked()
        ids = [letter.id for letter in runtime.operations.dead_letters()]
        assert len(ids) >= 2
        assert len(set(ids)) == len(ids)
