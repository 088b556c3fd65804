"""The journal port: the ordered record of messages, verdicts and outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genie.contracts.message import Envelope, Payload


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
    message: Envelope[Payload] | None = None
    """The original, unmasked, on ``accepted`` alone. Reading it out is judged and masked for the reader."""
    code: str = ""
    """Stable label of the reason, for example ``overflow``."""
    delivery: str | None = None
    """Id of the delivery that it is about; None for a message, an answer or a part of a join."""


@runtime_checkable
class Journal(Protocol):
    """An ordered record of what happened; it sits inside the bus and sees originals."""

    def record(self, entry: JournalRecord) -> None:
        """Keep one record; must not block and must not raise."""
        ...


DurabilityMode = Literal["none", "batched", "every_message"]
"""What a runtime keeps, and when.

``none``: nothing survives the process. ``batched``: what an answer stands on is in the log before its caller gets it;
what happened since the last commit is lost with the process. ``every_message``: a message is in the log before a
handler sees it.
"""

LogRecord = dict[str, Any]
"""One fact that a runtime needs to go on after its process was killed: JSON values, named by ``kind``."""


@runtime_checkable
class EventLog(Protocol):
    """What survives the process: a runtime writes facts to it in batches, and reads them again when it opens.

    One task writes, one batch at a time, so a batch holds whatever came while the batch before it was written. While
    ``append`` waits, the writer's bounded buffer fills; this is the backpressure that the bus sees.
    """

    async def open(self) -> Sequence[LogRecord]:
        """Take possession of the log and return its records, oldest first; those of runs that are over may be left out.

        Raises:
            Exception: The log cannot be read, or another process owns it. The runtime does not open.
        """
        ...

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Keep a batch, all of it or nothing: every record, in order, after those of earlier batches.

        The records are kept when the call returns; the sequence itself belongs to the caller, who may reuse it.

        Raises:
            Exception: The batch cannot be kept. The writer states the failure and does not repeat the batch.
        """
        ...

    async def close(self) -> None:
        """Finish writing and release what is held; called once, after the last batch. Later batches are refused."""
        ...
