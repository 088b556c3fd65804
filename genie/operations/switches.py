"""What is switched off: an agent, a tenant, or everything; by whom, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from genie.bus.accounting import Outcome
from genie.bus.supervisor import EVERYTHING
from genie.contracts.ports.control import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.timers import Entry
    from genie.bus.exchange import Exchange
    from genie.bus.mailbox import Subscriber
    from genie.bus.supervisor import Supervisor

Kind = Literal["agent", "tenant", "all"]
Word = Literal["killed", "paused"]
Done = Literal["killed", "paused", "revived", "resumed"]
_LIFTED: dict[Word, Done] = {"killed": "revived", "paused": "resumed"}


class Target(NamedTuple):
    """What a switch is about."""

    kind: Kind
    name: str = ""
    """Id of the agent or name of the tenant; empty for everything."""

    def __str__(self) -> str:
        return self.name if self.kind == "agent" else f"tenant {self.name}" if self.kind == "tenant" else "everything"


@dataclass(slots=True, eq=False)
class Switch:
    """One thing that is switched off."""

    target: Target
    word: Word
    by: str
    reason: str
    until: float | None
    """On the loop's clock; None until somebody lifts it."""
    ending: Entry | None = None


class Switches:
    """The switches of one bus. An agent may be paused, quarantined and killed at once: each is lifted by itself.

    Args:
        bus: The bus.
        supervisor: Who turns deliveries away.
    """

    def __init__(self, bus: Exchange, supervisor: Supervisor) -> None:
        self._bus = bus
        self._supervisor = supervisor
        self._on: dict[tuple[Target, Word], Switch] = {}
        self._quarantined: dict[str, str] = {}
        """Quarantines that a kill or a pause covers, by agent."""
        self.tell: Callable[[Act], None] | None = None
        """Told whenever somebody switches something off or lifts it."""

    def on(self) -> tuple[Switch, ...]:
        """Return what is switched off now, oldest first."""
        return tuple(self._on.values())

    def turn(self, target: Target, word: Word, *, by: str, reason: str, for_s: float | None) -> None:
        """Switch something off, from the next delivery on; a kill cancels what runs.

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
        bus.governed(word, str(target), by=by, reason=reason, detail=detail)
        if until is not None:
            switch.ending = bus.alarm.at(until, lambda: self._over(switch))
        if target.kind == "agent":
            subscriber = bus.subscribers.get(target.name)
            if subscriber is not None:
                self.enforce(subscriber)
        else:
            self._supervisor.shut_tenants.add(target.name if target.kind == "tenant" else EVERYTHING)
            bus.epoch += 1
            for run in tuple(bus.runs.values()):
                if target.kind == "all" or run.headers.tenant == target.name:
                    bus.trees.end(run, Outcome.CANCELLED, "killed")
        self._told(word, target, by, reason, for_s)

    def lift(self, target: Target, word: Word, *, by: str, reason: str, quarantine: bool = True) -> None:
        """Lift a switch, and with it an agent's quarantine unless that is to stay."""
        bus = self._bus
        self._forget(target, word)
        bus.governed(_LIFTED[word], str(target), by=by, reason=reason)
        if target.kind == "agent":
            subscriber = bus.subscribers.get(target.name)
            covered = self._quarantined.pop(target.name, None)
            if subscriber is not None:
                covered = _quarantine(subscriber) or covered
                self._supervisor.unbar(subscriber)
                if covered is not None and not quarantine:
                    self._quarantined[target.name] = covered
                self.enforce(subscriber)
        else:
            self._supervisor.shut_tenants.discard(target.name if target.kind == "tenant" else EVERYTHING)
            bus.epoch += 1
        if quarantine:  # somebody did it; a term that is over is known by its date
            self._told(_LIFTED[word], target, by, reason, None)

    def is_on(self, target: Target, word: Word) -> bool:
        """Say whether something is switched off that way."""
        return (target, word) in self._on

    def enforce(self, subscriber: Subscriber) -> None:
        """Bar an agent as it is switched off; a kill covers a quarantine, and that a pause."""
        agent = subscriber.card.id
        target = Target("agent", agent)
        quarantine = _quarantine(subscriber)
        if quarantine is not None:
            self._quarantined[agent] = quarantine
        if self.is_on(target, "killed"):
            self._supervisor.bar(subscriber, "killed")
            cut(subscriber, "killed")
        elif agent in self._quarantined:
            self._supervisor.bar(subscriber, self._quarantined.pop(agent))
        elif self.is_on(target, "paused"):
            self._supervisor.bar(subscriber, "paused")

    def _forget(self, target: Target, word: Word) -> None:
        switch = self._on.pop((target, word), None)
        if switch is not None and switch.ending is not None:
            switch.ending.cancel()

    def _over(self, switch: Switch) -> None:
        """The term of a switch has come."""
        self.lift(switch.target, switch.word, by="supervisor", reason="its term is over", quarantine=False)

    def _told(self, word: Done, target: Target, by: str, reason: str, for_s: float | None) -> None:
        if self.tell is not None:
            until = None if for_s is None else self._bus.clock.wall().timestamp() + for_s
            self.tell(Act(word, target.kind, target.name, by, reason, until))


def _quarantine(subscriber: Subscriber) -> str | None:
    barred = subscriber.barred
    return barred if barred is not None and barred.startswith("quarantined") else None


def cut(subscriber: Subscriber, reason: str) -> None:
    """Cancel what an agent is handling."""
    for worker in tuple(subscriber.workers):
        if worker.delivery is not None:
            worker.cut(Outcome.CANCELLED, reason)
