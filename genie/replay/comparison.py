"""Compares a replay with its record: matches their messages, and finds the first difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.journal.facts import kind_name, payload_text

if TYPE_CHECKING:
    from genie.contracts.message import Envelope
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.policy.policy import Decision
    from genie.replay.recorded import Recorded, Step

MOST_KEPT = 1_000
"""Maximum number of divergences and changed verdicts that are stored; all are counted."""


class Divergence(NamedTuple):
    """One difference of a replay.

    ``code`` is ``payload``, ``label``, ``missing`` (a message was not sent again), ``extra`` (a message is not in the
    record) or ``outcome`` (a delivery ended differently).
    """

    at: float
    """Seconds since the start of the run."""
    code: str
    message: str
    """Id of the message in the record."""
    topic: str
    agent: str
    """Its sender; for an outcome, its recipient."""
    before: str | None
    """Value in the record."""
    after: str | None
    """Value in the replay."""


class Change(NamedTuple):
    """A verdict that differs from the recorded one."""

    message: str
    topic: str
    agent: str
    before: str
    after: str


@dataclass(slots=True)
class Findings:
    """Result of a replay."""

    messages: int = 0
    """Messages that were compared."""
    divergences: list[Divergence] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Number of divergences by code, with ``verdict`` for changed verdicts."""

    @property
    def first(self) -> Divergence | None:
        """The first divergence."""
        return min(self.divergences, default=None, key=lambda one: one.at)

    def diverged(self, one: Divergence) -> None:
        """Store a divergence."""
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
        """Number of a message in the replay -> its number in the record."""
        self._taken: set[int] = {first}
        self._ended: set[tuple[int, str]] = set()
        self._verdicts: dict[tuple[int, str], str] = {}
        self._closed = False
        self.findings = Findings(messages=1)
        self.stopped = until == first
        """The last message to compare was sent again."""

    def step_of(self, delivery: Delivery) -> Step | None:
        """Return the recorded delivery that a delivery repeats."""
        number = self.matched.get(delivery.message.number)
        return None if number is None else self._recorded.steps.get((number, delivery.subscription.subscriber.card.id))

    def sent(self, message: Envelope[Any], at: float) -> None:
        """Compare a message that was sent again; ``at`` is in seconds since the start of the run."""
        if self._closed:
            return
        kind = kind_name(type(message.payload))
        cause = self.matched.get(message.cause)
        left = None if cause is None else self._recorded.by_cause.get((cause, message.sender, kind))
        text = payload_text(message.payload)
        same = None if left is None else left.take(text)
        if same is None:
            if cause is not None and (self._limit is None or at <= self._limit):  # its consequences are extra too
                self.findings.diverged(Divergence(at, "extra", message.id, kind, message.sender, None, text))
            return
        self._taken.add(same)
        self.matched[message.number] = same
        self.stopped = self.stopped or same == self._until
        when, record = self._recorded.messages[same]
        if self._limit is not None and when > self._limit:
            return
        self.findings.messages += 1
        for what, before, after in (
            ("payload", record["payload"], text), ("label", record["label"], message.label.label)
        ):  # fmt: skip
            if before != after:
                told = (self._name(same), kind, message.sender)
                self.findings.diverged(Divergence(when, what, *told, before, after))

    def record_verdict(self, message: Envelope[Any], recipient: str, decision: Decision) -> None:
        """Compare a decision that is more than a plain allow."""
        number = self.matched.get(message.number)
        if number is not None:
            decisive = [one.policy for one in decision.reasons if one.verdict == decision.verdict]
            self._verdicts.setdefault((number, recipient), _named(decision.verdict, decisive))

    def opening(self, record: LogRecord) -> None:
        """Compare the events of the first message before any handler ran, in the form of a log."""
        if record["kind"] == "verdict":
            self._verdicts.setdefault((record["message"], record["agent"]), _said(record))
        elif record["kind"] == "ended":
            agent = record["delivery"].partition("@")[2].partition("<")[0]
            step = self._recorded.steps.get((self._recorded.first["number"], agent))
            self._ends(step, record["outcome"], record["code"])

    def ended(self, delivery: Delivery, outcome: str, code: str) -> None:
        """Compare the end of a delivery."""
        self._ends(self.step_of(delivery), outcome, code)

    def _ends(self, step: Step | None, outcome: str, code: str) -> None:
        if self._closed or step is None or step.end is None or (step.message, step.agent) in self._ended:
            return
        self._ended.add((step.message, step.agent))
        before = step.end["outcome"], step.end["code"]
        if before != (outcome, code) and (self._limit is None or step.at <= self._limit):
            topic = self._recorded.messages[step.message][1]["topic"]
            sides = [f"{name}({why})" if why else name for name, why in (before, (outcome, code))]
            self.findings.diverged(
                Divergence(step.at, "outcome", self._name(step.message), topic, step.agent, sides[0], sides[1])
            )

    def close(self) -> None:
        """Stop comparing, and find missing messages."""
        if self._closed:
            return
        self._closed = True
        for number, (at, record) in self._recorded.messages.items():
            if number in self._taken or (self._limit is not None and at > self._limit):
                continue
            if record["cause"] not in self._taken and record["cause"] in self._recorded.messages:
                continue  # its cause is already missing
            told = (self._name(number), record["topic"], record["sender"])
            self.findings.diverged(Divergence(at, "missing", *told, record["payload"], None))
        for key in sorted(self._recorded.verdicts.keys() | self._verdicts.keys()):
            if key[0] in self._taken and (self._limit is None or self._recorded.messages[key[0]][0] <= self._limit):
                self._verdict(key)

    def _verdict(self, key: tuple[int, str]) -> None:
        before, after = _said(self._recorded.verdicts.get(key)), self._verdicts.get(key, "allow")
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
    return _named(verdict["verdict"], [one[0] for one in verdict.get("reasons", ()) if one[2] == verdict["verdict"]])


def _named(verdict: str, policies: list[str]) -> str:
    return f"{verdict} ({', '.join(sorted(set(policies)))})" if policies else verdict
