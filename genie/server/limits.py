"""Rate limits of callers, in a bounded table."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEPT = 10_000


class Rates:
    """Rates of requests by caller (generic cell rate algorithm); the least recent caller is dropped.

    Args:
        per_s: Requests a second of one caller.
        burst: Size of a burst of requests.
        now: Seconds on a clock that never goes back.
        most: Callers that are remembered.
    """

    def __init__(self, per_s: float, burst: int, now: Callable[[], float], most: int = MOST_KEPT) -> None:
        self._gap_s = 1 / per_s
        self._ahead_s = burst / per_s
        self._now = now
        self._most = most
        self._due: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._due)

    def take(self, who: str) -> None:
        """Count one request.

        Raises:
            Problem: The caller has sent too many.
        """
        now = self._now()
        due = max(self._due.get(who, now), now) + self._gap_s
        if due - now > self._ahead_s + 1e-9:
            wait_s = max(1, round(due - now - self._ahead_s + 0.5))
            raise Problem("rate_limited", headers={"retry-after": str(wait_s)})
        self._due[who] = due
        self._due.move_to_end(who)
        if len(self._due) > self._most:
            self._due.popitem(last=False)
