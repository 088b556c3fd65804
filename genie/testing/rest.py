"""Runtimes at rest: waiting for that without guessing a time, and checking the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from genie.contracts.statistics import Statistics
    from genie.runtime.runtime import Runtime


async def settled(runtime: Runtime) -> Statistics:
    """Wait until every task waits for something, and return the counters then.

    At rest nothing is queued or running; deliveries still in flight are held, timed, retrying, or inside a handler that
    waits for something that no task will provide.

    Raises:
        AssertionError: The account does not balance: a delivery has no outcome, or two.
    """
    await anyio.wait_all_tasks_blocked()
    counted = runtime.statistics()
    if not counted.totals.balanced:
        raise AssertionError(f"the account does not balance: {counted.totals}")
    return counted


def assert_at_rest(runtime: Runtime) -> None:
    """Check that nothing is in flight and that every accepted delivery has exactly one outcome.

    Raises:
        AssertionError: Something is in flight, held, or waits for a time, or the account does not balance.
    """
    counted = runtime.statistics()
    left = (counted.totals.in_flight, counted.runs, counted.timed, counted.held)
    if not counted.totals.balanced or any(left):
        raise AssertionError(f"the runtime is not at rest: {counted}")


async def turns(count: int = 100) -> None:
    """Run every runnable task for some turns of the loop, while no time passes on a virtual clock."""
    for _ in range(count):
        await anyio.lowlevel.checkpoint()
