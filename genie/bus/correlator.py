"""Fan-in by correlation id and scope: when a wait is over, when a part has become impossible, when a join closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.bus.accounting import Outcome, Scope
from genie.bus.expectation import Expectation, Plan
from genie.contracts.message import topic_of
from genie.joins.agent import JoinPoint, JoinState
from genie.policy.disclosure import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.approvals.holds import Holds
    from genie.bus.accounting import Delivery, Failure
    from genie.bus.exchange import Exchange
    from genie.contracts.card import AgentCard
    from genie.contracts.gather import Each, Expected, Need
    from genie.contracts.message import Message, Payload


MOST_PLANS = 1024
"""Layouts of gathers that are kept; a program has a few, unless it makes them up as it goes."""


class Correlator:
    """Scopes and what they expect.

    Args:
        bus: The bus.
        holds: What waits for a person.
    """

    def __init__(self, bus: Exchange, holds: Holds) -> None:
        self._bus = bus
        self._holds = holds
        self._dirty: set[Scope] = set()
        self._plans: dict[object, Plan] = {}

    # --- scopes ---

    def open(self, delivery: Delivery) -> Scope:
        """Open a scope for what a handler asks."""
        parent = delivery.message.scope
        scope = Scope(parent.run, self._bus.next_number(), parent, delivery)
        if parent.children is None:
            parent.children = []
        parent.children.append(scope)
        return scope

    def expect(
        self,
        scope: Scope,
        expect: tuple[Expected, ...],
        need: Need,
        wake: Callable[[], None],
        kind: type[Payload],
    ) -> Expectation:
        """Set what a scope waits for; ``kind`` is the class of its question."""
        key = (expect, need, type(need), kind)  # True equals 1, and only one of them is a number of parts
        plan = self._plans.get(key)
        if plan is None:

            def members(part: Each[Any]) -> Iterable[str]:
                lanes = self._bus.route(part.of or kind).lanes
                return [lane.subscriber.card.id for lane in lanes if part.payload in lane.subscriber.card.produces]

            plan = Plan(expect, need, members, kind)
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        expectation = scope.expectation = Expectation(plan, wake)
        return expectation

    def replan(self) -> None:
        """Who subscribes has changed."""
        self._plans.clear()

    def close(self, scope: Scope) -> None:
        """The asker has what it gets; the scope is forgotten once nothing of it is in flight."""
        if not scope.in_flight and not scope.children:
            self._over(scope)

    def at_rest(self, scope: Scope) -> None:
        """Nothing of a scope is in flight: what has not come will not come."""
        if scope.joins:
            while not scope.in_flight and (state := self._first_join(scope.joins)) is not None:
                self._close_join(state, scope)
            if scope.in_flight or scope.done:
                return
        expectation = scope.expectation
        if expectation is not None and not expectation.done:
            expectation.conclude(scope.failures or (), self._reaching(expectation))
        if not scope.children and (scope.parent is None or expectation is None or expectation.closed):
            self._over(scope)

    def _over(self, scope: Scope) -> None:
        if scope.done:
            return
        scope.done = True
        run, parent = scope.run, scope.parent
        if parent is None:
            self._bus.trees.over(run)
            return
        run.folded = run.folded + scope.counts()
        if parent.children is not None:
            parent.children.remove(scope)
        if not parent.in_flight and not parent.children:
            self.at_rest(parent)

    # --- parts that can no longer come ---

    def failed(self, scope: Scope, failure: Failure, consumed: type[Payload]) -> None:
        """A delivery of a scope was not handled: see what that makes impossible."""
        expectation = scope.expectation
        if expectation is not None and not expectation.done:
            if not self._handed_over(scope, failure):
                expectation.fail_from(failure, consumed)
            self.check_later(scope)
        elif scope.joins:
            self.check_later(scope)

    def check_later(self, scope: Scope) -> None:
        """See at the alarm's next turn whether a part has become impossible while other things still run.

        Once a turn, however many deliveries ended in it: each look goes over everything in flight.
        """
        expectation = scope.expectation
        if (expectation is not None and not expectation.done) or scope.joins:
            if not self._dirty:
                self._bus.alarm.soon(self._check)
            self._dirty.add(scope)

    def _check(self) -> None:
        dirty, self._dirty = self._dirty, set()
        reachable: dict[Scope, set[type[Payload]]] = {scope: set() for scope in dirty}
        for delivery in self._bus.deliveries():
            kinds = reachable.get(delivery.message.scope)
            if kinds is not None:
                kinds |= self._bus.registry.reach(delivery.lane.subscriber.card.id)  # agents may have been added
        for _, scope, kind in self._bus.timers.values():
            kinds = reachable.get(scope)
            if kinds is not None:
                kinds.add(kind)
                for lane in self._bus.route(kind).lanes:
                    kinds |= lane.reach
        for scope, kinds in reachable.items():
            for state in (scope.joins or {}).values():
                if not state.closed:
                    kinds.update(self._bus.registry.reach(state.point.join.id))
            kinds.update(type(held.message.payload) for held in self._holds.answers(scope))
            self._give_up(scope, kinds)

    def _give_up(self, scope: Scope, kinds: set[type[Payload]]) -> None:
        for state in tuple((scope.joins or {}).values()):
            if not state.closed and not any(kind in kinds for kind in state.outstanding()):
                self._close_join(state, scope)
        expectation = scope.expectation
        if expectation is None or expectation.done:
            return
        for kind in {kind for kind, _ in expectation.outstanding()}:
            if kind not in kinds:
                expectation.give_up(kind, scope.failures or (), self._reaching(expectation))

    def _reaching(self, expectation: Expectation) -> Callable[[str | None, type[Payload]], bool]:
        registry = self._bus.registry
        joins = {point.join.id for point in self._bus.joins}

        def reaches(agent: str | None, kind: type[Payload]) -> bool:
            if agent is None:
                asked = expectation.asked
                return asked is not None and any(kind in lane.reach for lane in self._bus.route(asked).lanes)
            # What an agent could have brought that was removed meanwhile is not known any more: it is named.
            return kind in registry.reach(agent) or not (agent in registry or agent in joins)

        return reaches

    def _handed_over(self, scope: Scope, failure: Failure) -> bool:
        """True while a fallback works in the place of the agent that failed."""
        return any(
            other.message.number == failure.message
            and other.message.scope is scope
            and other.extra is not None
            and other.extra.instead_of == failure.instead_of
            and other.lane.subscriber.card.id != failure.agent
            for other in self._bus.deliveries()
        )

    # --- declared joins ---

    def join(self, point: JoinPoint, message: Message[Any], sender: AgentCard) -> None:
        """Give a part to a declared join, judged for the join's own card."""
        scope = message.scope
        kind = type(message.payload)
        scope.accepted += 1
        decision = point.gates[kind].judge(message, sender)
        if decision is not None:
            self._bus.judged(message, point.join.id, decision)
        # Nobody sits at a join to decide: what would be held for a person may not be joined silently.
        payload, denied, _ = seen(message, decision, point.card, carries=False)
        state = self._state(point, scope)
        if payload is None:
            scope.denied += 1
            failure = self._bus.remember(scope, message, point.join.id, Outcome.DENIED, denied)
            state.failed(kind, sender.id, str(failure), message)
            self._bus.tell(message, "denied", point.join.id, denied)
            self.check_later(scope)
        else:
            scope.handled += 1
            scope.redacted += payload is not message.payload
            taken = not state.closed and state.put(kind, sender.id, payload, message)
            if not taken:
                scope.late += 1
                self._bus.late += 1
            self._bus.tell(message, "handled" if taken else "late", point.join.id)
        if state.complete and not state.closed:
            self._close_join(state, scope)

    def _state(self, point: JoinPoint, scope: Scope) -> JoinState:
        joins = scope.joins
        if joins is None:
            joins = scope.joins = {}
        state: JoinState | None = joins.get(point.join.id)
        if state is None:
            cards = [subscriber.card for subscriber in self._bus.subscribers.values()]
            producers = {kind: sum(kind in card.produces for card in cards) for kind in point.kinds}
            state = opened = joins[point.join.id] = JoinState(point, scope, producers)
            self.check_later(scope)  # another part may have become impossible before this one came
            if point.join.within_s is not None:
                due = self._bus.now() + point.join.within_s
                state.timer = self._bus.alarm.at(due, lambda: self._close_join(opened, scope))
        return state

    def _first_join(self, joins: Mapping[str, JoinState]) -> JoinState | None:
        """Return the open join to be closed first: one that waits for nothing that another may bring."""
        states = [state for state in joins.values() if not state.closed]
        reach = self._bus.registry.reach
        for state in states:
            others = [reach(other.point.join.id) for other in states if other is not state]
            if not any(kind in kinds for kind in state.outstanding() for kinds in others):
                return state
        return states[0] if states else None

    def _close_join(self, state: JoinState, scope: Scope) -> None:
        """Publish what was joined, or say why nothing is."""
        if state.closed:
            return
        state.closed = True
        if state.timer is not None:
            state.timer.cancel()
        join = state.point.join
        payload, reason = state.build()
        last = self._bus.trees.current(state.last)
        scope.accepted += 1
        scope.in_flight += 1
        if payload is None:
            scope.dead_lettered += 1
            self._bus.remember(scope, last, join.id, Outcome.DEAD_LETTERED, reason, topic=topic_of(join.into).name)
            self._bus.tell(last, "dead_lettered", join.id, reason)
        else:
            scope.handled += 1
            headers = self._bus.trees.granted(state.headers or last.headers)
            self._bus.emit(payload, state.point.card, scope, last.number, last.hops + 1, headers, state.label)
        scope.in_flight -= 1
        if not scope.in_flight:
            self.at_rest(scope)
        else:
            self._bus.waits.look_later()  # a join that was open might have ended a wait
            if payload is None:
                self.check_later(scope)
