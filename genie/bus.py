"""The bus: stamps, inspects, routes, judges, delivers, and settles the account.

publish -> stamp -> inspect once -> route -> for each subscriber: admitted? -> judged -> mailbox -> handler -> outcome.
There is no second way: answers, joins and taps are judged like every other delivery.
"""

from __future__ import annotations

import logging
import math
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from genie.account import AgentRun, Delivery, Extra, Failure, Outcome, RunState, Scope
from genie.alarm import Alarm
from genie.correlator import Expectation
from genie.errors import GenieError, MailboxFullError, NotConsumedError, UnknownAgentError
from genie.events import Event
from genie.holds import Held, Holds
from genie.joins import JoinPoint, JoinState
from genie.limits import Overflow
from genie.mailbox import Lane, Subscriber, Ticket
from genie.message import Classification, Headers, Message, Payload, masked_copy, stamp, topic_of
from genie.policy import Decision, PolicySet, mask
from genie.ports import Journal, JournalRecord
from genie.protocol import Each
from genie.supervisor import Fallback, Retry, Supervisor
from genie.taps import Observation, Tap
from genie.waits import deadlock
from genie.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.clock import Clock
    from genie.ids import IdSource
    from genie.limits import RunLimits
    from genie.protocol import AgentCard, Expected, Need
    from genie.registry import Registry
    from genie.wake import Parker

HANDLED = Outcome.HANDLED
DENIED = Outcome.DENIED
EXPIRED = Outcome.EXPIRED
CANCELLED = Outcome.CANCELLED
DEAD_LETTERED = Outcome.DEAD_LETTERED
MOST_FAILURES = 1_000
"""Failures that one scope remembers by name; its counts go on."""

_logger = logging.getLogger("genie.bus")


class Asker:
    """Whoever may take answers: an outside caller, or a handler's agent."""

    __slots__ = ("card", "gates", "headers")

    def __init__(self, card: AgentCard, headers: Headers) -> None:
        self.card = card
        self.headers = headers
        self.gates: dict[type[Payload], Any] = {}


class _Route:
    """Where one payload class goes."""

    __slots__ = ("joins", "label", "lanes", "taps", "topic")

    def __init__(self, kind: type[Payload], lanes: tuple[Lane, ...], joins: tuple[JoinPoint, ...], taps: tuple[Tap, ...]) -> None:
        self.topic = topic_of(kind)
        self.label = self.topic.classification
        self.lanes = lanes
        self.joins = joins
        self.taps = taps


class Bus:
    """All mail of one runtime. Everything here runs on the loop's thread and never waits, but for ``room``."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: IdSource,
        registry: Registry,
        supervisor: Supervisor,
        policies: PolicySet,
        limits: RunLimits,
        make_parker: Callable[[], Parker],
        start: Callable[[Any], None],
        journal: Journal | None,
        seed: int,
    ) -> None:
        self.clock = clock
        self.now = clock.now
        self.ids = ids
        self.registry = registry
        self.supervisor = supervisor
        self.limits = limits
        self.make_parker = make_parker
        self.seed = seed
        self.journal = journal
        self.policies = policies
        self.epoch = 0
        self.closing = False
        self.subscribers: dict[str, Subscriber] = {}
        self.joins: list[JoinPoint] = []
        self.taps: list[Tap] = []
        self.runs: dict[int, RunState] = {}
        self.holds = Holds()
        self.revoked: set[str] = set()
        self.shut_tenants: set[str] = set()
        self.retrying: dict[Delivery, Any] = {}
        self.timers: dict[int, tuple[Any, Scope, type[Payload]]] = {}
        self.unrouted = 0
        self.alarm = Alarm(self.now, make_parker(), self._sweep)
        self._start = start
        self._number = ids.next_number
        self._inspect = policies.inspectors.inspect
        self._routes: dict[type[Payload], _Route] = {}
        self._gates: list[dict[type[Payload], Any]] = []
        self._dirty: set[Scope] = set()
        self._variables = copy_context()
        self._recorded = 0

    # --- subscribers ---

    def add(self, subscriber: Subscriber) -> None:
        """Route to a subscriber from now on."""
        self.subscribers[subscriber.card.id] = subscriber
        self._routes.clear()

    def remove(self, agent: str) -> None:
        """Stop routing to a subscriber; its mail goes to its fallback or is denied."""
        subscriber = self.subscribers.pop(agent)
        self._routes.clear()
        self.bar(subscriber, "removed")
        subscriber.removed = True
        for worker in tuple(subscriber.idle):
            worker.parker.wake()
        subscriber.idle.clear()

    def spawn(self, subscriber: Subscriber) -> None:
        """Start one more worker."""
        worker = Worker(self, subscriber, self.make_parker(), self._variables)
        subscriber.workers.append(worker)
        self._start(worker.run)

    def respawn(self, subscriber: Subscriber) -> None:
        """A worker ended while there was mail."""
        if not self.closing:
            subscriber.signal()

    def _route(self, kind: type[Payload]) -> _Route:
        lanes = tuple(
            Lane(
                kind, subscriber, self.policies.gate(kind, subscriber.card),
                key=topic_of(kind).key, reach=self.registry.reach(subscriber.card.id),
            )
            for subscriber in self.subscribers.values() if kind in subscriber.calls
        )  # fmt: skip
        joins = tuple(point for point in self.joins if kind in point.kinds)
        for point in joins:
            point.gates[kind] = self.policies.gate(kind, point.card)
        taps = tuple(tap for tap in self.taps if tap.wants(kind))
        for tap in taps:
            tap.gates[kind] = self.policies.gate(kind, tap.card)
        route = self._routes[kind] = _Route(kind, lanes, joins, taps)
        return route

    def rejudge(self) -> None:
        """Raise the epoch: whatever was judged before is judged again before it is handled."""
        self.epoch += 1

    def replace_policies(self, policies: PolicySet) -> None:
        """Judge by another set from now on, mail already queued included."""
        self.policies = policies
        self._inspect = policies.inspectors.inspect
        self.reroute()
        self.rejudge()

    def reroute(self) -> None:
        """Compile routes and gates anew at their next use."""
        self._routes.clear()
        for gates in self._gates:
            gates.clear()
        self._gates.clear()

    # --- publishing ---

    def emit(
        self,
        payload: Payload,
        sender: AgentCard,
        scope: Scope,
        *,
        cause: int,
        hops: int,
        headers: Headers,
        read: Classification,
        ticket: Ticket | None = None,
        to: str | None = None,
        answers_as: str | None = None,
        asked: bool = False,
        worker: Worker | None = None,
        reject: bool = False,
    ) -> Ticket | None:
        """Send one payload on its way; the one way there is.

        Args:
            payload: What to send.
            sender: Card of who sends it.
            scope: Scope it belongs to.
            cause: Number of the message that caused it; 0 for a run's first.
            hops: Messages between the run's first and this one.
            headers: Security context.
            read: Highest declared label that the sender has read.
            ticket: Of earlier payloads of the same output that wait for room.
            to: One agent only; answers nothing.
            answers_as: The agent in whose name an answer counts, when a fallback sends it.
            asked: This is the question of ``scope``, so it is no answer to it.
            worker: Whose handler publishes; None from outside.
            reject: Raise ``MailboxFullError`` where a mailbox rejects.

        Returns:
            A ticket when a mailbox under ``block`` was full, for ``room``; else None.
        """
        kind = type(payload)
        run = scope.run
        run.published += 1
        route = self._routes.get(kind) or self._route(kind)
        label = route.label if route.label >= read else read
        if sender.declassifies and kind in sender.declassifies:
            label = self._declassified(kind, sender, label, route.label)
        if headers.classification > label:
            label = headers.classification
        message = stamp(
            self._number(), payload, sender.id, to, scope, cause, hops, headers, label, self._inspect(payload),
        )  # fmt: skip
        if self.journal is not None or run.noisy:
            self.tell(message, "accepted", None)
        refusal = None
        if (
            hops > self.limits.max_hops
            or run.published > self.limits.max_messages
            or not run.alive
            or self.shut_tenants
        ):
            refusal = self._refusal(message)
        lanes = route.lanes if to is None else (self._lane_to(to, route, kind),)
        epoch = self.epoch
        rejected: Subscriber | None = None
        for lane in lanes:
            subscriber = lane.subscriber
            scope.accepted += 1
            scope.in_flight += 1
            subscriber.tally.accepted += 1
            if refusal is not None:
                self.settle(Delivery(message, lane, epoch), *refusal)
                continue
            delivery = Delivery(message, lane, epoch)
            if subscriber.barred is not None:
                self._turn_away(delivery, sender)
                continue
            decision = lane.gate.judge(message, sender)
            if decision is not None and not self._decided(delivery, decision):
                continue
            if len(subscriber.queue) + subscriber.laned < subscriber.capacity and not subscriber.waiters:
                subscriber.put(delivery)
                if subscriber.waiting and subscriber.waiting >= subscriber.concurrency and scope.parent is not None:
                    self._unstick(subscriber, delivery)
            elif subscriber.overflow is Overflow.BLOCK:
                ticket = self._queue_up(delivery, ticket, worker)
            else:
                rejected = self._shed(delivery) or rejected
        if to is None:
            answered = False
            if route.joins and refusal is None:
                for point in route.joins:
                    self._join(point, message, sender)
                answered = True
            expectation = scope.expectation
            if expectation is not None and not asked and kind in expectation.kinds:
                self._answer(message, sender, scope, expectation, answers_as or sender.id, refusal)
                answered = True
            if not answered and not lanes:
                scope.unrouted += 1
                self.unrouted += 1
                self.tell(message, "unrouted", None)
                self._check_later(scope)
        if route.taps:
            self._tap(route, message, sender)
        if rejected is not None and reject:
            raise MailboxFullError(agent=rejected.card.id, capacity=rejected.capacity)
        return ticket

    def output(
        self,
        payload: Payload,
        delivery: Delivery,
        read: Classification,
        ticket: Ticket | None,
        *,
        to: str | None = None,
        headers: Headers | None = None,
        now: bool = False,
    ) -> Ticket | None:
        """Publish what a handler gave; ``now`` for what it publishes itself, which may be rejected to its face."""
        cause = delivery.message
        subscriber = delivery.lane.subscriber
        extra = delivery.extra
        return self.emit(
            payload, subscriber.card, cause.scope, cause=cause.number, hops=cause.hops + 1,
            headers=headers or cause.headers, read=read, ticket=ticket, to=to,
            answers_as=None if extra is None else extra.instead_of, reject=now,
        )  # fmt: skip

    def question(
        self, payload: Payload, scope: Scope, delivery: Delivery, read: Classification, *, to: str | None
    ) -> Ticket | None:
        """Publish the question of a scope that a handler opened."""
        cause = delivery.message
        scope.in_flight += 1  # a token, so that the scope is not at rest before its question is out
        try:
            return self.emit(
                payload, delivery.lane.subscriber.card, scope, cause=cause.number, hops=cause.hops + 1,
                headers=cause.headers, read=read, to=to, asked=True, reject=True,
            )  # fmt: skip
        finally:
            scope.in_flight -= 1
            if not scope.in_flight:
                self._at_rest(scope)

    def output_later(
        self, delay_s: float, payload: Payload, delivery: Delivery, read: Classification, *, to: str | None
    ) -> None:
        """Publish after a while; in flight as ``timed`` until then."""
        cause = delivery.message
        scope = cause.scope
        number = self._number()
        if to is not None:
            self._lane_to(to, self._routes.get(type(payload)) or self._route(type(payload)), type(payload))
        scope.accepted += 1
        scope.in_flight += 1
        scope.timed += 1

        def due() -> None:
            del self.timers[number]
            scope.timed -= 1
            # The timer was in flight in the name of the deliveries that it becomes now.
            try:
                self.output(payload, delivery, read, None, to=to)
            except UnknownAgentError:
                scope.unrouted += 1
            scope.accepted -= 1
            scope.in_flight -= 1
            if not scope.in_flight:
                self._at_rest(scope)

        self.timers[number] = (self.alarm.at(self.now() + delay_s, due), scope, type(payload))
        self.tell(cause, "timed", delivery.lane.subscriber.card.id, topic_of(payload).name)

    @staticmethod
    def _declassified(
        kind: type[Payload], sender: AgentCard, label: Classification, own: Classification
    ) -> Classification:
        """Return the label of an output that its card declassifies: never below what its class declares."""
        return min(label, max(own, sender.declassifies[kind]))

    def _refusal(self, message: Message[Any]) -> tuple[Outcome, str] | None:
        """Return why a message may go to nobody."""
        run = message.scope.run
        if message.headers.tenant in self.shut_tenants:
            return DENIED, f"tenant {message.headers.tenant!r} is killed"
        if not run.alive and run.ended is not None:
            return run.ended
        why = self.supervisor.refusal(message)
        return None if why is None else (DEAD_LETTERED, why)

    def _lane_to(self, agent: str, route: _Route, kind: type[Payload]) -> Lane:
        for lane in route.lanes:
            if lane.subscriber.card.id == agent:
                return lane
        self.registry.card(agent)
        raise NotConsumedError(agent=agent, payload=topic_of(kind).name)

    # --- judging ---

    def gate_for(self, asker: Any, kind: type[Payload]) -> Any:
        """Return the gate of answers of a class to an asker."""
        gate = asker.gates.get(kind)
        if gate is None:
            if not asker.gates:
                self._gates.append(asker.gates)
            gate = asker.gates[kind] = self.policies.gate(kind, asker.card)
        return gate

    def _decided(self, delivery: Delivery, decision: Decision) -> bool:
        """Carry out a decision that is more than a plain allow; True when the delivery goes on."""
        message = delivery.message
        self._judged(message, delivery.lane.subscriber.card.id, decision)
        if decision.verdict == "redact":
            return self._masked(delivery, decision)
        if decision.verdict == "hold":
            self._hold(delivery, decision)
            return False
        if decision.verdict == "deny":
            self.settle(delivery, DENIED, decision.summary)
            return False
        self.tell(message, "allowed", delivery.lane.subscriber.card.id, "; ".join(decision.obligations))
        return True

    def _masked(self, delivery: Delivery, decision: Decision) -> bool:
        message = delivery.message
        try:
            copy = mask(message, decision.paths)
        except LookupError:
            self.settle(delivery, DENIED, f"cannot be masked; {decision.summary}")
            return False
        extra = delivery.extra = delivery.extra or Extra()
        extra.original = message
        delivery.message = masked_copy(message, copy)
        message.scope.redacted += 1
        delivery.lane.subscriber.tally.redacted += 1
        self.tell(message, "redacted", delivery.lane.subscriber.card.id, decision.summary)
        return True

    def take_out(self, delivery: Delivery) -> Delivery | None:
        """Look again at a delivery that is about to be handled; None when it has ended or is held."""
        scope = delivery.message.scope
        run = scope.run
        subscriber = delivery.lane.subscriber
        if not run.alive:
            ended: tuple[Outcome, str] | None = run.ended or (CANCELLED, "run ended")
        elif self.now() >= run.deadline and not run.held:
            ended = (EXPIRED, "deadline")
        else:
            ended = None
        if ended is not None:
            subscriber.release(delivery)
            self.settle(delivery, *ended)
            return None
        if delivery.epoch == self.epoch or self._judge_again(delivery):
            return delivery
        subscriber.release(delivery)
        return None

    def _judge_again(self, delivery: Delivery) -> bool:
        """Judge a delivery in the present epoch; False when it has ended, is held, or went to a fallback."""
        extra = delivery.extra
        message = delivery.message if extra is None or extra.original is None else extra.original
        subscriber = delivery.lane.subscriber
        if message.headers.consent & self.revoked:
            message = self._without_revoked(message)
        delivery.message = message
        delivery.epoch = self.epoch
        if extra is not None:
            extra.original = None
        sender = self._card_of(message)
        if message.headers.tenant in self.shut_tenants:
            self.settle(delivery, DENIED, f"tenant {message.headers.tenant!r} is killed")
            return False
        if subscriber.barred is not None:
            self._turn_away(delivery, sender)
            return False
        kind = type(message.payload)
        route = self._routes.get(kind) or self._route(kind)
        lane = next((lane for lane in route.lanes if lane.subscriber is subscriber), None)
        if lane is None:
            self.settle(delivery, DENIED, "removed")
            return False
        delivery.lane = lane
        decision = lane.gate.judge(message, sender, frozenset() if extra is None else extra.approved)
        return decision is None or self._decided(delivery, decision)

    def _without_revoked(self, message: Message[Any]) -> Message[Any]:
        headers = message.headers.narrowed(consent=message.headers.consent - self.revoked)
        return stamp(
            message.number, message.payload, message.sender, message.recipient, message.scope, message.cause,
            message.hops, headers, message.label, message.inspection,
        )  # fmt: skip

    def _card_of(self, message: Message[Any]) -> AgentCard:
        subscriber = self.subscribers.get(message.sender)
        if subscriber is not None:
            return subscriber.card
        point = next((point for point in self.joins if point.card.id == message.sender), None)
        card: AgentCard = message.scope.run.asker.card if point is None else point.card
        return card

    def _turn_away(self, delivery: Delivery, sender: AgentCard) -> None:
        """The recipient may not run: its fallback takes over, or the delivery is denied at once."""
        subscriber = delivery.lane.subscriber
        tried = () if delivery.extra is None else delivery.extra.tried
        fallback = self.supervisor.takes_over(subscriber, tried)
        if fallback is None or not self._hand_over(delivery, fallback):
            self.settle(delivery, DENIED, subscriber.barred or "removed")
            return
        self.settle(delivery, DENIED, f"{subscriber.barred}; handed to {fallback}")

    def _hand_over(self, delivery: Delivery, fallback: str) -> bool:
        """Give a message to a fallback as a new delivery; False when it cannot take it."""
        extra = delivery.extra
        message = delivery.message if extra is None or extra.original is None else extra.original
        kind = type(message.payload)
        route = self._routes.get(kind) or self._route(kind)
        lane = next((lane for lane in route.lanes if lane.subscriber.card.id == fallback), None)
        if lane is None:
            return False
        own = delivery.lane.subscriber.card.id
        scope = message.scope
        again = Delivery(message, lane, self.epoch, Extra())
        assert again.extra is not None  # noqa: S101 - narrows
        again.extra.instead_of = own if extra is None or extra.instead_of is None else extra.instead_of
        again.extra.tried = (*(() if extra is None else extra.tried), own)
        scope.accepted += 1
        scope.in_flight += 1
        lane.subscriber.tally.accepted += 1
        sender = self._card_of(message)
        if lane.subscriber.barred is not None:
            self._turn_away(again, sender)
            return True
        decision = lane.gate.judge(message, sender)
        if decision is None or self._decided(again, decision):
            self._enqueue(again)
        return True

    def _enqueue(self, delivery: Delivery) -> None:
        """Put a delivery into its mailbox where no publisher is there to wait for room."""
        subscriber = delivery.lane.subscriber
        if not subscriber.full:
            subscriber.put(delivery)
        elif subscriber.overflow is Overflow.BLOCK:
            self._queue_up(delivery, None, None)
        else:
            self._shed(delivery)

    # --- overflow ---

    def _queue_up(self, delivery: Delivery, ticket: Ticket | None, worker: Worker | None) -> Ticket:
        subscriber = delivery.lane.subscriber
        if ticket is None:
            ticket = Ticket(self.make_parker(), worker)
        ticket.left += 1
        subscriber.waiters.append((delivery, ticket))
        block_s = subscriber.card.mailbox.block_s
        if math.isfinite(block_s):
            self.alarm.at(self.now() + block_s, lambda: self._blocked_too_long(delivery))
        return ticket

    def _blocked_too_long(self, delivery: Delivery) -> None:
        subscriber = delivery.lane.subscriber
        for waiting, ticket in subscriber.waiters:
            if waiting is delivery:
                subscriber.waiters.remove((waiting, ticket))
                self.settle(delivery, DEAD_LETTERED, "overflow")
                ticket.one_less()
                return

    def _shed(self, delivery: Delivery) -> Subscriber | None:
        """Drop something from a full mailbox; returns the subscriber when its publisher should be told."""
        subscriber = delivery.lane.subscriber
        if subscriber.overflow is Overflow.SHED_OLDEST:
            oldest = subscriber.oldest()
            if oldest is not None:
                subscriber.put(delivery)
                self.settle(oldest, DEAD_LETTERED, "overflow")
                return None
        self.settle(delivery, DEAD_LETTERED, "overflow")
        return subscriber if subscriber.overflow is Overflow.REJECT else None

    async def room(self, ticket: Ticket, worker: Worker | None) -> None:
        """Wait until the mailboxes that were full have taken what the ticket stands for."""
        if not ticket.left:
            return
        if worker is not None:
            ticket.publisher = worker
            self.waits(worker, ticket)
        try:
            while ticket.left:
                await ticket.parker.park()
        finally:
            if worker is not None:
                self.waits_no_more(worker)

    # --- waiting on each other ---

    def waits(self, worker: Worker, what: object) -> None:
        """A handler begins to wait; a wait that can never end is ended here."""
        subscriber = worker.delivery.lane.subscriber  # type: ignore[union-attr] - it handles, so it has one
        worker.waits = (worker.waits, what)
        subscriber.waiting += 1
        if subscriber.waiting >= subscriber.concurrency:
            self._break_deadlock(subscriber)

    def waits_no_more(self, worker: Worker) -> None:
        """A handler goes on."""
        subscriber = worker._subscriber  # noqa: SLF001 - the worker's own; its delivery may be gone already
        worker.waits = worker.waits[0] if worker.waits else None
        subscriber.waiting -= 1

    def _unstick(self, subscriber: Subscriber, delivery: Delivery) -> None:
        if delivery.message.scope.parent is not None:
            self._break_deadlock(subscriber)

    def _break_deadlock(self, subscriber: Subscriber) -> None:
        found = deadlock(subscriber, self.subscribers.values(), self.retrying, self.timers, self.holds)
        if found is None:
            return
        path, doomed = found
        for delivery in doomed:
            owner = delivery.lane.subscriber
            if owner.purge(lambda other, doomed=delivery: other is doomed):  # type: ignore[misc] - default binds it
                self.settle(delivery, DEAD_LETTERED, f"deadlock: {' -> '.join(path)}")

    # --- answers ---

    def _answer(
        self,
        message: Message[Any],
        sender: AgentCard,
        scope: Scope,
        expectation: Expectation,
        agent: str,
        refusal: tuple[Outcome, str] | None,
        approved: frozenset[str] = frozenset(),
    ) -> None:
        """Judge an answer for its asker, and give it to the scope."""
        kind = type(message.payload)
        asker = scope.run.asker if scope.owner is None else scope.owner.lane.subscriber
        scope.accepted += 1
        payload = message.payload
        decision = None if refusal is not None else self.gate_for(asker, kind).judge(message, sender, approved)
        if refusal is not None:
            self._no_answer(message, scope, expectation, agent, *refusal)
            return
        if decision is not None:
            self._judged(message, asker.card.id, decision)
            if decision.verdict == "redact":
                try:
                    payload = mask(message, decision.paths)
                except LookupError:
                    why = f"cannot be masked; {decision.summary}"
                    self._no_answer(message, scope, expectation, agent, DENIED, why)
                    return
                scope.redacted += 1
                self.tell(message, "redacted", asker.card.id, decision.summary)
            elif decision.verdict == "hold":
                self._hold_answer(message, scope, expectation, agent, decision)
                return
            elif decision.verdict == "deny":
                self._no_answer(message, scope, expectation, agent, DENIED, decision.summary)
                return
        scope.handled += 1
        if expectation.put(kind, agent, payload):
            if message.label > expectation.label:
                expectation.label = message.label
            if scope.run.noisy:
                self.tell(message, "answered", asker.card.id)
        else:
            scope.late += 1
            self.tell(message, "late", asker.card.id)

    def _no_answer(
        self, message: Message[Any], scope: Scope, expectation: Expectation, agent: str, outcome: Outcome, reason: str
    ) -> None:
        """An answer ended on its way to the asker."""
        if outcome is DENIED:
            scope.denied += 1
        elif outcome is DEAD_LETTERED:
            scope.dead_lettered += 1
        elif outcome is EXPIRED:
            scope.expired += 1
        else:
            scope.cancelled += 1
        kind = type(message.payload)
        failure = Failure(agent, topic_of(kind).name, outcome, reason, message.number, agent)
        self._remember(scope, failure)
        slot = expectation.slot_of(kind, agent)
        if slot is not None and slot.payload is None and not expectation.done:
            slot.agent = slot.agent or agent
            expectation.fail(slot, str(failure))
        self.tell(message, str(outcome), "asker", reason)

    # --- scopes ---

    def open_scope(self, delivery: Delivery) -> Scope:
        """Open a scope for what a handler asks."""
        parent = delivery.message.scope
        scope = Scope(parent.run, self._number(), parent, delivery)
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
        *,
        kind: type[Payload],
    ) -> Expectation:
        """Set what a scope waits for."""

        def members(part: Each[Any]) -> Iterable[str]:
            of = part.of or kind
            route = self._routes.get(of) or self._route(of)
            return [lane.subscriber.card.id for lane in route.lanes if part.payload in lane.subscriber.card.produces]

        expectation = scope.expectation = Expectation(expect, need, members, wake)
        return expectation

    def close_scope(self, scope: Scope) -> None:
        """The asker has what it gets; the scope is forgotten once nothing of it is in flight."""
        if not scope.in_flight and not scope.children:
            self._scope_over(scope)

    def cut_scope(self, scope: Scope, outcome: Outcome, reason: str) -> None:
        """End everything of a scope and of those below it."""
        if scope.in_flight or scope.children:
            self.cut(lambda other: other.within(scope), outcome, reason)

    def _at_rest(self, scope: Scope) -> None:
        """Nothing of a scope is in flight: what has not come will not come."""
        if scope.joins:
            for state in tuple(scope.joins.values()):
                self._close_join(state, scope)
            if scope.in_flight or scope.done:
                return
        expectation = scope.expectation
        if expectation is not None and not expectation.done:
            expectation.conclude(scope.failures or (), self._reaches)
        if not scope.children and (scope.parent is None or expectation is None or expectation.closed):
            self._scope_over(scope)

    def _scope_over(self, scope: Scope) -> None:
        if scope.done:
            return
        scope.done = True
        run = scope.run
        parent = scope.parent
        if parent is None:
            self._run_over(run)
            return
        run.folded = run.folded + scope.counts()
        if parent.children is not None:
            parent.children.remove(scope)
        if not parent.in_flight and not parent.children:
            self._at_rest(parent)

    def _reaches(self, agent: str, kind: type[Payload]) -> bool:
        return kind in self.registry.reach(agent)

    def _check_later(self, scope: Scope) -> None:
        """See at the alarm's next turn whether a part has become impossible while other things still run."""
        expectation = scope.expectation
        if (expectation is not None and not expectation.done) or scope.joins:
            if not self._dirty:
                self.alarm.soon(self._check)
            self._dirty.add(scope)

    def _check(self) -> None:
        dirty, self._dirty = self._dirty, set()
        if not dirty:
            return
        reachable: dict[Scope, set[type[Payload]]] = {scope: set() for scope in dirty}
        for delivery in self.deliveries():
            scope = delivery.message.scope
            if scope in reachable:
                reachable[scope] |= delivery.lane.reach
        for _, scope, kind in self.timers.values():
            if scope in reachable:
                reachable[scope].add(kind)
                for lane in (self._routes.get(kind) or self._route(kind)).lanes:
                    reachable[scope] |= lane.reach
        for scope, kinds in reachable.items():
            for state in (scope.joins or {}).values():
                kinds |= frozenset() if state.closed else self.registry.reach(state.point.join.id)
            for held in self.holds.answers(scope):
                kinds.add(type(held.message.payload))
            self._give_up(scope, kinds)

    def _give_up(self, scope: Scope, kinds: set[type[Payload]]) -> None:
        for state in tuple((scope.joins or {}).values()):
            if not state.closed and not any(kind in kinds for kind in state.outstanding()):
                self._close_join(state, scope)
        expectation = scope.expectation
        if expectation is None or expectation.done:
            return
        for kind, _ in expectation.outstanding():
            if kind not in kinds:
                expectation.give_up(kind, scope.failures or (), self._reaches)

    def deliveries(self) -> Iterable[Delivery]:
        """Yield every delivery in flight: being handled, waiting, retrying or held."""
        for subscriber in tuple(self.subscribers.values()):
            yield from subscriber.mail()
            for worker in subscriber.workers:
                if worker.delivery is not None:
                    yield worker.delivery
        yield from self.retrying
        yield from self.holds.deliveries()

    # --- joins ---

    def _join(self, point: JoinPoint, message: Message[Any], sender: AgentCard) -> None:
        """Give a part to a declared join."""
        scope = message.scope
        scope.accepted += 1
        decision = point.gates[type(message.payload)].judge(message, sender)
        payload = message.payload
        outcome, reason = HANDLED, ""
        if decision is not None and decision.verdict == "redact":
            try:
                payload = mask(message, decision.paths)
                scope.redacted += 1
            except LookupError:
                outcome, reason = DENIED, f"cannot be masked; {decision.summary}"
        elif decision is not None and decision.verdict in {"deny", "hold"}:
            # A join is no person's desk: what would be held for approval may not be joined silently.
            outcome, reason = DENIED, decision.summary
        joins = scope.joins = scope.joins if scope.joins is not None else {}
        state = joins.get(point.join.id)
        if state is None:
            state = joins[point.join.id] = point.open(scope, self._producers(point))
            if point.join.within_s is not None:
                opened = state
                state.timer = self.alarm.at(
                    self.now() + point.join.within_s, lambda: self._close_join(opened, scope)
                )
        if outcome is DENIED:
            scope.denied += 1
            failure = Failure(point.join.id, topic_of(payload).name, DENIED, reason, message.number, sender.id)
            self._remember(scope, failure)
            state.failed(type(payload), sender.id, str(failure), message)
            self.tell(message, "denied", point.join.id, reason)
        else:
            scope.handled += 1
            taken = not state.closed and state.put(type(payload), sender.id, payload, message)
            if not taken:
                scope.late += 1
            self.tell(message, "handled" if taken else "late", point.join.id)
        if state.complete and not state.closed:
            self._close_join(state, scope)

    def _producers(self, point: JoinPoint) -> dict[type[Payload], int]:
        return {
            kind: sum(kind in subscriber.card.produces for subscriber in self.subscribers.values())
            for kind in point.kinds
        }

    def _close_join(self, state: JoinState, scope: Scope) -> None:
        """Publish what was joined, or say why nothing is."""
        if state.closed:
            return
        state.closed = True
        if state.timer is not None:
            state.timer.cancel()
        payload, reason = state.build()
        last = state.last
        scope.accepted += 1
        scope.in_flight += 1
        if payload is None:
            failure = Failure(state.point.join.id, topic_of(state.point.join.into).name, DEAD_LETTERED, reason, 0, state.point.join.id)
            self._remember(scope, failure)
            scope.dead_lettered += 1
            self.tell(last, "dead_lettered", state.point.join.id, reason)
        else:
            scope.handled += 1
            self.emit(
                payload, state.point.card, scope, cause=last.number, hops=last.hops + 1, headers=last.headers,
                read=state.label,
            )  # fmt: skip
        scope.in_flight -= 1
        if payload is None:
            self._check_later(scope)
        if not scope.in_flight:
            self._at_rest(scope)

    # --- outcomes ---

    def settle(self, delivery: Delivery, outcome: Outcome, reason: str = "") -> None:
        """End a delivery; every delivery passes here exactly once."""
        message = delivery.message
        scope = message.scope
        tally = delivery.lane.subscriber.tally
        scope.in_flight -= 1
        if outcome is HANDLED:
            scope.handled += 1
            tally.handled += 1
            if delivery.lane.branches:
                self._check_later(scope)
        else:
            self._unhandled(delivery, outcome, reason, scope)
        if scope.run.noisy or self.journal is not None:
            self._ended(delivery, outcome, reason)
        if not scope.in_flight:
            self._at_rest(scope)

    def _unhandled(self, delivery: Delivery, outcome: Outcome, reason: str, scope: Scope) -> None:
        subscriber = delivery.lane.subscriber
        tally = subscriber.tally
        if outcome is DENIED:
            scope.denied += 1
            tally.denied += 1
        elif outcome is DEAD_LETTERED:
            scope.dead_lettered += 1
            tally.dead_lettered += 1
            self.supervisor.bury(delivery, subscriber.card.id, topic_of(delivery.lane.kind).name, reason)
        elif outcome is EXPIRED:
            scope.expired += 1
            tally.expired += 1
        else:
            scope.cancelled += 1
            tally.cancelled += 1
        extra = delivery.extra
        own = subscriber.card.id
        instead_of = own if extra is None or extra.instead_of is None else extra.instead_of
        failure = Failure(own, topic_of(delivery.lane.kind).name, outcome, reason, delivery.message.number, instead_of)
        self._remember(scope, failure)
        expectation = scope.expectation
        if expectation is not None and not expectation.done:
            if expectation.each and not self._handed_over(scope, failure):
                expectation.fail_from(failure, delivery.lane.kind)
            self._check_later(scope)
        elif scope.joins:
            self._check_later(scope)

    def _handed_over(self, scope: Scope, failure: Failure) -> bool:
        """True while a fallback works in the place of the agent that failed."""
        return any(
            other.message.number == failure.message
            and other.extra is not None
            and other.extra.instead_of == failure.instead_of
            and other.message.scope is scope
            for other in self.deliveries()
        )

    def _remember(self, scope: Scope, failure: Failure) -> None:
        if scope.failures is None:
            scope.failures = []
        if len(scope.failures) < MOST_FAILURES:
            scope.failures.append(failure)
        if len(scope.run.missing) < MOST_FAILURES:
            scope.run.missing.append(failure)

    def failed(self, delivery: Delivery, reason: str, *, final: bool) -> None:
        """A handler failed: retry, hand over, or bury."""
        subscriber = delivery.lane.subscriber
        subscriber.tally.failed += 1
        run = delivery.message.scope.run
        if run.agents is not None:
            run.agents.setdefault(subscriber.card.id, AgentRun()).failed += 1
        over = self.supervisor.exhausted(subscriber)
        plan = self.supervisor.after_failure(subscriber, delivery.extra, final=final or over or not run.alive)
        if isinstance(plan, Retry):
            extra = delivery.extra = delivery.extra or Extra()
            extra.attempt += 1
            subscriber.tally.retried += 1
            subscriber.keep_key(delivery)
            self.retrying[delivery] = self.alarm.at(self.now() + plan.wait_s, lambda: self._try_again(delivery))
            self.tell(delivery.message, "retrying", subscriber.card.id, reason)
        else:
            if isinstance(plan, Fallback) and run.alive and self._hand_over(delivery, plan.agent):
                reason = f"fallback: {reason}"
            if subscriber.busy:
                subscriber.release(delivery)
            self.settle(delivery, DEAD_LETTERED, reason)
        if over and subscriber.barred is None:
            self.bar(subscriber, f"quarantined: {subscriber.card.restarts.failures} failures used up")

    def _try_again(self, delivery: Delivery) -> None:
        del self.retrying[delivery]
        subscriber = delivery.lane.subscriber
        subscriber.ready.append(delivery)
        subscriber.signal()

    def bar(self, subscriber: Subscriber, reason: str) -> None:
        """Deliver nothing to an agent from now on; what waits goes to its fallback, or is denied at once."""
        subscriber.barred = reason
        self.rejudge()
        for delivery in [*subscriber.purge(lambda _: True), *self._take_retries(lambda d: d.lane.subscriber is subscriber)]:
            self._turn_away(delivery, self._card_of(delivery.message))

    def unbar(self, subscriber: Subscriber) -> None:
        """Deliver to an agent again."""
        subscriber.barred = None
        self.supervisor.forgive(subscriber.card.id)
        self.rejudge()

    def cut_agent(self, subscriber: Subscriber, reason: str) -> None:
        """Cancel what an agent is handling."""
        for worker in tuple(subscriber.workers):
            if worker.delivery is not None:
                worker.cut(CANCELLED, reason)

    def _take_retries(self, belongs: Callable[[Delivery], bool]) -> list[Delivery]:
        taken = [delivery for delivery in self.retrying if belongs(delivery)]
        for delivery in taken:
            self.retrying.pop(delivery).cancel()
            delivery.lane.subscriber.release(delivery)
        return taken

    # --- runs ---

    def open_run(self, asker: Asker, headers: Headers, deadline: float) -> RunState:
        """Open a request tree; it holds a token until its first message is out."""
        run = RunState(
            self._number(), self.ids, asker=asker, headers=headers, deadline=deadline, started=self.now()
        )  # type: ignore[arg-type] - the asker with its card
        if self.revoked and headers.consent & self.revoked:
            run.headers = headers.narrowed(consent=headers.consent - self.revoked)
        self.runs[run.number] = run
        run.root.in_flight += 1
        if deadline != math.inf:
            run.on_rest.append(self.alarm.at(deadline, lambda: self.expire(run)).cancel)
        return run

    def opened(self, run: RunState) -> None:
        """The first message of a run is out."""
        root = run.root
        root.in_flight -= 1
        if not root.in_flight:
            self._at_rest(root)

    def _run_over(self, run: RunState) -> None:
        run.closed = True
        self.runs.pop(run.number, None)
        for action in run.on_rest:
            action()
        run.on_rest.clear()
        self.notice(run)

    def notice(self, run: RunState) -> None:
        """Let whoever watches a run look at it."""
        for watcher in tuple(run.watchers):
            watcher.look()

    def end_run(self, run: RunState, outcome: Outcome, reason: str) -> None:
        """Cut a run off: everything of it ends with that outcome; other runs feel nothing."""
        if not run.alive or run.closed:
            return
        run.alive = False
        run.ended = (outcome, reason)
        expectation = run.root.expectation
        self.cut(lambda scope: scope.run is run, outcome, reason)
        if expectation is not None and not expectation.done:
            expectation.finish()
        self.notice(run)

    def expire(self, run: RunState) -> None:
        """The deadline of a run has come; while it holds something, its deadline moves."""
        if not run.held:
            self.end_run(run, EXPIRED, "deadline")

    def cut(self, belongs: Callable[[Scope], bool], outcome: Outcome, reason: str) -> None:
        """End every delivery of some scopes: queued, retrying, held, timed and running."""

        def of(delivery: Delivery) -> bool:
            return belongs(delivery.message.scope)

        for scope in [scope for run in self.runs.values() for scope in run.root.tree() if belongs(scope)]:
            for state in tuple((scope.joins or {}).values()):
                state.closed = True
                if state.timer is not None:
                    state.timer.cancel()
            scope.joins = None
        for number, (entry, scope, _) in tuple(self.timers.items()):
            if belongs(scope):
                entry.cancel()
                del self.timers[number]
                scope.timed -= 1
                scope.in_flight -= 1
                self._count(scope, outcome)
                if not scope.in_flight:
                    self._at_rest(scope)
        for held in self.holds.take(lambda held: belongs(held.message.scope)):
            self._unhold(held, outcome, reason)
        for subscriber in tuple(self.subscribers.values()):
            for delivery in subscriber.purge(of):
                self.settle(delivery, outcome, reason)
            for worker in tuple(subscriber.workers):
                if worker.delivery is not None and of(worker.delivery):
                    worker.cut(outcome, reason)
        for delivery in self._take_retries(of):
            self.settle(delivery, outcome, reason)

    @staticmethod
    def _count(scope: Scope, outcome: Outcome) -> None:
        setattr(scope, str(outcome), getattr(scope, str(outcome)) + 1)

    def _sweep(self, now: float) -> float:
        """Cut handlers that are out of time; return when the next one will be."""
        soonest = math.inf
        for subscriber in self.subscribers.values():
            if subscriber.timeout_s is None:
                continue
            for worker in subscriber.workers:
                if worker.delivery is None or worker.ended is not None:
                    continue
                if worker.until <= now:
                    worker.cut(DEAD_LETTERED, "timeout")
                elif worker.until < soonest:
                    soonest = worker.until
        return soonest

    # --- holds ---

    def _hold(self, delivery: Delivery, decision: Decision) -> None:
        """Park a delivery until a person decides."""
        message = delivery.message
        self._park(Held(self._hold_id(message), message, delivery.lane.subscriber.card.id, decision, delivery,
                        delivery.lane.subscriber.card.id))  # fmt: skip
        delivery.lane.subscriber.tally.held += 1

    def _hold_answer(
        self, message: Message[Any], scope: Scope, expectation: Expectation, agent: str, decision: Decision
    ) -> None:
        """Park an answer on its way to its asker."""
        asker = scope.run.asker if scope.owner is None else scope.owner.lane.subscriber
        scope.in_flight += 1
        held = Held(self._hold_id(message), message, asker.card.id, decision, None, agent)
        slot = expectation.slot_of(type(message.payload), agent)
        if slot is not None:
            slot.held = held.id
        self._park(held)

    def _hold_id(self, message: Message[Any]) -> str:
        return f"h{self._number():x}-{message.id}"

    def _park(self, held: Held) -> None:
        scope = held.message.scope
        run = scope.run
        for above in _and_above(scope):
            above.held += 1
        if not run.held:
            run.held_since = self.now()
        run.held += 1
        run.noisy = True
        expires_s = held.decision.expires_s
        held.expiry = self.alarm.at(
            self.now() + (self.limits.hold_s if expires_s is None else expires_s), lambda: self._hold_expired(held.id)
        )
        self.holds.add(held)
        self._name_held(held)
        self.tell(held.message, "held", held.recipient, f"{held.id}: {held.reason}")
        self.alarm.soon(lambda: self.notice(run))

    def _name_held(self, held: Held) -> None:
        """A part that waits for a person is missing as held, should its asker not wait that long."""
        expectation = held.message.scope.expectation
        if expectation is None:
            return
        reach = frozenset((type(held.message.payload),)) if held.delivery is None else held.delivery.lane.reach
        for kind, slot in expectation.outstanding():
            if kind in reach and slot.agent in {None, held.agent}:
                slot.held = held.id

    def _unhold(self, held: Held, outcome: Outcome, reason: str) -> None:
        """End a hold with an outcome."""
        self._not_held(held)
        if held.delivery is not None:
            self.settle(held.delivery, outcome, reason)
            return
        scope = held.message.scope
        scope.in_flight -= 1
        self._no_answer(held.message, scope, scope.expectation, held.agent, outcome, reason)
        if not scope.in_flight:
            self._at_rest(scope)

    def _not_held(self, held: Held) -> None:
        scope = held.message.scope
        run = scope.run
        for above in _and_above(scope):
            above.held -= 1
        run.held -= 1
        if not run.held and run.deadline != math.inf:
            run.deadline += self.now() - run.held_since
            run.on_rest.append(self.alarm.at(run.deadline, lambda: self.expire(run)).cancel)

    def _hold_expired(self, hold_id: str) -> None:
        held = self.holds.pop(hold_id)
        if held is not None:
            self._unhold(held, EXPIRED, "hold")

    def release(self, held: Held) -> None:
        """A person allows what was held: it is judged again, with that approval as an input."""
        self._not_held(held)
        self.tell(held.message, "released", held.recipient, held.id)
        approved = frozenset(held.decision.holds)
        if held.delivery is None:
            scope = held.message.scope
            scope.accepted -= 1  # it was accepted when it was held; _answer accepts it anew
            self._answer(
                held.message, self._card_of(held.message), scope, scope.expectation, held.agent, None, approved
            )
            scope.in_flight -= 1
            if not scope.in_flight:
                self._at_rest(scope)
            return
        delivery = held.delivery
        extra = delivery.extra = delivery.extra or Extra()
        extra.approved |= approved
        delivery.epoch = -1
        if self._judge_again(delivery):
            self._enqueue(delivery)

    def refuse(self, held: Held, reason: str) -> None:
        """A person does not allow what was held."""
        self._unhold(held, DENIED, reason)

    def all_held(self, scope: Scope) -> bool:
        """Return True when everything in flight in a scope is held, or a handler that waits for what is held."""
        if not scope.held:
            return False
        waiting = 0
        for child in scope.children or ():
            if child.expectation is not None and not child.expectation.closed:
                if not self.all_held(child):
                    return False
                waiting += 1
            elif child.in_flight and not self.all_held(child):
                return False
        own = sum(1 for held in self.holds.all() if held.message.scope is scope)
        return scope.in_flight == own + waiting

    # --- taps ---

    def _tap(self, route: _Route, message: Message[Any], sender: AgentCard) -> None:
        """Show a message to its observers, each as its clearance allows; they can neither hold nor delay it."""
        for tap in route.taps:
            decision = tap.gates[type(message.payload)].judge(message, sender)
            payload: Payload | None = message.payload
            withheld = None
            if decision is not None and decision.verdict == "redact":
                try:
                    payload = mask(message, decision.paths)
                except LookupError:
                    payload, withheld = None, f"cannot be masked; {decision.summary}"
            elif decision is not None and decision.verdict in {"deny", "hold"}:
                payload, withheld = None, decision.summary
            shown, why, at = payload, withheld, self.now()
            tap.put(
                lambda gap, shown=shown, why=why, at=at: Observation(  # type: ignore[misc] - defaults bind the loop's values
                    message.id, message.correlation_id, route.topic.name, message.sender, message.recipient, at, shown,
                    message.headers if shown is not None else None, why, gap,
                )  # fmt: skip
            )

    # --- telling ---

    def tell(
        self,
        message: Message[Any],
        kind: str,
        recipient: str | None,
        reason: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write the journal and tell whoever watches the run; never payload text."""
        run = message.scope.run
        at = self.now()
        topic = topic_of(message.payload).name
        if self.journal is not None:
            self._recorded += 1
            self.journal.record(
                JournalRecord(
                    self._recorded, at, kind, run.id, message.id, topic, message.sender, recipient, reason, detail or {},
                    message if kind == "accepted" else None,
                )  # fmt: skip
            )
        for watcher in run.watchers:
            watcher.put(Event(at, kind, message.id, topic, message.sender, recipient, reason))

    def _judged(self, message: Message[Any], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence: policies, versions, the set's hash and paths, never matched text."""
        if self.journal is not None:
            self.tell(message, "judged", recipient, decision.verdict, decision.record())

    def timed(self, delivery: Delivery, elapsed: float) -> None:
        """Note how long a handler took, for a watched run."""
        agents = delivery.message.scope.run.agents
        if agents is not None:
            times = agents.setdefault(delivery.lane.subscriber.card.id, AgentRun()).times
            if len(times) < AgentRun.MOST_TIMES:
                times.append(elapsed)

    def _ended(self, delivery: Delivery, outcome: Outcome, reason: str) -> None:
        run = delivery.message.scope.run
        agent = delivery.lane.subscriber.card.id
        if outcome is HANDLED and run.agents is not None:
            run.agents.setdefault(agent, AgentRun()).handled += 1
        self.tell(delivery.message, str(outcome), agent, reason or None)
        if run.held:
            self.alarm.soon(lambda: self.notice(run))

    def refused(self, delivery: Delivery, error: GenieError) -> None:
        """A handler tried what its card does not allow; counted beside its outcome."""
        subscriber = delivery.lane.subscriber
        subscriber.tally.refused += 1
        self.tell(delivery.message, "refused", subscriber.card.id, error.code)

    def report_failure(self, subscriber: Subscriber, error: BaseException) -> None:
        """Log that a handler failed: its class and place, never its text, which may quote a payload."""
        place = _place(error)
        _logger.warning("agent %s failed: %s%s", subscriber.card.id, type(error).__name__, place)


def _and_above(scope: Scope) -> Iterable[Scope]:
    above: Scope | None = scope
    while above is not None:
        yield above
        above = above.parent


def _place(error: BaseException) -> str:
    """Return where an exception was raised, as `` at module:line``."""
    traceback = error.__traceback__
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f" at {traceback.tb_frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}"
