"""What the core asks of the world outside, as protocols of a few methods. An edge's author reads this file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from genie.message import Message, Payload
    from genie.signature import ExecutorName, Signature


@dataclass(frozen=True, slots=True)
class JournalRecord:
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


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One act of governance. It names, it never quotes: no payload text is in any of its fields.

    ``kind`` is ``verdict`` (of a delivery or an answer), ``identity_refused`` (a handler tried what its card does not
    allow), ``paused``, ``resumed``, ``quarantined``, ``killed``, ``revived``, ``revoked``, ``reloaded``,
    ``reload_refused`` (the files could not be used), ``held``, ``approved``, ``refused`` or ``expired`` (of a hold),
    ``redriven``.
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
    """The chain of evidence; it sits inside the bus."""

    def record(self, entry: AuditRecord) -> None:
        """Keep one record; must not block for long and must not raise."""
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


@dataclass(frozen=True, slots=True)
class Fetched:
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
