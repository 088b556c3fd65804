"""Open pipelines of this process, and their runs: those in flight, and the latest ended ones."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from genie.contracts.message import topic_of
from genie.contracts.outcome import Outcome
from genie.contracts.serialization import as_wire, is_json
from genie.errors import GenieError, RunCancelledError, RunError, RunExpiredError, RunHeld
from genie.inflight.events import Event, Watcher
from genie.server.messages import encoded
from genie.server.rings import Ring

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from genie.backend.asyncio_trio import Waiter
    from genie.config.pipeline import Pipeline
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Failure, Reason
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime
    from genie.server.principals import Principal
    from genie.server.turns import Quotas

MOST_RUNS = 1_000
"""Number of ended runs of one pipeline that can still be read; the oldest are dropped."""
ENDED = "ended"
"""Status of a logged run that has ended, if the log does not contain what its caller was told."""
MOST_EVENTS = 1_000
"""Number of events of one run that are stored for resumed streams."""
MOST_TOLD = 10_000
"""Number of events of all runs that are stored for the page."""
MOST_MISSING = 100
MOST_RECENT = 500
"""Number of messages of one pipeline that are stored for trying out policies."""
RECENT_EVERY_S = 0.02
"""Seconds between two runs whose messages are stored for that, once the limit is reached."""
_JUDGED = frozenset({"started", "denied", "held"})
"""Events of a delivery after it was judged."""
_PASSED = frozenset({"accepted", "answered", "started", "handled"})
"""Usual events of parts of an answer, which the parts themselves already show."""
_BUDGETS = frozenset({"budget", "rate"})
_SUSPENDED = frozenset({"killed", "paused", "quarantined", "removed"})


Fact = tuple[float, str, int, "type[Payload]", str, "str | None", "Reason | None"]
"""One stored event of one run: time, kind, number of the message, its class, sender, recipient and reason. It is
converted when it is read; a round trip creates 18. What arrives as an event is stored as it is."""


class Part(NamedTuple):
    """A part of a run's answer, as its caller may see it; the kind is at the same position as in a fact."""

    run: str
    kind: str
    topic: str
    fields: dict[str, Any]


PART = "part"
"""Kind of an event with a part of the answer; only readers of the answer get it."""

Everything = Ring["tuple[HostedRun, Fact | Event]"]
"""The events of all runs."""


class HostedRun(Watcher):
    """One run, in flight or ended; it is its own watcher.

    Args:
        pipeline: Id of its pipeline.
        run: The live run.
        principal: The principal who asked.
        at: Its start, in seconds since the epoch.
        everything: Receives the events of all runs.
        make_waiter: Creates the waiters of its requests.
        recent: Receives its messages, with their recipients, for trying out policies.
    """

    __slots__ = (
        "answer", "at", "code", "detail", "ended_at", "everything", "id", "key", "logged", "missing", "notices", "over",
        "ownerless", "pipeline", "principal", "recent", "ring", "run", "spent", "status", "takes", "within_s",
    )  # fmt: skip

    def __init__(
        self, pipeline: str, run: Run[Payload], principal: Principal, at: float, everything: Everything,
        make_waiter: Callable[[], Waiter], recent: deque[tuple[Envelope[Payload], str]] | None = None,
    ) -> None:  # fmt: skip
        self.recent = recent
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
        """Its answer, as its caller may see it."""
        self.missing: tuple[Failure, ...] = ()
        self.notices: tuple[str, ...] = ()
        self.over = False
        self.within_s: float | None = None
        """Its time limit in seconds at the start; None for no limit, or an unknown one."""
        self.logged = False
        """It was read from a log: its caller has shown no credentials to this process."""
        self.ownerless = False
        """True if it is uncertain who asked."""
        self.key: tuple[str, str] | None = None
        """Digests of its idempotency key and of its question."""
        self.ring: Ring[Fact | Event | Part] = Ring(MOST_EVENTS)
        self.takes: tuple[type[Payload], ...] = ()
        self.spent: Callable[[HostedRun, Payload], None] | None = None
        """Called with each published payload, if the pipeline has models."""
        super().__init__(make_waiter, keeps=False)

    def note(
        self, at: float, kind: str, message: Envelope[Payload], recipient: str | None, reason: Reason | None
    ) -> None:
        """Store an event of a message of the run."""
        payload, ring = message.payload, self.ring
        if self.spent is not None:
            if kind == "accepted":
                self.spent(self, payload)
            if type(payload) in self.takes and kind in _PASSED:
                return
        fact: Fact = (at, kind, message.number, type(payload), message.sender, recipient, reason)
        if ring.readers or len(ring.kept) >= MOST_EVENTS:
            ring.append(fact)
        else:
            ring.kept.append(fact)
        if self.everything.told is not None:  # nobody has read all runs yet, so nobody can resume there
            self.everything.append((self, fact))
        if self.recent is not None and recipient is not None and kind in _JUDGED:
            self.recent.append((message, recipient))

    def put(self, event: Event) -> None:
        """Store an event of the run."""
        self.ring.append(event)
        if self.everything.told is not None:  # nobody has looked at all runs yet, so nobody can resume there
            self.everything.append((self, event))

    def encoded(self, fact: Fact | Event | Part) -> bytes:
        """Return one of its events as JSON; events contain names, and only parts contain text."""
        if isinstance(fact, Part):
            return encoded({"pipeline": self.pipeline, **fact._asdict()})
        if not isinstance(fact, Event):
            at, kind, number, payload, sender, recipient, reason = fact
            fact = Event.of(at, kind, self.run.named(number), topic_of(payload).name, sender, recipient, reason)
        return encoded({"run": self.id, "pipeline": self.pipeline, **fact._asdict()})

    def look(self) -> None:
        """The state of the run may have changed."""
        if self.takes:
            for part in self.run.parts():
                self.ring.append(Part(self.id, PART, topic_of(part).name, as_wire(part)))
        if self.ring.readers:
            self.ring.wake()
        for waiter in self._waiting:
            waiter.wake()
        if self.over and self.run.at_rest:
            self.run.forget()

    def ended(self, at: float, failures: tuple[Failure, ...]) -> None:
        """Record that it has its answer, or can have none."""
        self.missing, self.over, self.ended_at = failures, True, at
        self.look()

    def visible_to(self, principal: Principal) -> bool:
        """Return True for its owner and for auditors of its tenant; if it has no owner, for its operators."""
        if principal.caller.tenant != self.principal.caller.tenant:
            return False
        if self.ownerless:
            return "operate" in principal.rights
        return principal.is_also(self.principal) or "audit" in principal.rights

    def read_by(self, principal: Principal) -> bool:
        """Return True for the person for whom its answer was judged."""
        return not self.ownerless and principal.reads(self.principal)

    def record(self, principal: Principal) -> dict[str, Any]:
        """Return it as JSON values; the answer was judged for its caller and is shown to nobody else."""
        shown = self.read_by(principal)
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


class Ends:
    """Ends one request's wait for a run, independent of the run.

    Args:
        run: The run.
    """

    __slots__ = ("came", "run")

    def __init__(self, run: HostedRun) -> None:
        self.run = run
        self.came = False

    def wake(self) -> None:
        """End the wait."""
        self.came = True
        self.run.look()


class Keeper(Protocol):
    """Stores ended runs for a later process."""

    def run_ended(self, run: HostedRun) -> None:
        """Store a run."""
        ...

    def marks(self, principal: Principal, key: str, question: Payload) -> tuple[str, str]:
        """Return the digests of a caller's idempotency key and of its question."""
        ...

    def answered(self, hosted: Hosted, principal: Principal, key: str, question: Payload) -> HostedRun | None:
        """Return the run of an earlier process for an idempotency key."""
        ...


class Hosted:
    """One open pipeline.

    Args:
        pipeline: The pipeline.
        runtime: Its open runtime.
        tasks: Runs the tasks that follow its runs.
        everything: Receives the events of all runs.
        quotas: Quotas of the tenants.
        told: Called with a run that is held or has ended.
    """

    def __init__(
        self, pipeline: Pipeline, runtime: Runtime, tasks: TaskGroup, everything: Everything,
        quotas: Quotas, told: Callable[[HostedRun], None],
    ) -> None:  # fmt: skip
        self.pipeline = pipeline
        self.runtime = runtime
        self._bus = runtime.bus
        self.runs: OrderedDict[str, HostedRun] = OrderedDict()
        self.keyed: dict[str, tuple[str, float]] = {}
        """Digest of an idempotency key -> run of an earlier process, and the expiry of the key."""
        self.everything = everything
        self.keeping: Keeper | None = None
        """Stores ended runs, if the server has a store."""
        self._ended: deque[str] = deque()
        self._tasks = tasks
        self._told = told
        self._quotas = quotas
        self.recent: deque[tuple[Envelope[Payload], str]] = deque(maxlen=MOST_RECENT)
        """The latest messages with their recipients, for trying out policies; of many runs a sample."""
        self._recent_at = 0.0
        self.parts = tuple({kind: None for one in pipeline.bindings if pipeline.answer in one.card.produces
                            for kind in one.card.publishes if kind.__fragment__ is not None})  # fmt: skip
        """Payload classes of parts of answers."""
        self.spent: Callable[[HostedRun, Payload], None] | None = None

    def now(self) -> float:
        """Return the seconds since the epoch."""
        clock = self._bus.clock
        return clock.offset + clock.now()

    def start(
        self, question: Payload, principal: Principal, within_s: float | None, key: str | None
    ) -> tuple[HostedRun, bool]:
        """Ask the pipeline a question; return False if its key already has a run.

        Raises:
            Problem: The tenant has used up its quota.
        """
        self._quotas.admit(principal.caller.tenant)
        if key is not None and self.keeping is not None:
            before = self.keeping.answered(self, principal, key, question)
            if before is not None:
                return before, False
        most = self.pipeline.within_s
        given = most if within_s is None else within_s if most is None else min(within_s, most)
        made: list[HostedRun] = []

        def watched(run: Run[Payload]) -> HostedRun:
            now, recent = self.now(), None
            if len(self.recent) < MOST_RECENT or not 0 <= now - self._recent_at < RECENT_EVERY_S:
                self._recent_at, recent = now, self.recent
            made.append(
                HostedRun(self.pipeline.id, run, principal, now, self.everything, self._bus.make_waiter, recent)
            )
            made[0].takes, made[0].spent = self.parts, self.spent
            return made[0]

        run = self.runtime.start(
            question, self.pipeline.answer, deadline_s=given, caller=principal.caller, key=key,
            watched=watched,
        )  # fmt: skip
        known = self.runs.get(run.id)
        if known is not None and known.status != ENDED:
            if known.logged:  # its key identifies its owner
                known.principal, known.logged, known.ownerless = principal, False, False
            return known, False
        if known is not None:
            self._ended.remove(run.id)
        if made:
            hosted = self.runs[run.id] = made[0]
            hosted.within_s = given
        else:  # of an earlier process
            hosted = self.runs[run.id] = watched(run)
            run.watched_by(hosted)
        self._quotas.begun(principal.caller.tenant)
        if key is not None and self.keeping is not None:
            hosted.key = self.keeping.marks(principal, key, question)
        return hosted, True

    async def kept(self) -> None:
        """Wait until everything so far is in the log: a crash loses nothing that a response has confirmed.

        Raises:
            JournalError: The log has failed.
        """
        if self._bus.observers.recorder is not None:
            await self._bus.observers.recorder.barrier()

    def take_up(self, run: HostedRun, until: float) -> None:
        """Store a run of an earlier process, unless this process already has too many.

        Args:
            run: The run.
            until: Expiry of its idempotency key, in seconds since the epoch.
        """
        known = self.runs.get(run.id)
        if known is None:
            if len(self._ended) >= MOST_RUNS:
                return
            self._ended.appendleft(run.id)
        elif known.status != ENDED:  # the store contains more than a log
            return
        self.runs[run.id] = run
        if run.key is not None:
            self.keyed.setdefault(run.key[0], (run.id, until))

    def go_on(self, run: HostedRun) -> None:
        """Follow a run that the runtime has recovered, unless it was asked for again in the meantime."""
        if run.id not in self.runs:
            self.runs[run.id] = run
            run.run.watched_by(run)
            self._quotas.begun(run.principal.caller.tenant)
            self.follow(run)

    def follow(self, hosted: HostedRun) -> None:
        """Follow a run that nobody waits for any more, until it ends."""
        if not hosted.over:
            self._tasks.start_soon(self._until_over, hosted)

    async def _until_over(self, hosted: HostedRun) -> None:
        while not hosted.over:
            await self.answered(hosted)
            if hosted.status == "held":
                await hosted.run.decided()
                hosted.status = "running"

    async def waited(self, ends: Ends, within_s: float) -> None:
        """Wait for a run as ``answered`` does, until the wait ends."""
        hosted, bus = ends.run, self.runtime.bus
        timer = None
        if hosted.within_s is None or hosted.within_s > within_s:  # it may outlast the wait
            timer = bus.timers.at(bus.now() + within_s, "wake", ends)
        try:
            while hosted.run.awaited and not ends.came:
                await hosted.wait()
        finally:
            if timer is not None:
                timer.cancel()
        if not hosted.run.awaited and not hosted.over:
            await self.answered(hosted)

    async def answered(self, hosted: HostedRun) -> None:
        """Wait until a run has an answer, can have none, or waits for a person."""
        try:
            answer = await hosted.run.result()
        except RunHeld:
            if hosted.status != "held":
                hosted.status = "held"
                hosted.look()
                self._told(hosted)
            return
        except RunError as error:
            hosted.status = "failed"
            hosted.code, hosted.detail = problem_of_run(error, hosted.run.failures())
        except GenieError as error:
            hosted.status, hosted.code, hosted.detail = "failed", "overflow", error.code
        else:
            hosted.answer = answer.model_dump() if is_json(type(answer)) else as_wire(answer)
            hosted.status, hosted.notices = "complete", hosted.run.notices()
        self._over(hosted)

    def _over(self, hosted: HostedRun) -> None:
        if hosted.over:
            return
        self._quotas.over(hosted.principal.caller.tenant)
        hosted.ended(self.now(), hosted.run.failures()[:MOST_MISSING])
        self._ended.append(hosted.id)
        while len(self._ended) > MOST_RUNS:
            gone = self.runs.pop(self._ended.popleft(), None)
            if gone is not None and gone.key is not None:
                self.keyed.pop(gone.key[0], None)
        self._told(hosted)
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
