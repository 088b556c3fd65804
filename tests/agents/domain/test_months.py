import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain.months import add_months, complete_months, covered_months, is_last_day, month_of, shift


@pytest.mark.parametrize(
    ("month", "by", "expected"),
    [("2025-01", -1, "2024-12"), ("2024-12", 1, "2025-01"), ("2025-06", 0, "2025-06"), ("2025-06", 25, "2027-07")],
)
def test_a_month_is_shifted_across_years(month, by, expected):
    assert shift(month, by) == expected


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2200, 1, 1)), st.integers(-500, 500))
def test_shifting_back_returns_the_month(date, by):
    assert shift(shift(month_of(date), by), -by) == month_of(date)


@pytest.mark.parametrize(
    ("start", "by", "day", "expected"),
    [
        ("2025-01-31", 1, None, "2025-02-28"),
        ("2024-01-31", 1, None, "2024-02-29"),
        ("2024-02-29", 12, None, "2025-02-28"),
        ("2025-02-28", 1, 31, "2025-03-31"),
        ("2025-03-31", -1, None, "2025-02-28"),
        ("2025-12-15", 1, None, "2026-01-15"),
    ],
)
def test_month_ends_stay_month_ends(start, by, day, expected):
    assert add_months(datetime.date.fromisoformat(start), by, day=day) == datetime.date.fromisoformat(expected)


def test_months_past_the_last_year_end_with_the_calendar():
    assert add_months(datetime.date(9999, 12, 1), 1) == datetime.date.max


@pytest.mark.parametrize(("date", "last"), [("2024-02-28", False), ("2024-02-29", True), ("2025-02-28", True)])
def test_the_last_day_knows_leap_years(date, last):
    assert is_last_day(datetime.date.fromisoformat(date)) is last


def test_covered_months_include_those_without_a_booking():
    start, end = datetime.date(2024, 11, 5), datetime.date(2025, 2, 1)
    assert covered_months(start, end, {"2024-11", "2025-02"}) == ("2024-11", "2024-12", "2025-01", "2025-02")


def test_a_stray_date_does_not_make_a_thousand_months():
    start, end = datetime.date(1925, 1, 1), datetime.date(2025, 1, 31)
    assert covered_months(start, end, {"1925-01", "2025-01"}) == ("1925-01", "2025-01")


@pytest.mark.parametrize(
    ("start", "end", "complete"),
    [
        ("2025-01-01", "2025-03-31", {"2025-01", "2025-02", "2025-03"}),
        ("2025-01-04", "2025-03-28", {"2025-01", "2025-02", "2025-03"}),
        ("2025-01-05", "2025-03-27", {"2025-02"}),
        ("2025-01-10", "2025-01-20", set()),
    ],
)
def test_edge_months_are_complete_only_when_booked_to_their_edge(start, end, complete):
    first, last = datetime.date.fromisoformat(start), datetime.date.fromisoformat(end)
    assert complete_months(first, last, set(covered_months(first, last, set()))) == complete


def test_a_month_without_bookings_is_a_gap_and_not_complete():
    booked = {"2025-01", "2025-03"}
    assert complete_months(datetime.date(2025, 1, 1), datetime.date(2025, 3, 31), booked) == booked
