"""Agents that wait for each other: finding a wait that can never end.

A handler is stuck when each thing it waits for could only come from stuck handlers: an answer whose every delivery is
being handled by one, or lies in a mailbox that nobody else will empty; or room in such a mailbox. A delivery lies fast
when every slot of its agent is stuck, or when a stuck handler has its key. The greatest such set is found by taking
out, again and again, whoever waits for something that may still happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.account import Outcome, Scope
from genie.mailbox import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.account import Delivery
    from genie.alarm import Entry
    from genie.exchange import Exchange
    from genie.holds import Holds
    from genie.mailbox import Subscriber
    from genie.worker import Worker

FIRST_LOOK_S = 0.1
"""Seconds after which a wait that closed no cycle when it began is looked at again; then twice that, and so on."""


class Waits:
    """Who waits for whom, kept by the handlers as they begin and end to wait.

    Args:
        bus: The bus.
        holds: What a person will move.
    """

    def __init__(self, bus: Exchange, holds: Holds) -> None:
        self._bus = bus
        self._holds = holds
        self._look: Entry | None = None
        self._pause_s = FIRST_LOOK_S

    def begin(self, worker: Worker, what: Scope | Ticket) -> None:
        """A handler begins to wait; a wait that would close a cycle is ended at once."""
        subscriber: Subscriber = worker.subscriber
        worker.waits = (*worker.waits, what)
        if len(worker.waits) == 1:
            subscriber.waiting += 1
            if subscriber.waiting >= subscriber.concurrency:
                self.break_cycle(subscriber)
        if self._look is None or self._pause_s > 2 * FIRST_LOOK_S:
            self._look_in(FIRST_LOOK_S)

    @staticmethod
    def end(worker: Worker, what: Scope | Ticket) -> None:
        """A handler has what it waited for, or does not wait any more."""
        worker.waits = tuple(other for other in worker.waits if other is not what)
        if not worker.waits:
            worker.subscriber.waiting -= 1

    def break_cycle(self, subscriber: Subscriber) -> None:
        """End the mail that a cycle of waits hangs on, if this agent is caught in one."""
        stuck = _Stuck(self._bus, self._holds)
        start = next((worker for worker in subscriber.workers if worker in stuck.workers), None)
        if start is not None:
            self._end(*stuck.cycle(start))

    def _look_in(self, pause_s: float) -> None:
        if self._look is not None:
            self._look.cancel()
        self._pause_s = pause_s
        self._look = self._bus.alarm.at(self._bus.now() + pause_s, self._look_again)

    def _look_again(self) -> None:
        """Find the cycles that closed without a handler beginning to wait: the last that could help has ended."""
        self._look = None
        if not any(subscriber.waiting for subscriber in self._bus.subscribers.values()):
            return
        while (stuck := _Stuck(self._bus, self._holds)).workers:
            if not self._end(*stuck.cycle(next(iter(stuck.workers)))):
                break
        self._look_in(2 * self._pause_s)

    def _end(self, path: list[str], doomed: list[Delivery]) -> bool:
        for delivery in doomed:
            if delivery.lane.subscriber.purge(_only(delivery)):
                self._bus.settle(delivery, Outcome.DEAD_LETTERED, f"deadlock: {' -> '.join(path)}")
        return bool(doomed)


def _only(delivery: Delivery) -> Callable[[Delivery], bool]:
    return lambda other: other is delivery


class _Stuck:
    """The stuck handlers of one moment; dicts serve as sets that keep their order, so that runs can be repeated."""

    def __init__(self, bus: Exchange, holds: Holds) -> None:
        subscribers = tuple(bus.subscribers.values())
        self.workers: dict[Worker, None] = {
            worker: None for subscriber in subscribers if subscriber.waiting for worker in subscriber.workers
            if worker.waits and worker.delivery is not None and worker.ended is None
        }  # fmt: skip
        if not self.workers:
            return
        self._subscribers = subscribers
        self._moving = {delivery.message.scope for delivery in bus.retrying}
        self._moving.update(scope for _, scope, _ in bus.timers.values())
        self._moving.update(held.message.scope for held in holds.all())
        self._places: dict[Scope, list[tuple[Delivery, Worker | None]]] = {
            thing: [] for worker in self.workers for thing in worker.waits if isinstance(thing, Scope)
        }
        for subscriber in subscribers:
            for delivery in subscriber.mail():
                self._note(delivery, None)
            for worker in subscriber.workers:
                if worker.delivery is not None:
                    self._note(worker.delivery, worker)
        before = -1
        while before != len(self.workers):
            before = len(self.workers)
            self._keys: dict[Subscriber, dict[object, Worker]] = {}
            self.workers = {worker: None for worker in self.workers if all(map(self._hopeless, worker.waits))}

    def _note(self, delivery: Delivery, worker: Worker | None) -> None:
        places = self._places.get(delivery.message.scope)
        if places is not None:
            places.append((delivery, worker))

    def _hopeless(self, thing: Scope | Ticket) -> bool:
        if isinstance(thing, Ticket):
            full = self._full(thing)
            return bool(full) and all(map(self._fast, full))
        places = self._places[thing]
        if thing in self._moving or not places or thing.expectation.done:
            return False
        return all(self._blocker(delivery, worker) is not None for delivery, worker in places)

    def _full(self, ticket: Ticket) -> list[Subscriber]:
        """Return the mailboxes that a ticket waits for room in."""
        return [s for s in self._subscribers if any(other is ticket for _, other in s.waiters)]

    def _fast(self, subscriber: Subscriber) -> bool:
        """Return True when nothing will leave a full mailbox."""
        return self._slots(subscriber) is not None or not (
            subscriber.ready
            or any(
                self._blocker(delivery, None) is None
                for waiting in (subscriber.queue, *subscriber.busy.values()) for delivery in waiting or ()
            )
        )  # fmt: skip

    def _blocker(self, delivery: Delivery, worker: Worker | None) -> Worker | None:
        """Return the stuck handler that a delivery waits behind or is handled by; None when it may go on."""
        if worker is not None:
            return worker if worker in self.workers else None
        subscriber: Subscriber = delivery.lane.subscriber
        blocker = self._slots(subscriber)
        if blocker is None and subscriber.keyed:
            keys = self._keys.get(subscriber)
            if keys is None:
                mine = (other for other in subscriber.workers if other in self.workers)
                keys = self._keys[subscriber] = {subscriber.key_of(other.delivery): other for other in mine}
            blocker = keys.get(subscriber.key_of(delivery)) if keys else None
        return blocker

    def _slots(self, subscriber: Subscriber) -> Worker | None:
        """Return one of an agent's handlers when all its slots are stuck, else None."""
        if subscriber.waiting < subscriber.concurrency:
            return None
        stuck = [worker for worker in subscriber.workers if worker in self.workers]
        return stuck[0] if len(stuck) >= subscriber.concurrency else None

    def _behind(self, worker: Worker) -> Iterator[tuple[Delivery | None, Worker | None]]:
        """Yield what a handler waits for, as mail (None where it is being handled) and the handler it hangs on."""
        for thing in worker.waits:
            if isinstance(thing, Ticket):
                for subscriber in self._full(thing):
                    for delivery, other in subscriber.waiters:
                        if other is thing:
                            holder = self._slots(subscriber) or next(
                                filter(None, (self._blocker(mail, None) for mail in subscriber.mail())), None
                            )
                            yield delivery, holder
            else:
                for delivery, handler in self._places[thing]:
                    yield None if handler is not None else delivery, self._blocker(delivery, handler)

    def cycle(self, start: Worker) -> tuple[list[str], list[Delivery]]:
        """Return a cycle by agent ids, and the nearest mail from ``start`` whose end breaks it."""
        way: list[Worker] = [start]
        doomed: list[Delivery] = []
        while True:
            behind = list(self._behind(way[-1]))
            doomed = doomed or [delivery for delivery, _ in behind if delivery is not None]
            following = next((holder for _, holder in behind if holder is not None), None)
            if following is None or following in way:
                break
            way.append(following)
        if following is not None:
            way = [*way[way.index(following) :], following]
        names = [worker.subscriber.card.id for worker in way]
        return [name for at, name in enumerate(names) if at in {0, len(names) - 1} or name != names[at - 1]], doomed
