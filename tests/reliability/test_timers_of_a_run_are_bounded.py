"""What a handler publishes later counts against the messages of its run as well."""

from __future__ import annotations

import anyio
import pytest

from genie import Context, RunLimits, agent
from genie.errors import BudgetExceededError
from tests.genie.policies_for_tests import Answer, Note, Question, running

pytestmark = pytest.mark.anyio
MOST = 100


async def test_a_run_may_publish_later_as_much_as_its_budget_has_left() -> None:
    made = 0

    @agent("later", publishes=(Note,))
    async def later(question: Question, context: Context) -> None:
        nonlocal made
        await context.publish(Note())
        while True:
            context.after(1_000, Note())
            made += 1

    async with running(later, limits=RunLimits(max_messages=7)) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.wait_all_tasks_blocked()
        assert made == 5  # beside the question and the note
        run.cancel()


async def test_a_flood_of_timers_ends_at_the_budget_of_messages() -> None:
    refused: list[str] = []

    @agent("floods", publishes=(Note,))
    async def floods(question: Question, context: Context) -> Answer:
        try:
            for number in range(20 * MOST):
                context.after(1_000, Note(number=number))
        except BudgetExceededError as error:
            refused.append(error.code)
            raise
        return Answer()

    @agent("reader")
    async def reader(note: Note) -> None:
        return

    async with running(floods, reader, limits=RunLimits(max_messages=MOST)) as runtime:
        run = runtime.start(Question(), Answer)
        await anyio.wait_all_tasks_blocked()
        assert runtime.statistics().timed <= MOST
        assert refused == ["budget_exceeded"]
        run.cancel()
