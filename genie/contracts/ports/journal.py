"""The journal port: the ordered record of messages, verdicts and outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genie.contracts.message import Envelope, Payload


class JournalRecord(NamedTuple):
    """One line of a journal. ``detail`` contains names and codes, never payload text.

    ``kind`` is ``accepted`` (a message, with ``message`` set), or the event of one delivery: ``denied``, ``redacted``,
    ``held``, ``released``, ``retrying``, ``timed``, ``handled``, ``expired``, ``cancelled``, ``dead_lettered``; or
    ``declassified``, ``unrouted``, ``late``, ``refused``.
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
    """The original, unmasked; set only on ``accepted``. It is judged and masked for each reader."""
    code: str = ""
    """Stable label of the reason, for example ``overflow``."""
    delivery: str | None = None
    """Id of the delivery; None for a message, an answer or a part of a join."""


@runtime_checkable
class Journal(Protocol):
    """An ordered record of events. The bus calls it directly, with original payloads."""

    def record(self, entry: JournalRecord) -> None:
        """Store one record; must not block and must not raise."""
        ...


DurabilityMode = Literal["none", "batched", "every_message"]
"""What a runtime stores, and when. ``none``: nothing survives the process. ``batched``: everything that an answer
depends on is in the log before its caller gets it; events since the last commit are lost with the process.
``every_message``: a message is in the log before a handler sees it.
"""

LogRecord = dict[str, Any]
"""One fact that a runtime needs to resume after its process was killed: JSON values, named by ``kind``."""


@runtime_checkable
class EventLog(Protocol):
    """Durable storage: a runtime writes facts to it in batches, and reads them when it opens.

    One task writes one batch at a time, so a batch contains everything that arrived while the previous one was written.
    While ``append`` waits, the writer's bounded buffer fills; the bus sees this as backpressure.
    """

    async def open(self) -> Sequence[LogRecord]:
        """Acquire the log and return its records, oldest first; records of ended runs may be left out.

        Raises:
            Exception: The log cannot be read, or another process owns it. The runtime does not open.
        """
        ...

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Store a batch atomically: every record, in order, after those of earlier batches.

        The records are stored when the call returns; the sequence object belongs to the caller, who may reuse it.

        Raises:
            Exception: The batch cannot be stored. The writer reports the failure and does not repeat the batch.
        """
        ...

    async def close(self) -> None:
        """Finish writing and release resources; called once, after the last batch. Later batches are refused."""
        ...
