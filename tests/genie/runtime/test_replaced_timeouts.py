"""An agent that is replaced by one with another timeout: what runs keeps its own, what follows gets the new one."""

from __future__ import annotations

import anyio
import pytest

from genie import Agent, Runtime, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question, running


def slow(timeout_s: float | None) -> Agent:
    @agent("slow", timeout_s=timeout_s, concurrency=4)
    async def sleeps(question: Question) -> Answer:
        await anyio.sleep(50)
        return Answer()

    return sleeps


async def ends_after(runtime: Runtime) -> float:
    """Return the seconds after which a question is given up."""
    began = anyio.current_time()
    with pytest.raises(RunStalled, match="timeout"):
        await runtime.ask(Question(), Answer)
    return anyio.current_time() - began


@pytest.mark.anyio
@pytest.mark.parametrize(("before", "after"), [(20, 1), (1, 20), (10, None), (None, 10)])
async def test_each_handling_ends_at_the_timeout_it_began_under(before: float | None, after: float | None) -> None:
    took: dict[str, float] = {}

    async def asks(name: str, timeout_s: float | None) -> None:
        if timeout_s is not None:
            took[name] = await ends_after(runtime)
        else:
            await runtime.ask(Question(), Answer)

    async with running(slow(before)) as runtime, anyio.create_task_group() as tasks:
        tasks.start_soon(asks, "before", before)
        await anyio.sleep(0.5)
        tasks.start_soon(runtime.replace, slow(after))
        await anyio.sleep(0.1)
        tasks.start_soon(asks, "after", after)
    expected = {"before": before, "after": after}
    assert took == pytest.approx({name: limit for name, limit in expected.items() if limit is not None}, abs=0.01)
