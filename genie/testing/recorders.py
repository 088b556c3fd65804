"""In-memory ports: an audit, a batched journal and a ledger that tests can read, stall and fail."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from genie.contracts.admission import Use
from genie.contracts.limits import EXACT

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.audit import AuditRecord
    from genie.contracts.ports.journal import LogRecord


class RecordingAudit:
    """An ``Audit`` that stores its records in a list.

    Args:
        sampling: Fraction of plain allows that it also records, from 0 to 1.
        capacity: Maximum number of records; a further record is a failure.
    """

    def __init__(self, sampling: float = 0.0, capacity: int = 100_000) -> None:
        self.sampling = sampling
        self.refusal: str | None = None
        """Why nothing is recorded any more. Tests set it to make the audit fail."""
        self.records: list[AuditRecord] = []
        self.lost = 0
        """Records that came after a failure."""
        self._capacity = capacity

    def record(self, entry: AuditRecord) -> None:
        """Keep one record."""
        if self.refusal is None and len(self.records) >= self._capacity:
            self.refusal = f"the audit keeps at most {self._capacity} records"
        if self.refusal is None:
            self.records.append(entry)
        else:
            self.lost += 1


class RecordingLog:
    """An ``EventLog`` in memory, which a test can stall and make fail.

    Args:
        capacity: Maximum number of records; a batch beyond that is refused.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self.records: list[LogRecord] = []
        self.batches: list[int] = []
        """Number of records after each batch: where a crash may cut the log."""
        self.failure: str | None = None
        """Why batches are refused. Tests set it to make the log fail."""
        self.closed = False
        self._capacity = capacity
        self._running = anyio.Event()
        self._running.set()

    async def open(self) -> Sequence[LogRecord]:
        """Return every record."""
        return tuple(self.records)

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Keep a batch.

        Raises:
            OSError: The log failed, is closed, or is full.
        """
        batch = tuple(records)
        await anyio.lowlevel.checkpoint()
        await self._running.wait()
        if self.failure is None and self.closed:
            self.failure = "the log is closed"
        if self.failure is None and len(self.records) + len(batch) > self._capacity:
            self.failure = f"the log keeps at most {self._capacity} records"
        if self.failure is not None:
            raise OSError(self.failure)
        self.records.extend(batch)
        self.batches.append(len(self.records))

    async def close(self) -> None:
        """Refuse later batches."""
        self.closed = True

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Stall ``append`` for the duration of the block."""
        self._running = anyio.Event()
        try:
            yield
        finally:
            self._running.set()


class MemoryLedger:
    """A ``Ledger`` of budgets in memory.

    Args:
        capacity: Maximum number of accounts.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self.failure: Exception | None = None
        """Raised by every call. Tests set it to make the ledger fail."""
        self._capacity = capacity
        self._uses: dict[tuple[str, str | None, datetime.date], Use] = {}

    def used(self, budget: str, tenant: str | None, day: datetime.date) -> Use:
        """Return what a tenant has used of a budget on a day."""
        if self.failure is not None:
            raise self.failure
        return self._uses.get((budget, tenant, day), Use())

    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        """Add to what a tenant has used.

        Raises:
            OverflowError: There is no room for another account.
        """
        before = self.used(budget, tenant, day)
        key = (budget, tenant, day)
        if key not in self._uses and len(self._uses) >= self._capacity:
            raise OverflowError(f"the ledger keeps at most {self._capacity} accounts")
        cost: Decimal = EXACT.add(before.cost, use.cost)
        self._uses[key] = Use(before.messages + use.messages, cost, before.tokens + use.tokens)


if TYPE_CHECKING:
    from genie.contracts.admission import Ledger
    from genie.contracts.ports.audit import Audit
    from genie.contracts.ports.journal import EventLog

    _audit: Audit = RecordingAudit()
    _log: EventLog = RecordingLog()
    _ledger: Ledger = MemoryLedger()
