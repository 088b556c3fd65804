"""Starts the runs of schedules when they are due, inside an open runtime."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Literal

import anyio

from genie.errors import GenieError, InputError, RuntimeDrainingError
from genie.errors.genie_error import class_name
from genie.errors.logs import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from datetime import datetime

    from anyio.abc import TaskGroup

    from genie.contracts.message import Payload
    from genie.contracts.schedule import Schedule
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime

ON_TIME_S = 60.0
"""A firing that is at most this many seconds late is on time; a later one is missed."""
LOOK_S = 30.0
"""Longest time between two readings of the clock, so that a clock change is noticed soon."""
MOST_MISSED = 1_000
"""Maximum number of missed firings counted individually after an absence."""
MOST_REASONS = 5
"""Failures of one run that a notice lists."""


NoticeKind = Literal["fired", "overlapped", "missed", "drained", "refused", "handled", "failed"]


@dataclass(slots=True)
class Firings:
    """Counts of one schedule's firings, by outcome."""

    fired: int = 0
    """Runs that were started."""
    overlapped: int = 0
    """Skipped because the previous run had not ended."""
    missed: int = 0
    """Skipped because the scheduler was not running, or the machine slept, at that time."""
    drained: int = 0
    """Skipped because the runtime was draining."""
    refused: int = 0
    """Skipped because the question could not be created or the run was not admitted."""
    handled: int = 0
    """Runs that ended with every delivery handled."""
    failed: int = 0
    """Runs that ended with at least one failed delivery."""

    def add(self, what: NoticeKind, number: int = 1) -> None:
        """Count outcomes of firings."""
        setattr(self, what, getattr(self, what) + number)


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a schedule. It never contains payload text."""

    schedule: str
    what: NoticeKind
    due: datetime
    """When the firing was due, in UTC."""
    detail: str = ""
    """The run's id, the number of missed firings, or the reason for a refusal or failure."""


class _ScheduleState:
    """One schedule, its next firing, its current run and its counts."""

    def __init__(self, schedule: Schedule, since: datetime) -> None:
        self.schedule = schedule
        self.counts = Firings()
        self.run: Run[Payload] | None = None
        self.ended: anyio.Event | None = None
        """Set after the notice of the run's end."""
        self._upcoming = schedule.after(since)
        self.next = next(self._upcoming)

    def due(self, now: datetime) -> tuple[list[datetime], bool]:
        """Return the due firings, and whether there were more than the list contains."""
        due: list[datetime] = []
        while self.next <= now and len(due) < MOST_MISSED:
            due.append(self.next)
            self.next = next(self._upcoming)
        more = self.next <= now
        if more:  # after a long absence: skip to the last minute instead of listing years of firings
            self._upcoming = self.schedule.after(max(due[-1], now - timedelta(seconds=ON_TIME_S)))
            self.next = next(self._upcoming)
            while self.next <= now:
                due.append(self.next)
                self.next = next(self._upcoming)
        return due, more


class Scheduler:
    """Starts a run of each schedule when it is due, inside an open runtime.

    A firing is skipped and counted if the previous run of the schedule has not ended; a run on hold has not ended. A
    firing that is more than a minute late is missed: it is skipped and counted, or, under ``missed: once``, one run
    replaces all missed firings.

    An error in ``question`` or ``tell`` never stops a schedule: a firing without a question counts as refused, and a
    notice that cannot be delivered counts in ``untold``.

    Args:
        runtime: An open runtime.
        schedules: The schedules to serve.
        answer: Payload class of each run's answer.
        question: Creates the payload of a schedule that has none, at each firing.
        deadline_s: Seconds that a run may take; the runtime's limit by default.
        since: By schedule, the time up to which firings were processed; now by default, so none is missed.
        tell: Called with each notice.
    """

    def __init__(
        self,
        runtime: Runtime,
        schedules: Iterable[Schedule],
        answer: type[Payload],
        *,
        question: Callable[[], Payload] | None = None,
        deadline_s: float | None = None,
        since: Mapping[str, datetime] | None = None,
        tell: Callable[[Notice], None] | None = None,
    ) -> None:
        self._runtime = runtime
        self._clock = runtime.bus.clock
        self._answer = answer
        self._question = question
        self._deadline_s = deadline_s
        self._tell = tell
        self._draining = False
        self._tasks: TaskGroup | None = None
        self.untold = 0
        """Notices for which ``tell`` raised."""
        now, known = self._clock.wall(), since or {}
        self._states = [_ScheduleState(schedule, min(known.get(schedule.id, now), now)) for schedule in schedules]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fire until the block ends; the runtime keeps the unfinished runs."""
        async with anyio.create_task_group() as self._tasks:
            self._fire_due()
            self._tasks.start_soon(self._watch_clock)
            try:
                yield
            finally:
                self._tasks.cancel_scope.cancel()

    async def drain(self, within_s: float) -> None:
        """Skip and count every further firing, and wait for the current runs; cancel those left at the time limit.

        Args:
            within_s: Seconds to wait, from 0.
        """
        self._draining = True
        await self._runtime.drain(within_s)
        for state in self._states:
            if state.run is not None and state.run.at_rest and state.ended is not None:
                await state.ended.wait()

    @property
    def firings(self) -> Mapping[str, Firings]:
        """The counts, by schedule."""
        return {state.schedule.id: state.counts for state in self._states}

    def upcoming(self) -> Mapping[str, datetime]:
        """Return the next firing of each schedule, in UTC."""
        return {state.schedule.id: state.next for state in self._states}

    # --- the clock ---

    async def _watch_clock(self) -> None:
        """Sleep until the next firing is due, in steps that notice a clock change; runs in the scheduler's own task."""
        while self._states:
            wait_s = (min(state.next for state in self._states) - self._clock.wall()).total_seconds()
            # Wall time is rounded to microseconds: a wait may end just before the firing, and must not then be zero.
            await anyio.sleep(min(max(wait_s, 0.001), LOOK_S))
            self._fire_due()

    def _fire_due(self) -> None:
        self._clock.resynchronise()
        now = self._clock.wall()
        for state in self._states:
            due, more = state.due(now)
            if due:
                self._settle(state, due, now, more=more)

    def _settle(self, state: _ScheduleState, due: list[datetime], now: datetime, *, more: bool) -> None:
        """Fire the last of the due firings if it is on time or missed ones are replaced; count the others as missed."""
        on_time = (now - due[-1]).total_seconds() <= ON_TIME_S
        fires = on_time or state.schedule.missed == "once"
        missed = len(due) - fires
        if missed:
            state.counts.add("missed", missed)
            self._notify(state, "missed", due[missed - 1], f"{missed} or more" if more else str(missed))
        if fires:
            self._fire(state, due[-1])

    def _fire(self, state: _ScheduleState, due: datetime) -> None:
        if self._draining:
            self._skip(state, "drained", due)
            return
        if state.run is not None and not state.run.at_rest:
            self._skip(state, "overlapped", due, state.run.id)
            return
        try:
            payload = self._payload(state.schedule)
            run = self._runtime.start(payload, self._answer, deadline_s=self._deadline_s)
        except RuntimeDrainingError:
            self._skip(state, "drained", due)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a question is foreign code: an error, or an exit, costs its firing alone
            self._skip(state, "refused", due, _reason(error))
        else:
            state.counts.add("fired")
            state.run = run
            self._notify(state, "fired", due, run.id)
            assert self._tasks is not None  # noqa: S101 - narrows: nothing fires before ``running``
            state.ended = anyio.Event()
            self._tasks.start_soon(self._follow, state, run, due, state.ended)

    def _skip(
        self, state: _ScheduleState, what: Literal["drained", "overlapped", "refused"], due: datetime, detail: str = ""
    ) -> None:
        state.counts.add(what)
        self._notify(state, what, due, detail)

    def _payload(self, schedule: Schedule) -> Payload:
        if schedule.payload is not None:
            return schedule.payload
        if self._question is None:
            raise InputError(f"schedule {schedule.id!r}", "has no payload", "add `payload`")
        return self._question()

    async def _follow(self, state: _ScheduleState, run: Run[Payload], due: datetime, ended: anyio.Event) -> None:
        """Wait for the end of a run and send the notice of it."""
        async for _ in run.events():  # the events have no other reader; they end when the run does
            pass
        failures = dict.fromkeys(f"{failure.agent}: {failure}" for failure in run.failures())
        if failures:
            state.counts.add("failed")
            self._notify(state, "failed", due, f"{run.id}: {'; '.join(islice(failures, MOST_REASONS))}")
        else:
            state.counts.add("handled")
            self._notify(state, "handled", due, run.id)
        ended.set()

    def _notify(self, state: _ScheduleState, what: NoticeKind, due: datetime, detail: str = "") -> None:
        notice = Notice(state.schedule.id, what, due, detail)
        level = "INFO" if what in {"fired", "handled"} else "WARNING"
        log("genie.scheduler", level, f"schedule {notice.schedule}, due {due.isoformat()}: {what} {detail}")
        if self._tell is None:
            return
        try:
            self._tell(notice)
        except Exception as error:  # noqa: BLE001 - the reader may have gone away; its errors must not stop the schedules
            self.untold += 1
            if self.untold == 1:
                # The class only: a traceback may quote payload text.
                what_failed = f"a notice of schedule {notice.schedule} cannot be delivered ({class_name(error)})"
                log(
                    "genie.scheduler",
                    "ERROR",
                    f"{what_failed}; the schedules continue; further failures are only counted",
                )


def _reason(error: BaseException) -> str:
    """Return the text of this library's own errors.

    For any other error only the class, because its text may quote payloads.
    """
    try:
        return str(error) if isinstance(error, GenieError) else f"the question failed ({class_name(error)})"
    except Exception:  # noqa: BLE001 - a subclass may break its own text
        return f"the question failed ({class_name(error)})"
