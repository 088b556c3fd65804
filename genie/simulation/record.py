"""The record of one simulation; invariants and reports read nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.message import Payload
    from genie.contracts.outcome import Counts
    from genie.contracts.statistics import BudgetStatistics

ANSWERED = ("answered", "partial")
"""Outcomes of runs that have an answer."""


class RunRecord(NamedTuple):
    """One run."""

    number: int
    """Number of the arrival, from 1."""
    run_id: str
    customer: int
    question: int
    at: float
    """Virtual seconds at the start."""
    ended: float | None
    """Virtual seconds at which the caller received the outcome; None without an outcome."""
    outcome: str
    """``answered``, ``partial``, ``denied``, ``failed``, ``held``, ``expired``, ``cancelled``, ``refused``, or
    ``unfinished`` for a run without an outcome."""
    reason: str
    answer: int | None
    """Checksum of the answer."""

    @property
    def latency(self) -> float | None:
        """Virtual seconds until the outcome."""
        return None if self.ended is None else self.ended - self.at


class GroundTruth(NamedTuple):
    """Known facts about the customers in a table of synthetic transfers."""

    ring: str
    """Id of the ring; empty when the table has no ring."""
    members: frozenset[str]
    """Ids of the ring's members."""
    honest: frozenset[str]
    """Ids of the other customers."""


class Violation(NamedTuple):
    """One violation of an invariant."""

    invariant: str
    text: str
    run: int | None = None
    """Number of the arrival; None when the violation concerns no single run."""


class TimelineEntry(NamedTuple):
    """One journal record in a run's timeline."""

    at: float
    kind: str
    message: str
    topic: str
    sender: str
    recipient: str | None
    reason: str | None
    cause: str | None
    """Id of the causing message; None for a run's first message, and for records without a message."""


class LoadSample(NamedTuple):
    """Highest load since the previous sample; the load is measured at each arrival."""

    at: float
    runs: int
    """Runs in flight."""
    queued: Mapping[str, int]
    """Agent -> messages in its mailbox; agents with an empty mailbox are left out."""


@dataclass(slots=True, kw_only=True)
class Record:
    """All observations of one simulation under one seed."""

    seed: int
    runs: tuple[RunRecord, ...] = ()
    messages: int = 0
    records: int = 0
    """Lines of the journal."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Kind of journal record -> count."""
    answers_ended: Counter[str] = field(default_factory=Counter)
    """Kind of journal record -> count of those that may end an answer instead of a delivery."""
    totals: Counts | None = None
    """Deliveries by outcome, as the bus counts them."""
    verdicts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    budgets: Mapping[tuple[str, str], BudgetStatistics] = field(default_factory=dict)
    """(id, unit) -> counters of each budget."""
    journal_sha256: str = ""
    virtual_s: float = 0.0
    steps: int = 0
    crashes: int = 0
    """Number of processes that ended without notice; the totals are then those of the log, over all processes."""
    deadlock: str | None = None
    violations: list[Violation] = field(default_factory=list)
    """Violations found during the simulation."""
    trouble: tuple[int, ...] = ()
    """Positions of the entries of trouble that were on."""
    injected: Counter[str] = field(default_factory=Counter)
    """Kind of trouble and its target -> count of faults injected."""
    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(policy, verdict) -> deliveries that the compared policy set would have changed or stopped."""
    compared_of: int = 0
    """Deliveries that both policy sets judged."""
    stricter: int = 0
    """Deliveries that the compared policy set would have denied or held."""
    payloads: Mapping[str, tuple[tuple[int, Payload], ...]] = field(default_factory=dict)
    """Topic -> (arrival, payload) of each message, for the topics that invariants require."""
    answers: Mapping[int, Payload] = field(default_factory=dict)
    """Arrival -> answer, when an invariant requires answers."""
    planted: Mapping[int, GroundTruth] = field(default_factory=dict)
    """Arrival -> ground truth of its transfers, when an invariant requires answers."""
    samples: tuple[LoadSample, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    """Timeline of the worst run."""
    story: tuple[Mapping[str, Any], ...] = ()
    """The run that is followed, or else the worst one, as lines of a journal without payloads."""
    worst: int | None = None
    """Number of the worst run's arrival."""
    baseline: Record | None = None
    """Record of the same simulation without trouble, when an invariant requires it."""
    difference: str | None = None
    """First difference from the journal of a second process; None without one."""
    failures: tuple[str, ...] = ()
    """Exceptions of tasks that nothing awaits."""

    def outcomes(self) -> dict[str, int]:
        """Return the number of runs by outcome, the most frequent first."""
        return dict(Counter(run.outcome for run in self.runs).most_common())

    def latencies(self) -> list[float]:
        """Return the virtual latencies of all answered runs, sorted."""
        return sorted(run.ended - run.at for run in self.runs if run.ended is not None and run.outcome in ANSWERED)


def percentile(ordered: list[float], share: float) -> float | None:
    """Return a percentile of sorted values by the nearest-rank method; None for an empty list."""
    if not ordered:
        return None
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]
