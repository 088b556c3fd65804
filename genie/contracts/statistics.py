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
    """Deliveries that waited for their turn, including those still waiting."""
    buckets: int
    """Keys whose bucket may be partially used."""


class BudgetStatistics(NamedTuple):
    """One unit of one budget, summed over all runs or tenants."""

    limit: int | float | Decimal
    """Limit of one run, or of one tenant's day."""
    spent: int | Decimal
    """Used since the runtime was opened."""
    reserved: int | Decimal
    """Reserved for deliveries in flight."""
    least_left: int | float | Decimal
    """Remaining amount of the run or tenant with the least left; the limit if there is none."""
    overrun: int | Decimal
    """Charged beyond the limit: used, but not covered by it."""
    denied: int
    """Denied deliveries; for ``wall_s``, runs that were ended."""


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
    """Deliveries in its mailbox, including those that wait for room in it."""
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
    """Attempts that its card does not allow: forged messages, widened headers, undeclared messages."""
    workers: int
    """Workers whose handler of this agent is suspended."""
    suspended: str | None
    """Why nothing is delivered to it now."""
    stalled: int
    """Times its handler blocked the loop for a second or more."""
    cost: Decimal
    """Total charged by its handlers, exact."""
    tokens: int
    abandoned: int
    """Cancelled handlers and threads that have not stopped; a call in a thread keeps its slot."""
    p50_ms: float | None
    """Median handling time, to within a factor of two; None before the first."""
    times: tuple[int, ...]
    """Number of handlings, by the bit length of their duration in microseconds."""
    topics: Mapping[str, TopicStatistics]
    """Topic -> outcomes of its deliveries; contains every topic that the agent consumes."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """All counters at one moment; ``totals`` satisfies the account invariant."""

    agents: Mapping[str, AgentStatistics]
    totals: Counts
    """Deliveries to agents; answers are counted in their own runs."""
    runs: int
    """Runs in flight."""
    held: int
    timed: int
    dead_letters: int
    unrouted: int
    late: int
    """Answers and parts of joins that arrived after their scope was closed, or twice."""
    verdicts: Mapping[tuple[str, str], int]
    """(policy, verdict) -> number of verdicts on deliveries, answers and parts of joins. Plain allows are not counted;
    ``allow`` is a hold that a person has approved, ``shadow_deny`` a denial in shadow mode."""
    epoch: int
    rates: Mapping[str, RateStatistics]
    """By id of the rate."""
    budgets: Mapping[tuple[str, str], BudgetStatistics]
    """By id of the budget and unit: messages, cost, tokens, wall_s."""
    incidents: Mapping[str, int] = field(default_factory=dict)
    """Severity -> incidents that are not closed."""

    def _repr_html_(self) -> str:
        """Show in a notebook what each agent does and has done."""
        head = ("agent", "accepted", "handled", "denied", "dead_lettered", "in_flight", "p50_ms")
        rows = [(agent, *(_figure(getattr(one, name)) for name in head[1:])) for agent, one in self.agents.items()]
        return table(f"{self.totals.accepted} deliveries, {self.runs} runs in flight", head, rows)


def shown(run: str, counts: Counts, agents: Mapping[str, Any], failures: Iterable[Failure]) -> str:
    """Return what each agent did for a run and what went wrong, as HTML.

    Args:
        run: The run's id.
        counts: Its account.
        agents: Counters by agent, with ``handled`` and ``failed``.
        failures: Deliveries that were not handled.
    """
    why = {failure.agent: str(failure) for failure in failures}
    rows = [(agent, one.handled, one.failed, why.pop(agent, "")) for agent, one in agents.items()]
    rows += [(agent, 0, 0, reason) for agent, reason in why.items()]
    title = f"run {run}: {counts.handled} handled, {counts.in_flight} in flight"
    return table(title, ("agent", "handled", "failed", "why"), rows)


def _figure(figure: object) -> str:
    return "" if figure is None else f"{figure:,.3g}" if isinstance(figure, float) else str(figure)
