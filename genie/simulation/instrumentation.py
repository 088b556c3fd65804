"""Agents as a simulation runs them: unmodified, each behind a station that sees what it is given.

A station stands where the bus calls the handler. It judges every delivery a second time with gates of its own, so that
"nothing denied is seen" does not rest on what the bus says of itself, and lets the scenario's trouble strike. Where
there is no trouble and no declared work, the handler's own coroutine goes to the bus as it is.
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
from genie.simulation.fault_injection import Draws, Meddled, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.context import Context
    from genie.contracts.message import Message, Payload
    from genie.contracts.ports.executor import Job
    from genie.contracts.signature import ExecutorName, Signature
    from genie.policy.policy import Decision, Gate, PolicySet
    from genie.simulation.durations import Spread
    from genie.simulation.journal import Ledger
    from genie.simulation.schema import TroubleSection


class Stations:
    """All stations of one simulation.

    Args:
        ledger: Told of breaches.
        policies: What judges.
        candidate: What judges beside it and decides nothing.
        work: Agent -> virtual time of a handling.
        trouble: The scenario's entries with their places in it.
        seed: Of the simulation.
        now: Virtual seconds.
        current: The task that runs.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        policies: PolicySet,
        candidate: PolicySet | None,
        work: dict[str, Spread],
        trouble: Sequence[tuple[int, TroubleSection]],
        seed: int,
        now: Callable[[], float],
        current: Callable[[], object],
    ) -> None:
        self._current = current
        self._ledger = ledger
        self._policies = policies
        self._candidate = candidate
        self._work = work
        self._trouble = trouble
        self._seed = seed
        self._now = now
        self._gates: dict[tuple[object, str], Gate] = {}
        self.happened: Counter[str] = Counter()
        self.compared: Counter[tuple[str, str]] = Counter()
        self.compared_of = 0
        self.stricter = 0
        self.bus: Bus | None = None
        """Set once the runtime is open."""

    def bound(self, binding: Binding) -> Binding:
        """Return an agent's binding with its station before it."""
        agent, card = binding.agent, binding.card
        station = Station(self, card, self.trouble_of(card))
        made: Any
        if isinstance(agent, FunctionAgent):
            function, signature = station.function(agent.function, agent.signature)
            made = FunctionAgent(function, agent.card, signature)
        elif isinstance(agent, Handlers):
            made = _fresh(agent, card)
            handlers = dict(agent.handlers)
            for kind, (name, signature) in agent.handlers.items():
                function, signature = station.function(getattr(made, name), signature)  # noqa: PLW2901 - the same one
                object.__setattr__(made, name, function)
                handlers[kind] = (name, signature)
            object.__setattr__(made, "handlers", handlers)
        else:
            made = _Stranger(_fresh(agent, card), station)
        return replace(binding, agent=made)

    def trouble_of(self, card: AgentCard) -> Trouble:
        """Return what goes wrong with an agent."""
        return Trouble(self._trouble, card, self._seed, self._now, self.happened)

    def work_of(self, agent: str) -> tuple[Spread, Draws] | None:
        """Return how long a handling of an agent takes, and what that is drawn from."""
        takes = self._work.get(agent)
        return None if takes is None else (takes, Draws(f"{self._seed}/work/{agent}"))

    def _gate(self, policies: PolicySet, kind: type[Payload], card: AgentCard, *, which: str) -> Gate:
        gate = self._gates.get((kind, f"{which}{card.id}"))
        if gate is None:
            gate = self._gates[kind, f"{which}{card.id}"] = policies.gate(kind, card)
        return gate

    def seen(self, payload: Payload, card: AgentCard) -> int:
        """An agent is about to handle a payload: was it allowed to? Return the bus's number of its run."""
        bus = self.bus
        if bus is None:
            return 0
        for worker in bus.subscribers[card.id].workers:
            delivery = worker.delivery
            if delivery is not None and delivery.message.payload is payload:
                break
        else:
            self._ledger.breach("nothing_denied_is_seen", f"{card.id} handles a payload that no delivery carries")
            return 0
        extra = delivery.extra
        message: Message[Any] = delivery.message if extra is None or extra.original is None else extra.original
        policies = bus.policies
        if policies is not self._policies:  # they were replaced while it ran
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
        """Return the context of the handling that runs, made where its handler takes none."""
        worker = None if self.bus is None else _worker(self.bus, self._current(), card)
        if self.bus is None or worker is None or worker.delivery is None:
            return None
        if worker.context is None:
            worker.context = HandlerContext(self.bus, worker, worker.delivery)
        found: HandlerContext = worker.context
        return found

    def arrival(self, run: int) -> int:
        """Return the number of the arrival of a run, by the bus's number of it."""
        found = self._ledger.numbers.get(run)
        return 0 if found is None else found

    def _judge(self, decision: Decision, message: Message[Any], payload: Payload, card: AgentCard) -> None:
        run = self._ledger.runs.get(message.correlation_id)
        number = None if run is None else run.number
        what = f"{card.id} was given {payload.__topic__.name} ({message.id})"
        if decision.verdict in {"deny", "hold"}:
            self._ledger.breach("nothing_denied_is_seen", f"{what} against {decision.summary}", number)
        elif decision.verdict == "redact" and payload is message.payload:
            self._ledger.breach("nothing_denied_is_seen", f"{what} unmasked, against {decision.summary}", number)

    def _compare(self, candidate: PolicySet, message: Message[Any], sender: AgentCard, card: AgentCard) -> None:
        self.compared_of += 1
        decision = self._gate(candidate, type(message.payload), card, which="?").judge(message, sender, frozenset())
        if decision is not None and decision.verdict != "allow":
            for reason in decision.reasons:
                self.compared[reason.policy, reason.verdict] += 1
            self.stricter += decision.verdict in {"deny", "hold"}


def _worker(bus: Bus, task: object, card: AgentCard) -> Any:
    """Return the worker of an agent whose task runs, None where another's does."""
    return next((worker for worker in bus.subscribers[card.id].workers if worker.task is task), None)


class Station:
    """What stands between the bus and one agent's handlers."""

    def __init__(self, stations: Stations, card: AgentCard, trouble: Trouble) -> None:
        self._stations = stations
        self._seen = stations.seen
        self._card = card
        self.trouble = trouble
        self.work = stations.work_of(card.id)

    def function(self, function: Callable[..., Any], signature: Signature) -> tuple[Callable[..., Any], Signature]:
        """Return the handler to be called instead, and its contract."""
        card, seen = self._card, self._seen
        if card.executor != "loop":
            return function, signature  # its job sees it
        if not self.trouble and self.work is None:
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

        return troubled, signature._replace(takes_context=True, certain=signature.certain and not self.trouble)

    async def handled(
        self, call: Callable[[Any, Any], Any], payload: Payload, context: Context | None, run: int
    ) -> Any:
        """Let a handler handle a payload for a run, as the scenario has it."""
        times = await self.trouble.before(payload, run)
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
        outputs = self.trouble.after(payload, outputs, context, run)
        if single and len(outputs) < 2:
            return outputs[0] if outputs else None
        return tuple(outputs)

    async def _take(self, run: int) -> None:
        if self.work is not None:
            takes, draws = self.work
            await anyio.sleep(takes.draw(draws.source(run)))

    async def _streamed(
        self, call: Callable[[Any, Any], Any], payload: Payload, context: Context
    ) -> AsyncIterator[Any]:
        run = self.look(payload)
        for _ in range(await self.trouble.before(payload, run)):
            await self._take(run)
            async for output in call(payload, self._given(payload, context, run)):
                for one in self.trouble.after(payload, [output], context, run):
                    yield one

    def _given(self, payload: Payload, context: Context | None, run: int) -> Any:
        """Return the context that the handler gets."""
        return context if context is None or not self.trouble else Meddled(context, self.trouble, payload, run)

    def context_of(self) -> Context | None:
        """Return a context for a handler that takes none itself; what comes out later needs one."""
        return self._stations.context_of(self._card)

    def job(self, inner: Job) -> _Job:
        """Return a job that takes its declared time and is called inline."""
        return _Job(self, inner)

    def look(self, payload: Payload) -> int:
        """See what is handled; return the number of its run's arrival."""
        return self._stations.arrival(self._seen(payload, self._card))


def _fresh(agent: Any, card: AgentCard) -> Any:
    """Return a copy of an agent with state, so that no simulation sees what another left there.

    Raises:
        AgentDefinitionError: It keeps something that cannot be copied.
    """
    try:
        return copy.deepcopy(agent)
    except Exception as error:  # noqa: BLE001 - whatever an object does when it is copied
        why = f"keeps something that cannot be copied for a simulation ({type(error).__name__}); make it in open()"
        raise AgentDefinitionError(f"agent {card.id!r}", why) from None


class _Stranger:
    """An agent that is neither a function nor of handlers, behind its station."""

    def __init__(self, agent: Any, station: Station) -> None:
        self._agent = agent
        self._station = station
        self.card: AgentCard = agent.card

    async def handle(self, message: Message[Any], context: Context) -> Any:
        run = self._station.look(message.payload)

        def call(_: Any, given: Any) -> Any:
            return self._agent.handle(message, given)

        return await self._station.handled(call, message.payload, context, run)

    async def open(self) -> None:
        if hasattr(self._agent, "open"):
            await self._agent.open()

    async def close(self) -> None:
        if hasattr(self._agent, "close"):
            await self._agent.close()


class _Job:
    abandoned = 0

    def __init__(self, station: Station, inner: Job) -> None:
        self._station = station
        self._inner = inner

    async def call(self, payload: Payload) -> Any:
        run = self._station.look(payload)
        context = self._station.context_of() if self._station.trouble else None
        return await self._station.handled(lambda given, _: self._inner.call(given), payload, context, run)

    def close(self) -> None:
        self._inner.close()


class SimulatedExecutor:
    """Runs plain functions inline, each taking its declared virtual time; payloads of processes pass through JSON."""

    def __init__(self, stations: Stations, cards: dict[str, AgentCard]) -> None:
        self._stations = stations
        self._cards = cards
        self._inline = InlineExecutor()

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return how an agent's plain function is called."""
        station = Station(self._stations, self._cards[agent], self._stations.trouble_of(self._cards[agent]))
        return station.job(self._inline.job(place, agent, function, signature, slots))

    async def close(self) -> None:
        """There is nothing to end."""
