"""Holds: deliveries and answers that wait for a person, in the bus's table of parked items."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genie.approvals.request import ApprovalRequest, State, digest, request_of
from genie.bus.judging import CHANGED
from genie.contracts.outcome import Outcome, Reason
from genie.errors import class_name
from genie.inflight import accounting
from genie.inflight.delivery import Extra, original, stands_for
from genie.inflight.gather import ONE, Gather, Part
from genie.inflight.pending import HOLD, Parked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.delivery import Delivery
    from genie.policy.policy import Decision, Verdict

REMEMBERED = 1_000
"""Number of ended approvals that can still be looked up."""
_STATES = {Outcome.DENIED: State.DENIED, Outcome.EXPIRED: State.EXPIRED, Outcome.CANCELLED: State.CANCELLED}


@dataclass(slots=True, eq=False)
class Held:
    """One delivery or answer that waits for a decision."""

    id: str
    message: Envelope[Any]
    recipient: str
    decision: Decision
    delivery: Delivery | None
    """None for an answer that has not yet reached its asker."""
    request: ApprovalRequest
    """The approval request, with the votes so far."""
    agent: str
    """The agent under whose name an answer counts."""
    approved: frozenset[str] = frozenset()
    """``policy@version`` of earlier holds of an answer that a person has approved."""
    heard: Mapping[str, Verdict] = field(default_factory=dict)
    """Verdicts of slow judges on an answer, by ``policy@version``."""
    parked: Parked | None = None
    """Its entry in the table of parked items."""
    first: Envelope[Any] | None = None
    """The payload before its first edit; None without one, or if an earlier process edited it."""
    again: bool = False
    """True if an earlier process held it and already asked people."""

    @property
    def place(self) -> str:
        """Its place in a log: its delivery, or its message and the asker."""
        return place_of(self.message, self.recipient) if self.delivery is None else self.delivery.id

    @property
    def reason(self) -> str:
        """Why it is held."""
        return self.decision.summary


class Holds:
    """Parks deliveries and answers, and applies the decisions of people.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._held: dict[str, Held] = {}
        self.ended: deque[ApprovalRequest] = deque(maxlen=REMEMBERED)
        """Ended approvals, oldest first."""
        self.changed: Callable[[ApprovalRequest], None] | None = None
        """Called for every approval that opens, changes or ends."""
        self._reopened: dict[str, LogRecord] = {}
        """Holds of an earlier process, by place, until they are held again."""
        bus.pending.on(HOLD, self._expired)

    # --- holding ---

    def __len__(self) -> int:
        return len(self._held)

    def get(self, hold_id: str) -> Held | None:
        """Return a hold without removing it; None if there is none."""
        return self._held.get(hold_id)

    def all(self) -> tuple[Held, ...]:
        """Return all holds, oldest first."""
        return tuple(self._held.values())

    def of(self, run: RunState) -> tuple[Held, ...]:
        """Return the holds of one run."""
        return _below(run.root)

    def held_parts(self, scope: Scope) -> dict[Part, str]:
        """Return the held parts of a scope's gather, each with the oldest hold that it depends on."""
        found: dict[Part, str] = {}
        for held in _below(scope):
            for gather, kind, agent in _parts(held):
                if gather is scope.gather:
                    found.setdefault((kind, agent), held.id)
        return found

    def pop(self, hold_id: str) -> Held | None:
        """Remove and return a hold; None if there is none."""
        held = self._held.pop(hold_id, None)
        if held is not None and held.parked is not None:
            self._bus.pending.take(held.parked)
        return held

    def update(self, held: Held, request: ApprovalRequest) -> None:
        """Store the present state of an approval and report it."""
        held.request = request
        if request.state is not State.PENDING:
            self.ended.append(request)
        else:
            self._record(held, {"kind": "hold", **request.kept()})
        if self.changed is not None:
            self.changed(request)

    # --- a log ---

    def reopen(self, facts: Mapping[str, LogRecord]) -> None:
        """Take over what an earlier process held, by place: what is held again keeps its id, term, votes and edits."""
        self._reopened.update(facts)

    def _record(self, held: Held, fact: LogRecord) -> None:
        recorder = self._bus.observers.recorder
        if recorder is not None:
            recorder.fact({"run": held.message.scope.run.number, "place": held.place, **fact})

    # --- parking ---

    def hold(self, delivery: Delivery, decision: Decision) -> None:
        """Park a delivery until a person decides."""
        message = delivery.message
        recipient = delivery.subscription.subscriber.card.id
        try:
            request, again = self._request(message, recipient, decision, delivery.id)
        except Exception as error:  # noqa: BLE001 - fail closed: what cannot be sealed cannot be approved
            self._bus.settle(delivery, Outcome.DENIED, _not_shown(error))
            return
        held = Held(request.id, message, recipient, decision, delivery, request, stands_for(delivery))
        held.again = again
        self._park(held)

    def hold_answer(
        self, message: Envelope[Any], asker: AgentCard, agent: str, decision: Decision, approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:  # fmt: skip
        """Park an answer before it reaches its asker."""
        scope: Scope = message.scope
        try:
            request, again = self._request(message, asker.id, decision, place_of(message, asker.id))
        except Exception as error:  # noqa: BLE001 - as above
            if scope.gather is not None:
                self._bus.answers.refuse(message, scope, scope.gather, agent, Outcome.DENIED, _not_shown(error))
            return
        accounting.park(scope)
        held = Held(request.id, message, asker.id, decision, None, request, agent, approved, heard)
        held.again = again
        self._park(held)

    def _request(
        self, message: Envelope[Any], recipient: str, decision: Decision, place: str
    ) -> tuple[ApprovalRequest, bool]:
        """Return the approval request, and whether an earlier process has already asked people."""
        bus = self._bus
        opened = bus.clock.wall().timestamp()
        expires = opened + (bus.limits.hold_s if decision.expires_s is None else decision.expires_s)
        hold_id = f"hold-{bus.next_number():x}-{message.id}"
        request = request_of(hold_id, message, recipient, decision, opened=opened, expires=expires)
        before = self._reopened.pop(place, None)
        return (request, False) if before is None else (request.going_on(before), True)

    def _park(self, held: Held) -> None:
        scope, bus = held.message.scope, self._bus
        run = scope.run
        request, hold_s = held.request, held.decision.expires_s
        since, due = bus.now(), bus.now() + (bus.limits.hold_s if hold_s is None else hold_s)
        if held.again:  # its term began in an earlier process and continues
            since, due = request.opened - bus.clock.offset, request.expires - bus.clock.offset
        run.held_since = min(run.held_since, since) if run.held else since
        accounting.raise_held(scope, 1)
        run.observed = True
        held.parked = bus.pending.park(HOLD, scope, held.delivery, due, held)
        self._held[held.id] = held
        bus.emit_event(held.message, "held", held.recipient, Reason("hold", f"{held.id}: {held.reason}"))
        bus.record_act("held", held.id, by="policy", reason=held.reason, message=held.message,
                       detail=request.evidence())  # fmt: skip
        self.update(held, request)
        bus.timers.soon("notice", run)

    def _unpark(self, held: Held) -> None:
        scope, bus = held.message.scope, self._bus
        run = scope.run
        accounting.raise_held(scope, -1)
        if not run.held:
            bus.runs.resume_deadline(run)
        bus.timers.soon("notice", run)

    # --- ending ---

    def release(self, held: Held) -> None:
        """It is approved: it is judged again with the approval as an input; its other verdicts still apply."""
        bus, state = self._bus, held.request.state
        if state is not State.APPROVED:  # a safeguard: nothing unapproved may run
            self.refuse(held, Outcome.DENIED, Reason("hold", f"is {state}, not approved"))
            return
        if digest(held.message.payload) != held.request.payload_sha256:
            self.refuse(held, Outcome.DENIED, CHANGED)
            return
        self._unpark(held)
        decided = {
            "policies": sorted(held.approved | held.request.seal.policies),
            "payload_sha256": held.request.payload_sha256,
        }
        self._record(held, {"kind": "decided", "outcome": None, **decided})
        bus.emit_event(held.message, "released", held.recipient, Reason("released", held.id))
        approved = held.approved | held.request.seal.policies  # as the policies in force were recorded
        if held.delivery is None:
            message = bus.judging.current(held.message)
            scope: Scope = message.scope
            gather = scope.gather
            if gather is not None:
                bus.answers.give(message, bus.judging.card_of(message), scope, gather, held.agent, None, approved,
                                 held.heard)  # fmt: skip
            self._leave(scope)
            return
        delivery = held.delivery
        extra = delivery.extra = delivery.extra or Extra()
        extra.approved |= approved
        extra.sealed = held.request.payload_sha256
        if bus.judging.judge_again(delivery):
            bus.overflows.enqueue(delivery)

    def intact(self, delivery: Delivery) -> bool:
        """Return True if the payload of an approved delivery is the one that was approved."""
        extra = delivery.extra
        return extra is None or extra.sealed is None or digest(original(delivery).payload) == extra.sealed

    def refuse(self, held: Held, outcome: Outcome, reason: Reason) -> None:
        """A hold ends: a person denies it, it expires, or its run ends."""
        self._unpark(held)
        if held.request.state is State.PENDING:
            self.update(held, held.request.ended(_STATES[outcome]))
        if held.delivery is not None:
            self._bus.settle(held.delivery, outcome, reason)
            return
        self._record(held, {"kind": "decided", "outcome": outcome.value, "code": reason.code, "detail": reason.detail})
        scope: Scope = held.message.scope
        if scope.gather is not None:
            self._bus.answers.refuse(held.message, scope, scope.gather, held.agent, outcome, reason)
        self._leave(scope)

    def replace(self, held: Held, message: Envelope[Any], decision: Decision) -> None:
        """Replace the held message by an edited one; earlier approvals no longer count."""
        before, delivery = held.place, held.delivery
        held.first = held.first or held.message
        held.message = message
        held.approved = frozenset()
        held.heard = {}  # no slow judge has seen the edited payload
        held.decision = decision
        if held.delivery is not None:
            held.delivery.message = message
            if held.delivery.extra is not None:
                held.delivery.extra.approved = frozenset()
                held.delivery.extra.heard = {}
        self._record(held, {
            "kind": "edited", "before": before, "message": message.number, "agent": held.recipient,
            "instead_of": None if delivery is None or delivery.extra is None else delivery.extra.instead_of,
            "tried": [] if delivery is None or delivery.extra is None else list(delivery.extra.tried),
            "delivery": None if delivery is None else delivery.id,
        })  # fmt: skip
        self._bus.emit_event(message, "accepted", None)

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End holds, because their run or scope ends."""
        held: Held = parked.data
        if self.pop(held.id) is not None:
            self._end(held, "withdrawn", outcome, reason)

    def _expired(self, parked: Parked) -> None:
        held: Held = parked.data
        if self._held.pop(held.id, None) is not None:
            self._end(held, "expired", Outcome.EXPIRED, Reason("hold"))

    def _end(self, held: Held, act: str, outcome: Outcome, reason: Reason) -> None:
        detail = held.request.ended(_STATES[outcome]).evidence()
        self._bus.record_act(act, held.id, by="supervisor", reason=str(reason), message=held.message, detail=detail)
        self.refuse(held, outcome, reason)

    def _leave(self, scope: Scope) -> None:
        accounting.unpark(scope, None)  # it was accepted again together with its verdict
        self._bus.at_rest_if_empty(scope)


def place_of(message: Envelope[Any], asker: str) -> str:
    """Return the place in a log of a held answer."""
    return f"{message.id}>{asker}"


def _not_shown(error: Exception) -> Reason:
    return Reason("hold", f"cannot be shown to approvers ({class_name(error)})")


def _below(top: Scope) -> tuple[Held, ...]:
    """Return the holds in a scope and in those below it, oldest first."""
    found = [held for scope in top.tree() if scope.own_held for held in _in_scope(scope)]
    return tuple(sorted(found, key=lambda held: 0 if held.parked is None else held.parked.id))


def _in_scope(scope: Scope) -> Iterator[Held]:
    for delivery in scope.deliveries:
        if delivery.parked is not None and delivery.parked.kind == HOLD:
            yield delivery.parked.data
    for parked in (scope.parked or {}).values():
        if parked.kind == HOLD:
            yield parked.data


def _parts(held: Held) -> Iterator[tuple[Gather, type[Payload], str]]:
    """Yield the outstanding parts that depend on holds of their scope and of those above it."""
    reach = frozenset((type(held.message.payload),))
    if held.delivery is not None:
        reach = held.delivery.subscription.reach
    scope: Scope | None = held.message.scope
    agent = held.agent
    while scope is not None:
        gather = scope.gather
        if gather is not None:
            for kind, of in gather.outstanding():
                if kind in reach and of in {ONE, agent}:
                    yield gather, kind, of
        owner: Delivery | None = scope.owner
        if owner is None:
            return
        reach, agent, scope = owner.subscription.reach, stands_for(owner), scope.parent
