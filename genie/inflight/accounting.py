"""Accounting: the only writer of counters.

At any moment ``accepted = handled + denied + expired + cancelled + dead_lettered + in flight``, per run, per scope and
per agent. Every function here moves a counter and its opposite in one step that cannot raise in between.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from genie.contracts.limits import EXACT
from genie.contracts.outcome import Failure, Outcome
from genie.inflight.delivery import NOWHERE, Delivery

if TYPE_CHECKING:
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.inflight.mailbox import Subscriber
    from genie.inflight.scope import RunState, Scope
    from genie.inflight.subscription import Subscription

MOST_FAILURES = 1_000
"""Failures that one scope remembers by name: the first half and the latest; its counts go on."""
HISTOGRAM_BUCKETS = 64
"""Handler times are counted by the bit length of their microseconds: bucket n holds times below 2**n us."""
_new = Delivery.__new__


class Totals(Protocol):
    """What a bus counts beside the account."""

    late: int
    """Answers that changed nothing."""
    unrouted: int
    """Payloads without a subscriber and without an asker."""


class OutcomeCounters:
    """How deliveries of one payload class to one agent ended; what an agent did in all is their sum."""

    __slots__ = ("cancelled", "dead_lettered", "denied", "expired", "handled")

    def __init__(self) -> None:
        self.handled = self.denied = self.expired = self.cancelled = self.dead_lettered = 0


class AgentCounters:
    """The other counters of one agent; plain integers, read when somebody asks."""

    __slots__ = ("accepted", "charged", "failed", "redacted", "refused", "retried", "times", "tokens")

    def __init__(self) -> None:
        self.accepted = self.failed = self.retried = self.redacted = self.refused = self.tokens = 0
        self.charged = Decimal(0)
        self.times = [0] * HISTOGRAM_BUCKETS


# --- deliveries ---


def accept(message: Envelope[Payload], subscription: Subscription, epoch: int) -> Delivery:
    """Accept a delivery: from here on it is in flight until ``settle``."""
    delivery = _new(Delivery)
    delivery.message = message
    delivery.subscription = subscription
    delivery.epoch = epoch
    delivery.extra = delivery.parked = delivery.worker = None
    delivery.place = NOWHERE
    scope: Scope = message.scope
    scope.accepted += 1
    scope.in_flight += 1
    scope.deliveries.add(delivery)
    subscription.counters.accepted += 1
    return delivery


def ended(message: Envelope[Payload], subscription: Subscription) -> Delivery:
    """Return a delivery that ended in an earlier process; it is not in flight."""
    delivery = _new(Delivery)
    delivery.message, delivery.subscription, delivery.epoch = message, subscription, -1
    delivery.extra = delivery.parked = delivery.worker = None
    delivery.place = NOWHERE
    return delivery


def settle(delivery: Delivery, outcome: Outcome) -> Scope | None:
    """Count a delivery's outcome; returns its scope, or None when the delivery has been settled before."""
    scope: Scope = delivery.message.scope
    try:
        scope.deliveries.remove(delivery)
    except KeyError:
        return None
    scope.in_flight -= 1
    _count(scope, outcome)
    _count(delivery.subscription.ends, outcome)
    return scope


def handled(delivery: Delivery, seconds: float) -> Scope | None:
    """Count a delivery that was handled, and how long that took; returns what ``settle`` returns."""
    scope: Scope = delivery.message.scope
    try:
        scope.deliveries.remove(delivery)
    except KeyError:
        return None
    scope.in_flight -= 1
    scope.handled += 1
    subscription = delivery.subscription
    subscription.ends.handled += 1
    subscription.counters.times[int(seconds * 1e6).bit_length()] += 1
    return scope


def _count(counters: Scope | OutcomeCounters, outcome: Outcome) -> None:
    setattr(counters, outcome.value, getattr(counters, outcome.value) + 1)


# --- what is in flight without a delivery ---


def enter(scope: Scope) -> None:
    """Add a token that keeps a scope from being at rest: its question is not out yet."""
    scope.in_flight += 1


def leave(scope: Scope) -> None:
    """Take a token back."""
    scope.in_flight -= 1


def answered(scope: Scope, redacted: bool) -> None:  # noqa: FBT001 - of every answer: keywords cost
    """Count an answer that its asker got."""
    scope.accepted += 1
    scope.handled += 1
    if redacted:
        scope.redacted += 1


def late(bus: Totals, scope: Scope) -> None:
    """Count an answer that changed nothing: its scope was closed, or had one already."""
    scope.late += 1
    bus.late += 1


def refuse_answer(scope: Scope, outcome: Outcome) -> None:
    """Count an answer that ended on its way."""
    scope.accepted += 1
    _count(scope, outcome)


def park(scope: Scope) -> None:
    """Accept something parked without a delivery: a delayed payload or a held answer."""
    scope.accepted += 1
    scope.in_flight += 1


def unpark(scope: Scope, outcome: Outcome | None) -> None:
    """End something parked without a delivery; None when it goes on as deliveries of its own."""
    scope.in_flight -= 1
    if outcome is None:
        scope.accepted -= 1
    else:
        _count(scope, outcome)


def unrouted(bus: Totals, scope: Scope) -> None:
    """Count a payload without a subscriber and without an asker."""
    scope.unrouted += 1
    bus.unrouted += 1


def redacted(delivery: Delivery, by: int) -> None:
    """Count a masked copy, or take the count back when a delivery is judged again."""
    delivery.message.scope.redacted += by
    delivery.subscription.counters.redacted += by


def raise_held(scope: Scope, by: int) -> None:
    """Count what waits for a person in a scope, those above it, and the run."""
    scope.own_held += by
    scope.run.held += by
    above: Scope | None = scope
    while above is not None:
        above.held += by
        above = above.parent


def delayed(scope: Scope, by: int) -> None:
    """Count payloads that will be published later."""
    scope.delayed += by
    scope.run.delayed += by


def fold(scope: Scope) -> None:
    """Keep the account of a scope that has ended with its run."""
    run: RunState = scope.run
    run.folded = run.folded + scope.counts()


# --- one agent ---


def refused(subscription: Subscription) -> None:
    """Count something that a handler tried and its card does not allow."""
    subscription.counters.refused += 1


def failed(subscriber: Subscriber) -> None:
    """Count a failed attempt."""
    subscriber.counters.failed += 1


def retried(subscriber: Subscriber) -> None:
    """Count a failed attempt that another follows."""
    subscriber.counters.retried += 1


def timed(subscription: Subscription, seconds: float) -> None:
    """Count how long a handler took."""
    subscription.counters.times[int(seconds * 1e6).bit_length()] += 1


def charge(subscription: Subscription, cost: Decimal, tokens: int) -> None:
    """Add what a handler used."""
    counters = subscription.counters
    counters.charged = EXACT.add(counters.charged, cost)
    counters.tokens += tokens


def remember(scope: Scope, failure: Failure) -> None:
    """Keep a failure by name, in its scope and its run; the first half and the latest are kept."""
    run: RunState = scope.run
    if scope.failures is None:
        scope.failures = []
    if run.missing is None:
        run.missing = []
    for kept in (scope.failures, run.missing):
        if len(kept) >= MOST_FAILURES:
            del kept[MOST_FAILURES // 2]
        kept.append(failure)


def failure_of(
    message: Envelope[Payload], topic: str, agent: str, outcome: Outcome, reason: Reason, instead_of: str | None = None
) -> Failure:
    """Return a failure by name."""
    return Failure(agent, topic, outcome, reason, message.number, instead_of or agent)
