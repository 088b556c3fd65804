"""A replay beside its record: which message repeats which, and the first one that differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.journal.facts import kind_name, payload_text

if TYPE_CHECKING:
    from genie.contracts.message import Envelope
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.replay.recorded import Recorded, Step

MOST_KEPT = 1_000
"""Divergences, and changed verdicts, that are kept; all are counted."""


class Divergence(NamedTuple):
    """One place in which a replay differs.

    ``code`` is ``payload``, ``label``, ``missing`` (a message was not sent again), ``extra`` (one was sent that the
    record does not have) or ``outcome`` (a delivery ended otherwise).
    """

    at: float
    """Seconds since the run began."""
    code: str
    message: str
    """Id of the message, as in the record."""
    topic: str
    agent: str
    """Its sender; for an outcome the recipient."""
    before: str | None
    """What the record says."""
    after: str | None
    """What the replay says."""


class Change(NamedTuple):
    """One verdict that is another one now."""

    message: str
    topic: str
    agent: str
    before: str
    after: str


@dataclass(slots=True)
class Findings:
    """What a replay has found."""

    messages: int = 0
    """Messages that were compared."""
    divergences: list[Divergence] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Divergences by code, and ``verdict`` for changed verdicts: all of them."""

    @property
    def first(self) -> Divergence | None:
        """The divergence that came first."""
        return min(self.divergences, default=None, key=lambda one: one.at)

    def diverged(self, one: Divergence) -> None:
        """Keep a divergence."""
        self.counts[one.code] += 1
        if len(self.divergences) < MOST_KEPT:
            self.divergences.append(one)


class Comparison:
    """Matches the messages of a replay with those of the record, by their causes, senders and classes.

    Args:
        recorded: The run.
        until: Number of the message after which nothing is compared; None for the whole run.
    """

    def __init__(self, recorded: Recorded, until: int | None = None) -> None:
        self._recorded = recorded
        self._until = until
        self._limit = recorded.messages[until][0] if until in recorded.messages and until is not None else None
        first = recorded.first["number"]
        self.matched: dict[int, int] = {first: first}
        """Number of a message in the replay -> in the record."""
        self._taken: set[int] = {first}
        self._ended: set[tuple[int, str]] = set()
        self._verdicts: dict[tuple[int, str], LogRecord] = {}
        self._judged: set[tuple[int, str]] = set()
        self.findings = Findings(messages=1)
        self.stopped = until == first
        """The message was sent again after which nothing is compared."""

    def step_of(self, delivery: Delivery) -> Step | None:
        """Return the delivery of the record that a delivery repeats."""
        number = self.matched.get(delivery.message.number)
        return None if number is None else self._recorded.steps.get((number, delivery.subscription.subscriber.card.id))

    def sent(self, message: Envelope[Any], at: float) -> None:
        """A message was sent again; ``at`` is in seconds since the run began."""
        kind = kind_name(type(message.payload))
        cause = self.matched.get(message.cause)
        numbers = [] if cause is None else self._recorded.by_cause.get((cause, message.sender, kind), [])
        left = [number for number in numbers if number not in self._taken]
        if not left:
            if cause is not None and (self._limit is None or at <= self._limit):  # what follows from it is extra too
                text = payload_text(message.payload)
                self.findings.diverged(Divergence(at, "extra", message.id, kind, message.sender, None, text))
            return
        text = payload_text(message.payload)
        same = next((number for number in left if self._recorded.messages[number][1]["payload"] == text), left[0])
        self._taken.add(same)
        self.matched[message.number] = same
        self.stopped = self.stopped or same == self._until
        when, record = self._recorded.messages[same]
        if self._limit is not None and when > self._limit:
            return
        self.findings.messages += 1
        told = (self._name(same), kind, message.sender)
        if record["payload"] != text:
            self.findings.diverged(Divergence(when, "payload", *told, record["payload"], text))
        if record["label"] != message.label.label:
            self.findings.diverged(Divergence(when, "label", *told, record["label"], message.label.label))

    def record(self, record: LogRecord) -> None:
        """The replay has written a record."""
        kind = record["kind"]
        if kind == "verdict":
            number = self.matched.get(record["message"])
            if number is not None:
                self._verdicts.setdefault((number, record["agent"]), record)
        elif kind == "ended":
            name, _, rest = record["delivery"].partition("@")
            number = self.matched.get(int(name.rpartition("-")[2], 16))
            agent = rest.partition("<")[0]
            step = None if number is None else self._recorded.steps.get((number, agent))
            if number is not None and step is not None and (number, agent) not in self._ended:
                self._ended.add((number, agent))
                self._outcome(number, step, record)

    def _outcome(self, number: int, step: Step, record: LogRecord) -> None:
        if step.end is None or (self._limit is not None and step.at > self._limit):
            return
        before, after = (f"{one['outcome']}({one['code']})".replace("()", "") for one in (step.end, record))
        if before != after:
            topic = self._recorded.messages[number][1]["topic"]
            self.findings.diverged(Divergence(step.at, "outcome", self._name(number), topic, step.agent, before, after))

    def close(self) -> Findings:
        """Return everything that was found, what is missing too."""
        for number, (at, record) in self._recorded.messages.items():
            if number in self._taken or (self._limit is not None and at > self._limit):
                continue
            if record["cause"] not in self._taken and record["cause"] in self._recorded.messages:
                continue  # what caused it is missing already
            told = (self._name(number), record["topic"], record["sender"])
            self.findings.diverged(Divergence(at, "missing", *told, record["payload"], None))
        for key in sorted(self._recorded.verdicts.keys() | self._verdicts.keys()):
            if key[0] in self._taken and (self._limit is None or self._recorded.messages[key[0]][0] <= self._limit):
                self._verdict(key)
        return self.findings

    def _verdict(self, key: tuple[int, str]) -> None:
        before, after = _said(self._recorded.verdicts.get(key)), _said(self._verdicts.get(key))
        if before != after:
            self.findings.counts["verdict"] += 1
            if len(self.findings.changes) < MOST_KEPT:
                topic = self._recorded.messages[key[0]][1]["topic"]
                self.findings.changes.append(Change(self._name(key[0]), topic, key[1], before, after))

    def _name(self, number: int) -> str:
        return f"{self._recorded.run.prefix}-{number:x}"


def _said(verdict: LogRecord | None) -> str:
    """Return a verdict with the policies that decided it."""
    if verdict is None:
        return "allow"
    reasons = verdict.get("reasons", ())
    decisive = sorted({one[0] for one in reasons if one[2] == verdict["verdict"]})
    return f"{verdict['verdict']} ({', '.join(decisive)})" if decisive else str(verdict["verdict"])
