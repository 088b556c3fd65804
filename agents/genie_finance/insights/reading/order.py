"""The date column by which the rows are sorted."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from genie_finance.insights.reading.dates import ORDERS
from genie_finance.insights.reading.headers import date_rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.dialect import Record


def put_sorted_first(columns: list[int], names: Sequence[str], rows: Sequence[Record], cells: Cells) -> None:
    """Move the column of dates by which the rows are sorted to the front, among those with equal headers.

    Banks list movements by the day of booking; no other column is moved.
    """
    alike = [column for column in columns if date_rank(names[column]) == date_rank(names[columns[0]])]
    in_order = [column for column in alike if is_sorted(column, rows, cells)]
    if len(in_order) == 1:
        columns.remove(in_order[0])
        columns.insert(0, in_order[0])


def is_sorted(column: int, rows: Sequence[Record], cells: Cells) -> bool:
    """True if the dates of a column rise or fall throughout, in at least one order of day and month."""
    found = [cells.date(row.cells[column]) for row in rows if column < len(row.cells) and row.cells[column]]
    readings = [one for one in found if one]
    for at in range(len(ORDERS)):
        days = [day for one in readings if (day := one[at])]
        if len(days) == len(readings) > 1 and (
            all(a <= b for a, b in pairwise(days)) or all(a >= b for a, b in pairwise(days))
        ):
            return True
    return False
