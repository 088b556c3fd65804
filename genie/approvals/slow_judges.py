"""Slow judges: policies that are asked in tasks of the runtime, while the deliveries that they judge are parked."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import anyio
from anyio import CancelScope

from genie.contracts.outcome import Outcome, Reason
from genie.errors import class_name
from genie.inflight import accounting
from genie.inflight.delivery import Extra
from genie.inflight.pending import JUDGE, Parked
from genie.policy.opinions import places_exist, worded
from genie.policy.policy import texts_of
from genie.policy.verdict_check import is_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Sink
    from genie.policy.async_policy import AsyncPolicy
    from genie.policy.policy import Decision, Verdict
    from genie.policy.verdicts import Consultation

_ASK, _BUSY = "judge_ask", "judge_busy"
Heard = dict[str, "Verdict"]


class Question:
    """One pending verdict."""

    __slots__ = ("asked", "delivery", "ended", "go_on", "heard", "message", "parked", "scope", "withdrawn")

    def __init__(
        self,
        asked: Consultation,
        message: Envelope[Any],
        delivery: Delivery | None,
        heard: Heard,
        go_on: Callable[[Heard], None],
        ended: Callable[[Outcome, Reason], None],
    ) -> None:
        self.asked = asked
        self.message = message
        self.delivery = delivery
        self.heard = heard
        """Verdicts of the policies asked before."""
        self.go_on = go_on
        """Called with the verdicts, once this one has arrived or failed."""
        self.ended = ended
        """Called when its run or scope ends first."""
        self.parked: Parked
        self.scope: CancelScope | None = None
        """The cancel scope of the asking task, once it runs."""
        self.withdrawn = False


class _Queue:
    """Pending questions to one policy."""

    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.waiting: deque[Question] = deque()


class SlowJudges:
    """Parks deliveries, answers and parts of joins, asks policies, and judges again with their verdicts.

    Args:
        bus: The bus.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._queues: dict[AsyncPolicy, _Queue] = {}
        bus.pending.on(JUDGE, self._late)
        bus.timers.on(_ASK, self._start)
        bus.timers.on(_BUSY, lambda question: self._answer(question, question.asked.consult.policy.failed("busy")))

    # --- parking ---

    def ask(self, delivery: Delivery) -> None:
        """Park a delivery at its turn until a policy has answered."""
        bus, extra = self._bus, delivery.extra or Extra()
        subscriber = delivery.subscription.subscriber
        if extra.heard_in != bus.epoch:
            extra.heard, extra.heard_in = {}, bus.epoch
        delivery.extra = extra

        def go_on(heard: Heard) -> None:
            extra.heard = heard
            subscriber.again(delivery)
            bus.deadlocks.queued(delivery)

        def ended(outcome: Outcome, reason: Reason) -> None:
            subscriber.release(delivery)
            bus.settle(delivery, outcome, reason)

        subscriber.keep_key(delivery)
        self._park(Question(extra.consults[0], delivery.message, delivery, extra.heard, go_on, ended))

    def ask_answer(
        self,
        message: Envelope[Any],
        agent: str,
        decision: Decision,
        approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:
        """Park an answer on its way to its asker."""
        bus, epoch = self._bus, self._bus.epoch
        scope: Scope = message.scope

        def go_on(heard: Heard) -> None:
            gather = scope.gather
            if gather is not None:
                current, known = bus.judging.current(message), heard if bus.epoch == epoch else {}
                bus.answers.give(
                    current, bus.judging.card_of(current), scope, gather, agent, None, approved, known
                )  # fmt: skip
            self._leave(scope)

        def ended(outcome: Outcome, reason: Reason) -> None:
            if scope.gather is not None:
                bus.answers.refuse(message, scope, scope.gather, agent, outcome, reason)
            self._leave(scope)

        accounting.park(scope)
        self._park(Question(decision.consults[0], message, None, dict(heard), go_on, ended))

    def ask_part(self, message: Envelope[Any], sink: Sink, decision: Decision) -> None:
        """Park a message before it reaches a sink."""
        self._ask_part(message, sink, decision, {})

    def _ask_part(self, message: Envelope[Any], sink: Sink, decision: Decision, heard: Heard) -> None:
        bus, epoch = self._bus, self._bus.epoch
        scope: Scope = message.scope

        def go_on(heard: Heard) -> None:
            current, known = bus.judging.current(message), heard if bus.epoch == epoch else {}
            sender = bus.judging.card_of(current)
            evaluator = bus.observers.evaluator(bus.policies, type(current.payload), sink.card)
            decision = evaluator.judge(current, sender, frozenset(), known)
            if decision is not None and decision.verdict == "consult":
                self._ask_part(current, sink, decision, known)
            else:
                if decision is not None:
                    bus.observers.record_verdict(current, sink.id, decision)
                sink.accept(current, sender, decision)
            accounting.unpark(scope, None)  # the sink has counted it
            bus.at_rest_if_empty(scope)

        def ended(outcome: Outcome, _reason: Reason) -> None:
            accounting.unpark(scope, outcome)
            bus.at_rest_if_empty(scope)

        accounting.park(scope)
        self._park(Question(decision.consults[0], message, None, heard, go_on, ended))

    def _leave(self, scope: Scope) -> None:
        accounting.unpark(scope, None)  # it was accepted once more with its verdict
        self._bus.at_rest_if_empty(scope)

    def _park(self, question: Question) -> None:
        bus, policy = self._bus, question.asked.consult.policy
        due = bus.now() + policy.settings.deadline_s
        question.parked = bus.pending.park(JUDGE, question.message.scope, question.delivery, due, question)
        bus.emit_event(question.message, "judging", None, Reason("consult", question.asked.stamp))
        queue = self._queues.setdefault(policy, _Queue())
        if queue.running < policy.settings.at_once:
            queue.running += 1
            bus.timers.soon(_ASK, question)  # called from the timer task, whose context variables belong to no run
        elif len(queue.waiting) < policy.settings.most_waiting:
            queue.waiting.append(question)
        else:
            bus.timers.soon(_BUSY, question)

    # Ask in a separate task; a slot has been reserved for it.

    def _start(self, question: Question) -> None:
        """Ask in a task of its own; a place has been taken for it."""
        tasks, policy = self._bus.tasks, question.asked.consult.policy
        task: object = None

        async def asked() -> None:
            try:
                if not question.withdrawn:
                    with CancelScope() as question.scope:
                        verdict = await self._verdict(question)
                        self._answer(question, verdict)
            finally:
                tasks.left(task)
                self._next(policy)

        task = tasks.start(asked)

    async def _verdict(self, question: Question) -> Verdict:
        policy: AsyncPolicy
        policy, judge = question.asked.consult
        try:
            sender = self._bus.judging.card_of(question.message)
            verdict: Any = await judge(question.message, sender)
        except BaseException as error:  # fail closed: a judge that fails allows nothing
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
            return policy.failed(f"raised {class_name(error)}")
        if not is_verdict(verdict) or not places_exist(verdict, question.message.payload):
            return policy.failed("no verdict")
        texts = texts_of(policy)
        return verdict if texts is None else worded(verdict, texts)

    def _next(self, policy: AsyncPolicy) -> None:
        """Give a free slot to the question that has waited longest."""
        queue = self._queues[policy]
        while queue.waiting:
            question = queue.waiting.popleft()
            if not question.withdrawn:
                self._bus.timers.soon(_ASK, question)
                return
        queue.running -= 1
        if not queue.running:
            del self._queues[policy]

    # --- how it ends ---

    def _answer(self, question: Question, verdict: Verdict) -> None:
        if self._bus.pending.take(question.parked):
            question.go_on({**question.heard, question.asked.stamp: verdict})

    def _late(self, parked: Parked) -> None:
        question: Question = parked.data
        self._stop(question)
        question.go_on({**question.heard, question.asked.stamp: question.asked.consult.policy.failed("late")})

    @staticmethod
    def _stop(question: Question) -> None:
        question.withdrawn = True
        if question.scope is not None:
            question.scope.cancel()

    def take(self, parked: Parked) -> None:
        """Stop asking about a delivery that will not be handled; its key goes to the next."""
        delivery = parked.delivery
        if delivery is not None and self._bus.pending.take(parked):
            self._stop(parked.data)
            delivery.subscription.subscriber.release(delivery)

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End pending questions to policies, because their run or scope ends."""
        if self._bus.pending.take(parked):
            self._stop(parked.data)
            parked.data.ended(outcome, reason)
