"""One run as its journal tells it: messages, deliveries, verdicts, outcomes. Built line by line, in bounded memory.

The lines are those that ``genie.journal.jsonl`` writes, so a payload is here as its reader may see it. A line may come
from any file: every value is read as text or as a number, and nothing else.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_MESSAGES = 500
MOST_DELIVERIES = 2_000
MOST_STEPS = 4_000
MOST_AGENTS = 500
LONGEST = 4_000
"""Characters of a payload that are kept."""
LONGEST_NAME = 200
_ENDS = frozenset(("handled", "answered", "denied", "expired", "cancelled", "dead_lettered"))
_DELIVERED = _ENDS | {"started", "held", "released", "retrying", "redacted", "late"}
"""Kinds of records that show that a delivery was judged."""


class Said(NamedTuple):
    """What one policy said of a delivery."""

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
    """Kinds of what inspectors saw, with the place."""
    payload: str
    """JSON, cut at ``LONGEST`` characters; empty where it is withheld."""
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
    """The record of one run; what does not fit is counted in ``left_out``."""

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
    """Policies in force, ``name@version``; None where the journal does not name them."""
    policy_set: str = ""
    environment: str = ""

    def add(self, line: Mapping[str, Any]) -> None:
        """Read one line of a journal."""
        kind = _text(line.get("kind"))
        detail = line.get("detail")
        detail = detail if isinstance(detail, dict) else {}
        if kind == "policies":
            found = detail.get("policies")
            self.policies = tuple(map(_text, found))[:MOST_AGENTS] if isinstance(found, list) else ()
            self.policy_set, self.environment = _text(detail.get("policy_set")), _text(detail.get("environment"))
            return
        self.kinds[kind] += 1
        self.run_id = self.run_id or _text(line.get("run_id"))
        step = Step(
            _number(line.get("at")), kind, _text(line.get("topic")), _text(line.get("sender")),
            _text(line.get("recipient")), _text(line.get("reason")), _text(line.get("message_id")),
            _text(line.get("causation_id")),
        )  # fmt: skip
        if len(self.steps) < MOST_STEPS:
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
            found = self.deliveries[key] = Delivered(step.message, step.topic, step.sender, step.recipient, step.at)
        if step.kind == "judged":
            found.verdict = step.why or "allow"
            found.said = [
                Said(_text(one.get("policy")), _text(one.get("verdict")), _text(one.get("text") or one.get("code")))
                for one in _dicts(detail.get("reasons"))
            ]
            found.masked = _paths(detail.get("paths")) if found.verdict in {"redact", "hold"} else ()
        elif step.kind in _ENDS:
            found.outcome, found.why, found.ended = step.kind.replace("_", " "), step.why, step.at
        elif step.kind not in {"started", "progress", "redacted"}:
            found.steps.append(step.kind)
            found.why = step.why or found.why
            if step.kind == "held":
                found.outcome = "held"

    def close(self) -> None:
        """Count verdicts and links, once every line was read."""
        self.verdicts = Counter(one.verdict for one in self.deliveries.values())
        self.links = {}
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
