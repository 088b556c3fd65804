import datetime
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import CategorisedStatement
from genie_finance.domain.categories import Kind, info
from genie_finance.insights.analyser import analyse, analyser


def eur(amount):
    return Money.of(amount, "EUR")


def year(row):
    """January to May; groceries 100, 120, 110, 90 and 200, a salary of 1,000 on the last day of each month."""
    ends = ("01-31", "02-28", "03-31", "04-30", "05-31")
    spent = ("-100", "-120", "-110", "-90", "-200")
    for number, (end, amount) in enumerate(zip(ends, spent, strict=True), start=1):
        yield row(f"2025-{number:02d}-02", amount, "Tesco", "food.groceries")
        yield row(f"2025-{end}", "1000", "Acme", "income.salary")


def test_the_latest_complete_month_is_compared_with_the_median_before(statement, row):
    found = analyse(statement(year(row)))
    assert found.latest_month == "2025-05"
    (groceries,) = found.by_category
    # The months before are 90, 100, 110, 120: their median is 105.
    assert (groceries.latest, groceries.baseline, groceries.change) == (eur("200"), eur("105"), eur("95"))
    assert (groceries.total, groceries.count) == (eur("620"), 5)
    assert [m.amount for m in groceries.months] == [eur(a) for a in ("100", "120", "110", "90", "200")]


def test_months_say_income_expense_and_net(statement, row):
    found = analyse(statement(year(row)))
    may = found.months[-1]
    assert (may.month, may.income, may.expense, may.net) == ("2025-05", eur("1000"), eur("200"), eur("800"))
    assert all(month.complete for month in found.months)


def test_totals_count_everything_as_positive_sums(statement, row):
    rows = [*year(row), row("2025-05-03", "-300", category="transfer.savings"), row("2025-05-04", "0")]
    (total,) = analyse(statement(rows)).totals
    assert (total.transactions, total.debits, total.credits) == (12, eur("920"), eur("5000"))


def test_transfers_do_not_count_as_spending_and_refunds_take_it_back(statement, row):
    rows = [
        *year(row),
        row("2025-05-03", "-300", category="transfer.savings"),
        row("2025-05-05", "-80", "Zalando", "shopping.clothing", id="p", nets_with="r"),
        row("2025-05-20", "80", "Zalando", "shopping.clothing", id="r", nets_with="p"),
    ]
    found = analyse(statement(rows))
    assert found.months[-1].expense == eur("200")
    assert {c.category: c.total for c in found.by_category} == {
        "food.groceries": eur("620"),
        "shopping.clothing": eur("0"),
    }


def test_two_currencies_are_never_added_up(statement, row):
    rows = [
        row("2025-01-01", "-10", category="food.cafes"),
        row("2025-01-31", "-7", category="food.cafes", currency="USD"),
    ]
    found = analyse(statement(rows))
    assert [(t.currency, t.transactions, t.debits.minor) for t in found.totals] == [("EUR", 1, 1000), ("USD", 1, 700)]
    assert [(c.currency, c.total.minor) for c in found.by_category] == [("EUR", 1000), ("USD", 700)]
    assert [(m.currency, m.expense.minor) for m in found.months] == [("EUR", 1000), ("USD", 700)]


def test_partial_months_at_the_edges_are_marked_and_not_compared(statement, row):
    rows = [*year(row), row("2025-06-10", "-999", "Tesco", "food.groceries")]
    found = analyse(statement(rows))
    assert [(m.month, m.complete) for m in found.months][-2:] == [("2025-05", True), ("2025-06", False)]
    assert found.latest_month == "2025-05"


def test_without_three_months_before_there_is_no_baseline_and_a_notice(statement, row):
    found = analyse(statement([r for r in year(row) if r["date"] < "2025-04"]))
    assert found.latest_month == "2025-03"
    assert [(c.latest, c.baseline, c.change) for c in found.by_category] == [(eur("110"), None, None)]
    assert any("a baseline needs 3 complete months before 2025-03, and the statement has 2" in n for n in found.notices)


def test_a_statement_of_some_days_has_no_complete_month(statement, row):
    found = analyse(statement([row("2025-01-10", "-5", category="food.cafes")]))
    assert found.latest_month is None
    assert found.period.start == found.period.end == datetime.date(2025, 1, 10)
    assert found.by_category[0].latest == eur("0")
    assert found.by_category[0].baseline is None


def test_a_month_without_any_booking_is_a_gap_that_nothing_is_compared_with(statement, row):
    rows = [values for values in year(row) if not values["date"].startswith("2025-03")]
    found = analyse(statement(rows))
    assert [m.month for m in found.months if not m.complete] == ["2025-03"]
    # The months before are then 90, 100, 120.
    assert found.by_category[0].baseline == eur("100")
    assert any("without any booking: 1;" in notice for notice in found.notices)


def test_three_bookings_in_three_years_are_no_history(statement, row):
    found = analyse(
        statement([row(day, "-5", category="food.cafes") for day in ("2009-11-17", "2012-11-12", "2012-11-15")])
    )
    assert found.latest_month is None


def test_months_without_spending_count_in_the_median(statement, row):
    rows = [*year(row), row("2025-05-09", "-60", "Cinema", "entertainment.events")]
    events = next(c for c in analyse(statement(rows)).by_category if c.category == "entertainment.events")
    assert (events.latest, events.baseline, events.change) == (eur("60"), eur("0"), eur("60"))


def test_uncategorised_transactions_are_announced(statement, row):
    found = analyse(statement([row("2025-01-10", "-5"), row("2025-01-11", "-5", category="food.cafes")]))
    assert any(notice.startswith("1 of 2 transactions have no sure category") for notice in found.notices)


def test_an_empty_statement_is_refused(statement):
    with pytest.raises(InputError) as caught:
        analyse(statement([]))
    assert caught.value.subject == "statement"


CATEGORIES = ["food.groceries", "food.cafes", "income.salary", "transfer.savings", "uncategorised", "housing.rent"]
drawn_rows = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.dates(datetime.date(2024, 11, 1), datetime.date(2025, 7, 31)),
            "amount": st.integers(-10_000, 10_000).map(lambda minor: f"{minor * 2 / 100:.2f}"),
            "category": st.sampled_from(CATEGORIES),
            "currency": st.sampled_from(["EUR", "USD"]),
            "merchant": st.just("x"),
        }
    ),
    min_size=1,
    max_size=40,
)


@given(drawn_rows)
def test_categories_income_and_transfers_add_up_to_the_totals(statement, drawn):
    book = statement(drawn)
    found = analyse(book)
    moved = Counter()
    for transaction in book.transactions:
        if info(transaction.category).kind is Kind.TRANSFER:
            moved[transaction.amount.currency] += transaction.amount.minor
    for total in found.totals:
        months = [m for m in found.months if m.currency == total.currency]
        spent = sum(c.total.minor for c in found.by_category if c.currency == total.currency)
        assert sum(m.expense.minor for m in months) == spent
        assert sum(m.net.minor for m in months) + moved[total.currency] == total.credits.minor - total.debits.minor
    assert sum(t.transactions for t in found.totals) == len(drawn)
    for category in found.by_category:
        assert sum(m.amount.minor for m in category.months) == category.total.minor


@given(drawn_rows, st.randoms())
def test_the_order_of_the_file_does_not_matter(statement, drawn, random):
    numbered = [{**values, "id": f"t{at}", "line": at + 1} for at, values in enumerate(drawn)]
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert analyse(statement(shuffled)) == analyse(statement(numbered))


@given(drawn_rows, st.integers(2, 9))
def test_amounts_times_a_factor_give_results_times_that_factor(statement, drawn, factor):
    larger = [{**values, "amount": f"{float(values['amount']) * factor:.2f}"} for values in drawn]
    before, after = analyse(statement(drawn)), analyse(statement(larger))
    scaled = {(c.currency, c.category): c for c in after.by_category}
    for category in before.by_category:
        twin = scaled[category.currency, category.category]
        assert twin.total.minor == category.total.minor * factor
        assert (twin.baseline and twin.baseline.minor) == (category.baseline and category.baseline.minor * factor)
    assert [m.net.minor for m in after.months] == [m.net.minor * factor for m in before.months]


@pytest.mark.anyio
async def test_the_agent_analyses_a_categorised_statement(statement, row):
    answer = await analyser(CategorisedStatement(statement=statement(year(row))))
    assert answer.latest_month == "2025-05"
