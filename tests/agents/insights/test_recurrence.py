import datetime
import itertools

import pytest

from genie_finance.insights.recurrence import find_series


def series(statement, row, dates, amounts=("-10",), **more):
    amounts = itertools.cycle(amounts) if len(amounts) == 1 else amounts
    return find_series(
        statement([row(d, a, "Acme", **more) for d, a in zip(dates, amounts, strict=False)]).transactions
    )


def cadences(found):
    return [one.cadence.name for one in found]


@pytest.mark.parametrize(
    ("dates", "cadence"),
    [
        (["2025-01-06", "2025-01-13", "2025-01-20"], "weekly"),
        (["2025-01-06", "2025-01-20", "2025-02-03"], "fortnightly"),
        (["2025-01-15", "2025-02-15", "2025-03-15"], "monthly"),
        (["2025-01-31", "2025-03-01", "2025-03-31"], "monthly"),
        (["2024-01-31", "2024-02-29", "2024-03-31"], "monthly"),
        (["2025-01-01", "2025-04-01", "2025-07-01"], "quarterly"),
        (["2024-02-29", "2025-02-28"], "yearly"),
    ],
)
def test_a_cadence_is_found(statement, row, dates, cadence):
    assert cadences(series(statement, row, dates)) == [cadence]


@pytest.mark.parametrize(
    "dates",
    [
        ["2025-01-03", "2025-01-03", "2025-01-04"],
        ["2025-01-15", "2025-02-15"],
        ["2025-01-01", "2025-01-20", "2025-03-30"],
        ["2025-01-06", "2025-01-13"],
        ["2025-01-06"],
    ],
)
def test_three_teas_in_a_month_and_the_like_have_no_cadence(statement, row, dates):
    assert series(statement, row, dates) == ()


def test_one_charge_in_four_may_be_left_out(statement, row):
    # Gaps: one month, one month, two months, one month.
    dates = ["2025-01-15", "2025-02-15", "2025-03-15", "2025-05-15", "2025-06-15"]
    assert cadences(series(statement, row, dates)) == ["monthly"]
    assert series(statement, row, ["2025-01-15", "2025-02-15", "2025-04-15"]) == ()


def test_a_double_booking_does_not_break_the_rhythm(statement, row):
    dates = ["2025-01-15", "2025-02-15", "2025-02-16", "2025-03-15"]
    (found,) = series(statement, row, dates)
    assert len(found.charges) == 3


def test_a_habit_with_another_amount_each_time_is_no_series(statement, row):
    dates = [f"2025-{month:02d}-15" for month in range(1, 7)]
    assert series(statement, row, dates, ("-10", "-17", "-12", "-25", "-11", "-19")) == ()


def test_two_contracts_with_one_party_are_taken_apart(statement, row):
    rows = [
        row(f"2025-{month:02d}-{day}", amount, "Acme")
        for month in range(1, 5)
        for day, amount in (("05", "-9.99"), ("20", "-49"))
    ]
    found = find_series(statement(rows).transactions)
    assert [(one.cadence.name, one.last.amount.minor, len(one.charges)) for one in found] == [
        ("monthly", -999, 4),
        ("monthly", -4900, 4),
    ]


def test_money_in_and_out_and_currencies_are_kept_apart(statement, row):
    dates = [f"2025-{month:02d}-15" for month in range(1, 4)]
    rows = [row(d, "-10", "Acme") for d in dates] + [row(d, "10", "Acme") for d in dates]
    rows += [row(d, "-10", "Acme", currency="USD") for d in dates]
    assert len(find_series(statement(rows).transactions)) == 3


def test_without_a_merchant_the_wording_holds_a_series_together(statement, row):
    rows = [row(f"2025-{month:02d}-28", "1000", narration=f"PROVENTOS REF {month}99") for month in range(1, 4)]
    (found,) = find_series(statement(rows).transactions)
    assert (found.party, found.named) == ("proventos ref", False)


@pytest.mark.parametrize(
    ("dates", "due"),
    [
        (["2025-01-31", "2025-03-01", "2025-03-31"], ["2025-04-30", "2025-05-31", "2025-06-30"]),
        (["2024-12-31", "2025-01-31", "2025-02-28"], ["2025-03-31", "2025-04-30", "2025-05-31"]),
        (["2025-03-01", "2025-04-01", "2025-05-01", "2025-05-31"], ["2025-07-01", "2025-08-01", "2025-09-01"]),
        (["2025-01-15", "2025-02-15", "2025-03-17"], ["2025-04-15", "2025-05-15", "2025-06-15"]),
        (["2025-01-06", "2025-01-13", "2025-01-20"], ["2025-01-27", "2025-02-03", "2025-02-10"]),
        (["2024-02-29", "2025-02-28"], ["2026-02-28", "2027-02-28", "2028-02-29"]),
    ],
)
def test_the_next_charges_fall_on_the_day_that_is_meant(statement, row, dates, due):
    (found,) = series(statement, row, dates)
    assert [date.isoformat() for date in itertools.islice(found.due(), 3)] == due


def test_a_series_ends_when_a_charge_is_overdue(statement, row):
    (found,) = series(statement, row, ["2025-01-15", "2025-02-15", "2025-03-15"])
    assert found.is_active(datetime.date(2025, 4, 25))
    assert not found.is_active(datetime.date(2025, 4, 26))


def test_what_was_taken_back_is_no_charge(statement, row):
    dates = [f"2025-{month:02d}-15" for month in range(1, 4)]
    assert series(statement, row, dates, nets_with="other") == ()


def test_the_last_years_of_the_calendar_end_quietly(statement, row):
    (found,) = series(statement, row, ["9999-10-15", "9999-11-15", "9999-12-15"])
    assert next(found.due()) == datetime.date.max
