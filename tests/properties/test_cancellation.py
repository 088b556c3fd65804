"""Cancellation by run: it reaches every handler of its run, and nobody else's."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.contracts.outcome import Counts
from genie.errors import RunCancelledError, RunStalled
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 300


class Work(Payload):
    number: int


class Done(Payload):
    number: int


async def asleep(seconds: float) -> None:
    await anyio.sleep(seconds)


async def at_once(_seconds: float) -> None:
    return None


async def moves_on(seconds: float) -> None:
    with anyio.move_on_after(seconds / 2):
        await anyio.sleep(seconds)


async def grouped(seconds: float) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, seconds)
        group.start_soon(anyio.sleep, seconds / 2)


async def shielded(seconds: float) -> None:
    with anyio.CancelScope(shield=True):
        await anyio.sleep(seconds)


async def threaded(_seconds: float) -> None:
    await anyio.to_thread.run_sync(int)


async def swallows(seconds: float) -> None:
    with contextlib.suppress(BaseException):
        await anyio.sleep(seconds)


async def pauses(seconds: float) -> None:
    for _ in range(int(seconds * 20)):
        await anyio.lowlevel.checkpoint()


KINDS = (asleep, at_once, moves_on, grouped, shielded, threaded, swallows, pauses)


class Fuzz:
    """Overlapping runs, half of them cancelled at random moments."""

    def __init__(self, concurrency: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.cancelled: set[str] = set()
        self.foreign: list[str] = []
        self.entered = 0
        self.agents = [self.agent(kind, concurrency) for kind in KINDS]

    def agent(self, kind: Callable[[float], Any], concurrency: int) -> Any:
        @agent(kind.__name__, concurrency=concurrency)
        async def working(work: Work, context: Context) -> Done:
            self.entered += 1
            run = context.message.correlation_id
            try:
                await kind(self.random.choice([0.1, 0.5, 1.0]))
            except BaseException:
                if run not in self.cancelled:
                    self.foreign.append(run)
                raise
            return Done(number=work.number)

        return working

    async def live(self) -> None:
        with anyio.fail_after(100_000):
            async with Runtime(self.agents, seed=1, wall=0.0) as runtime, anyio.create_task_group() as group:
                group.start_soon(self.tick)
                runs = [runtime.start(Work(number=number), Done) for number in range(RUNS // 2)]
                for number in range(RUNS // 2, RUNS):
                    await anyio.sleep(self.random.random())
                    runs.append(runtime.start(Work(number=number), Done))
                    if number % 3 == 0:
                        group.start_soon(self.leave, runtime, number, runs)
                    self.cancel(self.random.choice(runs))
                    assert runtime.statistics().totals.balanced
                for run in runs:
                    await run.settled()
                self.at_rest(runtime, runs)
                group.cancel_scope.cancel()

    @staticmethod
    async def tick() -> None:
        """Keep virtual time from leaping to the limit while a thread is all that runs."""
        while True:
            await anyio.sleep(0.5)

    def cancel(self, run: Run[Done]) -> None:
        self.cancelled.add(run.id)
        run.cancel()

    async def leave(self, runtime: Runtime, number: int, runs: list[Run[Done]]) -> None:
        """A caller goes away."""
        run = runtime.start(Work(number=number), Done)
        runs.append(run)
        with anyio.move_on_after(self.random.random()):
            await run.settled()
        if not run.at_rest:
            self.cancel(run)

    def at_rest(self, runtime: Runtime, runs: list[Run[Done]]) -> None:
        assert self.foreign == []
        assert self.entered > RUNS
        for run in runs:
            counts = run.messages()
            assert counts.balanced
            assert counts.in_flight == 0
            if run.id not in self.cancelled:
                assert counts == Counts(accepted=16, handled=16, late=7)
        for subscriber in runtime._bus.subscribers.values():
            assert not subscriber.queue
            assert not subscriber.holders


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_foreign_run_is_cancelled_and_nothing_is_left(live: Callable[..., Any], concurrency: int) -> None:
    live(Fuzz(concurrency, seed=concurrency).live)


class Opinion(Payload):
    number: int


class Asked:
    """Handlers that ask others, some of whose callers go away."""

    async def live(self) -> None:
        @agent("desk", concurrency=3, asks={Done: (Opinion,)})
        async def desk(work: Work, context: Context) -> Done:
            gathered = await context.gather(Done(number=work.number), expect=Opinion)
            return Done(number=gathered[Opinion].number)

        @agent("helper", concurrency=2)
        async def helper(done: Done) -> Opinion | None:
            await anyio.sleep(1)
            return None if done.number % 2 else Opinion(number=done.number)

        async with Runtime([desk, helper], seed=1, wall=0.0) as runtime, anyio.create_task_group() as group:

            async def ask(number: int) -> None:
                with anyio.move_on_after(number / 4), contextlib.suppress(RunStalled, RunCancelledError):
                    await runtime.ask(Work(number=number), Done, to="desk")

            for number in range(40):
                group.start_soon(ask, number)
            await anyio.sleep(60)
            statistics = runtime.statistics()
            assert statistics.runs == 0, statistics
            assert statistics.totals.balanced
            assert statistics.totals.in_flight == 0
            for subscriber in runtime._bus.subscribers.values():
                assert not subscriber.waiting
                assert not subscriber.running
            workers = runtime._bus.workers
            assert all(worker.delivery is None for worker in workers.all)
            assert len(workers.idle) == len(workers.all)


def test_callers_who_go_away_take_their_inner_gathers_with_them(live: Callable[..., Any]) -> None:
    live(Asked().live)
