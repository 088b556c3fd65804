"""A handler that waits through the runtime instead of its context is refused, or does not wait: no circle hangs."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie import GenieError, Mailbox, Overflow, RunLimits, Runtime, agent
from genie.errors import AskInHandlerError, RunStalled
from tests.genie.policies_for_tests import Answer, Question
from tests.reliability.trouble import SOON_S, assert_rests

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio


async def test_a_handler_that_asks_its_own_agent_through_the_runtime_ends() -> None:
    @agent("narcissus")
    async def narcissus(question: Question) -> Answer:
        return await runtime.ask(Question(), Answer)

    async with Runtime([narcissus]) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(GenieError):
            await runtime.ask(Question(), Answer)


async def read(run: Any) -> None:
    async for _ in run.events():
        pass


@pytest.mark.parametrize("wait", [lambda run: run.result(), lambda run: run.settled(), read])
async def test_a_handler_that_waits_for_a_run_that_it_has_started_ends(wait: Callable[[Any], Awaitable[Any]]) -> None:
    @agent("narcissus")
    async def narcissus(question: Question) -> Answer:
        await wait(runtime.start(Question(), Answer))
        return Answer()

    async with Runtime([narcissus]) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled) as failed:
            await runtime.ask(Question(), Answer)
        assert failed.value.codes == (AskInHandlerError.code,)
        await assert_rests(runtime)


async def test_a_handler_that_publishes_to_its_own_full_mailbox_ends() -> None:
    @agent("full", mailbox=Mailbox(1, Overflow.BLOCK))
    async def full(question: Question) -> None:
        for number in range(4 if question.number == 0 else 0):
            await runtime.publish(Question(number=number + 1))

    async with Runtime([full]) as runtime:
        await runtime.publish(Question())
        await assert_rests(runtime)
        assert runtime.statistics().totals.handled == 5


async def test_handlers_that_replace_their_agent_do_not_wait_for_each_other() -> None:
    closed = 0

    class Replaced:
        card = agent("self", concurrency=3)(_asked).card

        async def handle(self, _message: object, _context: object) -> Answer:
            await anyio.sleep(1)
            await runtime.replace(Replaced())
            await anyio.sleep(1)
            return Answer()

        async def close(self) -> None:
            nonlocal closed
            closed += 1

    async with Runtime([Replaced()]) as runtime:
        with anyio.fail_after(SOON_S):
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(runtime.ask, Question(), Answer)
        await anyio.sleep(5)
        assert closed == 3  # each as soon as it has ended its work
    assert closed == 4


async def _asked(question: Question) -> Answer:
    raise NotImplementedError


@pytest.mark.parametrize("verb", ["publish", "start", "ask", "gather", "result"])
@pytest.mark.parametrize("around", [1, 2, 3])
async def test_a_circle_through_runtimes_ends_at_the_limit_of_hops(verb: str, around: int) -> None:
    handled: list[int] = []
    runtimes: list[Runtime] = []

    def onward(place: int) -> Any:
        @agent("onward")
        async def handle(question: Question) -> Answer:
            handled.append(place)
            following = runtimes[(place + 1) % around]
            if verb == "publish":
                await following.publish(question)
            elif verb == "start":
                _ = following.start(question, Answer)
            elif verb == "ask":
                await following.ask(question, Answer)
            elif verb == "gather":
                (await following.gather(question, expect=Answer))[Answer]
            else:
                await following.start(question, Answer).result()
            return Answer()

        return handle

    limits = RunLimits(max_hops=9)
    async with AsyncExitStack() as opened:
        for place in range(around):
            runtimes.append(await opened.enter_async_context(Runtime([onward(place)], limits=limits)))
        with anyio.fail_after(SOON_S), suppress(GenieError):
            await runtimes[0].ask(Question(), Answer)
        for runtime in runtimes:
            await assert_rests(runtime)
        ended = [letter.code for runtime in runtimes for letter in runtime.operations.dead_letters()]
    waits = verb in {"ask", "gather"}  # a handler may not wait for its own runtime, even through others
    assert (len(handled), "loop" in ended) == ((around, False) if waits else (10, True))
