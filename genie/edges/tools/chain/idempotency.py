"""Layer 6: the same call of one run is made once while it is on its way, and a write is made once for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.edges.tools.chain.attempt import INDETERMINATE, MOST_FINISHED, TOO_MANY_CALLS
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

_AMBIGUOUS = frozenset({"timeout", "failed", "internal_error", "expired", "cancelled", "late", "nothing"})
"""Codes after which a write may or may not have happened."""


def layer(attempt: Attempt) -> ToolResult | None:
    """Give the result of an earlier write with the same arguments."""
    key, run = attempt.key, attempt.run
    if key is None or attempt.tool.effect == "read":
        return None
    earlier = run.finished.get(key)
    if earlier is not None:
        run.joined += 1
        attempt.code = earlier.code
        attempt.result = earlier.model_copy(update={"id": attempt.call.id})
        return attempt.result
    if len(run.finished) >= MOST_FINISHED:
        text = canonical({"error": TOO_MANY_CALLS, "text": f"a run makes at most {MOST_FINISHED} different writes"})
        return attempt.refused(TOO_MANY_CALLS, text)
    return None


def finished(attempt: Attempt) -> None:
    """Keep what a write came to. One that may have happened is never made again in its run."""
    if attempt.tool.effect == "read" or attempt.key is None or attempt.result is None:
        return
    if attempt.code in _AMBIGUOUS:
        text = canonical({"error": INDETERMINATE, "text": "the call may have had its effect; a person must look"})
        attempt.refused(INDETERMINATE, text)
    elif attempt.code:
        return  # it was not made, so it may be
    attempt.run.finished[attempt.key] = attempt.result
