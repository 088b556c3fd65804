"""Waiting until a runtime rests, without a guess about how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from genie.contracts.statistics import Statistics
    from genie.runtime.runtime import Runtime


async def settled(runtime: Runtime) -> Statistics:
    """Wait until every task waits for something, and return the counters of that moment.

    At rest nothing is queued or running; what is still in flight is held, timed, retrying, or inside a handler that
    waits for something which no task will bring.

    Raises:
        AssertionError: The account does not balance: a delivery has no outcome, or two.
    """
    await anyio.wait_all_tasks_blocked()
    counted = runtime.statistics()
    if not counted.totals.balanced:
        raise AssertionError(f"the account does not balance: {counted.totals}")
    return counted
