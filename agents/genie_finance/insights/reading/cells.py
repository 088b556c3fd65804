"""Possible meanings of the cells of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.insights.reading.amounts import AmountText, amount_text
from genie_finance.insights.reading.dates import Readings, date_readings, formatted_date
from genie_finance.insights.reading.wording import western

if TYPE_CHECKING:
    from genie_finance.contracts.statements import StatementProfile

_REMEMBERED = 500_000


class _Unseen:
    """Marks a cell that has not been parsed; most balances occur once, so an exception for each would be slow."""


_UNSEEN = _Unseen()


class Cells:
    """Parses each distinct text of one file once, since the same dates and amounts occur many times.

    It exists for one reading, so no text of a statement is kept.
    """

    def __init__(self, profile: StatementProfile) -> None:
        self._date_format = profile.date_format
        self._dates: dict[str, Readings | None] = {}
        self._amounts: dict[str, AmountText | None] = {}

    def date(self, cell: str) -> Readings | None:
        """Return the possible dates of a cell; if the profile names a format, only in that one."""
        known = self._dates.get(cell, _UNSEEN)
        if not isinstance(known, _Unseen):
            return known
        if self._date_format is None:
            found = date_readings(western(cell))
        else:
            day = formatted_date(cell, self._date_format)
            found = (day, day, day) if day else None
        if len(self._dates) < _REMEMBERED:
            self._dates[cell] = found
        return found

    def amount(self, cell: str) -> AmountText | None:
        """Return the possible amounts of a cell."""
        known = self._amounts.get(cell, _UNSEEN)
        if not isinstance(known, _Unseen):
            return known
        found = amount_text(western(cell))
        if len(self._amounts) < _REMEMBERED:
            self._amounts[cell] = found
        return found

    def has_movement(self, cells: tuple[str, ...]) -> bool:
        """True for a row that holds both a date and, in another cell, an amount."""
        dated = next((index for index, cell in enumerate(cells) if self.date(cell)), None)
        if dated is None:
            return False
        return any(
            self.amount(cell) and not (self.date(cell) and len(cell) == 8)
            for cell in (*cells[:dated], *cells[dated + 1 :])
        )
