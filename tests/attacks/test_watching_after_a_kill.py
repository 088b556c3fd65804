"""Attack: a tap that was opened before a kill is read after it, for what a killed tenant has sent and sends."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, Classification, Context, agent
from genie.errors import GenieError
from tests.genie.policies_for_tests import Answer, Gate, Question, answerer, denying, running, turns

pytestmark = pytest.mark.anyio
ACME, GLOBEX = (Caller(user="ann", tenant=name, clearance=Classification.RESTRICTED) for name in ("acme", "globex"))


async def read(tap: Any) -> list[Any]:
    return [one async for one in tap]


@pytest.mark.parametrize("target", ["tenant", "everything"])
async def test_what_nobody_has_read_yet_of_a_killed_tenant_is_dropped(target: str) -> None:
    async with running(answerer) as runtime:
        async with runtime.observe(clearance=Classification.RESTRICTED) as tap:
            await runtime.ask(Question(text="secret of acme"), Answer, caller=ACME)
            await runtime.ask(Question(text="of globex"), Answer, caller=GLOBEX)
            runtime.operations.kill(**({"tenant": "acme"} if target == "tenant" else {"everything": True}), by="eve")
            with pytest.raises(GenieError):
                await runtime.ask(Question(text="later of acme"), Answer, caller=ACME)
        seen = await read(tap)
    assert "acme" not in repr(seen)
    assert [one.payload.text for one in seen] == (["of globex", "of globex"] if target == "tenant" else [])
    assert [one.gap for one in seen] == ([2, 0] if target == "tenant" else [])


async def test_a_withheld_observation_of_a_killed_tenant_is_dropped_too() -> None:
    async with running(answerer, policies=denying("spy", Question)) as runtime:
        async with runtime.observe(Question, id="spy") as tap:
            await runtime.ask(Question(), Answer, caller=ACME)
            runtime.operations.kill(tenant="acme", by="eve")
        assert await read(tap) == []


async def test_what_a_running_handler_sends_after_the_kill_is_seen_by_nobody() -> None:
    gate = Gate()

    @agent("slow", publishes=(Answer,))
    async def slow(question: Question, context: Context) -> Answer:
        try:
            await gate.wait()
        finally:
            await context.publish(Answer(text="last words"))
        return Answer()

    async with running(slow) as runtime:
        async with runtime.observe(Answer, clearance=Classification.RESTRICTED) as tap:
            run = runtime.start(Question(), Answer, caller=ACME)
            await turns()
            runtime.operations.kill(tenant="acme", by="eve")
            with pytest.raises(GenieError):
                await run.result()
            await turns()
        assert await read(tap) == []
