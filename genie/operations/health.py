"""The health of an open runtime: live, ready or draining, with reasons for anything unhealthy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.bus.bus import Bus
    from genie.inflight.mailbox import Subscriber


class Health(NamedTuple):
    """Result of an orchestrator's probe."""

    live: bool
    """The process works; if False, it should be restarted."""
    ready: bool
    """It admits runs; if False, it should receive none."""
    draining: bool
    """It admits no further runs, and lets those in flight end."""
    reasons: tuple[str, ...]
    """Codes of the reasons why it is not ready."""
    agents: Mapping[str, tuple[str, ...]]
    """Unhealthy agents with the codes of the reasons; they do not make the runtime unready."""

    def record(self) -> dict[str, object]:
        """Return the health as JSON values."""
        agents = {agent: list(reasons) for agent, reasons in self.agents.items()}
        return {**self._asdict(), "reasons": list(self.reasons), "agents": agents}


def health_of(bus: Bus, *, draining: bool) -> Health:
    """Return the health of a bus.

    Args:
        bus: The bus.
        draining: It admits no further runs.
    """
    reasons = ["draining"] if draining else []
    if bus.closing:
        reasons.append("closing")
    if len(bus.runs.open_runs) >= bus.limits.max_runs:
        reasons.append("too_many_runs")
    recorder, audit = bus.observers.recorder, bus.observers.audit
    if recorder is not None and recorder.refusal is not None:
        reasons.append("journal_failed")
    if getattr(audit, "refusal", None) is not None:
        reasons.append("audit_failed")
    agents = {agent: told for agent, one in bus.subscribers.items() if (told := tuple(_unwell(one)))}
    return Health(not bus.closing, not reasons, draining, tuple(reasons), agents)


def _unwell(subscriber: Subscriber) -> list[str]:
    told = [] if subscriber.suspended is None else [subscriber.suspended.code]
    if len(subscriber.queue) >= subscriber.limit:
        told.append("mailbox_full")
    if subscriber.abandoned:
        told.append("abandoned")
    return told
