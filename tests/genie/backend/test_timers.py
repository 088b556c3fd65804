"""Timers and waiters: what is due happens in order, and no wake-up is lost."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from genie.backend.asyncio_trio import loop_time, waiter_factory
from genie.backend.timers import Timers

pytestmark = pytest.mark.anyio


def started(sweep: Callable[[float], float]) -> Timers:
    def failed(kind: str, _ref: object, error: BaseException) -> None:
        raise AssertionError(kind) from error

    timers = Timers(loop_time(), waiter_factory()(), sweep, failed)
    timers.on("call", lambda action: action())
    return timers


async def test_actions_happen_in_order_of_time_and_then_of_setting() -> None:
    seen: list[str] = []
    timers = started(lambda _now: float("inf"))
    now = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        timers.at(now + 20, "call", lambda: seen.append("c"))
        timers.at(now + 10, "call", lambda: seen.append("a"))
        timers.at(now + 10, "call", lambda: seen.append("b"))
        timers.at(now + 5, "call", lambda: seen.append("never")).cancel()
        timers.soon("call", lambda: seen.append("soon"))
        await anyio.sleep(1)
        timers.at(now + 8, "call", lambda: seen.append("earlier"))  # wakes the sleeping timer task
        assert timers.pending == 4
        await anyio.sleep(30)
        assert seen == ["soon", "earlier", "a", "b", "c"]
        tasks.cancel_scope.cancel()


async def test_an_action_may_set_others_and_the_past_is_due_at_once() -> None:
    seen: list[str] = []
    timers = started(lambda _now: float("inf"))

    def again() -> None:
        seen.append("again")
        if len(seen) < 3:
            timers.at(0, "call", again)
            timers.soon("call", lambda: seen.append("soon"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        timers.at(-100, "call", again)
        await anyio.sleep(1)
        assert seen.count("again") >= 2
        assert "soon" in seen
        tasks.cancel_scope.cancel()


async def test_a_time_that_is_no_number_does_not_stop_the_others() -> None:
    seen: list[str] = []
    timers = started(lambda _now: float("inf"))
    now = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        timers.at(float("nan"), "call", lambda: seen.append("nan"))
        timers.at(now + 5, "call", lambda: seen.append("five"))
        await anyio.sleep(10)
        assert seen == ["nan", "five"]
        tasks.cancel_scope.cancel()


async def test_the_sweep_runs_at_the_watched_time_and_says_when_next() -> None:
    swept: list[float] = []
    now = anyio.current_time()

    def sweep(at: float) -> float:
        swept.append(round(at - now))
        return now + 30 if len(swept) == 1 else float("inf")

    timers = started(sweep)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timers.run)
        await anyio.sleep(1)
        timers.watch(now + 10)
        await anyio.sleep(100)
        assert swept == [10, 30]
        tasks.cancel_scope.cancel()


async def test_cancelled_entries_do_not_pile_up() -> None:
    timers = started(lambda _now: float("inf"))
    for number in range(10_000):
        timers.at(1e9 + number, "call", lambda: None).cancel()
    assert len(timers._heap) <= 64
    kept = [timers.at(1e9 - number, "call", lambda: None) for number in range(1_000)]
    assert timers.pending == len(kept)


async def test_a_waiter_is_woken_once_and_is_free_again_after_a_cancel() -> None:
    waiter = waiter_factory()()
    waiter.wake()  # nobody is parked: nothing happens, and it is not remembered
    woken: list[int] = []

    async def waits() -> None:
        for number in range(3):
            await waiter.park()
            woken.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waits)
        for _ in range(3):
            await anyio.sleep(1)
            waiter.wake()
            waiter.wake()
    assert woken == [0, 1, 2]
    with anyio.move_on_after(1):
        await waiter.park()
    waiter.wake()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waits)
        for _ in range(3):
            await anyio.sleep(1)
            waiter.wake()
    assert len(woken) == 6
