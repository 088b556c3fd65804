"""Replays a run of a log in virtual time, on the runtime itself, and compares it with the record.

It begins as a recovery from the log at the time of the first message. The rest of the log determines the end of each
handling, its clock readings, its random draws, and the results of outside effects.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import anyio

from genie.contracts.outcome import Outcome, Reason
from genie.edges.executors.default import InlineExecutor
from genie.errors import InputError
from genie.journal.durability import uncollected
from genie.journal.facts import kinds_of, payload_of
from genie.journal.recorder import HANDLED, OUTCOMES
from genie.replay.comparison import Comparison
from genie.replay.errors import NotReplayableError
from genie.replay.handlers import Handlers, Outside, is_cut, is_outside
from genie.replay.recorded import Recorded
from genie.runtime.arguments import replaceable
from genie.simulation.determinism import DeterminismGuard
from genie.simulation.errors import DeadlockError, LivelockError
from genie.simulation.event_loop import SimulationLoop, run
from genie.simulation.instrumentation import RUNNING, Instrumentation, SimulatedRuntime

if TYPE_CHECKING:
    import asyncio  # noqa: TID251 - the loop of a simulation is its own, and makes futures of asyncio
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from genie.bus.bus import Bus
    from genie.contracts.agent import Agent, Binding, Join
    from genie.contracts.limits import RunLimits
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Planned
    from genie.journal.past import PastRun
    from genie.policy.policy import Decision, PolicySet
    from genie.replay.comparison import Findings
    from genie.runtime.runtime import Runtime

PATIENCE_S = 86_400.0
"""Virtual seconds after the last record in which new work may end."""
AFTER_S = 1e-7
"""Seconds after a recorded end at which a delivery that is still open is ended."""
_PERSON = "replay-"
_OF_RUNS = frozenset(("cancelled", "drain"))
"""Codes of deliveries that end with their run."""


class Parts(NamedTuple):
    """The components of a run's pipeline."""

    bindings: Sequence[Binding]
    policies: PolicySet
    joins: Sequence[Join] = ()
    limits: RunLimits | None = None
    chatter: frozenset[type[Payload]] = frozenset()


class Replayed(NamedTuple):
    """Result of a replay."""

    run_id: str
    findings: Findings
    to: str | None
    """The message at which it was stopped."""
    ran: Mapping[str, int]
    """Handlings that ran again, by agent."""
    read: Mapping[str, int]
    """Number of handlings of agents that reach outside, read from the record, by agent."""
    notes: tuple[tuple[str, str], ...]
    """(code, text) of events that could not be repeated."""
    recorded_s: float
    """Duration of the run."""

    @property
    def same(self) -> bool:
        """True if every payload, verdict and outcome is the same."""
        return not self.findings.counts


def replay(
    past: PastRun, parts: Parts, *, to: str | None = None, policies: PolicySet | None = None,
    agents: Mapping[str, Agent] | None = None,
) -> Replayed:  # fmt: skip
    """Replay a run of a log; nothing leaves the process.

    No event loop may run in this thread.

    Args:
        past: The run.
        parts: Its present pipeline.
        to: Id of the message after which it stops.
        policies: Policies instead of the pipeline's.
        agents: Replacement agents, by id; they always run, even if the replaced ones are read from the record.

    Raises:
        NotReplayableError: The log does not contain everything that the replay needs.
        InputError: The message is not in the run, or an agent not in the pipeline.
    """
    with uncollected():
        recorded = Recorded(past)
    until = None
    if to is not None:
        until = next((number for number in recorded.messages if f"{past.prefix}-{number:x}" == to), None)
        if until is None:
            raise InputError(f"message {to!r}", f"is not in run {past.id}", "see genie runs timeline")
    return _Replay(recorded, parts, until, policies or parts.policies, dict(agents or {})).run(to)


class _Replay:
    def __init__(
        self, recorded: Recorded, parts: Parts, until: int | None, policies: PolicySet, agents: dict[str, Agent]
    ) -> None:
        self._recorded = recorded
        self._loop = SimulationLoop(shuffled=False)
        self._comparison = Comparison(recorded, until)
        self._gates = recorded.gates()
        self._reached = 0.0
        """Time of the latest of them that has been replayed."""
        self._notes: dict[tuple[str, str], None] = {}
        bindings, outside = _bound(parts.bindings, agents)
        self._bindings = bindings
        kinds = kinds_of(one.card for one in bindings)
        if payload_of(recorded.first, kinds) is None:
            raise NotReplayableError(run_id=recorded.run.id, why="version")
        self._handlers = Handlers(recorded, kinds, outside, self._wait_until, self._comparison.step_of)
        self._over = anyio.Event()
        self._runtime = SimulatedRuntime(
            bindings, policies=policies, joins=parts.joins, log=_Log(recorded.prefix(), self._comparison),
            seed=recorded.run.seed, wall=recorded.run.record["started"], prefix=recorded.run.prefix,
            executor=InlineExecutor(), chatter=parts.chatter, calls=self._handlers.calls,
            **({} if parts.limits is None else {"limits": parts.limits}),
        )  # fmt: skip

    def run(self, to: str | None) -> Replayed:
        """Run to the end, or to a message."""
        guarded = [one for one in self._bindings if not isinstance(one.agent, Outside)]
        with DeterminismGuard(guarded, RUNNING.get, self._caught), _quiet():
            try:
                run(self._main(), self._loop)
            except (DeadlockError, LivelockError) as error:
                self._notes[error.code, str(error)] = None
                self._comparison.close()
        for unrecorded in self._handlers.unrecorded:
            self._notes[f"unrecorded_{unrecorded.what}", str(unrecorded)] = None
        for record in self._recorded.run.of("edited"):
            self._notes["edited", f"an approver's edit of {record['before']} is not replayed"] = None
        return Replayed(
            self._recorded.run.id, self._comparison.findings, to, self._handlers.ran, self._handlers.read,
            tuple(self._notes), self._recorded.last,
        )  # fmt: skip

    async def _main(self) -> None:
        async with self._runtime as runtime:
            bus = self._handlers.bus = runtime.bus
            numbers = self._recorded.numbers()
            beyond = itertools.count(numbers[-1] + 1 if numbers else self._recorded.first["number"] + 1)
            bus.next_number = itertools.chain(numbers, beyond).__next__
            observer: Any = _Observer(self._comparison, self._loop.time, self._over.set)
            bus.observers.keep(observer)
            bus.pending.recorder = bus.dead_letters.recorder = observer
            bus.endings += (self._ended,)
            beside = [self._loop.create_task(self._decide(runtime)), self._loop.create_task(self._cut(bus))]
            with anyio.move_on_after(self._recorded.last + PATIENCE_S):
                await self._over.wait()
            self._comparison.close()  # items that end with this runtime did not end in the record
            for task in beside:
                task.cancel()

    async def _wait_until(self, at: float) -> None:
        if at > self._loop.time() and not self._advance(at):
            waiting = self._loop.create_future()
            self._loop.call_at(at, _done, waiting)
            await waiting

    def _advance(self, at: float) -> bool:
        """Advance the time at once if nothing in the record is earlier: a wait costs as much as the handler."""
        gates, reached = self._gates, max(self._reached, self._loop.time())
        while gates and gates[-1] <= reached:
            gates.pop()
        if (gates and gates[-1] < at) or not self._loop.advance(at):
            return False
        self._reached = max(reached, at)
        return True

    # --- observing ---

    def _ended(self, _run: RunState) -> None:
        """A run is at rest: no other is in this runtime."""
        self._over.set()

    def _caught(self, error: Any) -> None:
        self._notes[error.code, str(error)] = None

    # --- events from outside ---

    async def _cut(self, bus: Bus) -> None:
        """End what a person, a time limit or another run ended in the record, if this bus has not ended it itself."""
        cut = sorted(
            (step for step in self._recorded.steps.values() if step.end is not None and is_cut(step.end)),
            key=lambda step: step.at,
        )
        for step in cut:
            await self._wait_until(step.at + AFTER_S)
            end = step.end or {}
            outcome, reason = Outcome(end["outcome"]), Reason(end["code"])
            for delivery in tuple(bus.deliveries()):
                if self._comparison.step_of(delivery) is not step:
                    continue
                if outcome is Outcome.CANCELLED and reason.code in _OF_RUNS:
                    bus.runs.end(delivery.message.scope.run, outcome, reason)
                else:
                    bus.runs.cut_delivery(delivery, outcome, reason)
                break

    async def _decide(self, runtime: Runtime) -> None:
        """Repeat the decisions of people at their recorded times."""
        for at, place, record in self._recorded.decisions:
            await self._wait_until(at)
            waiting = next((one for one in runtime.approvals.requests() if self._is(one, place)), None)
            if waiting is None:
                continue
            roles = frozenset().union(*(need.approvers for need in waiting.needs))
            try:
                if record["outcome"] is not None:
                    runtime.approvals.deny(waiting.id, by=f"{_PERSON}1", roles=roles, reason="as recorded")
                elif not waiting.named:
                    runtime.approvals.release(waiting.id)
                else:
                    for person in range(1, max(need.quorum for need in waiting.needs) + 1):
                        runtime.approvals.approve(
                            waiting.id, by=f"{_PERSON}{person}", roles=roles, reason="as recorded"
                        )
            except InputError as void:
                self._notes["approval", str(void)] = None

    def _is(self, waiting: Any, place: str) -> bool:
        """Return whether an approval is that of a recorded place: a delivery, or an answer and its asker."""
        sign = "@" if "@" in place else ">"
        name, _, recipient = place.partition(sign)
        number = self._comparison.matched.get(int(waiting.message_id.rpartition("-")[2], 16))
        return (
            number == int(name.rpartition("-")[2], 16) and recipient.partition("<")[0] == waiting.recipient
        )  # the record's number, because the replay may have given another one


class _Log:
    """The log of a replay: it begins with the first message, and stores nothing.

    Facts from the recovery itself, before there was an observer, are compared.
    """

    def __init__(self, records: list[LogRecord], comparison: Comparison) -> None:
        self._records = records
        self._comparison = comparison

    async def open(self) -> Sequence[LogRecord]:
        """Return the log as it was when the first message was sent."""
        return [dict(record) for record in self._records]

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Compare the recovery's facts on the first message; store nothing."""
        for record in records:
            self._comparison.opening(record)

    async def close(self) -> None:
        """Do nothing."""


class _Observer:
    """Replaces the recorder: facts are compared instead of stored.

    Args:
        comparison: The comparison.
        now: Seconds since the run began.
        stop: Called at the message after which nothing is compared.
    """

    refusal: str | None = None

    def __init__(self, comparison: Comparison, now: Callable[[], float], stop: Callable[[], None]) -> None:
        self._comparison = comparison
        self._now = now
        self._stop = stop

    def note(self, message: Envelope[Any], kind: str, reason: Reason | None, delivery: Delivery | None) -> None:
        """Something happened to a message, or to a delivery of it."""
        if kind == "accepted":
            self.accepted(message)
        elif delivery is not None and kind in OUTCOMES:
            self._comparison.ended(delivery, kind, "" if reason is None else reason.code)

    def accepted(self, message: Envelope[Any], _route: Planned | None = None) -> None:
        """A message is on its way, and no handler has seen it."""
        self._comparison.sent(message, self._now())
        if self._comparison.stopped:
            self._stop()

    def handled(self, delivery: Delivery, _run: RunState, _seconds: float) -> None:
        """A handler has handled a delivery."""
        self._comparison.ended(delivery, HANDLED, "")

    def record_verdict(self, message: Envelope[Any], recipient: str, decision: Decision) -> None:
        """Policies decided something that is more than a plain allow."""
        self._comparison.record_verdict(message, recipient, decision)

    def __getattr__(self, name: str) -> Any:
        """Return a method that does nothing: other facts are not compared."""
        return _nothing

    async def barrier(self, _until: float = math.inf) -> bool:
        """Do not wait: nothing leaves the process."""
        return True


def _nothing(*_: object) -> None:
    """Do nothing."""


def _bound(bindings: Sequence[Binding], agents: dict[str, Agent]) -> tuple[list[Binding], frozenset[str]]:
    """Return bindings for a replay, and the agents among them that are read from the record.

    Raises:
        InputError: An agent is not in the pipeline.
        AgentDefinitionError: A replacement consumes or produces less.
    """
    unknown = next((name for name in agents if name not in {one.card.id for one in bindings}), None)
    if unknown is not None:
        raise InputError(f"agent {unknown!r}", "is not in the pipeline", "see genie agents")
    found: list[Binding] = []
    outside: set[str] = set()
    for one in bindings:
        other = agents.get(one.card.id)
        if other is not None:
            card = replace(other.card, id=one.card.id)
            replaceable(one.card, card)
            found.append(replace(one, agent=other, card=card, ports=dict.fromkeys(card.ports)))
        elif is_outside(one):
            outside.add(one.card.id)
            card = replace(one.card, executor="loop")
            found.append(replace(one, agent=Outside(card), card=card, settings=None))
        else:
            found.append(Instrumentation.bound(one))
    return found, frozenset(outside)


def _done(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop the log lines of a replay: they would report past events as present ones."""
    logger = logging.getLogger("genie")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
