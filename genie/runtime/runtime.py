"""One object for applications: open it, ask, watch, drain, close."""

from __future__ import annotations

import math
import os
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from genie.backend.clock import Clock
from genie.backend.ids import IdSource
from genie.bus.accounting import Asker, Outcome, RunState
from genie.bus.events import Watcher
from genie.bus.registry import Registry
from genie.contracts.agent import Agent, Binding, Join
from genie.contracts.card import AgentCard, Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Gathered
from genie.contracts.limits import RunLimits
from genie.contracts.message import Payload, topic_of
from genie.errors import (
    AgentDefinitionError,
    InputError,
    MailboxFullError,
    RunHeld,
    RuntimeClosedError,
    RuntimeDrainingError,
    TooManyRunsError,
)
from genie.operations.reload import Reloads
from genie.runtime.operations import Controls
from genie.runtime.run import Run, ends_at, failure_of, holds_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from os import PathLike
    from types import TracebackType

    from genie.approvals.remote import Steward
    from genie.backend.asyncio_trio import Crew
    from genie.bus.bus import Bus
    from genie.bus.expectation import Expectation
    from genie.bus.taps import Observation
    from genie.config.pipeline import Pipeline
    from genie.contracts.admission import Admission
    from genie.contracts.gather import Expected, Need
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.control import Control
    from genie.contracts.ports.executor import Executor
    from genie.contracts.ports.journal import Journal
    from genie.operations.reload import PolicySource
    from genie.operations.statistics import Statistics
    from genie.policy.policy import PolicySet

T = TypeVar("T", bound=Payload)

_PUBLIC = Classification.PUBLIC
MOST_CALLERS = 1024
"""Callers whose gates are kept compiled."""


class Runtime(Controls, Reloads):
    """Agents, policies and joins, joined by one bus.

    Args:
        agents: Agents, or bindings of agents to settings and ports.
        policies: What judges every delivery; nothing is judged without.
        joins: Declared fan-in.
        limits: Bounds of runs.
        journal: Where every message, verdict and outcome is recorded.
        audit: Where every act of governance is recorded.
        control: Where people at other terminals approve, and switch off.
        admission: Rates and budgets.
        caller: Who asks, where an ask names nobody.
        seed: Of the randomness that agents and retries draw; random by default.
        wall: Seconds since the epoch at opening; the system's time by default.
        prefix: Of message ids; random by default.
        executor: Where plain functions run; threads and processes by default.
        source: What reads the policies anew for ``reload``.

    Raises:
        DuplicateAgentError, AgentDefinitionError: Two agents of one id, or a card that cannot be used.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        agents: Iterable[Agent | Binding] = (),
        *,
        policies: PolicySet | None = None,
        joins: Iterable[Join] = (),
        limits: RunLimits | None = None,
        journal: Journal | None = None,
        audit: Audit | None = None,
        control: Control | None = None,
        admission: Admission | None = None,
        caller: Caller | None = None,
        seed: int | None = None,
        wall: float | None = None,
        prefix: str | None = None,
        executor: Executor | None = None,
        source: PolicySource | None = None,
    ) -> None:
        self._source = source
        self._agents = [_bound(agent) for agent in agents]
        self._policies = policies
        self._joins = tuple(joins)
        self._limits = limits or RunLimits()
        self._journal = journal
        self._audit = audit
        self._control = control
        self._steward: Steward | None = None
        self._admission = admission
        self._caller = caller or Caller()
        self._seed = int.from_bytes(os.urandom(4)) if seed is None else seed
        self._wall = wall
        self._prefix = prefix
        self._executor = executor
        self._registry = Registry()
        self._askers: dict[Caller, Asker] = {}
        self._local = Asker(self._caller.card(), self._caller.headers())
        self._draining = False
        self._bus: Bus | None = None
        self._crew: Crew
        self._opened: list[object] = []
        for binding in self._agents:
            self._registry.add(binding.card)
        for join in self._joins:
            self._registry.join(join)

    @classmethod
    def from_pipeline(
        cls, pipeline: Pipeline, *, journal: Journal | None = None, audit: Audit | None = None,
        caller: Caller | None = None,
    ) -> Self:  # fmt: skip
        """Return a runtime of a checked pipeline, with its own audit unless another is given."""
        return cls(
            pipeline.bindings, policies=pipeline.policies, joins=pipeline.joins, limits=pipeline.limits,
            journal=journal, audit=pipeline.audit if audit is None else audit, caller=caller or pipeline.nobody,
            control=pipeline.control, source=pipeline.policy_source, admission=pipeline.admission,
        )  # fmt: skip

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, journal: Journal | None = None) -> Self:
        """Return a runtime of a pipeline file.

        Raises:
            ConfigError: The file cannot be run; its problems read ``file:line: what is wrong``.
        """
        from genie.config.loader import load  # noqa: PLC0415 - YAML is loaded only by those who use it

        return cls.from_pipeline(load(path), journal=journal)

    # --- life ---

    async def __aenter__(self) -> Self:
        """Open agents and start the alarm."""
        # Start-up: what a program needs to define payloads and agents is less than half of what a bus is made of.
        from genie.backend.asyncio_trio import loop_time, open_crew, parker_factory  # noqa: PLC0415 - as above
        from genie.bus.bus import Bus  # noqa: PLC0415 - as above
        from genie.bus.recorder import opened  # noqa: PLC0415 - as above
        from genie.joins.agent import JoinPoint  # noqa: PLC0415 - as above
        from genie.policy.policy import PolicySet  # noqa: PLC0415 - as above

        if self._bus is not None:
            raise RuntimeClosedError
        make_parker = parker_factory()
        clock = Clock(loop_time(), wall=self._wall)
        self._close_audit = opened(self._audit)
        self._crew = crew = await open_crew()
        self._bus = bus = Bus(
            clock=clock, ids=IdSource(self._prefix), registry=self._registry, policies=self._policies or PolicySet(),
            limits=self._limits, make_parker=make_parker, crew=crew, journal=self._journal,
            audit=self._audit, admission=self._admission,
            random_source=random.Random(f"{self._seed}/retries"), seed=self._seed,  # noqa: S311 - jitter, no secret
        )  # fmt: skip
        crew.start(bus.alarm.run)
        bus.joins.extend(JoinPoint(join) for join in self._joins)
        try:
            for binding in self._agents:
                await self._open(binding)
            if self._control is not None:
                from genie.approvals.remote import attended  # noqa: PLC0415 - start-up: for those with a control file

                self._steward = await attended(bus, self._control, crew)
        except BaseException as error:  # what was started is closed, then the error goes on
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def _open(self, binding: Binding) -> None:
        from genie.bus.invocation import calls_of, job_of  # noqa: PLC0415 - start-up: as where the bus is made
        from genie.bus.mailbox import Subscriber  # noqa: PLC0415 - as above

        assert self._bus is not None  # noqa: S101 - narrows
        opening = getattr(binding.agent, "open", None)
        if opening is not None:
            await opening()
        self._opened.append(binding.agent)
        subscriber = Subscriber(
            binding.agent, binding.card, settings=binding.settings, ports=dict(binding.ports), spawn=self._bus.spawn
        )
        if binding.card.executor != "loop":
            if self._executor is None:
                from genie.edges.executors.default import DefaultExecutor  # noqa: PLC0415 - loaded by those who use it

                self._executor = DefaultExecutor()
            subscriber.job = job_of(binding.agent, binding.card, self._executor)
        subscriber.calls = calls_of(binding.agent, binding.card, subscriber.job)
        self._bus.add(subscriber)
        self._bus.switches.enforce(subscriber)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Cancel what runs, close agents; call ``drain`` first to let it finish."""
        import anyio  # noqa: PLC0415 - start-up: what is open has loaded it

        bus = self._bus
        if bus is None:
            return
        self._draining = True
        for run in tuple(bus.runs.values()):
            bus.trees.end(run, Outcome.CANCELLED, "closed")
        bus.closing = True
        for tap in bus.taps:
            tap.close()
        try:
            await self._crew.close()
        finally:
            with anyio.CancelScope(shield=True):
                if self._executor is not None:
                    await self._executor.close()
                if self._steward is not None:
                    await self._steward.close()
                await self._close_agents()

    async def _close_agents(self) -> None:
        """Close the agents in the reverse of their order; one that fails does not keep the others open."""
        failed: Exception | None = None
        while self._opened:
            try:
                await _close(self._opened.pop())
            except Exception as error:  # noqa: BLE001 - the first is raised, after the others are closed
                failed = failed or error
        self._close_audit()
        if failed is not None:
            raise failed

    async def drain(self, within_s: float) -> None:
        """Admit no run any more and let those in flight end; what is left at the limit ends ``cancelled(drain)``.

        Args:
            within_s: Seconds to wait, from 0.
        """
        import anyio  # noqa: PLC0415 - as where it is closed

        bus = self._open_bus()
        self._draining = True
        with anyio.move_on_after(within_s):
            while any(not bus.desk.all_held(run.root) for run in bus.runs.values()):
                run = next(run for run in bus.runs.values() if not bus.desk.all_held(run.root))
                await Run(bus, run, Payload, Watcher(bus.make_parker, keeps=False)).settled()
        for run in tuple(bus.runs.values()):
            bus.trees.end(run, Outcome.CANCELLED, "drain")
        with anyio.CancelScope(shield=True):
            for run in tuple(bus.runs.values()):
                with anyio.move_on_after(1.0):  # a handler that shields itself delays only this
                    await Run(bus, run, Payload, Watcher(bus.make_parker, keeps=False)).settled()

    def _open_bus(self) -> Bus:
        if self._bus is None or self._bus.closing:
            raise RuntimeClosedError
        return self._bus

    @property
    def bus(self) -> Bus:
        """The open bus, for what stands on the runtime and needs its clock or alarm."""
        return self._open_bus()

    # --- asking ---

    async def ask(
        self,
        question: Payload,
        answer: type[T],
        *,
        to: str | None = None,
        within_s: float | None = None,
        caller: Caller | None = None,
        notices: list[str] | None = None,
    ) -> T:
        """Publish a question and wait for one typed answer.

        Args:
            question: Goes to every subscriber of its class, or to ``to`` alone.
            answer: The payload class that answers.
            to: One agent.
            within_s: Deadline of everything the question causes.
            caller: Who asks; the runtime's caller by default.
            notices: Takes what must be shown beside the answer; without it an answer that carries a notice is denied.

        Raises:
            RunStalled: No answer can come any more; says why, at once.
            RunHeld: Everything left waits for a person; the run stays open.
            RunExpiredError: The deadline passed.
            TooManyRunsError, RuntimeDrainingError, AuditFailedError: The run is not admitted.
            IdentityError: The caller's term is over; one that ends during the run ends the run.

        Cancelled: the run is cancelled, wherever it is.
        """
        bus = self._admitting()
        run, expectation, ticket = self._begin(bus, question, (answer,), "all", to, within_s, caller, notices is None)
        del question  # it is not kept while its answer is awaited
        parker = run.parker
        try:
            if ticket is not None:
                await bus.room(ticket)
            while not expectation.done:
                if run.held and bus.desk.all_held(run.root):
                    raise RunHeld(run_id=run.id, holds=holds_of(bus, run))
                await parker.park()
        except RunHeld:
            raise
        except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
            bus.trees.end(run, Outcome.CANCELLED, "its caller went away")
            raise
        expectation.closed = True
        if notices is not None:
            notices += expectation.notices or ()
        if (found := expectation.found(answer)) is not None:
            return cast("T", found)
        raise failure_of(run, topic_of(answer).name, expectation.why_missing(answer))

    async def gather(
        self,
        payload: Payload,
        *,
        expect: tuple[Expected, ...] | Expected,
        need: Need = "all",
        within_s: float | None = None,
        cancel_rest: bool = False,
        caller: Caller | None = None,
    ) -> Gathered:
        """Publish and wait for typed answers, as ``Context.gather`` does, from outside."""
        parts = expect if isinstance(expect, tuple) else (expect,)
        within_s = _seconds(within_s)
        bus = self._admitting()
        run, expectation, ticket = self._begin(bus, payload, parts, need, None, None, caller)
        del payload  # it is not kept while its answers are awaited
        parker = run.parker
        timer = None if within_s is None else bus.alarm.at(bus.now() + within_s, expectation.limit(ticket))
        try:
            if ticket is not None:
                await bus.room(ticket)
            while not expectation.done:
                await parker.park()
        except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
            bus.trees.end(run, Outcome.CANCELLED, "its caller went away")
            raise
        finally:
            if timer is not None:
                timer.cancel()
        expectation.closed = True
        result = expectation.result(run.id)
        if need == "first" or cancel_rest:
            bus.trees.end(run, Outcome.CANCELLED, "no longer needed")
        return result

    def start(
        self,
        question: Payload,
        answer: type[T],
        *,
        to: str | None = None,
        deadline_s: float | None = None,
        caller: Caller | None = None,
    ) -> Run[T]:
        """Publish a question and return the live run; a full mailbox never makes this wait."""
        bus = self._admitting()
        state = self._open_run(bus, deadline_s, caller)
        watcher = Watcher(bus.make_parker, keeps=True)
        bus.correlator.expect(state.root, (answer,), "all", lambda: bus.trees.notice(state), type(question))
        state.watchers, state.noisy, state.agents = (watcher,), True, {}
        self._send(bus, state, question, to)
        return Run(bus, state, answer, watcher)

    async def publish(self, payload: Payload, *, to: str | None = None, caller: Caller | None = None) -> None:
        """Publish a payload that nobody waits for; waits only for room in mailboxes that block.

        Raises:
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        bus = self._admitting()
        run = self._open_run(bus, None, caller)
        await self._admitted(bus, run, self._send(bus, run, payload, to))

    def _begin(
        self,
        bus: Bus,
        question: Payload,
        expect: tuple[Expected, ...],
        need: Need,
        to: str | None,
        deadline_s: float | None,
        caller: Caller | None,
        mute: bool = False,  # noqa: FBT001, FBT002 - a flag's value
    ) -> tuple[RunState, Expectation, Any]:
        run = self._open_run(bus, deadline_s, caller)
        parker = run.parker = bus.make_parker()
        try:
            expectation = bus.correlator.expect(run.root, expect, need, parker.wake, type(question))
        except BaseException:  # a run without its question is closed, then the error goes on
            bus.trees.opened(run)
            raise
        if mute:
            expectation.notices = None
        return run, expectation, self._send(bus, run, question, to)

    @staticmethod
    async def _admitted(bus: Bus, run: RunState, ticket: Any) -> None:
        """Wait until the first message has found room."""
        if ticket is not None:
            try:
                await bus.room(ticket)
            except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
                bus.trees.end(run, Outcome.CANCELLED, "its caller went away")
                raise

    def _admitting(self) -> Bus:
        bus = self._open_bus()
        if self._draining:
            raise RuntimeDrainingError
        if len(bus.runs) >= self._limits.max_runs:
            raise TooManyRunsError(limit=self._limits.max_runs)
        if self._audit is not None:
            bus.recorder.refuse_unaudited()
        return bus

    def _open_run(self, bus: Bus, deadline_s: float | None, caller: Caller | None) -> RunState:
        within_s = _seconds(self._limits.deadline_s if deadline_s is None else deadline_s)
        asker = self._local if caller is None else self._asker(caller)
        return bus.trees.open(asker, ends_at(within_s, caller or self._caller, bus.clock))

    @staticmethod
    def _send(bus: Bus, run: RunState, question: Payload, to: str | None, read: Classification = _PUBLIC) -> Any:
        asker = run.asker.card
        try:
            return bus.emit(question, asker, run.root, 0, 0, run.headers, read, None, to, asked=True, reject=True)
        except MailboxFullError:
            if run.root.expectation is not None:  # nobody is left who waits for what the others would answer
                bus.trees.end(run, Outcome.CANCELLED, "its caller went away")
            raise
        finally:
            bus.trees.opened(run)

    def _asker(self, caller: Caller) -> Asker:
        asker = self._askers.get(caller)
        if asker is None:
            if len(self._askers) >= MOST_CALLERS:
                self._askers.clear()
            asker = self._askers[caller] = Asker(caller.card(), caller.headers())
        return asker

    # --- watching ---

    @asynccontextmanager
    async def observe(
        self,
        *topics: type[Payload],
        id: str = "tap",  # noqa: A002 - the card's own word
        clearance: Classification = Classification.PUBLIC,
        capacity: int = 1024,
        tenants: frozenset[str] | None = None,
        region: str | None = None,
    ) -> AsyncIterator[AsyncIterator[Observation]]:
        """Observe messages; masked as the clearance demands, dropped oldest first, and no run waits for it.

        Args:
            topics: Payload classes; none means all.
            id: Name of the observer in policies and reasons.
            clearance: Highest classification it may see.
            capacity: Observations that may wait, from 1.
            tenants: Tenants whose messages it may see; all by default.
            region: Where what it sees goes; unknown by default.
        """
        from genie.bus.taps import Tap  # noqa: PLC0415 - start-up: as where the bus is made

        if capacity < 1:
            raise ValueError(f"the capacity of a tap is at least 1 observation, not {capacity}")
        bus = self._open_bus()
        card = AgentCard(id=id, clearance=clearance, tenants=tenants, region=region, egress=True, notices=True)
        tap = Tap(card, topics, capacity, bus.make_parker())
        bus.taps.append(tap)
        bus.reroute()
        try:
            yield tap
        finally:
            bus.taps.remove(tap)
            bus.reroute()
            tap.close()

    def statistics(self) -> Statistics:
        """Return every counter as it is now."""
        from genie.operations.statistics import statistics  # noqa: PLC0415 - start-up: for those who ask

        return statistics(self._open_bus())

    def cards(self) -> tuple[AgentCard, ...]:
        """Return the cards of all agents, in the order of registration."""
        return self._registry.cards()

    def capable(self, capability: str) -> tuple[AgentCard, ...]:
        """Return the cards of the agents that name a capability."""
        return self._registry.capable(capability)

    # --- agents that come and go ---

    async def add(self, agent: Agent | Binding) -> None:
        """Register an agent while running; it gets what is published from now on."""
        self._open_bus()
        binding = _bound(agent)
        self._registry.add(binding.card)
        try:
            await self._open(binding)
        except BaseException:  # an agent that cannot be opened is not listed, then the error goes on
            self._registry.remove(binding.card.id)
            raise

    async def remove(self, agent: str) -> None:
        """Remove an agent: what waits for it goes to its fallback or is denied, what it handles is cancelled.

        Returns when its handlers have ended and it is closed.
        """
        bus = self._open_bus()
        subscriber = self._subscriber(agent)
        self._registry.remove(agent)
        bus.remove(agent)
        while subscriber.workers:
            subscriber.left = bus.make_parker()
            await subscriber.left.park()
        if subscriber.job is not None:
            subscriber.job.close()
        if subscriber.agent in self._opened:
            self._opened.remove(subscriber.agent)
            await _close(subscriber.agent)

    async def redrive(self, letter_id: str) -> None:
        """Publish a dead letter's payload to its agent again, with its label, in a new run of no wider headers.

        Raises:
            InputError: No dead letter of that id is kept.
            TooManyRunsError, RuntimeDrainingError: The run is not admitted.
        """
        bus = self._admitting()
        letter = bus.supervisor.exhume(letter_id)
        if letter is None:
            raise InputError(f"dead letter {letter_id!r}", "is not kept (any more)", "see dead_letters()")
        message = letter.message
        run = bus.trees.open(message.scope.run.asker, math.inf)
        run.headers = run.headers.met(bus.trees.granted(message.headers))
        await self._admitted(bus, run, self._send(bus, run, message.payload, letter.agent, message.label))


async def _close(agent: object) -> None:
    closing = getattr(agent, "close", None)
    if closing is not None:
        await closing()


def _seconds(within_s: float | None) -> float | None:
    if within_s is not None and not within_s >= 0:
        raise ValueError(f"a deadline is a number of seconds from 0, not {within_s}")
    return within_s


def _bound(agent: Agent | Binding) -> Binding:
    if isinstance(agent, Binding):
        return agent
    card = getattr(agent, "card", None)
    if not isinstance(card, AgentCard):
        raise AgentDefinitionError(f"{type(agent).__name__}", "is no agent: it has no AgentCard in `card`")
    return Binding(agent=agent, card=card)
