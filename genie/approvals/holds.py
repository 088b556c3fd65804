"""Deliveries and answers that wait for a person."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.approvals.request import ApprovalRequest, State, request_of
from genie.bus.accounting import Extra, Outcome
from genie.bus.expectation import ONE, Expectation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from genie.backend.timers import Entry
    from genie.bus.accounting import Delivery, Scope
    from genie.bus.exchange import Exchange
    from genie.contracts.message import Message, Payload
    from genie.policy.policy import Decision


REMEMBERED = 1_000
"""Approvals that have ended and can still be looked up."""
_STATES = {Outcome.DENIED: State.DENIED, Outcome.EXPIRED: State.EXPIRED, Outcome.CANCELLED: State.CANCELLED}


@dataclass(slots=True, eq=False)
class Held:
    """One delivery or answer under decision."""

    id: str
    message: Message[Any]
    recipient: str
    decision: Decision
    delivery: Delivery | None
    """None for an answer on its way to its asker."""
    request: ApprovalRequest
    """What is asked of people, and what they have said so far."""
    agent: str
    """In whose name an answer counts: its own, or that of a delivery's recipient or of whom that stands in for."""
    approved: frozenset[str] = frozenset()
    """``policy@version`` of earlier holds of an answer that a person has approved."""
    expiry: Entry | None = None

    @property
    def reason(self) -> str:
        """Why it is held."""
        return self.decision.summary


class Holds:
    """What is held now, by id."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self.ended: deque[ApprovalRequest] = deque(maxlen=REMEMBERED)
        """Approvals that are over, oldest first."""
        self.tell: Callable[[ApprovalRequest], None] | None = None
        """Told of every approval that opens, changes or ends."""

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, held: Held) -> None:
        """Park one."""
        self._held[held.id] = held

    def get(self, hold_id: str) -> Held | None:
        """Return one without removing it; None if it is not held (any more)."""
        return self._held.get(hold_id)

    def changed(self, held: Held, request: ApprovalRequest) -> None:
        """Keep how an approval stands now, and tell of it."""
        held.request = request
        if request.state is not State.PENDING:
            self.ended.append(request)
        if self.tell is not None:
            self.tell(request)

    def pop(self, hold_id: str) -> Held | None:
        """Remove and return one; None if it is not held (any more)."""
        held = self._held.pop(hold_id, None)
        if held is not None and held.expiry is not None:
            held.expiry.cancel()
        return held

    def take(self, belongs: Callable[[Held], bool]) -> list[Held]:
        """Remove and return those that ``belongs`` picks."""
        taken = [held for held in self._held.values() if belongs(held)]
        for held in taken:
            self.pop(held.id)
        return taken

    def all(self) -> tuple[Held, ...]:
        """Return everything held, oldest first."""
        return tuple(self._held.values())

    def deliveries(self) -> Iterator[Delivery]:
        """Yield the held deliveries."""
        for held in self._held.values():
            if held.delivery is not None:
                yield held.delivery

    def answers(self, scope: Scope) -> Iterator[Held]:
        """Yield the held answers of a scope."""
        for held in self._held.values():
            if held.delivery is None and held.message.scope is scope:
                yield held

    def of(self, belongs: Callable[[Scope], bool]) -> tuple[Held, ...]:
        """Return what is held in some scopes."""
        return tuple(held for held in self._held.values() if belongs(held.message.scope))


class HoldDesk:
    """Parks deliveries and answers, and carries out what a person decides.

    Args:
        bus: The bus.
        holds: What is held.
    """

    def __init__(self, bus: Exchange, holds: Holds) -> None:
        self._bus = bus
        self._holds = holds

    def hold(self, delivery: Delivery, decision: Decision) -> None:
        """Park a delivery until a person decides."""
        message = delivery.message
        recipient = delivery.lane.subscriber.card.id
        try:
            request = self._request(message, recipient, decision)
        except Exception as error:  # noqa: BLE001 - fail closed: what cannot be sealed cannot be approved
            self._bus.settle(delivery, Outcome.DENIED, f"cannot be put to people ({type(error).__name__})")
            return
        delivery.lane.subscriber.tally.held += 1
        self._park(Held(request.id, message, recipient, decision, delivery, request, _stands_for(delivery)))

    def hold_answer(
        self, message: Message[Any], asker: str, agent: str, decision: Decision, approved: frozenset[str]
    ) -> None:
        """Park an answer on its way to its asker."""
        scope = message.scope
        try:
            request = self._request(message, asker, decision)
        except Exception as error:  # noqa: BLE001 - as above
            why = f"cannot be put to people ({type(error).__name__})"
            self._bus.no_answer(message, scope, scope.expectation, agent, Outcome.DENIED, why)
            return
        scope.in_flight += 1
        self._park(Held(request.id, message, asker, decision, None, request, agent, approved))

    def _request(self, message: Message[Any], recipient: str, decision: Decision) -> ApprovalRequest:
        bus = self._bus
        opened = bus.clock.wall().timestamp()
        expires = opened + (bus.limits.hold_s if decision.expires_s is None else decision.expires_s)
        hold_id = f"hold-{bus.next_number():x}-{message.id}"
        return request_of(hold_id, message, recipient, decision, opened=opened, expires=expires)

    def _park(self, held: Held) -> None:
        scope, bus = held.message.scope, self._bus
        run = scope.run
        _raise_held(scope, 1)
        if not run.held:
            run.held_since = bus.now()
        run.held += 1
        run.noisy = True
        hold_s = held.decision.expires_s
        due = bus.now() + (bus.limits.hold_s if hold_s is None else hold_s)
        held.expiry = bus.alarm.at(due, lambda: self._expired(held.id))
        request = held.request
        self._holds.add(held)
        _name_in_parts(held)
        bus.tell(held.message, "held", held.recipient, f"{held.id}: {held.reason}")
        bus.governed("held", held.id, by="policy", reason=held.reason, message=held.message, detail=request.evidence())
        self._holds.changed(held, request)
        bus.alarm.soon(lambda: bus.trees.notice(run))

    def _unpark(self, held: Held) -> None:
        scope, bus = held.message.scope, self._bus
        run = scope.run
        _raise_held(scope, -1)
        run.held -= 1
        for expectation, kind, agent in _parts(held):
            expectation.unhold(kind, agent, held.id)
        for other in self._holds.of(lambda scope: scope.run is run):
            _name_in_parts(other)
        if not run.held and run.deadline != math.inf:
            run.deadline += bus.now() - run.held_since
            run.expiry.cancel()
            run.expiry = bus.alarm.at(run.deadline, lambda: bus.trees.expire(run))
        bus.alarm.soon(lambda: bus.trees.notice(run))

    def release(self, held: Held) -> None:
        """It is approved: it is judged again with that as an input; its other verdicts still apply."""
        bus, state = self._bus, held.request.state
        if state is not State.APPROVED:  # whoever calls: nothing else runs
            self.refuse(held, Outcome.DENIED, f"is {state}, not approved")
            return
        self._unpark(held)
        bus.tell(held.message, "released", held.recipient, held.id)
        approved = held.approved | held.decision.holds
        if held.delivery is None:
            message = bus.trees.current(held.message)
            scope = message.scope
            scope.accepted -= 1  # it was accepted when it was parked, and is accepted anew with its verdict
            bus.answer(message, bus.card_of(message), scope, scope.expectation, held.agent, None, approved)
            self._less(scope)
            return
        delivery = held.delivery
        extra = delivery.extra = delivery.extra or Extra()
        extra.approved |= approved
        if bus.judge_again(delivery):
            bus.enqueue(delivery)

    def refuse(self, held: Held, outcome: Outcome, reason: str) -> None:
        """It ends: a person does not allow it, its time is over, or its run is."""
        self._unpark(held)
        if held.request.state is State.PENDING:
            self._holds.changed(held, held.request.ended(_STATES[outcome]))
        if held.delivery is not None:
            self._bus.settle(held.delivery, outcome, reason)
            return
        scope = held.message.scope
        self._bus.no_answer(held.message, scope, scope.expectation, held.agent, outcome, reason)
        self._less(scope)

    def replace(self, held: Held, message: Message[Any], decision: Decision) -> None:
        """Put an edited message in the place of the one that is held; what was approved of that one counts no more."""
        held.message = message
        held.approved = frozenset()
        held.decision = decision
        if held.delivery is not None:
            held.delivery.message = message
            if held.delivery.extra is not None:
                held.delivery.extra.approved = frozenset()
        self._bus.tell(message, "accepted", None)

    def end(self, belongs: Callable[[Scope], bool], outcome: Outcome, reason: str) -> None:
        """End what is held in some scopes."""
        for held in self._holds.take(lambda held: belongs(held.message.scope)):
            detail = held.request.ended(_STATES[outcome]).evidence()
            self._bus.governed(
                "withdrawn", held.id, by="supervisor", reason=reason, message=held.message, detail=detail
            )
            self.refuse(held, outcome, reason)

    def _expired(self, hold_id: str) -> None:
        held = self._holds.pop(hold_id)
        if held is not None:
            detail = held.request.ended(State.EXPIRED).evidence()
            self._bus.governed(
                "expired", hold_id, by="supervisor", reason=held.reason, message=held.message, detail=detail
            )
            self.refuse(held, Outcome.EXPIRED, "hold")

    def _less(self, scope: Scope) -> None:
        scope.in_flight -= 1
        if not scope.in_flight:
            self._bus.correlator.at_rest(scope)
        elif scope.entangled:
            self._bus.waits.look_later()

    def all_held(self, scope: Scope) -> bool:
        """Return True when everything in flight in a scope is held, or a handler that waits for what is held."""
        if not scope.held:
            return False
        waiting: set[int] = set()
        for child in scope.children or ():
            expectation: Expectation | None = child.expectation
            if expectation is not None and not expectation.closed:
                if not self.all_held(child):
                    return False
                waiting.add(id(child.owner))
            elif child.in_flight and not self.all_held(child):
                return False
        own = sum(1 for held in self._holds.all() if held.message.scope is scope)
        return scope.in_flight == own + len(waiting)


def _raise_held(scope: Scope, by: int) -> None:
    above: Scope | None = scope
    while above is not None:
        above.held += by
        above = above.parent


def _name_in_parts(held: Held) -> None:
    """A part that waits for a person is missing as held, should its asker not wait that long."""
    for expectation, kind, agent in _parts(held):
        expectation.hold(kind, agent, held.id)


def _parts(held: Held) -> Iterator[tuple[Expectation, type[Payload], str]]:
    """Yield the outstanding parts that hang on what is held: of its scope, and of those above it."""
    reach = frozenset((type(held.message.payload),)) if held.delivery is None else held.delivery.lane.reach
    scope: Scope | None = held.message.scope
    agent = held.agent
    while scope is not None:
        expectation: Expectation | None = scope.expectation
        if expectation is not None:
            for kind, of in expectation.outstanding():
                if kind in reach and of in {ONE, agent}:
                    yield expectation, kind, of
        owner: Delivery | None = scope.owner
        if owner is None:
            return
        reach, agent, scope = owner.lane.reach, _stands_for(owner), scope.parent


def _stands_for(delivery: Delivery) -> str:
    recipient: str = delivery.lane.subscriber.card.id
    return recipient if delivery.extra is None else delivery.extra.instead_of or recipient
