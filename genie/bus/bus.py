"""The bus: the one path of a message.

publish -> stamp -> inspect once -> route -> for each recipient: admitted? -> judged -> its sink -> handler -> outcome.
Answers, taps and declared joins take the same path to other sinks, and every delivery ends in ``settle``. Everything
here runs on the loop's thread, and only ``room`` waits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from genie.backend.asyncio_trio import Waiter
from genie.backend.timers import Timers
from genie.bus.answers import Answers
from genie.bus.correlator import Correlator, Runs
from genie.bus.deadlock import Deadlocks
from genie.bus.delayed import DelayedPublications
from genie.bus.failures import Failures
from genie.bus.judging import Judging
from genie.bus.overflow import Overflows
from genie.bus.retries import Retries
from genie.bus.routes import Route, route_of
from genie.bus.scans import Scans
from genie.bus.suspension import REMOVED, Suspensions
from genie.contracts.limits import Overflow
from genie.contracts.message import Envelope, Inspection, Unstamped, topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.errors import BudgetExceededError, MailboxFullError, NotConsumedError, UnknownAgentError
from genie.errors.genie_error import code_of
from genie.errors.logs import log
from genie.errors.safe_text import keep_safe_text
from genie.inflight import accounting
from genie.inflight.accounting import Totals, accept
from genie.inflight.dead_letters import DeadLetters
from genie.inflight.delivery import QUEUED
from genie.inflight.interceptors import Interceptor
from genie.inflight.mailbox import RoomTicket
from genie.inflight.pending import HOLD, Pending
from genie.observation.observers import STALL_S, Observers
from genie.observation.taps import show

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from genie.backend.asyncio_trio import Future, Tasks
    from genie.backend.clock import Clock
    from genie.backend.ids import IdSource
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.limits import RunLimits
    from genie.contracts.message import Payload
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.journal import Journal
    from genie.errors import GenieError
    from genie.graph.registry import Registry
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.gather import Asker
    from genie.inflight.handlers import Workers
    from genie.inflight.interceptors import Approvals, Check, Consultations, Effects, Interceptor, Keys, Sink
    from genie.inflight.mailbox import Subscriber
    from genie.inflight.pending import Parked
    from genie.inflight.subscription import Subscription
    from genie.observation.taps import Tap
    from genie.policy.evaluator import Evaluator
    from genie.policy.policy import PolicySet

HANDLED, DENIED, DEAD_LETTERED = Outcome.HANDLED, Outcome.DENIED, Outcome.DEAD_LETTERED
HANDLED_KIND = HANDLED.value
NOT_INSPECTED = Inspection(0)  # for a validated payload without policies, whose findings nobody would read


class Bus(Totals):
    """The message bus of one runtime.

    Args:
        clock: The clock.
        ids: Generates ids of runs and messages.
        registry: The cards in force.
        policies: The policies that judge every delivery.
        limits: Limits of runs.
        make_future: Makes the backend's wake-up primitive.
        tasks: Runs timers and scans.
        make_workers: Makes the workers that run handlers.
        journal: Records every message, verdict and outcome.
        audit: Records every act of governance.
        random_source: Source of the jitter of retries.
        seed: Seed of the agents' randomness.
    """

    def __init__(  # noqa: PLR0913, PLR0915 - the runtime alone builds it, by name
        self,
        *,
        clock: Clock,
        ids: IdSource,
        registry: Registry,
        policies: PolicySet,
        limits: RunLimits,
        make_future: Callable[[], Future],
        tasks: Tasks,
        make_workers: Callable[[Bus], Workers],
        journal: Journal | None,
        audit: Audit | None = None,
        random_source: random.Random,
        seed: int,
        debug: bool = False,
    ) -> None:
        self.clock = clock
        self.now = clock.now
        self.next_number, self.prefix = ids.next_number, ids.prefix
        self.registry, self.policies, self.limits = registry, policies, limits
        self.make_future, self.tasks, self.seed = make_future, tasks, seed
        self.make_waiter = make_waiter = partial(Waiter, make_future)
        self.observers = observers = Observers(clock, journal, audit, policies.inspectors)
        self.emit_event, self.record_act, self.may_read = observers.emit_event, observers.record_act, observers.may_read
        self.epoch = 0
        self.leaving: list[Subscriber] = []
        """Agents that were removed while they had something in flight, such as held mail."""
        self.closing = self.draining = False
        self.subscribers: dict[str, Subscriber] = {}
        self.sinks: list[Sink] = []
        self.taps: list[Tap] = []
        self.interceptors: list[Interceptor] = []
        self.openings: tuple[Callable[[RunState], None], ...] = ()
        """Callbacks of interceptors for the start of a run ..."""
        self.endings: tuple[Callable[[RunState], None], ...] = ()
        """... and for a run at rest."""
        self.intercepting: tuple[Interceptor, ...] = ()
        """The active interceptors: if there is one, every message is shown to it."""
        self.approvals: Approvals | None = None
        self.consultations: Consultations | None = None
        self.effects: Effects | None = None
        self.keys: Keys | None = None
        self.failures = Failures(self, debug=debug)
        self.log_failure, self.fail = self.failures.log, self.failures.runtime
        self.workers = workers = make_workers(self)
        self.timers = Timers(self.now, make_waiter(), workers.sweep, self.failures.timer)
        self.pending = Pending(self.timers)
        self.retries = Retries(self, random_source)
        self.dead_letters = DeadLetters(limits.dead_letters, registry.cycle)
        self.deadlocks = Deadlocks(self)
        self.correlator = Correlator(self)
        self.runs = Runs(self, ids)
        self.judging = Judging(self)
        self.answers = Answers(self)
        self.overflows = Overflows(self)
        self.suspensions = Suspensions(self)
        self.delayed = DelayedPublications(self)
        self.scans = Scans(self)
        self._routes: dict[type[Payload], Route] = {}
        self._judged_for: WeakSet[Asker | Subscriber] = WeakSet()
        self._max_hops = limits.max_hops
        self._max_messages = limits.max_messages
        self._most_of_one = limits.most_of_one
        self.timers.on("abandon", lambda worker: worker.abandon())
        observers.sign_by(self.timers)

    # --- interceptors, subscribers and policies ---

    def intercept(self, interceptor: Interceptor) -> None:
        """Add an interceptor after the others."""
        self.interceptors.append(interceptor)
        kind = type(interceptor)  # unused callbacks are not called: they would cost every run
        if kind.opened is not Interceptor.opened:
            self.openings += (interceptor.opened,)
        if kind.closed is not Interceptor.closed:
            self.endings += (interceptor.closed,)
        self.reintercept()

    def reintercept(self) -> None:
        """An interceptor has become active or inactive."""
        self.intercepting = tuple(one for one in self.interceptors if one.active)

    def add(self, subscriber: Subscriber) -> None:
        """Start routing to a subscriber."""
        self.subscribers[(card := subscriber.card).id] = subscriber
        if self.observers.recorder is not None:
            self.observers.recorder.fact({"kind": "card", "run": 0, "agent": card.id, "version": card.version})
        self.reroute()

    def remove(self, agent: str) -> None:
        """Stop routing to a subscriber: its mail goes to its fallback or is denied, running handlers are cancelled."""
        subscriber = self.subscribers.pop(agent)
        self.reroute()
        self.suspensions.suspend(subscriber, REMOVED)
        subscriber.removed = True
        self.leaving.append(subscriber)
        self.retries.reset_budget(agent)  # an agent added later under the same name starts from zero
        self.suspensions.cancel_handlers(subscriber, REMOVED)

    def reroute(self) -> None:
        """Compile routes and policies again at their next use."""
        self._routes.clear()
        self.correlator.forget_specs()
        for asker in self._judged_for:
            asker.evaluators.clear()
        self._judged_for.clear()

    def replace_policies(self, policies: PolicySet, by: str, reason: str) -> None:
        """Judge by another policy set from now on, including queued mail."""
        self.record_act("reloaded", policies.sha256, by=by, reason=reason, detail={"before": self.policies.sha256})
        self.policies, self.observers.inspectors = policies, policies.inspectors
        self.reroute()
        self.epoch += 1

    def route(self, kind: type[Payload]) -> Route:
        """Return the route of a payload class, compiling it at first use."""
        found = self._routes.get(kind)
        if found is None:
            found = self._routes[kind] = route_of(self, kind)
        return found

    def evaluator_for(self, asker: Asker | Subscriber, kind: type[Payload]) -> Evaluator:
        """Return the compiled policies for answers of a class to an asker."""
        evaluator: Evaluator | None = asker.evaluators.get(kind)
        if evaluator is None:
            if not asker.evaluators:
                self._judged_for.add(asker)
            evaluator = asker.evaluators[kind] = self.observers.evaluator(self.policies, kind, asker.card)
        return evaluator

    # --- publishing ---

    def publish(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - the hot path: benchmarks.instructions, 2 % a call
        self,
        payload: Payload,
        sender: AgentCard,
        scope: Scope,
        cause: int,
        hops: int,
        headers: Headers,
        read: Classification,
        ticket: RoomTicket | None = None,
        to: str | None = None,
        answers_as: str | None = None,
        *,
        asked: bool = False,
        reject: bool = False,
        inspection: Inspection | None = None,
    ) -> RoomTicket | None:
        """Send one payload on its path.

        Args:
            payload: What to send.
            sender: Card of the sender.
            scope: Scope it belongs to.
            cause: Number of the message that caused it; 0 for the run's first message.
            hops: Messages between the run's first one and this one.
            headers: Security context.
            read: Highest declared label that the sender has read.
            ticket: Ticket of earlier payloads of the same output, which wait for room.
            to: One agent only; such a message answers no scope.
            answers_as: The agent in whose name an answer counts, when a fallback sends it.
            asked: This is the question of ``scope``, so it is not an answer to it.
            reject: Raise ``MailboxFullError`` where a mailbox rejects.
            inspection: Findings of a payload that was too large to be inspected at once.

        Returns:
            A ticket for ``room`` if a mailbox under ``block`` was full, or the payload is large; else None.
        """
        kind = type(payload)
        run = scope.run
        route = self._routes.get(kind) or self.route(kind)
        if inspection is None:
            scans = self.scans
            if scans.lines:
                inspection = scans.inspection(payload, sender, scope)
            elif route.unjudged and getattr(payload, "_validated", False):
                inspection = NOT_INSPECTED
            else:
                inspection = route.inspect(payload)
            if inspection is None:
                sent = (payload, sender, scope, cause, hops, headers, read)
                return scans.publish(ticket, sent, to, answers_as, asked=asked)
        subscriptions = route.subscriptions
        if to is not None:
            subscriptions = (self.directed(to, route, kind),)
            to = subscriptions[0].subscriber.card.id  # a subclass of str may have another text, which taps would show
        run.published += 1
        label = route.label
        if read > label:
            label = read
            if route.lowered and sender.id in route.lowered:
                label = route.lowered[sender.id][read]  # the minimum label set at the edge applies anyway
        if headers.classification > label:  # noqa: PLR1730 - max() of two levels costs seven times as much
            label = headers.classification
        next_number = self.next_number  # a local variable: faster in the interpreter
        message: Any = Unstamped()  # ``stamp``, written out (benchmarks.instructions: 0.7 % of a round trip)
        message.number = next_number()
        message.payload = payload
        message.sender = sender.id
        message.recipient = to
        message.scope = scope
        message.cause = cause
        message.hops = hops
        message.headers = headers
        message.label = label
        message.inspection = inspection
        message.__class__ = Envelope
        if run.observed or self.observers.listening:
            self.observers.accepted(message, route)
        if route.lowered and label < read:
            self.observers.declassified(message, read)
        refusal: Ending | None = None
        checks: list[Check] | None = None
        if hops > self._max_hops or run.published > self._max_messages or not run.alive or self.intercepting:
            refusal = self.judging.refusal(message)
            checks = self.judging.checks(message) if refusal is None else None
        epoch = self.epoch
        rejected: Subscriber | None = None
        allowed: object = None  # a message that one evaluator has allowed, equal evaluators allow as well
        for subscription in subscriptions:
            subscriber = subscription.subscriber
            delivery = accept(message, subscription, epoch)
            if refusal is not None:
                self.settle(delivery, *refusal)
                continue
            if subscriber.suspended is not None:
                self.suspensions.turn_away(delivery)
                continue
            if checks is not None and not all(check.admit(delivery) for check in checks):
                continue
            evaluator = subscription.evaluator
            if evaluator.alike is not allowed:
                decision = evaluator.judge(message, sender)
                if decision is None:
                    allowed = evaluator.alike
                elif not self.judging.decided(delivery, decision):
                    continue
            queue = subscriber.queue
            if len(queue) < subscriber.limit:
                delivery.place = QUEUED
                queue.append(delivery)
                if not subscriber.listed and subscriber.active < subscriber.concurrency:
                    subscriber.listed = True
                    workers = self.workers
                    workers.ready.append(subscriber)
                    if not workers.attended:
                        workers.attend()
                elif len(subscriber.waiting) >= subscriber.concurrency and scope.parent is not None:
                    self.deadlocks.queued(delivery)
            elif subscriber.overflow is Overflow.BLOCK:
                ticket = self.overflows.queue_up(delivery, ticket)
            else:
                rejected = self.overflows.shed(delivery) or rejected
        if to is None:
            gather = scope.gather
            if gather is not None and not asked and kind in gather.kinds:
                self.answers.give(message, sender, scope, gather, answers_as or sender.id, refusal)
            elif not subscriptions and not route.sinks:
                accounting.unrouted(self, scope)
                self.emit_event(message, "unrouted", None)
                self.correlator.check_later(scope)
            if route.sinks and refusal is None:
                for sink, judge in route.sinks:
                    decision = judge(message, sender)
                    if decision is not None:
                        self.observers.record_verdict(message, sink.id, decision)
                    sink.accept(message, sender, decision)
        if route.taps and refusal is None:
            show(route.taps, message, sender, self.now(), self.log_failure)
        if rejected is not None and reject:
            raise MailboxFullError(agent=rejected.card.id, capacity=rejected.capacity)
        return ticket

    def within_budget(self, agent: str, delivery: Delivery | None, published: int) -> None:
        """Stop a handler that has published its share, or continues after its run's budget is spent.

        Args:
            agent: The publisher.
            delivery: What it handles; None if that has ended.
            published: Messages of this handling.

        Raises:
            BudgetExceededError: It would use messages reserved for others, or its run has published all its messages.
        """
        own = published > self._most_of_one
        if own or (delivery is not None and delivery.message.scope.run.published > self._max_messages):
            raise keep_safe_text(
                BudgetExceededError(agent, self._max_messages, share=self._most_of_one if own else None)
            )

    def at_rest_if_empty(self, scope: Scope) -> None:
        """An item of a scope has ended: check whether it was the last, or leaves a wait that cannot end."""
        if not scope.in_flight:
            self.correlator.at_rest(scope)
        elif scope.may_deadlock:
            self.deadlocks.look(scope)

    def directed(self, agent: str, route: Route, kind: type[Payload]) -> Subscription:
        """Return the subscription of one agent to a class, as subscriber or as fallback."""
        found = next((one for one in route.subscriptions if one.subscriber.card.id == agent), None)
        found = found or route.fallbacks.get(agent)
        if found is None:
            self.registry.card(agent)
            if agent not in self.subscribers:  # it is registered but still opening
                raise UnknownAgentError(agent=agent, known=tuple(self.subscribers))
            raise NotConsumedError(agent=agent, payload=topic_of(kind).name)
        return found

    # --- outcomes ---

    def handled(self, delivery: Delivery, seconds: float) -> None:
        """End a delivery that was handled, with its duration; has no effect if it has ended before."""
        scope = accounting.handled(delivery, seconds)
        if scope is not None:
            self.after_handled(delivery, scope, seconds)

    def after_handled(self, delivery: Delivery, scope: Scope, seconds: float) -> None:
        """Report that a delivery was handled, and check whether its scope is at rest."""
        subscription = delivery.subscription
        if subscription.branches:
            self.correlator.check_later(scope)
        for interceptor in self.intercepting:
            interceptor.settled(delivery, HANDLED)
        run = scope.run
        observers = self.observers
        if observers.recorder is not None:
            observers.recorder.handled(delivery, run, seconds)
        if run.observed or observers.watched:
            agent = subscription.subscriber.card.id
            accounting.count_attempt(run, agent)
            observers.show(delivery.message, HANDLED_KIND, agent, None, None, delivery)
            self._at_hold(run)
        if not scope.in_flight:
            self.correlator.at_rest(scope)
        elif scope.may_deadlock:
            self.deadlocks.look(scope)

    def settle(self, delivery: Delivery, outcome: Outcome, reason: Reason, *, handed_over: bool = False) -> None:
        """End a delivery that was not handled; has no effect if it has ended before.

        Args:
            delivery: The delivery.
            outcome: Its outcome.
            reason: The reason.
            handed_over: A fallback takes over, so its part is not missing yet.
        """
        scope = accounting.settle(delivery, outcome)
        if scope is None:
            return
        for interceptor in self.intercepting:
            interceptor.settled(delivery, outcome)
        subscription, extra = delivery.subscription, delivery.extra
        agent, message = subscription.subscriber.card.id, delivery.message
        if outcome is DEAD_LETTERED:
            self.dead_letters.append(delivery, reason, self.now())
            self.observers.note_incident("dead_lettered", reason.code, agent, message)
        failure = accounting.failure_of(
            message, topic_of(subscription.kind).name, agent, outcome, reason,
            None if extra is None else extra.instead_of,
        )  # fmt: skip
        accounting.remember(scope, failure)
        self.correlator.failed(scope, failure, subscription.kind, handed_over=handed_over)
        if scope.run.observed or self.observers.listening:
            self._notify(delivery, outcome.value, reason, scope.run)
        self.at_rest_if_empty(scope)

    def _notify(self, delivery: Delivery, kind: str, reason: Reason | None, run: RunState) -> None:
        """Tell observers that a delivery has ended."""
        self.emit_event(delivery.message, kind, delivery.subscription.subscriber.card.id, reason, None, delivery)
        self._at_hold(run)

    def _at_hold(self, run: RunState) -> None:
        """Tell waiting askers that everything left of a run may now wait for a person."""
        if run.held:
            self.timers.soon("notice", run)

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End items that wait for a person or a slow policy, because their run or scope ends."""
        if (owner := self.approvals if parked.kind == HOLD else self.consultations) is not None:
            owner.withdraw(parked, outcome, reason)

    def deliveries(self) -> Iterator[Delivery]:
        """Yield every delivery in flight."""
        for run in tuple(self.runs.open_runs.values()):
            for scope in tuple(run.root.tree()):
                yield from tuple(scope.deliveries)

    # --- errors of the bus itself ---

    def note_refusal(self, delivery: Delivery, error: GenieError) -> None:
        """A handler tried something that its card does not allow; counted in addition to its outcome."""
        agent, code = delivery.subscription.subscriber.card.id, code_of(error)
        accounting.refused(delivery.subscription)
        self.emit_event(delivery.message, "refused", agent, Reason(code))
        self.record_act("identity_refused", agent, by="bus", reason=code, message=delivery.message)

    @staticmethod
    def note_blocking(subscriber: Subscriber, seconds: float) -> None:
        """Report a handler that blocked the loop: nothing else could run, not even its own timeout."""
        if seconds < STALL_S:
            return
        subscriber.stalled += 1
        agent = subscriber.card.id
        log("genie.bus", "WARNING", f"agent {agent} blocked the loop for {seconds:.1f} s", agent=agent)
