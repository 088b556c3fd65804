"""The runtime: one object to open, ask, watch, drain and close."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self, TypeVar, cast

from genie.contracts.agent import Agent, Binding, Join
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.limits import RunLimits
from genie.contracts.message import Payload
from genie.errors import InputError, RuntimeClosedError
from genie.graph.registry import Registry
from genie.inflight.events import Watcher
from genie.runtime.arguments import (
    Made,
    addressed,
    answers_asked,
    bound,
    checked,
    durability_mode,
    instance,
    payload_given,
    policy_set,
    ports,
    seconds,
    several,
)
from genie.runtime.asking import Asked, Asking, Questions, found_room, send
from genie.runtime.run import Run, started
from genie.runtime.watching import events_of, observing, tap_card

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager
    from os import PathLike
    from types import TracebackType

    from genie.bus.bus import Bus
    from genie.config.pipeline import Pipeline
    from genie.contracts.admission import Admission
    from genie.contracts.context import Stream
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.control import Control
    from genie.contracts.ports.executor import Executor
    from genie.contracts.ports.journal import DurabilityMode, EventLog, Journal
    from genie.contracts.statistics import Statistics
    from genie.inflight.accounting import RunState
    from genie.inflight.events import Event
    from genie.observation.taps import Observation
    from genie.operations.reload import PolicySource
    from genie.policy.policy import Policy, PolicySet
    from genie.runtime.approvals import Approvals
    from genie.runtime.life import Life
    from genie.runtime.operations import Operations

T = TypeVar("T", bound=Payload)
U = TypeVar("U", bound=Payload)

FAIRNESS = 64
"""Payloads that are published from outside in a row before the publisher yields to the loop."""
MOST_NAMED = 8
"""Number of agents that the text form of a runtime names."""


class Runtime(Asking):
    """Runs agents, policies and joins on one bus.

    Args:
        agents: Agents, or bindings of agents to settings and ports.
        policies: The policies that judge every delivery, as a set or a list; without any, nothing is judged.
        joins: Declared fan-in.
        limits: Limits of runs.
        journal: Records every message, verdict and outcome.
        log: Stores what the runtime needs to resume after its process was killed; without it nothing survives.
        durability: When a message must be in the log: ``batched``, before anything that it causes leaves the process;
            ``every_message``, before a handler sees it. ``none``: the log is not used.
        chatter: Payload classes whose messages are not logged, such as progress reports.
        audit: Records every act of governance.
        control: Connects people at other terminals, who approve and switch.
        admission: Rates and budgets.
        caller: The caller of an ask that names none.
        seed: Seed of the randomness of agents and retries; random by default.
        wall: Seconds since the epoch at opening; the system's time by default.
        prefix: Prefix of message ids; random by default.
        executor: Runs plain functions; threads and processes by default.
        source: Source of the policies for ``operations.reload``.
        debug: Log whole tracebacks and payloads of failures, and give ``RunStalled`` and ``PartMissingError`` the
            exception as their cause. For development: texts of exceptions may quote payloads.

    Raises:
        TypeError: An argument is not of its type.
        InputError: ``debug`` is given and the policies are those of a production environment.
        DuplicateAgentError, AgentDefinitionError: Two agents of one id, or a card that cannot be used.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        agents: Iterable[Agent | Binding] = (),
        *,
        policies: PolicySet | Iterable[Policy] | None = None,
        joins: Iterable[Join] = (),
        limits: RunLimits | None = None,
        journal: Journal | None = None,
        log: EventLog | None = None,
        durability: DurabilityMode = "batched",
        chatter: Iterable[type[Payload]] = (),
        audit: Audit | None = None,
        control: Control | None = None,
        admission: Admission | None = None,
        caller: Caller | None = None,
        seed: int | None = None,
        wall: float | None = None,
        prefix: str | None = None,
        executor: Executor | None = None,
        source: PolicySource | None = None,
        debug: bool = False,
    ) -> None:
        for name, given, kind in (("limits", limits, RunLimits), ("caller", caller, Caller), ("seed", seed, int),
                                  ("prefix", prefix, str), ("debug", debug, bool)):  # fmt: skip
            if given is not None:
                instance(name, given, kind)
        seconds(wall, "wall")
        ports(journal=journal, log=log, audit=audit, control=control, admission=admission, executor=executor,
              source=source)  # fmt: skip
        policies = None if policies is None else policy_set(policies)
        if debug and policies is not None and policies.environment.name == "production":
            raise InputError("debug", "shows texts of exceptions, so it is refused in production", "set `environment`")
        seed = int.from_bytes(os.urandom(4)) if seed is None else seed
        self._made = made = Made(
            tuple(bound(agent) for agent in several("agents", agents, "agents")), policies,
            tuple(several("joins", joins, "joins")), limits or RunLimits(), journal,
            None if durability == "none" else log, audit, control, admission, seed, wall, prefix, executor, source,
            debug, durability_mode(durability), frozenset(several("chatter", chatter, "payload classes")),
        )  # fmt: skip
        self._registry = Registry()
        super().__init__(Questions(made.limits.deadline_s, caller or Caller()))
        self._published = 0
        self._life: Life
        for binding in made.agents:
            self._registry.add(binding.card)
        for join in made.joins:
            self._registry.join(join)

    def __repr__(self) -> str:
        state = "not open" if self._bus is None else "closed" if self._bus.closing else "open"
        names = [card.id for card in self.cards()]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"<Runtime {state}, agents: {', '.join(names[:MOST_NAMED]) or 'none'}{more}>"

    @classmethod
    def from_pipeline(
        cls, pipeline: Pipeline, *, journal: Journal | None = None, audit: Audit | None = None,
        caller: Caller | None = None, debug: bool | None = None,
    ) -> Self:  # fmt: skip
        """Return a runtime of a checked pipeline, with its own audit and debugging unless others are given.

        A warning is logged for a pipeline on which no policy acts.
        """
        if not pipeline.policies.acts:
            import logging  # noqa: PLC0415 - beside its only use

            logging.getLogger("genie.runtime").warning("pipeline %s: no policy acts on its messages", pipeline.id)
        return cls(
            pipeline.bindings, policies=pipeline.policies, joins=pipeline.joins, limits=pipeline.limits,
            journal=journal, audit=pipeline.audit if audit is None else audit, caller=caller or pipeline.nobody,
            control=pipeline.control, source=pipeline.policy_source, admission=pipeline.admission,
            log=None if pipeline.log is None else pipeline.log(), durability=pipeline.durability,
            chatter=pipeline.chatter, debug=pipeline.debug if debug is None else debug,
        )  # fmt: skip

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, journal: Journal | None = None, debug: bool | None = None) -> Self:
        """Return a runtime of a pipeline file.

        Raises:
            ConfigError: The file cannot be run; its problems have the form ``file:line: problem``.
        """
        from genie.config.loader import load  # noqa: PLC0415 - YAML is loaded only by those who use it

        return cls.from_pipeline(load(path), journal=journal, debug=debug)

    @property
    def operations(self) -> Operations:
        """Operator calls: pause, kill, reload, revoke, incidents, dead letters."""
        self._open_bus()
        return self._life.parts.operations

    @property
    def approvals(self) -> Approvals:
        """Holds and votes."""
        self._open_bus()
        return self._life.parts.approvals

    @property
    def bus(self) -> Bus:
        """The open bus, for code on top of the runtime that needs its clock or timers."""
        return self._open_bus()

    # --- life ---

    async def __aenter__(self) -> Self:
        """Open agents and start the timers."""
        # Start-up time: defining payloads and agents needs less than half of the modules of a bus.
        from genie.runtime.life import Life  # noqa: PLC0415 - as above

        if self._bus is not None:
            raise RuntimeClosedError
        self._life = Life(self._made, self._registry)
        self._bus = (await self._life.open()).bus
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Cancel running work and close agents; call ``drain`` first to let the work finish.

        Raises:
            RuntimeFailedError: The runtime had failed because of an internal error.
        """
        if self._bus is not None:
            await self._life.close(error)

    @checked
    async def drain(self, within_s: float) -> None:
        """Admit no more runs and wait for those in flight; the rest at the time limit ends ``cancelled(drain)``.

        With a log, the rest continues when the runtime opens again.

        Args:
            within_s: Seconds to wait, from 0.
        """
        self._open_bus()
        await self._life.drain(within_s)

    def stream(
        self, question: Payload, *, parts: type[U] | tuple[type[U], ...], end: type[T] | tuple[type[T], ...],
        to: str | None = None, within_s: float | None = None, caller: Caller | None = None,
    ) -> Stream[U | T]:  # fmt: skip
        """Publish a question when the stream is first read; read its parts, then its answer (docs/models.md)."""
        from genie.runtime.stream import opened  # noqa: PLC0415 - start-up: for those who stream

        options = (to, within_s, caller)
        return cast("Stream[U | T]", opened(self._open_bus, self._questions, question, parts, end, options))

    def start(
        self, question: Payload, answer: type[T], *, to: str | None = None, deadline_s: float | None = None,
        caller: Caller | None = None, key: str | None = None, watched: Callable[[Run[T]], Watcher] | None = None,
    ) -> Run[T]:  # fmt: skip
        """Publish a question and return the run, or the existing run of its ``key``.

        ``watched`` creates its watcher.
        """
        answers_asked(answer)
        addressed(to, caller)
        return self._started(Asked(payload_given(question), (answer,), "all", to), deadline_s, caller, key, watched)

    def _started(
        self, asked: Asked[T], deadline_s: float | None, caller: Caller | None, key: str | None,
        watched: Callable[[Run[T]], Watcher] | None = None, *, asks: bool = False,
    ) -> Run[T]:  # fmt: skip
        def begin(told: Callable[[RunState], None] | None = None) -> Run[T]:
            return started(self._questions, self._open_bus(), asked, deadline_s, caller, told, watched, asks=asks)

        if key is None:
            return begin()
        self._open_bus()
        return self._life.parts.keys.run(key, asked, self._questions.caller(caller), begin)

    async def _kept(
        self, asked: Asked[T], within_s: float | None, caller: Caller | None, key: str, notices: list[str] | None
    ) -> T:
        return await self._started(asked, within_s, caller, key, asks=True).noted(notices, within_s)

    @checked
    def run(self, run_id: str) -> Run[Payload]:
        """Return a run in flight by its id: one that was started, or whose ask raised ``RunHeld``.

        Raises:
            InputError: No run of that id is in flight.
        """
        bus = self._open_bus()
        state = next((run for run in bus.runs.open_runs.values() if run.id == run_id), None)
        if state is None:
            raise InputError(f"run {run_id!r}", "is not in flight")
        gather = state.root.gather
        answers = () if gather is None else tuple(gather.kinds)
        state.observed = True
        return Run(bus, state, answers or (Payload,))

    async def publish(self, payload: Payload, *, to: str | None = None, caller: Caller | None = None) -> None:
        """Publish a payload without waiting for an answer; waits only for room in mailboxes that block.

        Raises:
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        if to is not None or caller is not None:
            addressed(to, caller)
        self._published += 1
        if self._published % FAIRNESS == 0:  # a publisher that never waits would block the loop
            import anyio  # noqa: PLC0415 - as where it is closed

            await anyio.lowlevel.checkpoint()
        bus = self._open_bus()
        payload_given(payload)
        run = self._questions.open(bus, None, caller)
        await found_room(bus, run, send(bus, run, payload, to))
        if self._life.every_message:
            await self._life.published()

    def observe(
        self,
        *topics: type[Payload],
        id: str = "tap",  # noqa: A002 - the card's own word
        clearance: Classification = Classification.PUBLIC,
        capacity: int = 1024,
        tenants: frozenset[str] | None = None,
        region: str | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[Observation]]:
        """Observe messages, masked as the clearance requires.

        The oldest are dropped when the queue is full; no run waits.

        Args:
            topics: Payload classes; none means all.
            id: Name of the observer in policies and reasons.
            clearance: Highest classification it may see.
            capacity: Observations that may wait, from 1.
            tenants: Tenants whose messages it may see; all by default.
            region: Destination of what it sees; unknown by default.
        """
        return observing(self._open_bus(), topics, tap_card(id, clearance, tenants, region), capacity)

    def events(self) -> AsyncIterator[Event]:
        """Yield the events of every run from now on; beyond 4,096 unread events the oldest are dropped."""
        return events_of(self._open_bus())

    def statistics(self) -> Statistics:
        """Return every counter, at present or as it was when the runtime closed."""
        if self._bus is None:
            raise RuntimeClosedError
        return self._life.parts.statistics()

    def cards(self) -> tuple[AgentCard, ...]:
        """Return the cards of all agents, in the order of registration."""
        return self._registry.cards()

    @checked
    def capable(self, capability: str) -> tuple[AgentCard, ...]:
        """Return the cards of the agents that name a capability."""
        return self._registry.capable(capability)

    async def add(self, agent: Agent | Binding) -> None:
        """Register an agent while running; it gets messages published from now on.

        Raises:
            RuntimeClosedError: The runtime closed while the agent opened; the agent is closed again.
        """
        self._open_bus()
        binding = bound(agent)
        self._registry.add(binding.card)
        try:
            await self._life.open_agent(binding)
        except BaseException:  # an agent that cannot be opened is not listed, then the error is re-raised
            self._registry.remove(binding.card.id)
            raise

    async def replace(self, agent: Agent | Binding) -> None:
        """Replace the agent of the same id by another object; see ``Life.replace_agent``. No message is lost."""
        self._open_bus()
        await self._life.replace_agent(bound(agent))

    @checked
    async def remove(self, agent: str) -> None:
        """Remove an agent: its waiting mail goes to its fallback or is denied, its running handlers are cancelled.

        Returns when its handlers have ended, or were abandoned, and it is closed.
        """
        self._open_bus()
        await self._life.remove_agent(agent)

    @checked
    async def redrive(self, letter_id: str) -> None:
        """Publish a dead letter's payload to its agent again, with its label, in a new run of no wider headers.

        The letter is removed once it has been published.

        Raises:
            InputError: No dead letter of that id is stored, or its payload is denied again; then the letter is kept.
            UnknownAgentError, NotConsumedError: Its agent no longer exists; the letter is kept.
            TooManyRunsError, RuntimeDrainingError: The run is not admitted; the letter is kept.
        """
        self._open_bus()
        await self._life.redrive(letter_id)
