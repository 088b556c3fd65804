"""The outcome of a run: status, exit code, and the JSON object."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.contracts.serialization import as_wire

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
        """Exit code of the command."""
        return {"complete": 0, "partial": 3, "held": 5}.get(self.value, 4)


USAGE = 2
"""Exit code for wrong usage and unusable input."""
FAILED = 4
NOTHING = 5
"""Exit code of a check that examined nothing: its result is neither good nor bad."""

_LISTS = ("assumptions", "notices", "missing", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a run that has ended or is held."""

    run_id: str
    pipeline: str
    status: Status
    elapsed_ms: float
    answer: Payload | None
    """The answer as the caller may see it; None if there is none."""
    reasons: tuple[str, ...]
    """Why there is no answer, or which approvals are pending."""
    failures: tuple[tuple[str, str], ...]
    """Agent and reason of each failure in the run."""
    messages: Mapping[str, int]
    agents: Mapping[str, Mapping[str, float | int | None]]
    held: tuple[Payload, ...] = ()
    """Payloads of held deliveries, as the caller may see them."""
    notices: tuple[str, ...] = ()
    """Notices that must be shown with the answer."""
    at: datetime | None = None
    """Start of the run, in UTC."""

    def missing(self) -> tuple[tuple[str, str], ...]:
        """Return agent and reason of each missing part, one per agent; the parts that the answer names come first."""
        named: dict[str, str] = {}
        missing = getattr(self.answer, "missing", ())
        for part in missing if isinstance(missing, (tuple, list)) else ():  # the field may have another meaning
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
"""Fields in which an answer lists missing parts."""


def status_of(answer: Payload | None, failures: tuple[tuple[str, str], ...], *, held: bool, denied: bool) -> Status:
    """Return the status of a run.

    Held takes precedence over partial; complete requires an answer without missing parts.
    """
    if held:
        return Status.HELD
    if answer is None:
        return Status.DENIED if denied else Status.FAILED
    gaps = failures or any(getattr(answer, name, ()) for name in _GAPS)
    return Status.PARTIAL if gaps else Status.COMPLETE


def in_own_currency(value: Any) -> Any:
    """Write amounts as plain decimal strings in objects that have a currency of their own.

    ``{"currency": "EUR", "debits": {"amount": "1.00", "currency": "EUR"}}`` becomes
    ``{"currency": "EUR", "debits": "1.00"}``; any other amount keeps its currency.
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
