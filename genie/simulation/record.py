"""What a simulation under one seed brought to light; invariants and reports read nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.bus.accounting import Counts
    from genie.contracts.message import Payload

ANSWERED = ("answered", "partial")
"""How a run ends that has an answer."""


class RunRecord(NamedTuple):
    """One run."""

    number: int
    """Of its arrival, from 1."""
    run_id: str
    customer: int
    question: int
    at: float
    """Virtual seconds at which it started."""
    ended: float | None
    """When its caller had an outcome; None where none came."""
    outcome: str
    """``answered``, ``partial``, ``denied``, ``failed``, ``held``, ``expired``, ``cancelled``, ``refused``, or
    ``unfinished``, which is none."""
    reason: str
    answer: int | None
    """Fingerprint of the answer."""

    @property
    def latency(self) -> float | None:
        """Virtual seconds that its caller waited."""
        return None if self.ended is None else self.ended - self.at


class GroundTruth(NamedTuple):
    """What is true of the customers in a table of transfers."""

    ring: str
    """Id of the ring among them; empty where there is none."""
    members: frozenset[str]
    """Ids of its members."""
    honest: frozenset[str]
    """Ids of the other customers."""


class Violation(NamedTuple):
    """Something that must not be."""

    invariant: str
    text: str
    run: int | None = None
    """Number of the arrival, where it is one run's."""


class Line(NamedTuple):
    """One record of a run's timeline."""

    at: float
    kind: str
    message: str
    topic: str
    sender: str
    recipient: str | None
    reason: str | None
    cause: str | None
    """Id of the message that caused it; None for a run's first, and where the record does not say."""


class Sample(NamedTuple):
    """How full the mailboxes were, at most, since the sample before; looked at whenever a run arrives."""

    at: float
    runs: int
    """Runs in flight."""
    queued: Mapping[str, int]
    """Agent -> messages in its mailbox, where there were any."""


@dataclass(slots=True, kw_only=True)
class Record:
    """Everything that was seen under one seed."""

    seed: int
    runs: tuple[RunRecord, ...] = ()
    messages: int = 0
    records: int = 0
    """Lines of the journal."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Kind of record -> how many, as the journal has them."""
    totals: Counts | None = None
    """Deliveries by how they ended, as the bus counts them."""
    verdicts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    journal_sha256: str = ""
    virtual_s: float = 0.0
    steps: int = 0
    deadlock: str | None = None
    violations: list[Violation] = field(default_factory=list)
    """What was seen while it ran."""
    troubled: Counter[str] = field(default_factory=Counter)
    """Trouble, by kind and agent -> how often it happened."""
    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(policy, verdict) -> deliveries that the compared policy set would not have let through as they went."""
    compared_of: int = 0
    """Deliveries that both judged."""
    stricter: int = 0
    """Of them, those that the compared set would have denied or held."""
    payloads: Mapping[str, tuple[tuple[int, Payload], ...]] = field(default_factory=dict)
    """Topic -> (arrival, payload) of each message, for the topics that an invariant asks for."""
    answers: Mapping[int, Payload] = field(default_factory=dict)
    """Arrival -> what it was answered, where an invariant asks for answers."""
    planted: Mapping[int, GroundTruth] = field(default_factory=dict)
    """Arrival -> the truth about its transfers, where an invariant asks for answers and it brought some."""
    samples: tuple[Sample, ...] = ()
    timeline: tuple[Line, ...] = ()
    """What happened in the worst run."""
    worst: int | None = None
    """Number of that run's arrival."""
    baseline: Record | None = None
    """The same without trouble, where an invariant asks for it."""
    failures: tuple[str, ...] = ()
    """Errors in tasks that nobody awaits."""

    def outcomes(self) -> dict[str, int]:
        """Return how many runs ended in each way, the most frequent first."""
        return dict(Counter(run.outcome for run in self.runs).most_common())

    def latencies(self) -> list[float]:
        """Return the virtual seconds of every run that has an answer, in order."""
        return sorted(run.ended - run.at for run in self.runs if run.ended is not None and run.outcome in ANSWERED)


def percentile(ordered: list[float], share: float) -> float | None:
    """Return the value that a share of the ordered values do not exceed, by the nearest rank; None of nothing."""
    if not ordered:
        return None
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]
