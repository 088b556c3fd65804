"""The alarm and the parkers: what is due happens in order, and no wake-up is lost."""

from __future__ import annotations

import anyio
import pytest

from genie.backend.asyncio_trio import loop_time, waiter_factory
from genie.backend.timers import Alarm

pytestmark = pytest.mark.anyio


async def test_actions_happen_in_order_of_time_and_then_of_setting() -> None:
    seen: list[str] = []
    alarm = Alarm(loop_time(), waiter_factory()(), lambda _now: float("inf"))
    now = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarm.run)
        alarm.at(now + 20, lambda: seen.append("c"))
        alarm.at(now + 10, lambda: seen.append("a"))
        alarm.at(now + 10, lambda: seen.append("b"))
        alarm.at(now + 5, lambda: seen.append("never")).cancel()
        alarm.soon(lambda: seen.append("soon"))
        await anyio.sleep(1)
        alarm.at(now + 8, lambda: seen.append("earlier"))  # wakes the sleeping alarm
        assert alarm.pending == 4
        await anyio.sleep(30)
        assert seen == ["soon", "earlier", "a", "b", "c"]
        tasks.cancel_scope.cancel()


async def test_an_action_may_set_others_and_the_past_is_due_at_once() -> None:
    seen: list[str] = []
    alarm = Alarm(loop_time(), waiter_factory()(), lambda _now: float("inf"))

    def again() -> None:
        seen.append("again")
        if len(seen) < 3:
            alarm.at(0, again)
            alarm.soon(lambda: seen.append("soon"))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarm.run)
        alarm.at(-100, again)
        await anyio.sleep(1)
        assert seen.count("again") >= 2
        assert "soon" in seen
        tasks.cancel_scope.cancel()


async def test_a_time_that_is_no_number_does_not_stop_the_others() -> None:
    seen: list[str] = []
    alarm = Alarm(loop_time(), waiter_factory()(), lambda _now: float("inf"))
    now = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarm.run)
        alarm.at(float("nan"), lambda: seen.append("nan"))
        alarm.at(now + 5, lambda: seen.append("five"))
        await anyio.sleep(10)
        assert seen == ["nan", "five"]
        tasks.cancel_scope.cancel()


async def test_the_sweep_runs_at_the_watched_time_and_says_when_next() -> None:
    swept: list[float] = []
    now = anyio.current_time()

    def sweep(at: float) -> float:
        swept.append(round(at - now))
        return now + 30 if len(swept) == 1 else float("inf")

    alarm = Alarm(loop_time(), waiter_factory()(), sweep)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarm.run)
        await anyio.sleep(1)
        alarm.watch(now + 10)
        await anyio.sleep(100)
        assert swept == [10, 30]
        tasks.cancel_scope.cancel()


async def test_cancelled_entries_do_not_pile_up() -> None:
    alarm = Alarm(loop_time(), waiter_factory()(), lambda _now: float("inf"))
    for number in range(10_000):
        alarm.at(1e9 + number, lambda: None).cancel()
    assert len(alarm._heap) <= 64
    kept = [alarm.at(1e9 - number, lambda: None) for number in range(1_000)]
    assert alarm.pending == len(kept)


async def test_a_parker_is_woken_once_and_is_free_again_after_a_cancel() -> None:
    waiter = waiter_factory()()
    waiter.wake()  # nobody is parked: nothing happens, and it is not remembered
    woken: list[int] = []

    async def waiter() -> None:
        for number in range(3):
            await waiter.park()
            woken.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiter)
        for _ in range(3):
            await anyio.sleep(1)
            waiter.wake()
            waiter.wake()
    assert woken == [0, 1, 2]
    with anyio.move_on_after(1):
        await waiter.park()
    waiter.wake()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiter)
        for _ in range(3):
            await anyio.sleep(1)
            waiter.wake()
    assert len(woken) == 6
