import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.statements import StatementReading
from genie_finance.domain.narrations import LONGEST_NAME, Rail
from genie_finance.insights.merchants import merchant_master
from genie_finance.insights.normaliser import merchant_and_rail, normalise, normaliser


@pytest.mark.parametrize(
    ("narration", "merchant", "rail"),
    [
        ("UPI/P2M/512345678901/ZOMATO LTD/Paid via/ICICI BANK", "Zomato", "upi"),
        ("UPI/512345678901/DR/PAYMENT/swiggy.stores@axb", "Swiggy", "upi"),
        ("UPI/512345678901/DR//ramesh.kumar@ybl", "Ramesh Kumar", "upi"),
        ("POS 416021XXXXXX1234 GREEN LEAF STORES MUMBAI", "Green Leaf Stores", "card"),
        ("Dankort-nota DSB Kobenhavn  15149", "DSB", "card"),
        ("HOST 037196321563 MO        12/22SLICEHOST", "Slicehost", None),
        ("GITHUB 041287430274 CA           12/22GITHUB 04", "GitHub", None),
        ("PAYPAL           TRANSFER                   PPD ID: PAYPALSDSL", "PayPal", "ach"),
        ("CHECK 2656", None, "check"),
        ("ATM Withdrawal 2", None, "cash"),
        ("NEFT 123456789012", None, "neft"),
    ],
)
def test_merchant_and_rail_of_a_narration(narration, merchant, rail):
    assert merchant_and_rail(narration, merchant_master()) == (merchant, rail)


@pytest.mark.parametrize("pattern", ["VISA PURCHASE {}", "UPI-{}-x@ybl-123456789012", "SEPA Lastschrift {}"])
def test_every_shipped_alias_survives_the_reading_of_a_narration(pattern):
    master = merchant_master()
    lost = {
        alias: merchant_and_rail(pattern.format(alias.upper()), master)[0]
        for alias, merchant in (*master.anywhere.items(), *master.whole.items())
        if merchant_and_rail(pattern.format(alias.upper()), master)[0] != merchant.name
    }
    assert lost == {}


@given(st.text(max_size=300))
def test_a_merchant_is_short_and_no_rail(narration):
    merchant, _ = merchant_and_rail(narration, merchant_master())
    assert merchant is None or 0 < len(merchant) <= LONGEST_NAME
    assert merchant not in {rail.value for rail in Rail}


def test_order_ids_and_amounts_stay(statement, row):
    given_ = statement([row("2025-01-02", "-5", narration="TESCO 1"), row("2025-01-01", "7", narration="CHECK 12")])
    found = normalise(given_, merchant_master())
    assert [(t.id, t.amount, t.date) for t in found.transactions] == [
        (t.id, t.amount, t.date) for t in given_.transactions
    ]
    assert [t.merchant for t in found.transactions] == ["Tesco", None]


def test_a_merchant_that_is_already_named_stays(statement, row):
    found = normalise(statement([row("2025-01-02", "-5", "Corner Shop", narration="TESCO 1")]), merchant_master())
    assert found.transactions[0].merchant == "Corner Shop"


def test_an_empty_statement_stays_empty(statement):
    assert normalise(statement([]), merchant_master()).transactions == ()


@pytest.mark.anyio
async def test_the_agent_normalises_a_reading(statement, row):
    reading = StatementReading(statement=statement([row("2025-01-02", "-5", narration="VISA PURCHASE NETFLIX.COM")]))
    answer = await normaliser(reading)
    assert answer.statement.transactions[0].merchant == "Netflix"
    assert answer.statement.transactions[0].rail == "card"
