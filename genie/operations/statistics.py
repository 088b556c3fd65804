"""A snapshot of a runtime, read from the bus's plain counters."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.bus.accounting import Counts
from genie.contracts.markup import table
from genie.contracts.message import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from genie.admission.limiter import BudgetStatistics, RateStatistics
    from genie.bus.accounting import Failure
    from genie.bus.bus import Bus
    from genie.bus.mailbox import Subscriber


class TopicStatistics(NamedTuple):
    """How the deliveries of one topic to one agent ended."""

    handled: int
    denied: int
    expired: int
    cancelled: int
    dead_lettered: int


NONE_ENDED = TopicStatistics(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class AgentStatistics:
    """One agent's counters since it was registered."""

    accepted: int
    handled: int
    denied: int
    expired: int
    cancelled: int
    dead_lettered: int
    in_flight: int
    queued: int
    """Deliveries waiting in its mailbox, those that wait for room in it included."""
    running: int
    retrying: int
    held: int
    timed: int
    """Deliveries that wait for their turn under a rate."""
    failed: int
    """Handlings that ended in an exception or a timeout, retried ones included."""
    retried: int
    redacted: int
    refused: int
    """Attempts at what its card does not allow: forging, widening, undeclared messages."""
    workers: int
    barred: str | None
    """Why nothing is delivered to it now."""
    stalled: int
    """Times its handler blocked the loop for a second or more."""
    cost: Decimal
    """What its handlers charged, to the last digit."""
    tokens: int
    abandoned: int
    """Cancelled calls that still run in a thread; each keeps one of its slots."""
    p50_ms: float | None
    """Median handling time, to within a factor of two; None before the first."""
    times: tuple[int, ...]
    """Handlings by the bit length of their microseconds."""
    topics: Mapping[str, TopicStatistics]
    """Topic -> how its deliveries ended; every topic that the agent consumes is there."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything counted at one moment; ``totals`` obeys the account's law."""

    agents: Mapping[str, AgentStatistics]
    totals: Counts
    """Deliveries to agents; answers are counted in their runs."""
    runs: int
    """Runs in flight."""
    held: int
    timed: int
    dead_letters: int
    unrouted: int
    late: int
    """Answers and parts of joins that came after their scope was closed, or twice."""
    verdicts: Mapping[tuple[str, str], int]
    """(policy, verdict) -> how often it said so of a delivery, an answer or a part of a join. Plain allows are not
    counted; ``allow`` is a hold that a person has approved, ``shadow_deny`` what shadow mode would have denied."""
    epoch: int
    rates: Mapping[str, RateStatistics]
    """By id of the rate."""
    budgets: Mapping[tuple[str, str], BudgetStatistics]
    """By id of the budget and unit: messages, cost, tokens, wall_s."""
    incidents: Mapping[str, int] = field(default_factory=dict)
    """Severity -> incidents that are not closed."""

    def _repr_html_(self) -> str:
        """Show in a notebook what each agent does and did."""
        head = ("agent", "accepted", "handled", "denied", "dead_lettered", "in_flight", "p50_ms")
        rows = [(agent, *(_figure(getattr(one, name)) for name in head[1:])) for agent, one in self.agents.items()]
        return table(f"{self.totals.accepted} deliveries, {self.runs} runs in flight", head, rows)


def shown(run: str, counts: Counts, agents: Mapping[str, Any], failures: Iterable[Failure]) -> str:
    """Return what each agent did for a run and what went wrong, as HTML.

    Args:
        run: The run's id.
        counts: Its account.
        agents: By agent, what it did, with ``handled`` and ``failed``.
        failures: What was not handled.
    """
    why = {failure.agent: str(failure) for failure in failures}
    rows = [(agent, one.handled, one.failed, why.pop(agent, "")) for agent, one in agents.items()]
    rows += [(agent, 0, 0, reason) for agent, reason in why.items()]
    title = f"run {run}: {counts.handled} handled, {counts.in_flight} in flight"
    return table(title, ("agent", "handled", "failed", "why"), rows)


def _figure(figure: object) -> str:
    return "" if figure is None else f"{figure:,.3g}" if isinstance(figure, float) else str(figure)


def statistics(bus: Bus) -> Statistics:
    """Return the present counters of a bus."""
    held = Counter(delivery.lane.subscriber for delivery in bus.holds.deliveries())
    turnstile = bus.turnstile
    timed = Counter(delivery.lane.subscriber for delivery in (() if turnstile is None else turnstile.waiting))
    agents = {
        agent: _of(subscriber, held[subscriber], timed[subscriber]) for agent, subscriber in bus.subscribers.items()
    }
    totals = Counts()
    for one in agents.values():
        totals += Counts(
            one.accepted, one.handled, one.denied, one.expired, one.cancelled, one.dead_lettered, one.in_flight,
            one.redacted,
        )  # fmt: skip
    return Statistics(
        agents, totals, len(bus.runs), len(bus.holds.all()), len(bus.timers), len(bus.supervisor.letters()),
        bus.unrouted, bus.late, dict(bus.verdicts), bus.epoch,
        {} if turnstile is None else turnstile.rates(), {} if turnstile is None else turnstile.budgets(),
        bus.recorder.incidents.unclosed(),
    )  # fmt: skip


def _of(subscriber: Subscriber, held: int, timed: int = 0) -> AgentStatistics:
    tally = subscriber.tally
    queued = sum(1 for _ in subscriber.mail())
    running = sum(worker.delivery is not None for worker in subscriber.workers)
    topics = _topics(subscriber)
    ended = _sum(topics.values())
    return AgentStatistics(
        accepted=tally.accepted, handled=ended.handled, denied=ended.denied, expired=ended.expired,
        cancelled=ended.cancelled, dead_lettered=ended.dead_lettered,
        in_flight=queued + running + subscriber.retrying + held + timed, queued=queued, running=running, timed=timed,
        retrying=subscriber.retrying, held=held, failed=tally.failed, retried=tally.retried, redacted=tally.redacted,
        refused=tally.refused, workers=len(subscriber.workers), barred=subscriber.barred, stalled=subscriber.stalled,
        cost=tally.charged, tokens=tally.tokens, p50_ms=_median_ms(tally.times), times=tuple(tally.times),
        topics=topics, abandoned=0 if subscriber.job is None else subscriber.job.abandoned,
    )  # fmt: skip


def _topics(subscriber: Subscriber) -> dict[str, TopicStatistics]:
    topics: dict[str, TopicStatistics] = {}
    for kind in subscriber.calls:
        ends = subscriber.ends.get(kind)
        one = NONE_ENDED
        if ends is not None:
            one = TopicStatistics(ends.handled, ends.denied, ends.expired, ends.cancelled, ends.dead_lettered)
        name = topic_of(kind).name
        topics[name] = _sum((topics[name], one)) if name in topics else one  # two versions of it count as one
    return topics


def _sum(parts: Iterable[TopicStatistics]) -> TopicStatistics:
    return TopicStatistics(*map(sum, zip(NONE_ENDED, *parts, strict=True)))


def _median_ms(times: list[int]) -> float | None:
    total = sum(times)
    seen = 0
    for bucket, count in enumerate(times):
        seen += count
        if total and seen * 2 >= total:
            return 2.0**bucket / math.sqrt(2) / 1000  # the middle of the bucket on a logarithmic scale
    return None
