"""Statistics as Prometheus metrics: the bus keeps plain integers, and a scrape reads them.

Labels are ids of agents, topics, policies and fixed words, all of which a pipeline registers; no label contains the id
of a run, a message, a user or a tenant, so the number of series is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol, SupportsFloat

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_KEPT = 100_000
"""Number of rows whose text is cached between scrapes."""


class TopicFigures(Protocol):
    """Outcomes of the deliveries of one topic to one agent."""

    @property
    def handled(self) -> int: ...

    @property
    def denied(self) -> int: ...

    @property
    def expired(self) -> int: ...

    @property
    def cancelled(self) -> int: ...

    @property
    def dead_lettered(self) -> int: ...


class AgentFigures(Protocol):
    """Counters of one agent; ``AgentStatistics`` satisfies it."""

    @property
    def accepted(self) -> int: ...

    @property
    def queued(self) -> int: ...

    @property
    def running(self) -> int: ...

    @property
    def retrying(self) -> int: ...

    @property
    def held(self) -> int: ...

    @property
    def timed(self) -> int: ...

    @property
    def failed(self) -> int: ...

    @property
    def retried(self) -> int: ...

    @property
    def redacted(self) -> int: ...

    @property
    def refused(self) -> int: ...

    @property
    def stalled(self) -> int: ...

    @property
    def workers(self) -> int: ...

    @property
    def suspended(self) -> str | None: ...

    @property
    def cost(self) -> SupportsFloat: ...

    @property
    def tokens(self) -> int: ...

    @property
    def times(self) -> Sequence[int]: ...

    @property
    def topics(self) -> Mapping[str, TopicFigures]: ...


class RateFigures(Protocol):
    """Counters of one rate."""

    @property
    def denied(self) -> int: ...

    @property
    def waited(self) -> int: ...

    @property
    def buckets(self) -> int: ...


class BudgetFigures(Protocol):
    """Counters of one unit of a budget; costs are exact, and become floats only here."""

    @property
    def limit(self) -> SupportsFloat: ...

    @property
    def spent(self) -> SupportsFloat: ...

    @property
    def reserved(self) -> SupportsFloat: ...

    @property
    def least_left(self) -> SupportsFloat: ...

    @property
    def overrun(self) -> SupportsFloat: ...

    @property
    def denied(self) -> int: ...


class Figures(Protocol):
    """Counters of one runtime; ``Statistics`` satisfies it."""

    @property
    def agents(self) -> Mapping[str, AgentFigures]: ...

    @property
    def verdicts(self) -> Mapping[tuple[str, str], int]: ...

    @property
    def incidents(self) -> Mapping[str, int]: ...

    @property
    def runs(self) -> int: ...

    @property
    def held(self) -> int: ...

    @property
    def timed(self) -> int: ...

    @property
    def dead_letters(self) -> int: ...

    @property
    def unrouted(self) -> int: ...

    @property
    def late(self) -> int: ...

    @property
    def rates(self) -> Mapping[str, RateFigures]: ...

    @property
    def budgets(self) -> Mapping[tuple[str, str], BudgetFigures]: ...


Snapshot = Callable[[], Figures]
"""Reads the counters; called on the loop's thread, once per scrape."""


class _Column(NamedTuple):
    """One number of a row: the suffix of its name, and the label that distinguishes its column."""

    suffix: str = ""
    label: str = ""
    value: str = ""


_ONE = (_Column(),)


class _Family(NamedTuple):
    name: str
    """As it is scraped, with ``_total`` for a counter."""
    kind: str
    text: str
    labels: tuple[str, ...]
    rows: Iterable[tuple[tuple[str, ...], tuple[float, ...]]]
    """Values of the labels, and one number per column."""
    columns: tuple[_Column, ...] = _ONE


class Metrics(Collector):
    """The metrics of one runtime: a collector for a registry of your own, or the whole page at once.

    Args:
        snapshot: Returns the counters, for example ``runtime.statistics``.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._kept: dict[tuple[str, tuple[str, ...]], str] = {}

    def collect(self) -> Iterator[Metric]:
        """Yield the families for ``CollectorRegistry.register``."""
        for family in _families(self._snapshot()):
            metric = Metric(family.name.removesuffix("_total"), family.text, family.kind)
            for values, numbers in family.rows:
                common = dict(zip(family.labels, values, strict=True))
                for (suffix, label, value), number in zip(family.columns, numbers, strict=True):
                    labels = {**common, label: value} if label else common
                    metric.samples.append(Sample(family.name + suffix, labels, number))
            yield metric

    def page(self) -> bytes:
        """Return everything in the Prometheus text format.

        The text of a row is cached, because only its numbers change: ``generate_latest`` writes each series again and
        takes 15 times as long.
        """
        kept = self._kept
        if len(kept) > MOST_KEPT:  # agents were added or removed
            kept.clear()
        lines: list[str] = []
        for family in _families(self._snapshot()):
            name = family.name
            lines.append(f"# HELP {name} {family.text}\n# TYPE {name} {family.kind}\n")
            for values, numbers in family.rows:
                text = kept.get((name, values))
                if text is None:
                    text = kept[name, values] = _row(family, values)
                lines.append(text % numbers)
        return "".join(lines).encode()


def _row(family: _Family, values: tuple[str, ...]) -> str:
    """Return the lines of a row with ``%s`` for each number."""
    given = ",".join([f'{label}="{_escaped(value)}"' for label, value in zip(family.labels, values, strict=True)])
    if not given:
        return f"{family.name} %s\n"
    return "".join(
        [
            f'{family.name}{suffix}{{{given},{label}="{value}"}} %s\n'
            if label
            else f"{family.name}{suffix}{{{given}}} %s\n"
            for suffix, label, value in family.columns
        ]
    )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"").replace("%", "%%")


# --- the metrics ---

_OUTCOMES = tuple(
    _Column("", "outcome", outcome) for outcome in ("handled", "denied", "expired", "cancelled", "dead_lettered")
)
_STATES = tuple(_Column("", "state", state) for state in ("queued", "running", "retrying", "held", "timed"))
_BITS = (4, 27)
"""Buckets of the histogram: from 2**4 us = 16 us to 2**26 us = 67 s, each twice the one before."""
_BUCKETS = (
    *(_Column("_bucket", "le", str(2**bits / 1_000_000)) for bits in range(*_BITS)),
    _Column("_bucket", "le", "+Inf"),
    _Column("_count"),
)
_OF_AGENTS: tuple[tuple[str, str, Callable[[AgentFigures], float], str], ...] = (
    ("genie_accepted_total", "counter", lambda one: one.accepted, "Deliveries accepted for an agent."),
    ("genie_failures_total", "counter", lambda one: one.failed, "Handlings that raised or ran out of time."),
    ("genie_retries_total", "counter", lambda one: one.retried, "Handlings that were tried again."),
    ("genie_redacted_total", "counter", lambda one: one.redacted, "Deliveries of a masked copy."),
    ("genie_refused_total", "counter", lambda one: one.refused, "Attempts at what the agent's card does not allow."),
    ("genie_stalls_total", "counter", lambda one: one.stalled, "Times a handler blocked the loop for a second."),
    (
        "genie_cost_total",
        "counter",
        lambda one: float(one.cost),
        "Cost that handlers reported, in their unit.",
    ),
    ("genie_tokens_total", "counter", lambda one: one.tokens, "Tokens that the agent's handlers reported."),
    ("genie_workers", "gauge", lambda one: one.workers, "Workers that an agent has, idle ones included."),
    (
        "genie_suspended",
        "gauge",
        lambda one: int(one.suspended is not None),
        "1 while nothing is delivered to an agent.",
    ),
)
_OF_RATES: tuple[tuple[str, str, Callable[[RateFigures], float], str], ...] = (
    ("genie_rate_denied_total", "counter", lambda one: one.denied, "Deliveries that a rate denied."),
    ("genie_rate_waited_total", "counter", lambda one: one.waited, "Deliveries that waited for their turn."),
    ("genie_rate_buckets", "gauge", lambda one: one.buckets, "Keys whose bucket is not known to be full."),
)
_OF_BUDGETS: tuple[tuple[str, str, Callable[[BudgetFigures], SupportsFloat], str], ...] = (
    ("genie_budget_limit", "gauge", lambda one: one.limit, "Limit of one run, or of one tenant's day."),
    ("genie_budget_spent_total", "counter", lambda one: one.spent, "Spent of a budget, by all runs and tenants."),
    ("genie_budget_reserved", "gauge", lambda one: one.reserved, "What is reserved for deliveries in flight."),
    ("genie_budget_least_left", "gauge", lambda one: one.least_left, "Smallest remainder of any run or tenant."),
    ("genie_budget_overrun_total", "counter", lambda one: one.overrun, "What was charged beyond a budget."),
    ("genie_budget_denied_total", "counter", lambda one: one.denied, "Deliveries denied, or runs ended, by a budget."),
)
_OF_ALL: tuple[tuple[str, str, Callable[[Figures], float], str], ...] = (
    ("genie_runs_in_flight", "gauge", lambda figures: figures.runs, "Runs in flight."),
    ("genie_holds", "gauge", lambda figures: figures.held, "Deliveries and answers that wait for a person."),
    ("genie_timers", "gauge", lambda figures: figures.timed, "Payloads that will be published later."),
    ("genie_dead_letters", "gauge", lambda figures: figures.dead_letters, "Dead letters that are kept."),
    ("genie_unrouted_total", "counter", lambda figures: figures.unrouted, "Payloads without a consumer or an asker."),
    ("genie_late_total", "counter", lambda figures: figures.late, "Answers that came after their scope was closed."),
)


def _families(figures: Figures) -> Iterator[_Family]:
    agents = figures.agents
    yield _Family(
        "genie_deliveries_total", "counter", "Deliveries that have ended, by outcome.", ("agent", "topic"),
        [
            ((agent, topic), (ended.handled, ended.denied, ended.expired, ended.cancelled, ended.dead_lettered))
            for agent, one in agents.items()
            for topic, ended in one.topics.items()
        ],
        _OUTCOMES,
    )  # fmt: skip
    yield _Family(
        "genie_deliveries_in_flight", "gauge", "Deliveries that have not ended, by state.", ("agent",),
        [((agent,), (one.queued, one.running, one.retrying, one.held, one.timed)) for agent, one in agents.items()],
        _STATES,
    )  # fmt: skip
    for name, kind, of_agent, text in _OF_AGENTS:
        yield _Family(name, kind, text, ("agent",), [((agent,), (of_agent(one),)) for agent, one in agents.items()])
    yield _Family(
        "genie_handling_seconds", "histogram", "Time from the start of a handling to its end.", ("agent",),
        [((agent,), _histogram(one.times)) for agent, one in agents.items()],
        _BUCKETS,
    )  # fmt: skip
    yield _Family(
        "genie_verdicts_total", "counter", "Verdicts of policies other than a plain allow.",
        ("policy", "verdict"), [(said, (count,)) for said, count in sorted(figures.verdicts.items())],
    )  # fmt: skip
    yield _Family(
        "genie_incidents", "gauge", "Incidents that are not closed, by severity.", ("severity",),
        [((severity,), (count,)) for severity, count in figures.incidents.items()],
    )  # fmt: skip
    for name, kind, of_rate, text in _OF_RATES:
        yield _Family(name, kind, text, ("rate",), [((rate,), (of_rate(one),)) for rate, one in figures.rates.items()])
    for name, kind, of_budget, text in _OF_BUDGETS:
        rows = [(place, (float(of_budget(one)),)) for place, one in figures.budgets.items()]
        yield _Family(name, kind, text, ("budget", "unit"), rows)
    for name, kind, of_all, text in _OF_ALL:
        yield _Family(name, kind, text, (), [((), (of_all(figures),))])


def _histogram(times: Sequence[int]) -> tuple[float, ...]:
    """Return the cumulated buckets and the count; there is no sum, because the bus keeps only buckets."""
    below = list(accumulate(times))
    return (*below[slice(*_BITS)], below[-1], below[-1])
