"""What an operator does to a running bus: policies, pauses, kills, revocations, holds; each lands in the audit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from genie.errors import InputError, UnknownAgentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.approvals.holds import Held
    from genie.approvals.request import ApprovalRequest, Seal, Sight
    from genie.approvals.voting import Ballot
    from genie.bus.bus import Bus
    from genie.bus.mailbox import Subscriber
    from genie.bus.supervisor import DeadLetter
    from genie.contracts.classification import Classification
    from genie.contracts.message import Payload
    from genie.operations.incidents import Incident
    from genie.operations.switches import Target, Word
    from genie.policy.policy import PolicySet


class Controls(ABC):
    """The governing calls of a runtime. Each raises the epoch, so that what is queued is judged again."""

    @abstractmethod
    def _open_bus(self) -> Bus:
        """Return the bus, or raise when the runtime is closed."""

    def replace_policies(self, policies: PolicySet, *, by: str = "operator", reason: str = "") -> None:
        """Judge by another set from now on; what is queued is judged again before it is handled."""
        self._open_bus().replace_policies(policies, by, reason)

    def pause(self, agent: str, *, for_s: float | None = None, by: str = "operator", reason: str = "") -> None:
        """Deliver nothing to an agent; its fallback takes over, or deliveries are denied at once.

        Args:
            agent: Its id.
            for_s: Seconds until it ends by itself; None until ``resume``.
            by: Who does it.
            reason: Why.
        """
        self._subscriber(agent)
        self._turn(_target(agent), "paused", by, reason, for_s)

    def resume(self, agent: str, *, by: str = "operator", reason: str = "") -> None:
        """Deliver to an agent again that was paused or quarantined.

        Raises:
            InputError: It is killed, which only ``revive`` lifts.
        """
        self._subscriber(agent)
        target = _target(agent)
        switches = self._open_bus().switches
        if switches.is_on(target, "killed"):
            raise InputError(f"agent {agent!r}", "is killed", "revive it")
        switches.lift(target, "paused", by=by, reason=reason)

    def kill(
        self,
        agent: str | None = None,
        *,
        tenant: str | None = None,
        everything: bool = False,
        for_s: float | None = None,
        by: str = "operator",
        reason: str = "",
    ) -> None:
        """Stop an agent, a tenant's runs, or everything: nothing more is delivered, and what runs is cancelled.

        Args:
            agent: Id of the agent.
            tenant: Name of the tenant.
            everything: Every run, of whomever.
            for_s: Seconds until it ends by itself; None until ``revive``.
            by: Who does it.
            reason: Why.

        Raises:
            TypeError: Not exactly one of the three is given.
        """
        target = _target(agent, tenant, everything)
        if agent is not None:
            self._subscriber(agent)
        self._turn(target, "killed", by, reason, for_s)

    def revive(
        self,
        agent: str | None = None,
        *,
        tenant: str | None = None,
        everything: bool = False,
        by: str = "operator",
        reason: str = "",
    ) -> None:
        """Lift a kill; of an agent its quarantine too. What was cancelled stays so.

        Raises:
            TypeError: Not exactly one of the three is given.
        """
        target = _target(agent, tenant, everything)
        if agent is not None:
            self._subscriber(agent)
        self._open_bus().switches.lift(target, "killed", by=by, reason=reason)

    def _turn(self, target: Target, word: Word, by: str, reason: str, for_s: float | None) -> None:
        if for_s is not None and not for_s >= 0:
            raise ValueError(f"a term is a number of seconds from 0, not {for_s}")
        self._open_bus().switches.turn(target, word, by=by, reason=reason, for_s=for_s)

    def revoke(self, consent: str, *, by: str = "operator", reason: str = "") -> None:
        """Withdraw a consent: headers lose it, in new messages and in those on their way, which are judged again."""
        bus = self._open_bus()
        bus.governed("revoked", consent, by=by, reason=reason)
        bus.trees.revoke(consent)

    def holds(self) -> tuple[Held, ...]:
        """Return what waits for a person, oldest first."""
        return self._open_bus().holds.all()

    def approvals(self) -> tuple[ApprovalRequest, ...]:
        """Return what people are asked to approve, oldest first, with the votes so far."""
        return tuple(held.request for held in self.holds())

    def sight(self, hold_id: str, clearance: Classification | None = None) -> Sight:
        """Return what an approver may see of what is held.

        Args:
            hold_id: Which one.
            clearance: The approver's; that of the run's caller by default.

        Raises:
            InputError: Nothing of that id is held.
        """
        ballot = self._ballot()
        return ballot.sight(ballot.held(hold_id), clearance)

    def approve(
        self,
        hold_id: str,
        *,
        by: str,
        roles: Iterable[str] = (),
        reason: str,
        edit: Payload | None = None,
        seal: Seal | None = None,
    ) -> ApprovalRequest:
        """Vote for what is held. With enough votes it is judged again, and its other verdicts still apply.

        Args:
            hold_id: Which one.
            by: Who approves; never the run's own user or the sender.
            roles: What they may decide, vouched for by whoever calls this.
            reason: Why.
            edit: What is to be delivered instead, of the same class. It is validated and judged as a new payload: votes
                for the old one are void, this one counts for the new one, and what a policy denies refuses the edit.
            seal: What the approver saw (``ApprovalRequest.seal``); the vote is void should something else be held now.

        Raises:
            InputError: It does not count, and why.
        """
        return self._ballot().vote(
            hold_id, by=by, roles=frozenset(roles), approve=True, reason=reason, edit=edit, seal=seal
        )

    def deny(
        self, hold_id: str, *, by: str, roles: Iterable[str] = (), reason: str, seal: Seal | None = None
    ) -> ApprovalRequest:
        """Vote against what is held; one person who may decide is enough, and it ends ``denied``.

        Raises:
            InputError: It does not count, and why.
        """
        return self._ballot().vote(hold_id, by=by, roles=frozenset(roles), approve=False, reason=reason, seal=seal)

    def release(self, hold_id: str, *, by: str = "operator", reason: str = "released") -> None:
        """Let go what is held, as the program that embeds this runtime; it is judged again.

        This is no way round an approval: what asks for roles or for several people wants ``approve``.

        Raises:
            InputError: Nothing of that id is held, it asks for named approvers, or ``by`` sent it.
        """
        self._ballot().release(hold_id, by=by, reason=reason)

    def refuse(self, hold_id: str, *, by: str = "operator", reason: str = "refused") -> None:
        """Deny what is held, as the program that embeds this runtime.

        Raises:
            InputError: Nothing of that id is held.
        """
        self._ballot().refuse(hold_id, by=by, reason=reason)

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters that are kept, oldest first."""
        return self._open_bus().supervisor.letters()

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

    def _ballot(self) -> Ballot:
        from genie.approvals.voting import Ballot  # noqa: PLC0415 - start-up: only what is open holds anything

        return Ballot(self._open_bus())

    def _subscriber(self, agent: str) -> Subscriber:
        bus = self._open_bus()
        found = bus.subscribers.get(agent)
        if found is None:
            raise UnknownAgentError(agent=agent, known=tuple(bus.subscribers))
        return found


def _target(
    agent: str | None,
    tenant: str | None = None,
    everything: bool = False,  # noqa: FBT001, FBT002 - as its caller has it
) -> Target:
    from genie.operations.switches import Target  # noqa: PLC0415 - start-up: only what is open can be switched off

    if (agent is not None) + (tenant is not None) + everything != 1:
        raise TypeError("name an agent, a tenant, or everything=True")
    if agent is not None:
        return Target("agent", agent)
    return Target("all") if tenant is None else Target("tenant", tenant)
