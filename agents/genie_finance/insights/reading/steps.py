"""Signs of amounts that are written without one, from the steps of the running balance."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from genie_finance.insights.reading.balance import follow_unsigned
from genie_finance.insights.reading.headers import header_roles
from genie_finance.insights.reading.vocabulary import Mark, mark_of, says_incoming

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence
    from decimal import Decimal

    from genie_finance.insights.reading.amounts import DecimalMark
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.naming import Columns
    from genie_finance.insights.reading.table import Table

_SIDES = ("debit", "credit")
_MOST_WORDS = 12
"""Maximum number of distinct cells in a column of kinds; one with more is a narration."""


class _Row:
    __slots__ = ("amount", "balance", "date", "record")

    def __init__(self, record: Record, amount: Decimal | None, balance: Decimal, date: datetime.date) -> None:
        self.record = record
        self.amount = amount
        self.balance = balance
        self.date = date


def marks_by_steps(
    table: Table, columns: Columns, cells: Cells, *, order: int, decimal_mark: DecimalMark
) -> dict[int, Mark]:
    """Return the debit or credit of each line from the steps of the balance, if the amounts have no sign.

    Each step of the balance must be as large as the amount of its row. Empty if the words beside the amounts already
    say the same, or if the file is no evidence. The oldest row has no step: its side is that of its word in a column in
    which each word has one side; else it is left out.
    """
    if columns.amount is None or columns.balance is None or columns.fee is not None:
        return {}
    rows = _rows(table, columns, cells, order, decimal_mark)
    newest_first = _newest_first([row.date for row in rows])
    if newest_first is None:
        return {}
    oldest = rows[::-1] if newest_first else rows
    amounts, balances = [row.amount for row in oldest], [row.balance for row in oldest]
    steps = _steps(amounts, balances)
    if not steps:
        return {}
    told = {row.record.line: _side(step) for row, step in zip(oldest, steps, strict=True) if step and row.amount}
    if len(set(told.values())) < len(_SIDES):
        return {}  # one side alone is what a sign or the balance tells of all rows together
    if columns.mark is not None and all(
        _says(row.record, columns.mark) == told.get(row.record.line) for row in oldest if row.amount
    ):
        return {}
    left = [row for row in oldest if row.amount and row.record.line not in told]
    told.update(_by_words(rows, left, told, columns))
    return told


def marks_by_texts(table: Table, columns: Columns, cells: Cells, choices: Choices) -> dict[int, Mark]:
    """Return the debit or credit of each line if one of two words is beside each text of incoming money.

    It applies only to amounts without a sign, mark or balance, and is reported as an assumption.
    """
    if columns.amount is None or columns.mark is not None or columns.balance is not None:
        return {}
    rows = [row for row in table.rows if not row.problem and cells.has_movement(row.cells)]
    amounts = [cells.amount(row.cells[columns.amount]) for row in rows if columns.amount < len(row.cells)]
    if len(amounts) < len(rows) or any(one is None or one.sign or one.mark for one in amounts):
        return {}
    taken = {columns.date, columns.amount, *columns.narration}
    for column in range(max((len(row.cells) for row in rows), default=0)):
        words = [row.cells[column] if column < len(row.cells) else "" for row in rows] if column not in taken else []
        if len(set(words)) != len(_SIDES) or "" in words or any(cells.amount(word) for word in set(words)):
            continue
        if told_by := _one_known(table, column, set(words)):
            choices.assume(
                "positive_is", "credit",
                f"{table.name(column)} has a word for a {told_by[1]} in some rows and another word in the rest, which "
                "is taken for the opposite",
                f"mark_column: {column + 1}",
            )  # fmt: skip
            known, side = told_by
            other: Mark = "debit" if side == "credit" else "credit"
            return {row.line: side if word == known else other for row, word in zip(rows, words, strict=True)}
        told = [
            says_incoming(" ".join(row.cells[at] for at in columns.narration if at < len(row.cells))) for row in rows
        ]
        incoming = {word for word, comes in zip(words, told, strict=True) if comes}
        if len(incoming) == 1 and sum(told) > 1 and not all(told):
            choices.assume(
                "positive_is", "credit",
                f"{table.name(column)} has one word beside each text of incoming money, such as salaries and payments "
                "received, and another beside the rest; the first is taken as a credit, the other as a debit",
                f"mark_column: {column + 1}",
            )  # fmt: skip
            return {row.line: "credit" if word in incoming else "debit" for row, word in zip(rows, words, strict=True)}
    return {}


def _one_known(table: Table, column: int, words: set[str]) -> tuple[str, Mark] | None:
    """Return the one of two words that is a debit or credit mark, under a header of marks."""
    known = [(word, mark) for word in sorted(words) if (mark := mark_of(word))]
    name = table.header.cells[column] if table.header and column < len(table.header.cells) else ""
    return known[0] if len(known) == 1 and "mark" in header_roles(name) else None


def _steps(amounts: Sequence[Decimal | None], balances: Sequence[Decimal]) -> list[Decimal | None]:
    """Return the step of each row, oldest first; empty if the balance follows from no amounts."""
    after = [None, *(b - a for a, b in pairwise(balances))]
    before = [*(b - a for a, b in pairwise(balances)), None]
    if not follow_unsigned(amounts, balances):
        return []
    for steps in (after, before):
        if all(
            step is None or amount is None or abs(step) == amount for step, amount in zip(steps, amounts, strict=True)
        ):
            return steps
    return []


def _rows(table: Table, columns: Columns, cells: Cells, order: int, decimal_mark: DecimalMark) -> list[_Row]:
    """Return the rows with a date, an amount and a balance; none where an amount has a sign."""
    found = []
    amount_at, balance_at = columns.amount or 0, columns.balance or 0
    for record in table.rows:
        row = record.cells
        if record.problem or len(row) <= max(columns.date, amount_at, balance_at):
            continue
        readings, amount, balance = (
            cells.date(row[columns.date]),
            cells.amount(row[amount_at]),
            cells.amount(row[balance_at]),
        )
        day = readings[order] if readings else None
        if day is None or balance is None or (row[amount_at] and amount is None):
            continue
        number, after = amount.magnitude(decimal_mark) if amount else None, balance.signed(decimal_mark)
        if after is None or (amount and (amount.sign or amount.mark or number is None)):
            return []
        found.append(_Row(record, number, after, day))
    return found


def _newest_first(dates: Sequence[datetime.date]) -> bool | None:
    falls, rises = any(a > b for a, b in pairwise(dates)), any(a < b for a, b in pairwise(dates))
    return None if falls == rises else falls


def _side(step: Decimal) -> Mark:
    return "debit" if step < 0 else "credit"


def _says(record: Record, column: int) -> Mark | None:
    return mark_of(record.cells[column]) if column < len(record.cells) else None


def _by_words(rows: Sequence[_Row], left: Sequence[_Row], told: dict[int, Mark], columns: Columns) -> dict[int, Mark]:
    """Return the side of rows without a step, from a column in which each word has one side."""
    taken = {columns.date, columns.amount, columns.balance}
    if columns.mark is not None and all((_says(row.record, columns.mark) or "") for row in left):
        said = {row.record.line: _says(row.record, columns.mark) for row in rows}
        if all(said[line] == side for line, side in told.items()):
            return {row.record.line: side for row in left if (side := said[row.record.line])}
    for column in range(max((len(row.record.cells) for row in rows), default=0)):
        if column in taken:
            continue
        sides: dict[str, set[Mark]] = {}
        for row in rows:
            side = told.get(row.record.line)
            if side and column < len(row.record.cells):
                sides.setdefault(row.record.cells[column], set()).add(side)
        if not 1 < len(sides) <= _MOST_WORDS or any(len(both) > 1 for both in sides.values()):
            continue
        words = {
            row.record.line: sides.get(row.record.cells[column] if column < len(row.record.cells) else "")
            for row in left
        }
        if len({next(iter(both)) for both in sides.values()}) > 1 and all(words.values()):
            return {line: next(iter(both)) for line, both in words.items() if both}
    return {}
