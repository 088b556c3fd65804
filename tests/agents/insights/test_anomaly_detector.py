import datetime
import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.money import Money
from genie_finance.insights.anomaly_detector import anomaly_detector, detect_anomalies


def found(statement, rows):
    return [(a.kind, a.merchant, a.amount.minor) for a in detect_anomalies(statement(rows)).anomalies]


def weekly(row, amounts, merchant="Tesco", category="food.groceries", start=datetime.date(2025, 1, 4), **more):
    return [row(start + datetime.timedelta(days=7 * n), a, merchant, category, **more) for n, a in enumerate(amounts)]


USUAL = ["-50", "-55", "-48", "-52", "-60", "-45", "-51"]


def test_an_amount_far_above_the_merchants_own_is_unusual(statement, row):
    (anomaly,) = detect_anomalies(statement(weekly(row, [*USUAL, "-400"]))).anomalies
    assert (anomaly.kind, anomaly.amount) == ("unusual_amount", Money.of("400", "EUR"))
    # The median of the eight logs lies between ln 51 and ln 52; their MAD is below the floor of 0.2:
    # (ln 400 - ln sqrt(51 * 52)) / (1.4826 * 0.2) = 6.91.
    assert anomaly.score == 6.91
    assert "400.00 EUR" in anomaly.reason


def test_one_wild_amount_does_not_hide_another(statement, row):
    assert len(found(statement, weekly(row, [*USUAL, "-400", "-500"]))) == 2


def test_a_clean_regular_series_gives_nothing(statement, row):
    rows = [row(f"2025-{n:02d}-01", "-1200", "J Smith", "housing.rent") for n in range(1, 13)]
    rows += [
        row(f"2025-{n:02d}-12", "-12.99" if n < 8 else "-15.99", "Netflix", "entertainment.streaming")
        for n in range(1, 13)
    ]
    rows += weekly(row, USUAL * 4)
    assert found(statement, rows) == []


def test_a_series_that_never_changed_may_rise_a_little(statement, row):
    assert found(statement, weekly(row, ["-50"] * 9 + ["-60"])) == []
    assert found(statement, weekly(row, ["-50"] * 9 + ["-150"])) == [("unusual_amount", "Tesco", 15000)]


def test_a_bill_need_not_rise_as_much_as_a_purchase(statement, row):
    bills = weekly(row, ["-50"] * 9 + ["-100"], "Octopus Energy", "utilities.energy")
    assert found(statement, bills) == [("unusual_amount", "Octopus Energy", 10000)]
    assert found(statement, weekly(row, ["-50"] * 9 + ["-100"])) == []


def test_too_little_history_says_nothing(statement, row):
    assert found(statement, weekly(row, ["-50", "-51", "-49", "-900"])) == []


def test_a_shop_without_history_is_compared_with_its_category(statement, row):
    shops = [f"Shop {n}" for n in range(12)]
    rows = [row(f"2025-01-{n + 1:02d}", f"-{50 + n}", shop, "shopping.home") for n, shop in enumerate(shops)]
    rows.append(row("2025-01-20", "-700", "Shop 99", "shopping.home"))
    assert found(statement, rows) == [("unusual_amount", "Shop 99", 70000)]


def test_money_in_transfers_and_taken_back_purchases_are_not_looked_at(statement, row):
    rows = weekly(row, USUAL)
    rows += [row("2025-03-20", "9000", "Tesco", "food.groceries"), row("2025-03-21", "-9000", "Tesco", "transfer.own")]
    rows += [row("2025-03-22", "-9000", "Tesco", "food.groceries", nets_with="t00001")]
    assert detect_anomalies(statement(rows)).examined == len(USUAL)
    assert found(statement, rows) == []


@pytest.mark.parametrize(("days", "flagged"), [(0, True), (1, True), (3, True), (4, False)])
def test_the_same_payment_again_within_three_days_is_a_duplicate(statement, row, days, flagged):
    rows = [*weekly(row, USUAL), row("2025-04-01", "-89.99", "John Lewis", "shopping.general")]
    rows.append({**rows[-1], "date": datetime.date(2025, 4, 1 + days)})
    assert found(statement, rows) == ([("duplicate", "John Lewis", 8999)] if flagged else [])


def test_a_subscription_charged_twice_is_a_duplicate(statement, row):
    rows = [row(f"2025-{n:02d}-12", "-12.99", "Netflix", "entertainment.streaming") for n in range(1, 8)]
    rows.append(row("2025-06-13", "-12.99", "Netflix", "entertainment.streaming"))
    (anomaly,) = detect_anomalies(statement(rows)).anomalies
    assert (anomaly.kind, anomaly.date) == ("duplicate", datetime.date(2025, 6, 13))


def test_a_daily_ticket_and_a_weekly_habit_are_no_duplicates(statement, row):
    tickets = [
        row(datetime.date(2025, 1, 6) + datetime.timedelta(days=n), "-3.20", "DSB", "transport.public")
        for n in range(30)
    ]
    assert found(statement, tickets) == []
    assert found(statement, weekly(row, ["-50"] * 10)) == []


def test_three_charges_of_one_day_are_two_duplicates(statement, row):
    rows = [row("2025-04-01", "-89.99", "John Lewis", "shopping.general")] * 3
    assert found(statement, rows) == [("duplicate", "John Lewis", 8999)] * 2


def test_two_coffees_on_one_day_are_not_worth_a_look(statement, row):
    rows = [*weekly(row, USUAL), *[row("2025-04-01", "-3.50", "Ziggy Cafe", "food.cafes")] * 2]
    assert found(statement, rows) == []


def test_a_large_first_payment_to_somebody_new_is_worth_a_look(statement, row):
    rows = [*weekly(row, USUAL * 4), row("2025-09-01", "-2400", "Watches Of Mayfair", "uncategorised")]
    (anomaly,) = detect_anomalies(statement(rows)).anomalies
    # The median of the 28 payments before is 51.00.
    assert (anomaly.kind, anomaly.score) == ("first_large_payee", 47.06)


def test_nobody_is_new_in_the_first_weeks_nor_when_more_payments_follow(statement, row):
    early = [*weekly(row, USUAL * 3), row("2025-01-20", "-2400", "Watches", "uncategorised")]
    assert found(statement, early) == []
    rent = [row(f"2025-{n:02d}-01", "-1500", "New Landlord", "housing.rent") for n in (8, 9, 10)]
    assert found(statement, [*weekly(row, USUAL * 4), *rent]) == []


def test_currencies_are_not_compared_with_each_other(statement, row):
    rows = [*weekly(row, USUAL), row("2025-03-20", "-9000", "Tesco", "food.groceries", currency="JPY")]
    assert found(statement, rows) == []


def test_an_unnamed_payment_is_shown_by_its_rail(statement, row):
    rows = [row(f"2025-01-{n:02d}", f"-{50 + n}", None, "cash.withdrawal", rail="cash") for n in range(1, 12)]
    rows.append(row("2025-01-20", "-900", None, "cash.withdrawal", rail="cash"))
    assert found(statement, rows) == [("unusual_amount", "unnamed (cash)", 90000)]


@pytest.mark.parametrize("rows", [[], [("2025-01-01", "-5")], [("2025-01-01", "0")] * 20])
def test_empty_single_and_zero_statements_give_nothing(statement, row, rows):
    assert found(statement, [row(*values) for values in rows]) == []


drawn_rows = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 12, 31)),
            "minor": st.one_of(st.integers(1000, 2000), st.sampled_from([50_000, 1500])),
            "merchant": st.sampled_from(["Tesco", "DSB", "Netflix", "Once"]),
            "category": st.sampled_from(["food.groceries", "transport.public"]),
        }
    ),
    max_size=40,
)


@given(drawn_rows, st.integers(2, 50), st.randoms())
def test_neither_scale_nor_order_changes_what_is_found(statement, drawn, factor, random):
    def rows(scale):
        for at, values in enumerate(drawn):
            rest = {key: value for key, value in values.items() if key != "minor"}
            yield {
                **rest,
                "id": f"t{at:03d}",
                "line": at + 1,
                "amount": f"-{values['minor'] * scale}",
                "currency": "JPY",
            }

    def seen(of):
        return {(a.transaction_id, a.kind) for a in detect_anomalies(statement(of)).anomalies}

    shuffled = list(rows(1))
    random.shuffle(shuffled)
    assert detect_anomalies(statement(shuffled)) == detect_anomalies(statement(rows(1)))
    # The median of an even count is rounded to a whole unit, which a factor moves; doubled amounts never need it.
    assert seen(rows(2 * factor)) == seen(rows(2))


@pytest.mark.anyio
async def test_the_agent_examines_a_task(task, row):
    answer = await anomaly_detector(task(weekly(row, [*USUAL, "-400"])))
    assert len(answer.anomalies) == 1


@pytest.mark.parametrize("last", ["-400", "-150"])
def test_a_score_is_scipys_median_absolute_deviation_of_the_logarithms(statement, row, last):
    """scipy 1.17.1, stats.median_abs_deviation(scale="normal"), of payments that vary by more than the floor."""
    stats = pytest.importorskip("scipy.stats")
    amounts = ["-20", "-35", "-60", "-28", "-45", "-75", "-24", "-52", last]
    logs = [math.log(-float(one) * 100) for one in amounts]
    score = (logs[-1] - statistics.median(logs)) / float(stats.median_abs_deviation(logs, scale="normal"))
    scores = [one.score for one in detect_anomalies(statement(weekly(row, amounts))).anomalies]
    assert scores == ([round(score, 2)] if score > 3.5 else [])
