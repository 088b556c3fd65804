"""The journal in memory: bounded, and honest about what it dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.ports.journal import JournalRecord
from genie.journal.memory import MemoryJournal


def record(number: int) -> JournalRecord:
    return JournalRecord(number, float(number), "handled", "r", "m", "t", "s", None, None, {})


@given(st.integers(1, 50), st.integers(0, 200))
def test_the_latest_records_are_kept_and_the_dropped_ones_counted(capacity: int, count: int) -> None:
    journal = MemoryJournal(capacity)
    for number in range(1, count + 1):
        journal.record(record(number))
    kept = [one.number for one in journal]
    assert kept == list(range(1, count + 1))[-capacity:]
    assert len(journal) == len(kept)
    assert journal.dropped == count - len(kept)


def test_reading_is_not_disturbed_by_recording() -> None:
    journal = MemoryJournal(3)
    journal.record(record(1))
    for one in journal:
        journal.record(record(one.number + 1))
    assert len(journal) == 2


def test_a_journal_keeps_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        MemoryJournal(0)
