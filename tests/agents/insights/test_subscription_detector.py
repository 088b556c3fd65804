import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.money import Money
from genie_finance.insights.subscription_detector import detect_subscriptions, subscription_detector

END = datetime.date(2025, 12, 31)


def eur(amount):
    return Money.of(amount, "EUR")


def monthly(row, amounts, merchant="Netflix", category="entertainment.streaming", day=12):
    return [
        row(f"2025-{n:02d}-{day:02d}", f"-{amount}", merchant, category) for n, amount in enumerate(amounts, start=1)
    ]


def found(statement, rows, on=END):
    return detect_subscriptions(statement(rows), on=on).subscriptions


def test_a_monthly_charge_is_described(statement, row):
    (one,) = found(statement, monthly(row, ["12.99"] * 12))
    assert (one.merchant, one.cadence, one.amount, one.occurrences) == ("Netflix", "monthly", eur("12.99"), 12)
    assert one.yearly == eur("155.88")
    assert (one.last, one.next_due) == (datetime.date(2025, 12, 12), datetime.date(2026, 1, 12))
    assert (one.price_change, one.active) == (None, True)


def test_a_price_change_is_reckoned_against_the_price_before(statement, row):
    (one,) = found(statement, monthly(row, ["10.00", "10.00", "15.00"]), on=datetime.date(2025, 3, 31))
    assert (one.price_change, one.amount, one.yearly) == (eur("5.00"), eur("15.00"), eur("180.00"))
    (one,) = found(statement, monthly(row, ["15.99"] * 6 + ["12.99"] * 3), on=datetime.date(2025, 9, 30))
    assert one.price_change == eur("-3.00")


def test_a_bill_by_use_has_no_price_that_changed(statement, row):
    rows = monthly(row, ["50.10", "51.20", "49.80", "52.00", "50.50"], "Octopus Energy", "utilities.energy")
    (one,) = found(statement, rows, on=datetime.date(2025, 5, 31))
    assert one.price_change is None


@pytest.mark.parametrize(
    ("step", "count", "cadence", "yearly"),
    [
        (7, 8, "weekly", "520.00"),
        (14, 6, "fortnightly", "260.00"),
        (91, 4, "quarterly", "40.00"),
        (365, 2, "yearly", "10.00"),
    ],
)
def test_every_cadence_costs_its_year(statement, row, step, count, cadence, yearly):
    first = datetime.date(2024, 1, 10)
    dates = [first + datetime.timedelta(days=step * n) for n in range(count)]
    (one,) = found(statement, [row(d, "-10", "Club", "membership.dues") for d in dates], on=dates[-1])
    assert (one.cadence, one.yearly, one.active) == (cadence, eur(yearly), True)


def test_month_ends_are_monthly(statement, row):
    rows = [row(d, "-24.99", "PureGym", "health.fitness") for d in ("2025-01-31", "2025-03-01", "2025-03-31")]
    (one,) = found(statement, rows, on=datetime.date(2025, 3, 31))
    assert (one.cadence, one.next_due) == ("monthly", datetime.date(2025, 4, 30))


@pytest.mark.parametrize(("on", "active"), [("2025-04-22", True), ("2025-04-23", False)])
def test_an_overdue_charge_is_no_longer_active(statement, row, on, active):
    (one,) = found(statement, monthly(row, ["12.99"] * 3), on=datetime.date.fromisoformat(on))
    assert one.next_due == datetime.date(2025, 4, 12)
    assert one.active is active


@pytest.mark.parametrize(
    ("merchant", "category"),
    [
        ("Tesco", "food.groceries"),
        ("J Smith", "housing.rent"),
        ("Bajaj Finance", "debt.loan"),
        ("HMRC", "taxes.income"),
        ("Zerodha", "transfer.investment"),
        ("Ziggy Cafe", "food.cafes"),
    ],
)
def test_what_recurs_by_nature_is_no_subscription(statement, row, merchant, category):
    assert found(statement, monthly(row, ["50.00"] * 6, merchant, category)) == ()


def test_three_teas_in_one_month_are_no_subscription(statement, row):
    rows = [row(d, "-10", "Tea Stall", "uncategorised") for d in ("2025-01-03", "2025-01-03", "2025-01-04")]
    assert found(statement, rows) == ()


def test_a_shop_that_happens_to_be_visited_regularly_is_no_subscription(statement, row):
    assert found(statement, monthly(row, ["50.10", "51.20", "49.80", "52.00"], "Myntra", "shopping.general")) == ()
    assert len(found(statement, monthly(row, ["50.10", "51.20", "49.80", "52.00"], "Octopus", "utilities.energy"))) == 1


def test_salary_is_no_charge_and_nobody_cannot_be_subscribed_to(statement, row):
    rows = [row(f"2025-{n:02d}-28", "3000", "Acme", "income.salary") for n in range(1, 7)]
    rows += [row(f"2025-{n:02d}-05", "-10", None, "uncategorised", narration="CARD XXXX") for n in range(1, 7)]
    assert found(statement, rows) == ()


def test_the_dearest_per_year_comes_first_within_a_currency(statement, row):
    rows = [*monthly(row, ["5.00"] * 4), *monthly(row, ["30.00"] * 4, "PureGym", "health.fitness")]
    assert [one.merchant for one in found(statement, rows)] == ["PureGym", "Netflix"]


@pytest.mark.parametrize("rows", [[], [("2025-01-01", "-5", "Netflix")], [("2025-01-01", "0", "Netflix")] * 5])
def test_empty_single_and_zero_statements_give_nothing(statement, row, rows):
    assert found(statement, [row(*values) for values in rows]) == ()


@given(st.integers(1, 28), st.integers(3, 12), st.integers(2, 9), st.randoms())
def test_a_monthly_charge_is_found_in_any_order_at_any_scale(statement, row, day, count, factor, random):
    rows = [{**r, "id": f"t{n}", "line": n} for n, r in enumerate(monthly(row, ["8.00"] * count, day=day))]
    (plain,) = found(statement, rows)
    random.shuffle(rows)
    (scaled,) = found(statement, [{**r, "amount": f"-{8 * factor}"} for r in rows])
    assert (plain.cadence, plain.occurrences) == ("monthly", count)
    assert scaled.yearly.minor == plain.yearly.minor * factor
    assert scaled.next_due == plain.next_due


@pytest.mark.anyio
async def test_the_agent_takes_the_end_of_the_statement_for_today(task, row):
    rows = [*monthly(row, ["12.99"] * 3), row("2025-08-31", "-5", "Other", "food.cafes")]
    answer = await subscription_detector(task(rows))
    assert [one.active for one in answer.subscriptions] == [False]


@pytest.mark.parametrize(
    ("rule", "cadence"),
    [
        ({"freq": "MONTHLY", "bymonthday": -1, "count": 8}, "monthly"),
        ({"freq": "MONTHLY", "bymonthday": 12, "count": 6}, "monthly"),
        ({"freq": "MONTHLY", "interval": 3, "bymonthday": 5, "count": 5}, "quarterly"),
        ({"freq": "WEEKLY", "interval": 2, "count": 9}, "fortnightly"),
        ({"freq": "YEARLY", "count": 3}, "yearly"),
    ],
)
def test_series_of_dateutil_are_found_and_go_on_as_it_says(statement, row, rule, cadence):
    """python-dateutil 2.9.0, rrule: all of the rule but its last day is booked, and that day is the next one due."""
    rrule = pytest.importorskip("dateutil.rrule")
    start = datetime.datetime(2024, 1, 31 if rule.get("bymonthday") == -1 else 5, tzinfo=datetime.UTC)
    freq = getattr(rrule, rule["freq"])
    *days, following = rrule.rrule(freq, dtstart=start, **{name: rule[name] for name in rule if name != "freq"})
    rows = [row(day.date(), "-9.99", "Netflix", "entertainment.streaming") for day in days]
    (one,) = found(statement, rows, on=days[-1].date())
    assert (one.cadence, one.next_due) == (cadence, following.date())
