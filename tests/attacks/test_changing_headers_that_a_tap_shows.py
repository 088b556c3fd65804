"""Attack: an observer changes the headers that a tap shows it, while the message is on its way to others."""

from __future__ import annotations

from typing import Any

import pytest

from genie import AgentCard, Caller, Classification, Context, agent
from tests.genie.policies_for_tests import Answer, Gate, Question, running

pytestmark = pytest.mark.anyio
ANN = Caller(user="ann", tenant="acme", roles=frozenset({"clerk"}), clearance=Classification.RESTRICTED)


async def test_headers_of_an_observation_are_a_copy() -> None:
    gate, seen = Gate(), list[Any]()

    @agent("slow", publishes=(Answer,))
    async def slow(question: Question, context: Context) -> None:
        await gate.wait()
        await context.publish(Answer(text=question.text))

    class Reader:
        card = AgentCard(id="reader", consumes=(Answer,), clearance=Classification.RESTRICTED)

        async def handle(self, message: Any, context: Context) -> None:
            for headers in (message.headers, context.headers):
                seen.append((headers.tenant, headers.user, headers.roles))

    async with running(slow, Reader()) as runtime, runtime.observe(clearance=Classification.RESTRICTED) as tap:
        await runtime.publish(Question(), caller=ANN)
        shown = (await anext(tap)).headers
        for name, value in (("tenant", "globex"), ("user", "ceo"), ("roles", frozenset({"admin"}))):
            object.__setattr__(shown, name, value)
        gate.open.set()
        await runtime.drain(5)
    assert seen == [("acme", "ann", frozenset({"clerk"}))] * 2
