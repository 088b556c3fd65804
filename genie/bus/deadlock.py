"""Deadlocks among handlers that wait for each other.

A waiting handler can continue if any delivery that it waits for can end. A delivery can end if its handler runs, if a
slot of its agent is free, or if it waits for a time or for a person. So a wait is a deadlock if nothing reachable from
it can continue. The search starts at the handler whose state has just changed and stops at the first item that can
continue, which is nearly always the first one it visits: its cost does not grow with the handlers that wait elsewhere.

These events start a search: a handler begins to wait while every slot of its agent waits; mail arrives in such a
mailbox or behind the key of a waiting handler; the last delivery that kept a doubtful scope alive ends.

In a cycle the wait that would end first by itself is ended. If none would, the mail that closed the cycle ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.outcome import Outcome, Reason
from genie.inflight.accounting import Scope
from genie.inflight.delivery import BEHIND_KEY, QUEUED, WAITS_FOR_ROOM
from genie.inflight.mailbox import RoomTicket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope, Payload
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Worker
    from genie.inflight.mailbox import Subscriber

Wait = Scope | RoomTicket


class Waiting(NamedTuple):
    """A suspended handler."""

    agent: str
    message: Envelope[Payload]
    """The delivery that it handles."""
    awaits: tuple[str, ...]
    """Agents of the deliveries it waits for; empty if it waits for something unknown to the bus."""
    coroutine: object


class Deadlocks:
    """The wait graph, updated as handlers begin and end to wait.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._doubtful: dict[Worker, None] = {}
        """Workers whose wait is checked in the next turn of the timers."""
        bus.timers.on("deadlock", self._look)

    def begin(self, worker: Worker, wait: Wait) -> None:
        """A handler begins to wait; if this closes a cycle, one of its waits is ended at once."""
        subscriber = worker.subscriber
        worker.waits = (*worker.waits, wait)
        if len(worker.waits) == 1:
            subscriber.waiting[worker] = None
        doubtful = True
        if isinstance(wait, Scope):
            wait.waiter = worker
            doubtful = wait.may_deadlock
        else:
            wait.worker = worker
        if doubtful or subscriber.behind_keys or len(subscriber.waiting) >= subscriber.concurrency:
            self._search(worker)

    def end(self, worker: Worker, wait: Wait) -> None:
        """A handler no longer waits."""
        worker.waits = tuple(other for other in worker.waits if other is not wait)
        if isinstance(wait, Scope):
            wait.waiter = None
        if worker.waits:
            self._later(worker)  # its other waits may now be unable to end
        else:
            worker.subscriber.waiting.pop(worker, None)

    def queued(self, delivery: Delivery) -> None:
        """Mail arrived in a mailbox: if every slot of its agent waits, it may have closed a cycle."""
        subscriber = delivery.subscription.subscriber
        if len(subscriber.waiting) >= subscriber.concurrency:
            scope: Scope = delivery.message.scope
            scope.may_deadlock = True
            self.look(scope)

    def behind_key(self, delivery: Delivery) -> None:
        """Mail arrived behind a key: if the key's owner waits, this may have closed a cycle of rooms and keys."""
        subscriber = delivery.subscription.subscriber
        holder = subscriber.holders[subscriber.key_of(delivery)].worker
        if holder is None or not holder.waits:
            return
        scope: Scope = delivery.message.scope
        scope.may_deadlock = True
        self.look(scope)
        self._later(holder)
        for ticket in subscriber.waiters.values():
            if ticket.worker is not None:
                self._later(ticket.worker)

    def look(self, scope: Scope) -> None:
        """Check in the next turn of the timers whether the wait for a scope can still end."""
        if scope.waiter is not None:
            self._later(scope.waiter)

    def _later(self, worker: Worker) -> None:
        if not self._doubtful:
            self._bus.timers.soon("deadlock")
        self._doubtful[worker] = None

    def _look(self, _: object) -> None:
        doubtful, self._doubtful = self._doubtful, {}
        for worker in doubtful:
            if worker.waits:
                self._search(worker)

    def explain(self) -> list[Waiting]:
        """Return what each suspended handler waits for."""
        return [
            Waiting(
                subscriber.card.id, worker.delivery.message,
                tuple(sorted({
                    one.subscription.subscriber.card.id for wait in worker.waits for one in _deliveries(wait)
                })),
                worker.coroutine,
            )
            for subscriber in self._bus.subscribers.values()
            for worker in subscriber.running if worker.delivery is not None
        ]  # fmt: skip

    # --- the search ---

    def _search(self, start: Worker) -> None:
        """End a wait of every cycle reachable from a worker that cannot continue."""
        while start.waits:
            stuck = self._stuck(start)
            if stuck is None or not self._give_way(_cycle(start)):
                return

    def _stuck(self, start: Worker) -> dict[Worker, None] | None:
        """Return every worker reachable from one, or None if something among them can continue."""
        reached = {start: None}
        left = [start]
        while left:
            for wait in left.pop().waits:
                if self._can_end(wait):
                    return None
                for delivery in _deliveries(wait):
                    holders = _holders(delivery)
                    if not holders:
                        return None
                    for holder in holders:
                        if holder not in reached:
                            reached[holder] = None
                            left.append(holder)
        return reached

    def _can_end(self, wait: Wait) -> bool:
        """Return True if a wait is over, or something other than its deliveries can end it."""
        if isinstance(wait, RoomTicket):
            return wait.given_up or not wait.deliveries or wait.scans > 0
        wait.may_deadlock = True  # what keeps it alive now may end and leave only blocked deliveries
        gather = wait.gather
        if gather is None or gather.done or not wait.in_flight or len(wait.deliveries) != wait.in_flight:
            return True
        return any(sink.waits(wait) for sink in self._bus.sinks)

    # --- ending a wait ---

    def _give_way(self, cycle: list[Worker]) -> bool:
        """End one wait of a cycle; return False if none can be ended."""
        agents = [worker.subscriber.card.id for worker in cycle]
        reason = Reason("deadlock", f"deadlock: {' -> '.join([*agents, agents[0]])}")
        soonest = min((wait for worker in cycle for wait in worker.waits), key=_until)
        if isinstance(soonest, Scope) and soonest.gather is not None and _until(soonest) < math.inf:
            gather = soonest.gather
            if not gather.done:
                for kind, agent in gather.outstanding():
                    gather.lose(kind, agent, str(reason))  # after the last one its wait is over
                if len(cycle) == 1:  # its own repeated question, back in its mailbox, would ask the same again
                    self._bus.runs.cut_scope(soonest, reason)
                return True
        after = [*cycle[1:], cycle[0]]
        for worker, other in zip(cycle, after, strict=True):
            doomed = [
                delivery for wait in worker.waits for delivery in _deliveries(wait)
                if delivery.worker is None and any(h.subscriber is other.subscriber for h in _holders(delivery))
            ]  # fmt: skip
            for delivery in doomed:
                delivery.subscription.subscriber.remove(delivery)
                self._bus.settle(delivery, Outcome.DEAD_LETTERED, reason)
            if doomed:
                return True
        return False


def _deliveries(wait: Wait) -> tuple[Delivery, ...]:
    return tuple(wait.deliveries)


def _until(wait: Wait) -> float:
    """Return when a wait ends by itself; infinity if it does not."""
    if isinstance(wait, RoomTicket):
        limits = wait.deliveries.values()
        return max((math.inf if limit is None else limit.at for limit in limits), default=math.inf)
    until = math.inf if wait.gather is None else wait.gather.until
    return min(until, wait.run.deadline)


def _holders(delivery: Delivery) -> tuple[Worker, ...]:
    """Return the waiting workers that block a delivery; empty if something can continue."""
    worker = delivery.worker
    if worker is not None:
        return (worker,) if worker.waits else ()
    subscriber = delivery.subscription.subscriber
    if delivery.place == QUEUED or (delivery.place == WAITS_FOR_ROOM and (subscriber.queue or subscriber.due)):
        return _slots(subscriber)
    if delivery.place == BEHIND_KEY:
        return _holder(subscriber, subscriber.key_of(delivery)) or ()
    if delivery.place == WAITS_FOR_ROOM:  # all room of the mailbox is behind keys
        found = [_holder(subscriber, key) for key in subscriber.keyed_queues]
        return tuple(worker for one in found for worker in one or ()) if all(found) else ()
    return ()  # parked


def _slots(subscriber: Subscriber) -> tuple[Worker, ...]:
    return () if len(subscriber.waiting) < subscriber.concurrency else tuple(subscriber.waiting)


def _holder(subscriber: Subscriber, key: object) -> tuple[Worker, ...] | None:
    holder = subscriber.holders.get(key)
    if holder is None or holder.worker is None or not holder.worker.waits:
        return None
    return (holder.worker,)


def _cycle(start: Worker) -> list[Worker]:
    """Return a cycle of workers, each of which waits for the next."""
    path = [start]
    while True:
        following = next(_waited_for(path[-1]))
        if following in path:
            return path[path.index(following) :]
        path.append(following)


def _waited_for(worker: Worker) -> Iterator[Worker]:
    for wait in worker.waits:
        for delivery in _deliveries(wait):
            yield from _holders(delivery)
