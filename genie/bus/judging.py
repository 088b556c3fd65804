"""Judges deliveries by limits of runs, interceptors and policies, and again when something has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.message import masked_copy, stamp
from genie.contracts.outcome import Outcome, Reason
from genie.inflight import accounting
from genie.inflight.delivery import SEALED, TO_BE_ASKED, Extra, disclose, original

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.interceptors import Check
    from genie.policy.policy import Decision


CHANGED = Reason("payload_changed", "the payload is not the one that was approved")


class Judging:
    """Judges deliveries by limits of runs, interceptors and policies, and again when something has changed.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def refusal(self, message: Envelope[Payload]) -> Ending | None:
        """Return why a message may not be delivered: an interceptor refuses it, its run has ended, or it loops."""
        for interceptor in self._bus.intercepting:
            refusal = interceptor.refuse(message)
            if refusal is not None:
                return refusal
        run, limits = message.scope.run, self._bus.limits
        if not run.alive:
            ended: Ending = run.ended
            return ended
        if message.hops > limits.max_hops:
            why = f"loop: more than {limits.max_hops} hops; {self._named_cycle(message)}"
            return Outcome.DEAD_LETTERED, Reason("loop", why)
        if run.published > limits.max_messages:
            why = f"budget: more than {limits.max_messages} messages in one run; {self._named_cycle(message)}"
            return Outcome.DEAD_LETTERED, Reason("budget", why)
        return None

    def _named_cycle(self, message: Envelope[Payload]) -> str:
        cycle = self._bus.registry.cycle(message.sender)
        return " -> ".join(cycle) if cycle else f"last {message.sender}"

    def checks(self, message: Envelope[Payload]) -> list[Check] | None:
        """Return the checks of interceptors for a message; None if there are none."""
        found = [check for one in self._bus.intercepting if (check := one.check(message)) is not None]
        return found or None

    def admitted(self, delivery: Delivery) -> bool:
        """Pass one delivery to the interceptors; return False if it has ended or is parked."""
        checks = self.checks(delivery.message)
        return checks is None or all(check.admit(delivery) for check in checks)

    def narrowed(self, headers: Headers) -> Headers:
        """Return headers without revoked parts, such as a consent."""
        for interceptor in self._bus.interceptors:
            headers = interceptor.narrowed(headers)
        return headers

    def revoke(self, consent: str) -> None:
        """Withdraw a consent from every run and every message in flight."""
        for interceptor in self._bus.interceptors:
            interceptor.revoke(consent)

    def current(self, message: Envelope[Payload]) -> Envelope[Payload]:
        """Return a message without the revoked parts of its headers."""
        headers = self.narrowed(message.headers)
        if headers is message.headers:
            return message
        return stamp(
            message.number, message.payload, message.sender, message.recipient, message.scope, message.cause,
            message.hops, headers, message.label, message.inspection,
        )  # fmt: skip

    def decided(self, delivery: Delivery, decision: Decision) -> bool:
        """Apply a decision that is more than a plain allow; return True if the delivery continues."""
        message, card = delivery.message, delivery.subscription.subscriber.card
        if decision.verdict == "consult":  # it keeps its place in the mailbox and is judged at its turn
            extra = delivery.extra = delivery.extra or Extra()
            extra.consults = decision.consults
            delivery.epoch = TO_BE_ASKED
            return True
        self._bus.observers.record_verdict(message, card.id, decision)
        if decision.verdict == "hold":
            if self._bus.approvals is None:
                self._bus.settle(delivery, Outcome.DENIED, Reason("hold", "nobody is there to decide"))
            else:
                self._bus.approvals.hold(delivery, decision)
            return False
        payload, why, notices = disclose(message, decision, card, carries=card.notices)
        if payload is None:
            self._bus.settle(delivery, Outcome.DENIED, Reason(decision.code, why))
            return False
        if notices or payload is not message.payload:
            extra = delivery.extra = delivery.extra or Extra()
            extra.notices = notices
            if payload is not message.payload:
                extra.original = message
                delivery.message = masked_copy(message, payload)
                accounting.redacted(delivery, 1)
                self._bus.emit_event(
                    message, "redacted", card.id, Reason(decision.code, decision.summary), None, delivery
                )
        return True

    def take_out(self, delivery: Delivery) -> bool:
        """Check a delivery again before it is handled; return False if it has ended, is held or went to a fallback."""
        run = delivery.message.scope.run
        ended: Ending | None = None
        if not run.alive:
            ended = run.ended
        elif self._bus.now() >= run.deadline and not run.held:
            ended = (Outcome.EXPIRED, run.expires_as or Reason("deadline"))
        elif delivery.epoch == SEALED and self._changed(delivery):
            ended = (Outcome.DENIED, CHANGED)
        if ended is None and (delivery.judged_in == self._bus.epoch or self.judge_again(delivery)):
            if delivery.epoch == TO_BE_ASKED and self._bus.consultations is not None:
                self._bus.consultations.ask(delivery)
                return False
            return True
        subscriber = delivery.subscription.subscriber
        if ended is not None:
            self._bus.settle(delivery, *ended)
        if subscriber.holders:
            subscriber.release(delivery)
        return False

    def _changed(self, delivery: Delivery) -> bool:
        """Return True for an approved delivery whose payload differs from the approved one."""
        return self._bus.approvals is not None and not self._bus.approvals.intact(delivery)

    def judge_again(self, delivery: Delivery) -> bool:
        """Judge a delivery in the present epoch; return False if it has ended, is held or went to a fallback."""
        extra = delivery.extra
        subscriber = delivery.subscription.subscriber
        if extra is not None:
            extra.notices = ()
            if extra.original is not None:  # masking is decided again
                accounting.redacted(delivery, -1)
        delivery.message = message = self.current(original(delivery))
        if extra is not None:
            extra.original = None
        delivery.epoch = self._bus.epoch
        if extra is not None and extra.sealed is not None:
            extra.epoch, delivery.epoch = delivery.epoch, SEALED
        refusal = (Outcome.DENIED, CHANGED) if self._changed(delivery) else self.refusal(message)
        if refusal is not None:
            self._bus.settle(delivery, *refusal)
            return False
        subscription = self._bus.route(type(message.payload)).of(subscriber)
        if subscriber.suspended is not None or subscription is None:  # it has none only if it was removed
            self._bus.suspensions.turn_away(delivery)
            return False
        delivery.subscription = subscription
        approved, heard = frozenset[str](), {}
        if extra is not None:
            approved, heard = extra.approved, extra.heard if extra.heard_in == self._bus.epoch else {}
        decision = subscription.evaluator.judge(message, self.card_of(message), approved, heard)
        return decision is None or self.decided(delivery, decision)

    def askers_may_read(self, message: Envelope[Payload]) -> bool:
        """Return True if every asker has sent a message, or would be allowed to see it unmasked."""
        sender, kind = self.card_of(message), type(message.payload)
        scope: Scope | None = message.scope
        while scope is not None:
            asker = (scope.run.asker if scope.owner is None else scope.owner.subscription.subscriber).card
            if asker.id != message.sender:
                # Not the asker's own evaluator, which records the allows of a sample: nothing is delivered here.
                decision = self._bus.policies.evaluator(kind, asker).judge(message, sender)
                if decision is not None and decision.verdict != "allow":
                    return False
            scope = scope.parent
        return True

    def card_of(self, message: Envelope[Payload]) -> AgentCard:
        """Return the card of a message's sender: an agent's, a sink's, or the outside caller's."""
        subscriber = self._bus.subscribers.get(message.sender)
        if subscriber is not None:
            return subscriber.card
        sink = next((sink for sink in self._bus.sinks if sink.id == message.sender), None)
        card: AgentCard = message.scope.run.asker.card if sink is None else sink.card
        return card
