"""Questions from outside: each opens a run for its caller, and waits for its answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast, overload

from genie.contracts.classification import Classification
from genie.contracts.gather import Gathered
from genie.contracts.message import Payload, topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.errors import (
    IdentityError,
    MailboxFullError,
    RunCancelledError,
    RunExpiredError,
    RunHeld,
    RunStalled,
    RuntimeClosedError,
)
from genie.errors.tracebacks import cause_among
from genie.inflight.gather import ONE, Asker
from genie.inflight.pending import EFFECT, HOLD, Parked
from genie.runtime.arguments import (
    PAYLOAD_KIND,
    addressed,
    answers_asked,
    gather_options,
    parts_expected,
    payload_given,
    seconds,
)

if TYPE_CHECKING:
    from genie.backend.clock import Clock
    from genie.bus.bus import Bus
    from genie.bus.failures import Failures
    from genie.contracts.card import Caller
    from genie.contracts.gather import Expected, Need
    from genie.contracts.views import Parts, Views
    from genie.inflight.accounting import RunState
    from genie.inflight.gather import Gather
    from genie.inflight.mailbox import RoomTicket

T = TypeVar("T", bound=Payload)
U = TypeVar("U", bound=Payload)

MOST_CALLERS = 1024
"""Number of callers whose compiled policies are cached."""
NO_LONGER_NEEDED = Reason("no_longer_needed", "no longer needed")
_PUBLIC = Classification.PUBLIC
DEADLINE = Reason("deadline")
NOT_STORED = "the log did not store the answer in time"
_CALLER_LEFT = Reason("caller_left", "its caller disconnected")


class Asked(NamedTuple, Generic[T]):
    """A question from outside."""

    question: Payload
    answers: tuple[type[T], ...]
    need: Need
    to: str | None
    """The only agent that is asked; None for every subscriber."""
    mute: bool = False
    """True if no notice can be shown."""


class Questions:
    """Sends questions from outside to the bus; each opens a run for its caller.

    Args:
        deadline_s: Time limit of a run in seconds, if its caller sets none.
        caller: The caller of questions that name none.
    """

    def __init__(self, deadline_s: float | None, caller: Caller) -> None:
        self._deadline_s = deadline_s
        self._caller = caller
        self._own = Asker(caller.card(), caller.headers(), caller)
        self._askers: dict[Caller, Asker] = {}

    def open(self, bus: Bus, deadline_s: float | None, caller: Caller | None, *, asks: bool = False) -> RunState:
        """Admit and open a run; ``asks`` states that a caller waits for it."""
        within_s = self._deadline_s if deadline_s is None else deadline_s
        asker = self._own if caller is None else self._asker(caller)
        by = caller or self._caller
        endless = within_s is None and by.expires_at is None
        deadline = math.inf if endless else ends_at(seconds(within_s), by, bus.clock)
        return bus.runs.open(asker, deadline, asks=asks)

    def begin(  # noqa: PLR0913 - what ask, gather and stream have in common
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
        parts: tuple[type[Payload], ...] = (),
    ) -> tuple[RunState, Gather, RoomTicket | None]:
        """Open a run, expect its answers, and send its question.

        ``mute``: no notice can be shown. ``parts``: classes of a stream's parts.
        """
        if Payload not in type(question).__mro__:
            payload_given(question)
        run = self.open(bus, deadline_s, caller, asks=True)
        try:
            gather = bus.correlator.expect(run.root, expect, need, type(question), parts)
        except BaseException:  # a run without its question is closed, then the error is re-raised
            bus.runs.opened(run)
            raise
        if mute:
            gather.notices = None
        return run, gather, send(bus, run, question, to)

    def caller(self, caller: Caller | None) -> Caller:
        """Return the caller: the runtime's, if a question names none."""
        return self._caller if caller is None else caller

    def _asker(self, caller: Caller) -> Asker:
        asker = self._askers.get(caller)
        if asker is None:
            if len(self._askers) >= MOST_CALLERS:
                self._askers.clear()
            asker = self._askers[caller] = Asker(caller.card(), caller.headers(), caller)
        return asker


def send(
    bus: Bus, run: RunState, question: Payload, to: str | None, read: Classification = _PUBLIC
) -> RoomTicket | None:
    """Publish the first message of a run."""
    asker = run.asker.card
    try:
        worker = bus.workers.of_handler()
        by = None if worker is None else worker.delivery
        hops = 0 if by is None else by.message.hops + 1  # also in another runtime, the chain of messages goes on
        return bus.publish(question, asker, run.root, 0, hops, run.headers, read, None, to, asked=True, reject=True)
    except MailboxFullError:
        if run.root.gather is not None:  # nobody waits for the other answers any more
            bus.runs.end(run, Outcome.CANCELLED, _CALLER_LEFT)
        raise
    finally:
        bus.runs.opened(run)


async def found_room(bus: Bus, run: RunState, ticket: RoomTicket | None) -> None:
    """Wait until the first message of a run has room; a handler does not wait, because it may have to free the room."""
    if ticket is not None and not bus.workers.in_handler():
        try:
            await bus.overflows.room(ticket)
        except BaseException:  # the run of a caller that left is cancelled, then the cancellation is re-raised
            bus.runs.end(run, Outcome.CANCELLED, _CALLER_LEFT)
            raise


async def answered(bus: Bus, run: RunState, gather: Gather, ticket: RoomTicket | None, until: float = math.inf) -> bool:
    """Wait until a gather is complete and in the log; return False if the log has not stored it in time.

    Raises:
        RunHeld: Everything left waits for a person.
    """
    try:
        if ticket is not None:
            await bus.overflows.room(ticket)
        while not gather.done:
            if run.held and bus.runs.all_held(run.root):
                raise RunHeld(run_id=run.id, holds=holds_of(run))
            gather.waiter = waiter = bus.make_future()
            await waiter
    except RunHeld:
        raise
    except BaseException:  # the run of a caller that left is cancelled, then the cancellation goes on
        bus.runs.end(run, Outcome.CANCELLED, _CALLER_LEFT)
        raise
    return bus.observers.recorder is None or await bus.observers.recorder.barrier(min(run.deadline, until))


def holds_of(run: RunState) -> tuple[str, ...]:
    """Return the ids of a run's holds, oldest first."""
    found: list[Parked] = []
    for scope in run.root.tree():
        if scope.own_held:
            parked = (one.parked for one in scope.deliveries)
            found += [one for one in parked if one is not None and one.kind in {HOLD, EFFECT}]
            found += [one for one in (scope.parked or {}).values() if one.kind == HOLD]
    return tuple(parked.data.id for parked in sorted(found, key=lambda parked: parked.id))


def answer_of(
    state: RunState, gather: Gather | None, answers: tuple[type[T], ...], failures: Failures, *, stored: bool = True
) -> T:
    """Return the answer of a run whose wait has ended.

    Args:
        state: The run.
        gather: The gather that it waited for.
        answers: The answer classes.
        failures: Stores, with ``debug``, the exceptions of its agents, which become the cause of the error.
        stored: The log has stored the answer in time.

    Raises:
        RunStalled, RunExpiredError, RunCancelledError: There is no answer; the error says why.
    """
    reason: str | None = None
    if not stored and state.ended is None:
        raise RunExpiredError(run_id=state.id, reason=NOT_STORED)
    if gather is not None:
        for kind in answers:
            parts = gather.kinds.get(kind)
            found = None if parts is None else parts.get(ONE)
            if found is not None:
                return cast("T", found)
            reason = reason or gather.why_missing(kind)
    raise failure_of(state, topic_of(answers[0]).name, reason) from cause_among(failures.of(state.id))


def failure_of(state: RunState, expected: str, reason: str | None) -> Exception:
    """Return why a run gave no answer."""
    if state.ended is not None:
        outcome, why = state.ended
        if outcome is Outcome.EXPIRED:
            return RunExpiredError(run_id=state.id, reason="" if why.code == "deadline" else str(why))
        return RunCancelledError(run_id=state.id, reason=str(why))
    passed = state.expires_as or DEADLINE
    if any(one.outcome is Outcome.EXPIRED and one.reason == passed for one in state.missing or ()):
        # Its last delivery was taken up after the deadline, but before the timer of the run was.
        return RunExpiredError(run_id=state.id, reason="" if passed == DEADLINE else str(passed))
    # The failures on the way say more than the last one alone.
    named = {f"{failure.agent}: {failure}": failure.code for failure in state.missing or ()}
    reasons = tuple(named) or ((reason,) if reason else ())
    return RunStalled(run_id=state.id, expected=expected, reasons=reasons, codes=tuple(named.values()))


def ends_at(within_s: float | None, caller: Caller, clock: Clock) -> float:
    """Return the deadline of a run on the loop's clock: the earlier of a limit in seconds and its caller's expiry.

    Raises:
        IdentityError: The caller's identity has expired.
    """
    now = clock.now()
    ends = math.inf if within_s is None else now + within_s
    if caller.expires_at is None:
        return ends
    left_s = caller.expires_at - clock.wall().timestamp()
    if left_s <= 0:
        raise IdentityError("expired", "the caller's identity has expired; ask for a new token")
    return min(ends, now + left_s)


class Asking:
    """Methods to question a runtime from outside its handlers.

    Args:
        questions: Opens the runs.
    """

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._bus: Bus | None = None

    if TYPE_CHECKING:  # the runtime holds it

        async def _kept(
            self, asked: Asked[T], within_s: float | None, caller: Caller | None, key: str, notices: list[str] | None
        ) -> T: ...

    def _open_bus(self) -> Bus:
        if self._bus is None or self._bus.closing:
            raise RuntimeClosedError
        self._bus.runs.here()
        return self._bus

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
            answer: The class of the answer, or a tuple of classes: the first answer is returned.
            to: One agent.
            within_s: Deadline of everything the question causes.
            caller: The caller; the runtime's own by default.
            notices: A list that receives the notices to show with the answer; without it an answer that has notices is
                denied.
            key: Idempotency key of this question and caller, valid until a day after its run: the same key again (with
                a log, also after a restart) returns the same answer or error. Its run continues if the caller
                disconnects.

        Raises:
            TypeError, ValueError: An argument has the wrong type, or is out of range.
            RunStalled: No answer can come any more; the error says why.
            RunHeld: Everything left waits for a person; the run stays open, and ``run(id)`` finds it.
            RunExpiredError: The deadline passed.
            TooManyRunsError, RuntimeDrainingError, AuditFailedError: The run is not admitted.
            AskInHandlerError: A handler asks through the runtime instead of its context.
            IdentityError: The caller's identity has expired; an expiry during the run ends the run.
            KeyReusedError, TooManyKeysError: The key stands for another question, or no more can be kept.

        Cancelled: the run is cancelled, wherever it is.
        """
        answers = (answer,) if type(answer) is PAYLOAD_KIND and Payload in answer.__mro__ else answers_asked(answer)
        if to is not None or caller is not None or notices is not None:
            addressed(to, caller, notices)
        need: Need = "all" if len(answers) == 1 else 1
        if key is not None:
            asked = Asked(payload_given(question), answers, need, to, notices is None)
            return await self._kept(asked, within_s, caller, key, notices)
        bus = self._bus
        if bus is None:
            raise RuntimeClosedError
        run, gather, ticket = self._questions.begin(
            bus, question, answers, need, to, within_s, caller, mute=notices is None
        )
        del question  # not kept while its answer is awaited
        stored = await answered(bus, run, gather, ticket)
        gather.closed = True
        answered_with = answer_of(run, gather, answers, bus.failures, stored=stored)
        if notices is not None:
            notices += gather.notices or ()
        return answered_with

    @overload
    async def gather(
        self, payload: Payload, *, expect: Parts, need: Need = ..., within_s: float | None = ...,
        cancel_rest: bool = ..., caller: Caller | None = ...,
    ) -> Views[Parts]: ...  # fmt: skip
    @overload
    async def gather(
        self, payload: Payload, *, expect: tuple[Expected, ...], need: Need = ..., within_s: float | None = ...,
        cancel_rest: bool = ..., caller: Caller | None = ...,
    ) -> Gathered: ...  # fmt: skip
    async def gather(
        self, payload: Payload, *, expect: tuple[Expected, ...] | Expected, need: Need = "all",
        within_s: float | None = None, cancel_rest: bool = False, caller: Caller | None = None,
    ) -> Gathered:  # fmt: skip
        """Publish and wait for typed answers from outside, like ``Context.gather``.

        Raises:
            RunHeld: Everything left waits for a person; the run stays open, and ``run(id)`` finds it.
        """
        parts = parts_expected(expect)
        if within_s is not None or caller is not None or cancel_rest is not False:
            within_s = gather_options(within_s, caller, cancel_rest)
        bus = self._open_bus()
        run, gather, ticket = self._questions.begin(bus, payload, parts, need, None, None, caller)
        del payload  # not kept while its answers are awaited
        until = math.inf if within_s is None else bus.now() + within_s
        timer = None if within_s is None else bus.timers.at(until, "gather", (gather, ticket))
        try:
            if not await answered(bus, run, gather, ticket, until):
                gather.withhold()
        finally:
            if timer is not None:
                timer.cancel()
        gather.closed = True
        run_id = run.id
        held = bus.approvals.held_parts(run.root) if run.held and bus.approvals is not None else None
        result = gather.result(run_id, bus.failures.of(run_id) if bus.failures.debug else (), held)
        if need == "first" or cancel_rest:
            bus.runs.end(run, Outcome.CANCELLED, NO_LONGER_NEEDED)
        return result
