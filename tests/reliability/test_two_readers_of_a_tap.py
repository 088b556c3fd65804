"""Two tasks that read one tap share what it shows, and both end with it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from tests.genie.policies_for_tests import Answer, Question, answerer, running, turns
from tests.reliability.trouble import SOON_S

pytestmark = pytest.mark.anyio


async def test_both_readers_of_a_tap_come_to_an_end() -> None:
    seen: list[Any] = []
    ended = 0

    async def reads(tap: Any) -> None:
        nonlocal ended
        async for one in tap:
            seen.append(one)
        ended += 1

    with anyio.fail_after(SOON_S):
        async with (
            anyio.create_task_group() as group,
            running(answerer) as runtime,
            runtime.observe(Question) as tap,
        ):
            group.start_soon(reads, tap)
            group.start_soon(reads, tap)
            for number in range(4):
                await anyio.sleep(1)
                await runtime.ask(Question(number=number), Answer)
                await turns()
                assert len(seen) == number + 1  # nobody waits for a reader that has left
    assert (len(seen), ended) == (4, 2)
