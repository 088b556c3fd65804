"""Nothing is kept of what is over; bounds are coarse, because they are about leaks and not about bytes."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.contracts.agent import agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Retry, RunLimits
from genie.contracts.message import Payload
from genie.contracts.outcome import Outcome, Reason
from genie.errors import RunCancelledError, RunStalled
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

ASKS = 10_000
"""On each backend."""
BLOCKED = 1_000


class Question(Payload):
    number: int


class Part(Payload):
    number: int


class View(Payload):
    number: int


class Answer(Payload):
    number: int


@agent("desk", concurrency=2, asks={Part: (Each(View),)})
async def desk(question: Question, context: Context) -> Answer:
    """Gather, keep something, and fail now and then."""
    views = await context.gather(Part(number=question.number), expect=Each(View), within_s=10.0)
    context.state["kept"] = views
    if question.number % 50 == 0:
        raise ValueError
    return Answer(number=len(views[Each(View)]))


@agent("left", retry=Retry(2, first_s=0.01))
async def left(part: Part) -> View:
    """Fail the first time, now and then."""
    if part.number % 97 == 0:
        raise ValueError
    return View(number=part.number)


@agent("right", concurrency=4, timeout_s=5.0)
async def right(part: Part, context: Context) -> View:
    """Wait a moment, and publish later now and then."""
    await anyio.lowlevel.checkpoint()
    if part.number % 101 == 0:
        context.after(0.01, View(number=0))
    return View(number=part.number)


def sizes(runtime: Runtime) -> dict[str, int]:
    bus = runtime._bus
    return {
        "runs": len(bus.runs.open_runs), "pending": len(bus.pending), "holds": len(runtime.approvals.holds()),
        "dirty": len(bus.correlator._dirty), "doubtful": len(bus.deadlocks._doubtful),
        "waiting": sum(len(subscriber.waiting) for subscriber in bus.subscribers.values()),
        "keys": sum(len(subscriber.holders) + len(subscriber.keyed_queues) for subscriber in bus.subscribers.values()),
    }  # fmt: skip


async def ask_often(grown: list[int]) -> None:
    async with Runtime([desk, left, right], limits=RunLimits(dead_letters=10), seed=1, wall=0.0) as runtime:

        async def some(first: int, count: int) -> None:
            for number in range(first, first + count):
                caller = Caller(user=f"user {number % 200}") if number % 10 == 0 else None
                with contextlib.suppress(RunStalled):
                    await runtime.ask(Question(number=number), Answer, within_s=60.0, caller=caller)

        await some(0, ASKS // 4)
        gc.collect()
        before = len(gc.get_objects())
        async with anyio.create_task_group() as group:
            for part in range(10):
                group.start_soon(some, ASKS // 4 + part * ASKS // 10, 3 * ASKS // 40)
        await anyio.sleep(100)
        gc.collect()
        grown.append(len(gc.get_objects()) - before)
        assert not any(sizes(runtime).values()), sizes(runtime)
        assert len(runtime._bus.timers._heap) < 1_000
        assert all(len(subscriber.running) <= 4 for subscriber in runtime._bus.subscribers.values())


@pytest.mark.slow
def test_ten_thousand_asks_leave_nothing(live: Callable[..., Any]) -> None:
    grown: list[int] = []
    live(ask_often, grown)
    assert grown[0] < ASKS / 10, grown


async def block_many(weights: list[float]) -> None:
    @agent("a", concurrency=BLOCKED)
    async def a(_question: Question) -> Answer:
        await anyio.sleep_forever()
        raise AssertionError

    @agent("b", concurrency=BLOCKED)
    async def b(_question: Question) -> None:
        await anyio.sleep_forever()

    @agent("c", concurrency=BLOCKED)
    async def c(_question: Question) -> None:
        await anyio.sleep_forever()

    async with Runtime([a, b, c], seed=1, wall=0.0) as runtime, anyio.create_task_group() as group:

        async def ask(number: int) -> None:
            with contextlib.suppress(RunCancelledError):
                await runtime.ask(Question(number=number), Answer)

        group.start_soon(ask, -1)
        await anyio.sleep(1)
        gc.collect()
        tracemalloc.start()
        try:
            for number in range(BLOCKED - 1):
                group.start_soon(ask, number)
            await anyio.sleep(1)
            assert runtime.statistics().totals.in_flight == 3 * BLOCKED
            gc.collect()
            weights.append(tracemalloc.get_traced_memory()[0] / BLOCKED)
            for run in tuple(runtime._bus.runs.open_runs.values()):
                runtime._bus.runs.end(run, Outcome.CANCELLED, Reason("enough"))
            await anyio.sleep(1)
            assert not any(sizes(runtime).values()), sizes(runtime)
            assert runtime.statistics().totals.in_flight == 0
        finally:
            tracemalloc.stop()


@pytest.mark.slow
def test_a_blocked_run_weighs_little_and_is_freed(live: Callable[..., Any]) -> None:
    weights: list[float] = []
    live(block_many, weights)
    assert weights[0] < 40_000, "bytes a run, its caller's task included"
