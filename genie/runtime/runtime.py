"""One object for applications: open it, ask, watch, drain, close."""

from __future__ import annotations

import math
import os
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self, TypeVar, overload

from genie.backend.clock import Clock
from genie.bus.events import Watcher
from genie.bus.registry import Registry
from genie.bus.scope import Asker, RunState
from genie.contracts.agent import Agent, Binding, Join
from genie.contracts.card import AgentCard, Caller, Risk, Tier
from genie.contracts.classification import Classification
from genie.contracts.gather import Gathered
from genie.contracts.limits import RunLimits
from genie.contracts.message import Payload
from genie.contracts.outcome import Outcome, Reason
from genie.errors import (
    AskInHandlerError,
    InputError,
    MailboxFullError,
    RunHeld,
    RuntimeClosedError,
    RuntimeDrainingError,
    RuntimeFailedError,
    class_name,
)
from genie.journal.durability import Durability, durability
from genie.runtime.arguments import (
    addressed,
    answers_asked,
    bound,
    checked,
    instance,
    parts_expected,
    payload_given,
    policy_set,
    ports_bound,
    seconds,
    several,
)
from genie.runtime.run import Run, answer_of, ends_at, holds_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from os import PathLike
    from types import TracebackType

    from genie.approvals.remote import RemoteControl
    from genie.backend.asyncio_trio import Tasks
    from genie.bus.bus import Bus
    from genie.bus.events import Event
    from genie.bus.gather import Gather
    from genie.bus.mailbox import RoomTicket
    from genie.bus.taps import Observation
    from genie.config.pipeline import Pipeline
    from genie.contracts.admission import Admission
    from genie.contracts.gather import Expected, Need
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.control import Control
    from genie.contracts.ports.executor import Executor
    from genie.contracts.ports.journal import EventLog, Journal
    from genie.contracts.statistics import Statistics
    from genie.operations.reload import PolicySource
    from genie.policy.policy import Policy, PolicySet
    from genie.runtime.approvals import Approvals
    from genie.runtime.operations import Operations
    from genie.runtime.parts import Parts

T = TypeVar("T", bound=Payload)
U = TypeVar("U", bound=Payload)

_PUBLIC = Classification.PUBLIC
MOST_CALLERS = 1024
"""Callers whose policies are kept compiled."""
FAIRNESS = 64
"""Payloads that are published from outside in a row before the loop turns."""
MOST_NAMED = 8
"""Agents that the text form of a runtime names."""
CLOSE_S = 5.0
"""Seconds that an agent's ``close`` has; then it is left, and its agent named."""
CANCELLED = Outcome.CANCELLED
CALLER_LEFT = Reason("caller_left", "its caller went away")
NO_LONGER_NEEDED = Reason("no_longer_needed", "no longer needed")
DRAIN, CLOSED = Reason("drain"), Reason("closed")


class Runtime:
    """Agents, policies and joins, joined by one bus.

    Args:
        agents: Agents, or bindings of agents to settings and ports.
        policies: What judges every delivery, as a set or a list; nothing is judged without.
        joins: Declared fan-in.
        limits: Bounds of runs.
        journal: Where every message, verdict and outcome is recorded.
        log: Where the runtime keeps what it needs to go on after its process was killed; nothing survives without.
        audit: Where every act of governance is recorded.
        control: Where people at other terminals approve, and switch off.
        admission: Rates and budgets.
        caller: The caller of an ask that names none.
        seed: Of the randomness that agents and retries draw; random by default.
        wall: Seconds since the epoch at opening; the system's time by default.
        prefix: Of message ids; random by default.
        executor: Where plain functions run; threads and processes by default.
        source: What reads the policies again for ``operations.reload``.
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
        policies = None if policies is None else policy_set(policies)
        if debug and policies is not None and policies.environment.name == "production":
            raise InputError("debug", "shows texts of exceptions, so it is refused in production", "set `environment`")
        self._source = source
        self._agents = [bound(agent) for agent in several("agents", agents, "agents")]
        self._policies = policies
        self._joins = tuple(several("joins", joins, "joins"))
        self._debug = debug
        self._limits = limits or RunLimits()
        self._journal = journal
        self._log = log
        self._audit = audit
        self._control = control
        self._remote: RemoteControl | None = None
        self._admission = admission
        self._caller = caller or Caller()
        self._seed = int.from_bytes(os.urandom(4)) if seed is None else seed
        self._wall = wall
        self._prefix = prefix
        self._executor = executor
        self._registry = Registry()
        self._askers: dict[Caller, Asker] = {}
        self._local = Asker(self._caller.card(), self._caller.headers(), self._caller)
        self._draining = False
        self._published = 0
        self._bus: Bus | None = None
        self._durability: Durability
        self._parts: Parts
        self._tasks: Tasks
        self._failed: BaseException | None = None
        self._opened: list[object] = []
        for binding in self._agents:
            self._registry.add(binding.card)
        for join in self._joins:
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
            debug=pipeline.debug if debug is None else debug,
        )  # fmt: skip

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, journal: Journal | None = None, debug: bool | None = None) -> Self:
        """Return a runtime of a pipeline file.

        Raises:
            ConfigError: The file cannot be run; its problems read ``file:line: what is wrong``.
        """
        from genie.config.loader import load  # noqa: PLC0415 - YAML is loaded only by those who use it

        return cls.from_pipeline(load(path), journal=journal, debug=debug)

    # --- what it is made of ---

    @property
    def operations(self) -> Operations:
        """What an operator may do: pause, kill, reload, revoke, incidents, dead letters."""
        self._open_bus()
        return self._parts.operations

    @property
    def approvals(self) -> Approvals:
        """What waits for people, and their votes."""
        self._open_bus()
        return self._parts.approvals

    @property
    def bus(self) -> Bus:
        """The open bus, for what stands on the runtime and needs its clock or timers."""
        return self._open_bus()

    # --- life ---

    async def __aenter__(self) -> Self:
        """Open agents and start the timers."""
        # Start-up: what a program needs to define payloads and agents is less than half of what a bus is made of.
        from genie.backend.asyncio_trio import loop_time, open_tasks, waiter_factory  # noqa: PLC0415 - as above
        from genie.bus.bus import Bus  # noqa: PLC0415 - as above
        from genie.bus.observers import opened  # noqa: PLC0415 - as above
        from genie.policy.policy import PolicySet  # noqa: PLC0415 - as above
        from genie.runtime.parts import plugged_in  # noqa: PLC0415 - as above

        if self._bus is not None:
            raise RuntimeClosedError
        make_waiter = waiter_factory()
        clock = Clock(loop_time(), wall=self._wall)
        self._durability = await durability(self._log, self._prefix, self._seed)
        self._seed = self._durability.seed
        self._close_audit = opened(self._audit)
        self._tasks = tasks = open_tasks(self._fail)
        self._bus = bus = Bus(
            clock=clock, ids=self._durability.ids, registry=self._registry, policies=self._policies or PolicySet(),
            limits=self._limits, make_waiter=make_waiter, tasks=tasks, journal=self._journal, audit=self._audit,
            random_source=random.Random(f"{self._seed}/retries"), seed=self._seed,  # noqa: S311 - jitter, no secret
            debug=self._debug,
        )  # fmt: skip
        self._parts = plugged_in(bus, self._open_bus, self._joins, self._admission, self._source)
        tasks.start(bus.timers.run)
        try:
            for binding in self._agents:
                await self._open(binding)
            if self._control is not None:
                from genie.approvals.remote import attended  # noqa: PLC0415 - start-up: for those with a control file

                self._remote = await attended(bus, self._parts.holds, self._parts.switches, self._control)
            await self._durability.go_on(bus, tasks)
        except BaseException as error:  # what was started is closed, then the error goes on
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    def _fail(self, error: BaseException) -> None:
        """A worker or the timer task crashed."""
        if self._failed is None:
            self._failed = error
            if self._bus is not None:
                self._bus.fail(error)

    async def _open(self, binding: Binding) -> None:
        ports_bound(binding)
        from genie.bus.handlers import calls_of, job_of  # noqa: PLC0415 - start-up: as where the bus is made
        from genie.bus.mailbox import Subscriber  # noqa: PLC0415 - as above

        opening = getattr(binding.agent, "open", None)
        if opening is not None:
            await opening()
        self._opened.append(binding.agent)
        bus = self._bus
        if bus is None or bus.closing:  # it was closed while the agent opened
            self._opened.remove(binding.agent)
            await self._close(binding.agent)
            raise RuntimeClosedError
        subscriber = Subscriber(
            binding.agent, binding.card, settings=binding.settings, ports=dict(binding.ports), workers=bus.workers
        )
        if binding.card.executor != "loop":
            if self._executor is None:
                from genie.edges.executors.default import DefaultExecutor  # noqa: PLC0415 - loaded by those who use it

                self._executor = DefaultExecutor()
            subscriber.job = job_of(binding.agent, binding.card, self._executor)
        subscriber.calls = calls_of(binding.agent, binding.card, subscriber.job)
        bus.add(subscriber)
        self._parts.switches.enforce(subscriber)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Cancel what runs, close agents; call ``drain`` first to let it finish.

        Raises:
            RuntimeFailedError: The runtime had failed by an error of its own.
        """
        import anyio  # noqa: PLC0415 - start-up: what is open has loaded it

        from genie.bus.worker import STOP_S  # noqa: PLC0415 - as above

        bus = self._bus
        if bus is None:
            return
        self._draining = True
        self._durability.stop()
        for run in tuple(bus.runs.open_runs.values()):
            bus.runs.end(run, CANCELLED, CLOSED)
        bus.closing = True
        bus.workers.close()
        for tap in bus.taps:
            tap.close()
        try:
            await self._tasks.close(STOP_S, bus.workers.abandon)
        finally:
            with anyio.CancelScope(shield=True):
                if self._executor is not None:
                    await self._executor.close()
                if self._remote is not None:
                    await self._remote.close()
                await self._close_agents()
                await self._durability.close()
        if self._failed is not None and error is None:
            raise RuntimeFailedError(problem=class_name(self._failed)) from self._failed

    async def _close_agents(self) -> None:
        """Close the agents in the reverse of their order; one that fails does not keep the others open."""
        failed: Exception | None = None
        while self._opened:
            try:
                await self._close(self._opened.pop())
            except Exception as error:  # noqa: BLE001 - the first is raised, after the others are closed
                failed = failed or error
        self._close_audit()
        if failed is not None:
            raise failed

    async def _close(self, agent: object) -> None:
        import anyio  # noqa: PLC0415 - as where it is closed

        closing = getattr(agent, "close", None)
        if closing is None:
            return
        with anyio.move_on_after(CLOSE_S) as limit:
            await closing()
        if limit.cancelled_caught and self._bus is not None:
            card = getattr(agent, "card", None)
            self._bus.log_failure(getattr(card, "id", type(agent).__name__), TimeoutError())

    @checked
    async def drain(self, within_s: float) -> None:
        """Admit no more runs and let those in flight end; what is left at the limit ends ``cancelled(drain)``.

        With a log, what is left goes on when the runtime opens again.

        Args:
            within_s: Seconds to wait, from 0.
        """
        import anyio  # noqa: PLC0415 - as where it is closed

        bus = self._open_bus()
        self._draining = True
        with anyio.move_on_after(within_s):
            left = True
            while left:
                left = False
                for run in tuple(bus.runs.open_runs.values()):
                    if not run.closed and not bus.runs.all_held(run.root):
                        left = True
                        await Run(bus, run, (Payload,), Watcher(bus.make_waiter, keeps=False)).settled()
        if self._log is not None:
            return  # they go on when the runtime opens again
        for run in tuple(bus.runs.open_runs.values()):
            bus.runs.end(run, CANCELLED, DRAIN)

    def _open_bus(self) -> Bus:
        if self._bus is None or self._bus.closing:
            raise RuntimeClosedError
        return self._bus

    # --- asking ---

    @overload
    async def ask(
        self, question: Payload, answer: type[T], *, to: str | None = None, within_s: float | None = None,
        caller: Caller | None = None, notices: list[str] | None = None, key: str | None = None,
    ) -> T: ...  # fmt: skip
    @overload
    async def ask(
        self, question: Payload, answer: tuple[type[T], type[U]], *, to: str | None = None,
        within_s: float | None = None, caller: Caller | None = None, notices: list[str] | None = None,
        key: str | None = None,
    ) -> T | U: ...  # fmt: skip
    async def ask(
        self,
        question: Payload,
        answer: type[T] | tuple[type[Payload], ...],
        *,
        to: str | None = None,
        within_s: float | None = None,
        caller: Caller | None = None,
        notices: list[str] | None = None,
        key: str | None = None,
    ) -> Payload:
        """Publish a question and wait for one typed answer.

        Args:
            question: Goes to every subscriber of its class, or to ``to`` alone.
            answer: The payload class that answers, or a tuple of them: the first that comes is returned.
            to: One agent.
            within_s: Deadline of everything the question causes.
            caller: Who asks; the runtime's caller by default.
            notices: Takes what must be shown beside the answer; without it an answer that carries a notice is denied.
            key: Stands for this question of this caller, until a day after its run: given again, with a log after a
                restart too, it brings the same answer or error. Its run goes on when the caller goes away.

        Raises:
            TypeError, ValueError: An argument is not of its type, or out of range.
            RunStalled: No answer can come any more; says why, at once.
            RunHeld: Everything left waits for a person; the run stays open, and ``run(id)`` finds it.
            RunExpiredError: The deadline passed.
            TooManyRunsError, RuntimeDrainingError, AuditFailedError: The run is not admitted.
            AskInHandlerError: A handler asks through the runtime instead of its context.
            IdentityError: The caller's term is over; one that ends during the run ends the run.
            KeyReusedError: The key was given before with another question.
            TooManyKeysError: No more keys can be kept.

        Cancelled: the run is cancelled, wherever it is.
        """
        answers = answers_asked(answer)
        if key is not None:
            return await self._asked_once(question, answers, to, within_s, caller, key, notices)
        if to is not None or caller is not None:
            addressed(to, caller)
        if notices is not None:
            instance("notices", notices, list)
        need: Need = "all" if len(answers) == 1 else 1
        bus = self._admitting(asks=True)
        run, gather, ticket = self._begin(bus, question, answers, need, to, within_s, caller, mute=notices is None)
        del question  # it is not kept while its answer is awaited
        await self._answered(bus, run, gather, ticket)
        gather.closed = True
        if notices is not None:
            notices += gather.notices or ()
        return answer_of(run, gather, answers, bus.failures)

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
        """Publish and wait for typed answers, as ``Context.gather`` does, from outside.

        Raises:
            RunHeld: Everything left waits for a person; the run stays open, and ``run(id)`` finds it.
        """
        parts = parts_expected(expect)
        within_s = seconds(within_s)
        addressed(None, caller)
        instance("cancel_rest", cancel_rest, bool)
        bus = self._admitting(asks=True)
        run, gather, ticket = self._begin(bus, payload, parts, need, None, None, caller)
        del payload  # it is not kept while its answers are awaited
        timer = None if within_s is None else bus.timers.at(bus.now() + within_s, "gather", gather.limit(ticket))
        try:
            await self._answered(bus, run, gather, ticket)
        finally:
            if timer is not None:
                timer.cancel()
        gather.closed = True
        result = gather.result(run.id, bus.failures.of(run.id))
        if need == "first" or cancel_rest:
            bus.runs.end(run, CANCELLED, NO_LONGER_NEEDED)
        return result

    @staticmethod
    async def _answered(bus: Bus, run: RunState, gather: Gather, ticket: RoomTicket | None) -> None:
        """Wait until a gather is over.

        Raises:
            RunHeld: Everything left waits for a person.
        """
        waiter = run.waiter
        try:
            if ticket is not None:
                await bus.overflows.room(ticket)
            while not gather.done:
                if run.held and bus.runs.all_held(run.root):
                    raise RunHeld(run_id=run.id, holds=holds_of(run))
                if waiter is not None:
                    await waiter.park()
        except RunHeld:
            raise
        except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
            bus.runs.end(run, CANCELLED, CALLER_LEFT)
            raise
        if bus.observers.recorder is not None:
            await bus.observers.recorder.barrier()

    def start(
        self,
        question: Payload,
        answer: type[T],
        *,
        to: str | None = None,
        deadline_s: float | None = None,
        caller: Caller | None = None,
        key: str | None = None,
    ) -> Run[T]:
        """Publish a question and return the live run; a full mailbox never makes this wait.

        A ``key`` stands for the question as it does for ``ask``: given again, it brings the run that it stands for.
        """
        answers_asked(answer)
        addressed(to, caller)
        return self._start(question, (answer,), "all", to, deadline_s, caller, key)

    def _start(  # noqa: PLR0913 - `ask` and `start` alone call it
        self, question: Payload, answers: tuple[type[T], ...], need: Need, to: str | None, deadline_s: float | None,
        caller: Caller | None, key: str | None, *, asks: bool = False, mute: bool = False,
    ) -> Run[T]:  # fmt: skip
        self._open_bus()
        keys, place, digest = self._parts.keys, "", ""
        if key is not None:
            from genie.runtime.keys import digest_of, place_of  # noqa: PLC0415 - start-up: as where the bus is made

            given = caller or self._caller
            place, digest = place_of(key, given), digest_of(payload_given(question), answers, to, given, mute=mute)
            known = keys.find(place, key, digest, answers)
            if known is not None:
                return known
        bus = self._admitting(asks=asks)
        state = self._open_run(bus, payload_given(question), deadline_s, caller)
        watcher = Watcher(bus.make_waiter, keeps=True)
        gather = bus.correlator.expect(state.root, answers, need, lambda: bus.runs.notice(state), type(question))
        if mute:
            gather.notices = None
        if key is not None:
            keys.note(place, key, digest, state)
        state.watchers, state.observed, state.agents = (watcher,), True, {}
        self._send(bus, state, question, to)
        return Run(bus, state, answers, watcher)

    async def _asked_once(
        self, question: Payload, answers: tuple[type[Payload], ...], to: str | None, within_s: float | None,
        caller: Caller | None, key: str, notices: list[str] | None,
    ) -> Payload:  # fmt: skip
        addressed(to, caller)
        if notices is not None:
            instance("notices", notices, list)
        need: Need = "all" if len(answers) == 1 else 1
        mute = notices is None
        run = self._start(question, answers, need, to, within_s, caller, key, asks=True, mute=mute)
        answer = await run.result()
        if notices is not None:
            notices += run.notices()
        return answer

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
        return Run(bus, state, answers or (Payload,), Watcher(bus.make_waiter, keeps=False))

    async def publish(self, payload: Payload, *, to: str | None = None, caller: Caller | None = None) -> None:
        """Publish a payload that nobody waits for; waits only for room in mailboxes that block.

        Raises:
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        if to is not None or caller is not None:
            addressed(to, caller)
        self._published += 1
        if self._published % FAIRNESS == 0:  # a publisher that never waits would keep the loop for itself
            import anyio  # noqa: PLC0415 - as where it is closed

            await anyio.lowlevel.checkpoint()
        bus = self._admitting()
        run = self._open_run(bus, payload_given(payload), None, caller)
        await self._found_room(bus, run, self._send(bus, run, payload, to))

    def _begin(
        self,
        bus: Bus,
        question: Payload,
        expect: tuple[Expected, ...],
        need: Need,
        to: str | None,
        deadline_s: float | None,
        caller: Caller | None,
        *,
        mute: bool = False,
    ) -> tuple[RunState, Gather, RoomTicket | None]:
        run = self._open_run(bus, payload_given(question), deadline_s, caller)
        waiter = run.waiter = bus.make_waiter()
        try:
            gather = bus.correlator.expect(run.root, expect, need, waiter.wake, type(question))
        except BaseException:  # a run without its question is closed, then the error goes on
            bus.runs.opened(run)
            raise
        if mute:
            gather.notices = None
        return run, gather, self._send(bus, run, question, to)

    @staticmethod
    async def _found_room(bus: Bus, run: RunState, ticket: RoomTicket | None) -> None:
        """Wait until the first message has found room."""
        if ticket is not None:
            try:
                await bus.overflows.room(ticket)
            except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
                bus.runs.end(run, CANCELLED, CALLER_LEFT)
                raise

    def _admitting(self, *, asks: bool = False) -> Bus:
        bus = self._open_bus()
        if self._draining:
            raise RuntimeDrainingError
        if asks and bus.workers.runs_here():
            raise AskInHandlerError
        bus.admit_run()
        return bus

    def _open_run(self, bus: Bus, _question: Payload, deadline_s: float | None, caller: Caller | None) -> RunState:
        within_s = seconds(self._limits.deadline_s if deadline_s is None else deadline_s)
        asker = self._local if caller is None else self._asker(caller)
        return bus.runs.open(asker, ends_at(within_s, caller or self._caller, bus.clock))

    @staticmethod
    def _send(
        bus: Bus, run: RunState, question: Payload, to: str | None, read: Classification = _PUBLIC
    ) -> RoomTicket | None:
        asker = run.asker.card
        try:
            return bus.publish(question, asker, run.root, 0, 0, run.headers, read, None, to, asked=True, reject=True)
        except MailboxFullError:
            if run.root.gather is not None:  # nobody is left who waits for what the others would answer
                bus.runs.end(run, CANCELLED, CALLER_LEFT)
            raise
        finally:
            bus.runs.opened(run)

    def _asker(self, caller: Caller) -> Asker:
        asker = self._askers.get(caller)
        if asker is None:
            if len(self._askers) >= MOST_CALLERS:
                self._askers.clear()
            asker = self._askers[caller] = Asker(caller.card(), caller.headers(), caller)
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
        card = AgentCard(
            id=id, risk=Risk.LOW, tier=Tier.PRODUCTION, clearance=clearance, tenants=tenants, region=region,
            egress=True, notices=True,
        )  # fmt: skip
        tap = Tap(card, topics, capacity, bus.make_waiter)
        bus.taps.append(tap)
        bus.reroute()
        try:
            yield tap
        finally:
            bus.taps.remove(tap)
            bus.reroute()
            tap.close()

    async def events(self) -> AsyncIterator[Event]:
        """Yield what happens in every run from now on; the oldest are dropped beyond 4,096 unread."""
        bus = self._open_bus()
        watcher = Watcher(bus.make_waiter, keeps=True)
        bus.observers.watch(watcher, on=True)
        try:
            events = watcher.events
            while events is not None and not bus.closing:
                while events:
                    yield events.popleft()
                await watcher.wait()
        finally:
            bus.observers.watch(watcher, on=False)

    def statistics(self) -> Statistics:
        """Return every counter as it is now, or as it was when the runtime closed."""
        if self._bus is None:
            raise RuntimeClosedError
        return self._parts.statistics()

    def cards(self) -> tuple[AgentCard, ...]:
        """Return the cards of all agents, in the order of registration."""
        return self._registry.cards()

    @checked
    def capable(self, capability: str) -> tuple[AgentCard, ...]:
        """Return the cards of the agents that name a capability."""
        return self._registry.capable(capability)

    # --- agents that come and go ---

    async def add(self, agent: Agent | Binding) -> None:
        """Register an agent while running; it gets what is published from now on.

        Raises:
            RuntimeClosedError: The runtime closed while the agent opened; the agent is closed again.
        """
        self._open_bus()
        binding = bound(agent)
        self._registry.add(binding.card)
        try:
            await self._open(binding)
        except BaseException:  # an agent that cannot be opened is not listed, then the error goes on
            self._registry.remove(binding.card.id)
            raise

    @checked
    async def remove(self, agent: str) -> None:
        """Remove an agent: what waits for it goes to its fallback or is denied, what it handles is cancelled.

        Returns when its handlers have ended, or were abandoned, and it is closed.
        """
        bus = self._open_bus()
        subscriber = self._parts.operations.subscriber(agent)
        self._registry.remove(agent)
        bus.remove(agent)
        while subscriber.running:
            subscriber.left = bus.make_waiter()
            await subscriber.left.park()
        if subscriber.job is not None:
            subscriber.job.close()
        self._parts.fold_departed()
        if subscriber.agent in self._opened:
            self._opened.remove(subscriber.agent)
            await self._close(subscriber.agent)

    @checked
    async def redrive(self, letter_id: str) -> None:
        """Publish a dead letter's payload to its agent again, with its label, in a new run of no wider headers.

        The letter is removed once it has been published.

        Raises:
            InputError: No dead letter of that id is kept.
            UnknownAgentError, NotConsumedError: Its agent is no longer there; the letter is kept.
            TooManyRunsError, RuntimeDrainingError: The run is not admitted; the letter is kept.
        """
        bus = self._admitting()
        letter = bus.dead_letters.get(letter_id)
        if letter is None:
            raise InputError(f"dead letter {letter_id!r}", "is not kept", "see operations.dead_letters()")
        message = letter.message
        if message is None:
            why = f"has a payload of {letter.topic} in a version that no class of today reads"
            raise InputError(
                f"dead letter {letter_id!r}", why, "give the class an `upcast`, and open the runtime again"
            )
        deadline_s = self._limits.deadline_s
        run = bus.runs.open(message.scope.run.asker, math.inf if deadline_s is None else bus.now() + deadline_s)
        run.headers = run.headers.met(bus.judging.narrowed(message.headers))
        if bus.effects is not None:
            bus.effects.reopen(run, letter.effects)
        ticket = self._send(bus, run, message.payload, letter.agent, message.label)
        bus.dead_letters.pop(letter_id)
        await self._found_room(bus, run, ticket)
