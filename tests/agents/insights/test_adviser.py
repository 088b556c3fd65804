import pytest

from genie_finance.contracts.money import Money
from genie_finance.insights.adviser import advise, adviser


def eur(amount):
    return Money.of(amount, "EUR")


def book(row):
    """January to May. Restaurants 100, 100, 110, 90, then 260; groceries 300 +/- 20, then 310; rent 900, then 950."""
    ends = ("01-31", "02-28", "03-31", "04-30", "05-31")
    for number, (end, meals, food, rent) in enumerate(
        zip(ends, (100, 100, 110, 90, 260), (300, 320, 280, 300, 310), (900, 900, 900, 900, 950), strict=True), start=1
    ):
        yield row(f"2025-{number:02d}-01", f"-{rent}", "J Smith", "housing.rent")
        yield row(f"2025-{number:02d}-10", f"-{meals}", "Dishoom", "food.restaurants")
        yield row(f"2025-{number:02d}-11", f"-{food}", "Tesco", "food.groceries")
        yield row(f"2025-{end}", "3000", "Acme", "income.salary")


def test_what_rose_is_named_with_amount_baseline_and_evidence(task, row):
    found = advise(task(book(row), "Where am I overspending?"))
    meals = found.items[0]
    # The months before are 90, 100, 100, 110: median 100.
    assert (meals.category, meals.over_by, meals.baseline) == ("food.restaurants", eur("160"), eur("100"))
    assert meals.confidence == "high"
    for figure in ("260.00 EUR", "100.00 EUR", "160.00 EUR", "160 %", "2025-05", "Dishoom"):
        assert figure in meals.rationale
    assert "Restaurants (160.00 EUR above 100.00 EUR)" in found.answer


def test_a_rise_within_the_usual_is_left_out(task, row):
    assert "food.groceries" not in {item.category for item in advise(task(book(row), "")).items}


def test_nobody_is_told_to_trim_the_rent(task, row):
    rent = next(item for item in advise(task(book(row), "")).items if item.category == "housing.rent")
    assert rent.title == "Rent rose"
    assert "check that the rise is right" in rent.rationale
    assert rent.over_by == eur("50")
    assert advise(task(book(row), "")).items[-1] == rent


def test_a_question_about_a_category_is_answered_about_it(task, row):
    found = advise(task(book(row), "Do I spend too much on groceries?"))
    assert found.answer.startswith("On Groceries 310.00 EUR was spent in 2025-05, 10.00 EUR more than 300.00 EUR")
    assert found.items == ()
    assert {item.category for item in advise(task(book(row), "food?")).items} == {"food.restaurants"}


def test_a_group_is_summed_before_it_is_compared(task, row):
    # Food is 400, 420, 390, 390 before, median 395, and 570 in May.
    assert (
        "On Food 570.00 EUR was spent in 2025-05, 175.00 EUR more than 395.00 EUR"
        in advise(task(book(row), "What about food?")).answer
    )


def test_a_question_about_a_merchant_is_answered_about_it(task, row):
    found = advise(task(book(row), "Is Dishoom getting expensive?"))
    assert "On Dishoom 260.00 EUR was spent in 2025-05, 160.00 EUR more" in found.answer
    assert [item.over_by for item in found.items] == [eur("160")]


def test_compared_with_last_month_means_the_month_before(task, row):
    found = advise(task(book(row), "How are groceries compared with last month?"))
    assert "10.00 EUR more than 300.00 EUR (in 2025-04)" in found.answer
    found = advise(task(book(row), "restaurants compared with last month"))
    # April was 90.
    assert (found.items[0].over_by, found.items[0].baseline) == (eur("170"), eur("90"))


def test_two_months_are_enough_to_compare_with_the_month_before(task, row):
    rows = [values for values in book(row) if values["date"] >= "2025-04"]
    assert advise(task(rows, "restaurants compared to last month")).items[0].over_by == eur("170")
    assert advise(task(rows, "restaurants?")).items == ()


def test_less_than_usual_is_said_as_well(task, row):
    rows = [values for values in book(row) if values["date"] < "2025-05"]
    assert (
        "On Restaurants 90.00 EUR was spent in 2025-04, 10.00 EUR less than 100.00 EUR"
        in advise(task(rows, "restaurants?")).answer
    )


def test_without_a_baseline_there_is_no_advice_and_the_answer_says_why(task, row):
    found = advise(task([values for values in book(row) if values["date"] < "2025-03"], "Where am I overspending?"))
    assert found.items == ()
    assert "needs 3 complete months before 2025-02, and the statement has 1" in found.answer
    days = advise(task([row("2025-01-10", "-5", category="food.cafes")], ""))
    assert (days.items, "no calendar month" in days.answer) == ((), True)


def test_a_cost_that_is_not_monthly_is_said_to_be_none(task, row):
    rows = [*book(row), row("2025-05-12", "-480", "Allianz", "shopping.home")]
    item = next(i for i in advise(task(rows, "")).items if i.category == "shopping.home")
    assert item.confidence == "low"
    assert "monthly cost" in item.rationale


def test_what_was_never_bought_is_said_so(task, row):
    found = advise(task(book(row), "gambling?"))
    assert (found.answer, found.items) == ("The statement has no spending on Gambling.", ())


def test_currencies_are_answered_one_by_one(task, row):
    rows = [*book(row)]
    rows += [
        row(f"2025-{n:02d}-15", "-20" if n < 5 else "-90", "B&N", "shopping.leisure", currency="USD")
        for n in range(1, 6)
    ]
    found = advise(task(rows, ""))
    assert [item.over_by.currency for item in found.items] == ["EUR", "EUR", "USD"]
    assert "70.00 USD above 20.00 USD" in found.answer


def test_a_statement_without_a_rise_says_so(task, row):
    rows = [values for values in book(row) if values["merchant"] in {"Acme", "Tesco"}]
    found = advise(task(rows, "Where am I overspending?"))
    assert found.items == ()
    assert "no category in EUR is notably above its baseline" in found.answer


def test_the_answer_does_not_depend_on_the_order_of_the_file(task, row):
    rows = [{**values, "id": f"t{n}", "line": n + 1} for n, values in enumerate(book(row))]
    assert advise(task(rows, "")) == advise(task(rows[::-1], ""))


@pytest.mark.anyio
async def test_the_agent_advises_on_a_task(task, row):
    assert (await adviser(task(book(row), ""))).items


def test_the_answer_names_the_largest_rise_even_where_it_is_no_monthly_cost(task, row):
    rows = [*book(row), row("2025-05-20", "-2000", "Shakti Interiors", "shopping.home")]
    found = advise(task(rows, "Where am I overspending?"))
    assert (
        "the largest rise is Home and garden (2,000.00 EUR); it is not a monthly cost. Apart from that, "
        in found.answer
    )
    assert "1 category more rose." in found.answer, "rent is left out, and counted"
    assert "shopping.home" in {item.category for item in found.items}


def test_what_the_answer_leaves_out_is_counted(task, row):
    found = advise(task(book(row), "Where am I overspending?"))
    assert "1 category more rose, by less." in found.answer


@pytest.mark.parametrize(
    "question",
    ["Tell me a joke", "How much did I earn?", "What did I spend on food in March?", "Forecast my groceries"],
)
def test_another_question_gets_no_other_answer_and_says_what_can_be_asked(task, row, question):
    found = advise(task(book(row), question))
    assert found.items == ()
    assert "You can ask where spending is above the usual" in found.answer
    assert "EUR" not in found.answer


def test_the_latest_month_may_be_named(task, row):
    assert advise(task(book(row), "food in May")).items


def test_a_single_rise_that_is_no_monthly_cost_is_named_first(task, row):
    """Was: "nothing stands out … the largest rise was …" of a payment of thrice the month's spending."""
    rows = [values for values in book(row) if values["merchant"] in {"Acme", "Tesco"}]
    answer = advise(task([*rows, row("2025-05-20", "-2000", "Shakti Interiors", "shopping.home")], "")).answer
    assert answer.startswith("In 2025-05 the largest rise is Home and garden (2,000.00 EUR); it is not a monthly cost.")


def test_a_largest_rise_is_named_where_a_law_sets_it(task, row):
    """Was: the largest of what can be changed, called the largest rise."""
    rows = [values for values in book(row) if values["merchant"] in {"Acme", "Tesco"}]
    rows.append(row("2025-05-20", "-2000", "Revenue", "taxes.income"))
    rows.append(row("2025-05-21", "-20", "Shakti Interiors", "shopping.home"))
    assert "the largest rise is Income tax (2,000.00 EUR)" in advise(task(rows, "")).answer


@pytest.mark.parametrize(("salary", "told"), [("900", "Income was 900.00 EUR, usually 3,000.00 EUR."), ("2900", "")])
def test_another_income_than_usual_is_told(task, row, salary, told):
    """Was: a month without its salary was said to be as usual."""
    rows = [
        {**values, "amount": salary} if (values["merchant"], values["date"]) == ("Acme", "2025-05-31") else values
        for values in book(row)
    ]
    answer = advise(task(rows, "Where am I overspending?")).answer
    assert ("Income was" in answer) == bool(told)
    assert told in answer


def test_a_month_that_goes_on_is_told_with_its_spending(task, row):
    """Was: a large payment in the last, incomplete month was left out without a word."""
    rows = [*book(row), row("2025-06-03", "-2000", "Shakti Interiors", "shopping.home")]
    answer = advise(task(rows, "Where am I overspending?")).answer
    assert "2025-06 is not complete, so its spending of 2,000.00 EUR is not compared." in answer


def test_less_spending_than_usual_is_told(task, row):
    rows = [values for values in book(row) if values["merchant"] != "J Smith"]
    less = [values for values in rows if not values["date"].startswith("2025-05") or values["merchant"] == "Acme"]
    assert "Spending was 0.00 EUR in all, usually 390.00 EUR." in advise(task(less, "")).answer


def test_a_statement_without_a_currency_is_answered_without_a_code(task, row):
    """Was: amounts in "XXX"."""
    rows = [{**values, "currency": "XXX"} for values in book(row)]
    found = advise(task(rows, "Where am I overspending?"))
    assert "160.00 above 100.00" in found.answer
    assert "XXX" not in found.answer + "".join(item.rationale for item in found.items)
