"""Layer 12: calls to an agent that fails for every caller stop for a while; then one call probes it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import anyio

from genie.edges.tools.chain.attempt import NOT_A_FAILURE, UNAVAILABLE
from genie.edges.tools.schema import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.model_call import ToolResult
    from genie.edges.tools.chain.attempt import Attempt

LOOKS_AT = 10
"""Number of calls whose failures are counted."""
FAILURES = 5
OPEN_S = 30.0


class Breaker:
    """State of one agent, shared by all tools, loops and runs that call it."""

    __slots__ = ("last", "opened_at", "probing")

    def __init__(self) -> None:
        self.last: deque[bool] = deque(maxlen=LOOKS_AT)
        """True for a failure, newest last."""
        self.opened_at: float | None = None
        self.probing = False

    def closed(self) -> float | None:
        """Return None if a call may be made, else the seconds until the next probe."""
        if self.opened_at is None:
            return None
        left = self.opened_at + OPEN_S - anyio.current_time()
        if left > 0 or self.probing:
            return max(left, 1.0)
        self.probing = True
        return None

    def ended(self, code: str) -> None:
        """Count the result of a call. Results unrelated to the agent's health only end a probe."""
        if code and code in NOT_A_FAILURE:
            self.probing = False
            return
        failed = code != ""
        if self.opened_at is not None:
            self.probing = False
            self.opened_at = anyio.current_time() if failed else None
            self.last.clear()
            return
        if not failed and not self.last:
            return
        self.last.append(failed)
        if failed and sum(self.last) >= FAILURES:
            self.opened_at = anyio.current_time()


class Breakers:
    """The breakers of one process, by agent."""

    def __init__(self) -> None:
        self._of: dict[str, Breaker] = {}

    def of(self, agent: str) -> Breaker:
        """Return the breaker of an agent."""
        return self._of.setdefault(agent, Breaker())


def layer(breaker: Breaker) -> Callable[[Attempt], ToolResult | None]:
    """Return the layer of one agent's breaker."""

    def check(attempt: Attempt) -> ToolResult | None:
        if breaker.opened_at is None:
            return None
        wait = breaker.closed()
        if wait is None:
            return None
        text = f"does not answer at the moment; it may be tried again in {wait:.0f} s"
        return attempt.refused(UNAVAILABLE, canonical({"error": UNAVAILABLE, "text": text}))

    return check
