"""The calendar counts as a person with a wall calendar does."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.edges.tools.calendar import Between, CalendarTool, Day, Days, Later, Today, business_days, later
from genie.edges.tools.refusals import TooLargeError
from genie.runtime.runtime import Runtime

DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 1, 1))


def slow_business_days(start: datetime.date, end: datetime.date) -> int:
    days = ((start + datetime.timedelta(days=step)).weekday() < 5 for step in range((end - start).days))
    return sum(days)


@given(DATES, st.integers(0, 400))
def test_business_days_are_those_that_are_counted_one_by_one(start: datetime.date, days: int) -> None:
    end = start + datetime.timedelta(days=days)
    assert business_days(start, end) == slow_business_days(start, end) == -business_days(end, start)


@given(DATES, st.integers(1, 60))
def test_so_many_business_days_later_is_a_business_day_with_so_many_between(start: datetime.date, count: int) -> None:
    end = later(start, business=count)
    assert end.weekday() < 5
    after = start + datetime.timedelta(days=1)
    assert slow_business_days(after, end + datetime.timedelta(days=1)) == count


def test_a_month_later_is_never_in_the_month_after() -> None:
    assert later(datetime.date(2024, 1, 31), by_months=1) == datetime.date(2024, 2, 29)
    assert later(datetime.date(2024, 3, 31), by_months=-1, days=1) == datetime.date(2024, 3, 1)
    with pytest.raises(TooLargeError):
        later(datetime.date(9999, 12, 31), days=1)


@pytest.mark.anyio
async def test_the_agent_answers_each_question() -> None:
    async with Runtime((CalendarTool(),), wall=1_700_000_000.0) as runtime:
        today = await runtime.ask(Today(), Day)
        assert (today.date, today.weekday) == (datetime.date(2023, 11, 14), "Tuesday")
        between = Between(start=datetime.date(2024, 2, 26), end=datetime.date(2024, 3, 4))
        assert await runtime.ask(between, Days) == Days(days=7, business_days=5)
        found = await runtime.ask(Later(start=datetime.date(2024, 1, 31), months=1), Day)
        assert found.date == found.last_of_month == datetime.date(2024, 2, 29)
