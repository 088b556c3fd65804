"""A bounded journal in memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.contracts.ports.journal import JournalRecord


class MemoryJournal:
    """Keeps the latest records; gaps in their numbers show what was dropped.

    Args:
        capacity: Records kept, at least 1.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        if capacity < 1:
            raise ValueError(f"a journal keeps at least 1 record, not {capacity}")
        self._records: deque[JournalRecord] = deque(maxlen=capacity)
        self.dropped = 0

    def record(self, entry: JournalRecord) -> None:
        """Keep a record; the oldest goes when there are too many."""
        if len(self._records) == self._records.maxlen:
            self.dropped += 1
        self._records.append(entry)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[JournalRecord]:
        return iter(tuple(self._records))
