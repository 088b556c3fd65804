"""What the log leaves out, because it may or must, does not keep the next process from opening."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio import sleep_forever

from genie import Payload, Runtime, agent
from genie.contracts.context import Context
from genie.testing import settled
from tests.durability.restarts import Machine

if TYPE_CHECKING:
    from genie.testing.recorders import RecordingLog

pytestmark = pytest.mark.anyio


class Start(Payload, topic="holes.start"):
    number: int


class Chat(Payload, topic="holes.chat"):
    number: int


class Said(Payload, topic="holes.said"):
    number: int


class Work(Payload, topic="holes.work"):
    number: int


class Done(Payload, topic="holes.done"):
    number: int


class Share(Payload, topic="holes.share"):
    share: float


async def test_a_question_below_one_that_is_not_kept_does_not_stop_recovery() -> None:
    hangs = [True]

    @agent("asker", asks={Chat: Said})
    async def asker(start: Start, ctx: Context) -> Done:
        said = await ctx.ask(Chat(number=start.number), Said)
        return Done(number=said.number)

    @agent("talker", asks={Work: Done})
    async def talker(chat: Chat, ctx: Context) -> Said:
        done = await ctx.ask(Work(number=chat.number), Done)
        return Said(number=done.number)

    @agent("worker")
    async def worker(work: Work) -> Done:
        if hangs[0]:
            await sleep_forever()
        return Done(number=work.number + 1)

    def make(log: RecordingLog) -> Runtime:
        return Runtime([asker, talker, worker], log=log, seed=1, prefix="m", chatter=(Chat, Said))

    machine = Machine(make)
    async with machine.process() as runtime:
        run = runtime.start(Start(number=1), Done).id
        await settled(runtime)
    hangs[0] = False
    async with machine.process(dies=False) as runtime:
        with anyio.fail_after(30):
            assert await runtime.run(run).result() == Done(number=2)
        await settled(runtime)


async def test_a_fallback_at_work_on_what_is_not_kept_does_not_stop_recovery() -> None:
    @agent("first", fallback="second")
    async def first(share: Share) -> None:
        raise ValueError

    @agent("second")
    async def second(share: Share) -> None:
        await sleep_forever()

    machine = Machine(lambda log: Runtime([first, second], log=log, seed=1, prefix="m"))
    async with machine.process() as runtime:
        await runtime.publish(Share(share=math.nan))
        await settled(runtime)
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        assert not runtime.bus.runs.open_runs
