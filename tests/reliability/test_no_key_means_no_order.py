"""``key=None`` on a payload class: messages of one run may be handled in parallel."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import Context, Payload, agent
from tests.genie.policies_for_tests import Answer, Question, running

pytestmark = pytest.mark.anyio
PAGES = 8


class Page(Payload, topic="r.page", key=None):
    """May be handled in any order."""

    number: int = 0


class Ordered(Payload, topic="r.ordered"):
    """Handled in order within a run."""

    number: int = 0


async def _takes_s(kind: type[Payload]) -> float:
    async def summarises(page: Any) -> Answer:
        await anyio.sleep(1)
        return Answer()

    summarises.__annotations__["page"] = kind

    @agent("desk", asks={kind: Answer})
    async def desk(question: Question, context: Context) -> Answer:
        async with anyio.create_task_group() as group:
            for _ in range(PAGES):
                group.start_soon(lambda: context.ask(kind(), Answer))
        return Answer()

    async with running(desk, agent("summarises", concurrency=PAGES)(summarises)) as runtime:
        began = anyio.current_time()
        await runtime.ask(Question(), Answer, to="desk")
        return anyio.current_time() - began


async def test_questions_of_one_run_without_a_key_are_handled_in_parallel() -> None:
    assert await _takes_s(Page) == pytest.approx(1)


async def test_questions_of_one_run_are_in_order_by_default() -> None:
    assert await _takes_s(Ordered) == pytest.approx(PAGES)
