"""Publishing by the clock: schedules over a runtime, on its own clock and alarm."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Literal

import anyio

from genie.errors import GenieError, InputError, RuntimeDrainingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from datetime import datetime

    from anyio.abc import TaskGroup

    from genie.backend.timers import Timer
    from genie.contracts.message import Payload
    from genie.contracts.schedule import Schedule
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime

ON_TIME_S = 60.0
"""Seconds by which a firing may be late and still is no missed one."""
LOOK_S = 30.0
"""Longest time between two looks at the clock, so that one that was moved is noticed in time."""
MOST_MISSED = 1_000
"""Missed firings that are counted one by one; after a longer absence the count stays there."""

_logger = logging.getLogger("genie.scheduler")

MOST_REASONS = 5
"""Reasons that are given of one failed run."""

What = Literal["fired", "overlapped", "missed", "drained", "refused", "handled", "failed"]


@dataclass(slots=True)
class Firings:
    """What became of one schedule's firings."""

    fired: int = 0
    """Runs that were started."""
    overlapped: int = 0
    """Skipped, because the run before was still going."""
    missed: int = 0
    """Skipped, because nobody was there at that time."""
    drained: int = 0
    """Skipped, because the runtime was draining."""
    refused: int = 0
    """Not admitted, or without a question: the log says why."""
    handled: int = 0
    """Runs that ended with everything handled."""
    failed: int = 0
    """Runs that ended with something that was not."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened to a schedule; never payload text."""

    schedule: str
    what: What
    due: datetime
    """When the firing was due, in UTC."""
    detail: str = ""
    """The run's id, how many firings were missed, or why one was refused or a run failed."""


class _Line:
    """One schedule and where it stands."""

    def __init__(self, schedule: Schedule, since: datetime) -> None:
        self.schedule = schedule
        self.counts = Firings()
        self.run: Run[Payload] | None = None
        self.told: anyio.Event | None = None
        """Set when the run's end has been told."""
        self._coming = schedule.after(since)
        self.next = next(self._coming)

    def due(self, now: datetime) -> tuple[list[datetime], bool]:
        """Return the firings that have come, and whether there were more than are listed."""
        due: list[datetime] = []
        while self.next <= now and len(due) < MOST_MISSED:
            due.append(self.next)
            self.next = next(self._coming)
        more = self.next <= now
        if more:  # a long absence: go on from just before now
            self._coming = self.schedule.after(max(due[-1], now - timedelta(seconds=ON_TIME_S)))
            self.next = next(self._coming)
            while self.next <= now:
                due.append(self.next)
                self.next = next(self._coming)
        return due, more


class Scheduler:
    """Starts a run of each schedule when it is due, inside an open runtime.

    A firing whose last run is still going (or waits for a person) is skipped and counted. One that is noticed more than
    a minute late is missed: it is skipped and counted, or, under ``missed: once``, one run makes up for all of them.

    Args:
        runtime: An open runtime.
        schedules: What fires when.
        answer: Class of the answer that each run is asked for.
        question: Makes the payload of a schedule that names none, at each firing.
        deadline_s: Seconds that a run may take; the runtime's limit by default.
        since: By schedule, until when firings were dealt with before; now by default, so that nothing is missed.
        tell: Told of everything that happens.
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
        self._alarm = runtime.bus.timers
        self._answer = answer
        self._question = question
        self._deadline_s = deadline_s
        self._tell = tell
        self._draining = False
        self._entry: Timer | None = None
        self._tasks: TaskGroup | None = None
        now, known = self._clock.wall(), since or {}
        self._lines = [_Line(schedule, min(known.get(schedule.id, now), now)) for schedule in schedules]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Fire until left; what runs then is the runtime's."""
        async with anyio.create_task_group() as self._tasks:
            self._look()
            try:
                yield
            finally:
                if self._entry is not None:
                    self._entry.cancel()
                self._tasks.cancel_scope.cancel()

    async def drain(self, within_s: float) -> None:
        """Skip and count every firing from now on, and let what runs end; what is left at the limit is cancelled.

        Args:
            within_s: Seconds to wait, from 0.
        """
        self._draining = True
        await self._runtime.drain(within_s)
        for line in self._lines:
            if line.run is not None and line.run.at_rest and line.told is not None:
                await line.told.wait()

    @property
    def firings(self) -> Mapping[str, Firings]:
        """What became of the firings, by schedule."""
        return {line.schedule.id: line.counts for line in self._lines}

    def upcoming(self) -> Mapping[str, datetime]:
        """Return when each schedule fires next, in UTC."""
        return {line.schedule.id: line.next for line in self._lines}

    # --- the clock ---

    def _look(self) -> None:
        """Deal with what has come, and look again when the next firing is due."""
        self._clock.resynchronise()
        now = self._clock.wall()
        for line in self._lines:
            self._come(line, now)
        if self._lines:
            wait_s = (min(line.next for line in self._lines) - now).total_seconds()
            # Wall time has microseconds: a look may come a hair too early, and the next must not come without end.
            self._entry = self._alarm.at(self._clock.now() + min(max(wait_s, 0.001), LOOK_S), "call", self._look)

    def _come(self, line: _Line, now: datetime) -> None:
        due, more = line.due(now)
        if not due:
            return
        on_time = (now - due[-1]).total_seconds() <= ON_TIME_S
        made_up = 1 if on_time or line.schedule.missed == "once" else 0
        missed = len(due) - made_up
        if missed:
            line.counts.missed += missed
            self._note(line, "missed", due[missed - 1], f"{missed} or more" if more else str(missed))
        if made_up:
            self._fire(line, due[-1])

    def _fire(self, line: _Line, due: datetime) -> None:
        counts = line.counts
        if self._draining:
            counts.drained += 1
            self._note(line, "drained", due)
        elif line.run is not None and not line.run.at_rest:
            counts.overlapped += 1
            self._note(line, "overlapped", due, line.run.id)
        else:
            try:
                run = line.run = self._runtime.start(
                    self._payload(line.schedule), self._answer, deadline_s=self._deadline_s
                )
            except RuntimeDrainingError:
                counts.drained += 1
                self._note(line, "drained", due)
            except GenieError as error:
                counts.refused += 1
                self._note(line, "refused", due, str(error))
            else:
                counts.fired += 1
                self._note(line, "fired", due, run.id)
                assert self._tasks is not None  # noqa: S101 - narrows: nothing fires before ``running``
                line.told = anyio.Event()
                self._tasks.start_soon(self._follow, line, run, due, line.told)

    def _payload(self, schedule: Schedule) -> Payload:
        if schedule.payload is not None:
            return schedule.payload
        if self._question is None:
            raise InputError(f"schedule {schedule.id!r}", "has no payload", "give it one")
        return self._question()

    async def _follow(self, line: _Line, run: Run[Payload], due: datetime, told: anyio.Event) -> None:
        """Wait for the end of a run and say how it ended."""
        async for _ in run.events():  # nobody else reads them; until the run is at rest, held ones included
            pass
        failures = dict.fromkeys(f"{failure.agent}: {failure}" for failure in run.failures())
        if failures:
            line.counts.failed += 1
            self._note(line, "failed", due, f"{run.id}: {'; '.join(islice(failures, MOST_REASONS))}")
        else:
            line.counts.handled += 1
            self._note(line, "handled", due, run.id)
        told.set()

    def _note(self, line: _Line, what: What, due: datetime, detail: str = "") -> None:
        notice = Notice(line.schedule.id, what, due, detail)
        level = logging.INFO if what in {"fired", "handled"} else logging.WARNING
        _logger.log(level, "schedule %s, due %s: %s %s", notice.schedule, due.isoformat(), what, detail)
        if self._tell is not None:
            self._tell(notice)
