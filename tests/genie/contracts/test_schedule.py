"""When schedules fire: expressions, zones, and the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.schedule import Schedule
from genie.errors import ScheduleError

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def firings(cron: str, zone: str, start: str, count: int = 3) -> list[str]:
    """Return firings in UTC after a local time, as month, day and time."""
    after = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    return [f"{due:%m-%dT%H:%M}" for due in islice(Schedule("s", cron, zone).after(after), count)]


@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        ("30 2 * * *", BERLIN, "2025-03-29T00:00", ["03-29T01:30", "03-30T01:00", "03-31T00:30"]),
        ("30 2 * * *", BERLIN, "2025-10-25T00:00", ["10-25T00:30", "10-26T00:30", "10-27T01:30"]),
        ("30 2 * * *", NEW_YORK, "2025-03-08T00:00", ["03-08T07:30", "03-09T07:00", "03-10T06:30"]),
        ("30 1 * * *", NEW_YORK, "2025-11-01T00:00", ["11-01T05:30", "11-02T05:30", "11-03T06:30"]),
        ("30 * * * *", BERLIN, "2025-03-30T00:45", ["03-30T00:30", "03-30T01:30", "03-30T02:30"]),
        ("30 * * * *", BERLIN, "2025-10-26T01:45", ["10-26T00:30", "10-26T01:30", "10-26T02:30"]),
        ("0 9 * * mon-fri", NEW_YORK, "2025-11-01T00:00", ["11-03T14:00", "11-04T14:00", "11-05T14:00"]),
        ("0 0 29 2 *", "UTC", "2025-01-01T00:00", ["02-29T00:00", "02-29T00:00", "02-29T00:00"]),
    ],
    ids=["gap", "twice", "gap NY", "twice NY", "hourly over a gap", "hourly over two", "weekdays", "leap years"],
)  # fmt: skip
def test_firings_when_clocks_change(cron: str, zone: str, start: str, expected: list[str]) -> None:
    assert firings(cron, zone, start) == expected


def test_a_restart_in_the_repeated_hour_fires_nothing_twice() -> None:
    second_turn = datetime(2025, 10, 26, 1, 15, tzinfo=UTC)  # 02:15 in Berlin, for the second time
    assert next(Schedule("s", "30 2 * * *", BERLIN).after(second_turn)) == datetime(2025, 10, 27, 1, 30, tzinfo=UTC)


CRONS = st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 1,2,3 * * *", "*/45 2 * * *", "0 */2 * * *", "5 0 1 * sun"])
MOMENTS = st.integers(0, 2 * 366 * 86_400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(0, seconds))


@given(CRONS, st.sampled_from([BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe"]), MOMENTS, st.integers(0, 4))
def test_firings_do_not_depend_on_where_one_begins(cron: str, zone: str, moment: datetime, skipped: int) -> None:
    schedule = Schedule("s", cron, zone)
    found = list(islice(schedule.after(moment), 6))
    assert all(earlier < later for earlier, later in pairwise([moment, *found]))
    assert list(islice(schedule.after(found[skipped]), 5 - skipped)) == found[skipped + 1 :]
    assert next(schedule.after(found[0] - timedelta(seconds=1))) == found[0]


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("", "UTC", "five fields"),
        ("* * * *", "UTC", "five fields"),
        ("* * * * * *", "UTC", "five fields"),
        ("@daily", "UTC", "five fields"),
        ("61 * * * *", "UTC", "not a cron expression: bad minute"),
        ("*/0 * * * *", "UTC", "not a cron expression"),
        ("1/1#1 * * * 1#1/2", "UTC", "not a cron expression"),
        ("0 0 30 2 *", "UTC", "not a cron expression: bad day-of-month"),
        ("1," * 200 + "1 * * * *", "UTC", "five fields"),
        ("0 0 * * *", "Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("0 0 * * *", "../etc/passwd", "IANA name"),
        ("0 0 * * *", "Europe", "no time zone"),
        ("0 0 * * *", "x" * 500, "IANA name"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(cron: str, zone: str, said: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        Schedule("nightly", cron, zone)
    assert said in str(caught.value)
    assert str(caught.value).startswith("schedule 'nightly': ")


@given(st.text("0123456789*/,-#LW monJAN", max_size=40))
def test_no_expression_does_anything_but_fire_or_be_refused(text: str) -> None:
    try:
        schedule = Schedule("s", text)
    except ScheduleError:
        return
    assert next(schedule.after(datetime(2025, 6, 1, tzinfo=UTC))) > datetime(2025, 6, 1, tzinfo=UTC)
