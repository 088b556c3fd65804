"""Operations: how an operator controls a running runtime. Each act is recorded in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.outcome import Outcome, Reason
from genie.errors import InputError, NotConsumedError, UnknownAgentError
from genie.operations.health import Health, health_of
from genie.operations.reload import EVERY_S
from genie.operations.switches import Switches, Target
from genie.runtime.arguments import checked, policy_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from genie.bus.bus import Bus
    from genie.inflight.dead_letters import DeadLetter
    from genie.inflight.mailbox import Subscriber
    from genie.operations.effects import Effect, EffectKeeper
    from genie.operations.incidents import Incident, Incidents
    from genie.operations.reload import Reloads
    from genie.operations.switches import Word
    from genie.policy.policy import Policy, PolicySet


class Operations:
    """The governing calls of a runtime. Each call raises the policy epoch, so queued mail is judged again.

    Args:
        bus: Returns the open bus, or raises when the runtime is closed.
        switches: The kill switches.
        incidents: Repeated denials and failures.
        reloads: Reloads the policy files.
        effects: The outside effects.
    """

    def __init__(
        self, bus: Callable[[], Bus], switches: Switches, incidents: Incidents, reloads: Reloads,
        effects: EffectKeeper,
    ) -> None:  # fmt: skip
        self._open_bus = bus
        self._switches = switches
        self._incidents = incidents
        self._reloads = reloads
        self._effects = effects
        self.redrive: Callable[[str], Awaitable[None]]
        """Publishes one dead letter again; set by the runtime."""

    @checked
    def replace_policies(
        self, policies: PolicySet | Iterable[Policy], *, by: str = "operator", reason: str = ""
    ) -> None:
        """Judge by another policy set from now on; queued mail is judged again before it is handled."""
        self._open_bus().replace_policies(policy_set(policies), by, reason)

    @checked
    async def reload(self, *, by: str = "operator", reason: str = "") -> bool:
        """Reload the policy files; queued mail is judged again.

        Args:
            by: The operator.
            reason: The reason, for the audit.

        Returns:
            False if the files match what is in force.

        Raises:
            ConfigError: The files cannot be used; the old policies stay in force.
            InputError: The runtime was not made from a pipeline file.
        """
        return await self._reloads.reload(by=by, reason=reason)

    @checked
    def watch_policies(self, *, every_s: float = EVERY_S) -> None:
        """Watch the policy files from now on, and reload them when their content changes; errors are logged.

        Args:
            every_s: Seconds between two checks, above 0.

        Raises:
            ValueError: ``every_s`` is not above 0.
        """
        self._reloads.watch_policies(every_s=every_s)

    # --- switches ---

    @checked
    def pause(self, agent: str, *, for_s: float | None = None, by: str = "operator", reason: str = "") -> None:
        """Stop deliveries to an agent; its fallback takes over, or deliveries are denied at once.

        Args:
            agent: Its id.
            for_s: Seconds until the pause expires; None until ``resume``.
            by: The operator.
            reason: The reason.
        """
        self.subscriber(agent)
        self._turn(Target("agent", agent), "paused", by, reason, for_s)

    @checked
    def resume(self, agent: str, *, by: str = "operator", reason: str = "") -> None:
        """Resume deliveries to an agent that was paused or quarantined.

        Raises:
            InputError: The agent is killed; only ``revive`` lifts that.
        """
        self.subscriber(agent)
        target = Target("agent", agent)
        if self._switches.is_on(target, "killed"):
            raise InputError(f"agent {agent!r}", "is killed", "revive it")
        self._switches.lift(target, "paused", by=by, reason=reason)

    @checked
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
        """Kill an agent, a tenant's runs, or everything: deliveries stop, and running handlers are cancelled.

        Args:
            agent: Id of the agent.
            tenant: Name of the tenant.
            everything: Every run of every caller.
            for_s: Seconds until the kill expires; None until ``revive``.
            by: The operator.
            reason: The reason.

        Raises:
            TypeError: Not exactly one of the three is given.
        """
        self._turn(self._target(agent, tenant, everything=everything), "killed", by, reason, for_s)

    @checked
    def revive(
        self,
        agent: str | None = None,
        *,
        tenant: str | None = None,
        everything: bool = False,
        by: str = "operator",
        reason: str = "",
    ) -> None:
        """Lift a kill; for an agent also its quarantine. Cancelled work stays cancelled.

        Raises:
            TypeError: Not exactly one of the three is given.
        """
        self._switches.lift(self._target(agent, tenant, everything=everything), "killed", by=by, reason=reason)

    def _turn(self, target: Target, word: Word, by: str, reason: str, for_s: float | None) -> None:
        if for_s is not None and not for_s >= 0:
            raise ValueError(f"a term must be a number of seconds, at least 0, not {for_s}")
        self._open_bus()
        self._switches.turn(target, word, by=by, reason=reason, for_s=for_s)

    def _target(self, agent: str | None, tenant: str | None, *, everything: bool) -> Target:
        if (agent is not None) + (tenant is not None) + everything != 1:
            raise TypeError("name an agent, a tenant, or everything=True")
        if agent is not None:
            self.subscriber(agent)
            return Target("agent", agent)
        self._open_bus()
        return Target("all") if tenant is None else Target("tenant", tenant)

    @checked
    def revoke(self, consent: str, *, by: str = "operator", reason: str = "") -> None:
        """Revoke a consent: headers of new messages and of messages in flight lose it; the latter are judged again."""
        bus = self._open_bus()
        bus.record_act("revoked", consent, by=by, reason=reason)
        bus.judging.revoke(consent)

    # --- runs ---

    @checked
    def cancel(self, run_id: str, *, by: str = "operator", reason: str = "cancelled") -> bool:
        """Cancel a run by its id; return False if no run of that id is in flight."""
        bus = self._open_bus()
        run = next((run for run in bus.runs.open_runs.values() if run.id == run_id), None)
        if run is None:
            return False
        bus.record_act("cancelled", run_id, by=by, reason=reason)
        bus.runs.end(run, Outcome.CANCELLED, Reason("cancelled", reason))
        return True

    # --- health ---

    def health(self) -> Health:
        """Return whether the runtime is live, ready or draining, and which agents are unhealthy, with reasons."""
        bus = self._open_bus()
        return health_of(bus, draining=bus.draining)

    # --- outside effects ---

    def effects(self) -> tuple[Effect, ...]:
        """Return the effects of ``context.once`` whose result a person must determine, oldest first."""
        self._open_bus()
        return self._effects.all()

    @checked
    def resolve_effect(
        self, effect_id: str, *, done: bool, result: object = None, by: str = "operator", reason: str = ""
    ) -> None:
        """Record whether an effect has happened; its handler then runs again.

        Args:
            effect_id: The effect.
            done: Whether it has happened: if so ``once`` returns ``result``, otherwise it is tried again.
            result: Its result, as JSON values.
            by: The person who found out.
            reason: How the person found out, for the audit.

        Raises:
            InputError: No effect of that id is indeterminate, or the result is not made of JSON values.
        """
        self._open_bus()
        self._effects.resolve(effect_id, done=done, result=result, by=by, reason=reason)

    # --- failures ---

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Return the stored dead letters, oldest first."""
        return self._open_bus().dead_letters.all()

    @checked
    async def redrive_all(
        self, *, agent: str | None = None, topic: str | None = None, code: str | None = None, per_s: float = 100.0
    ) -> int:
        """Redrive the stored dead letters of an agent, a topic or a reason's code.

        Args:
            agent: Id of the agent.
            topic: Its name.
            code: Code of the reason, such as ``timeout``.
            per_s: Letters a second, above 0.

        Returns:
            Number of redriven letters; each is judged again by the policies in force. A letter that is denied, or whose
            agent no longer exists, is kept, and logged.

        Raises:
            ValueError: ``per_s`` is not above 0.
        """
        import anyio  # noqa: PLC0415 - start-up: what is open has loaded it

        if not per_s > 0:
            raise ValueError(f"per_s must be a number above 0, not {per_s}")
        filters = (("agent", agent), ("topic", topic), ("code", code))
        done = 0
        for letter in self.dead_letters():
            if all(value in {None, getattr(letter, name)} for name, value in filters):
                if done:
                    await anyio.sleep(1 / per_s)
                try:
                    await self.redrive(letter.id)
                except (InputError, NotConsumedError, UnknownAgentError) as error:
                    self._open_bus().log_failure("redrive", error)
                else:
                    done += 1
        return done

    def incidents(self) -> tuple[Incident, ...]:
        """Return repeated denials and failures, each with its count and severity, oldest first."""
        self._open_bus()
        return self._incidents.all()

    @checked
    def acknowledge(self, incident_id: str, *, by: str = "operator") -> None:
        """Acknowledge an incident; it continues to count.

        Raises:
            InputError: No incident of that id is open.
        """
        self._open_bus()
        self._incidents.acknowledge(incident_id, by)

    @checked
    def close_incident(self, incident_id: str, *, by: str = "operator") -> None:
        """Close an incident; a further occurrence opens a new one.

        Raises:
            InputError: No incident of that id is open.
        """
        self._open_bus()
        self._incidents.close(incident_id, by)

    @checked
    def subscriber(self, agent: str) -> Subscriber:
        """Return an agent's subscriber.

        Raises:
            UnknownAgentError: There is no agent of that id.
        """
        bus = self._open_bus()
        found = bus.subscribers.get(agent)
        if found is None:
            raise UnknownAgentError(agent=agent, known=tuple(bus.subscribers))
        return found
