"""Incidents: repeated denials and failures as one record with a count, instead of many alarms."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie.errors.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Severity(enum.StrEnum):
    """Severity of an incident; it rises with the count and never falls."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class State(enum.StrEnum):
    """State of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


RISES = ((1_000, Severity.CRITICAL), (100, Severity.HIGH), (10, Severity.MEDIUM), (1, Severity.LOW))
"""Number of occurrences from which an incident has a severity."""
GRAVE = frozenset({"quarantined", "identity_refused"})
"""Kinds that are of high severity from the first occurrence."""
QUIET_S = 3_600.0
"""Seconds without an occurrence after which an incident closes by itself; the next occurrence opens a new one."""
MOST = 1_000
"""Maximum number of stored incidents; if as many are open, further ones are counted in one named ``other``."""
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_LOGGED = dict(zip(Severity, ("INFO", "WARNING", "ERROR", "CRITICAL"), strict=True))


@dataclass(frozen=True, slots=True)
class Incident:
    """A repeated event with one reason, agent and tenant. It contains no payload text."""

    id: str
    kind: str
    """``denied``, ``dead_lettered``, ``quarantined`` or ``identity_refused``."""
    code: str
    """The policy and its code, or the class of the failure."""
    agent: str
    tenant: str | None
    count: int
    severity: Severity
    state: State
    first_at: float
    """Seconds since the epoch."""
    last_at: float
    run_id: str | None
    """Run of the latest occurrence."""
    by: str = ""
    """The person who acknowledged or closed it; ``quiet`` if it closed by itself."""

    def record(self) -> Mapping[str, object]:
        """Return it as JSON values."""
        return {
            "id": self.id, "kind": self.kind, "code": self.code, "agent": self.agent, "tenant": self.tenant,
            "count": self.count, "severity": self.severity.value, "state": self.state.value,
            "first_at": self.first_at, "last_at": self.last_at, "run_id": self.run_id, "by": self.by,
        }  # fmt: skip


class Incidents:
    """All incidents of one runtime; bounded, and reported once per opening and once per rise.

    Args:
        tell: Called with each incident that opens, rises, or changes its state, and with the person responsible.
    """

    def __init__(self, tell: Callable[[Incident, str], None]) -> None:
        self._tell = tell
        self._all: dict[str, Incident] = {}
        self._current: dict[tuple[str, str, str, str | None], str] = {}
        """Key -> id of its open incident."""
        self._opened = 0
        self._looked = 0.0
        """Time of the last check for quiet incidents, as ``at``."""

    def note(self, kind: str, code: str, agent: str, tenant: str | None, at: float, run_id: str | None) -> None:
        """Count one occurrence.

        Args:
            kind: The kind of event.
            code: The reason, as a stable label.
            agent: The agent concerned.
            tenant: The tenant of the run.
            at: Seconds since the epoch.
            run_id: The run.
        """
        key = (kind, code, agent, tenant)
        found = self._all.get(self._current.get(key, ""))
        if found is not None and at - found.last_at > QUIET_S:
            self._change(found, State.CLOSED, "quiet")
            found = None
        if found is None and len(self._current) >= MOST:
            key, found = self._crowded(kind, at)
        if found is None:
            self._opened += 1
            incident = Incident(
                f"incident-{self._opened}", *key, 1, _severity(key[0], 1), State.OPEN, at, at, run_id
            )  # fmt: skip
            self._make_room()
            self._all[incident.id] = incident
            self._current[key] = incident.id
            self._say("opened", incident)
            return
        count = found.count + 1
        severity = max(found.severity, _severity(kind, count), key=_RANKS.__getitem__)
        risen = self._all[found.id] = replace(found, count=count, severity=severity, last_at=at, run_id=run_id)
        if severity != found.severity:
            self._say("rose", risen)

    def _crowded(self, kind: str, at: float) -> tuple[tuple[str, str, str, str | None], Incident | None]:
        """Close quiet incidents; if all are still active, return the one that counts the rest."""
        if at - self._looked > QUIET_S / 10:
            self._looked = at
            for incident in tuple(self._all.values()):
                if incident.state is not State.CLOSED and at - incident.last_at > QUIET_S:
                    self._change(incident, State.CLOSED, "quiet")
        key = (kind, "other", "", None)
        return key, self._all.get(self._current.get(key, ""))

    def _make_room(self) -> None:
        if len(self._all) < 2 * MOST:
            return
        for incident in tuple(self._all.values()):
            if incident.state is State.CLOSED:
                del self._all[incident.id]
                return

    def _say(self, what: str, incident: Incident) -> None:
        of, times = incident.agent or "several", f"{incident.count} times, {incident.severity.value}"
        text = f"{incident.id} {what}: {incident.kind} ({incident.code}) of {of}, {times}"
        log("genie.incident", _LOGGED[incident.severity], text, agent=incident.agent or None, run_id=incident.run_id)
        self._tell(incident, "supervisor")

    def _change(self, incident: Incident, state: State, by: str) -> None:
        changed = self._all[incident.id] = replace(incident, state=state, by=by)
        if state is State.CLOSED:
            key = (incident.kind, incident.code, incident.agent, incident.tenant)
            self._current.pop(key, None)
        self._tell(changed, by)

    def acknowledge(self, incident_id: str, by: str) -> None:
        """Acknowledge an incident; it continues to count.

        Raises:
            InputError: No incident of that id is open.
        """
        self._change(self._going_on(incident_id), State.ACKNOWLEDGED, by)

    def close(self, incident_id: str, by: str) -> None:
        """Close an incident; a further occurrence opens a new one.

        Raises:
            InputError: No incident of that id is open.
        """
        self._change(self._going_on(incident_id), State.CLOSED, by)

    def _going_on(self, incident_id: str) -> Incident:
        found = self._all.get(incident_id)
        if found is None or found.state is State.CLOSED:
            raise InputError(f"incident {incident_id!r}", "is not open (any more)", "see incidents()")
        return found

    def all(self) -> tuple[Incident, ...]:
        """Return the stored incidents, oldest first."""
        return tuple(self._all.values())

    def unclosed(self) -> dict[str, int]:
        """Return the number of open incidents for every severity."""
        counts = dict.fromkeys((severity.value for severity in Severity), 0)
        for incident in self._all.values():
            if incident.state is not State.CLOSED:
                counts[incident.severity.value] += 1
        return counts


def _severity(kind: str, count: int) -> Severity:
    risen = next(severity for least, severity in RISES if count >= least)
    return max(risen, Severity.HIGH, key=_RANKS.__getitem__) if kind in GRAVE else risen
