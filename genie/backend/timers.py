"""One alarm for the whole bus: deadlines, timeouts, retries, timers and holds wait in one heap, not in a task each."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Parker


ROOMY = 64
"""Entries that may wait before cancelled ones are looked for."""


class Entry:
    """Something that is due at a time; ``cancel`` makes it never happen."""

    __slots__ = ("action", "at", "number")

    def __init__(self, at: float, number: int, action: Callable[[], None] | None) -> None:
        self.at = at
        self.number = number
        self.action = action

    def cancel(self) -> None:
        """Forget the action, and what it refers to, at once."""
        self.action = None

    def __lt__(self, other: Entry) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Alarm:
    """Runs actions at their time, in order of time and then of setting.

    Args:
        now: The loop's clock.
        parker: Where the alarm's task waits.
        sweep: Called at ``watch`` times; returns the next time that somebody runs out of, or infinity.
    """

    def __init__(self, now: Callable[[], float], parker: Parker, sweep: Callable[[float], float]) -> None:
        self._now = now
        self._parker = parker
        self._sweep = sweep
        self._heap: list[Entry] = []
        self._roomy = ROOMY
        """Length of the heap at which cancelled entries are thrown out."""
        self._soon: list[Callable[[], None]] = []
        self._number = itertools.count().__next__
        self.watched = math.inf
        """The next time at which a running handler runs out of its time, as far as is known."""
        self._sleeping_until = math.inf

    def at(self, when: float, action: Callable[[], None]) -> Entry:
        """Run ``action`` at ``when`` on the loop's clock."""
        if math.isnan(when):  # it is in no order with the others; a time that is none is over
            when = self._now()
        entry = Entry(when, self._number(), action)
        if len(self._heap) >= self._roomy:
            self._forget_cancelled()
        heapq.heappush(self._heap, entry)
        if when < self._sleeping_until:
            self._parker.wake()
        return entry

    def soon(self, action: Callable[[], None]) -> None:
        """Run ``action`` at the alarm's next turn: a place for work that would otherwise be done many times over."""
        self._soon.append(action)
        self._parker.wake()

    def watch(self, when: float) -> None:
        """Sweep at ``when`` at the latest; callers check ``when < alarm.watched`` first."""
        self.watched = when
        if when < self._sleeping_until:
            self._parker.wake()

    @property
    def pending(self) -> int:
        """Actions that are still to happen."""
        return sum(entry.action is not None for entry in self._heap)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._turn()
            until = min(self.watched, self._heap[0].at if self._heap else math.inf)
            if self._soon or until <= self._now():
                await anyio.lowlevel.checkpoint()
                continue
            self._sleeping_until = until
            with anyio.CancelScope(deadline=until):
                await self._parker.park()
            self._sleeping_until = -math.inf  # awake: nobody needs to wake us

    def _turn(self) -> None:
        self._sleeping_until = -math.inf
        soon, self._soon = self._soon, []
        for action in soon:
            action()
        now = self._now()
        heap = self._heap
        while heap and (heap[0].action is None or heap[0].at <= now):
            entry = heapq.heappop(heap)
            if entry.action is not None:
                entry.action()
        if self.watched <= now:
            self.watched = math.inf
            self.watched = self._sweep(now)

    def _forget_cancelled(self) -> None:
        # In place, because this may happen during a turn; at twice what is left, so that it costs little an entry.
        self._heap[:] = [entry for entry in self._heap if entry.action is not None]
        heapq.heapify(self._heap)
        self._roomy = max(ROOMY, 2 * len(self._heap))
