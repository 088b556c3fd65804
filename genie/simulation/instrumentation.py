"""Instrumentation: runs unmodified agents with a check, a duration and faults at each handling.

An instrumented agent stands between the bus and the handler. It judges each delivery again with its own compiled
policies, so the invariant ``nothing_denied_is_seen`` does not depend on the bus. Without faults and a declared
duration, the bus awaits the handler's own coroutine.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from genie.bus.context import HandlerContext
from genie.contracts.agent import Binding, FunctionAgent, Handlers
from genie.edges.executors.default import InlineExecutor
from genie.errors import AgentDefinitionError
from genie.simulation.fault_injection import FaultInjector, FaultyContext, RandomStreams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.context import Context
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.executor import Job
    from genie.contracts.signature import ExecutorName, Signature
    from genie.policy.policy import Decision, Evaluator, PolicySet
    from genie.simulation.durations import Distribution
    from genie.simulation.journal import SimulationJournal
    from genie.simulation.schema import FaultSection


class Instrumentation:
    """The instrumented agents of one simulation.

    Args:
        journal: Receives violations.
        policies: The policies in force.
        candidate: Policies that are compared with those in force.
        work: Agent -> virtual time of a handling.
        trouble: The scenario's entries with their places.
        seed: The simulation's seed.
        now: Returns virtual seconds.
        current: Returns the running task.
    """

    def __init__(
        self,
        *,
        journal: SimulationJournal,
        policies: PolicySet,
        candidate: PolicySet | None,
        work: dict[str, Distribution],
        trouble: Sequence[tuple[int, FaultSection]],
        seed: int,
        now: Callable[[], float],
        current: Callable[[], object],
    ) -> None:
        self._current = current
        self._journal = journal
        self._policies = policies
        self._candidate = candidate
        self._work = work
        self._trouble = trouble
        self._seed = seed
        self._now = now
        self._gates: dict[tuple[object, str], Gate] = {}
        self.injected: Counter[str] = Counter()
        self.compared: Counter[tuple[str, str]] = Counter()
        self.compared_of = 0
        self.stricter = 0
        self.bus: Bus | None = None
        """Set when the runtime is open."""

    def bound(self, binding: Binding) -> Binding:
        """Return the binding of an agent with the agent instrumented."""
        agent, card = binding.agent, binding.card
        instrumented = InstrumentedAgent(self, card, self.faults_of(card))
        made: Any
        if isinstance(agent, FunctionAgent):
            function, signature = instrumented.function(agent.function, agent.signature)
            made = FunctionAgent(function, agent.card, signature)
        elif isinstance(agent, Handlers):
            made = _fresh(agent, card)
            handlers = dict(agent.handlers)
            for kind, (name, signature) in agent.handlers.items():
                function, signature = instrumented.function(getattr(made, name), signature)  # noqa: PLW2901 - the same one
                object.__setattr__(made, name, function)
                handlers[kind] = (name, signature)
            object.__setattr__(made, "handlers", handlers)
        else:
            made = _InstrumentedHandle(_fresh(agent, card), instrumented)
        return replace(binding, agent=made)

    def faults_of(self, card: AgentCard) -> FaultInjector:
        """Return the faults of an agent."""
        return FaultInjector(self._trouble, card, self._seed, self._now, self.injected)

    def work_of(self, agent: str) -> tuple[Distribution, RandomStreams] | None:
        """Return the distribution of an agent's durations and its generators; None without a declared duration."""
        takes = self._work.get(agent)
        return None if takes is None else (takes, RandomStreams(f"{self._seed}/work/{agent}"))

    def _gate(self, policies: PolicySet, kind: type[Payload], card: AgentCard, *, which: str) -> Evaluator:
        gate = self._gates.get((kind, f"{which}{card.id}"))
        if gate is None:
            gate = self._gates[kind, f"{which}{card.id}"] = policies.evaluator(kind, card)
        return gate

    def seen(self, payload: Payload, card: AgentCard) -> int:
        """Check that an agent may handle a payload; return the bus's number of the run."""
        bus = self.bus
        if bus is None:
            return 0
        for worker in bus.subscribers[card.id].workers:
            delivery = worker.delivery
            if delivery is not None and delivery.message.payload is payload:
                break
        else:
            self._journal.add_violation(
                "nothing_denied_is_seen", f"{card.id} handles a payload that belongs to no delivery"
            )
            return 0
        extra = delivery.extra
        message: Envelope[Any] = delivery.message if extra is None or extra.original is None else extra.original
        policies = bus.policies
        if policies is not self._policies:  # they were replaced during the simulation
            self._policies = policies
            self._gates.clear()
        kind, sender = type(payload), bus.card_of(message)
        decision = self._gate(policies, kind, card, which="=").judge(
            message, sender, frozenset() if extra is None else extra.approved
        )
        if decision is not None:
            self._judge(decision, message, payload, card)
        if self._candidate is not None:
            self._compare(self._candidate, message, sender, card)
        number: int = message.scope.run.number
        return number

    def context_of(self, card: AgentCard) -> Context | None:
        """Return the context of the running handling, also for a handler without a context."""
        worker = None if self.bus is None else _worker(self.bus, self._current(), card)
        if self.bus is None or worker is None or worker.delivery is None:
            return None
        if worker.context is None:
            worker.context = HandlerContext(self.bus, worker, worker.delivery)
        found: HandlerContext = worker.context
        return found

    def arrival(self, run: int) -> int:
        """Return the number of a run's arrival for the bus's number of the run."""
        found = self._journal.numbers.get(run)
        return 0 if found is None else found

    def _judge(self, decision: Decision, message: Envelope[Any], payload: Payload, card: AgentCard) -> None:
        run = self._journal.runs.get(message.correlation_id)
        number = None if run is None else run.number
        what = f"{card.id} received {payload.__topic__.name} ({message.id})"
        if decision.verdict in {"deny", "hold"}:
            self._journal.add_violation("nothing_denied_is_seen", f"{what} against {decision.summary}", number)
        elif decision.verdict == "redact" and payload is message.payload:
            self._journal.add_violation(
                "nothing_denied_is_seen", f"{what} unmasked, against {decision.summary}", number
            )

    def _compare(self, candidate: PolicySet, message: Envelope[Any], sender: AgentCard, card: AgentCard) -> None:
        self.compared_of += 1
        decision = self._gate(candidate, type(message.payload), card, which="?").judge(message, sender, frozenset())
        if decision is not None and decision.verdict != "allow":
            for reason in decision.reasons:
                self.compared[reason.policy, reason.verdict] += 1
            self.stricter += decision.verdict in {"deny", "hold"}


def _worker(bus: Bus, task: object, card: AgentCard) -> Any:
    """Return the worker of an agent that runs a task; None if another agent runs it."""
    return next((worker for worker in bus.subscribers[card.id].workers if worker.task is task), None)


class InstrumentedAgent:
    """One agent between the bus and its handlers."""

    def __init__(self, instrumentation: Instrumentation, card: AgentCard, faults: FaultInjector) -> None:
        self._instrumentation = instrumentation
        self._seen = instrumentation.seen
        self._card = card
        self.faults = faults
        self.work = instrumentation.work_of(card.id)

    def function(self, function: Callable[..., Any], signature: Signature) -> tuple[Callable[..., Any], Signature]:
        """Return the handler to call instead, and its signature."""
        card, seen = self._card, self._seen
        if card.executor != "loop":
            return function, signature  # its job checks it
        if not self.faults and self.work is None:
            if signature.takes_context:

                def watched(payload: Payload, context: Context) -> Any:
                    seen(payload, card)
                    return function(payload, context)

                return watched, signature

            def watched_alone(payload: Payload) -> Any:
                seen(payload, card)
                return function(payload)

            return watched_alone, signature
        takes = signature.takes_context

        def call(payload: Payload, context: Context) -> Any:
            return function(payload, context) if takes else function(payload)

        if signature.streams:

            def streamed(payload: Payload, context: Context) -> AsyncIterator[Any]:
                return self._streamed(call, payload, context)

            return streamed, signature._replace(takes_context=True)

        async def troubled(payload: Payload, context: Context) -> Any:
            return await self.handled(call, payload, context, self.look(payload))

        return troubled, signature._replace(takes_context=True, certain=signature.certain and not self.faults)

    async def handled(
        self, call: Callable[[Any, Any], Any], payload: Payload, context: Context | None, run: int
    ) -> Any:
        """Call a handler with the duration and the faults of the scenario."""
        times = await self.faults.before(payload, run)
        outputs: list[Any] = []
        single = True
        for _ in range(times):
            await self._take(run)
            output = call(payload, self._given(payload, context, run))
            if hasattr(output, "__await__"):
                output = await output
            if hasattr(output, "__aiter__"):
                return output
            single = single and not isinstance(output, tuple)
            outputs += output if isinstance(output, tuple) else () if output is None else (output,)
        outputs = self.faults.after(payload, outputs, context, run)
        if single and len(outputs) < 2:
            return outputs[0] if outputs else None
        return tuple(outputs)

    async def _take(self, run: int) -> None:
        if self.work is not None:
            takes, streams = self.work
            await anyio.sleep(takes.draw(streams.next(run)))

    async def _streamed(
        self, call: Callable[[Any, Any], Any], payload: Payload, context: Context
    ) -> AsyncIterator[Any]:
        run = self.look(payload)
        for _ in range(await self.faults.before(payload, run)):
            await self._take(run)
            async for output in call(payload, self._given(payload, context, run)):
                for one in self.faults.after(payload, [output], context, run):
                    yield one

    def _given(self, payload: Payload, context: Context | None, run: int) -> Any:
        """Return the context for the handler."""
        return context if context is None or not self.faults else FaultyContext(context, self.faults, payload, run)

    def context_of(self) -> Context | None:
        """Return a context for a handler without one: a fault that delays an output needs it."""
        return self._instrumentation.context_of(self._card)

    def job(self, inner: Job) -> _InstrumentedJob:
        """Return a job that runs inline and takes its declared time."""
        return _InstrumentedJob(self, inner)

    def look(self, payload: Payload) -> int:
        """Check a payload; return the number of the run's arrival."""
        return self._instrumentation.arrival(self._seen(payload, self._card))


def _fresh(agent: Any, card: AgentCard) -> Any:
    """Return a copy of an agent, so that simulations share no state.

    Raises:
        AgentDefinitionError: The agent cannot be copied.
    """
    try:
        return copy.deepcopy(agent)
    except Exception as error:  # noqa: BLE001 - third-party code runs when an object is copied
        why = f"cannot be copied for a simulation ({type(error).__name__}); create such objects in open()"
        raise AgentDefinitionError(f"agent {card.id!r}", why) from None


class _InstrumentedHandle:
    """An agent with a ``handle`` method, instrumented."""

    def __init__(self, agent: Any, instrumented: InstrumentedAgent) -> None:
        self._agent = agent
        self._instrumented = instrumented
        self.card: AgentCard = agent.card

    async def handle(self, message: Envelope[Any], context: Context) -> Any:
        run = self._instrumented.look(message.payload)

        def call(_: Any, given: Any) -> Any:
            return self._agent.handle(message, given)

        return await self._instrumented.handled(call, message.payload, context, run)

    async def open(self) -> None:
        if hasattr(self._agent, "open"):
            await self._agent.open()

    async def close(self) -> None:
        if hasattr(self._agent, "close"):
            await self._agent.close()


class _InstrumentedJob:
    abandoned = 0

    def __init__(self, instrumented: InstrumentedAgent, inner: Job) -> None:
        self._instrumented = instrumented
        self._inner = inner

    async def call(self, payload: Payload) -> Any:
        run = self._instrumented.look(payload)
        context = self._instrumented.context_of() if self._instrumented.faults else None
        return await self._instrumented.handled(lambda given, _: self._inner.call(given), payload, context, run)

    def close(self) -> None:
        self._inner.close()


class SimulatedExecutor:
    """Runs plain functions inline with their declared virtual time; payloads for processes are converted to JSON."""

    def __init__(self, instrumentation: Instrumentation, cards: dict[str, AgentCard]) -> None:
        self._instrumentation = instrumentation
        self._cards = cards
        self._inline = InlineExecutor()

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return a job that calls an agent's plain function."""
        card = self._cards[agent]
        instrumented = InstrumentedAgent(self._instrumentation, card, self._instrumentation.faults_of(card))
        return instrumented.job(self._inline.job(place, agent, function, signature, slots))

    async def close(self) -> None:
        """Do nothing: the executor has no threads or processes."""
