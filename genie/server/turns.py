"""Fairness between tenants: quotas of each, and requests that start in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple

import anyio

from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

LIGHT = 16
"""Number of tenants that may each start a request without waiting in one turn of the loop, while several tenants
ask."""
PAUSE = 8
"""Turns of the loop for which waiting requests give way to one that has started without waiting."""
ACTIVE_S = 1.0
"""Seconds after its last request for which a tenant counts as active."""
MOST_WAITING = 1_000
"""Number of requests of one tenant that may wait."""
MOST_TENANTS = 10_000
BYTES = 65_536
"""Body size in bytes that costs one turn."""
DEAREST = 16
"""Maximum turns that one request costs; also the cost of a request of unknown size."""
MOST_PASSED = 64
"""Number of tenants skipped in one turn of the loop, because an earlier request of theirs was large."""


class Waiting(NamedTuple):
    """One waiting request."""

    turn: anyio.Event
    cost: int


class Turns:
    """Starts requests in turn, one of each waiting tenant, so that the backlog of one delays no other.

    A request waits before its body is read. A large one costs its tenant several turns (deficit round robin). A tenant
    without waiting requests starts at once, and waiting ones give way to it for some turns of the loop (like new flows
    of FQ-CoDel, RFC 8290). While a single tenant asks nothing waits.

    Args:
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._asked: OrderedDict[str | None, float] = OrderedDict()
        """Tenant -> time of its last request, the latest last."""
        self._waiting: OrderedDict[str | None, deque[Waiting]] = OrderedDict()
        """Waiting requests, the next tenant first."""
        self._owed: dict[str | None, int] = {}
        """Waiting tenant -> turns that its last request cost beyond one."""
        self._light: set[str | None] = set()
        """Tenants that have started a request in this turn of the loop."""
        self._left = 0
        """Remaining turns of the loop reserved for those that started without waiting."""
        self._passed = 0
        """Turns of the loop since a waiting request has started."""
        self._woken = anyio.Event()

    @property
    def waiting(self) -> int:
        """Number of waiting requests."""
        return sum(map(len, self._waiting.values()))

    def enter(self, tenant: str | None, size: bytes | None = b"0") -> anyio.Event | None:
        """Return a waiter for a request; None if it may start now.

        Args:
            tenant: The tenant that sends it.
            size: Its ``Content-Length``; None if its size is unknown.

        Raises:
            Problem: Too many requests of the tenant wait.
        """
        now, asked = self._now(), self._asked
        asked[tenant] = now
        if len(asked) == 1 and not self._waiting:
            return None
        asked.move_to_end(tenant)
        first = next(iter(asked))
        while first != tenant and (now - asked[first] > ACTIVE_S or len(asked) > MOST_TENANTS):
            del asked[first]
            first = next(iter(asked))
        if len(asked) == 1 and not self._waiting:
            return None
        self._woken.set()
        cost, queue = _cost(size), self._waiting.get(tenant)
        if queue is None and cost == 1 and tenant not in self._light and len(self._light) < LIGHT:
            self._light.add(tenant)
            self._left = PAUSE
            return None
        if queue is None:
            queue = self._waiting[tenant] = deque()
        if len(queue) >= MOST_WAITING:
            raise Problem("quota", "too many requests of the tenant wait")
        turn = anyio.Event()
        queue.append(Waiting(turn, cost))
        return turn

    async def run(self) -> None:
        """Start requests until cancelled."""
        while True:
            await self._woken.wait()
            self._woken = anyio.Event()
            while self._waiting or self._light:
                await anyio.lowlevel.checkpoint()
                self.give()

    def give(self) -> None:
        """One turn of the loop: start waiting requests, one of each tenant in turn."""
        self._light.clear()
        self._passed += 1
        if self._left > 0 and self._passed <= PAUSE:
            self._left -= 1
            return
        for _ in range(min(len(self._waiting), MOST_PASSED)):
            tenant, queue = self._waiting.popitem(last=False)
            owed = self._owed.pop(tenant, 0)
            chosen = None if owed and self._waiting else queue.popleft()
            owed = owed - 1 if chosen is None else chosen.cost - 1
            if queue:
                self._waiting[tenant] = queue
                if owed:
                    self._owed[tenant] = owed
            if chosen is not None:
                chosen.turn.set()
                self._passed = 0
                return


def _cost(size: bytes | None) -> int:
    """Return the number of turns that a request of a size costs."""
    if size is None or not size.isdigit() or len(size) > len(str(BYTES * DEAREST)):
        return DEAREST
    return min(1 + int(size) // BYTES, DEAREST)


class Quotas:
    """Limit on the runs of each tenant in flight.

    Args:
        most: Maximum runs of one tenant; None for no limit.
    """

    def __init__(self, most: int | None) -> None:
        self.runs: dict[str | None, int] = {}
        """Tenant -> its number of runs in flight."""
        self._most = most

    def admit(self, tenant: str | None) -> None:
        """Admit one more run.

        Raises:
            Problem: The tenant has reached its limit.
        """
        if self._most is not None and self.runs.get(tenant, 0) >= self._most:
            raise Problem("quota", "the tenant has reached its limit of runs in flight")

    def begun(self, tenant: str | None) -> None:
        """Count a run."""
        self.runs[tenant] = self.runs.get(tenant, 0) + 1

    def over(self, tenant: str | None) -> None:
        """Stop counting a run."""
        left = self.runs.get(tenant, 0) - 1
        if left > 0:
            self.runs[tenant] = left
        else:
            self.runs.pop(tenant, None)
