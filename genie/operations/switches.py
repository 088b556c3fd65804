"""Switches in force: on an agent, a tenant, or everything, with their operator and expiry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from genie.contracts.outcome import Outcome, Reason
from genie.contracts.ports.control import Act
from genie.inflight.interceptors import Interceptor

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.timers import Timer
    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope
    from genie.inflight.delivery import Ending
    from genie.inflight.mailbox import Subscriber

Kind = Literal["agent", "tenant", "all"]
Word = Literal["killed", "paused"]
Done = Literal["killed", "paused", "revived", "resumed"]
_LIFTED: dict[Word, Done] = {"killed": "revived", "paused": "resumed"}
PAUSED, KILLED = Reason("paused"), Reason("killed")


class Target(NamedTuple):
    """Target of a switch."""

    kind: Kind
    name: str = ""
    """Id of the agent or name of the tenant; empty for everything."""

    def __str__(self) -> str:
        return self.name if self.kind == "agent" else f"tenant {self.name}" if self.kind == "tenant" else "everything"


@dataclass(slots=True, eq=False)
class Switch:
    """One switch in force."""

    target: Target
    word: Word
    by: str
    reason: str
    until: float | None
    """Expiry on the loop's clock; None until it is lifted."""
    ending: Timer | None = None


class Switches(Interceptor):
    """The switches of one bus. An agent may be paused, quarantined and killed at once; each is lifted separately.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._tenants: set[str] = set()
        """Killed tenants."""
        self._everything = False
        bus.timers.on("switch", self._over)
        self._on: dict[tuple[Target, Word], Switch] = {}
        self._quarantined: dict[str, Reason] = {}
        """Quarantines hidden by a kill or a pause, by agent."""
        self.tell: Callable[[Act], None] | None = None
        """Told whenever somebody switches something off or lifts it."""

    def refuse(self, message: Envelope[Any]) -> Ending | None:
        """Return the outcome of messages of a killed tenant, or of all messages."""
        if self._everything:
            return Outcome.DENIED, Reason("killed", "everything is killed")
        tenant = message.headers.tenant
        if tenant in self._tenants:
            return Outcome.DENIED, Reason("killed", f"tenant {tenant!r} is killed")
        return None

    def _shut(self, target: Target, *, on: bool) -> None:
        if target.kind == "all":
            self._everything = on
        elif on:
            self._tenants.add(target.name)
        else:
            self._tenants.discard(target.name)
        self.active = self._everything or bool(self._tenants)
        self._bus.reintercept()
        self._bus.epoch += 1

    def on(self) -> tuple[Switch, ...]:
        """Return the switches in force, oldest first."""
        return tuple(self._on.values())

    def turn(self, target: Target, word: Word, *, by: str, reason: str, for_s: float | None) -> None:
        """Turn a switch on, from the next delivery on; a kill cancels running handlers.

        Args:
            target: What.
            word: How.
            by: Who does it.
            reason: Why.
            for_s: Seconds until it ends by itself, from 0; None until somebody lifts it.
        """
        bus = self._bus
        self._forget(target, word)
        until = None if for_s is None else bus.now() + for_s
        switch = self._on[target, word] = Switch(target, word, by, reason, until)
        detail = None if for_s is None else {"for_s": for_s}
        bus.record_act(word, str(target), by=by, reason=reason, detail=detail)
        if until is not None:
            switch.ending = bus.timers.at(until, "switch", switch)
        if target.kind == "agent":
            subscriber = bus.subscribers.get(target.name)
            if subscriber is not None:
                self.enforce(subscriber)
        else:
            self._shut(target, on=True)
            for tap in bus.taps:
                tap.forget(None if target.kind == "all" else target.name)
            for run in tuple(bus.runs.open_runs.values()):
                if target.kind == "all" or run.headers.tenant == target.name:
                    bus.runs.end(run, Outcome.CANCELLED, KILLED)
        self._record(word, target, by, reason, for_s)

    def lift(self, target: Target, word: Word, *, by: str, reason: str, quarantine: bool = True) -> None:
        """Lift a switch, and with it an agent's quarantine, unless that must stay."""
        bus = self._bus
        self._forget(target, word)
        bus.record_act(_LIFTED[word], str(target), by=by, reason=reason)
        if target.kind == "agent":
            subscriber = bus.subscribers.get(target.name)
            covered = self._quarantined.pop(target.name, None)
            if subscriber is not None:
                covered = _quarantine(subscriber) or covered
                bus.suspensions.restore(subscriber)
                if covered is not None and not quarantine:
                    self._quarantined[target.name] = covered
                self.enforce(subscriber)
        else:
            self._shut(target, on=False)
        if quarantine:  # a person did it; an expired switch is recorded by its date
            self._record(_LIFTED[word], target, by, reason, None)

    def target(self, act: Act) -> Target:
        """Return the target of an act from another terminal."""
        return Target(act.kind, act.name)

    def is_on(self, target: Target, word: Word) -> bool:
        """Return whether such a switch is in force."""
        return (target, word) in self._on

    def enforce(self, subscriber: Subscriber) -> None:
        """Suspend an agent according to its switches; a kill hides a quarantine, and a quarantine a pause."""
        agent = subscriber.card.id
        target = Target("agent", agent)
        quarantine = _quarantine(subscriber)
        if quarantine is not None:
            self._quarantined[agent] = quarantine
        if self.is_on(target, "killed"):
            self._bus.suspensions.suspend(subscriber, KILLED)
            self._bus.suspensions.cancel_handlers(subscriber, KILLED)
        elif agent in self._quarantined:
            self._bus.suspensions.suspend(subscriber, self._quarantined.pop(agent))
        elif self.is_on(target, "paused"):
            self._bus.suspensions.suspend(subscriber, PAUSED)

    def _forget(self, target: Target, word: Word) -> None:
        switch = self._on.pop((target, word), None)
        if switch is not None and switch.ending is not None:
            switch.ending.cancel()

    def _over(self, switch: Switch) -> None:
        """A switch has expired."""
        self.lift(switch.target, switch.word, by="supervisor", reason="its term is over", quarantine=False)

    def _record(self, word: Done, target: Target, by: str, reason: str, for_s: float | None) -> None:
        if self.tell is not None:
            until = None if for_s is None else self._bus.clock.wall().timestamp() + for_s
            self.tell(Act(word, target.kind, target.name, by, reason, until))


def _quarantine(subscriber: Subscriber) -> Reason | None:
    suspended = subscriber.suspended
    return suspended if suspended is not None and suspended.code == "quarantined" else None
