"""Costs of a run's model calls, from its journal: one row per call, and their sum.

The lines are those that ``genie.journal.jsonl`` writes. A line may come from any file, so every value is checked. A
call that was cut off has no recorded cost; it is counted separately, never as free.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from genie.contracts.limits import EXACT
from genie.contracts.rendering import Column, Paragraph, Report, Section, Table, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CALLS = 2_000
"""Number of calls with their own row; further ones are only in the sum."""
MOST_OPEN = 10_000
"""Maximum number of unfinished calls."""
LONGEST_NAME = 128
_MOST_TOKENS = 1 << 53
_MOST_COST = Decimal(10) ** 12
_LOST = frozenset(("denied", "expired", "cancelled", "dead_lettered"))


@dataclass(slots=True, kw_only=True)
class CallCost:
    """One model call; unknown counts are None."""

    call: int
    model: str
    end: str
    """``answered``, ``from the cache``, the class of a failure, or the outcome of its delivery."""
    input: int = 0
    replayed: int | None = 0
    """Input tokens that the previous call of the conversation also sent, by size."""
    cached: int = 0
    """Input tokens that the provider read from its cache."""
    output: int = 0
    reasoning: int = 0
    """Reasoning tokens of the output."""
    cost: Decimal | None = None
    estimated: bool = False

    @property
    def new(self) -> int | None:
        """Input tokens that were sent for the first time."""
        return None if self.replayed is None else self.input - self.replayed


@dataclass(slots=True)
class _Asked:
    number: int
    talk: tuple[str, str, str]
    pieces: Counter[bytes] | None
    """Size of each piece of the request, by its digest; None where the payload is withheld."""
    replayed: float | None
    """Fraction of the request that the previous one also had."""
    begun: str = ""
    """Model that took it."""
    end: str = "in flight"
    refused_by: str = ""


@dataclass(slots=True)
class RunCost:
    """The model calls of one run, read line by line."""

    run_id: str = ""
    calls: list[CallCost] = field(default_factory=list)
    total: CallCost = field(default_factory=lambda: CallCost(call=0, model="", end="", cost=Decimal(0)))
    """Sum of all calls; its ``call`` is their number."""
    unpriced: int = 0
    """Number of calls of models without a price; the sum excludes them."""
    unbilled: int = 0
    """Number of calls that were cut off after their start: charged by an estimate, which the journal does not
    contain."""
    _open: dict[str, _Asked] = field(default_factory=dict)
    _latest: dict[tuple[str, str, str], Counter[bytes] | None] = field(default_factory=dict)
    _asked: int = 0

    def add(self, line: Mapping[str, Any]) -> None:
        """Read one line of a journal."""
        kind, topic = line.get("kind"), line.get("topic")
        if kind == "accepted" and topic == "model.request":
            self._ask(line)
        elif kind == "accepted" and topic in {"model.reply", "model.failed"}:
            asked = self._open.pop(_text(line.get("causation_id")), None)
            if asked is not None:
                self._answered(asked, line)
        elif topic == "model.request" and kind in _LOST | {"started"}:
            asked = self._open.get(_text(line.get("message_id")))
            if asked is None:
                return
            if kind == "started":
                asked.begun = _text(line.get("recipient"))
                asked.end = "in flight"
            else:  # another model may still take over
                asked.end = str(kind).replace("_", " ")
                asked.refused_by = _text(line.get("recipient"))

    def close(self) -> None:
        """Count unanswered calls, once every line was read."""
        for asked in self._open.values():
            row = CallCost(call=asked.number, model=asked.begun or asked.refused_by, end=asked.end, replayed=None)
            if not asked.begun and asked.end == "denied":  # no model has seen it
                row.cost, row.replayed = Decimal(0), 0
            self._row(row, bill=row.cost is not None)
        self._open.clear()
        self.calls.sort(key=lambda one: one.call)

    def _ask(self, line: Mapping[str, Any]) -> None:
        payload = line.get("payload")
        self._asked += 1
        pieces = _pieces(payload) if isinstance(payload, dict) else None
        conversation = _text(payload.get("conversation")) if isinstance(payload, dict) else ""
        talk = _text(line.get("sender")), _text(line.get("causation_id")), conversation
        before = self._latest.get(talk, Counter())
        share = None
        if pieces is not None and before is not None:
            share = (pieces & before).total() / max(1, pieces.total())
        if len(self._open) < MOST_OPEN:
            self._latest[talk] = pieces
            self._open[_text(line.get("message_id"))] = _Asked(self._asked, talk, pieces, share)

    def _answered(self, asked: _Asked, line: Mapping[str, Any]) -> None:
        payload = line.get("payload")
        model = asked.begun or _text(line.get("sender"))
        if not isinstance(payload, dict):
            self._row(CallCost(call=asked.number, model=model, end="withheld", replayed=None), bill=False)
            return
        usage = payload.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        kept = payload.get("cached") is True
        end = "from the cache" if kept else _text(payload.get("failure")) or "answered"
        asked_tokens = _count(usage.get("input"))
        cost = _cost(payload.get("cost"))
        if cost is None and not (asked_tokens or _count(usage.get("output"))):
            cost = Decimal(0)
        self._row(
            CallCost(
                call=asked.number, model=model, end=end, input=asked_tokens,
                replayed=None if asked.replayed is None else round(asked_tokens * asked.replayed),
                cached=min(asked_tokens, _count(usage.get("cache_read"))), output=_count(usage.get("output")),
                reasoning=_count(usage.get("reasoning")), cost=cost, estimated=usage.get("estimated") is True,
            )
        )  # fmt: skip

    def _row(self, row: CallCost, *, bill: bool = True) -> None:
        total = self.total
        total.call += 1
        if not bill:
            self.unbilled += 1
        elif row.cost is None:
            self.unpriced += 1
        total.input += row.input
        total.cached += row.cached
        total.output += row.output
        total.reasoning += row.reasoning
        total.replayed = None if total.replayed is None or row.replayed is None else total.replayed + row.replayed
        total.cost = EXACT.add(total.cost or Decimal(0), row.cost or Decimal(0))
        total.estimated = total.estimated or row.estimated
        if len(self.calls) < MOST_CALLS:
            self.calls.append(row)

    def values(self) -> dict[str, Any]:
        """Return all of it as JSON values; a cost is exact decimal text."""
        return {
            "run": self.run_id, "calls": [_values(one) for one in self.calls],
            "total": _values(self.total) | {"calls": self.total.call, "unpriced": self.unpriced,
                                            "without_bill": self.unbilled},
        }  # fmt: skip


def cost_report(found: RunCost) -> Report:
    """Return the report of what a run's model calls cost."""
    columns = (
        Column("call", whole=True), Column("model", whole=True), *(Column(name, number=True) for name in (
            "new", "replayed", "cached", "output", "reasoning", "cost", "cached %", "replayed %",
        )), Column("end"),
    )  # fmt: skip
    rows = [_row(str(one.call), one, one.end + (", estimated" if one.estimated else "")) for one in found.calls]
    total = found.total
    if (found.unpriced or found.unbilled) and not total.cost:
        total = replace(total, cost=None)
    rows.append(_row("all", total, ""))
    notes = []
    if found.unbilled:
        notes.append(
            f"Calls that {'was' if found.unbilled == 1 else 'were'} cut off without a recorded "
            f"cost: {found.unbilled}. The budgets were charged by an estimate; the sum excludes it."
        )
    if found.unpriced:
        notes.append(f"{counted(found.unpriced, 'call')} of models without a price: the sum excludes them.")
    if found.total.call > len(found.calls):
        notes.append(f"{found.total.call - len(found.calls):,} more calls are only in the sum.")
    table = Table("Tokens and cost", columns, tuple(rows))
    return Report((Section("", (table, *(Paragraph(note, "note") for note in notes))),), rows=MOST_CALLS + 1)


def _row(name: str, one: CallCost, end: str) -> tuple[str, ...]:
    return (
        name, one.model, _shown(one.new), _shown(one.replayed), _shown(one.cached), _shown(one.output),
        _shown(one.reasoning), "unknown" if one.cost is None else f"{one.cost.normalize() + 0:f}",
        _share(one.cached, one.input), _share(one.replayed, one.input), end,
    )  # fmt: skip


def _shown(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _share(part: int | None, whole: int) -> str:
    return "" if part is None or not whole else f"{100 * part / whole:.1f}"


def _values(one: CallCost) -> dict[str, Any]:
    found = asdict(one) | {"new": one.new, "cost": None if one.cost is None else f"{one.cost:f}"}
    for name, part in (("cache_ratio", one.cached), ("replay_share", one.replayed)):
        found[name] = None if part is None or not one.input else round(part / one.input, 4)
    return found


def _pieces(payload: Mapping[str, Any]) -> Counter[bytes]:
    """Return the sizes of a request's turns, tools and schema, by their digests."""
    found: Counter[bytes] = Counter()
    for name in ("turns", "tools"):
        parts = payload.get(name)
        for one in parts if isinstance(parts, list) else ():
            _count_piece(one, found)
    if payload.get("answer_schema"):
        _count_piece(payload["answer_schema"], found)
    return found


def _count_piece(piece: object, into: Counter[bytes]) -> None:
    try:
        text = json.dumps(piece, sort_keys=True).encode()
    except (RecursionError, TypeError):
        return
    into[hashlib.blake2b(text, digest_size=16).digest()] += len(text)


def _text(value: object) -> str:
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0


def _cost(value: object) -> Decimal | None:
    try:
        cost = Decimal(value) if isinstance(value, str) and len(value) <= LONGEST_NAME else None
    except InvalidOperation:
        return None
    return cost if cost is not None and cost.is_finite() and 0 <= cost <= _MOST_COST else None
