"""Determines the decimal mark and the order of dates from all rows together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from genie_finance.insights.reading.dates import ORDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.amounts import DecimalMark
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dates import Readings
    from genie_finance.insights.reading.table import Table

_MOST_YEARS = 10
"""Maximum span of a statement; exceeded if a two-digit year and the day are exchanged."""
_SPELT = (("dd/mm", "dd.mm", "dd-mm", "jj/mm", "tt.mm", "gg/mm"), ("mm/dd", "mm-dd"), ("yy/mm", "yy-mm"))
"""How headers spell each of ``ORDERS`` out: ``Date (MM/DD/YYYY)``."""
_LINES_BEFORE, _LONGEST_LINE, _ROWS = 60, 500, 300
_ENOUGH_DATES = 5
"""Least number of distinct dates whose order is evidence: five random dates are in order once in sixty times."""


def decimal_marks(table: Table, columns: Sequence[int], cells: Cells) -> tuple[DecimalMark, bool]:
    """Return the decimal mark that most amounts require, and whether the file determines it.

    A mark before exactly three digits, as in ``1,234``, can be either; without other evidence it separates thousands,
    since money has two digits after the point far more often than three.
    """
    votes = {".": 0, ",": 0}
    grouped = {".": 0, ",": 0}
    read = cells.amount
    for record in table.rows:
        texts = record.cells
        for column in columns:
            amount = read(texts[column]) if column < len(texts) and texts[column] else None
            if amount is None:
                continue
            point, comma = amount.point, amount.comma
            if comma is None:
                votes["."] += 1  # one of the two there always is
            elif point is None:
                votes[","] += 1
            elif point != comma:
                grouped["." if point > comma else ","] += 1
    if votes["."] != votes[","]:
        return ("." if votes["."] > votes[","] else ","), True
    if grouped["."] or grouped[","]:
        return ("." if grouped["."] >= grouped[","] else ","), False
    return ".", votes["."] == 0


def date_order(table: Table, column: int, cells: Cells, profile: StatementProfile, choices: Choices) -> int:
    """Return the position in ``ORDERS`` of the order in which the most dates are dates.

    If several fit equally, the one with dates in sequence, or not scattered over decades, is used; else the day is
    first.
    """
    if profile.date_order is not None:
        return ORDERS.index(profile.date_order)
    found = [
        readings for record in table.rows
        if column < len(record.cells) and (readings := cells.date(record.cells[column]))
    ]  # fmt: skip
    valid = [sum(readings[order] is not None for readings in found) for order in range(len(ORDERS))]
    open_orders = [order for order, count in enumerate(valid) if count == max(valid)]
    if all(len({readings[order] for order in open_orders}) == 1 for readings in found):
        return open_orders[0]
    ordered = [order for order in open_orders if _in_sequence(found, order)] or open_orders
    near = [order for order in ordered if not _scattered(found, order)]
    if len(ordered) == 1 or len(near) == 1:
        return (near or ordered)[0]
    if told := _told_elsewhere(table, column, cells, near or ordered):
        return told[0]
    if all(readings[0] == readings[1] for readings in found):
        return ordered[0]  # a named month: the day comes first unless that scatters the dates
    named = ", ".join(ORDERS[order] for order in open_orders)
    choices.assume(
        "date_order",
        ORDERS[ordered[0]],
        f"every date can be read as {named}, and nothing else in the file shows which is right",
    )
    return ordered[0]


def _told_elsewhere(table: Table, column: int, cells: Cells, orders: Sequence[int]) -> list[int]:
    """Return the order that the header states, or the only one possible for other dates of the same format.

    A day above 12 in the lines before the table, or in another column, shows how this file writes dates.
    """
    name = table.header.cells[column].lower() if table.header and column < len(table.header.cells) else ""
    for order, spelt in enumerate(_SPELT):
        if order in orders and any(form in name for form in spelt):
            return [order]
    mark = next(
        (row.cells[column] for row in table.rows if column < len(row.cells) and cells.date(row.cells[column])), ""
    )
    marks = set(mark) & set("./-")
    others = [
        word.strip("(),;")
        for record in table.before[:_LINES_BEFORE]
        for cell in record.cells
        for word in cell[:_LONGEST_LINE].replace(" - ", " ").split()
    ]
    others += [cell for record in table.rows[:_ROWS] for at, cell in enumerate(record.cells) if at != column]
    readings = [found for text in others if len(marks & set(text)) == 1 and (found := cells.date(text))]
    left = [order for order in orders if all(one[order] is not None for one in readings)]
    return left if readings and len(left) == 1 else []


def _in_sequence(found: Sequence[Readings], order: int) -> bool:
    dates = [day for readings in found if (day := readings[order])]
    if len(set(dates)) < _ENOUGH_DATES:
        return False
    pairs = list(pairwise(dates))
    return all(a <= b for a, b in pairs) or all(a >= b for a, b in pairs)


def _scattered(found: Sequence[Readings], order: int) -> bool:
    """True if an order spreads the statement over decades, as ``13/04/25`` read as a day of 2013."""
    dates = {day for readings in found if (day := readings[order])}
    if len(dates) < (2 if all(readings[0] == readings[1] for readings in found) else _ENOUGH_DATES):
        return False
    return max(dates).year - min(dates).year > _MOST_YEARS
