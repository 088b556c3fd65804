"""A bounded journal, and a bounded log, in memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from anyio.lowlevel import checkpoint

from genie.errors import LogError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genie.contracts.ports.journal import EventLog, JournalRecord, LogRecord


class MemoryJournal:
    """Keeps the latest records; gaps in their numbers show dropped ones.

    Args:
        capacity: Records kept, at least 1.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        if capacity < 1:
            raise ValueError(f"the capacity of a journal must be at least 1 record, not {capacity}")
        self._records: deque[JournalRecord] = deque(maxlen=capacity)
        self.dropped = 0

    def record(self, entry: JournalRecord) -> None:
        """Store a record; the oldest is dropped if there are too many."""
        if len(self._records) == self._records.maxlen:
            self.dropped += 1
        self._records.append(entry)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[JournalRecord]:
        return iter(tuple(self._records))


class MemoryLog:
    """An ``EventLog`` in memory, for tests and simulations: it outlives a runtime, but not its process.

    Records of ended runs are dropped when the log is opened or full.

    Args:
        capacity: Maximum number of records; a batch beyond that is refused, and the log fails.
    """

    def __init__(self, capacity: int = 1_000_000) -> None:
        if capacity < 1:
            raise ValueError(f"the capacity of a log must be at least 1 record, not {capacity}")
        self.capacity = capacity
        self._records: list[LogRecord] = []
        self._highest = 0
        self._failure: LogError | None = None
        self._open = False

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(tuple(self._records))

    async def open(self) -> Sequence[LogRecord]:
        """Return the records of open runs, oldest first."""
        self._open, self._failure = True, None
        self._forget()
        return tuple(dict(record) for record in self._records)

    async def append(self, records: Sequence[LogRecord]) -> None:
        """Keep a batch.

        Raises:
            LogError: The log is full, or not open.
        """
        batch = tuple(records)
        await checkpoint()
        if not self._open:
            raise LogError(place="the log in memory", state="closed", problem="is not open", remedy="open it first")
        if len(self._records) + len(batch) > self.capacity:
            self._forget()
        if self._failure is None and len(self._records) + len(batch) > self.capacity:
            self._failure = LogError(
                place="the log in memory", state="full", problem=f"keeps at most {self.capacity} records",
                remedy="give it a higher capacity, or a file",
            )  # fmt: skip
        if self._failure is not None:
            raise self._failure
        self._records.extend(batch)

    async def close(self) -> None:
        """Refuse later batches."""
        self._open = False

    def _forget(self) -> None:
        """Drop the records of ended runs."""
        over = {record["run"] for record in self._records if record["kind"] == "closed"}
        for record in self._records:
            if record["kind"] != "runtime":
                self._highest = max(self._highest, *(record.get(name, 0) for name in ("run", "number", "scope")))
        if over:
            kept = [one for one in self._records if one.get("run") not in over and one["kind"] != "numbers"]
            self._records = [*kept, {"kind": "numbers", "run": 0, "number": self._highest}]


if TYPE_CHECKING:
    _log: EventLog = MemoryLog()
