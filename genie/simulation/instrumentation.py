"""Instrumentation: runs unmodified agents with a check, a duration and faults at each handling.

The bus calls an instrumented handler in place of the agent's own. It judges each delivery again with its own compiled
policies, so the invariant ``nothing_denied_is_seen`` does not depend on the bus's decisions.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio

from genie.contracts.agent import FunctionAgent
from genie.contracts.message import stamp
from genie.errors import AgentDefinitionError
from genie.inflight.delivery import original
from genie.inflight.subscription import CONTEXT, MESSAGE, PAYLOAD
from genie.runtime.runtime import Runtime
from genie.simulation.fault_injection import FaultInjector, FaultyContext, RandomStreams

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from genie.bus.bus import Bus
    from genie.contracts.agent import Agent, Binding
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.inflight.handlers import Call
    from genie.policy.policy import Decision, Evaluator, PolicySet
    from genie.simulation.durations import Distribution
    from genie.simulation.journal import SimulationJournal
    from genie.simulation.schema import FaultSection

RUNNING: ContextVar[str | None] = ContextVar("genie_simulated_agent", default=None)
"""The agent whose handler runs, in all tasks that the handler starts."""


class ShuffledQueue(deque[Any]):
    """A queue with random order by seed: agents that are ready at the same virtual time run in any order.

    Args:
        source: A generator for this queue alone.
        ready: The present entries.
    """

    def __init__(self, source: random.Random, ready: Iterable[Any]) -> None:
        super().__init__(ready)
        self._draw = source.random

    def popleft(self) -> Any:
        """Remove and return a random entry."""
        if len(self) > 1:
            self.rotate(int(self._draw() * len(self)))
        return super().popleft()


class SimulatedRuntime(Runtime):
    """A runtime whose handlers are wrapped from their first message on.

    Args:
        agents: As for ``Runtime``.
        calls: Returns the wrapped handlers of an agent; a wrapper finds its delivery in ``workers.stepping`` until it
            first suspends.
        more: As for ``Runtime``.
    """

    def __init__(
        self, agents: Iterable[Agent | Binding], *,
        calls: Callable[[AgentCard, Mapping[type[Payload], Call]], dict[type[Payload], Call]], **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(agents, **more)
        self._made = self._made._replace(calls=calls)


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
    ) -> None:
        self._journal = journal
        self._policies = policies
        self._candidate = candidate
        self._work = work
        self._trouble = trouble
        self._seed = seed
        self._now = now
        self._evaluators: dict[tuple[object, str], Evaluator] = {}
        self.injected: Counter[str] = Counter()
        self.compared: Counter[tuple[str, str]] = Counter()
        self.compared_of = 0
        self.stricter = 0
        self.bus: Bus | None = None
        """Set when the runtime is open."""

    @staticmethod
    def bound(binding: Binding) -> Binding:
        """Return the binding of an agent for one simulation: agents with state are copied."""
        agent = binding.agent
        return binding if isinstance(agent, FunctionAgent) else replace(binding, agent=_fresh(agent, binding.card))

    def calls(self, card: AgentCard, calls: Mapping[type[Payload], Call]) -> dict[type[Payload], Call]:
        """Return the instrumented handlers of an agent."""
        instrumented = InstrumentedAgent(self, card)
        return {kind: instrumented.call(call) for kind, call in calls.items()}

    def faults_of(self, card: AgentCard) -> FaultInjector:
        """Return the faults of an agent."""
        return FaultInjector(self._trouble, card, self._seed, self._now, self.injected)

    def work_of(self, agent: str) -> tuple[Distribution, RandomStreams] | None:
        """Return the distribution of an agent's durations and its generators; None without a declared duration."""
        takes = self._work.get(agent)
        return None if takes is None else (takes, RandomStreams(f"{self._seed}/work/{agent}"))

    def _evaluator(self, policies: PolicySet, kind: type[Payload], card: AgentCard, *, which: str) -> Evaluator:
        found = self._evaluators.get((kind, f"{which}{card.id}"))
        if found is None:
            found = self._evaluators[kind, f"{which}{card.id}"] = policies.evaluator(kind, card)
        return found

    def seen(self, payload: Payload, card: AgentCard) -> int:
        """Check that an agent may handle a payload; return the bus's number of the run."""
        bus = self.bus
        worker = None if bus is None else bus.workers.stepping
        delivery = None if worker is None else worker.delivery
        if bus is None or delivery is None or delivery.message.payload is not payload:
            self._journal.add_violation(
                "nothing_denied_is_seen", f"{card.id} handles a payload that belongs to no delivery"
            )
            return 0
        message: Envelope[Any] = original(delivery)
        policies = bus.policies
        if policies is not self._policies:  # they were replaced during the simulation
            self._policies = policies
            self._evaluators.clear()
        kind, sender = type(payload), bus.judging.card_of(message)
        extra = delivery.extra
        inputs = () if extra is None else (extra.approved, extra.heard)
        decision = self._evaluator(policies, kind, card, which="=").judge(message, sender, *inputs)
        if decision is not None:
            self._judge(decision, message, payload, card)
        if self._candidate is not None:
            self._compare(self._candidate, message, sender, card)
        number: int = message.scope.run.number
        return number

    def arrival(self, run: int) -> int:
        """Return the number of a run's arrival for the bus's number of the run."""
        found = self._journal.numbers.get(run)
        return 0 if found is None else found

    def _judge(self, decision: Decision, message: Envelope[Any], payload: Payload, card: AgentCard) -> None:
        run = self._journal.runs.get(message.correlation_id)
        number = None if run is None else run.number
        what = f"{card.id} received {payload.__topic__.name} ({message.id})"
        if decision.verdict in {"deny", "hold", "consult"}:
            self._journal.add_violation("nothing_denied_is_seen", f"{what} against {decision.summary}", number)
        elif decision.verdict == "redact" and payload is message.payload:
            self._journal.add_violation(
                "nothing_denied_is_seen", f"{what} unmasked, against {decision.summary}", number
            )

    def _compare(self, candidate: PolicySet, message: Envelope[Any], sender: AgentCard, card: AgentCard) -> None:
        self.compared_of += 1
        # With the findings of the candidate's own inspectors: those in force may look for something else, or nothing.
        inspected = stamp(
            message.number, message.payload, message.sender, message.recipient, message.scope, message.cause,
            message.hops, message.headers, message.label, candidate.inspectors.inspect(message.payload),
        )  # fmt: skip
        decision = self._evaluator(candidate, type(message.payload), card, which="?").judge(
            inspected, sender, frozenset()
        )
        if decision is not None and decision.verdict != "allow":
            for reason in decision.reasons:
                self.compared[reason.policy, reason.verdict] += 1
            self.stricter += decision.verdict in {"deny", "hold"}


class InstrumentedAgent:
    """The handlers of one agent, called with the check, the duration and the faults of the scenario."""

    def __init__(self, instrumentation: Instrumentation, card: AgentCard) -> None:
        self._instrumentation = instrumentation
        self._card = card
        self._faults = instrumentation.faults_of(card)
        self._work = instrumentation.work_of(card.id)

    def call(self, inner: Call) -> Call:
        """Return what the bus calls in place of a handler."""
        handler, wants, branches = inner
        card, look = self._card, self._look
        if not self._faults and self._work is None:

            async def watched(given: Any, *context: Any) -> Any:
                RUNNING.set(card.id)
                look(given.payload if wants == MESSAGE else given)
                output = handler(given, *context)
                if hasattr(output, "__await__"):
                    output = await output
                return _attributed(output, card.id) if hasattr(output, "__aiter__") else output

            return watched, wants, branches

        async def troubled(given: Any, context: Any) -> Any:
            RUNNING.set(card.id)
            payload = given.payload if wants == MESSAGE else given
            return await self._handled(handler, wants, given, payload, context, look(payload))

        # A fault that delays an output needs a context, even if the handler takes none.
        return troubled, CONTEXT if wants == PAYLOAD else wants, branches or bool(self._faults)

    async def _handled(
        self, handler: Callable[..., Any], wants: int, given: Any, payload: Payload, context: Any, run: int
    ) -> Any:
        """Call a handler with the duration and the faults of the scenario."""
        faults = self._faults
        arguments = (given,) if wants == PAYLOAD else (given, FaultyContext(context, faults, payload, run))
        times = await faults.before(payload, run)
        outputs: list[Any] = []
        single = True
        for done in range(times):
            await self._take(run)
            output = handler(*arguments)
            if hasattr(output, "__await__"):
                output = await output
            if hasattr(output, "__aiter__"):
                return self._streamed(handler, arguments, payload, context, run, output, times - done - 1)
            single = single and not isinstance(output, tuple)
            outputs += output if isinstance(output, tuple) else () if output is None else (output,)
        outputs = faults.after(payload, outputs, context, run)
        if single and len(outputs) < 2:
            return outputs[0] if outputs else None
        return tuple(outputs)

    async def _streamed(
        self,
        handler: Callable[..., Any],
        arguments: tuple[Any, ...],
        payload: Payload,
        context: Any,
        run: int,
        stream: Any,
        more: int,
    ) -> AsyncIterator[Any]:
        """Yield a handler's payloads with their faults, and repeat the call for each duplication."""
        RUNNING.set(self._card.id)
        while True:
            async for output in stream:
                for one in self._faults.after(payload, [output], context, run):
                    yield one
            if more < 1:
                return
            more -= 1
            await self._take(run)
            stream = handler(*arguments)

    async def _take(self, run: int) -> None:
        if self._work is not None:
            takes, streams = self._work
            await anyio.sleep(takes.draw(streams.next(run)))

    def _look(self, payload: Payload) -> int:
        """Check a payload; return the number of the run's arrival."""
        return self._instrumentation.arrival(self._instrumentation.seen(payload, self._card))


async def _attributed(stream: Any, agent: str) -> AsyncIterator[Any]:
    """Yield a handler's payloads; the bus runs a stream in separate context variables."""
    RUNNING.set(agent)
    try:
        async for output in stream:
            yield output
    finally:
        if hasattr(stream, "aclose"):
            await stream.aclose()


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
