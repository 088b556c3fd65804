"""The loop: time jumps, order is drawn from the seed and is the same in every process, waits without end are named."""

from __future__ import annotations

import asyncio  # noqa: TID251 - what the loop stands in for
import gc
import inspect
import socket
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from genie.simulation.errors import DeadlockError, ExternalCallError, LivelockError
from genie.simulation.event_loop import SimulationLoop, run


async def interleaved(tasks: int, rounds: int) -> tuple[int, ...]:
    """Return the order in which tasks that wake together go on."""
    order: list[int] = []

    async def work(number: int) -> None:
        for _ in range(rounds):
            await anyio.sleep(1)
            order.append(number)

    async with anyio.create_task_group() as group:
        for number in range(tasks):
            group.start_soon(work, number)
    return tuple(order)


def test_a_day_of_sleep_costs_no_time_and_the_clock_has_moved() -> None:
    async def main() -> float:
        await anyio.sleep(86_400)
        return anyio.current_time()

    assert run(main(), SimulationLoop()) == 86_400


def test_the_same_seed_gives_the_same_order_and_others_give_most_others() -> None:
    found = [run(interleaved(4, 1), SimulationLoop(seed)) for seed in range(50)]
    assert found == [run(interleaved(4, 1), SimulationLoop(seed)) for seed in range(50)]
    assert len(set(found)) > 15  # of 24


def test_callbacks_keep_their_order() -> None:
    async def main() -> list[int]:
        found: list[int] = []
        loop = asyncio.get_running_loop()
        for number in range(20):
            loop.call_soon(found.append, number)
        await anyio.lowlevel.checkpoint()
        return found

    assert [run(main(), SimulationLoop(seed)) for seed in range(5)] == [list(range(20))] * 5


def test_timers_are_called_in_order_of_time_and_then_of_setting() -> None:
    async def main() -> list[str]:
        found: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(2, found.append, "late")
        loop.call_later(1, found.append, "first")
        loop.call_later(1, found.append, "second")
        loop.call_later(1, found.append, "never").cancel()
        await anyio.sleep(3)
        return found

    assert run(main(), SimulationLoop()) == ["first", "second", "late"]


def test_timeouts_and_cancelled_groups_work_as_anywhere() -> None:
    async def main() -> tuple[bool, float]:
        with anyio.move_on_after(5) as scope:
            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(anyio.sleep_forever)
        return scope.cancelled_caught, anyio.current_time()

    assert run(main(), SimulationLoop(3)) == (True, 5.0)


def test_a_wait_for_nothing_is_named_at_once() -> None:
    async def forgotten() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match=r"forgotten\) at .*test_simulation_loop\.py:\d+"):
        run(forgotten(), SimulationLoop())


def test_who_waits_for_whom_is_told_by_who_knows() -> None:
    loop = SimulationLoop(explain=lambda: ["ann waits for bob"])
    with pytest.raises(DeadlockError, match="ann waits for bob"):
        run(anyio.sleep_forever(), loop)


def test_time_that_stands_still_is_named() -> None:
    async def busy() -> None:
        while True:
            await anyio.lowlevel.checkpoint()

    assert inspect.signature(SimulationLoop).parameters["most_steps"].default == 1_000_000
    with pytest.raises(LivelockError, match="busy") as caught:
        run(busy(), SimulationLoop(most_steps=10_000))
    assert 10_000 < caught.value.steps < 10_100


async def _thread() -> None:
    await asyncio.to_thread(print)


async def _connection() -> None:
    await asyncio.open_connection("127.0.0.1", 9)


async def _subprocess() -> None:
    await asyncio.create_subprocess_exec("true")


async def _socket() -> None:
    with socket.socket() as opened:
        await asyncio.get_running_loop().sock_recv(opened, 1)


@pytest.mark.parametrize("call", [_thread, _connection, _subprocess, _socket])
def test_what_no_seed_repeats_is_refused(call: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await call()

    with pytest.raises(ExternalCallError, match="does not allow"):
        run(main(), SimulationLoop())


def test_what_is_left_is_cancelled_and_generators_are_closed() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("task")

    async def main() -> None:
        _task = asyncio.get_running_loop().create_task(endless())
        await anyio.sleep(1)

    loop = SimulationLoop()
    run(main(), loop)
    assert ended == ["task"]
    assert loop.is_closed()
    assert gc.isenabled()


def test_an_error_that_nobody_awaits_is_kept() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await anyio.sleep(1)

    loop = SimulationLoop()
    run(main(), loop)
    assert "ZeroDivisionError" in loop.failures[0]


def test_time_that_a_step_advances_is_its_own() -> None:
    """Steps that are ready already run at the time at which they became so, and no timer is passed over."""
    loop, seen = SimulationLoop(shuffled=False), []

    async def first() -> None:
        seen.append((loop.advance(3.0), loop.time()))
        seen.append((loop.advance(7.0), loop.time()))

    async def second() -> None:
        seen.append((True, loop.time()))
        await asyncio.sleep(1.0)
        seen.append((True, loop.time()))

    async def main() -> None:
        loop.call_at(5.0, int)
        await asyncio.gather(first(), second())

    run(main(), loop)
    assert seen == [(True, 3.0), (False, 3.0), (True, 0.0), (True, 1.0)]
