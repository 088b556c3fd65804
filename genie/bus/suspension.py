"""Suspended agents: their mail goes to their fallback or is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.outcome import Outcome, Reason
from genie.errors.logs import log

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.inflight.delivery import Delivery
    from genie.inflight.mailbox import Subscriber

REMOVED = Reason("removed")
MOST_ABANDONED = 16
"""Number of abandoned handlers of one agent; one more quarantines the agent."""


class Suspensions:
    """Suspends agents: their mail goes to their fallback or is denied.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def suspend(self, subscriber: Subscriber, reason: Reason) -> None:
        """Stop deliveries to an agent; its waiting mail goes to its fallback, or is denied at once."""
        subscriber.suspended = reason
        self._bus.epoch += 1
        for delivery in [*self._bus.retries.of(subscriber), *subscriber.purge()]:
            self.turn_away(delivery)

    def restore(self, subscriber: Subscriber) -> None:
        """Resume deliveries to an agent, with a new restart budget."""
        subscriber.suspended = None
        self._bus.retries.reset_budget(subscriber.card.id)
        self._bus.epoch += 1

    def quarantine(self, subscriber: Subscriber, why: str, delivery: Delivery | None = None) -> None:
        """Suspend an agent that fails too often or does not stop, until a person revives it."""
        self.suspend(subscriber, Reason("quarantined", f"quarantined: {why}"))
        message = None if delivery is None else delivery.message
        self._bus.record_act("quarantined", subscriber.card.id, by="supervisor", reason=why, message=message)

    def did_not_stop(self, subscriber: Subscriber) -> None:
        """A handler did not stop when it was cancelled: abandon and report it; too many of them suspend the agent."""
        agent = subscriber.card.id
        text = f"agent {agent} did not stop when it was cancelled; its handler is abandoned"
        log("genie.bus", "WARNING", text, agent=agent)
        subscriber.abandoned += 1
        if subscriber.abandoned > MOST_ABANDONED and subscriber.suspended is None:
            self.quarantine(subscriber, f"{subscriber.abandoned} handlers did not stop when they were cancelled")

    def cancel_handlers(self, subscriber: Subscriber, reason: Reason) -> None:
        """Cancel the running handlers of an agent."""
        stepping = self._bus.workers.stepping
        now = () if stepping is None or stepping.subscriber is not subscriber else (stepping,)
        for worker in (*subscriber.running, *now):
            if worker.delivery is not None:
                self._bus.runs.cut_delivery(worker.delivery, Outcome.CANCELLED, reason)

    def turn_away(self, delivery: Delivery) -> None:
        """The recipient is suspended: its fallback takes over, or the delivery is denied at once."""
        subscriber = delivery.subscription.subscriber
        reason = subscriber.suspended or REMOVED
        handed_over = self._bus.retries.hand_over(delivery, Outcome.DENIED)
        if handed_over:
            reason = reason.amended(f"{{}}; handed to {subscriber.card.fallback}")
        self._bus.settle(delivery, Outcome.DENIED, reason, handed_over=handed_over)
