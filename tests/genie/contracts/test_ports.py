"""Ports are protocols: whatever has the methods fits."""

from __future__ import annotations

import pytest

from genie.contracts.ports.journal import Journal, JournalRecord
from genie.journal.memory import MemoryJournal


def test_what_has_the_method_is_a_journal() -> None:
    class Own:
        def record(self, entry: JournalRecord) -> None: ...

    assert isinstance(MemoryJournal(), Journal)
    assert isinstance(Own(), Journal)
    assert not isinstance(object(), Journal)


def test_a_record_never_changes() -> None:
    record = JournalRecord(1, 0.0, "handled", "r", "m", "t", "s", None, None, {})
    with pytest.raises(AttributeError):
        record.kind = "denied"  # type: ignore[misc]  # wrong on purpose
