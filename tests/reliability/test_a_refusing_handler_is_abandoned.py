"""A handler that refuses to stop is abandoned and named: at its timeout, at a drain, and when the runtime closes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from genie import AgentCard, Retry, Runtime, agent
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Note, Question, running
from tests.reliability.trouble import FOR_EVER_S, SOON_S, refuses

pytestmark = pytest.mark.anyio


@agent("stubborn", concurrency=8)
async def stubborn(question: Question) -> Answer:
    """Hear no cancellation."""
    await refuses()
    return Answer()


async def test_a_runtime_closes_while_a_handler_refuses(caplog: pytest.LogCaptureFixture) -> None:
    async with Runtime([stubborn]) as runtime:
        runtime.start(Question(), Answer)
        await anyio.sleep(1)
        began = anyio.current_time()
    assert anyio.current_time() - began < SOON_S
    assert "stubborn" in caplog.text


class Unclosed:
    """An agent whose ``close`` never ends."""

    card = AgentCard(id="unclosed", consumes=(Question,))

    async def handle(self, message: Any, context: Any) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Wait for something that does not come."""
        await anyio.sleep(FOR_EVER_S)


async def test_a_runtime_closes_while_an_agent_does_not(caplog: pytest.LogCaptureFixture) -> None:
    async with Runtime([Unclosed()]):
        began = anyio.current_time()
    assert anyio.current_time() - began < SOON_S
    assert "unclosed" in caplog.text


async def test_a_drain_waits_once_for_all_that_refuse() -> None:
    async with Runtime([stubborn]) as runtime:
        for _ in range(5):
            runtime.start(Question(), Answer)
        await anyio.sleep(1)
        began = anyio.current_time()
        await runtime.drain(0.2)
        assert anyio.current_time() - began < 2.2


@agent("slow", timeout_s=0.1)
async def slow(question: Question) -> Answer:
    """Hear no cancellation."""
    await refuses()
    return Answer()


async def test_a_timeout_ends_the_delivery_of_a_handler_that_refuses() -> None:
    async with running(slow) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        counted = runtime.statistics().agents["slow"]
        assert (counted.dead_lettered, counted.abandoned) == (1, 1)


async def test_a_timeout_comes_in_time_while_a_handler_shields_itself_for_a_while() -> None:
    @agent("shields", timeout_s=0.1)
    async def shields(question: Question) -> Answer:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.5)
        return Answer()

    async with running(shields) as runtime:
        began = anyio.current_time()
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        assert anyio.current_time() - began < 0.4


async def test_a_stream_that_has_sent_something_is_not_retried_and_so_ends_at_its_timeout() -> None:
    @agent("streams", timeout_s=2, retry=Retry(attempts=2))
    async def streams(question: Question) -> AsyncIterator[Note | Answer]:
        yield Note()
        with anyio.CancelScope(shield=True):
            await anyio.sleep(SOON_S / 2)
        yield Answer()

    async with running(streams) as runtime:
        began = anyio.current_time()
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Question(), Answer)
        assert (anyio.current_time() - began, stalled.value.codes) == (pytest.approx(2), ("timeout",))
        await anyio.sleep(SOON_S)  # the handler ends
