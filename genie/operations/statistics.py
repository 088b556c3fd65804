"""Reads a snapshot from the bus's plain counters."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from genie.contracts.message import topic_of
from genie.contracts.outcome import Counts
from genie.contracts.statistics import NONE_ENDED, AgentStatistics, Statistics, TopicStatistics
from genie.inflight import accounting
from genie.inflight.pending import DELAYED, EFFECT, HOLD, JUDGE, RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.statistics import BudgetStatistics, RateStatistics
    from genie.inflight.handlers import Worker
    from genie.inflight.mailbox import Subscriber


def statistics(
    bus: Bus,
    rates: Mapping[str, RateStatistics],
    budgets: Mapping[tuple[str, str], BudgetStatistics],
    incidents: Mapping[str, int],
) -> Statistics:
    """Return the present counters of a bus.

    Args:
        bus: The bus.
        rates: What each rate has done.
        budgets: What each budget has done.
        incidents: Severity -> incidents that are not closed.
    """
    held = _by_subscriber(bus, HOLD, EFFECT)
    timed = _by_subscriber(bus, RATE, JUDGE)
    agents = {
        agent: agent_statistics(subscriber, held[subscriber], timed[subscriber])
        for agent, subscriber in bus.subscribers.items()
    }
    totals = bus.departed
    for one in (*agents.values(), *(agent_statistics(left, held[left], timed[left]) for left in bus.leaving)):
        totals += counts_of(one)
    return Statistics(
        agents, totals, len(bus.runs.open_runs), bus.pending.count(HOLD) + bus.pending.count(EFFECT),
        bus.pending.count(DELAYED),
        len(bus.dead_letters), bus.unrouted, bus.late, dict(bus.observers.verdicts), bus.epoch, rates, budgets,
        incidents,
    )  # fmt: skip


def fold_departed(bus: Bus) -> None:
    """Store the accounts of removed agents with nothing in flight, and drop the agents."""
    held = _by_subscriber(bus, HOLD, EFFECT)
    timed = _by_subscriber(bus, RATE, JUDGE)
    left = bus.leaving
    bus.leaving = []
    for subscriber in left:
        one = agent_statistics(subscriber, held[subscriber], timed[subscriber])
        if one.in_flight:
            bus.leaving.append(subscriber)
        else:
            accounting.depart(bus, counts_of(one))


def counts_of(one: AgentStatistics) -> Counts:
    """Return an agent's account."""
    return Counts(
        one.accepted, one.handled, one.denied, one.expired, one.cancelled, one.dead_lettered, one.in_flight,
        one.redacted,
    )  # fmt: skip


def _by_subscriber(bus: Bus, *kinds: str) -> Counter[Subscriber]:
    return Counter(
        parked.delivery.subscription.subscriber
        for kind in kinds for parked in bus.pending.of(kind) if parked.delivery is not None
    )  # fmt: skip


def agent_statistics(subscriber: Subscriber, held: int = 0, timed: int = 0) -> AgentStatistics:
    """Return the counters of one agent.

    Args:
        subscriber: The agent.
        held: Its deliveries that wait for a person.
        timed: Its deliveries that wait for their turn under a rate, or for a slow judge.
    """
    counters = subscriber.counters
    queued = sum(1 for _ in subscriber.mail())
    works = [_in_flight(worker) for worker in subscriber.running]
    running = sum(works)
    stepping = subscriber.workers.stepping
    running += stepping is not None and stepping.delivery is not None and stepping.subscriber is subscriber
    topics = _topics(subscriber)
    ended = _sum(topics.values())
    in_flight = queued + running + subscriber.retrying + held + timed
    stopping = sum(worker.ended is not None for worker, runs in zip(subscriber.running, works, strict=True) if not runs)
    abandoned = subscriber.abandoned + stopping + (0 if subscriber.job is None else subscriber.job.abandoned)
    return AgentStatistics(
        accepted=counters.accepted, handled=ended.handled, denied=ended.denied, expired=ended.expired,
        cancelled=ended.cancelled, dead_lettered=ended.dead_lettered, in_flight=in_flight, queued=queued,
        running=running, timed=timed, retrying=subscriber.retrying, held=held, failed=counters.failed,
        retried=counters.retried, redacted=counters.redacted, refused=counters.refused,
        workers=len(subscriber.running),
        suspended=None if subscriber.suspended is None else str(subscriber.suspended), stalled=subscriber.stalled,
        cost=counters.charged, tokens=counters.charged_tokens, p50_ms=_median_ms(counters.times),
        times=tuple(counters.times),
        topics=topics, abandoned=abandoned,
    )  # fmt: skip


def _in_flight(worker: Worker) -> bool:
    """Return True until a worker's delivery is settled: one that timed out and is retried is in flight."""
    delivery = worker.delivery
    return delivery is not None and delivery in delivery.message.scope.deliveries


def _topics(subscriber: Subscriber) -> dict[str, TopicStatistics]:
    topics: dict[str, TopicStatistics] = {}
    for kind in subscriber.calls:
        ends = subscriber.ends.get(kind)
        one = NONE_ENDED
        if ends is not None:
            one = TopicStatistics(ends.handled, ends.denied, ends.expired, ends.cancelled, ends.dead_lettered)
        name = topic_of(kind).name
        topics[name] = _sum((topics[name], one)) if name in topics else one  # two versions of a class count as one
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
