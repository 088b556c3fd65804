"""A handler that asks through the runtime instead of its context is refused, or told of the circle, at once."""

from __future__ import annotations

import anyio
import pytest

from genie import GenieError, Runtime, agent
from tests.genie.policies_for_tests import Answer, Question
from tests.reliability.trouble import SOON_S

pytestmark = pytest.mark.anyio


async def test_a_handler_that_asks_its_own_agent_through_the_runtime_ends() -> None:
    @agent("narcissus")
    async def narcissus(question: Question) -> Answer:
        return await runtime.ask(Question(), Answer)

    async with Runtime([narcissus]) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(GenieError):
            await runtime.ask(Question(), Answer)
