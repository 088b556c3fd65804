"""Layer 6: concurrent identical calls of a run are executed once, and a write is executed only once per run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.edges.tools.chain.attempt import INDETERMINATE, MOST_FINISHED, TOO_MANY_CALLS
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

_AMBIGUOUS = frozenset({"timeout", "failed", "internal_error", "expired", "cancelled", "late", "nothing"})
"""Codes after which it is unknown whether a write has happened."""


def layer(attempt: Attempt) -> ToolResult | None:
    """Return the result of an earlier write with the same arguments."""
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
    """Store the result of a write. A write that may have happened is never repeated in its run."""
    if attempt.tool.effect == "read" or attempt.key is None or attempt.result is None:
        return
    if attempt.code in _AMBIGUOUS:
        text = canonical({"error": INDETERMINATE, "text": "the call may have had its effect; a person must look"})
        attempt.refused(INDETERMINATE, text)
    elif attempt.code:
        return  # it was not executed, so it may be
    attempt.run.finished[attempt.key] = attempt.result
