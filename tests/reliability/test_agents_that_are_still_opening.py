"""An agent that is still opening is closed when the runtime closes, and is not said to consume nothing."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from genie import AgentCard, GenieError, Runtime
from genie.errors import NotConsumedError
from tests.genie.policies_for_tests import Answer, Question

pytestmark = pytest.mark.anyio


class SlowToOpen:
    """An agent that opens for a while."""

    card = AgentCard(id="slow", consumes=(Question,), produces=(Answer,))

    def __init__(self) -> None:
        self.opened = self.closed = 0

    async def open(self) -> None:
        """Take ten seconds."""
        await anyio.sleep(10)
        self.opened += 1

    async def close(self) -> None:
        """Count."""
        self.closed += 1

    async def handle(self, message: Any, context: Any) -> Answer:
        """Answer."""
        return Answer()


async def test_an_agent_that_opens_while_the_runtime_closes_is_closed() -> None:
    slow = SlowToOpen()
    told: list[str] = []

    async def adds(runtime: Runtime) -> None:
        try:
            await runtime.add(slow)
        except GenieError as error:
            told.append(error.code)

    async with anyio.create_task_group() as group, Runtime() as runtime:
        group.start_soon(adds, runtime)
        await anyio.sleep(1)
    assert slow.opened == slow.closed
    assert told


async def test_a_question_to_an_agent_that_is_opening_says_so_or_waits() -> None:
    slow = SlowToOpen()
    async with anyio.create_task_group() as group, Runtime() as runtime:
        group.start_soon(runtime.add, slow)
        await anyio.sleep(1)
        try:
            await runtime.ask(Question(), Answer, to="slow")
        except NotConsumedError:
            pytest.fail("it does consume the question")
        except GenieError:
            pass  # it is not there yet
        await anyio.sleep(20)
