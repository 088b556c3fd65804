"""The one table of everything parked: retries, delayed payloads, waits for a rate, a person or a slow judge.

An entry is data: its kind, its due time, and its object. The owner of a kind registers an action for due entries;
``take`` removes an entry that ends earlier.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.backend.timers import Timer, Timers
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Recorder

RETRY, DELAYED, RATE, HOLD, JUDGE, EFFECT = "retry", "delayed", "rate", "hold", "judge", "effect"
KINDS = (RETRY, DELAYED, RATE, HOLD, JUDGE, EFFECT)


class Parked:
    """One entry: an item in flight that waits for a time or for a person."""

    __slots__ = ("data", "delivery", "id", "kind", "scope", "timer")

    def __init__(self, id_: int, kind: str, scope: Scope, delivery: Delivery | None, data: Any) -> None:
        self.id = id_
        self.kind = kind
        self.scope = scope
        self.delivery = delivery
        """None for a delayed payload or a held answer."""
        self.data = data  # data of the kind's owner: a held message, or the payload to publish
        self.timer: Timer | None = None

    @property
    def due(self) -> float | None:
        """Due time on the loop's clock; None if it does not end by itself."""
        return None if self.timer is None else self.timer.at

    def record(self) -> dict[str, object]:
        """Return the entry as plain values."""
        delivery = None if self.delivery is None else self.delivery.id
        return {"id": self.id, "kind": self.kind, "due": self.due, "scope": self.scope.id, "delivery": delivery}


class Pending:
    """Everything parked in one runtime.

    Args:
        timers: The timer queue.
    """

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._next_number = itertools.count(1).__next__
        self.recorder: Recorder | None = None
        self._entries: dict[str, dict[int, Parked]] = {kind: {} for kind in KINDS}

    def on(self, kind: str, due: Callable[[Parked], None]) -> None:
        """Register the action for due entries of a kind; the entry has been removed by then."""

        def fire(parked: Parked) -> None:
            parked.timer = None
            self.take(parked)
            due(parked)

        self._timers.on(kind, fire)

    def park(self, kind: str, scope: Scope, delivery: Delivery | None, due: float | None, data: Any = None) -> Parked:
        """Park an item until its due time, or until it is taken.

        Args:
            kind: One of ``KINDS``.
            scope: Its scope.
            delivery: The parked delivery; None for a delayed payload or a held answer.
            due: Time on the loop's clock; None if it does not end by itself.
            data: Data of the kind's owner.
        """
        parked = Parked(self._next_number(), kind, scope, delivery, data)
        if due is not None:
            parked.timer = self._timers.at(due, kind, parked)
        self._entries[kind][parked.id] = parked
        if self.recorder is not None:
            self.recorder.parked(parked)
        if delivery is not None:
            delivery.parked = parked
        else:
            if scope.parked is None:
                scope.parked = {}
            scope.parked[parked.id] = parked
        return parked

    def take(self, parked: Parked) -> bool:
        """Remove an entry and cancel its timer; return False if it was removed before."""
        if self._entries[parked.kind].pop(parked.id, None) is None:
            return False
        if self.recorder is not None:
            self.recorder.taken(parked)
        if parked.timer is not None:
            parked.timer.cancel()
        if parked.delivery is not None:
            parked.delivery.parked = None
        elif parked.scope.parked is not None:
            parked.scope.parked.pop(parked.id, None)
        return True

    def number_after(self, last: int) -> None:
        """Use ids above ``last`` from now on: those of an earlier process are in its log."""
        self._next_number = itertools.count(last + 1).__next__

    def of(self, kind: str) -> tuple[Parked, ...]:
        """Return the entries of one kind, oldest first."""
        return tuple(self._entries[kind].values())

    def count(self, kind: str) -> int:
        """Return the number of entries of one kind."""
        return len(self._entries[kind])

    def __iter__(self) -> Iterator[Parked]:
        for entries in self._entries.values():
            yield from tuple(entries.values())

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))
