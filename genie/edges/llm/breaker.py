"""A circuit breaker of one model: after consecutive failures nothing is sent for a while, then one call is a probe."""

from __future__ import annotations

import math
from typing import Literal


class Breaker:
    """Opens after consecutive failures, or at once; after its open time it lets a single probe through.

    Args:
        failures: Consecutive failures after which it opens.
        open_s: Seconds for which it stays open.
        shut_s: Seconds for which it stays open if a key has no credit or no rights.
    """

    def __init__(self, failures: int = 5, open_s: float = 15.0, shut_s: float = 300.0) -> None:
        self._failures = failures
        self._open_s = open_s
        self._shut_s = shut_s
        self._in_a_row = 0
        self._until = -math.inf
        self._probing = False
        self.opened = 0
        """How often it opened."""

    @property
    def tripped(self) -> bool:
        """True if it has opened and no call has succeeded since."""
        return self._until != -math.inf

    def wait_s(self, now: float) -> float:
        """Return 0 if a call may be made, whose result must then be reported; else the seconds to wait."""
        if self._until == -math.inf:
            return 0.0
        if now < self._until:
            return self._until - now
        if self._probing:
            return self._open_s
        self._probing = True
        return 0.0

    def succeeded(self) -> None:
        """A call was answered."""
        self._in_a_row = 0
        self._until = -math.inf
        self._probing = False

    def failed(self, how: Literal["no", "counts", "opens"], now: float) -> None:
        """A call failed.

        Args:
            how: Effect of the failure class on a breaker.
            now: Time on the loop's clock.
        """
        if how == "no":
            self._probing = False
            return
        self._in_a_row += 1
        if how == "opens" or self._probing or self._in_a_row >= self._failures:
            self._until = now + (self._shut_s if how == "opens" else self._open_s)
            self.opened += 1
        self._probing = False

    def left(self) -> None:
        """A call ended without an answer or a failure: it was cancelled."""
        self._probing = False
