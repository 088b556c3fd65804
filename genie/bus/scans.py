"""Large payloads are inspected in a thread and are in flight meanwhile; the loop is not blocked.

Later payloads of the same sender wait behind a large one, so recipients get them in order. The end of a run, a scope or
a deadline also ends payloads that wait here: they are parked like delayed payloads.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from genie.backend.asyncio_trio import offload
from genie.errors import NotConsumedError, UnknownAgentError
from genie.inflight import accounting
from genie.inflight.mailbox import RoomTicket
from genie.inflight.pending import DELAYED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Inspection, Payload
    from genie.inflight.accounting import Scope
    from genie.inflight.pending import Parked
    from genie.policy.inspection import Inspectors

    Sent = tuple[Payload, AgentCard, Scope, int, int, Headers, Classification]

MOST_THREADS = 2
"""Number of payloads of one runtime inspected at the same time; the others wait."""


class Publication:
    """A payload that is published once it and its predecessors are inspected."""

    __slots__ = (
        "answers_as", "asked", "inspection", "inspectors", "key", "over", "parked", "payload", "scans", "sent",
        "ticket", "to",
    )  # fmt: skip

    def __init__(
        self, scans: Scans, ticket: RoomTicket, sent: Sent, to: str | None, answers_as: str | None, *, asked: bool
    ) -> None:
        self.scans = scans
        self.sent = sent
        self.payload, sender, scope = sent[:3]
        self.key = scans.key_of(sender, scope)
        self.to = to
        self.answers_as = answers_as
        self.asked = asked
        self.ticket = ticket
        """The ticket with which its publisher waits."""
        self.inspection: Inspection | None = None
        self.inspectors: Inspectors | None = None
        """Its findings."""
        self.parked: Parked
        self.over = False
        """It was cut off; the thread stops at the next slice."""

    def dropped(self) -> None:
        """It was cut off: resume its publisher and the payloads behind it."""
        self.over = True
        self.ticket.scanned()
        self.scans.look_later(self.key)


class Scans:
    """Payloads that are being inspected in threads, and the payloads that wait behind them.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.lines: dict[object, deque[Publication]] = {}
        """Publications by their ordering key: an agent, or the run of an outside caller."""
        self._offload: Callable[[Callable[[], Inspection]], Awaitable[Inspection]] | None = None
        bus.timers.on("scanned", self._publish_inspected)

    def inspection(self, payload: Payload, sender: AgentCard, scope: Scope) -> Inspection | None:
        """Return the findings of a payload; None if it is large, or an earlier one of its sender is being inspected."""
        if self.key_of(sender, scope) in self.lines:
            return None
        return self._bus.route(type(payload)).inspect(payload)

    def publish(
        self, ticket: RoomTicket | None, sent: Sent, to: str | None, answers_as: str | None, *, asked: bool
    ) -> RoomTicket:
        """Publish a payload when it is inspected; its publisher waits with the ticket.

        Args:
            ticket: Ticket of earlier payloads of the same output.
            sent: The first arguments of ``Bus.publish``.
            to: As for ``Bus.publish``.
            answers_as: As for ``Bus.publish``.
            asked: As for ``Bus.publish``.

        Raises:
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
        """
        bus, scope, kind = self._bus, sent[2], type(sent[0])
        if to is not None:
            bus.directed(to, bus.route(kind), kind)
        if ticket is None:
            ticket = RoomTicket(bus.make_waiter())
        ticket.scans += 1
        accounting.park(scope)
        accounting.delayed(scope, 1)
        one = Publication(self, ticket, sent, to, answers_as, asked=asked)
        one.parked = bus.pending.park(DELAYED, scope, None, None, one)
        self.lines.setdefault(one.key, deque()).append(one)
        self._start(one)
        return ticket

    def look_later(self, key: object) -> None:
        """Check in the next turn of the timers what may be published."""
        self._bus.timers.soon("scanned", key)

    def key_of(self, sender: AgentCard, scope: Scope) -> object:
        """Return the ordering key of a publication."""
        return sender.id if sender.id in self._bus.subscribers else (sender.id, scope.run.number)

    def _start(self, one: Publication) -> None:
        task: object = None

        async def scan() -> None:
            try:
                await self._scan(one)
            finally:
                self._bus.tasks.left(task)

        task = self._bus.tasks.start(scan)

    async def _scan(self, one: Publication) -> None:
        if self._offload is None:
            self._offload = offload(MOST_THREADS)
        inspectors = self._bus.policies.inspectors
        try:
            look = partial(inspectors.inspect, one.payload, stop=lambda: one.over)
            one.inspection, one.inspectors = await self._offload(look), inspectors
        finally:
            if one.inspection is None:  # the runtime is closing
                one.over = True
        self._publish_inspected(one.key)

    def _publish_inspected(self, key: object) -> None:
        """Publish inspected payloads, up to the first that is not inspected."""
        line = self.lines.get(key, deque())
        while line:
            one = line[0]
            if not one.over:
                if one.inspection is None:
                    return
                if one.inspectors is not self._bus.policies.inspectors:  # other policies are in force now
                    one.inspection = None
                    self._start(one)
                    return
            line.popleft()
            if not one.over:
                self._publish(one, one.inspection)
        self.lines.pop(key, None)

    def _publish(self, one: Publication, inspection: Inspection | None) -> None:
        bus, (payload, sender, scope, cause, hops, headers, read) = self._bus, one.sent
        if not bus.pending.take(one.parked):
            return
        accounting.delayed(scope, -1)
        try:
            bus.publish(
                payload, sender, scope, cause, hops, bus.judging.narrowed(headers), read, one.ticket, one.to,
                one.answers_as, asked=one.asked, inspection=inspection,
            )  # fmt: skip
        except (UnknownAgentError, NotConsumedError):
            accounting.unrouted(bus, scope)  # the addressee was removed meanwhile
        finally:
            accounting.unpark(scope, None)  # it was in flight in the name of the deliveries that it has become
            one.ticket.scanned()
            bus.at_rest_if_empty(scope)
