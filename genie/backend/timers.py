"""The timer queue of one runtime: deadlines, timeouts, retries, delayed payloads and holds share one heap and one task.

A timer is data: a due time, a kind, and a reference to its object. The owner of a kind registers one action for it. An
action that raises is reported and does not stop later timers.
"""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING, Any, Protocol

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Waiter

SPARSE = 64
"""Heap size below which cancelled timers are not removed."""
IN_A_ROW = 64
"""Number of actions after which the timer task yields: ten thousand simultaneous deadlines do not stall the loop."""


class Wakeable(Protocol):
    """Something that a timer can wake, such as a ``Waiter``."""

    def wake(self) -> None:
        """End the wait."""
        ...


class Timer:
    """An action that is due at a time; ``cancel`` drops it."""

    __slots__ = ("at", "kind", "number", "ref")

    def __init__(self, at: float, number: int, kind: str, ref: object) -> None:
        self.at = at
        """Due time, in seconds on the loop's clock."""
        self.number = number
        """Its id: unique within the runtime, in order of creation."""
        self.kind = kind
        """Kind of the action to run; empty once it is cancelled or has run."""
        self.ref = ref
        """Argument of the action of its kind."""

    @property
    def over(self) -> bool:
        """True once it is cancelled or has run."""
        return not self.kind

    def cancel(self) -> None:
        """Drop the timer and its reference at once."""
        self.kind, self.ref = "", None

    def record(self) -> dict[str, object]:
        """Return the timer as plain values; the reference becomes its ``id`` or ``number`` if it has one."""
        ref = getattr(self.ref, "id", None) or getattr(self.ref, "number", None)
        return {"id": self.number, "kind": self.kind, "at": self.at, "ref": ref}

    def __lt__(self, other: Timer) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Timers:
    """Runs the action of each timer when it is due, in order of due time and then of creation.

    Args:
        now: The loop's clock.
        waiter: Where the timer task waits.
        sweep: Called at ``watched`` times; returns the next such time, or infinity.
        failed: Called for an action that raised: the timer's kind, its reference, and the error.
    """

    def __init__(
        self,
        now: Callable[[], float],
        waiter: Waiter,
        sweep: Callable[[float], float],
        failed: Callable[[str, object, BaseException], None],
    ) -> None:
        self._now = now
        self._waiter = waiter
        self._sweep = sweep
        self._failed = failed
        self._heap: list[Timer] = []
        self._crowded = SPARSE
        """Length of the heap at which cancelled timers are removed."""
        self._soon: list[tuple[str, object]] = []
        self._number = itertools.count(1).__next__
        self._actions: dict[str, Callable[[Any], None]] = {"wake": _wake}
        self.watched = math.inf
        """Earliest time at which a running handler may exceed its timeout."""
        self._sleeping_until = math.inf

    def on(self, kind: str, action: Callable[[Any], None]) -> None:
        """Register the action of a kind of timer; its argument is the timer's reference."""
        self._actions[kind] = action

    def at(self, when: float, kind: str, ref: object) -> Timer:
        """Set a timer.

        Args:
            when: Due time on the loop's clock. NaN counts as due now, because it cannot be ordered.
            kind: Kind of the action; ``wake`` wakes the reference.
            ref: Argument of the action.
        """
        if math.isnan(when):
            when = self._now()
        timer = Timer(when, self._number(), kind, ref)
        if len(self._heap) >= self._crowded:
            self._remove_cancelled()
        heapq.heappush(self._heap, timer)
        if when < self._sleeping_until:
            self._waiter.wake()
        return timer

    def soon(self, kind: str, ref: object = None) -> None:
        """Run an action in the next turn of the timer task, so that many requests cause one call."""
        self._soon.append((kind, ref))
        self._waiter.wake()

    def watch(self, when: float) -> None:
        """Sweep at ``when`` at the latest; callers check ``when < timers.watched`` first."""
        self.watched = when
        if when < self._sleeping_until:
            self._waiter.wake()

    @property
    def pending(self) -> int:
        """Timers that are still due."""
        return sum(timer.kind != "" for timer in self._heap)

    async def run(self) -> None:
        """Run timers until cancelled."""
        while True:
            await self._turn()
            until = min(self.watched, self._heap[0].at if self._heap else math.inf)
            if self._soon or until <= self._now():
                await anyio.lowlevel.checkpoint()
                continue
            self._sleeping_until = until
            with anyio.CancelScope(deadline=until):
                await self._waiter.park()
            self._sleeping_until = -math.inf  # already awake: no wake-up is needed

    async def _turn(self) -> None:
        self._sleeping_until = -math.inf
        row = 0
        soon, self._soon = self._soon, []
        for kind, ref in soon:
            self._act(kind, ref)
            row += 1
            if row % IN_A_ROW == 0:
                await anyio.lowlevel.checkpoint()
        now = self._now()
        heap = self._heap
        while heap and (not heap[0].kind or heap[0].at <= now):
            timer = heapq.heappop(heap)
            if timer.kind:
                kind, ref = timer.kind, timer.ref
                timer.cancel()
                self._act(kind, ref)
                row += 1
                if row % IN_A_ROW == 0:
                    await anyio.lowlevel.checkpoint()
        if self.watched <= now:
            self.watched = math.inf
            self.watched = min(self.watched, self._sweep(now))

    def _act(self, kind: str, ref: object) -> None:
        try:
            self._actions[kind](ref)
        except Exception as error:  # noqa: BLE001 - one action must not end the deadlines of everybody else
            self._failed(kind, ref, error)

    def _remove_cancelled(self) -> None:
        # In place, because this may happen during a turn. Next at twice the remaining length, so that the cost per
        # timer stays low.
        self._heap[:] = [timer for timer in self._heap if timer.kind]
        heapq.heapify(self._heap)
        self._crowded = max(SPARSE, 2 * len(self._heap))


def _wake(waiting: Wakeable) -> None:
    waiting.wake()
