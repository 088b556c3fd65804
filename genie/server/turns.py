"""Tenants side by side: quotas of each, and runs that begin in turn."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

import anyio

from genie.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 4
"""Runs that begin in one turn of the loop while several tenants ask."""
ACTIVE_S = 1.0
"""Seconds after its last question for which a tenant counts as asking."""
MOST_WAITING = 1_000
"""Questions of one tenant that wait for their turn."""
MOST_TENANTS = 10_000


class Turns:
    """Lets runs begin in turn, one of each tenant that waits, so that the backlog of one delays no other.

    While a single tenant asks nothing waits.

    Args:
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._asked: OrderedDict[str | None, float] = OrderedDict()
        """Tenant -> when it asked last, the latest last."""
        self._waiting: OrderedDict[str | None, deque[anyio.Event]] = OrderedDict()
        """Who waits, the next tenant first."""
        self._begun = 0
        self._woken = anyio.Event()

    @property
    def waiting(self) -> int:
        """Questions that wait for their turn."""
        return sum(map(len, self._waiting.values()))

    async def take(self, tenant: str | None) -> None:
        """Wait for the turn of a tenant.

        Raises:
            Problem: Too many of its questions wait.
        """
        now = self._now()
        self._asked[tenant] = now
        self._asked.move_to_end(tenant)
        first = next(iter(self._asked))
        while first != tenant and (now - self._asked[first] > ACTIVE_S or len(self._asked) > MOST_TENANTS):
            del self._asked[first]
            first = next(iter(self._asked))
        if len(self._asked) == 1 and not self._waiting:
            return
        self._woken.set()
        if self._begun < AT_ONCE and not self._waiting:
            self._begun += 1
            return
        queue = self._waiting.setdefault(tenant, deque())
        if len(queue) >= MOST_WAITING:
            raise Problem("quota", "too many questions of the tenant wait")
        turn = anyio.Event()
        queue.append(turn)
        await turn.wait()

    async def run(self) -> None:
        """Give turns until cancelled."""
        while True:
            await self._woken.wait()
            self._woken = anyio.Event()
            while self._waiting or self._begun:
                await anyio.lowlevel.checkpoint()
                self._begun = 0
                self.give()

    def give(self) -> None:
        """Let as many begin as may in one turn of the loop: the tenants take turns."""
        for _ in range(min(AT_ONCE, self.waiting)):
            tenant, queue = self._waiting.popitem(last=False)
            queue.popleft().set()
            self._begun += 1
            if queue:
                self._waiting[tenant] = queue


class Quotas:
    """How many runs of each tenant may be in flight.

    Args:
        most: Runs of one tenant; None for no limit.
    """

    def __init__(self, most: int | None) -> None:
        self.runs: dict[str | None, int] = {}
        """Tenant -> its runs in flight."""
        self._most = most

    def admit(self, tenant: str | None) -> None:
        """Let one more run begin.

        Raises:
            Problem: The tenant has as many as it may have.
        """
        if self._most is not None and self.runs.get(tenant, 0) >= self._most:
            raise Problem("quota", "the tenant has as many runs in flight as it may have")

    def begun(self, tenant: str | None) -> None:
        """Count a run."""
        self.runs[tenant] = self.runs.get(tenant, 0) + 1

    def over(self, tenant: str | None) -> None:
        """Count a run no more."""
        left = self.runs.get(tenant, 0) - 1
        if left > 0:
            self.runs[tenant] = left
        else:
            self.runs.pop(tenant, None)
