"""Statistics: a snapshot of a runtime's counters, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.markup import table
from genie.contracts.outcome import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from genie.contracts.outcome import Failure


class RateStatistics(NamedTuple):
    """One rate's counters."""

    denied: int
    waited: int
    """Deliveries that waited for their turn, those that still do included."""
    buckets: int
    """Keys whose bucket is not known to be full."""


class BudgetStatistics(NamedTuple):
    """One unit of one budget, over all its runs or tenants."""

    limit: int | float | Decimal
    """Of one run, or one tenant's day."""
    spent: int | Decimal
    """Since the runtime was opened."""
    reserved: int | Decimal
    """For deliveries in flight."""
    least_left: int | float | Decimal
    """What the run or tenant with the least has left now; the limit when there is none."""
    overrun: int | Decimal
    """Charged beyond the limit: used, but nowhere left to be taken from."""
    denied: int
    """Deliveries that were denied; for ``wall_s`` runs that were ended."""


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
    """Workers whose handler of this agent has suspended."""
    suspended: str | None
    """Why nothing is delivered to it now."""
    stalled: int
    """Times its handler blocked the loop for a second or more."""
    cost: Decimal
    """What its handlers charged, to the last digit."""
    tokens: int
    abandoned: int
    """Cancelled handlers and calls in threads that have not stopped; a call in a thread keeps one of its slots."""
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
