import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.insights import pairs


def transfers(statement, *rows):
    return dict(pairs.transfers(statement(rows).transactions))


def refunds(statement, *rows):
    return dict(pairs.refunds(statement(rows).transactions, skip={}))


def test_two_legs_in_two_accounts_are_a_transfer(statement, row):
    out = row("2025-01-02", "-500", category="uncategorised", account="A", rail="transfer")
    back = row("2025-01-04", "500", category="uncategorised", account="B")
    assert transfers(statement, out, back) == {0: 1, 1: 0}
    assert transfers(statement, back, out) == {0: 1, 1: 0}


@pytest.mark.parametrize(
    "change",
    [
        {"account": "A"},
        {"amount": "499.99"},
        {"date": "2025-01-06"},
        {"currency": "USD"},
        {"category": "income.salary"},
    ],
)
def test_legs_that_differ_are_none(statement, row, change):
    out = row("2025-01-02", "-500", category="uncategorised", account="A", rail="transfer")
    back = {**row("2025-01-04", "500", category="uncategorised", account="B"), **change}
    assert transfers(statement, out, back) == {}


def test_rent_and_an_equal_receipt_are_no_transfer(statement, row):
    rent = row("2025-01-02", "-500", "Landlord", "housing.rent", account="A", rail="transfer")
    receipt = row("2025-01-02", "500", category="uncategorised", account="B", rail="transfer")
    assert transfers(statement, rent, receipt) == {}


def test_each_leg_is_used_once(statement, row):
    out = row("2025-01-02", "-500", category="transfer.own", account="A")
    back = row("2025-01-02", "500", category="uncategorised", account="B")
    assert len(transfers(statement, out, back, back)) == 2


def test_a_refund_takes_back_its_purchase(statement, row):
    bought = row("2025-01-02", "-40", "Zalando", "shopping.clothing")
    other = row("2025-01-03", "-25", "Zalando", "shopping.clothing")
    back = row("2025-01-20", "40", "Zalando", "uncategorised")
    assert refunds(statement, bought, other, back) == {2: 0}


def test_a_part_refund_must_say_so(statement, row):
    bought = row("2025-01-02", "-40", "Zalando", "shopping.clothing")
    silent = row("2025-01-20", "15", "Zalando", "uncategorised")
    said = {**silent, "narration": "ZALANDO REFUND"}
    by_card = {**silent, "rail": "card"}
    assert refunds(statement, bought, silent) == {}
    assert refunds(statement, bought, said) == {1: 0}
    assert refunds(statement, bought, by_card) == {1: 0}


@pytest.mark.parametrize(
    "change",
    [{"date": "2024-12-31"}, {"date": "2025-04-03"}, {"merchant": "ASOS"}, {"currency": "USD"}, {"account": "B"}],
)
def test_a_refund_follows_within_three_months_from_the_same_shop(statement, row, change):
    bought = row("2025-01-02", "-40", "Zalando", "shopping.clothing")
    back = {**row("2025-01-20", "40", "Zalando", "uncategorised"), **change}
    assert refunds(statement, bought, back) == {}


def test_a_friend_who_pays_back_is_no_shop(statement, row):
    lent = row("2025-01-02", "-40", "Ramesh Kumar", "uncategorised", narration="UPI/1/RAMESH")
    back = row("2025-01-05", "40", "Ramesh Kumar", "uncategorised", narration="UPI/2/RAMESH")
    assert refunds(statement, lent, back) == {}


def test_a_check_that_bounces_is_told_by_its_narration(statement, row):
    # Real export: the same check number out and in on one day, the newer line first.
    back = row("2008-03-26", "88.55", category="uncategorised", narration="Check - 0000000251")
    out = row("2008-03-26", "-88.55", category="uncategorised", narration="Check - 0000000251")
    assert refunds(statement, back, out) == {0: 1}


def test_two_refunds_take_back_two_purchases(statement, row):
    bought = row("2025-01-02", "-40", "Zalando", "shopping.clothing")
    back = row("2025-01-20", "40", "Zalando", "uncategorised")
    assert refunds(statement, bought, back, back) == {1: 0}
    assert len(set(refunds(statement, bought, bought, back, back).values())) == 2


rows = st.lists(
    st.fixed_dictionaries(
        {
            "date": st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 1, 20)),
            "amount": st.sampled_from(["-40", "40", "-15", "15", "0"]),
            "merchant": st.sampled_from(["Zalando", "ASOS", None]),
            "category": st.sampled_from(["shopping.clothing", "uncategorised", "transfer.own", "income.salary"]),
            "account": st.sampled_from(["A", "B"]),
            "rail": st.sampled_from([None, "card", "transfer"]),
        }
    ),
    max_size=12,
)


@given(rows)
def test_legs_are_mutual_and_cancel(statement, drawn):
    book = statement(drawn).transactions
    legs = pairs.transfers(book)
    for at, other in legs.items():
        assert legs[other] == at
        assert book[at].amount.minor == -book[other].amount.minor
        assert book[at].account != book[other].account


@given(rows)
def test_a_purchase_is_taken_back_once_and_never_more_than_it_cost(statement, drawn):
    book = statement(drawn).transactions
    found = pairs.refunds(book, skip=pairs.transfers(book))
    assert len(set(found.values())) == len(found)
    for at, purchase in found.items():
        assert 0 < book[at].amount.minor <= -book[purchase].amount.minor
        assert book[purchase].date <= book[at].date


@pytest.mark.parametrize(
    ("out", "back", "pair"),
    [
        ("NEFT DR-HDFC0000001-RAVI TRADERS", "NEFT CR-ICIC0000002-ACME LTD", False),
        ("IMPS SUNIL SHARMA", "IMPS AJAY VERMA", False),
        ("IMPS RAJESH KUMAR", "IMPS R KUMAR", True),
        ("TRANSFER TO ICICI BANK", "TRANSFER FROM HDFC BANK", True),  # banks are no parties
        ("FT-SAVINGS", "FT-CURRENT", True),
    ],
)
def test_equal_amounts_of_two_parties_are_no_transfer(statement, row, out, back, pair):
    leg = {"category": "uncategorised", "rail": "transfer"}
    gone = row("2025-01-02", "-500", narration=out, account="A", **leg)
    came = row("2025-01-03", "500", narration=back, account="B", **leg)
    assert bool(transfers(statement, gone, came)) == pair
