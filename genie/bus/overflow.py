"""Handles deliveries for full mailboxes: they wait for room, or are shed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from genie.contracts.limits import Overflow
from genie.contracts.outcome import Outcome, Reason
from genie.inflight.delivery import WAITS_FOR_ROOM
from genie.inflight.mailbox import RoomTicket

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.inflight.delivery import Delivery
    from genie.inflight.handlers import Worker
    from genie.inflight.mailbox import Subscriber

OVERFLOW = Reason("overflow")


class Overflows:
    """Handles deliveries for full mailboxes: they wait for room, or are shed.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.timers.on("room", self._waited_too_long)

    def enqueue(self, delivery: Delivery) -> None:
        """Put a judged delivery into its mailbox if no publisher waits for room."""
        subscriber = delivery.subscription.subscriber
        if len(subscriber.queue) < subscriber.limit:
            subscriber.put(delivery)
        elif subscriber.overflow is Overflow.BLOCK:
            self.queue_up(delivery, None)
        else:
            self.shed(delivery)
        self._bus.deadlocks.queued(delivery)

    def queue_up(self, delivery: Delivery, ticket: RoomTicket | None) -> RoomTicket:
        """Let a delivery wait for room; return its ticket, a new one if there was none."""
        subscriber = delivery.subscription.subscriber
        if ticket is None:
            ticket = RoomTicket(self._bus.make_waiter())
        subscriber.wait(delivery, ticket)
        block_s = subscriber.card.mailbox.block_s
        if math.isfinite(block_s):
            ticket.deliveries[delivery] = self._bus.timers.at(self._bus.now() + block_s, "room", delivery)
        return ticket

    def _waited_too_long(self, delivery: Delivery) -> None:
        if delivery.place == WAITS_FOR_ROOM:
            delivery.subscription.subscriber.remove(delivery)
            self._bus.settle(delivery, Outcome.DEAD_LETTERED, OVERFLOW)

    def shed(self, delivery: Delivery) -> Subscriber | None:
        """Drop a delivery from a full mailbox; return the subscriber if its publisher must be told."""
        subscriber = delivery.subscription.subscriber
        oldest = subscriber.oldest() if subscriber.overflow is Overflow.SHED_OLDEST else None
        if oldest is not None:
            subscriber.put(delivery)
            self._bus.settle(oldest, Outcome.DEAD_LETTERED, OVERFLOW)
            return None
        self._bus.settle(delivery, Outcome.DEAD_LETTERED, OVERFLOW)
        return subscriber if subscriber.overflow is Overflow.REJECT else None

    async def room(self, ticket: RoomTicket, worker: Worker | None = None) -> None:
        """Wait until the payloads of the ticket are inspected and the full mailboxes have accepted them."""
        while ticket.scans and not ticket.given_up:
            await ticket.waiter.park()
        waiting = worker if worker is not None and ticket.deliveries and worker.delivery is not None else None
        if waiting is not None:
            self._bus.deadlocks.begin(waiting, ticket)
        try:
            while ticket.deliveries and not ticket.given_up:
                await ticket.waiter.park()
        finally:
            if waiting is not None:
                self._bus.deadlocks.end(waiting, ticket)
