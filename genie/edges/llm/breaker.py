"""A circuit breaker of one model: after failures in a row nothing is sent for a while, then one call tries."""

from __future__ import annotations

import math
from typing import Literal


class Breaker:
    """Opens after failures in a row, or at once; then lets a single call through when its time is over.

    Args:
        failures: In a row after which it opens.
        open_s: Seconds for which it stays open.
        shut_s: Seconds for which it stays open where a key has no money or no rights.
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
        """It has opened, and no call has succeeded since."""
        return self._until != -math.inf

    def wait_s(self, now: float) -> float:
        """Return 0 where a call may be made, which is then expected to tell how it went; else seconds to wait."""
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
            how: What its class of failure does to a breaker.
            now: On the loop's clock.
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
