"""The account of a runtime keeps what agents did that were removed since."""

from __future__ import annotations

import pytest

from tests.genie.policies_for_tests import Answer, Question, answerer, running

pytestmark = pytest.mark.anyio


async def test_the_totals_keep_the_history_of_a_removed_agent() -> None:
    async with running(answerer) as runtime:
        for _ in range(5):
            await runtime.ask(Question(), Answer)
        await runtime.remove("answerer")
        totals = runtime.statistics().totals
        assert (totals.accepted, totals.handled) == (5, 5)
        await runtime.add(answerer)
        await runtime.ask(Question(), Answer)
        assert runtime.statistics().totals.handled == 6
