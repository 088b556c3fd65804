"""Payloads that are published later, in flight until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.message import topic_of
from genie.contracts.outcome import Reason
from genie.errors import (
    BudgetExceededError,
    NotConsumedError,
    UnknownAgentError,
)
from genie.errors.safe_text import keep_safe_text
from genie.inflight import accounting
from genie.inflight.pending import DELAYED

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Payload
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.pending import Parked


class Delayed:
    """A payload that will be published later."""

    __slots__ = ("delivery", "headers", "payload", "read", "to")

    def __init__(
        self, payload: Payload, delivery: Delivery, headers: Headers, read: Classification, to: str | None
    ) -> None:
        self.payload = payload
        self.delivery = delivery
        self.headers = headers
        self.read = read
        self.to = to

    def dropped(self) -> None:
        """It was cut off; nothing waits for it."""


class DelayedPublications:
    """Payloads that are published later, in flight until then.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.pending.on(DELAYED, self._due)

    def publish(
        self, delay_s: float, payload: Payload, delivery: Delivery, headers: Headers, read: Classification,
        to: str | None,
    ) -> None:  # fmt: skip
        """Publish a handler's payload after a delay; it is in flight as ``timed`` until then.

        Raises:
            BudgetExceededError: The run already has as many delayed payloads as its limit of messages.
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
        """
        cause = delivery.message
        scope: Scope = cause.scope
        kind = type(payload)
        agent = delivery.subscription.subscriber.card.id
        if to is not None:
            self._bus.directed(to, self._bus.route(kind), kind)
        if scope.run.delayed + scope.run.published >= self._bus.limits.max_messages:
            raise keep_safe_text(BudgetExceededError(agent=agent, limit=self._bus.limits.max_messages))
        accounting.park(scope)
        accounting.delayed(scope, 1)
        self._bus.pending.park(
            DELAYED, scope, None, self._bus.now() + delay_s, Delayed(payload, delivery, headers, read, to)
        )
        self._bus.emit_event(cause, "timed", agent, Reason("delayed", topic_of(kind).name))

    def _due(self, parked: Parked) -> None:
        scope, later = parked.scope, parked.data
        delivery: Delivery = later.delivery
        cause, extra = delivery.message, delivery.extra
        accounting.delayed(scope, -1)
        try:
            self._bus.publish(
                later.payload, delivery.subscription.subscriber.card, scope, cause.number, cause.hops + 1,
                self._bus.judging.narrowed(later.headers), later.read, None, later.to,
                None if extra is None else extra.instead_of,
            )  # fmt: skip
        except (UnknownAgentError, NotConsumedError):
            accounting.unrouted(self._bus, scope)  # the addressee was removed in the meantime
        finally:
            accounting.unpark(scope, None)  # its deliveries are now in flight instead
            self._bus.at_rest_if_empty(scope)
