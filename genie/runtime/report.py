"""What a run came to: its status, its exit code, and the JSON object that stands for it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.cli.terminal.json_text import as_wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from genie.contracts.message import Payload


class Status(enum.StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    HELD = "held"
    FAILED = "failed"
    DENIED = "denied"

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        return {"complete": 0, "partial": 3, "held": 5}.get(self.value, 4)


USAGE = 2
"""Exit code of wrong usage and of input that cannot be used."""
FAILED = 4
INTERRUPTED = 130

_LISTS = ("assumptions", "notices", "missing", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run whose account is at rest, or held."""

    run_id: str
    pipeline: str
    status: Status
    elapsed_ms: float
    answer: Payload | None
    """As the caller may see it; None when it did not come."""
    reasons: tuple[str, ...]
    """Why there is no answer, or what it waits for."""
    failures: tuple[tuple[str, str], ...]
    """Agent and reason of each failure the run itself saw."""
    messages: Mapping[str, int]
    agents: Mapping[str, Mapping[str, float | int | None]]
    held: tuple[Payload, ...] = ()
    """What waits for a decision, as the caller may see it."""
    notices: tuple[str, ...] = ()
    """What must be shown beside the answer."""
    at: datetime | None = None
    """When the run began, in UTC."""

    def missing(self) -> tuple[tuple[str, str], ...]:
        """Return agent and reason of each missing part, an agent once: the answer's own words come first."""
        named: dict[str, str] = {}
        missing = getattr(self.answer, "missing", ())
        for part in missing if isinstance(missing, (tuple, list)) else ():  # it may mean another thing
            name = getattr(part, "agent", None) or getattr(part, "part", None) or str(part)
            named.setdefault(str(name), str(getattr(part, "reason", "missing")))
        for agent, reason in self.failures:
            named.setdefault(agent, reason)
        return tuple(named.items())

    def as_json(self) -> dict[str, Any]:
        """Return the object of the JSON contract."""
        dumped = {} if self.answer is None else as_wire(self.answer)
        lists = {name: dumped.pop(name, []) for name in _LISTS}
        lists["missing"] = [{"agent": agent, "reason": reason} for agent, reason in self.missing()]
        lists["notices"] = [*self.notices, *lists["notices"], *self.reasons]
        return {
            "run_id": self.run_id,
            "pipeline": self.pipeline,
            "status": self.status.value,
            "elapsed_ms": round(self.elapsed_ms, 3),
            "report": None if self.answer is None else in_own_currency(dumped),
            **lists,
            "messages": dict(self.messages),
            "agents": {name: dict(counts) for name, counts in self.agents.items()},
        }


_GAPS = ("missing", "quarantined", "insufficient")
"""Fields of an answer that say what it lacks."""


def status_of(answer: Payload | None, failures: tuple[tuple[str, str], ...], *, held: bool, denied: bool) -> Status:
    """Return how a run ended; held outranks partial, and only an answer without a gap is complete."""
    if held:
        return Status.HELD
    if answer is None:
        return Status.DENIED if denied else Status.FAILED
    gaps = failures or any(getattr(answer, name, ()) for name in _GAPS)
    return Status.PARTIAL if gaps else Status.COMPLETE


def in_own_currency(value: Any) -> Any:
    """Write amounts as plain decimal strings in objects that name their currency themselves.

    ``{"currency": "EUR", "debits": {"amount": "1.00", "currency": "EUR"}}`` becomes
    ``{"currency": "EUR", "debits": "1.00"}``; an amount anywhere else keeps its currency beside it.
    """
    if isinstance(value, list):
        return [in_own_currency(item) for item in value]
    if not isinstance(value, dict):
        return value
    currency = value.get("currency")
    if currency is None or set(value) == {"amount", "currency"}:
        return {name: in_own_currency(item) for name, item in value.items()}
    return {
        name: item["amount"] if _is_amount(item) and item["currency"] == currency else in_own_currency(item)
        for name, item in value.items()
    }


def _is_amount(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"amount", "currency"}
