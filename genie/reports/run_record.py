"""One run as its journal tells it: messages, deliveries, verdicts, outcomes. Built line by line, in bounded memory.

The lines are those that ``genie.journal.jsonl`` writes, so payloads are shown as their reader may see them. A line may
come from any file: every value is only read as text or as a number.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.rendering import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.rendering import SpanKind

MOST_MESSAGES = 500
MOST_DELIVERIES = 2_000
MOST_STEPS = 4_000
MOST_AGENTS = 500
MOST_SPANS = 64
"""Waits and handlings of one delivery."""
LONGEST = 4_000
"""Characters of a payload that are kept."""
LONGEST_NAME = 200
_ENDS = frozenset(("handled", "answered", "denied", "expired", "cancelled", "dead_lettered"))
_QUIET = frozenset(("judged", "queued", "started", "progress", "redacted"))
"""Kinds of records that add nothing to the verdict and the end."""
_DOING: dict[str, SpanKind] = {"started": "worked", "retrying": "queued", "held": "held", "released": "queued"}
"""Kind of record -> the state of a delivery afterwards."""


class Said(NamedTuple):
    """Opinion of one policy on a delivery."""

    policy: str
    verdict: str
    why: str


@dataclass(slots=True)
class Sent:
    """A message, as its reader may see it."""

    id: str
    at: float
    topic: str
    sender: str
    cause: str
    label: str
    findings: tuple[str, ...]
    """Kinds of findings, with their paths."""
    payload: str
    """JSON, truncated at ``LONGEST`` characters; empty if it is withheld."""
    left_out: int
    withheld: str
    masked: tuple[str, ...]


@dataclass(slots=True)
class Delivered:
    """One delivery, from its verdict to its end."""

    message: str
    topic: str
    sender: str
    recipient: str
    at: float
    verdict: str = "allow"
    said: list[Said] = field(default_factory=list)
    masked: tuple[str, ...] = ()
    outcome: str = "in flight"
    why: str = ""
    ended: float | None = None
    steps: list[str] = field(default_factory=list)
    """Kinds of the records between, such as ``retrying``."""
    spans: list[Span] = field(default_factory=list)
    """Its spans, from its publication on."""
    doing: SpanKind = "queued"
    since: float = 0.0

    def turn(self, at: float, doing: SpanKind) -> None:
        """Start the next span."""
        if len(self.spans) < MOST_SPANS and at > self.since:
            self.spans.append(Span(self.doing, self.since, at))
        self.doing, self.since = doing, max(at, self.since)


class Step(NamedTuple):
    """One record on the timeline."""

    at: float
    kind: str
    topic: str
    sender: str
    recipient: str
    why: str
    message: str
    cause: str


@dataclass(slots=True)
class RunRecord:
    """The record of one run; items beyond the limits are counted in ``left_out``."""

    run_id: str = ""
    sent: dict[str, Sent] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivered] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    """Deliveries by verdict, all of them."""
    links: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """Sender and recipient -> topics with their numbers of deliveries."""
    left_out: Counter[str] = field(default_factory=Counter)
    policies: tuple[str, ...] | None = None
    """Policies in force, ``name@version``; None if the journal does not name them."""
    policy_set: str = ""
    environment: str = ""
    agents: tuple[str, ...] = ()
    """Agents that were reached, ``id@version`` of their cards; empty if the journal does not name them."""

    def add(self, line: Mapping[str, Any]) -> None:
        """Read one line of a journal."""
        kind = _text(line.get("kind"))
        detail = line.get("detail")
        detail = detail if isinstance(detail, dict) else {}
        if kind == "policies":
            found = detail.get("policies")
            self.policies = tuple(map(_text, found))[:MOST_AGENTS] if isinstance(found, list) else ()
            self.policy_set, self.environment = _text(detail.get("policy_set")), _text(detail.get("environment"))
            agents = detail.get("agents")
            self.agents = tuple(map(_text, agents))[:MOST_AGENTS] if isinstance(agents, list) else ()
            return
        self.kinds[kind] += kind != "queued"
        self.run_id = self.run_id or _text(line.get("run_id"))
        step = Step(
            _number(line.get("at")), kind, _text(line.get("topic")), _text(line.get("sender")),
            _text(line.get("recipient")), _text(line.get("reason")), _text(line.get("message_id")),
            _text(line.get("causation_id")),
        )  # fmt: skip
        if kind == "queued":
            pass  # it lists what follows from the message
        elif len(self.steps) < MOST_STEPS:
            self.steps.append(step)
        else:
            self.left_out["steps"] += 1
        if kind == "accepted":
            self._send(line, step)
        elif step.recipient:
            self._deliver(step, detail)

    def _send(self, line: Mapping[str, Any], step: Step) -> None:
        if len(self.sent) >= MOST_MESSAGES:
            self.left_out["messages"] += 1
            return
        payload = line.get("payload")
        text = "" if payload is None else _json(payload)
        self.sent[step.message] = Sent(
            step.message, step.at, step.topic, step.sender, step.cause, _text(line.get("label")),
            tuple(f"{_text(one.get('kind'))} in {_path(one.get('path'))}" for one in _dicts(line.get("findings"))),
            text[:LONGEST], max(0, len(text) - LONGEST), _text(line.get("withheld")), _paths(line.get("masked")),
        )  # fmt: skip

    def _deliver(self, step: Step, detail: Mapping[str, Any]) -> None:
        key = step.message, step.recipient
        found = self.deliveries.get(key)
        if found is None:
            if len(self.deliveries) >= MOST_DELIVERIES:
                self.left_out["records of deliveries"] += 1
                return
            sent = self.sent.get(step.message)
            at = step.at if sent is None else sent.at
            found = self.deliveries[key] = Delivered(
                step.message, step.topic, step.sender, step.recipient, at, since=at
            )
        if step.kind == "judged":
            found.verdict = step.why or "allow"
            found.said = [
                Said(_text(one.get("policy")), _text(one.get("verdict")), _text(one.get("text") or one.get("code")))
                for one in _dicts(detail.get("reasons"))
            ]
            found.masked = _paths(detail.get("paths")) if found.verdict in {"redact", "hold"} else ()
        elif step.kind in _ENDS:
            if step.kind == "handled" and found.doing == "queued":
                found.doing = "passed"  # the start of its handler was not recorded
            found.turn(step.at, found.doing)
            found.outcome, found.why, found.ended = step.kind.replace("_", " "), step.why, step.at
        elif step.kind in _DOING:
            found.turn(step.at, _DOING[step.kind])
        if step.kind not in _ENDS | _QUIET and len(found.steps) < MOST_SPANS:
            found.steps.append(step.kind)
            found.why = step.why or found.why
            if step.kind == "held":
                found.outcome = "held"

    def close(self) -> None:
        """Count verdicts and links, once every line was read."""
        self.verdicts = Counter(one.verdict for one in self.deliveries.values())
        self.links = {}
        latest = max((one.at for one in self.steps), default=0.0)
        for one in self.deliveries.values():
            if one.ended is None:
                one.turn(latest, one.doing)
        for one in self.deliveries.values():
            ends = one.sender, one.recipient
            if ends in self.links or len(self.links) < MOST_AGENTS:
                self.links.setdefault(ends, Counter())[one.topic] += 1


def _json(payload: object) -> str:
    try:
        return json.dumps(payload, ensure_ascii=False, indent=1)
    except RecursionError:
        return "nested too deeply to show"


def _text(value: object) -> str:
    return value[:LONGEST_NAME] if isinstance(value, str) else "" if value is None else str(value)[:LONGEST_NAME]


def _number(value: object) -> float:
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)
    return float(value) if ok else 0.0  # type: ignore[arg-type]  # it is a number here


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value[:100] if isinstance(one, dict)] if isinstance(value, list) else []


def _path(value: object) -> str:
    return ".".join(map(str, value))[:LONGEST_NAME] if isinstance(value, list) else _text(value)


def _paths(value: object) -> tuple[str, ...]:
    return tuple(_path(one) for one in value[:100]) if isinstance(value, list) else ()
