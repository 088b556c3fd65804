"""Balances at the end of each day, from rows that state the balance after themselves."""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from genie_finance.contracts.statements import Transaction
from genie_finance.domain.months import month_of

_DAY = datetime.timedelta(days=1)


class MonthBalance(NamedTuple):
    """Sum of a month's daily balances, and the number of the days."""

    total: int
    days: int


class DayEnds(NamedTuple):
    """An account's balances at the ends of the days from its first booking to its last, in minor units."""

    closing: int
    total: int
    days: int
    lowest: int
    overdrawn: int
    months: dict[str, MonthBalance]


def day_ends(account: Sequence[Transaction]) -> DayEnds | None:
    """Return the balances of one account's days; None unless every day with a booking ends in a stated balance.

    Args:
        account: Its rows in the order of their files, which may be ascending or descending; at least one.
    """
    ends: dict[datetime.date, int] = {}
    for one in _in_time(account):
        if one.balance is None:
            ends.pop(one.date, None)
        else:
            ends[one.date] = one.balance.minor
    if len(ends) < len({one.date for one in account}):
        return None
    dates = sorted(ends)
    total = days = overdrawn = 0
    months: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for since, until in itertools.pairwise((*dates, dates[-1] + _DAY)):
        balance, start = ends[since], since
        while start < until:
            first_of_next = (start.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
            stop = min(until, first_of_next)
            span = (stop - start).days
            entry = months[month_of(start)]
            entry[0] += balance * span
            entry[1] += span
            total, days = total + balance * span, days + span
            overdrawn += span if balance < 0 else 0
            start = stop
    found = {month: MonthBalance(*sums) for month, sums in months.items()}
    return DayEnds(ends[dates[-1]], total, days, min(ends.values()), overdrawn, found)


def _in_time(account: Sequence[Transaction]) -> list[Transaction]:
    by_file: dict[str, list[Transaction]] = defaultdict(list)
    for one in account:
        by_file[one.file].append(one)
    ordered = []
    for rows in by_file.values():
        ordered += rows if rows[0].date <= rows[-1].date else rows[::-1]
    return sorted(ordered, key=lambda one: one.date)
