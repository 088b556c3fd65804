"""Accounting: runs and scopes with their counters, and the only functions that change them.

At any moment ``accepted = handled + denied + expired + cancelled + dead_lettered + in flight``, per run, per scope and
per agent. Every function here changes both counters of a pair in one step that cannot raise in between.

A scope is one open question of the request tree that a message belongs to. Initial values are class attributes: a scope
is created for every question, and setting twenty zeros would cost more than the counting.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genie.contracts.limits import EXACT
from genie.contracts.outcome import Counts, Failure, Outcome
from genie.inflight.delivery import NOWHERE, Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.backend.ids import IdSource
    from genie.backend.timers import Timer
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.inflight.events import Watcher
    from genie.inflight.gather import Asker, Gather
    from genie.inflight.handlers import Worker
    from genie.inflight.mailbox import Subscriber
    from genie.inflight.pending import Parked
    from genie.inflight.subscription import Subscription

MOST_FAILURES = 1_000
"""Failures that one scope stores by name: the first half and the latest; all are counted."""
HISTOGRAM_BUCKETS = 64
"""Number of buckets for handler durations, by bit length in microseconds: bucket n holds times below 2**n us."""
_new = Delivery.__new__


class Totals:
    """Counters of a bus beside the accounts of agents and runs."""

    late = 0
    """Answers that had no effect."""
    unrouted = 0
    """Payloads without a subscriber and without an asker."""
    departed = Counts()
    """Accounts of agents that were removed and have nothing in flight, so that totals never fall."""


class OutcomeCounters:
    """Outcomes of the deliveries of one payload class to one agent; their sum over classes is the agent's total."""

    __slots__ = ("cancelled", "dead_lettered", "denied", "expired", "handled")

    def __init__(self) -> None:
        self.handled = self.denied = self.expired = self.cancelled = self.dead_lettered = 0


NONE = Counts()


class AgentCounters:
    """The other counters of one agent; plain integers, read on request."""

    __slots__ = ("accepted", "charged", "charged_tokens", "failed", "redacted", "refused", "retried", "times")

    def __init__(self) -> None:
        self.accepted = self.failed = self.retried = self.redacted = self.refused = self.charged_tokens = 0
        self.charged = Decimal(0)
        self.times = [0] * HISTOGRAM_BUCKETS


# --- the request tree ---


class Scope:
    """One open question: the run's own, or a gather inside a handler. A message carries the innermost one.

    Args:
        run: The run that it belongs to.
        number: Its id within the runtime.
        parent: The enclosing scope; None for the run's own.
        owner: The delivery whose handler opened it; None for the run's own.
    """

    accepted = in_flight = handled = denied = expired = cancelled = dead_lettered = redacted = unrouted = late = 0
    gather: Gather | None = None
    """What the asker awaits."""
    held = 0
    """Number of items that wait for a person in this scope and those below it."""
    own_held = 0
    """Number of items that wait for a person in this scope itself."""
    delayed = 0
    """Number of payloads to be published later."""
    children: dict[Scope, None] | None = None
    sinks: dict[str, Any] | None = None
    """State of other sinks in this scope, by the sink's id; a declared join keeps its parts here."""
    failures: list[Failure] | None = None
    waiter: Worker | None = None
    """The worker whose handler waits for this scope."""
    done = False
    """Nothing of it is in flight, and its asker has the result."""
    recorded: str | None = None
    """Prefix of its message records in a log; None until the log has it."""

    def __init__(self, run: RunState, number: int, parent: Scope | None, owner: Delivery | None) -> None:
        self.run = run
        self.number = number
        self.parent = parent
        self.owner = owner
        self.accepted = self.in_flight = self.handled = 0  # read for every delivery, so set on each scope
        self.gather = None
        self.may_deadlock = False
        """Some of its deliveries were queued at handlers that wait, so the end of others may leave a deadlock."""
        self.deliveries: set[Delivery] = set()
        """Deliveries in flight: running, queued, retrying, waiting for a rate, or held."""
        self.parked: dict[int, Parked] | None = None
        """Parked entries without a delivery, by id: delayed payloads and held answers."""

    @property
    def ids(self) -> IdSource:
        """Maps numbers of the runtime to ids."""
        return self.run.ids

    @property
    def id(self) -> str:
        """The scope's own id; for a run's outermost scope, the run's id."""
        return self.run.ids.name(self.number)

    @property
    def correlation_id(self) -> str:
        """Id of the run."""
        return self.run.id

    @property
    def deadline(self) -> float:
        """Latest end of the run, on the loop's clock."""
        return self.run.deadline

    def tree(self) -> Iterator[Scope]:
        """Yield this scope and every open scope below it."""
        yield self
        for child in tuple(self.children or ()):
            yield from child.tree()

    def counts(self) -> Counts:
        """Return this scope's own account."""
        return Counts(
            self.accepted, self.handled, self.denied, self.expired, self.cancelled, self.dead_lettered,
            self.in_flight, self.redacted, self.unrouted, self.late,
        )  # fmt: skip

    def record(self) -> dict[str, object]:
        """Return the scope as plain values."""
        return {
            "id": self.id, "run_id": self.run.id, "parent": None if self.parent is None else self.parent.id,
            "owner": None if self.owner is None else self.owner.id, "counts": self.counts()._asdict(),
            "done": self.done,
        }  # fmt: skip


class RunState:
    """One request tree: everything that one question causes."""

    ended: tuple[Outcome, Reason] | None = None
    """Outcome and reason for its cut-off deliveries, once the run has ended."""
    closed = False
    """True if nothing of it is in flight."""
    delayed = 0
    """Number of its payloads to be published later."""
    held = 0
    held_since = 0.0
    expiry: Timer | None = None
    """Timer of its deadline."""
    lapse: Timer | None = None
    """Timer for the end of its first consent that expires."""
    expires_as: Reason | None = None
    """Reason if it ended because of a wall-time budget instead of its deadline."""
    budgets: dict[object, Any] | None = None
    """Consumption by budget; maintained by the admission controller."""
    asked_by: Delivery | None = None
    """The delivery whose handler, of another runtime, waits for it."""
    watchers: tuple[Watcher, ...] = ()
    agents: dict[str, AgentRun] | None = None
    state: dict[str, dict[str, Any]] | None = None
    """Scratch of each agent for this run; agents define its values."""
    taints: dict[str, Taint] | None = None
    seed: int | None = None
    """Seed of its handlers' randomness instead of its number; set by a simulation."""
    drawn: dict[str, int] | None = None
    """Number of handlings that have used randomness, by agent."""
    folded = NONE
    """Accounts of ended scopes."""
    missing: list[Failure] | None = None

    def __init__(
        self, number: int, ids: IdSource, asker: Asker, headers: Headers, deadline: float, started: float
    ) -> None:
        self.number = number
        self.ids = ids
        self.asker = asker
        self.headers = headers
        self.deadline = deadline
        self.started = started
        self.alive = True
        self.published = 0
        self.observed = False
        """True if the run is watched or something is held: deliveries take the slower path that emits events."""
        self.root = Scope(self, number, None, None)

    @property
    def id(self) -> str:
        """The correlation id."""
        return self.ids.name(self.number)

    def counts(self) -> Counts:
        """Return the account of the whole run."""
        found = self.folded
        for scope in self.root.tree():
            own = scope.counts()
            found = own if found == NONE else found if own == NONE else found + own
        return found


class Taint:
    """Taint of an agent's scratch of one run: the highest label and the narrowest headers of its handlings."""

    __slots__ = ("headers", "label")

    def __init__(self, label: Classification, headers: Headers) -> None:
        self.label = label
        self.headers = headers


class AgentRun:
    """Activity of one agent in one watched run."""

    __slots__ = ("failed", "handled", "times")

    MOST_TIMES = 1024

    def __init__(self) -> None:
        self.handled = 0
        self.failed = 0
        self.times: list[float] = []


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
    """Recreate a delivery that ended in an earlier process; it is not in flight."""
    delivery = _new(Delivery)
    delivery.message, delivery.subscription, delivery.epoch = message, subscription, -1
    delivery.extra = delivery.parked = delivery.worker = None
    delivery.place = NOWHERE
    return delivery


def settle(delivery: Delivery, outcome: Outcome) -> Scope | None:
    """Count a delivery's outcome; return its scope, or None if the delivery was settled before."""
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
    """Count a handled delivery and its duration; return the result of ``settle``."""
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
    """Add a token that keeps a scope from being at rest while its question is not published yet."""
    scope.in_flight += 1


def leave(scope: Scope) -> None:
    """Remove a token."""
    scope.in_flight -= 1


def answered(scope: Scope, redacted: bool) -> None:  # noqa: FBT001 - of every answer: keywords cost
    """Count an answer that its asker received."""
    scope.accepted += 1
    scope.handled += 1
    if redacted:
        scope.redacted += 1


def late(bus: Totals, scope: Scope) -> None:
    """Count an answer without effect: its scope was closed, or already had one."""
    scope.late += 1
    bus.late += 1


def refuse_answer(scope: Scope, outcome: Outcome) -> None:
    """Count an answer that ended before it reached its asker."""
    scope.accepted += 1
    _count(scope, outcome)


def park(scope: Scope) -> None:
    """Accept a parked entry without a delivery: a delayed payload or a held answer."""
    scope.accepted += 1
    scope.in_flight += 1


def unpark(scope: Scope, outcome: Outcome | None) -> None:
    """End a parked entry without a delivery; the outcome is None if it continues as deliveries."""
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
    """Count a masked copy, or revert the count when a delivery is judged again."""
    delivery.message.scope.redacted += by
    delivery.subscription.counters.redacted += by


def raise_held(scope: Scope, by: int) -> None:
    """Count items that wait for a person in a scope, its enclosing scopes and the run."""
    scope.own_held += by
    scope.run.held += by
    above: Scope | None = scope
    while above is not None:
        above.held += by
        above = above.parent


def delayed(scope: Scope, by: int) -> None:
    """Count payloads to be published later."""
    scope.delayed += by
    scope.run.delayed += by


def fold(scope: Scope) -> None:
    """Store the account of a scope that has ended with its run."""
    run: RunState = scope.run
    run.folded = run.folded + scope.counts()


def close(run: RunState, empty: Scope) -> None:
    """Keep the account of a run at rest, without its scopes; ``empty`` takes their place."""
    run.folded, run.root = run.counts(), empty


def depart(bus: Totals, counts: Counts) -> None:
    """Keep the account of an agent that was removed and has nothing in flight."""
    bus.departed += counts


# --- activity of agents in a watched run ---


def time_handler(run: RunState, agent: str, seconds: float) -> None:
    """Record the duration of a handler."""
    if run.agents is not None:
        times = run.agents.setdefault(agent, AgentRun()).times
        if len(times) < AgentRun.MOST_TIMES:
            times.append(seconds)


def count_attempt(run: RunState, agent: str, *, failed: bool = False) -> None:
    """Record that an agent has handled a message or failed."""
    if run.agents is not None:
        done = run.agents.setdefault(agent, AgentRun())
        if failed:
            done.failed += 1
        else:
            done.handled += 1


# --- one agent ---


def refused(subscription: Subscription) -> None:
    """Count an attempt of a handler that its card does not allow."""
    subscription.counters.refused += 1


def failed(subscriber: Subscriber) -> None:
    """Count a failed attempt."""
    subscriber.counters.failed += 1


def retried(subscriber: Subscriber) -> None:
    """Count a failed attempt that will be retried."""
    subscriber.counters.retried += 1


def timed(subscription: Subscription, seconds: float) -> None:
    """Record the duration of a handler."""
    subscription.counters.times[int(seconds * 1e6).bit_length()] += 1


def charge(subscription: Subscription, cost: Decimal, tokens: int) -> None:
    """Add the consumption of a handler."""
    counters = subscription.counters
    counters.charged = EXACT.add(counters.charged, cost)
    counters.charged_tokens += tokens


def remember(scope: Scope, failure: Failure) -> None:
    """Store a failure by name in its scope and its run; the first half and the latest are kept."""
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
    """Convert a delivery to a failure by name."""
    return Failure(agent, topic, outcome, reason, message.number, instead_of or agent)
