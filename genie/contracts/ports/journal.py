"""The journal port: the ordered record of messages, verdicts and outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

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


@runtime_checkable
class EventLog(Protocol):
    """A journal that may wait for a disk or a server; it is written to beside the bus, in batches.

    One task writes, one batch at a time. While ``append`` waits, the writer's bounded buffer fills; this is the
    backpressure that the bus sees.
    """

    async def append(self, records: Sequence[JournalRecord]) -> None:
        """Keep a batch: every record, in order, after those of earlier batches.

        The records are kept when the call returns; the sequence itself belongs to the caller, who may reuse it.

        Raises:
            Exception: The batch cannot be kept. The writer states the failure and does not repeat the batch.
        """
        ...

    async def close(self) -> None:
        """Finish writing and release what is held; called once, after the last batch. Later batches are refused."""
        ...
