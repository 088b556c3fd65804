"""Sections of a table with their own title, such as ``Pending transactions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.contracts.statements import Quarantined
from genie_finance.insights.reading.vocabulary import Unbooked, plain, status_of

if TYPE_CHECKING:
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.table import Table

_MOST_WORDS = 4
"""Most words of a title; a longer line is a sentence, which may say what is not in the file."""
_SHORTEST_STEM = 6


def without_pending(table: Table, cells: Cells, choices: Choices) -> tuple[Table, list[Quarantined]]:
    """Return the table without the rows under a title that calls them pending, declined or the like, and these rows."""
    kind = _kind(table.before[-1], cells) if table.before else None
    stay: list[Record] = []
    left_out: list[Quarantined] = []
    for record in table.rows:
        if _is_title(record, cells):
            kind = _kind(record, cells)
        if kind and cells.has_movement(record.cells):
            left_out.append(Quarantined(line=record.line, reason=f"is under a title that says {kind}"))
        else:
            stay.append(record)
    if left_out:
        choices.notice(f"rows under titles such as Pending are not bookings and are left out: {len(left_out)}")
    return table._replace(rows=tuple(stay)), left_out


def _is_title(record: Record, cells: Cells) -> bool:
    held = [cell for cell in record.cells if cell]
    return len(held) == 1 and len(held[0]) <= 60 and not (cells.date(held[0]) or cells.amount(held[0]))


def _kind(record: Record, cells: Cells) -> Unbooked | None:
    """Return the kind of rows that a title announces, None if it announces none."""
    if not _is_title(record, cells):
        return None
    said = plain(next(filter(None, record.cells))).split()
    if len(said) > _MOST_WORDS:
        return None
    stems = [
        word[: len(word) - cut] for word in said for cut in (0, 1, 2) if not cut or len(word) - cut >= _SHORTEST_STEM
    ]
    pairs = [" ".join(said[at : at + 2]) for at in range(len(said) - 1)]
    for words in (*pairs, *stems):
        kind = status_of(words)
        if kind and kind != "booked":
            return kind
    return None
