"""A cancellation that the runtime did not ask for ends the handling it hits; workers and other agents go on."""

from __future__ import annotations

import asyncio  # noqa: TID251 - the backend on which a handler reaches its own task
from collections.abc import AsyncIterator

import anyio
import pytest

from genie import Agent, Mailbox, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question, running
from tests.reliability.trouble import SOON_S, assert_rests


@agent("waits")
async def waits(note: Note) -> Opinion:
    """Suspend, so that another worker has to attend."""
    await anyio.sleep(SOON_S / 2)
    return Opinion()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)
@pytest.mark.parametrize("when", ["at once", "while its worker is idle"])
async def test_a_handler_that_cancels_its_own_task_stops_no_other_agent(when: str) -> None:
    tasks: list[asyncio.Task[object] | None] = []

    @agent("selfish")
    async def selfish(question: Question) -> Answer:
        tasks.append(asyncio.current_task())
        if when == "at once":
            cancel(tasks)
        return Answer()

    async with running(selfish, waits) as runtime:
        for _ in range(3):
            await runtime.ask(Question(), Answer)
            if when != "at once":
                cancel(tasks)
            with anyio.fail_after(SOON_S):
                await runtime.ask(Note(), Opinion)
        await assert_rests(runtime)


def cancel(tasks: list[asyncio.Task[object] | None]) -> None:
    task = tasks.pop()
    assert task is not None
    task.cancel()


def leaves_open(scopes: list[anyio.CancelScope], deadline_s: float) -> Agent:
    @agent("leaves")
    async def leaves(question: Question) -> Answer:
        scopes.append(anyio.CancelScope(deadline=anyio.current_time() + deadline_s))
        scopes[-1].__enter__()
        return Answer()

    return leaves


@pytest.mark.anyio
async def test_a_scope_that_a_handler_left_open_ends_what_it_hits_and_nothing_else() -> None:
    async with running(leaves_open([], SOON_S / 4), waits) as runtime:
        await runtime.ask(Question(), Answer)
        with pytest.raises(RunStalled, match=r"waits: cancelled"):
            await runtime.ask(Note(), Opinion)
        await runtime.ask(Note(), Opinion)
        await assert_rests(runtime)


@pytest.mark.anyio
async def test_a_runtime_closes_whose_handler_left_a_scope_open() -> None:
    async with running(leaves_open([], float("inf"))) as runtime:
        await runtime.ask(Question(), Answer)


@pytest.mark.anyio
async def test_a_time_limit_round_a_yield_ends_the_stream_and_nothing_else() -> None:
    @agent("limits")
    async def limits(question: Question) -> AsyncIterator[Note]:
        with anyio.move_on_after(3):
            for _ in range(5):
                yield Note()

    @agent("slow", mailbox=Mailbox(capacity=1))
    async def slow(note: Note) -> None:
        await anyio.sleep(2)

    @agent("bystander")
    async def bystander(opinion: Opinion) -> Answer:
        await anyio.sleep(SOON_S)
        return Answer()

    async with running(limits, slow, bystander) as runtime:
        other = runtime.start(Opinion(), Answer)
        run = runtime.start(Question(), Answer)
        await other.result()
        assert [(one.agent, str(one.outcome)) for one in run.failures()] == [("limits", "cancelled")]
        await assert_rests(runtime)
