"""Declared joins: built-in agents that gather the parts of one scope into one payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin

from pydantic import ValidationError

from genie.contracts.agent import Join
from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, Payload, topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.errors import class_name
from genie.inflight import accounting
from genie.inflight.delivery import disclose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.backend.timers import Timer
    from genie.bus.bus import Bus
    from genie.contracts.headers import Headers
    from genie.inflight.accounting import Scope
    from genie.policy.policy import Decision


class JoinAgent:
    """One declared join: a recipient of the bus that takes parts in place and publishes the joined payload.

    Args:
        bus: The bus.
        join: Its declaration.
    """

    def __init__(self, bus: Bus, join: Join) -> None:
        self._bus = bus
        self.join = join
        self.id = join.id
        self.kinds: tuple[type[Payload], ...] = tuple(dict.fromkeys(join.parts.values()))
        self.card = AgentCard(
            id=join.id, risk=Risk.LOW, tier=Tier.PRODUCTION, consumes=self.kinds, produces=(join.into,),
            clearance=join.clearance,
        )  # fmt: skip
        bus.timers.on(f"join {join.id}", self._close)

    def accept(self, message: Envelope[Any], sender: AgentCard, decision: Decision | None) -> None:
        """Take a part. Nobody can approve at a join, so a held part is denied."""
        bus, scope, kind = self._bus, message.scope, type(message.payload)
        if decision is not None and decision.verdict == "consult" and bus.consultations is not None:
            bus.consultations.ask_part(message, self, decision)
            return
        payload, denied, _ = disclose(message, decision, self.card, carries=False)
        state = self._state(scope)
        if payload is None:
            accounting.refuse_answer(scope, Outcome.DENIED)
            reason = Reason("policy" if decision is None else decision.code, denied)
            failure = accounting.failure_of(message, topic_of(kind).name, self.id, Outcome.DENIED, reason)
            accounting.remember(scope, failure)
            state.failed(kind, sender.id, str(failure), message)
            bus.emit_event(message, "denied", self.id, reason)
            bus.correlator.check_later(scope)
        else:
            accounting.answered(scope, payload is not message.payload)
            taken = not state.closed and state.put(kind, sender.id, payload, message)
            if not taken:
                accounting.late(bus, scope)
            bus.emit_event(message, "handled" if taken else "late", self.id)
        if state.complete and not state.closed:
            self._close(state)

    def _state(self, scope: Scope) -> JoinState:
        if scope.sinks is None:
            scope.sinks = {}
        state: JoinState | None = scope.sinks.get(self.id)
        if state is None:
            cards = [subscriber.card for subscriber in self._bus.subscribers.values()]
            producers = {kind: sum(kind in card.produces for card in cards) for kind in self.kinds}
            state = scope.sinks[self.id] = JoinState(self.join, scope, producers)
            self._bus.correlator.check_later(scope)  # another part may have become impossible before this one arrived
            if self.join.within_s is not None:
                state.timer = self._bus.timers.at(self._bus.now() + self.join.within_s, f"join {self.id}", state)
        return state

    def _open(self, scope: Scope) -> JoinState | None:
        state: JoinState | None = (scope.sinks or {}).get(self.id)
        return None if state is None or state.closed else state

    def at_rest(self, scope: Scope) -> bool:
        """Nothing else of a scope is in flight: close the join, unless another open one may produce a missing part."""
        state = self._open(scope)
        if state is None:
            return False
        reach = self._bus.registry.reach
        others = [reach(other.id) for other in (scope.sinks or {}).values() if other is not state and not other.closed]
        earlier = [other for other in (scope.sinks or {}).values() if not other.closed]
        blocked = any(kind in kinds for kind in state.outstanding() for kinds in others)
        if blocked and (earlier[0] is not state or any(not self._blocked(one, earlier) for one in earlier)):
            return False
        self._close(state)
        return True

    def _blocked(self, state: JoinState, open_states: list[JoinState]) -> bool:
        reach = self._bus.registry.reach
        kinds = [reach(other.id) for other in open_states if other is not state]
        return any(kind in brought for kind in state.outstanding() for brought in kinds)

    def may_bring(self, scope: Scope) -> frozenset[type[Any]]:
        """Return what may follow from the join while it is open."""
        return frozenset() if self._open(scope) is None else self._bus.registry.reach(self.id)

    def give_up(self, scope: Scope, kinds: set[type[Any]]) -> None:
        """Close the join when none of its outstanding parts can come."""
        state = self._open(scope)
        if state is not None and not any(kind in kinds for kind in state.outstanding()):
            self._close(state)

    def waits(self, scope: Scope) -> bool:
        """Return True if a timer will close the join."""
        state = self._open(scope)
        return state is not None and state.timer is not None

    def close(self, scope: Scope) -> None:
        """A scope was cut off: publish nothing for it."""
        state = (scope.sinks or {}).pop(self.id, None)
        if state is not None:
            state.closed = True
            if state.timer is not None:
                state.timer.cancel()

    def _close(self, state: JoinState) -> None:
        """Publish the joined payload, or report why there is none."""
        if state.closed:
            return
        state.closed = True
        if state.timer is not None:
            state.timer.cancel()
        bus, scope, join = self._bus, state.scope, self.join
        payload, why = state.build()
        last = bus.judging.current(state.last)
        accounting.park(scope)
        try:
            if payload is None:
                topic, reason = topic_of(join.into).name, Reason("join", why)
                failure = accounting.failure_of(last, topic, join.id, Outcome.DEAD_LETTERED, reason)
                accounting.remember(scope, failure)
                bus.emit_event(last, "dead_lettered", join.id, reason)
            else:
                headers = bus.judging.narrowed(state.headers or last.headers)
                bus.publish(payload, self.card, scope, last.number, last.hops + 1, headers, state.label)
        finally:
            accounting.unpark(scope, Outcome.DEAD_LETTERED if payload is None else Outcome.HANDLED)
        if not scope.in_flight:
            bus.correlator.at_rest(scope)
        else:
            bus.deadlocks.look(scope)  # an open join might have ended a wait
            if payload is None:
                bus.correlator.check_later(scope)


class JoinState:
    """State of one join in one scope."""

    __slots__ = ("_failures", "_got", "_wanted", "closed", "headers", "id", "join", "label", "last", "scope", "timer")

    def __init__(self, join: Join, scope: Scope, producers: Mapping[type[Payload], int]) -> None:
        self.join = join
        self.id = join.id
        self.scope = scope
        self.closed = False
        self.label = Classification.PUBLIC
        self.headers: Headers | None = None
        self.last: Envelope[Any]
        self.timer: Timer | None = None
        self._failures: dict[type[Payload], list[str]] = {}
        self._got: dict[str, dict[str, Payload]] = {field: {} for field in join.parts}
        self._wanted = {
            field: max(1, producers[kind]) if self._several(field) else 1 for field, kind in join.parts.items()
        }

    def _several(self, field: str) -> bool:
        info = self.join.into.model_fields[field]
        return get_origin(info.annotation) is tuple

    def put(self, kind: type[Payload], sender: str, payload: Payload, message: Envelope[Any]) -> bool:
        """Take a part; return False if all its places are filled."""
        for field, of in self.join.parts.items():
            got = self._got[field]
            if of is kind and len(got) < self._wanted[field] and sender not in got:
                got[sender] = payload
                self._read(message)
                return True
        return False

    def failed(self, kind: type[Payload], sender: str, reason: str, message: Envelope[Any]) -> None:
        """A part was denied to the join; it may still be the cause of its output."""
        if not any(self._got.values()):
            self._read(message)
        self._failures.setdefault(kind, []).append(f"{sender}: {reason}")

    def _read(self, message: Envelope[Any]) -> None:
        """The output is caused by the last part, and has the highest label and the narrowest headers of all parts."""
        self.last = message
        self.label = max(self.label, message.label)
        self.headers = message.headers if self.headers is None else self.headers.met(message.headers)

    @property
    def complete(self) -> bool:
        """True if ``need`` is met."""
        need = self.join.need
        came = sum(len(got) for got in self._got.values())
        if need == "all":
            return all(len(self._got[field]) >= wanted for field, wanted in self._wanted.items())
        return came >= (1 if need == "first" else need)

    def outstanding(self) -> list[type[Payload]]:
        """Return the classes of missing parts."""
        parts = self.join.parts
        return [parts[field] for field, wanted in self._wanted.items() if len(self._got[field]) < wanted]

    def build(self) -> tuple[Payload | None, str]:
        """Return the joined payload, or None and the reason."""
        join = self.join
        if not self.complete and join.partial == "fail":
            return None, f"join: {self._why_missing()}"
        values: dict[str, object] = {}
        for field, got in self._got.items():
            if self._several(field):
                values[field] = tuple(got[sender] for sender in sorted(got))
            elif got:
                values[field] = next(iter(got.values()))
        try:
            return join.into(**values), ""
        except BaseException as error:  # noqa: BLE001 - a validator of the payload's author may raise anything
            if not isinstance(error, ValidationError):
                return None, f"join: {topic_of(join.into).name} cannot be built ({class_name(error)})"
            return None, f"join: {topic_of(join.into).name} cannot be built without {self._why_missing()}"

    def _why_missing(self) -> str:
        named = []
        for kind in dict.fromkeys(self.outstanding()):
            why = "; ".join(self._failures.get(kind, ())) or "did not come"
            named.append(f"{topic_of(kind).name} ({why})")
        return ", ".join(named)
