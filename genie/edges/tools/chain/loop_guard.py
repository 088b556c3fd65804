"""Layer 7: stops calls that repeat with the same results; polling with changing results is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.edges.tools.chain.attempt import LOOP
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

REPEATS = 5
"""Number of times that a cycle of calls may occur with the same results."""
LONGEST_CYCLE = 4
"""Maximum length of a cycle."""


def layer(attempt: Attempt) -> ToolResult | None:
    """Refuse a call that would repeat a cycle of calls."""
    history = attempt.run.history
    count = len(history)
    if count < REPEATS:
        return None
    name, arguments = attempt.tool.name, attempt.arguments_hash
    for length in range(1, min(LONGEST_CYCLE, count // REPEATS) + 1):
        next_one = history[-length]
        if next_one[0] != name or next_one[1] != arguments:
            continue
        if all(history[-step] == history[-step - length] for step in range(1, (REPEATS - 1) * length + 1)):
            attempt.run.refused_loop = True
            what = "this call" if length == 1 else f"this cycle of {length} calls"
            text = f"{what} had the same results {REPEATS} times; do something else"
            return attempt.refused(LOOP, canonical({"error": LOOP, "text": text}))
    return None


def finished(attempt: Attempt) -> None:
    """Remember the call with its result."""
    text = "" if attempt.result is None else attempt.result.text
    attempt.run.history.append((attempt.tool.name, attempt.arguments_hash, hash((attempt.code, text))))
