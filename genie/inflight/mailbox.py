"""The bounded mailbox of one agent: capacity, overflow, order per key, and the slots of its handlers.

A waiting delivery that is cut off is not searched for: its ``place`` changes, and its entry is skipped at its turn. So
the cost of cancelling a run depends only on what the run has in flight.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from genie.inflight.accounting import AgentCounters, OutcomeCounters
from genie.inflight.delivery import BEHIND_KEY, NOWHERE, QUEUED, WAITS_FOR_ROOM, Delivery, original

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import BaseModel

    from genie.backend.asyncio_trio import Waiter
    from genie.backend.timers import Timer
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Payload
    from genie.contracts.outcome import Reason
    from genie.contracts.ports.executor import Job
    from genie.inflight.handlers import Call, Worker, Workers
    from genie.policy.evaluator import Evaluator

SPARSE = 64
"""Number of dead entries of a queue below which they are not removed."""


class RoomTicket:
    """A publisher that waits until full mailboxes have accepted its deliveries."""

    __slots__ = ("deliveries", "given_up", "scans", "waiter", "worker")

    def __init__(self, waiter: Waiter) -> None:
        self.scans = 0
        """Payloads of the publisher that are still being inspected."""
        self.deliveries: dict[Delivery, Timer | None] = {}
        """Deliveries without room so far, each with the timer that limits its wait."""
        self.given_up = False
        """The publisher's own wait has ended; its deliveries continue to wait."""
        self.waiter = waiter
        self.worker: Worker | None = None
        """The worker whose handler published; None for a publisher outside."""

    def give_up(self) -> None:
        """Resume the publisher without room."""
        self.given_up = True
        self.waiter.wake()

    def scanned(self) -> None:
        """One of its payloads was inspected and published, or cut off."""
        self.scans -= 1
        self.waiter.wake()

    def found(self, delivery: Delivery) -> None:
        """One of its deliveries got room or ended."""
        limit = self.deliveries.pop(delivery, None)
        if limit is not None:
            limit.cancel()
        if not self.deliveries:
            self.waiter.wake()


class Subscriber:
    """One registered agent as the bus sees it: its mailbox, its running handlers and its counters."""

    __slots__ = (
        "__weakref__", "abandoned", "active", "agent", "behind_key", "behind_keys", "calls", "capacity", "card",
        "concurrency", "counters", "dead", "due", "ends", "evaluators", "holders", "job", "keyed", "keyed_queues",
        "left", "limit", "listed", "overflow", "ports", "queue", "removed", "retrying", "running", "settings",
        "stalled", "suspended", "suspends", "timeout_s", "waiters", "waiting", "workers",
    )  # fmt: skip

    def __init__(  # noqa: PLR0915 - one statement for each slot
        self,
        agent: object,
        card: AgentCard,
        *,
        settings: BaseModel | None,
        ports: dict[type[Any], object],
        workers: Workers,
        behind_key: Callable[[Delivery], None],
    ) -> None:
        self.agent = agent
        self.card = card
        self.settings = settings
        self.ports = ports
        self.workers = workers
        self.behind_key = behind_key
        """Called for each delivery that must wait for another with its key."""
        self.concurrency = card.concurrency
        self.capacity = card.mailbox.capacity
        self.limit = card.mailbox.capacity
        """Length of ``queue`` from which the mailbox is full for new deliveries; below zero while others wait for
        room."""
        self.overflow = card.mailbox.overflow
        self.timeout_s = card.timeout_s
        self.keyed = card.concurrency > 1
        self.queue: deque[Delivery] = deque()
        self.dead = 0
        """Entries of ``queue`` whose delivery has ended."""
        self.due: deque[Delivery] = deque()
        """Deliveries that already own their key: the next behind a key, or a due retry."""
        self.holders: dict[object, Delivery] = {}
        """Keys in progress, each with the delivery that owns it."""
        self.keyed_queues: dict[object, deque[Delivery]] = {}
        """Deliveries that wait behind a key, by key."""
        self.behind_keys = 0
        self.retrying = 0
        """Deliveries that wait for another attempt; at most ``capacity``."""
        self.waiters: OrderedDict[Delivery, RoomTicket] = OrderedDict()
        """Deliveries that met a full mailbox under ``block``, each with its publisher's ticket."""
        self.listed = False
        """It is in the workers' queue of ready agents."""
        self.active = 0
        """Slots used by suspended handlers."""
        self.running: dict[Worker, None] = {}
        """Workers with a suspended handler, in order of start."""
        self.waiting: dict[Worker, None] = {}
        """Workers whose handler waits in a gather or for room in a mailbox."""
        self.abandoned = 0
        """Number of handlers that did not stop when cancelled and have not ended."""
        self.suspended: Reason | None = None
        """Why deliveries are suspended: paused, killed, quarantined, removed."""
        self.removed = False
        self.left: Waiter | None = None
        """Woken when its last handler has ended."""
        self.suspends = False
        """One of its handlers has suspended before, so the next one probably will."""
        self.stalled = 0
        """Times that a handler blocked the loop for a second or more."""
        self.calls: Mapping[type[Payload], Call] = {}
        self.job: Job | None = None
        """How its handler is called in a thread or a process; None for a handler on the loop."""
        self.evaluators: dict[type[Payload], Evaluator] = {}
        """Compiled policies for answers to what it asks, by payload class."""
        self.counters = AgentCounters()
        self.ends: dict[type[Payload], OutcomeCounters] = {}
        """By payload class; stored here because subscriptions are recreated when routes change."""

    def take_card(self, card: AgentCard) -> None:
        """Take over the card of an agent's replacement; publishers that wait for room continue to wait."""
        self.card, self.concurrency, self.timeout_s = card, card.concurrency, card.timeout_s
        self.overflow = card.mailbox.overflow
        self.capacity = card.mailbox.capacity
        self._bound()
        if self.queue or self.due:
            self.ready()

    # --- order ---

    def key_of(self, delivery: Delivery) -> object:
        """Return the ordering key of a delivery: a field of its payload, its run, or the delivery itself."""
        field = delivery.subscription.key
        if field == "":
            return delivery.message.scope.run
        if field is None:
            return delivery
        key = field, getattr(original(delivery).payload, field)  # of the original: masked copies share one key
        try:
            hash(key)
        except Exception:  # noqa: BLE001 - a class of the payload's author: what has no hash is in order with nothing
            return delivery
        return key

    def keep_key(self, delivery: Delivery) -> None:
        """Make later deliveries with the key of this one wait until ``release``."""
        self.holders.setdefault(self.key_of(delivery), delivery)

    def release(self, delivery: Delivery) -> None:
        """Release the key of a delivery, so that the next behind it may be handled."""
        key = self.key_of(delivery)
        if self.holders.get(key) is not delivery:
            return
        del self.holders[key]
        behind = self.keyed_queues.get(key)
        if not behind:
            return
        following = behind.popleft()
        if not behind:
            del self.keyed_queues[key]
        self.behind_keys -= 1
        self.holders[key] = following
        following.place = QUEUED
        self.due.append(following)
        self.let_in()
        self.ready()

    # --- mail in ---

    def ready(self) -> None:
        """Queue the mailbox for a worker."""
        if not self.listed and self.active < self.concurrency:
            self.listed = True
            workers = self.workers
            workers.ready.append(self)
            if not workers.attended:
                workers.attend()

    def put(self, delivery: Delivery) -> None:
        """Append a delivery; the caller has checked ``limit``, or states that it does not count."""
        delivery.place = QUEUED
        self.queue.append(delivery)
        self.ready()

    def in_order(self) -> None:
        """Sort the mailbox by message order, before any delivery is taken out."""
        self.queue = deque(sorted(self.queue, key=lambda delivery: delivery.message.number))

    def again(self, delivery: Delivery) -> None:
        """Put a delivery that owns its key at the front: a due retry."""
        delivery.place = QUEUED
        self.due.append(delivery)
        self.ready()

    def wait(self, delivery: Delivery, ticket: RoomTicket) -> None:
        """Let a delivery wait for room."""
        delivery.place = WAITS_FOR_ROOM
        ticket.deliveries[delivery] = None
        self.waiters[delivery] = ticket
        self.limit = -1

    def let_in(self) -> None:
        """Move waiting deliveries into free room."""
        while self.waiters and len(self.queue) - self.dead + self.behind_keys < self.capacity:
            delivery, ticket = self.waiters.popitem(last=False)
            delivery.place = QUEUED
            self.queue.append(delivery)
            ticket.found(delivery)
            self.ready()
        self._bound()

    def _bound(self) -> None:
        """Recompute ``limit`` after what waits behind keys, waiters or dead entries have changed."""
        self.limit = -1 if self.waiters else self.capacity - self.behind_keys + self.dead

    # --- mail out ---

    def take(self) -> Delivery | None:
        """Return the next delivery to handle, or None."""
        while self.due:
            delivery = self.due.popleft()
            if delivery.place == QUEUED:
                delivery.place = NOWHERE
                return delivery
        queue = self.queue
        while queue:
            delivery = queue.popleft()
            if delivery.place != QUEUED:
                self.dead -= 1
                self._bound()
                continue
            if self.keyed or self.holders:
                key = self.key_of(delivery)
                holder = self.holders.get(key)
                if holder is not None:
                    delivery.place = BEHIND_KEY
                    self.keyed_queues.setdefault(key, deque()).append(delivery)
                    self.behind_keys += 1
                    self._bound()
                    self.behind_key(delivery)
                    continue
                if self.keyed:
                    self.holders[key] = delivery
            delivery.place = NOWHERE
            if self.waiters:
                self.let_in()
            return delivery
        return None

    def remove(self, delivery: Delivery) -> None:
        """Remove a waiting delivery that will not be handled; its key goes to the next."""
        place, delivery.place = delivery.place, NOWHERE
        if place == WAITS_FOR_ROOM:
            self.waiters.pop(delivery).found(delivery)
            self._bound()
        elif place == BEHIND_KEY:
            key = self.key_of(delivery)
            behind = self.keyed_queues[key]
            behind.remove(delivery)
            if not behind:
                del self.keyed_queues[key]
            self.behind_keys -= 1
            self.let_in()
        elif place == QUEUED:
            if self.holders and self.holders.get(self.key_of(delivery)) is delivery:
                self.release(delivery)  # it was in ``due``, whose entries do not count against the capacity
                return
            self.dead += 1
            if self.dead > SPARSE and self.dead * 2 > len(self.queue):
                self.queue = deque(one for one in self.queue if one.place == QUEUED)
                self.dead = 0
            self.let_in()

    def oldest(self) -> Delivery | None:
        """Remove and return the delivery that has waited longest, for ``shed_oldest``."""
        queue = self.queue
        while queue and queue[0].place != QUEUED:
            queue.popleft()
            self.dead -= 1
        self._bound()
        first = min(
            (behind[0] for behind in (queue, *self.keyed_queues.values()) if behind),
            key=lambda delivery: delivery.message.number, default=None,
        )  # fmt: skip
        if first is not None:
            self.remove(first)
        return first

    def mail(self) -> Iterator[Delivery]:
        """Yield everything that waits here, without removing it."""
        yield from (delivery for delivery in self.due if delivery.place == QUEUED)
        yield from (delivery for delivery in self.queue if delivery.place == QUEUED)
        for behind in self.keyed_queues.values():
            yield from behind
        yield from self.waiters

    def purge(self) -> list[Delivery]:
        """Remove and return everything that waits here."""
        gone = list(self.mail())
        for delivery in gone:
            delivery.place = NOWHERE
            ticket = self.waiters.get(delivery)
            if ticket is not None:
                ticket.found(delivery)
            if self.holders.get(self.key_of(delivery)) is delivery:
                del self.holders[self.key_of(delivery)]
        self.due.clear()
        self.queue.clear()
        self.keyed_queues.clear()
        self.waiters.clear()
        self.dead = self.behind_keys = 0
        self._bound()
        return gone
