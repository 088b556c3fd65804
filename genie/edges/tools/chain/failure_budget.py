"""Layer 8: a tool that failed several times in a row for one run is paused, and then tried once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from genie.edges.tools.chain.attempt import FAILING, NOT_A_FAILURE
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

IN_A_ROW = 3
REST_S = 60.0


def layer(attempt: Attempt) -> ToolResult | None:
    """Refuse a call of a paused tool."""
    failures = attempt.run.failures
    if not failures:
        return None
    count, last = failures.get(attempt.tool.name, (0, 0.0))
    if count < IN_A_ROW:
        return None
    now = anyio.current_time()
    if now - last >= REST_S:
        failures[attempt.tool.name] = (count, now)  # only one call may try it
        return None
    text = f"failed {count} times in a row; it may be tried again in {REST_S - (now - last):.0f} s"
    return attempt.refused(FAILING, canonical({"error": FAILING, "text": text}))


def finished(attempt: Attempt) -> None:
    """Count a failure; a success resets the count. Refused, denied and cancelled calls count as neither."""
    failures = attempt.run.failures
    name = attempt.tool.name
    if attempt.code == "":
        if failures:
            failures.pop(name, None)
    elif attempt.code not in NOT_A_FAILURE:
        failures[name] = (failures.get(name, (0, 0.0))[0] + 1, anyio.current_time())
