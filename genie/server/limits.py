"""Limits at the door, each with a bounded table: rates of callers, and keys of requests that are sent again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEPT = 10_000
KEEP_S = 86_400.0
LONGEST_KEY = 200


class Rates:
    """Rates of requests by caller (generic cell rate algorithm); the least recent caller is forgotten.

    Args:
        per_s: Requests a second of one caller.
        burst: Requests that may come at once.
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


class _Kept(NamedTuple):
    fingerprint: str
    run: str
    at: float


class Repeats:
    """Requests by their ``Idempotency-Key``: the same request sent again gets the same run.

    Args:
        now: Seconds on a clock that never goes back.
        most: Keys that are remembered, for ``KEEP_S`` seconds.
    """

    def __init__(self, now: Callable[[], float], most: int = MOST_KEPT) -> None:
        self._now = now
        self._most = most
        self._kept: OrderedDict[tuple[str, ...], _Kept] = OrderedDict()

    def find(self, key: tuple[str, ...], fingerprint: str) -> str | None:
        """Return the run that a key has started; None for a key that is new.

        Raises:
            Problem: The key was used for another request.
        """
        found = self._kept.get(key)
        if found is None or self._now() - found.at > KEEP_S:
            return None
        if found.fingerprint != fingerprint:
            raise Problem("idempotency_conflict", "send another key with another body")
        return found.run

    def keep(self, key: tuple[str, ...], fingerprint: str, run: str) -> None:
        """Remember which run a key has started."""
        while len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[key] = _Kept(fingerprint, run, self._now())
