"""Cancel, expiry, failure, hold and ``need="first"`` cost the same however much else is in flight.

Work is counted in lines of Python, so neither the machine nor its load matters.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
import pytest

from genie import Context, GenieError, Mailbox, RunLimits, Runtime, agent
from genie.errors import RunHeld
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question, holding, running, turns
from tests.reliability.trouble import Hang, hangs, measured

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio
FEW, MANY, CROWD = 50, 250, 800
"""In flight; the crowd is for what happens once, beside which what it does anyway must not count."""
GROWTH = 2.0
"""What five times as much in flight may cost more, for each: far below five, and above the noise of amortised work."""
LIMITS = RunLimits(max_runs=100_000)


async def _grows(cost: Callable[[int], Awaitable[float]], many: int = MANY) -> float:
    return await cost(many) / await cost(FEW)


async def _quiet(runtime: Runtime) -> None:
    """Wait until nothing runs, and the timers have forgotten what was cancelled before: each is paid for once."""
    await anyio.wait_all_tasks_blocked()
    runtime.bus.timers.soon("wake", runtime.bus.make_waiter())
    await anyio.wait_all_tasks_blocked()


async def test_cancelling_one_run() -> None:
    async def cost(others: int) -> float:
        async with running(hangs, limits=LIMITS) as runtime:
            runs = [runtime.start(Hang(), Answer) for _ in range(others)]
            await _quiet(runtime)
            with measured() as work:
                runs[others // 2].cancel()
                await turns(20)
            assert runs[others // 2].at_rest
        return work.lines

    assert await _grows(cost, CROWD) < GROWTH


async def test_asks_that_expire_together() -> None:
    async def cost(asks: int) -> float:
        async with running(hangs, limits=LIMITS) as runtime:
            runs = [runtime.start(Hang(), Answer, deadline_s=10) for _ in range(asks)]
            await _quiet(runtime)
            with measured() as work:
                await anyio.sleep(11)
            assert all(run.at_rest for run in runs)
        return work.lines / asks

    assert await _grows(cost) < GROWTH


async def test_closing_a_runtime() -> None:
    async def cost(asks: int) -> float:
        async with AsyncExitStack() as stack:
            runtime = await stack.enter_async_context(Runtime([hangs], limits=LIMITS))
            for _ in range(asks):
                runtime.start(Hang(), Answer)
            await _quiet(runtime)
            with measured() as work:
                await stack.aclose()
        return work.lines / asks

    assert await _grows(cost) < GROWTH


async def test_asks_that_expire_while_they_wait_for_room() -> None:
    @agent("busy", mailbox=Mailbox(capacity=1, block_s=1_000))
    async def busy(question: Question) -> Answer:
        await anyio.sleep(1_000)
        return Answer()

    async def cost(asks: int) -> float:
        async with running(busy, limits=LIMITS) as runtime:
            runs = [runtime.start(Question(), Answer, deadline_s=10) for _ in range(asks)]
            await _quiet(runtime)
            with measured() as work:
                await anyio.sleep(11)
            assert all(run.at_rest for run in runs)
        return work.lines / asks

    assert await _grows(cost) < GROWTH


async def test_results_of_held_runs() -> None:
    async def cost(asks: int) -> float:
        async with running(hangs, limits=LIMITS, policies=holding("hangs", Hang)) as runtime:
            with measured() as work:
                runs = [runtime.start(Hang(), Answer) for _ in range(asks)]
                for run in runs:
                    with pytest.raises(RunHeld):
                        await run.result()
        return work.lines / asks

    assert await _grows(cost, 2 * MANY) < GROWTH


async def test_releasing_many_holds_of_one_run() -> None:
    @agent("parallel", asks={Hang: (Answer,)})
    async def parallel(note: Note, context: Context) -> Opinion:
        async with anyio.create_task_group() as tasks:
            for _ in range(note.number):
                tasks.start_soon(context.ask, Hang(), Answer)
        return Opinion()

    async def cost(holds: int) -> float:
        async with running(hangs, parallel, limits=LIMITS, policies=holding("hangs", Hang)) as runtime:
            run = runtime.start(Note(number=holds), Opinion)
            with pytest.raises(RunHeld):
                await run.result()
            with measured() as work:
                for held in runtime.approvals.holds():
                    runtime.approvals.release(held.id)
        return work.lines / holds

    assert await _grows(cost, 3 * FEW) < GROWTH


async def test_the_first_of_two_answers() -> None:
    @agent("fast")
    async def fast(question: Question) -> Answer:
        return Answer()

    @agent("slow")
    async def slow(question: Question) -> Opinion:
        await anyio.sleep(1_000)
        return Opinion()

    @agent("desk", asks={Question: (Answer, Opinion)})
    async def desk(note: Note, context: Context) -> Note:
        await context.gather(Question(), expect=(Answer, Opinion), need="first")
        return Note(number=1)

    async def cost(others: int) -> float:
        async with running(fast, slow, hangs, desk, limits=LIMITS) as runtime:
            for _ in range(others):
                runtime.start(Hang(), Answer)
            await _quiet(runtime)
            with measured() as work:
                assert (await runtime.ask(Note(), Note, to="desk")).number == 1
        return work.lines

    assert await _grows(cost, CROWD) < GROWTH


async def test_failures() -> None:
    @agent("fails")
    async def fails(question: Question) -> Answer:
        raise ValueError

    async def cost(others: int) -> float:
        async with running(fails, hangs, limits=LIMITS) as runtime:
            for _ in range(others):
                runtime.start(Hang(), Answer)
            await _quiet(runtime)
            with measured() as work:
                for _ in range(10):
                    with pytest.raises(GenieError):
                        await runtime.ask(Question(), Answer)
        return work.lines

    assert await _grows(cost, CROWD) < GROWTH
