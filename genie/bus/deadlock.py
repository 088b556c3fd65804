"""Handlers that wait for each other: finding a wait that can never end.

A handler is stuck when everything it waits for lies with stuck handlers: being handled by one, in the mailbox of an
agent whose every slot is stuck, or behind a key that a stuck one holds. The greatest such set is found by taking out,
again and again, whoever waits for something that may still happen. In a cycle of stuck handlers the wait that would
end first by itself gives way; when none would, the mail that closed the cycle ends.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from genie.bus.accounting import Outcome, Scope
from genie.bus.mailbox import Ticket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genie.bus.accounting import Delivery
    from genie.bus.exchange import Exchange
    from genie.bus.mailbox import Subscriber


class Waits:
    """Who waits for whom, kept by the handlers as they begin and end to wait.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Exchange) -> None:
        self._bus = bus
        self._waiting: dict[Any, None] = {}
        self._looks = False

    def begin(self, worker: Any, what: Scope | Ticket) -> None:
        """A handler begins to wait; a wait that would close a cycle is ended at once."""
        subscriber: Subscriber = worker.subscriber
        worker.waits = (*worker.waits, what)
        if len(worker.waits) == 1:
            subscriber.waiting += 1
            self._waiting[worker] = None
        tangled = what.entangled if isinstance(what, Scope) else True
        if tangled or subscriber.laned or subscriber.waiting >= subscriber.concurrency:
            self._break(worker)

    def end(self, worker: Any, what: Scope | Ticket) -> None:
        """A handler has what it waited for, or does not wait any more."""
        worker.waits = tuple(other for other in worker.waits if other is not what)
        if worker.waits:
            self.look_later()  # what else it waits for may be what cannot end
        else:
            worker.subscriber.waiting -= 1
            del self._waiting[worker]

    def look_later(self) -> None:
        """See at the alarm's next turn whether a cycle has closed: mail came to lie with waiting handlers."""
        if self._waiting and not self._looks:
            self._looks = True
            self._bus.alarm.soon(self._look)

    def _look(self) -> None:
        self._looks = False
        self._break(None)

    def _break(self, start: Any) -> None:
        """End a wait of every cycle there is; ``start`` is the handler that began to wait just now."""
        stuck = self._stuck(start)
        while stuck:
            cycle = _cycle(stuck, start if start in stuck else next(iter(stuck)))
            if not self._give_way(stuck, cycle, _named(cycle)):
                return
            stuck = self._stuck(None)

    # --- who is stuck ---

    def _stuck(self, start: Any) -> dict[Any, None]:
        """Return the greatest set of handlers that wait for each other alone; empty if ``start`` is not among it."""
        stuck = dict(self._waiting)
        first = True
        while stuck:
            lies, rooms = _lying(stuck)
            if first:
                first = False
                for scope in lies:
                    scope.entangled = True
            moving = [worker for worker in stuck if not all(_hopeless(thing, lies, rooms) for thing in worker.waits)]
            for worker in moving:
                del stuck[worker]
            if not moving or (start is not None and start not in stuck):
                break
        return stuck if start is None or start in stuck else {}

    # --- who gives way ---

    def _give_way(self, stuck: dict[Any, None], cycle: list[Any], path: str) -> bool:
        """End one wait of a cycle; False when there is none that can be ended."""
        soonest = min((thing for worker in cycle for thing in worker.waits), key=_until)
        if isinstance(soonest, Scope) and _until(soonest) < math.inf and not soonest.expectation.done:
            for kind, agent in soonest.expectation.outstanding():
                soonest.expectation.lose(kind, agent, f"deadlock: {path}")
            soonest.expectation.finish()
            return True
        after = [*cycle[1:], cycle[0]]
        for worker, other in zip(cycle, after, strict=True):
            doomed = [
                delivery for thing in worker.waits for holder, delivery in _hangs_on(thing, stuck)
                if holder.subscriber is other.subscriber and delivery is not holder.delivery
            ]  # fmt: skip
            ended = False
            for delivery in doomed:
                if delivery.lane.subscriber.purge(lambda lying, doomed=delivery: lying is doomed):
                    self._bus.settle(delivery, Outcome.DEAD_LETTERED, f"deadlock: {path}")
                    ended = True
            if ended:
                return True
        return False


def _until(thing: Scope | Ticket) -> float:
    """Return when a wait ends by itself; infinity if it does not."""
    if isinstance(thing, Ticket):
        return max((limit.at for limit in thing.limits), default=math.inf)
    until: float = min(thing.expectation.until, thing.run.deadline)
    return until


def _hopeless(thing: Scope | Ticket, lies: Counter[Scope], rooms: Counter[Ticket]) -> bool:
    """Return True when everything that could end a wait lies with stuck handlers."""
    if isinstance(thing, Ticket):
        return thing.left > 0 and not thing.given_up and rooms[thing] == thing.left
    if thing.expectation.done or not thing.in_flight or lies[thing] != thing.in_flight:
        return False
    return not any(state.timer is not None and not state.closed for state in (thing.joins or {}).values())


def _lying(stuck: Iterable[Any]) -> tuple[Counter[Scope], Counter[Ticket]]:
    """Count the deliveries that lie with stuck handlers, by scope, and those of them that wait for room, by ticket."""
    lies: Counter[Scope] = Counter(worker.delivery.message.scope for worker in stuck if worker.delivery is not None)
    rooms: Counter[Ticket] = Counter()
    for subscriber, holders in _by_subscriber(stuck).items():
        for _, delivery in _mail(subscriber, holders):
            lies[delivery.message.scope] += 1
        if _all_stuck(subscriber, holders):
            rooms.update(ticket for _, ticket in subscriber.waiters)
    return lies, rooms


def _by_subscriber(stuck: Iterable[Any]) -> dict[Subscriber, list[Any]]:
    found: dict[Subscriber, list[Any]] = {}
    for worker in stuck:
        found.setdefault(worker.subscriber, []).append(worker)
    return found


def _mail(subscriber: Subscriber, holders: list[Any]) -> Iterator[tuple[Any, Delivery]]:
    """Yield the mail of an agent that its stuck handlers keep from being handled, each with one that does."""
    if _all_stuck(subscriber, holders):
        for delivery in subscriber.mail():
            yield holders[0], delivery
    elif subscriber.laned:
        for worker in holders:
            for delivery in subscriber.behind(worker.delivery):
                yield worker, delivery


def _all_stuck(subscriber: Subscriber, holders: list[Any]) -> bool:
    """Return True when nothing leaves a mailbox: every slot is stuck, or all its room is behind keys of stuck ones."""
    if len(holders) >= subscriber.concurrency:
        return True
    if subscriber.queue or subscriber.ready or subscriber.laned < subscriber.capacity:
        return False
    return subscriber.laned == sum(len(subscriber.behind(worker.delivery)) for worker in holders)


def _hangs_on(thing: Scope | Ticket, stuck: Iterable[Any]) -> Iterator[tuple[Any, Delivery]]:
    """Yield the deliveries that a wait hangs on, each with a stuck handler that keeps it from ending."""
    if isinstance(thing, Scope):
        for worker in stuck:
            if worker.delivery is not None and worker.delivery.message.scope is thing:
                yield worker, worker.delivery
    for subscriber, holders in _by_subscriber(stuck).items():
        if isinstance(thing, Scope):
            for worker, delivery in _mail(subscriber, holders):
                if delivery.message.scope is thing:
                    yield worker, delivery
        else:
            for delivery, ticket in subscriber.waiters:
                if ticket is thing:
                    yield holders[0], delivery


def _cycle(stuck: Iterable[Any], start: Any) -> list[Any]:
    """Return stuck handlers each of which waits for the next, and the last for the first."""
    path = [start]
    while True:
        following = next(holder for thing in path[-1].waits for holder, _ in _hangs_on(thing, stuck))
        if following in path:
            return path[path.index(following) :]
        path.append(following)


def _named(cycle: list[Any]) -> str:
    agents = [worker.subscriber.card.id for worker in cycle]
    return " -> ".join([*agents, agents[0]])
