"""Functions that run at once: all have ended when the call returns, however it ends."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from genie.backend.asyncio_trio import together

pytestmark = pytest.mark.anyio


class Works:
    """Functions that note how they ended."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.ended: list[int] = []

    async def work(self, number: int, seconds: float = 1.0, error: Exception | None = None) -> None:
        self.began.append(number)
        try:
            await anyio.sleep(seconds)
            if error is not None:
                raise error
        finally:
            self.ended.append(number)


async def test_they_wait_at_the_same_time() -> None:
    works, began = Works(), anyio.current_time()
    await together([partial(works.work, number, 1.0 + number / 10) for number in range(5)])
    assert anyio.current_time() - began < 1.6
    assert works.began[0] == 0, "the first runs in this task"
    assert works.ended == [0, 1, 2, 3, 4]


async def test_one_alone_is_called_as_it_is() -> None:
    works = Works()
    await together([partial(works.work, 7)])
    assert works.ended == [7]


@pytest.mark.parametrize("wrong", [0, 1, 3])
async def test_an_error_of_one_cancels_the_others_and_is_raised_as_it_is(wrong: int) -> None:
    works, began = Works(), anyio.current_time()
    with pytest.raises(ValueError, match="wrong"):
        await together(
            [
                partial(works.work, number, *((1.0, ValueError("wrong")) if number == wrong else (number * 99 + 2.0,)))
                for number in range(4)
            ]
        )
    assert sorted(works.ended) == [0, 1, 2, 3]
    assert anyio.current_time() - began < 3, "nobody waits for the others"


async def test_a_cancelled_caller_ends_them_all_first() -> None:
    works = Works()
    with anyio.move_on_after(1) as scope:
        await together([partial(works.work, number, 100.0) for number in range(4)])
    assert scope.cancelled_caught
    assert sorted(works.ended) == [0, 1, 2, 3]


async def test_a_task_that_is_slow_to_end_is_waited_for() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await anyio.sleep(100)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(5)
            ended.append("slow")

    async def quick() -> None:
        await anyio.sleep(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await together([quick, slow])  # the first has failed
    assert ended == ["slow"]
