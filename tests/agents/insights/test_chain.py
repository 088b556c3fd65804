"""The family's pure functions one after the other, on a year with planted facts."""

import datetime
import random

import pytest

from genie_finance.contracts.insights import InsightTask, ReportRequest
from genie_finance.contracts.money import Money
from genie_finance.domain.months import add_months
from genie_finance.insights.adviser import advise
from genie_finance.insights.analyser import analyse
from genie_finance.insights.anomaly_detector import detect_anomalies
from genie_finance.insights.categoriser import CategoriserSettings, categorise
from genie_finance.insights.forecaster import forecast
from genie_finance.insights.keywords import keyword_table
from genie_finance.insights.merchants import merchant_master
from genie_finance.insights.normaliser import normalise
from genie_finance.insights.reporter import compose
from genie_finance.insights.subscription_detector import detect_subscriptions

FIRST = datetime.date(2024, 7, 1)
SHOPS = (
    ("VISA PURCHASE TESCO STORES 3344 LONDON GB", 2_000, 3_000),
    ("VISA PURCHASE SAINSBURYS 123 LONDON GB", 2_000, 3_000),
    ("CARD PAYMENT TO TFL TRAVEL CH", 280, 560),
    ("CARD PAYMENT TO PRET A MANGER LONDON", 400, 900),
)


def movements():
    """Yield date, narration and pence of twelve months: what recurs, everyday shopping, and what is planted."""
    source = random.Random(7)
    for number in range(12):
        first = add_months(FIRST, number)
        end = add_months(first, 1) - datetime.timedelta(days=1)
        yield first, "Standing order to J SMITH RENT", -120_000
        yield end, "FASTER PAYMENT FROM ACME LTD SALARY", 320_000
        yield first.replace(day=12), "VISA PURCHASE NETFLIX.COM 12345", -1_299 if number < 8 else -1_599
        yield end, "Direct Debit PUREGYM 9987", -2_499
        yield first.replace(day=3), "ONLINE TRANSFER TO SAVINGS ACCOUNT", -30_000
        for day in range(1, 29):
            narration, low, high = SHOPS[day % len(SHOPS)]
            yield first.replace(day=day), narration, -source.randint(low, high)
        for day in (5, 15, 25):
            yield first.replace(day=day), "CARD PAYMENT TO DELIVEROO LONDON", -1_500 if number < 11 else -6_000
    yield datetime.date(2025, 3, 14), "VISA PURCHASE TESCO STORES 3344 LONDON GB", -64_000
    yield datetime.date(2025, 4, 14), "VISA PURCHASE WATCHES OF MAYFAIR LONDON GB", -240_000
    yield datetime.date(2025, 4, 15), "VISA PURCHASE JOHN LEWIS 11", -8_999
    yield datetime.date(2025, 4, 16), "VISA PURCHASE JOHN LEWIS 11", -8_999
    yield datetime.date(2025, 2, 14), "VISA PURCHASE ZALANDO 77", -5_000
    yield datetime.date(2025, 3, 2), "VISA REFUND ZALANDO 77", 5_000


@pytest.fixture(scope="module")
def report(statement, row):
    rows = [row(day, f"{pence / 100:.2f}", narration=text, currency="GBP") for day, text, pence in movements()]
    normalised = normalise(statement(rows), merchant_master())
    book = categorise(
        normalised, settings=CategoriserSettings(), master=merchant_master(), keywords=keyword_table()
    ).statement
    task = InsightTask(question="Where am I overspending?", analysis=analyse(book), statement=book)
    return compose(
        ReportRequest(
            question=task.question,
            analysis=task.analysis,
            forecast=forecast(task),
            anomalies=detect_anomalies(book),
            subscriptions=detect_subscriptions(book, on=task.analysis.period.end),
            advice=advise(task),
            assumptions=(),
            notices=(),
            quarantined=(),
            missing=(),
        )
    )


def test_totals_count_every_movement(report):
    rows = list(movements())
    (total,) = report.totals
    assert total.transactions == len(rows)
    assert total.debits.minor == -sum(pence for _, _, pence in rows if pence < 0)
    assert total.credits.minor == sum(pence for _, _, pence in rows if pence > 0)


def test_the_question_is_answered_with_the_planted_rise(report):
    # Deliveroo: three times 15.00 a month, in June three times 60.00.
    assert "Food delivery (135.00 GBP above 45.00 GBP)" in report.answer
    assert (report.advice[0].category, report.advice[0].confidence) == ("food.delivery", "high")


def test_the_planted_anomalies_are_found_and_nothing_else(report):
    assert [(a.kind, a.merchant) for a in report.anomalies] == [
        ("first_large_payee", "Watches Of Mayfair"),
        ("unusual_amount", "Tesco"),
        ("duplicate", "John Lewis"),
        ("unusual_amount", "Deliveroo"),
        ("unusual_amount", "Deliveroo"),
        ("unusual_amount", "Deliveroo"),
    ]


def test_subscriptions_are_the_two_contracts(report):
    assert [(s.merchant, s.cadence, s.price_change) for s in report.subscriptions] == [
        ("PureGym", "monthly", None),
        ("Netflix", "monthly", Money.of("3.00", "GBP")),
    ]


def test_savings_are_no_spending_and_the_refund_takes_its_purchase_back(report):
    assert all(not spend.category.startswith("transfer") for spend in report.by_category)
    clothing = next(spend for spend in report.by_category if spend.category == "shopping.clothing")
    assert clothing.total.minor == 0
    assert all(month.amount.minor == 0 for month in clothing.months)


def test_the_forecast_covers_the_next_three_months(report):
    (pounds,) = report.forecast
    assert [month.month for month in pounds.months] == ["2025-07", "2025-08", "2025-09"]
    assert all(month.low.minor <= month.expected.minor <= month.high.minor for month in pounds.months)
    # Salary less rent, gym, Netflix at 15.99, three deliveries of 15.00 and some 410 of everyday shopping.
    assert 1_450_00 <= pounds.months[0].expected.minor <= 1_580_00
