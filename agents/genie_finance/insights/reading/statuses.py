"""Rows that are not bookings by their status column: pending, declined, cancelled, failed or reverted ones."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from genie_finance.contracts.statements import Quarantined
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.headers import header_roles
from genie_finance.insights.reading.vocabulary import plain, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.table import Table

_SAMPLE = 300
_NEARLY_PERCENT = 90
_MOST_COLUMNS = 3
_MOST_WORDS = 8
"""Maximum number of distinct words in a column of statuses."""


def booked(table: Table, choices: Choices) -> tuple[Table, list[Quarantined], list[int]]:
    """Return the table without the rows that are not bookings, these rows, and the lines of an unknown status.

    A column contains statuses if its header says so and some of its words are known, or if nearly all of its words are
    known. A row with an unknown word stays a booking, and the word is reported.
    """
    columns = _columns(table)
    _say_unknown(table, columns, choices)
    left_out: list[Quarantined] = []
    open_: list[int] = []
    kinds: Counter[str] = Counter()
    rows: Sequence[Record] = table.rows
    for column in columns:
        known: dict[str, str | None] = {"": "booked"}
        stay, unknown = [], []
        for record in rows:
            cell = record.cells[column] if column < len(record.cells) else ""
            kind = known[cell] if cell in known else status_of(cell)
            if len(known) < _SAMPLE:
                known[cell] = kind
            if kind is None:
                unknown.append(record.line)
            if kind is None or kind == "booked":
                stay.append(record)
            else:
                kinds[kind] += 1
                left_out.append(
                    Quarantined(
                        line=record.line,
                        reason=f"{table.name(column)} has the status {kind}, so the row is not a booking",
                    )
                )
        rows = stay
        if unknown and not _is_table_end(unknown, rows):
            open_ += unknown
            choices.notice(f"{name_lines(unknown)}: the status in {table.name(column)} is unknown; counted as booked")
    if left_out:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        choices.notice(f"rows whose status shows that they are not booked are left out: {told}")
    return table._replace(rows=tuple(rows)), left_out, open_


def _say_unknown(table: Table, columns: Sequence[int], choices: Choices) -> None:
    """Report a column called a status that has no known words, if it has few distinct words or none."""
    names = table.header.cells if table.header else ()
    for column, name in enumerate(names):
        if column in columns or header_roles(name) != ("status",):
            continue
        words = {row.cells[column] for row in table.rows[:_SAMPLE] if column < len(row.cells)}
        if plain(name) == "info" and words - {""}:
            continue
        if len(words) <= _MOST_WORDS:
            choices.notice(f"no status in {table.name(column)} is known; every row is counted as booked")


def _columns(table: Table) -> list[int]:
    names = table.header.cells if table.header else ()
    sample = [record.cells for record in table.rows[:_SAMPLE]]
    found = []
    for column in range(max(map(len, sample), default=0)):
        words = Counter(row[column] for row in sample if column < len(row) and row[column])
        known = sum(count for word, count in words.items() if len(word) > 1 and status_of(word))
        if not known or len(words) > _MOST_WORDS:
            continue
        named = column < len(names) and "status" in header_roles(names[column])
        unnamed = column >= len(names) or not header_roles(names[column])
        if named or (unnamed and known * 100 >= _NEARLY_PERCENT * words.total() and known * 2 >= len(sample)):
            found.append(column)
    return found[:_MOST_COLUMNS]


def _is_table_end(lines: Sequence[int], rows: Sequence[Record]) -> bool:
    """True if the lines are the last ones of the table, like a footer."""
    return [row.line for row in rows[-len(lines) :]] == list(lines)
