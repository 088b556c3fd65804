"""The bus: the one way of a message.

publish -> stamp -> inspect once -> route -> for each subscriber: admitted? -> judged -> mailbox -> handler -> outcome.
There is no second way: answers, joins and taps are judged like every other delivery, and every delivery ends in
``settle``.
"""

from __future__ import annotations

import math
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from genie.approvals.holds import HoldDesk, Holds
from genie.backend.timers import Alarm
from genie.bus.accounting import AgentRun, Delivery, Extra, Failure, Outcome, RunState, Scope
from genie.bus.correlator import Correlator
from genie.bus.deadlock import Waits
from genie.bus.mailbox import Lane, Subscriber, Ticket
from genie.bus.recorder import Recorder
from genie.bus.runs import Runs
from genie.bus.supervisor import Supervisor
from genie.bus.worker import Worker
from genie.contracts.classification import Classification
from genie.contracts.headers import Headers
from genie.contracts.limits import Overflow
from genie.contracts.message import Message, Payload, masked_copy, stamp, topic_of
from genie.contracts.signature import IN_HANDLER
from genie.errors import (
    BudgetExceededError,
    GenieError,
    MailboxFullError,
    NotConsumedError,
    UnknownAgentError,
    place_of,
)
from genie.operations.switches import Switches, cut
from genie.policy.declassification import labels_sent
from genie.policy.disclosure import seen
from genie.policy.policy import Decision, Gate, PolicySet

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from genie.backend.asyncio_trio import Crew, Parker
    from genie.backend.clock import Clock
    from genie.backend.ids import IdSource
    from genie.bus.accounting import Asker
    from genie.bus.expectation import Expectation
    from genie.bus.registry import Registry
    from genie.bus.taps import Tap
    from genie.contracts.admission import Admission
    from genie.contracts.card import AgentCard
    from genie.contracts.limits import RunLimits
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.journal import Journal
    from genie.joins.agent import JoinPoint

HANDLED, DENIED, DEAD_LETTERED = Outcome.HANDLED, Outcome.DENIED, Outcome.DEAD_LETTERED
MOST_FAILURES = 1_000
"""Failures that one scope remembers by name; its counts go on."""


class _Route:
    """Where one payload class goes, with everything compiled that does not depend on the message."""

    __slots__ = ("inspect", "joins", "label", "lanes", "lowered", "taps")

    def __init__(
        self,
        label: Classification,
        inspect: Callable[[Any], Any],
        lanes: tuple[Lane, ...],
        joins: tuple[JoinPoint, ...],
        taps: tuple[Tap, ...],
        lowered: dict[str, tuple[Classification, ...]],
    ) -> None:
        self.label = label
        self.lowered = lowered
        self.inspect = inspect
        self.lanes = lanes
        self.joins = joins
        self.taps = taps


class Bus:
    """All mail of one runtime. Everything here runs on the loop's thread, and only ``room`` waits."""

    def __init__(  # noqa: PLR0913 - the runtime alone builds it, by name
        self,
        *,
        clock: Clock,
        ids: IdSource,
        registry: Registry,
        policies: PolicySet,
        limits: RunLimits,
        make_parker: Callable[[], Parker],
        crew: Crew,
        journal: Journal | None,
        audit: Audit | None = None,
        admission: Admission | None = None,
        random_source: random.Random,
        seed: int,
    ) -> None:
        self.clock = clock
        self.now = clock.now
        self.next_number, self.prefix = ids.next_number, ids.prefix
        self.registry = registry
        self.policies = policies
        self.limits = limits
        self.make_parker = make_parker
        self.crew = crew
        self.journal = journal
        self.recorder = recorder = Recorder(clock, journal, audit, policies.inspectors)
        self.tell, self.judged, self.governed = recorder.tell, recorder.judged, recorder.governed
        self.declassified = recorder.declassified
        self.words, self.may_hear, self.verdicts = recorder.words, recorder.may_hear, recorder.verdicts
        self.seed = seed
        self.epoch = self.unrouted = self.late = 0
        self.closing = False
        self.subscribers: dict[str, Subscriber] = {}
        self.joins: list[JoinPoint] = []
        self.taps: list[Tap] = []
        self.runs: dict[int, RunState] = {}
        self.retrying: dict[Delivery, Any] = {}
        self.timers: dict[int, tuple[Any, Scope, type[Payload]]] = {}
        self.holds = Holds()
        self.alarm = Alarm(self.now, make_parker(), self._sweep)
        self.supervisor = Supervisor(self, random_source, admission)
        self._shut_tenants, self.turnstile = self.supervisor.shut_tenants, self.supervisor.turnstile
        self._stakes: dict[Delivery, Any] | None = None if self.turnstile is None else self.turnstile.stakes
        self.switches = Switches(self, self.supervisor)
        self.waits = Waits(self)
        self.correlator = Correlator(self, self.holds)
        self._at_rest = self.correlator.at_rest
        self.desk = HoldDesk(self, self.holds)
        self.trees = Runs(self, ids, self.desk)
        self._routes: dict[type[Payload], _Route] = {}
        self._judged_for: WeakSet[Asker | Subscriber] = WeakSet()
        self._variables = copy_context()
        self._variables.run(IN_HANDLER.set, True)  # noqa: FBT003 - a flag's value
        self._max_hops = limits.max_hops
        self._max_messages = limits.max_messages
        self._most_of_one = limits.most_of_one

    # --- who is there ---

    def add(self, subscriber: Subscriber) -> None:
        """Route to a subscriber from now on."""
        self.subscribers[subscriber.card.id] = subscriber
        self.reroute()

    def remove(self, agent: str) -> None:
        """Stop routing to a subscriber: its mail goes to its fallback or is denied, what it handles is cancelled."""
        subscriber = self.subscribers.pop(agent)
        self.reroute()
        self.supervisor.bar(subscriber, "removed")
        subscriber.removed = True
        while subscriber.idle:
            subscriber.idle.pop().wake()
        cut(subscriber, "removed")

    def spawn(self, subscriber: Subscriber) -> None:
        """Start one more worker."""
        worker = Worker(self, subscriber, self._variables)
        subscriber.workers.append(worker)
        worker.task = self.crew.start(worker.run)

    def reroute(self) -> None:
        """Compile routes and gates anew at their next use."""
        self._routes.clear()
        self.correlator.replan()
        for asker in self._judged_for:
            asker.gates.clear()
        self._judged_for.clear()

    def replace_policies(self, policies: PolicySet, by: str, reason: str) -> None:
        """Judge by another set from now on, mail already queued included."""
        self.governed("reloaded", policies.sha256, by=by, reason=reason, detail={"before": self.policies.sha256})
        self.policies, self.recorder.inspectors = policies, policies.inspectors
        self.reroute()
        self.epoch += 1

    def route(self, kind: type[Payload]) -> _Route:
        """Return where a payload class goes, compiling it at first use."""
        found = self._routes.get(kind)
        if found is not None:
            return found
        topic, policies, gate = topic_of(kind), self.policies, self.recorder.gate
        lanes = tuple(
            Lane(kind, subscriber, gate(policies, kind, subscriber.card), topic.key, self.registry.reach(agent))
            for agent, subscriber in self.subscribers.items() if kind in subscriber.calls
        )  # fmt: skip
        joins = tuple(point for point in self.joins if kind in point.kinds)
        taps = tuple(tap for tap in self.taps if tap.wants(kind))
        for point in joins:
            point.gates[kind] = gate(policies, kind, point.card)
        for tap in taps:
            tap.gates[kind] = gate(policies, kind, tap.card)
        inspect = policies.inspectors.compiled(kind)
        lowered = {
            agent: labels_sent(policies.policies, subscriber.card, kind, policies.environment)
            for agent, subscriber in self.subscribers.items() if kind in subscriber.card.declassifies
        }  # fmt: skip
        route = self._routes[kind] = _Route(topic.classification, inspect, lanes, joins, taps, lowered)
        return route

    def _gate_for(self, asker: Asker | Subscriber, kind: type[Payload]) -> Gate:
        """Return the compiled judges of answers of a class to an asker."""
        gate: Gate | None = asker.gates.get(kind)
        if gate is None:
            if not asker.gates:
                self._judged_for.add(asker)
            gate = asker.gates[kind] = self.recorder.gate(self.policies, kind, asker.card)
        return gate

    # --- publishing ---

    def emit(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - the hot path: each call more costs a tenth of a delivery
        self,
        payload: Payload,
        sender: AgentCard,
        scope: Scope,
        cause: int,
        hops: int,
        headers: Headers,
        read: Classification,
        ticket: Ticket | None = None,
        to: str | None = None,
        answers_as: str | None = None,
        *,
        asked: bool = False,
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
            ticket: Of earlier payloads of the same output, which wait for room.
            to: One agent only; answers nothing.
            answers_as: The agent in whose name an answer counts, when a fallback sends it.
            asked: This is the question of ``scope``, so it is no answer to it.
            reject: Raise ``MailboxFullError`` where a mailbox rejects.

        Returns:
            A ticket for ``room`` when a mailbox under ``block`` was full, else None.
        """
        kind = type(payload)
        run = scope.run
        run.published += 1
        route = self._routes.get(kind) or self.route(kind)
        label = route.label
        if read > label:
            label = read
            if route.lowered and sender.id in route.lowered:
                label = route.lowered[sender.id][read]  # the floor that the edge set holds all the same
        if headers.classification > label:  # noqa: PLR1730 - max() of two levels costs seven times as much
            label = headers.classification
        message = stamp(
            self.next_number(), payload, sender.id, to, scope, cause, hops, headers, label, route.inspect(payload)
        )
        if run.noisy or self.journal is not None:
            self.tell(message, "accepted", None)
        if route.lowered and label < read:
            self.declassified(message, read)
        refusal = visit = None
        if hops > self._max_hops or run.published > self._max_messages or not run.alive or self._shut_tenants:
            refusal = self.supervisor.refusal(message)
            visit = None if self.turnstile is None else self.turnstile.visit(message)
        lanes = route.lanes if to is None else (self._lane_to(to, route, kind),)
        epoch = self.epoch
        rejected: Subscriber | None = None
        allowed: object = None  # what a gate has allowed, gates like it allow as well
        count = len(lanes)
        scope.accepted += count
        scope.in_flight += count
        for lane in lanes:
            subscriber = lane.subscriber
            subscriber.tally.accepted += 1
            delivery = Delivery(message, lane, epoch)
            if refusal is not None:
                self.settle(delivery, *refusal)
                continue
            if subscriber.barred is not None:
                self.supervisor.turn_away(delivery)
                continue
            if visit is not None and not visit.admit(delivery):
                continue
            gate = lane.gate
            if gate.alike is not allowed:
                decision = gate.judge(message, sender)
                if decision is None:
                    allowed = gate.alike
                elif not self.decided(delivery, decision):
                    continue
            queue = subscriber.queue
            if len(queue) < subscriber.limit:
                queue.append(delivery)
                if subscriber.idle:
                    subscriber.idle.pop().wake()
                elif len(subscriber.workers) < subscriber.concurrency:
                    self.spawn(subscriber)
                elif subscriber.waiting >= subscriber.concurrency and scope.parent is not None:
                    scope.entangled = True
                    self.waits.look_later()
            elif subscriber.overflow is Overflow.BLOCK:
                ticket = self._queue_up(delivery, ticket)
            else:
                rejected = self._shed(delivery) or rejected
        if to is None:
            expectation = scope.expectation
            if expectation is not None and not asked and kind in expectation.kinds:
                self.answer(message, sender, scope, expectation, answers_as or sender.id, refusal)
            elif not lanes and not route.joins:
                scope.unrouted += 1
                self.unrouted += 1
                self.tell(message, "unrouted", None)
                self.correlator.check_later(scope)
            if route.joins and refusal is None:
                for point in route.joins:
                    self.correlator.join(point, message, sender)
        for tap in route.taps:
            tap.show(message, sender, self.now())
        if rejected is not None and reject:
            raise MailboxFullError(agent=rejected.card.id, capacity=rejected.capacity)
        return ticket

    def within_budget(self, agent: str, delivery: Delivery | None, published: int) -> None:
        """Stop a handler that has published its share, or goes on when nobody gets it any more.

        Args:
            agent: Who publishes.
            delivery: What it handles; None where that is over.
            published: Messages of this one handling.

        Raises:
            BudgetExceededError: It takes what is kept for others, or its run has had all its messages.
        """
        if published > self._most_of_one:
            raise BudgetExceededError(agent=agent, limit=self._max_messages, share=self._most_of_one)
        if delivery is not None and delivery.message.scope.run.published > self._max_messages:
            raise BudgetExceededError(agent=agent, limit=self._max_messages)

    def output_later(
        self, delay_s: float, payload: Payload, delivery: Delivery, headers: Headers, read: Classification,
        to: str | None,
    ) -> None:  # fmt: skip
        """Publish what a handler gave after a while; in flight as ``timed`` until then."""
        cause = delivery.message
        scope = cause.scope
        kind = type(payload)
        if to is not None:
            self._lane_to(to, self.route(kind), kind)
        number = self.next_number()
        scope.accepted += 1
        scope.in_flight += 1
        scope.timed += 1

        def due() -> None:
            del self.timers[number]
            scope.timed -= 1
            card, extra = delivery.lane.subscriber.card, delivery.extra
            try:
                self.emit(
                    payload, card, scope, cause.number, cause.hops + 1, self.trees.granted(headers), read, None, to,
                    None if extra is None else extra.instead_of,
                )  # fmt: skip
            except (UnknownAgentError, NotConsumedError):
                scope.unrouted += 1  # the addressee was removed meanwhile
            # The timer was in flight in the name of the deliveries that it has become.
            scope.accepted -= 1
            scope.in_flight -= 1
            if not scope.in_flight:
                self._at_rest(scope)
            elif scope.entangled:
                self.waits.look_later()

        self.timers[number] = (self.alarm.at(self.now() + delay_s, due), scope, kind)
        self.tell(cause, "timed", delivery.lane.subscriber.card.id, topic_of(kind).name)

    def _lane_to(self, agent: str, route: _Route, kind: type[Payload]) -> Lane:
        for lane in route.lanes:
            if lane.subscriber.card.id == agent:
                return lane
        self.registry.card(agent)
        raise NotConsumedError(agent=agent, payload=topic_of(kind).name)

    # --- judging ---

    def decided(self, delivery: Delivery, decision: Decision) -> bool:
        """Carry out a decision that is more than a plain allow; True when the delivery goes on."""
        message, card = delivery.message, delivery.lane.subscriber.card
        self.judged(message, card.id, decision)
        if decision.verdict == "hold":
            self.desk.hold(delivery, decision)
            return False
        payload, why, notices = seen(message, decision, card, carries=card.notices)
        if payload is None:
            self.settle(delivery, DENIED, why)
            return False
        if notices or payload is not message.payload:
            extra = delivery.extra = delivery.extra or Extra()
            extra.notices = notices
            if payload is not message.payload:
                extra.original = message
                delivery.message = masked_copy(message, payload)
                message.scope.redacted += 1
                delivery.lane.subscriber.tally.redacted += 1
                self.tell(message, "redacted", card.id, decision.summary)
        return True

    def take_out(self, delivery: Delivery) -> bool:
        """Look again at a delivery about to be handled; False when it has ended, is held or went to a fallback."""
        run = delivery.message.scope.run
        ended: tuple[Outcome, str] | None = None
        if not run.alive:
            ended = run.ended
        elif self.now() >= run.deadline and not run.held:
            ended = (Outcome.EXPIRED, run.expires_as)
        if ended is None and (delivery.epoch == self.epoch or self.judge_again(delivery)):
            return True
        subscriber = delivery.lane.subscriber
        if subscriber.busy:
            subscriber.release(delivery)
        if ended is not None:
            self.settle(delivery, *ended)
        return False

    def judge_again(self, delivery: Delivery) -> bool:
        """Judge a delivery in the present epoch; False when it has ended, is held or went to a fallback."""
        extra = delivery.extra
        message: Message[Any] = delivery.message if extra is None or extra.original is None else extra.original
        subscriber = delivery.lane.subscriber
        delivery.message = message = self.trees.current(message)
        delivery.epoch = self.epoch
        if extra is not None:
            extra.notices = ()
            if extra.original is not None:  # whether it is masked is decided anew
                extra.original = None
                message.scope.redacted -= 1
                subscriber.tally.redacted -= 1
        refusal = self.supervisor.refusal(message)
        if refusal is not None:
            self.settle(delivery, *refusal)
            return False
        if subscriber.barred is not None:
            self.supervisor.turn_away(delivery)
            return False
        lane = next((lane for lane in self.route(type(message.payload)).lanes if lane.subscriber is subscriber), None)
        if lane is None:
            self.settle(delivery, DENIED, "removed")
            return False
        delivery.lane = lane
        approved = frozenset[str]() if extra is None else extra.approved
        decision = lane.gate.judge(message, self.card_of(message), approved)
        return decision is None or self.decided(delivery, decision)

    def card_of(self, message: Message[Any]) -> AgentCard:
        """Return the card of a message's sender: an agent's, a join's, or the outside caller's."""
        subscriber = self.subscribers.get(message.sender)
        if subscriber is not None:
            return subscriber.card
        point = next((point for point in self.joins if point.card.id == message.sender), None)
        card: AgentCard = message.scope.run.asker.card if point is None else point.card
        return card

    # --- overflow ---

    def enqueue(self, delivery: Delivery) -> None:
        """Put a judged delivery into its mailbox where no publisher waits for room."""
        subscriber = delivery.lane.subscriber
        if len(subscriber.queue) < subscriber.limit:
            subscriber.put(delivery)
        elif subscriber.overflow is Overflow.BLOCK:
            self._queue_up(delivery, None)
        else:
            self._shed(delivery)
        if subscriber.waiting:
            self.waits.look_later()

    def _queue_up(self, delivery: Delivery, ticket: Ticket | None) -> Ticket:
        subscriber = delivery.lane.subscriber
        if ticket is None:
            ticket = Ticket(self.make_parker())
        ticket.left += 1
        subscriber.wait(delivery, ticket)
        block_s = subscriber.card.mailbox.block_s
        if math.isfinite(block_s):
            ticket.limits.append(self.alarm.at(self.now() + block_s, lambda: self._blocked_too_long(delivery)))
        return ticket

    def _blocked_too_long(self, delivery: Delivery) -> None:
        if delivery.lane.subscriber.turned_away(delivery):
            self.settle(delivery, DEAD_LETTERED, "overflow")

    def _shed(self, delivery: Delivery) -> Subscriber | None:
        """Drop something from a full mailbox; returns the subscriber when its publisher is to be told."""
        subscriber = delivery.lane.subscriber
        oldest = subscriber.oldest() if subscriber.overflow is Overflow.SHED_OLDEST else None
        if oldest is not None:
            subscriber.put(delivery)
            self.settle(oldest, DEAD_LETTERED, "overflow")
            return None
        self.settle(delivery, DEAD_LETTERED, "overflow")
        return subscriber if subscriber.overflow is Overflow.REJECT else None

    async def room(self, ticket: Ticket, worker: Worker | None = None) -> None:
        """Wait until the mailboxes that were full have taken what the ticket stands for."""
        if worker is not None and ticket.left:
            self.waits.begin(worker, ticket)
        try:
            while ticket.left and not ticket.given_up:
                await ticket.parker.park()
        finally:
            if worker is not None and ticket in worker.waits:
                self.waits.end(worker, ticket)

    # --- answers ---

    def answer(
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
        if refusal is not None:
            self.no_answer(message, scope, expectation, agent, *refusal)
            return
        payload = message.payload
        gate = asker.gates.get(kind) or self._gate_for(asker, kind)
        decision = gate.judge(message, sender, approved)
        notices: tuple[str, ...] = ()
        if decision is not None:
            self.judged(message, asker.card.id, decision)
            if decision.verdict == "hold":
                self.desk.hold_answer(message, asker.card.id, agent, decision, approved)
                return
            shown, why, notices = seen(message, decision, asker.card, carries=expectation.notices is not None)
            if shown is None:
                self.no_answer(message, scope, expectation, agent, DENIED, why)
                return
            if shown is not payload:
                payload = shown
                scope.redacted += 1
                self.tell(message, "redacted", asker.card.id, decision.summary)
        scope.handled += 1
        taken = expectation.put(kind, agent, payload)
        if taken:
            if message.label > expectation.label:  # noqa: PLR1730 - as in emit
                expectation.label = message.label
            if message.headers is not expectation.headers:
                expectation.narrow(message.headers)
            if notices:
                expectation.owe(notices)
        else:
            scope.late += 1
            self.late += 1
        if scope.run.noisy or self.journal is not None:
            self.tell(message, "answered" if taken else "late", asker.card.id)

    def no_answer(
        self, message: Message[Any], scope: Scope, expectation: Expectation, agent: str, outcome: Outcome, reason: str
    ) -> None:
        """An answer ended on its way to its asker."""
        setattr(scope, str(outcome), getattr(scope, str(outcome)) + 1)
        failure = self.remember(scope, message, agent, outcome, reason)
        expectation.lose(type(message.payload), agent, str(failure))
        self.tell(message, str(outcome), "asker", reason)

    # --- outcomes ---

    def settle(self, delivery: Delivery, outcome: Outcome, reason: str = "") -> None:
        """End a delivery; every delivery passes here exactly once."""
        scope = delivery.message.scope
        scope.in_flight -= 1
        lane = delivery.lane
        if self._stakes and self.turnstile is not None:
            self.turnstile.settle(delivery, outcome)
        if outcome is HANDLED:
            scope.handled += 1
            lane.ends.handled += 1
            if lane.branches:
                self.correlator.check_later(scope)
        else:
            self._unhandled(delivery, outcome, reason, scope)
        if scope.run.noisy or self.journal is not None:
            self._ended(delivery, outcome, reason)
        if not scope.in_flight:
            self._at_rest(scope)
        elif scope.entangled:
            self.waits.look_later()

    def _unhandled(self, delivery: Delivery, outcome: Outcome, reason: str, scope: Scope) -> None:
        subscriber, kind, extra = delivery.lane.subscriber, delivery.lane.kind, delivery.extra
        for counts in (scope, delivery.lane.ends):
            setattr(counts, str(outcome), getattr(counts, str(outcome)) + 1)
        if outcome is DEAD_LETTERED:
            self.supervisor.bury(delivery, topic_of(kind).name, reason)
            self.recorder.buried(delivery.message, subscriber.card.id, reason)
        failure = self.remember(
            scope, delivery.message, subscriber.card.id, outcome, reason,
            instead_of=None if extra is None else extra.instead_of,
        )  # fmt: skip
        self.correlator.failed(scope, failure, kind)

    def remember(
        self,
        scope: Scope,
        message: Message[Any],
        agent: str,
        outcome: Outcome,
        reason: str,
        *,
        instead_of: str | None = None,
        topic: str | None = None,
    ) -> Failure:
        """Keep the failure of a scope by name, and return it."""
        name = topic or topic_of(message.payload).name
        failure = Failure(agent, name, outcome, reason, message.number, instead_of or agent)
        if scope.failures is None:
            scope.failures = []
        run = scope.run
        if run.missing is None:
            run.missing = []
        for kept in (scope.failures, run.missing):
            if len(kept) < MOST_FAILURES:
                kept.append(failure)
        return failure

    def deliveries(self) -> Iterator[Delivery]:
        """Yield every delivery in flight: being handled, waiting, retrying or held."""
        for subscriber in self.subscribers.values():
            yield from subscriber.mail()
            for worker in subscriber.workers:
                if worker.delivery is not None:
                    yield worker.delivery
        yield from (*self.retrying, *(() if self.turnstile is None else self.turnstile.waiting))
        yield from self.holds.deliveries()

    def _sweep(self, now: float) -> float:
        """Cut handlers that are out of time; return when the next one will be."""
        soonest = math.inf
        for subscriber in self.subscribers.values():
            if subscriber.timeout_s is None:
                continue
            for worker in subscriber.workers:
                if worker.delivery is not None and worker.ended is None:
                    if worker.until <= now:
                        worker.cut(DEAD_LETTERED, "timeout")
                    elif worker.until < soonest:
                        soonest = worker.until
        return soonest

    # --- telling ---

    def _ended(self, delivery: Delivery, outcome: Outcome, reason: str) -> None:
        run = delivery.message.scope.run
        agent = delivery.lane.subscriber.card.id
        if outcome is HANDLED and run.agents is not None:
            run.agents.setdefault(agent, AgentRun()).handled += 1
        self.tell(delivery.message, str(outcome), agent, reason or None)
        if run.held:
            self.alarm.soon(lambda: Runs.notice(run))

    def took(self, delivery: Delivery, elapsed: float) -> None:
        """Note how long a handler took, for a watched run."""
        agents = delivery.message.scope.run.agents
        if agents is not None:
            times = agents.setdefault(delivery.lane.subscriber.card.id, AgentRun()).times
            if len(times) < AgentRun.MOST_TIMES:
                times.append(elapsed)

    def refused(self, delivery: Delivery, error: GenieError) -> None:
        """A handler tried what its card does not allow; counted beside its outcome."""
        subscriber = delivery.lane.subscriber
        subscriber.tally.refused += 1
        self.tell(delivery.message, "refused", subscriber.card.id, error.code)
        self.governed(
            "identity_refused", subscriber.card.id, by="bus", reason=error.code, message=delivery.message,
        )  # fmt: skip

    @staticmethod
    def blocked(subscriber: Subscriber, seconds: float) -> None:
        """A handler kept the loop to itself: nothing else ran meanwhile, not even its own timeout."""
        subscriber.stalled += 1
        agent = subscriber.card.id
        _warn(f"agent {agent} blocked the loop for {seconds:.1f} s", agent=agent)

    @staticmethod
    def log_failure(agent: str, error: BaseException, run_id: str | None = None) -> None:
        """Log that a handler failed: class and place, never the exception's text, which may quote a payload."""
        _warn(f"agent {agent} failed: {place_of(error)}", agent=agent, run_id=run_id)


def _warn(text: str, **extra: object) -> None:
    import logging  # noqa: PLC0415 - start-up: for those that have something to tell

    logging.getLogger("genie.bus").warning(text, extra=extra)
