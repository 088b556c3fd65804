"""Pipelines that are open in this process, and their runs: those in flight, and the latest that have ended."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from genie.contracts.outcome import Outcome
from genie.contracts.serialization import as_wire
from genie.errors import GenieError, RunCancelledError, RunError, RunExpiredError, RunHeld
from genie.inflight.events import Event, Watcher

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from genie.config.pipeline import Pipeline
    from genie.contracts.message import Payload
    from genie.contracts.outcome import Failure
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime
    from genie.server.principals import Principal

MOST_RUNS = 1_000
"""Runs of one pipeline that have ended and can still be read; the oldest are forgotten."""
MOST_EVENTS = 1_000
"""Events of one run that are kept for streams that resume."""
MOST_TOLD = 10_000
"""Events of all runs that are kept for the page."""
MOST_MISSING = 100
_BUDGETS = frozenset({"budget", "rate"})
_SUSPENDED = frozenset({"killed", "paused", "quarantined", "removed"})


class Told:
    """One event of one run, and how it is sent; it is encoded once for all who read it."""

    __slots__ = ("encoded", "event", "number", "run")

    def __init__(self, number: int, run: HostedRun, event: Event) -> None:
        self.number = number
        self.run = run
        self.event = event
        self.encoded: bytes | None = None


class Ring:
    """The latest events, numbered from 1, for any number of readers.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self.kept: deque[Told] = deque(maxlen=most)
        self.last = 0
        """Number of the latest event."""
        self._changed: anyio.Event | None = None

    def append(self, told: Told) -> None:
        """Keep an event, and wake the readers."""
        self.last = told.number
        self.kept.append(told)
        self.wake()

    def wake(self) -> None:
        """Let the readers look again."""
        if self._changed is not None:
            changed, self._changed = self._changed, None
            changed.set()

    async def changed(self) -> None:
        """Wait for the next event or change."""
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def after(self, number: int) -> list[Told]:
        """Return the events that are kept after a number, oldest first."""
        count = self.last - number
        if count <= 0:
            return []
        if count >= len(self.kept):
            return list(self.kept)
        return [self.kept[index] for index in range(len(self.kept) - count, len(self.kept))]


class HostedRun(Watcher):
    """One run, in flight or over; it watches itself.

    Args:
        pipeline: Id of its pipeline.
        run: The live run.
        principal: Who asked.
        at: Seconds since the epoch at its start.
        everything: Where the events of all runs go.
    """

    __slots__ = (
        "answer", "at", "code", "detail", "ended_at", "everything", "id", "key", "missing", "notices", "over",
        "pipeline", "principal", "ring", "run", "status",
    )  # fmt: skip

    def __init__(self, pipeline: str, run: Run[Payload], principal: Principal, at: float, everything: Ring) -> None:
        self.pipeline = pipeline
        self.run = run
        self.id = run.id
        self.principal = principal
        self.at = at
        self.ended_at: float | None = None
        self.everything = everything
        self.status = "running"
        self.code = ""
        """Code of the problem that ended it."""
        self.detail = ""
        self.answer: dict[str, Any] | None = None
        """As its caller may see it."""
        self.missing: tuple[Failure, ...] = ()
        self.notices: tuple[str, ...] = ()
        self.over = False
        self.key: tuple[str, str] | None = None
        """What its idempotency key and its question are remembered by."""
        self.ring = Ring(MOST_EVENTS)
        self.events = None
        self.lost = 0
        self._waiting = ()

    def put(self, event: Event) -> None:
        """Keep an event of the run."""
        self.ring.append(Told(self.ring.last + 1, self, event))
        self.everything.append(Told(self.everything.last + 1, self, event))

    def look(self) -> None:
        """The state of the run may have changed."""
        self.ring.wake()

    def visible_to(self, principal: Principal) -> bool:
        """Return True for its owner, and for whoever may audit in its tenant."""
        if principal.caller.tenant != self.principal.caller.tenant:
            return False
        return principal.is_also(self.principal) or "audit" in principal.rights

    def record(self, principal: Principal) -> dict[str, Any]:
        """Return it as JSON values; an answer was judged for who asked, so that nobody else is shown it."""
        shown = principal.reads(self.principal)
        caller = self.principal.caller
        return {
            "id": self.id, "pipeline": self.pipeline, "user": caller.user, "tenant": caller.tenant, "at": self.at,
            "ended_at": self.ended_at, "status": self.status, "code": self.code, "detail": self.detail,
            "answer": self.answer if shown else None, "withheld": self.answer is not None and not shown,
            "notices": list(self.notices) if shown else [],
            "held": [] if self.over else list(self.run.holds()),
            "messages": self.run.messages()._asdict(), "last_event": self.ring.last,
            "missing": [
                {"agent": one.agent, "topic": one.topic, "outcome": str(one.outcome),
                 "code": "" if one.reason is None else one.reason.code}
                for one in (self.missing or self.run.failures())[:MOST_MISSING]
            ],
        }  # fmt: skip


class Keeper(Protocol):
    """Keeps runs that ended, for a process after this one."""

    def run_ended(self, run: HostedRun) -> None:
        """Keep a run."""
        ...

    def marks(self, principal: Principal, key: str, question: Payload) -> tuple[str, str]:
        """Return what stands for a caller's idempotency key, and for the question that was asked with it."""
        ...

    def answered(self, hosted: Hosted, principal: Principal, key: str, question: Payload) -> HostedRun | None:
        """Return the run of an earlier process that an idempotency key stands for."""
        ...


class Hosted:
    """One open pipeline.

    Args:
        pipeline: What it is.
        runtime: Its open runtime.
        tasks: Where its runs are followed.
        everything: Where the events of all runs go.
    """

    def __init__(self, pipeline: Pipeline, runtime: Runtime, tasks: TaskGroup, everything: Ring) -> None:
        self.pipeline = pipeline
        self.runtime = runtime
        self.runs: OrderedDict[str, HostedRun] = OrderedDict()
        self.keyed: dict[str, tuple[str, float]] = {}
        """What an idempotency key is remembered by -> run of an earlier process, and until when it stands for it."""
        self.everything = everything
        self.keeping: Keeper | None = None
        """Keeps what ends, where the server has a store."""
        self._ended: deque[str] = deque()
        self._tasks = tasks

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self.runtime.bus.clock.wall().timestamp()

    def start(
        self, question: Payload, principal: Principal, within_s: float | None, key: str | None
    ) -> tuple[HostedRun, bool]:
        """Ask the pipeline a question; False where its key stands for a run that is there already."""
        if key is not None and self.keeping is not None:
            before = self.keeping.answered(self, principal, key, question)
            if before is not None:
                return before, False
        most = self.pipeline.within_s
        given = [one for one in (within_s, most) if one is not None]
        run = self.runtime.start(
            question, self.pipeline.answer, deadline_s=min(given, default=None), caller=principal.caller, key=key
        )  # fmt: skip
        known = self.runs.get(run.id)
        if known is not None:
            return known, False
        hosted = self.runs[run.id] = HostedRun(self.pipeline.id, run, principal, self.now(), self.everything)
        run.watched_by(hosted)
        if key is not None and self.keeping is not None:
            hosted.key = self.keeping.marks(principal, key, question)
        return hosted, True

    def take_up(self, run: HostedRun, until: float) -> None:
        """Keep a run of an earlier process, unless there are more of this one already.

        Args:
            run: The run.
            until: When its idempotency key ends to stand for it, in seconds since the epoch.
        """
        if run.id in self.runs or len(self._ended) >= MOST_RUNS:
            return
        self.runs[run.id] = run
        self._ended.appendleft(run.id)
        if run.key is not None:
            self.keyed.setdefault(run.key[0], (run.id, until))

    def follow(self, hosted: HostedRun) -> None:
        """Follow a run that nobody waits for any more, until it is over."""
        if not hosted.over:
            self._tasks.start_soon(self._until_over, hosted)

    async def _until_over(self, hosted: HostedRun) -> None:
        while not hosted.over:
            await self.answered(hosted)
            if hosted.status == "held":
                await hosted.run.decided()
                hosted.status = "running"

    async def answered(self, hosted: HostedRun) -> None:
        """Wait until a run has an answer, can have none, or waits for a person."""
        try:
            answer = await hosted.run.result()
        except RunHeld:
            hosted.status = "held"
            hosted.look()
            return
        except RunError as error:
            hosted.status = "failed"
            hosted.code, hosted.detail = problem_of_run(error, hosted.run.failures())
        except GenieError as error:
            hosted.status, hosted.code, hosted.detail = "failed", "overflow", error.code
        else:
            hosted.status, hosted.answer, hosted.notices = "complete", as_wire(answer), hosted.run.notices()
        self._over(hosted)

    def _over(self, hosted: HostedRun) -> None:
        if hosted.over:
            return
        hosted.missing = hosted.run.failures()[:MOST_MISSING]
        hosted.over, hosted.ended_at = True, self.now()
        self._ended.append(hosted.id)
        while len(self._ended) > MOST_RUNS:
            gone = self.runs.pop(self._ended.popleft(), None)
            if gone is not None and gone.key is not None:
                self.keyed.pop(gone.key[0], None)
        hosted.look()
        if self.keeping is not None:
            self.keeping.run_ended(hosted)


def problem_of_run(error: RunError, failures: tuple[Failure, ...]) -> tuple[str, str]:
    """Return the code of the problem that ended a run, and the code of its reason."""
    if isinstance(error, RunExpiredError):
        return "expired", error.code
    last = next((one for one in reversed(failures) if one.outcome is not Outcome.CANCELLED), None)
    why = "" if last is None or last.reason is None else last.reason.code
    if isinstance(error, RunCancelledError):
        return "cancelled", error.code
    if last is None:
        return "stalled", error.code
    if why in _BUDGETS:
        return "budget", why
    if why == "overflow":
        return "overflow", why
    if why in _SUSPENDED:
        return "suspended", why
    return {Outcome.DENIED: "denied", Outcome.EXPIRED: "expired"}.get(last.outcome, "dead_lettered"), why
