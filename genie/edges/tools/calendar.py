"""The calendar: today, days between dates, and dates some time later."""

from __future__ import annotations

import calendar as months
import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from genie.contracts.agent import Handlers, handles
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.edges.tools.refusals import TooLargeError
from genie.edges.tools.tool import Effect, ToolOptions

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_DAYS: tuple[Weekday, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_DAYS = 1_000_000


class Today(Payload, topic="calendar.today", key=None):
    """Ask for the current date and time, in UTC."""


class Between(Payload, topic="calendar.between", key=None):
    """Ask how many days lie between two dates."""

    start: datetime.date
    end: datetime.date


class Later(Payload, topic="calendar.later", key=None):
    """Ask for the date that is some time after another; negative numbers go back.

    Months are added first; if the month lacks that day, its last day is used. Business days are Monday to Friday,
    without holidays.
    """

    start: datetime.date
    months: Annotated[int, Field(ge=-12_000, le=12_000)] = 0
    days: Annotated[int, Field(ge=-MOST_DAYS, le=MOST_DAYS)] = 0
    business_days: Annotated[int, Field(ge=-100_000, le=100_000)] = 0


class Day(Payload, topic="calendar.day", key=None):
    """A date."""

    date: datetime.date
    weekday: Weekday
    time: datetime.time | None = None
    """In UTC; only of today."""
    last_of_month: datetime.date


class Days(Payload, topic="calendar.days", key=None):
    """Days between two dates; negative if the end is before the start."""

    days: int
    business_days: int
    """Monday to Friday, including the start but not the end; holidays are not considered."""


def _day(date: datetime.date, time: datetime.time | None = None) -> Day:
    last = date.replace(day=months.monthrange(date.year, date.month)[1])
    return Day(date=date, weekday=_DAYS[date.weekday()], time=time, last_of_month=last)


def business_days(start: datetime.date, end: datetime.date) -> int:
    """Return the days from Monday to Friday from ``start`` to before ``end``."""
    if end < start:
        return -business_days(end, start)
    weeks, rest = divmod((end - start).days, 7)
    return weeks * 5 + sum((start.weekday() + step) % 7 < 5 for step in range(rest))


def later(start: datetime.date, *, by_months: int = 0, days: int = 0, business: int = 0) -> datetime.date:
    """Return the date some time after another.

    Raises:
        TooLargeError: The date is not in the calendar.
    """
    try:
        year, month = divmod(start.year * 12 + start.month - 1 + by_months, 12)
        last = months.monthrange(year, month + 1)[1]
        date = start.replace(year=year, month=month + 1, day=min(start.day, last))
        date += datetime.timedelta(days=days)
        step = datetime.timedelta(days=1 if business > 0 else -1)
        while business and date.weekday() > 4:  # counted from the business day before, as from a weekend
            date -= step
        weeks, rest = divmod(abs(business), 5)
        date += step * 7 * weeks
        while rest:
            date += step
            rest -= date.weekday() < 5
    except (ValueError, OverflowError):
        raise TooLargeError("calendar", "has no such date") from None
    return date


class CalendarTool(
    Handlers, id="calendar", capabilities=("tool.calendar",), risk="low", tier="beta", clearance="restricted",
    concurrency=8,
):  # fmt: skip
    """Tells the current date and time, the days between two dates, and the date some time after another."""

    tool_options: ClassVar = ToolOptions(effect=Effect.READ, trusted=True)

    @handles
    async def today(self, _question: Today, context: Context) -> Day:
        """Say the date and time."""
        now = context.now()
        return _day(now.date(), now.time().replace(microsecond=0))

    @handles
    async def between(self, question: Between) -> Days:
        """Count the days between two dates."""
        start, end = question.start, question.end
        return Days(days=(end - start).days, business_days=business_days(start, end))

    @handles
    async def later(self, question: Later) -> Day:
        """Return the date some time after another."""
        return _day(
            later(question.start, by_months=question.months, days=question.days, business=question.business_days)
        )
