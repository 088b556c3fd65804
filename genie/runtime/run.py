"""A run, as its caller sees it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from genie.contracts.message import Payload, topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.errors import AskInHandlerError, InputError, RunExpiredError, RunHeld, RunStalled
from genie.inflight.events import Event, Watcher
from genie.inflight.streams import StreamGather
from genie.runtime.arguments import seconds
from genie.runtime.asking import answer_of, found_room, holds_of, send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.card import Caller
    from genie.contracts.outcome import Counts, Failure
    from genie.inflight.accounting import RunState
    from genie.inflight.dead_letters import DeadLetter
    from genie.runtime.asking import Asked, Questions

T = TypeVar("T", bound=Payload)


async def redriven(bus: Bus, letter: DeadLetter, deadline_s: float | None) -> None:
    """Publish a dead letter's payload to its agent again in a new run, and remove the letter."""
    message = letter.message
    if message is None:
        why = f"has a payload of {letter.topic} in a version that no present class reads"
        raise InputError(f"dead letter {letter.id!r}", why, "give the class an `upcast`, and open the runtime again")
    run = bus.runs.open(message.scope.run.asker, math.inf if deadline_s is None else bus.now() + deadline_s)
    run.headers = run.headers.met(bus.judging.narrowed(message.headers))
    if bus.effects is not None:
        bus.effects.reopen(run, letter.effects)
    ticket = send(bus, run, message.payload, letter.agent or None, message.label)
    if run.closed and run.missing and all(failure.outcome is Outcome.DENIED for failure in run.missing):
        codes = ", ".join(dict.fromkeys(failure.reason.code for failure in run.missing if failure.reason is not None))
        raise InputError(f"dead letter {letter.id!r}", f"is denied ({codes})", "it is kept; redrive it again later")
    bus.dead_letters.pop(letter.id)
    await found_room(bus, run, ticket)


async def changed(bus: Bus, state: RunState) -> None:
    """Wait until something has happened in a run."""
    watcher = Watcher(bus.make_waiter, keeps=False)
    state.watchers = (*state.watchers, watcher)
    try:
        await watcher.wait()
    finally:
        state.watchers = tuple(other for other in state.watchers if other is not watcher)


class AgentRunCounts(NamedTuple):
    """Activity of one agent in one run."""

    handled: int
    failed: int
    p50_ms: float | None


class Run(Generic[T]):
    """A run in flight: observable and cancellable; ``result`` waits for its answer.

    ``await runtime.start(...)`` also returns the run, because the methods beside ``start`` are awaited.
    """

    joined = False
    """True if an earlier call with the same idempotency key began the run."""

    def __init__(self, bus: Bus, state: RunState, answers: tuple[type[T], ...]) -> None:
        self._bus = bus
        self._state = state
        self._answers = answers
        self._watcher: Watcher | None = None

    def __await__(self) -> Generator[Any, None, Run[T]]:
        return self._itself().__await__()

    async def _itself(self) -> Run[T]:
        return self

    def __repr__(self) -> str:
        from genie.contracts.rendering import counted  # noqa: PLC0415 - start-up: for those who look at it

        counts = self.messages()
        state = "at rest" if self._state.closed else f"{counted(counts.in_flight, 'message')} in flight"
        expected = " or ".join(topic_of(kind).name for kind in self._answers)
        return f"<Run {self.id} for {expected}: {counts.handled:,} handled, {state}>"

    @property
    def id(self) -> str:
        """The correlation id of everything the run causes."""
        return self._state.id

    def named(self, number: int) -> str:
        """Return the id of a message of the run."""
        return self._state.ids.name(number)

    async def result(self) -> T:
        """Wait for the answer.

        Raises:
            RunStalled: The answer can no longer come; the error says why.
            RunHeld: Everything left waits for a person; ``result`` may be awaited again.
            RunExpiredError: The deadline passed.
            RunCancelledError: The run was cancelled.
            AskInHandlerError: A handler of the same runtime would wait for it; ``settled``, ``decided`` and ``events``
                raise it too.

        Cancelled: the run goes on.
        """
        state, bus = self._state, self._bus
        gather = state.root.gather
        while gather is not None and not gather.done:
            if bus.runs.all_held(state.root):
                raise RunHeld(run_id=self.id, holds=self.holds())
            await self._changed()
        recorder = bus.observers.recorder
        stored = recorder is None or await recorder.barrier(state.deadline)
        return answer_of(state, gather, self._answers, bus.failures, stored=stored)

    async def noted(self, notices: list[str] | None, within_s: float | None) -> T:
        """Wait for the answer, and append its notices to a list; ``within_s`` limits the wait for a joined run."""
        import anyio  # noqa: PLC0415 - start-up: for questions with a key

        with anyio.move_on_after(seconds(within_s) if self.joined else None) as limit:
            answer, shown = await self.result(), self.notices()
        if limit.cancelled_caught:
            raise RunExpiredError(run_id=self.id)
        if notices is not None:
            notices += shown
        elif shown:  # the run was started by a caller that can show them
            reason = "denied: this caller cannot show its notices"
            raise RunStalled(run_id=self.id, expected=topic_of(answer).name, reasons=(reason,))
        return answer

    async def settled(self) -> None:
        """Wait until nothing of the run is in flight, or everything in flight waits for a person."""
        state = self._state
        while not state.closed and not self._bus.runs.all_held(state.root):
            await self._changed()

    async def decided(self) -> None:
        """Wait until something in flight does not wait for a person; returns at once if so already."""
        state = self._state
        while not state.closed and self._bus.runs.all_held(state.root):
            await self._changed()

    async def _changed(self) -> None:
        self._refuse_handlers()
        await changed(self._bus, self._state)

    def _refuse_handlers(self) -> None:
        """Raise if a handler of this runtime is about to wait: the run may be waiting for that handler."""
        self._bus.runs.here()
        workers = self._bus.workers
        if workers.in_handler():
            raise AskInHandlerError
        worker = workers.of_handler()
        if worker is not None:
            self._state.asked_by = worker.delivery

    def cancel(self, reason: str = "cancelled") -> None:
        """Cancel every handler of the run, and remove its mail; other runs are not affected."""
        self._bus.runs.here()
        self._bus.runs.end(self._state, Outcome.CANCELLED, Reason("cancelled", reason))

    async def events(self) -> AsyncIterator[Event]:
        """Yield the run's events, from its start until it is at rest.

        Beyond 4,096 unread events the oldest are dropped.
        """
        watcher, state = self._watcher, self._state
        events = None if watcher is None else watcher.events
        while watcher is not None and events is not None:
            while events:
                yield events.popleft()
            if state.closed:
                return
            self._refuse_handlers()
            await watcher.wait()

    def watched_by(self, watcher: Watcher) -> None:
        """Send all past and future events to another watcher; ``events`` gets none any more."""
        own, self._watcher = self._watcher, watcher
        others = self._state.watchers
        if own is not None:
            others = tuple(one for one in others if one is not own)
            for event in own.events or ():
                watcher.put(event)
        self._state.watchers = (*others, watcher)

    def parts(self) -> Iterator[Payload]:
        """Return the parts of the answer that have arrived since the last call, oldest first."""
        gather = self._state.root.gather
        while isinstance(gather, StreamGather) and gather.came_parts:
            yield gather.take()

    def forget(self) -> None:
        """Allow the tree of a run at rest to be freed; account and failures are kept, watchers get nothing more."""
        self._bus.runs.forget(self._state)
        self._watcher = None  # it may refer to its run, and would then wait for the garbage collector

    def messages(self) -> Counts:
        """Return the run's account."""
        return self._state.counts()

    def agents(self) -> Mapping[str, AgentRunCounts]:
        """Return the activity of each agent in this run."""
        return {
            agent: AgentRunCounts(one.handled, one.failed, _median_ms(one.times))
            for agent, one in sorted((self._state.agents or {}).items())
        }

    def failures(self) -> tuple[Failure, ...]:
        """Return the deliveries and answers that were not handled, oldest first."""
        return tuple(self._state.missing or ())

    def notices(self) -> tuple[str, ...]:
        """Return the notices to show with the answer, such as a disclosure; complete once the answer is there."""
        gather = self._state.root.gather
        return () if gather is None else gather.notices or ()

    @property
    def awaited(self) -> bool:
        """True if ``result`` would wait: the answer may still come, and not everything left waits for a person."""
        gather = self._state.root.gather
        return gather is not None and not gather.done and not self._bus.runs.all_held(self._state.root)

    @property
    def at_rest(self) -> bool:
        """True if nothing of the run is in flight."""
        return self._state.closed

    def _repr_html_(self) -> str:
        """Show in a notebook the activity of each agent and the failures; never a payload."""
        from genie.contracts.statistics import shown  # noqa: PLC0415 - start-up: for notebooks alone

        return shown(self.id, self.messages(), self.agents(), self.failures())

    def holds(self) -> tuple[str, ...]:
        """Return the ids of the run's holds, oldest first."""
        return holds_of(self._state)


def _median_ms(times: list[float]) -> float | None:
    """Return the median of durations in seconds, in milliseconds; of two middle ones the smaller."""
    return round(sorted(times)[(len(times) - 1) // 2] * 1000, 3) if times else None


def started(
    questions: Questions, bus: Bus, asked: Asked[T], deadline_s: float | None, caller: Caller | None,
    told: Callable[[RunState], None] | None, watched: Callable[[Run[T]], Watcher] | None = None, *, asks: bool = False,
) -> Run[T]:  # fmt: skip
    """Open a run, send its question, and return the run; ``told`` gets its state before anything is sent."""
    state = questions.open(bus, deadline_s, caller, asks=asks)
    run = Run(bus, state, asked.answers)
    watcher = Watcher(bus.make_waiter, keeps=True) if watched is None else watched(run)
    if watched is None:
        state.agents = {}
    run.watched_by(watcher)
    kind, parts = type(asked.question), watcher.takes
    gather = bus.correlator.expect(state.root, asked.answers, asked.need, kind, parts, lambda: bus.runs.notice(state))
    if asked.mute:
        gather.notices = None
    if told is not None:
        told(state)
    state.observed = True
    send(bus, state, asked.question, asked.to)
    return run
