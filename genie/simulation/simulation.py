"""One simulation: runs arrive, agents work in virtual time, and everything is recorded."""

from __future__ import annotations

import logging
import random
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NamedTuple

import anyio

from genie.contracts.card import AgentCard
from genie.contracts.message import topic_of
from genie.edges.executors.default import InlineExecutor
from genie.errors import (
    CapacityError,
    GenieError,
    InputError,
    RunCancelledError,
    RunExpiredError,
    RunHeld,
    RunStalled,
)
from genie.simulation.arrivals import Arrival, arrivals
from genie.simulation.customers import Customers
from genie.simulation.determinism import DeterminismGuard
from genie.simulation.errors import DeadlockError, LivelockError
from genie.simulation.event_loop import SimulationLoop, run, source_location
from genie.simulation.instrumentation import RUNNING, Instrumentation, ShuffledQueue, SimulatedRuntime
from genie.simulation.journal import OpenRun, SimulationJournal, checksum
from genie.simulation.operations import Operations
from genie.simulation.record import LoadSample, Record, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.approvals.request import ApprovalRequest
    from genie.contracts.message import Payload
    from genie.contracts.ports.journal import EventLog
    from genie.runtime.runtime import Runtime
    from genie.simulation.errors import SimulationError
    from genie.simulation.record import GroundTruth
    from genie.simulation.scenario import Scenario

PREFIX = "sim"
"""Prefix of run and message ids."""
_PERSON = "approver-"
"""Prefix of the approvers' names."""
SAMPLES = 200
"""Number of load samples."""
_SWEPT_EVERY = 500
_PARTIAL = ("missing", "quarantined")
"""Fields that mark an answer as partial if they are not empty."""


class Subset(NamedTuple):
    """A part of a scenario."""

    arrivals: frozenset[int] | None = None
    """Numbers of the arrivals; None means all."""
    trouble: frozenset[int] | None = None
    """Positions of the entries of trouble, from 0; None means those that are on under the seed."""


class Simulation:
    """One simulation."""

    def __init__(
        self, scenario: Scenario, seed: int, part: Subset, journal: IO[str] | None, follow: int | None = None
    ) -> None:  # fmt: skip
        self._scenario = scenario
        self._section = section = scenario.section
        self._seed = seed
        self._part = part
        pipeline = scenario.pipeline
        self._cards: dict[str, AgentCard] = {binding.card.id: binding.card for binding in pipeline.bindings}
        self._cards |= {join.id: AgentCard(id=join.id, clearance=join.clearance) for join in pipeline.joins}
        card = scenario.caller.card()
        self._cards[card.id] = card
        self._loop = SimulationLoop(seed, explain=self._explain)
        self._journal = SimulationJournal(
            journal, self._cards, topics=_topics(scenario), most=section.limits.messages, full=self._full, follow=follow
        )
        self._journal.on_held = self._held
        trouble = [(place, section.trouble[place]) for place in sorted(part.trouble or ())]
        self._instrumentation = Instrumentation(
            journal=self._journal, policies=pipeline.policies, candidate=scenario.candidate, work=dict(section.work),
            trouble=trouble, seed=seed, now=self._loop.time,
        )  # fmt: skip
        self._operations = Operations(
            trouble, seed=seed, duration=section.duration, now=self._loop.time,
            injected=self._instrumentation.injected,
        )  # fmt: skip
        self._runtime = self._process(None)
        self._customers = Customers(section.workload.population, seed, section.start.date())
        self._within = section.within or pipeline.within_s
        self._runs: list[RunRecord] = []
        self._pending: dict[int, Arrival] = {}
        """Number -> arrival whose caller waits."""
        self._left = 0
        self._done = anyio.Event()
        self._samples: list[LoadSample] = []
        self._busiest = 0
        self._fullest: dict[str, int] = {}
        self._slowest = -1.0
        self._worst_run: OpenRun | None = None
        self._worst: int | None = None
        self._approvers = random.Random(f"{seed}/approvals")  # noqa: S311 - repeatable on purpose
        self._turns = random.Random(f"{seed}/turns")  # noqa: S311 - repeatable on purpose
        self._decision = anyio.Event()
        self._stopped: str | None = None
        self._observed = Record(seed=seed, trouble=tuple(sorted(part.trouble or ())))
        self._answers: dict[int, Payload] | None = (
            {} if any(one.requirements.answers for one in scenario.invariants) else None
        )
        self._planted: dict[int, GroundTruth] = {}

    def _process(self, log: EventLog | None) -> SimulatedRuntime:
        """Return the runtime of one process."""
        pipeline = self._scenario.pipeline
        return SimulatedRuntime(
            [self._instrumentation.bound(binding) for binding in pipeline.bindings],
            policies=pipeline.policies, joins=pipeline.joins, limits=pipeline.limits, log=log,
            journal=self._journal, admission=pipeline.admission, caller=self._scenario.caller, seed=self._seed,
            wall=self._section.start.timestamp() + self._loop.time(), prefix=PREFIX, executor=InlineExecutor(),
            calls=self._instrumentation.calls,
        )  # fmt: skip

    # --- the whole ---

    def run(self) -> Record:
        """Run to the end, and return the record."""
        record = self._observed
        bindings = self._scenario.pipeline.bindings
        with DeterminismGuard(bindings, RUNNING.get, self._caught), _quiet():
            try:
                run(self._main(), self._loop)
            except (DeadlockError, LivelockError) as error:
                record.deadlock = str(error)
        if self._stopped is not None:
            record.deadlock = self._stopped
        for arrival in self._pending.values():
            opened = self._journal.opened.get(arrival.number)
            self._runs.append(self._run_record(arrival, opened, "unfinished", "", None, ended=None))
        journal = self._journal
        record.runs = tuple(sorted(self._runs))
        record.journal_sha256 = journal.close()
        record.answers_ended = journal.answers_ended
        record.messages, record.records, record.kinds = journal.messages, journal.records, journal.kinds
        record.violations = journal.violations
        record.payloads = {topic: tuple(found) for topic, found in journal.kept.items()}
        record.answers, record.planted = self._answers or {}, self._planted
        record.injected = self._instrumentation.injected
        record.compared, record.compared_of = self._instrumentation.compared, self._instrumentation.compared_of
        record.stricter = self._instrumentation.stricter
        record.samples = tuple(self._samples)
        record.worst = self._worst
        if self._worst_run is not None:
            record.timeline = self._worst_run.timeline()
        told = journal.followed or self._worst_run
        if told is not None:
            record.story = told.lines()
        record.virtual_s, record.steps = self._loop.time(), self._loop.steps
        record.failures = tuple(self._loop.failures)
        return record

    async def _main(self) -> None:
        async with self._runtime as runtime:
            bus = self._instrumentation.bus = runtime.bus
            bus.workers.ready = ShuffledQueue(self._turns, bus.workers.ready)
            for journal in self._operations.journals():
                bus.observers.add_journal(journal)
            operations = self._operations.scheduled(lambda: runtime, _never)
            beside = [self._loop.create_task(work) for work in (self._sample(), *operations)]
            try:
                await self._arrive(runtime)
                while self._left and not self._stopped:
                    self._done = anyio.Event()
                    await self._done.wait()
                while self._section.approvals is not None and runtime.approvals.holds():
                    await self._decision.wait()
                if not self._stopped:
                    await runtime.drain(self._section.limits.drain)
            finally:
                statistics = runtime.statistics()
                self._observed.totals, self._observed.verdicts = statistics.totals, statistics.verdicts
                self._observed.budgets = statistics.budgets
                for task in beside:
                    task.cancel()

    async def _arrive(self, runtime: Runtime) -> None:
        only = self._part.arrivals
        for arrival in arrivals(self._section, self._seed, self._scenario.traces):
            if only is not None and arrival.number not in only:
                continue
            if self._stopped:
                return
            delay = arrival.at - self._loop.time()
            if delay > 0:
                await anyio.sleep(delay)
            self._look()
            question = self._scenario.questions.of(arrival, self._customers)
            if self._answers is not None:
                planted = self._scenario.questions.planted(arrival, self._customers)
                if planted is not None:
                    self._planted[arrival.number] = planted
            self._left += 1
            self._busiest = max(self._busiest, self._left)
            self._pending[arrival.number] = arrival
            self._loop.create_task(self._ask(runtime, arrival, question))
            if len(self._journal.runs) > _SWEPT_EVERY:
                self._journal.sweep()

    async def _ask(self, runtime: Runtime, arrival: Arrival, question: Payload) -> None:
        answer: Payload | None = None
        self._journal.number = arrival.number
        patience = self._operations.patience(arrival.number)
        outcome, reason = "cancelled", "its caller cancelled"
        try:
            with anyio.move_on_after(patience) as waiting:
                answer = await self._answer(runtime, arrival, question)
                outcome, reason = ("partial" if _is_partial(answer) else "answered"), ""
            if waiting.cancelled_caught:
                self._operations.cancelled()
        except RunHeld as held:
            outcome, reason = "held", str(held)
        except RunStalled as stalled:
            denied = bool(stalled.reasons) and all("denied(" in text for text in stalled.reasons)
            outcome, reason = ("denied" if denied else "failed"), str(stalled)
        except RunExpiredError as expired:
            outcome, reason = "expired", str(expired)
        except RunCancelledError as cancelled:
            outcome, reason = "cancelled", str(cancelled)
        except CapacityError as refused:
            outcome, reason = "refused", str(refused)
        except GenieError as error:
            outcome, reason = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - an exception of the runtime itself is not an outcome
            outcome, reason = "unfinished", f"the runtime raised {type(error).__name__}"
        self._finished(arrival, outcome, reason, answer)

    async def _answer(self, runtime: Runtime, arrival: Arrival, question: Payload) -> Payload:
        try:
            return await runtime.ask(question, self._scenario.pipeline.answer, within_s=self._within, notices=[])
        except RunHeld:
            if self._section.approvals is None:
                raise
            return await self._decided_on(runtime, self._journal.opened[arrival.number].state.id)

    def _finished(self, arrival: Arrival, outcome: str, reason: str, answer: Payload | None) -> None:
        del self._pending[arrival.number]
        opened = self._journal.opened.pop(arrival.number, None)
        now = self._loop.time()
        crc = None if answer is None else checksum(answer)
        if self._answers is not None and answer is not None:
            self._answers[arrival.number] = answer
        record = self._run_record(arrival, opened, outcome, reason, crc, ended=now)
        self._runs.append(record)
        took = (
            now - arrival.at + (0.0 if answer is not None else 1e9)
        )  # a run without an answer is worse than any answered run
        if opened is not None:
            if took > self._slowest:
                self._slowest, self._worst, self._worst_run = took, arrival.number, opened
            if opened.state.closed:
                self._journal.forget(record.run_id)
        self._left -= 1
        if not self._left:
            self._done.set()

    @staticmethod
    def _run_record(
        arrival: Arrival, opened: OpenRun | None, outcome: str, reason: str, answer: int | None, *, ended: float | None
    ) -> RunRecord:
        run_id = "" if opened is None else opened.state.id
        return RunRecord(
            arrival.number, run_id, arrival.customer, arrival.question, arrival.at, ended, outcome, reason, answer
        )

    # --- approvers ---

    async def _decided_on(self, runtime: Runtime, run_id: str) -> Payload:
        """Wait for the answer of a held run until the approvers have decided."""
        held_run = runtime.run(run_id)
        while True:
            try:
                return await held_run.result()
            except RunHeld:
                await self._decision.wait()

    def _held(self) -> None:
        approvals = self._section.approvals
        if approvals is not None:
            approve = self._approvers.random() < approvals.approve
            self._loop.call_later(approvals.after.draw(self._approvers), self._decide, approve)

    def _decide(self, approve: bool) -> None:  # noqa: FBT001 - the loop calls it with positional arguments
        """Decide on the oldest hold, with as many approvers and the roles that it requires."""
        waiting = next(iter(self._runtime.approvals.requests()), None)
        if waiting is not None:
            try:
                self._vote(waiting, approve=approve)
            except InputError as void:
                self._journal.add_violation(
                    "runs_end", f"no approver can decide on {waiting.topic} ({waiting.message_id}): {void}"
                )
        self._decision.set()
        self._decision = anyio.Event()

    def _vote(self, waiting: ApprovalRequest, *, approve: bool) -> None:
        if not waiting.named:
            (self._runtime.approvals.release if approve else self._runtime.approvals.refuse)(waiting.id)
            return
        roles = frozenset().union(*(need.approvers for need in waiting.needs))
        if not approve:
            self._runtime.approvals.deny(waiting.id, by=f"{_PERSON}1", roles=roles, reason="refused")
            return
        for person in range(1, max(need.quorum for need in waiting.needs) + 1):
            self._runtime.approvals.approve(waiting.id, by=f"{_PERSON}{person}", roles=roles, reason="approved")

    # --- observation ---

    async def _sample(self) -> None:
        step = self._section.duration / SAMPLES
        for _ in range(SAMPLES + 1):
            self._look()
            self._samples.append(LoadSample(self._loop.time(), self._busiest, self._fullest))
            self._busiest, self._fullest = 0, {}
            await anyio.sleep(step)

    def _look(self) -> None:
        """Keep the highest load since the last sample."""
        bus = self._runtime.bus
        self._busiest = max(self._busiest, len(bus.runs.open_runs))
        for agent, one in bus.subscribers.items():  # at each arrival, so not by statistics, which count much more
            queued = len(one.queue) - one.dead + one.behind_keys + len(one.waiters)
            if queued:
                self._fullest[agent] = max(self._fullest.get(agent, 0), queued)

    def _full(self) -> None:
        if self._stopped is None:
            most = self._section.limits.messages
            self._stopped = f"stopped after {most:,} messages, the limit of the scenario"
            self._done.set()

    def _caught(self, error: SimulationError) -> None:
        known = {one.text for one in self._journal.violations if one.invariant == "repeatable"}
        if str(error) not in known:
            self._journal.add_violation("repeatable", str(error))

    def _explain(self) -> list[str]:
        """Describe what each handler waits for."""
        bus = self._instrumentation.bus
        if bus is None:
            return []
        told: list[str] = []
        for agent, message, awaits, coroutine in bus.deadlocks.explain():
            where = f"for {', '.join(awaits)}" if awaits else f"at {source_location(coroutine)}"
            told.append(f"{agent}, handling {topic_of(message.payload).name} ({message.id}), waits {where}")
        if self._pending:
            first = next(iter(self._pending))
            told.append(f"{len(self._pending)} runs wait for answers; the first is run {first}")
        return told


def _never(_kind: str, _down_s: float) -> None:
    """Never raised: a scenario without crashes has none."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep failures out of the log: the journal has them, and the scenario may have injected them."""
    loggers = [logging.getLogger(name) for name in ("genie.bus", "genie.journal")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _topics(scenario: Scenario) -> list[str]:
    return [kind.__topic__.name for one in scenario.invariants for kind in one.requirements.topics]


def _is_partial(answer: Payload) -> bool:
    return any(getattr(answer, name, ()) for name in _PARTIAL)
