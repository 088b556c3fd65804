"""Handles failures of handlers: another attempt, a fallback, or a dead letter; and restart budgets."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from genie.contracts.outcome import Outcome, Reason
from genie.inflight import accounting
from genie.inflight.delivery import Extra, original, stands_for
from genie.inflight.pending import JUDGE, RATE, RETRY, Parked

if TYPE_CHECKING:
    import random

    from genie.bus.bus import Bus
    from genie.inflight.delivery import Delivery
    from genie.inflight.mailbox import Subscriber

DENIED, DEAD_LETTERED = Outcome.DENIED, Outcome.DEAD_LETTERED
MOST_FAILURES = 16
"""Number of failed attempts of one delivery whose reasons are kept."""


class Retries:
    """Retries, fallbacks and restart budgets of one bus.

    Args:
        bus: The bus.
        random_source: Source of the jitter of retries.
    """

    def __init__(self, bus: Bus, random_source: random.Random) -> None:
        self._bus = bus
        self._random = random_source
        self._recent: dict[str, deque[float]] = {}
        bus.pending.on(RETRY, self._again)

    def would_retry(self, delivery: Delivery) -> bool:
        """Return True when a failed delivery gets another attempt."""
        attempt = 1 if delivery.extra is None else delivery.extra.attempt
        subscriber = delivery.subscription.subscriber
        yielded = delivery.worker is not None and delivery.worker.yielded > 0
        return not yielded and attempt < subscriber.card.retry.attempts and subscriber.retrying < subscriber.capacity

    def failed(self, delivery: Delivery, reason: Reason, *, final: bool, again_s: float = 0.0) -> None:
        """A handler failed: try again, hand over to the fallback, or keep a dead letter.

        Has no effect if the delivery has already ended, for example with its run.

        Args:
            delivery: The failed delivery.
            reason: The failure.
            final: Another attempt would repeat outputs that were already sent, or cannot help.
            again_s: Shortest wait before another attempt, in seconds.
        """
        bus, subscriber, scope = self._bus, delivery.subscription.subscriber, delivery.message.scope
        if delivery not in scope.deliveries:
            return
        accounting.failed(subscriber)
        for interceptor in bus.interceptors:
            interceptor.failed(delivery)
        accounting.count_attempt(scope.run, subscriber.card.id, failed=True)
        if bus.effects is not None and bus.effects.park(delivery):
            return  # a retry or a hand-over might repeat an effect of unknown result
        exhausted = self._exhausted(subscriber)
        attempt = 1 if delivery.extra is None else delivery.extra.attempt
        again = not (final or exhausted) and attempt < subscriber.card.retry.attempts
        if again and subscriber.retrying < subscriber.capacity:
            self._retry(delivery, attempt, reason, again_s)
        else:
            if again:
                reason = reason.amended(f"{{}}; {subscriber.capacity} wait for a retry already")
            handed_over = self.hand_over(delivery, DEAD_LETTERED)
            if handed_over:
                reason = reason.amended("fallback: {}")
            bus.settle(delivery, DEAD_LETTERED, reason, handed_over=handed_over)
        if exhausted and subscriber.suspended is None:
            budget = subscriber.card.restarts
            bus.suspensions.quarantine(
                subscriber, f"more than {budget.failures} failures within {budget.within_s:g} s", delivery
            )

    def _retry(self, delivery: Delivery, attempt: int, reason: Reason, again_s: float) -> None:
        bus, subscriber = self._bus, delivery.subscription.subscriber
        extra = delivery.extra = delivery.extra or Extra()
        extra.attempt = attempt + 1
        extra.failures = (*extra.failures, reason)[-MOST_FAILURES:]
        accounting.retried(subscriber)
        subscriber.retrying += 1
        subscriber.keep_key(delivery)
        due = bus.now() + max(again_s, subscriber.card.retry.wait_s(attempt, self._random))
        bus.pending.park(RETRY, delivery.message.scope, delivery, due)
        bus.emit_event(delivery.message, "retrying", subscriber.card.id, reason)

    def _again(self, parked: Parked) -> None:
        """A retry is due."""
        delivery = parked.delivery
        if delivery is None:
            return
        subscriber = delivery.subscription.subscriber
        subscriber.retrying -= 1
        subscriber.again(delivery)
        self._bus.deadlocks.queued(delivery)

    def take(self, parked: Parked) -> None:
        """Remove a retry that will not take place; its key goes to the next."""
        delivery = parked.delivery
        if delivery is not None and self._bus.pending.take(parked):
            subscriber = delivery.subscription.subscriber
            subscriber.retrying -= 1
            subscriber.release(delivery)

    def of(self, subscriber: Subscriber) -> list[Delivery]:
        """Remove and return the deliveries of one agent that wait for another attempt, or for a rate."""
        pending, taken = self._bus.pending, []
        for parked in (*pending.of(RETRY), *pending.of(RATE), *pending.of(JUDGE)):
            delivery = parked.delivery
            if delivery is not None and delivery.subscription.subscriber is subscriber:
                if parked.kind == RETRY:
                    self.take(parked)
                elif parked.kind == JUDGE and self._bus.consultations is not None:
                    self._bus.consultations.take(parked)
                else:
                    pending.take(parked)
                    subscriber.release(delivery)  # a suspect of recovery owns its key while it waits for its turn
                taken.append(delivery)
        return taken

    # --- restart budgets ---

    def _exhausted(self, subscriber: Subscriber) -> bool:
        """Count a failure against the agent's restart budget; True when the budget is used up."""
        budget = subscriber.card.restarts
        if budget.failures < 1:
            return False
        now = self._bus.now()
        recent = self._recent.setdefault(subscriber.card.id, deque(maxlen=budget.failures + 1))
        recent.append(now)
        return len(recent) > budget.failures and now - recent[0] <= budget.within_s

    def reset_budget(self, agent: str) -> None:
        """Give an agent a new restart budget."""
        self._recent.pop(agent, None)

    # --- fallbacks ---

    def hand_over(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Give a message to the fallback as a new delivery, judged for the fallback's card.

        Return False if there is none.

        Args:
            delivery: The first delivery, which ends with ``outcome``.
            outcome: The outcome; it releases the remaining reservation of the first delivery before the new one
                reserves.
        """
        bus, extra = self._bus, delivery.extra
        own = delivery.subscription.subscriber.card
        fallback, tried = own.fallback, () if extra is None else extra.tried
        if fallback is None or fallback in (*tried, own.id):
            return False
        message = original(delivery)
        subscription = bus.route(type(message.payload)).fallbacks.get(fallback)
        if subscription is None:
            return False
        for interceptor in bus.interceptors:
            interceptor.settled(delivery, outcome)
        again = accounting.accept(message, subscription, bus.epoch)
        onward = again.extra = Extra()
        onward.instead_of = stands_for(delivery)
        onward.tried = (*tried, own.id)
        if bus.observers.recorder is not None:
            bus.observers.recorder.handed_over(again)
        if subscription.subscriber.suspended is not None:
            bus.suspensions.turn_away(again)
        elif bus.judging.admitted(again):
            decision = subscription.evaluator.judge(message, bus.judging.card_of(message))
            if decision is None or bus.judging.decided(again, decision):
                bus.overflows.enqueue(again)
        return True
