"""Looking for a wait that can never end costs the same however many handlers wait already."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, Mailbox, RunLimits, agent
from tests.genie.policies_for_tests import Answer, Note, Question, running
from tests.reliability.trouble import FOR_EVER_S, Hang, measured

pytestmark = pytest.mark.anyio
FEW, MANY = 30, 200
GROWTH = 2.0


async def test_handlers_that_wait_for_an_agent_whose_mailbox_is_full() -> None:
    async def cost(handlers: int) -> float:
        @agent("desk", asks={Hang: Answer}, concurrency=10_000)
        async def desk(question: Question, context: Context) -> Answer:
            await context.ask(Hang(), Answer)
            return Answer()

        @agent("leaf", mailbox=Mailbox(capacity=5, block_s=float("inf")))
        async def leaf(question: Hang) -> Answer:
            await anyio.sleep(FOR_EVER_S)
            return Answer()

        async with running(desk, leaf, limits=RunLimits(max_runs=100_000)) as runtime:
            with measured() as work:
                for _ in range(handlers):
                    runtime.start(Question(), Answer)
                await anyio.sleep(1)
            assert runtime.statistics().agents["desk"].running == handlers
        return work.lines / handlers

    assert await cost(MANY) / await cost(FEW) < GROWTH


async def test_an_agent_of_one_slot_that_asks_while_others_wait() -> None:
    async def cost(others: int) -> float:
        @agent("desk", asks={Hang: Answer}, concurrency=10_000)
        async def desk(question: Question, context: Context) -> Answer:
            await context.ask(Hang(), Answer)
            return Answer()

        @agent("leaf", concurrency=10_000)
        async def leaf(question: Hang) -> Answer:
            await anyio.sleep(FOR_EVER_S)
            return Answer()

        @agent("narrow", asks={Note: Answer})
        async def narrow(note: Note, context: Context) -> Answer:
            if note.number == 0:
                return await context.ask(Note(number=1), Answer, to="oracle")
            return Answer()

        @agent("oracle")
        async def oracle(note: Note) -> Answer:
            await anyio.sleep(1)
            return Answer(number=note.number)

        async with running(desk, leaf, narrow, oracle, limits=RunLimits(max_runs=100_000)) as runtime:
            for _ in range(others):
                runtime.start(Question(), Answer)
            await anyio.sleep(1)
            with measured() as work:
                assert (await runtime.ask(Note(), Answer, to="narrow")).number == 1
        return work.lines

    assert await cost(MANY) / await cost(FEW) < GROWTH
