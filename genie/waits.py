"""Agents that wait for each other: finding a wait that can never end.

An agent is stuck when every slot it has waits, and each for something that only stuck agents could give: room in their
mailbox, or answers whose every delivery lies with them. The greatest such set is found by taking out, again and again,
whoever waits for something that may still happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.account import Scope
from genie.mailbox import Ticket

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.account import Delivery
    from genie.holds import Holds
    from genie.mailbox import Subscriber


def deadlock(
    start: Subscriber,
    subscribers: Iterable[Subscriber],
    retrying: Mapping[Delivery, object],
    timers: Mapping[int, tuple[Any, Scope, object]],
    holds: Holds,
) -> tuple[list[str], list[Delivery]] | None:
    """Return the cycle by agent ids and the queued deliveries whose end breaks it; None when nobody is stuck.

    Args:
        start: The agent whose last free slot has begun to wait, or whose mailbox has got mail that waits for itself.
        subscribers: All agents.
        retrying: Deliveries that wait for another attempt: time will move them.
        timers: Payloads that time will publish.
        holds: Deliveries that a person will move.
    """
    subscribers = tuple(subscribers)
    suspects = {s.card.id: s for s in subscribers if s.waiting and s.waiting >= s.concurrency}
    if start.card.id not in suspects:
        return None
    moving = {delivery.message.scope for delivery in retrying}
    moving.update(scope for _, scope, _ in timers.values())
    moving.update(held.message.scope for held in holds.all())
    lying: dict[Scope, list[tuple[Subscriber, Delivery]]] = {}
    for subscriber in subscribers:
        for delivery in subscriber.mail():
            lying.setdefault(delivery.message.scope, []).append((subscriber, delivery))
        for worker in subscriber.workers:
            if worker.delivery is not None:
                lying.setdefault(worker.delivery.message.scope, []).append((subscriber, worker.delivery))
    changed = True
    while changed and start.card.id in suspects:
        changed = False
        for agent, subscriber in tuple(suspects.items()):
            if any(not _hopeless(worker, suspects, lying, moving) for worker in subscriber.workers if worker.delivery):
                del suspects[agent]
                changed = True
    if start.card.id not in suspects:
        return None
    return _path(start, suspects, lying), _doomed(start, suspects, lying)


def _waits(worker: Any) -> Iterable[object]:
    """Yield everything a worker's handler waits for: one thing, or several inside its own task group."""
    waits = worker.waits
    while waits:
        yield waits[1]
        waits = waits[0]


def _hopeless(
    worker: Any,
    suspects: Mapping[str, Subscriber],
    lying: Mapping[Scope, list[tuple[Subscriber, Delivery]]],
    moving: set[Scope],
) -> bool:
    """Return True when everything a worker waits for lies with suspects."""
    things = tuple(_waits(worker))
    if not things:
        return False
    for thing in things:
        if isinstance(thing, Ticket):
            mailboxes = [s for s in _all_of(suspects, lying) if any(t is thing for _, t in s.waiters)]
            if not mailboxes or any(s.card.id not in suspects for s in mailboxes):
                return False
        elif isinstance(thing, Scope):
            if thing in moving:
                return False
            places = lying.get(thing, [])
            if not places or any(s.card.id not in suspects for s, _ in places):
                return False
    return True


def _all_of(
    suspects: Mapping[str, Subscriber], lying: Mapping[Scope, list[tuple[Subscriber, Delivery]]]
) -> Iterable[Subscriber]:
    found = dict(suspects)
    for places in lying.values():
        found.update({s.card.id: s for s, _ in places})
    return found.values()


def _path(
    start: Subscriber,
    suspects: Mapping[str, Subscriber],
    lying: Mapping[Scope, list[tuple[Subscriber, Delivery]]],
) -> list[str]:
    """Return a cycle of agents, each waiting for the next, from ``start`` to where it closes."""
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


def _waited_for(
    subscriber: Subscriber,
    suspects: Mapping[str, Subscriber],
    lying: Mapping[Scope, list[tuple[Subscriber, Delivery]]],
) -> Iterable[Subscriber]:
    for worker in subscriber.workers:
        for thing in _waits(worker):
            if isinstance(thing, Ticket):
                yield from (s for s in suspects.values() if any(t is thing for _, t in s.waiters))
            elif isinstance(thing, Scope):
                yield from (s for s, _ in lying.get(thing, []))


def _doomed(
    start: Subscriber,
    suspects: Mapping[str, Subscriber],
    lying: Mapping[Scope, list[tuple[Subscriber, Delivery]]],
) -> list[Delivery]:
    """Return what must end: the mail that ``start`` waits for, or that waits for ``start``, and lies in mailboxes."""
    doomed: dict[int, Delivery] = {}
    for subscriber in (start, *suspects.values()):
        for worker in subscriber.workers:
            for thing in _waits(worker):
                if isinstance(thing, Ticket):
                    for s in suspects.values():
                        doomed.update({id(d): d for d, t in s.waiters if t is thing})
                elif isinstance(thing, Scope):
                    running = {id(w.delivery) for s in suspects.values() for w in s.workers}
                    doomed.update({id(d): d for s, d in lying.get(thing, []) if id(d) not in running})
        if doomed:
            return list(doomed.values())  # ending the nearest is enough: the rest may go on
    return list(doomed.values())
