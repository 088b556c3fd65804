"""What the core asks of the world outside, as protocols of a few methods. An edge's author reads this file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from genie.message import Classification, Message, Payload
    from genie.signature import ExecutorName, Signature


class JournalRecord(NamedTuple):
    """One line of a journal. It names, it never quotes: no payload text is in ``detail``.

    ``kind`` is ``accepted`` (a message, with ``message`` set), or what happened to one delivery: ``denied``,
    ``redacted``, ``held``, ``released``, ``retrying``, ``timed``, ``handled``, ``expired``, ``cancelled``,
    ``dead_lettered``; or ``declassified``, ``unrouted``, ``late``, ``refused``.
    """

    number: int
    """Position in this journal, from 1; gaps mean dropped records."""
    at: float
    """Seconds on the loop's clock."""
    kind: str
    run_id: str
    message_id: str
    topic: str
    sender: str
    recipient: str | None
    reason: str | None
    detail: Mapping[str, object]
    message: Message[Payload] | None = None
    """The original, unmasked, on ``accepted`` alone: whoever reads the journal out has it judged and masked first."""


@runtime_checkable
class Journal(Protocol):
    """An ordered record of what happened; it sits inside the bus and sees originals."""

    def record(self, entry: JournalRecord) -> None:
        """Keep one record; must not block and must not raise."""
        ...


class AuditRecord(NamedTuple):
    """One act of governance. It names, it never quotes: no payload text is in any of its fields.

    ``kind`` is ``verdict`` (of a delivery or an answer), ``identity_refused`` (a handler tried what its card does not
    allow), ``paused``, ``resumed``, ``quarantined``, ``killed``, ``revived``, ``revoked``, ``reloaded``,
    ``reload_refused`` (the files could not be used), ``held``,
    ``voted``, ``approved``, ``refused``, ``expired`` or ``withdrawn`` (of a hold: a vote that decides nothing yet or
    does not count, how it ended, and that its run is over), ``redriven``, ``incident`` (opened, risen, acknowledged or
    closed), ``declassified`` (what an agent sent left with a lower label than what it read), ``lapsed`` (a consent
    whose time was over).
    """

    at: float
    """Seconds since the epoch."""
    kind: str
    subject: str
    """What it happened to: an agent, a tenant, a hold, a policy set's hash, or ``topic -> recipient``."""
    by: str
    """Who did it: a person, an agent, or the machine that decided (``policy``, ``supervisor``)."""
    reason: str
    run_id: str | None
    message_id: str | None
    detail: Mapping[str, object]
    """Codes, versions, hashes, paths and offsets."""


@runtime_checkable
class Audit(Protocol):
    """The chain of evidence; it sits inside the bus.

    Beyond ``record`` an implementation may have: ``open()``, ``close()`` and ``is_open``, called by the runtime round
    its own life; ``sampling``, the part of the plain allows (0 to 1) that it wants as well; and ``refusal``, why no run
    may be admitted, None while it can write.
    """

    def record(self, entry: AuditRecord) -> None:
        """Keep one record; must not block for long and must not raise."""
        ...


class RemoteVote(NamedTuple):
    """What somebody said of an approval at another terminal."""

    number: int
    request: str
    """Id of the hold."""
    by: str
    roles: frozenset[str]
    approve: bool
    reason: str
    payload_sha256: str
    """What they saw: the payload, the policies as ``policy@version``, and the recipient."""
    policies: frozenset[str]
    recipient: str
    edit: str | None = None
    """With a yes: JSON of the fields of what is to be delivered instead."""


class Act(NamedTuple):
    """Something that was switched off or on."""

    word: Literal["killed", "paused", "revived", "resumed"]
    kind: Literal["agent", "tenant", "all"]
    name: str
    """Id of the agent or name of the tenant; empty for everything."""
    by: str
    reason: str
    until: float | None = None
    """Seconds since the epoch at which it ends by itself."""


class ControlReport(NamedTuple):
    """What a running process has to say since its last report."""

    at: float
    """Seconds since the epoch."""
    requests: Mapping[str, Mapping[str, object]]
    """Approvals that were opened, changed or ended, by id, as JSON values: the payload as approvers may see it, while
    they are pending, and none afterwards."""
    answers: Mapping[int, tuple[bool, str]]
    """What became of votes, by their number: whether it counted, and why not or what is lacking still."""
    acts: tuple[Act, ...]
    """What was switched in the process itself."""
    agents: Mapping[str, str]
    """Every agent with why nothing is delivered to it; empty where that is not so."""


class ControlNews(NamedTuple):
    """What people said since the last report, in order."""

    votes: tuple[RemoteVote, ...] = ()
    acts: tuple[Act, ...] = ()


@runtime_checkable
class Control(Protocol):
    """Where a running process and people at other terminals meet; after an error it is tried again."""

    interval_s: float
    """Seconds between two reports."""
    clearance: Classification | None
    """Highest classification that approvers see; the clearance of a run's caller by default."""

    async def open(self, process: str, report: ControlReport) -> ControlNews:
        """Register a process; returns every switch in force as acts.

        Raises:
            InputError: It cannot be used, so the process does not start.
        """
        ...

    async def exchange(self, report: ControlReport) -> ControlNews:
        """Keep a report, and return what is new for this process. A report that raised is repeated in the next one."""
        ...

    async def close(self, report: ControlReport) -> None:
        """Keep the last report; called once."""
        ...


class Job(Protocol):
    """One agent's plain function, as the loop calls it."""

    @property
    def abandoned(self) -> int:
        """Calls that were cancelled and still run."""
        ...

    def call(self, payload: Payload) -> Coroutine[Any, Any, object]:
        """Call the function and wait for what it returns. Cancelled: returns at once."""
        ...

    def close(self) -> None:
        """Nothing is called any more; returns at once."""
        ...


class Executor(Protocol):
    """Where the plain functions of one runtime run."""

    def job(
        self, place: ExecutorName, agent: str, function: Callable[[Any], object], signature: Signature, slots: int
    ) -> Job:
        """Return how an agent's function is called.

        Args:
            place: What its card says: ``thread`` or ``process``.
            agent: Its id.
            function: The function.
            signature: What it takes and gives.
            slots: Calls at a time, the card's concurrency.

        Raises:
            AgentDefinitionError: It cannot be called there.
        """
        ...

    async def close(self) -> None:
        """End whatever runs; called once, after the last call."""
        ...


class Fetched(NamedTuple):
    """What a URL answered."""

    status: int
    """HTTP status; redirects have been followed, everything else is the caller's to judge."""
    headers: Mapping[str, str]
    """By lower-case name; of a repeated one the values are joined by ``", "``."""
    body: bytes
    """Whole: an answer above the size limit is an error, never cut short."""


@runtime_checkable
class Fetch(Protocol):
    """Reads from the web, for agents that declare ``ports=(Fetch,)``; whoever binds it says which hosts it may call."""

    async def get(self, url: str) -> Fetched:
        """Return what a URL answers.

        Raises:
            FetchError: The URL may not be called, or nothing usable came in time and size.
        """
        ...
