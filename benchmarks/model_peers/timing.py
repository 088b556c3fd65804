"""Shared code of all peers: CPU time of one call and of one loop, beside ``await create_task``.

It uses only the standard library.

A call is one question to a scripted model. A loop is two model calls and three parallel tool calls.
"""

from __future__ import annotations

import asyncio
import json
import time
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

QUESTION = "What does a bus carry between agents?"
REPLY = "It carries messages between agents and judges each of them."
SUMS = ((0, 3), (1, 3), (2, 3))
BEST_OF = 7


async def best_us(what: Callable[[], Awaitable[object]], rounds: int) -> float:
    """Return the least CPU time of one run, in microseconds."""
    least = float("inf")
    for _ in range(BEST_OF):
        began = time.process_time()
        for _ in range(rounds):
            await what()
        least = min(least, (time.process_time() - began) / rounds * 1e6)
    return least


async def _nothing() -> None:
    pass


async def _task() -> None:
    await asyncio.create_task(_nothing())


async def _measured(
    name: str, call: Callable[[], Awaitable[object]], loop: Callable[[], Awaitable[object]] | None
) -> dict[str, object]:
    await call()
    task = await best_us(_task, 2_000)
    found: dict[str, object] = {"peer": name, "version": metadata.version(name), "task_us": task}
    found["call_us"] = await best_us(call, 100)
    found["loop_us"] = None if loop is None else await best_us(loop, 30)
    return found


def report(
    name: str, call: Callable[[], Awaitable[object]], loop: Callable[[], Awaitable[object]] | None = None
) -> None:
    """Print the measurements as one line of JSON.

    Args:
        name: Name of the distribution.
        call: One question to a scripted model.
        loop: Two model calls and three tool calls; None for a library without one.
    """
    print(json.dumps(asyncio.run(_measured(name, call, loop))))
