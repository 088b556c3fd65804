"""The bounded queue of one subscriber: capacity, overflow, and order per key."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from genie.bus.accounting import Delivery, Ends, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import BaseModel

    from genie.backend.asyncio_trio import Parker
    from genie.backend.timers import Entry
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Message, Payload
    from genie.contracts.ports.executor import Job
    from genie.policy.policy import Gate


class Ticket:
    """A publisher that waits until full mailboxes have taken what it published."""

    __slots__ = ("given_up", "left", "limits", "parker")

    def __init__(self, parker: Parker) -> None:
        self.left = 0
        """Deliveries that have found no room yet."""
        self.limits: list[Entry] = []
        """Alarms at which they have waited too long."""
        self.given_up = False
        """The publisher's own time is over; its deliveries go on waiting."""
        self.parker = parker

    def give_up(self) -> None:
        """Let the publisher go on without room."""
        self.given_up = True
        self.parker.wake()

    def one_less(self) -> None:
        """One of its deliveries found room, or ended."""
        self.left -= 1
        if self.left == 0:
            for limit in self.limits:
                limit.cancel()
            self.limits.clear()
            self.parker.wake()


class Subscriber:
    """One registered agent as the bus knows it: its mailbox, its workers and its counters."""

    __slots__ = (
        "__weakref__", "agent", "barred", "busy", "calls", "capacity", "card", "concurrency", "ends", "gates", "idle",
        "job", "keyed", "laned", "left", "limit", "overflow", "ports", "queue", "ready", "removed", "retrying",
        "settings", "spawn", "stalled", "tally", "timeout_s", "waiters", "waiting", "workers",
    )  # fmt: skip

    def __init__(
        self,
        agent: object,
        card: AgentCard,
        *,
        settings: BaseModel | None,
        ports: dict[type[Any], object],
        spawn: Callable[[Subscriber], None],
    ) -> None:
        self.agent = agent
        self.card = card
        self.settings = settings
        self.ports = ports
        self.spawn = spawn
        self.concurrency = card.concurrency
        self.capacity = card.mailbox.capacity
        self.limit = card.mailbox.capacity
        """Length of ``queue`` from which a delivery meets a full mailbox; below zero while others wait for room."""
        self.overflow = card.mailbox.overflow
        self.timeout_s = card.timeout_s
        self.keyed = card.concurrency > 1
        self.queue: deque[Delivery] = deque()
        self.ready: deque[Delivery] = deque()
        """Deliveries whose key is already theirs: the next of a lane, or a retry that is due."""
        self.busy: dict[object, deque[Delivery] | None] = {}
        """Keys being worked on, each with the lane of deliveries that wait behind it."""
        self.laned = 0
        self.retrying = 0
        """Deliveries that wait for another attempt; at most ``capacity``."""
        self.waiters: deque[tuple[Delivery, Ticket]] = deque()
        """Deliveries that met a full mailbox under ``block``."""
        self.workers: list[Any] = []
        self.idle: list[Any] = []
        self.waiting = 0
        """Workers whose handler waits in a gather or for a mailbox."""
        self.barred: str | None = None
        """Why nothing may be delivered now: paused, killed, quarantined, removed."""
        self.removed = False
        self.left: Parker | None = None
        """Where somebody waits until its last worker has ended."""
        self.stalled = 0
        """Times a handler blocked the loop for a second or more."""
        self.calls: Mapping[type[Payload], Any] = {}
        self.job: Job | None = None
        """How its handler is called in a thread or a process; None for one that runs on the loop."""
        self.gates: dict[type[Payload], Any] = {}
        self.tally = Tally()
        self.ends: dict[type[Payload], Ends] = {}
        """By payload class; kept here because lanes are made anew whenever routes change."""

    def key_of(self, delivery: Delivery) -> object:
        """Return what keeps a delivery in order with others: its payload's key field, else its run."""
        message: Message[Any] = delivery.message
        if delivery.extra is not None and delivery.extra.original is not None:
            message = delivery.extra.original  # a masked key is nobody's key
        field = delivery.lane.key
        return message.scope.run if field is None else (field, getattr(message.payload, field))

    def signal(self) -> None:
        """Let a worker look at the mailbox: an idle one, or a new one while there may be more."""
        if self.idle:
            self.idle.pop().wake()
        elif len(self.workers) < self.concurrency:
            self.spawn(self)

    def _bound(self) -> None:
        """Work ``limit`` out anew, after lanes or waiters have changed."""
        self.limit = -1 if self.waiters else self.capacity - self.laned

    def wait(self, delivery: Delivery, ticket: Ticket) -> None:
        """Let a delivery wait for room."""
        self.waiters.append((delivery, ticket))
        self.limit = -1

    def turned_away(self, delivery: Delivery) -> bool:
        """Remove a delivery that still waits for room; False if it does not."""
        for waiting in self.waiters:
            if waiting[0] is delivery:
                self.waiters.remove(waiting)
                self._bound()
                waiting[1].one_less()
                return True
        return False

    def put(self, delivery: Delivery) -> None:
        """Append; the caller has checked ``limit``."""
        self.queue.append(delivery)
        if self.idle:
            self.idle.pop().wake()
        elif len(self.workers) < self.concurrency:
            self.spawn(self)

    def take(self) -> Delivery | None:
        """Return the next delivery that may be worked on, or None."""
        if self.ready:
            return self.ready.popleft()
        queue = self.queue
        while queue:
            delivery = queue.popleft()
            if self.keyed or self.busy:
                key = self.key_of(delivery)
                busy = self.busy
                if key in busy:
                    lane = busy[key]
                    if lane is None:
                        lane = busy[key] = deque()
                    lane.append(delivery)
                    self.laned += 1
                    self._bound()
                    continue
                if self.keyed:
                    busy[key] = None
            if self.waiters:
                self.let_in()
            return delivery
        return None

    def keep_key(self, delivery: Delivery) -> None:
        """Let everything with the key of this delivery wait for it, until ``release``."""
        self.busy.setdefault(self.key_of(delivery), None)

    def release(self, delivery: Delivery) -> None:
        """Give the key of a delivery up: the next in its lane may be worked on."""
        key = self.key_of(delivery)
        lane = self.busy.get(key)
        if lane:
            self.ready.append(lane.popleft())
            self.laned -= 1
            self.let_in()
            self.signal()
        else:
            self.busy.pop(key, None)

    def behind(self, delivery: Delivery) -> deque[Delivery]:
        """Return what waits for the key of a delivery."""
        return self.busy.get(self.key_of(delivery)) or deque()

    def let_in(self) -> None:
        """Move deliveries that wait for room into the room there is."""
        while self.waiters and len(self.queue) + self.laned < self.capacity:
            delivery, ticket = self.waiters.popleft()
            self.queue.append(delivery)
            ticket.one_less()
            self.signal()
        self._bound()

    def oldest(self) -> Delivery | None:
        """Remove and return the delivery that has waited longest, for ``shed_oldest``."""
        waiting = [lane for lane in (self.queue, *self.busy.values()) if lane]
        if not waiting:
            return None
        first = min(waiting, key=lambda lane: lane[0].message.number)
        if first is not self.queue:
            self.laned -= 1
            self._bound()
        return first.popleft()

    def mail(self) -> Iterator[Delivery]:
        """Yield everything that waits here, without removing it."""
        yield from self.ready
        yield from self.queue
        for lane in self.busy.values():
            yield from lane or ()
        for delivery, _ in self.waiters:
            yield delivery

    def purge(self, belongs: Callable[[Delivery], bool]) -> list[Delivery]:
        """Remove and return the waiting deliveries that ``belongs`` picks; order of the rest is kept."""
        if not (self.queue or self.ready or self.waiters or self.busy):
            return []
        gone: list[Delivery] = []
        freed: list[Delivery] = []
        self.queue = _without(self.queue, belongs, gone)
        for key, lane in self.busy.items():
            if lane:
                kept_lane = self.busy[key] = _without(lane, belongs, gone)
                self.laned -= len(lane) - len(kept_lane)
        self.ready = _without(self.ready, belongs, freed)
        for delivery in freed:
            self.release(delivery)
        kept: deque[tuple[Delivery, Ticket]] = deque()
        for delivery, ticket in self.waiters:
            if belongs(delivery):
                gone.append(delivery)
                ticket.one_less()
            else:
                kept.append((delivery, ticket))
        self.waiters = kept
        self.let_in()
        return [*freed, *gone]


def _without(waiting: deque[Delivery], belongs: Callable[[Delivery], bool], gone: list[Delivery]) -> deque[Delivery]:
    kept: deque[Delivery] = deque()
    for delivery in waiting:
        (gone if belongs(delivery) else kept).append(delivery)
    return kept


class Lane:
    """The way of one payload class to one subscriber: its gate and its handler."""

    __slots__ = ("branches", "call", "ends", "gate", "key", "kind", "reach", "subscriber", "tolls", "wants")

    PAYLOAD, CONTEXT, MESSAGE = range(3)
    """What the handler is called with: the payload, the payload and a context, or the message and a context."""

    def __init__(
        self,
        kind: type[Payload],
        subscriber: Subscriber,
        gate: Gate,
        key: str | None,
        reach: frozenset[type[Payload]],
    ) -> None:
        self.kind = kind
        self.subscriber = subscriber
        self.ends = subscriber.ends.setdefault(kind, Ends())
        self.gate = gate
        self.key = key
        self.reach = reach
        """Every type that can follow from a delivery on this lane."""
        self.tolls: Any = None
        """The rates and budgets that cover it, once the turnstile has looked."""
        self.call: Callable[..., Any]
        self.call, self.wants, self.branches = subscriber.calls[kind]
