"""What an operator does to a running bus: policies, pauses, kills, revocations, holds; each lands in the audit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from genie.account import Outcome
from genie.errors import InputError, UnknownAgentError

if TYPE_CHECKING:
    from genie.bus import Bus
    from genie.holds import Held
    from genie.incident import Incident
    from genie.mailbox import Subscriber
    from genie.policy import PolicySet


class Controls(ABC):
    """The governing calls of a runtime. Each raises the epoch, so that what is queued is judged again."""

    @abstractmethod
    def _open_bus(self) -> Bus:
        """Return the bus, or raise when the runtime is closed."""

    def replace_policies(self, policies: PolicySet, *, by: str = "operator", reason: str = "") -> None:
        """Judge by another set from now on; what is queued is judged again before it is handled."""
        self._open_bus().replace_policies(policies, by, reason)

    def pause(self, agent: str, *, by: str = "operator", reason: str = "") -> None:
        """Deliver nothing to an agent; its fallback takes over, or deliveries are denied at once."""
        bus = self._open_bus()
        bus.supervisor.bar(self._subscriber(agent), "paused")
        bus.governed("paused", agent, by=by, reason=reason)

    def resume(self, agent: str, *, by: str = "operator", reason: str = "") -> None:
        """Deliver to an agent again that was paused, killed or quarantined."""
        bus = self._open_bus()
        bus.supervisor.unbar(self._subscriber(agent))
        bus.governed("resumed", agent, by=by, reason=reason)

    def kill(
        self, agent: str | None = None, *, tenant: str | None = None, by: str = "operator", reason: str = ""
    ) -> None:
        """Stop an agent, or a tenant's runs: nothing more is delivered, and what runs is cancelled.

        Raises:
            TypeError: Neither or both are given.
        """
        bus = self._open_bus()
        if (agent is None) == (tenant is None):
            raise TypeError("kill an agent or a tenant")
        if agent is not None:
            subscriber = self._subscriber(agent)
            bus.governed("killed", agent, by=by, reason=reason)
            bus.supervisor.bar(subscriber, "killed")
            cut(subscriber, "killed")
        elif tenant is not None:
            bus.governed("killed", f"tenant {tenant}", by=by, reason=reason)
            bus.supervisor.shut_tenants.add(tenant)
            bus.epoch += 1
            for run in tuple(bus.runs.values()):
                if run.headers.tenant == tenant:
                    bus.trees.end(run, Outcome.CANCELLED, "killed")

    def revoke(self, consent: str, *, by: str = "operator", reason: str = "") -> None:
        """Withdraw a consent: headers lose it, in new messages and in those on their way, which are judged again."""
        bus = self._open_bus()
        bus.governed("revoked", consent, by=by, reason=reason)
        bus.trees.revoke(consent)

    def holds(self) -> tuple[Held, ...]:
        """Return what waits for a person, oldest first."""
        return self._open_bus().holds.all()

    def release(self, hold_id: str) -> None:
        """Allow what is held; it is judged again, and its other verdicts still apply.

        Raises:
            InputError: Nothing of that id is held.
        """
        bus = self._open_bus()
        bus.desk.release(self._held(bus, hold_id))

    def refuse(self, hold_id: str, *, reason: str = "refused") -> None:
        """Deny what is held.

        Raises:
            InputError: Nothing of that id is held.
        """
        bus = self._open_bus()
        bus.desk.refuse(self._held(bus, hold_id), Outcome.DENIED, reason)

    def incidents(self) -> tuple[Incident, ...]:
        """Return repeated denials and failures, each with its count and severity, oldest first."""
        return self._open_bus().recorder.incidents.all()

    def acknowledge(self, incident_id: str, *, by: str = "operator") -> None:
        """Say that somebody has seen an incident; its count goes on.

        Raises:
            InputError: No incident of that id is open.
        """
        self._open_bus().recorder.incidents.acknowledge(incident_id, by)

    def close_incident(self, incident_id: str, *, by: str = "operator") -> None:
        """Say that an incident has been dealt with; another occurrence opens another one.

        Raises:
            InputError: No incident of that id is open.
        """
        self._open_bus().recorder.incidents.close(incident_id, by)

    @staticmethod
    def _held(bus: Bus, hold_id: str) -> Held:
        held = bus.holds.pop(hold_id)
        if held is None:
            raise InputError(f"hold {hold_id!r}", "is not waiting (any more)", "see holds()")
        return held

    def _subscriber(self, agent: str) -> Subscriber:
        bus = self._open_bus()
        found = bus.subscribers.get(agent)
        if found is None:
            raise UnknownAgentError(agent=agent, known=tuple(bus.subscribers))
        return found


def cut(subscriber: Subscriber, reason: str) -> None:
    """Cancel what an agent is handling."""
    for worker in tuple(subscriber.workers):
        if worker.delivery is not None:
            worker.cut(Outcome.CANCELLED, reason)
