"""Drafts: intended movements; the ledger decides which of them the balance covers."""

from __future__ import annotations

import datetime
import enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genie_finance.synthetic.transaction import Rail


class Need(enum.IntEnum):
    """Behaviour if the balance is too low."""

    SPEND = 0
    """Nothing is bought."""
    OWED = 1
    """Savings are used; if they are too low, the payment is returned and costs a fee."""
    PLANTED = 2
    """Savings are used; if they are too low, the payment is not made."""
    RING = 3
    """Money passing through: receipts with this need are reserved for payments with it."""
    SWEEP = 4
    """Money above the account's reserve goes to savings."""
    INTEREST = 5
    """Interest on the balances since the last booking, earned or owed."""


class Payee(NamedTuple):
    """A payee or payer, the purpose and the rail of a payment."""

    name: str
    category: str
    rail: Rail


class Draft(NamedTuple):
    """One planned movement; drafts sort by day, then incoming first, then by position."""

    day: int
    """Ordinal of the date."""
    rank: int
    number: int
    minor: int
    payee: Payee
    note: str
    need: Need
    mark: str
    """Id of a planted anomaly, the same for all its movements; empty for ordinary movements."""


class Month(NamedTuple):
    """A calendar month of a history."""

    place: int
    """Index in the population's period, from 0, also if the history starts later."""
    year: int
    month: int
    first: int
    """Ordinal of its first day."""
    days: int

    def day(self, number: int) -> int:
        """Return the ordinal of a day of the month, or its last day if it has fewer days."""
        return self.first + min(number, self.days) - 1

    def open_day(self, number: int) -> int:
        """Return a day of the month, or the Monday after it if that is not a working day."""
        day = self.day(number)
        weekday = (day + 6) % 7
        return day + 7 - weekday if weekday > 4 else day

    def pay_day(self, number: int) -> int:
        """Return a day of the month, or the Friday before it if that is not a working day."""
        day = self.day(number)
        weekday = (day + 6) % 7
        return day + 4 - weekday if weekday > 4 else day


def months_from(start: datetime.date, count: int) -> tuple[Month, ...]:
    """Return that many months; the first is that of ``start``."""
    months = []
    for index in range(count):
        year, month = divmod(start.year * 12 + start.month - 1 + index, 12)
        first = datetime.date(year, month + 1, 1).toordinal()
        following = datetime.date(year + (month == 11), (month + 1) % 12 + 1, 1).toordinal()
        months.append(Month(index, year, month + 1, first, following - first))
    return tuple(months)
