"""Stand-bys: an agent that is only somebody's fallback gets nothing before its primary cannot take it."""

from __future__ import annotations

from typing import Any

import pytest

from genie import agent
from tests.genie.policies_for_tests import Answer, Note, Question, running

pytestmark = pytest.mark.anyio


async def test_a_stand_by_gets_nothing_of_that_type_until_its_primary_cannot_take_it() -> None:
    seen: list[tuple[str, str]] = []

    @agent("primary", fallback="second")
    async def primary(question: Question) -> Answer:
        seen.append(("primary", question.text))
        if question.text == "hard":
            raise ValueError
        return Answer(text="primary")

    @agent("second")
    async def second(question: Question | Note) -> Answer:
        seen.append(("second", question.text))
        return Answer(text="second")

    async with running(primary, second) as runtime:
        assert (await runtime.ask(Question(text="easy"), Answer)).text == "primary"
        await runtime.publish(Note(text="of another type"))  # of which it is nobody's stand-by
        await runtime.drain(5)
        assert seen == [("primary", "easy"), ("second", "of another type")]
    seen.clear()
    async with running(primary, second) as runtime:
        assert (await runtime.ask(Question(text="hard"), Answer)).text == "second"
        runtime.operations.pause("primary", by="eve")
        assert (await runtime.ask(Question(text="paused"), Answer)).text == "second"
    assert seen == [("primary", "hard"), ("second", "hard"), ("second", "paused")]


def failing(id: str, fallback: str, seen: list[str]) -> Any:
    @agent(id, fallback=fallback)
    async def fails(question: Question) -> None:
        seen.append(id)
        raise ValueError

    return fails


async def test_one_message_reaches_an_agent_in_two_deliveries_where_it_stands_in_for_two() -> None:
    seen: list[str] = []

    @agent("both")
    async def both(question: Question) -> None:
        seen.append("both")

    async with running(failing("one", "both", seen), failing("two", "both", seen), both) as runtime:
        await runtime.publish(Question())
        await runtime.drain(5)
        account = runtime.statistics().agents
    assert sorted(seen) == ["both", "both", "one", "two"]
    assert (account["both"].accepted, account["both"].handled) == (2, 2)
    assert [account[one].dead_lettered for one in ("one", "two")] == [1, 1]


async def test_of_a_circle_the_first_agent_gets_a_message_and_nobody_gets_it_twice() -> None:
    seen: list[str] = []
    async with running(failing("one", "two", seen), failing("two", "one", seen)) as runtime:
        await runtime.publish(Question())
        await runtime.drain(5)
    assert seen == ["one", "two"]
