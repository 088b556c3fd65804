"""Calendar months as ``YYYY-MM`` keys, which sort as text, and month arithmetic that keeps month ends."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Collection

EDGE_DAYS = 3
"""Maximum days without a booking at the edge of a complete month: a weekend with a holiday."""

_LONGEST_SPAN = 120


def month_of(date: datetime.date) -> str:
    """Return the month key of a date."""
    return f"{date.year:04d}-{date.month:02d}"


def shift(month: str, by: int) -> str:
    """Return the month ``by`` months later, or earlier if negative."""
    year, number = month.split("-")
    years, rest = divmod(int(year) * 12 + int(number) - 1 + by, 12)
    return f"{years:04d}-{rest + 1:02d}"


def add_months(date: datetime.date, by: int, *, day: int | None = None) -> datetime.date:
    """Return the date ``by`` months later, on ``day`` if that month has it, else on the month's last day.

    Args:
        date: Start.
        by: Months, negative for earlier.
        day: Intended day of the month; the date's own by default. A charge "on the 31st" falls on 28 February.
    """
    years, rest = divmod(date.year * 12 + date.month - 1 + by, 12)
    if years > datetime.MAXYEAR:
        return datetime.date.max
    length = calendar.monthrange(years, rest + 1)[1]
    return datetime.date(years, rest + 1, min(day or date.day, length))


def is_last_day(date: datetime.date) -> bool:
    """Return True on the last day of a month."""
    return date.day == calendar.monthrange(date.year, date.month)[1]


def covered_months(start: datetime.date, end: datetime.date, booked: Collection[str]) -> tuple[str, ...]:
    """Return the months of a period in order, including those without a booking.

    A period of more than ten years indicates a wrong date in the file: then only months with bookings are returned, so
    that one wrong year does not create a thousand empty months.
    """
    first, last = month_of(start), month_of(end)
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    if count > _LONGEST_SPAN:
        return tuple(sorted(month for month in booked if first <= month <= last))
    return tuple(shift(first, position) for position in range(count))


def complete_months(start: datetime.date, end: datetime.date, booked: Collection[str]) -> frozenset[str]:
    """Return the months that a statement covers completely, judged by its bookings.

    The statement's period is unknown. Its first and last month count as complete if at most ``EDGE_DAYS`` days at
    the edge have no booking. A month in between without any booking is more likely a gap in the file, so it does not
    count.

    Args:
        start: First booking.
        end: Last booking.
        booked: Months with at least one booking.
    """
    complete = set(booked)
    if start.day > 1 + EDGE_DAYS:
        complete.discard(month_of(start))
    if end.day < calendar.monthrange(end.year, end.month)[1] - EDGE_DAYS:
        complete.discard(month_of(end))
    return frozenset(complete)
