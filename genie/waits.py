"""Agents that wait for each other: finding a wait that can never end.

An agent is stuck when every slot it has waits, and each for something that only stuck agents could give: room in their
mailbox, or answers whose every delivery lies with them. The greatest such set is found by taking out, again and again,
whoever waits for something that may still happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.account import Outcome, Scope
from genie.mailbox import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.account import Delivery
    from genie.exchange import Exchange
    from genie.holds import Holds
    from genie.mailbox import Subscriber

_Lying = dict[Scope, list[tuple["Subscriber", "Delivery"]]]


class Waits:
    """Who waits for whom, kept by the handlers as they begin and end to wait.

    Args:
        bus: The bus.
        holds: What a person will move.
    """

    def __init__(self, bus: Exchange, holds: Holds) -> None:
        self._bus = bus
        self._holds = holds

    def begin(self, worker: Any, what: Scope | Ticket) -> None:
        """A handler begins to wait; a wait that would close a cycle is ended at once."""
        subscriber: Subscriber = worker.subscriber
        worker.waits = (*worker.waits, what)
        if len(worker.waits) == 1:
            subscriber.waiting += 1
            if subscriber.waiting >= subscriber.concurrency:
                self.break_cycle(subscriber)

    @staticmethod
    def end(worker: Any, what: Scope | Ticket) -> None:
        """A handler has what it waited for, or does not wait any more."""
        worker.waits = tuple(other for other in worker.waits if other is not what)
        if not worker.waits:
            worker.subscriber.waiting -= 1

    def break_cycle(self, subscriber: Subscriber) -> None:
        """End the mail that a cycle of waits hangs on, if this agent is caught in one."""
        found = self._cycle(subscriber)
        if found is None:
            return
        path, doomed = found
        for delivery in doomed:
            if delivery.lane.subscriber.purge(_only(delivery)):
                self._bus.settle(delivery, Outcome.DEAD_LETTERED, f"deadlock: {' -> '.join(path)}")

    def _cycle(self, start: Subscriber) -> tuple[list[str], list[Delivery]] | None:
        """Return the cycle by agent ids, and the queued deliveries whose end breaks it; None if nobody is stuck."""
        bus = self._bus
        suspects = {
            agent: other for agent, other in bus.subscribers.items()
            if other.waiting and other.waiting >= other.concurrency
        }  # fmt: skip
        if start.card.id not in suspects:
            return None
        moving = {delivery.message.scope for delivery in bus.retrying}
        moving.update(scope for _, scope, _ in bus.timers.values())
        moving.update(held.message.scope for held in self._holds.all())
        lying: _Lying = {}
        for subscriber in bus.subscribers.values():
            for delivery in subscriber.mail():
                lying.setdefault(delivery.message.scope, []).append((subscriber, delivery))
            for worker in subscriber.workers:
                if worker.delivery is not None:
                    lying.setdefault(worker.delivery.message.scope, []).append((subscriber, worker.delivery))
        changed = True
        while changed and start.card.id in suspects:
            changed = False
            for agent, subscriber in tuple(suspects.items()):
                handling = [worker for worker in subscriber.workers if worker.delivery is not None]
                if not all(_hopeless(worker, suspects, lying, moving) for worker in handling):
                    del suspects[agent]
                    changed = True
        if start.card.id not in suspects:
            return None
        return _path(start, suspects, lying), _doomed(start, suspects, lying)


def _only(delivery: Delivery) -> Callable[[Delivery], bool]:
    return lambda other: other is delivery


def _hopeless(worker: Any, suspects: Mapping[str, Subscriber], lying: _Lying, moving: set[Scope]) -> bool:
    """Return True when everything a worker waits for lies with suspects."""
    if not worker.waits:
        return False
    for thing in worker.waits:
        if isinstance(thing, Ticket):
            if not _mailboxes(thing, suspects):
                return False
        else:
            places = lying.get(thing, [])
            if thing in moving or not places or any(s.card.id not in suspects for s, _ in places):
                return False
    return True


def _mailboxes(ticket: Ticket, suspects: Mapping[str, Subscriber]) -> list[Subscriber]:
    """Return the suspects whose mailboxes a ticket waits for; none if one of them is no suspect."""
    found = [s for s in suspects.values() if any(other is ticket for _, other in s.waiters)]
    waiting = sum(other is ticket for s in found for _, other in s.waiters)
    return found if waiting == ticket.left else []


def _waited_for(subscriber: Subscriber, suspects: Mapping[str, Subscriber], lying: _Lying) -> Iterable[Subscriber]:
    for worker in subscriber.workers:
        for thing in worker.waits:
            if isinstance(thing, Ticket):
                yield from _mailboxes(thing, suspects)
            else:
                yield from (s for s, _ in lying.get(thing, []))


def _path(start: Subscriber, suspects: Mapping[str, Subscriber], lying: _Lying) -> list[str]:
    """Return a cycle of agents, each waiting for the next, from where it closes to where it closes."""
    path = [start.card.id]
    current = start
    while True:
        following = next(iter(_waited_for(current, suspects, lying)), None)
        if following is None:
            return path
        if following.card.id in path:
            return [*path[path.index(following.card.id) :], following.card.id]
        path.append(following.card.id)
        current = following


def _doomed(start: Subscriber, suspects: Mapping[str, Subscriber], lying: _Lying) -> list[Delivery]:
    """Return the nearest mail that the wait of ``start`` hangs on and that lies in mailboxes; the rest may go on."""
    running = {id(worker.delivery) for s in suspects.values() for worker in s.workers}
    for subscriber in (start, *suspects.values()):
        doomed: dict[int, Delivery] = {}
        for worker in subscriber.workers:
            for thing in worker.waits:
                if isinstance(thing, Ticket):
                    doomed.update({id(d): d for s in suspects.values() for d, other in s.waiters if other is thing})
                else:
                    doomed.update({id(d): d for _, d in lying.get(thing, []) if id(d) not in running})
        if doomed:
            return list(doomed.values())
    return []
