from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from genie_finance.contracts.statements import NormalisedStatement
from genie_finance.domain.categories import taxonomy
from genie_finance.insights.categoriser import CategoriserSettings, Override, categorise, categoriser
from genie_finance.insights.keywords import keyword_table
from genie_finance.insights.merchants import merchant_master
from genie_finance.insights.normaliser import normalise


def run(statement, rows, **settings):
    normalised = normalise(statement(rows), merchant_master())
    return categorise(
        normalised,
        settings=CategoriserSettings.model_validate(settings),
        master=merchant_master(),
        keywords=keyword_table(),
    )


def one(statement, row, amount, narration, **settings):
    return run(statement, [row("2025-01-02", amount, narration=narration)], **settings).statement.transactions[0]


@pytest.mark.parametrize(
    ("amount", "narration", "category"),
    [
        ("-10", "VISA PURCHASE TESCO STORES 3456 LONDON GB", "food.groceries"),
        ("-10", "Dankort-nota Ziggy Cafe     19471", "food.cafes"),
        ("-10", "ATM Withdrawal 2 ATM Withdrawal 4", "cash.withdrawal"),
        ("-2", "ATM fee abroad", "fees.bank"),
        ("-10", "Treatment at City Clinic", "health.medical"),
        ("-10", "IMPS/P2A/512312345678/RAHUL VERMA/HDFC", "people.payments"),
        ("-10", "IMPS/P2A/512312345678/RAHUL VERMA/HDFC/RENT", "housing.rent"),
        ("-10", "TRANSFER TO SAVINGS ACCOUNT XXXX1234", "transfer.savings"),
        ("10", "TRANSFER FROM SAVINGS ACCOUNT XXXX1234", "transfer.savings"),
        ("10", "SALARY ACME LTD JUNE 2025", "income.salary"),
        ("-10", "SALARY ACME LTD JUNE 2025", "uncategorised"),
        ("10", "RENT RECEIVED J SMITH", "income.rental"),
        ("10", "Depósito COMPE - 033 0502    27588602104 XXXXXXXXXXXXXX", "income.deposit"),
        ("10", "Refund from Zalando SE", "shopping.clothing"),
        ("497.90", "Dankort-nota H&M Hennes & M 10681", "shopping.clothing"),
        ("10", "Faster payment from ZALANDO", "uncategorised"),
        ("-10", "CHECK 2656", "uncategorised"),
        ("-10", "Compra com Cartão - 01/11 09:45 XXXXXXXXXXX", "uncategorised"),
        ("-10", "POLIZZE 1/01/0101012 Rentenv010101010102 VERSICHERUNG NAMEDERV AG", "insurance.other"),
        ("-10", "PAYPAL TRANSFER", "uncategorised"),
        ("-10", "[phone] [pii.phone] [masked]", "uncategorised"),
        ("0", "CARD CHECK", "uncategorised"),
    ],
)
def test_the_category_follows_words_rail_and_sign(statement, row, amount, narration, category):
    assert one(statement, row, amount, narration).category == category


def test_what_is_not_sure_is_said_to_be_uncategorised_and_counted(statement, row):
    found = run(statement, [row("2025-01-02", "-10", narration="Premium"), row("2025-01-02", "-10", narration="TESCO")])
    assert found.uncategorised == 1
    assert found.statement.transactions[0].category == "uncategorised"
    assert found.statement.transactions[0].confidence == 0.5


def test_the_threshold_is_the_pipelines(statement, row):
    assert one(statement, row, "-10", "Premium", threshold=0.5).category == "insurance.other"
    assert one(statement, row, "-10", "Supermarket", threshold=0.9).category == "uncategorised"


def test_an_override_decides_before_everything_else(statement, row):
    rules = [{"match": "tesco", "category": "food.cafes"}]
    found = one(statement, row, "-10", "VISA PURCHASE TESCO STORES 3456", overrides=rules)
    assert (found.category, found.confidence) == ("food.cafes", 1.0)


def test_an_override_matches_whole_words_of_narration_or_merchant(statement, row):
    rules = [{"match": "wal mart", "category": "shopping.home"}, {"match": "atm", "category": "fees.bank"}]
    assert one(statement, row, "-10", "POS DEBIT WAL-MART #2345", overrides=rules).category == "shopping.home"
    assert one(statement, row, "-10", "Treatment at City Clinic", overrides=rules).category == "health.medical"


def test_an_override_may_hold_for_one_direction(statement, row):
    rules = [{"match": "acme", "category": "income.business", "direction": "in"}]
    assert one(statement, row, "10", "ACME 77", overrides=rules).category == "income.business"
    assert one(statement, row, "-10", "ACME 77", overrides=rules).category == "uncategorised"


def test_the_first_override_that_matches_decides(statement, row):
    rules = [{"match": "acme", "category": "giving.gifts"}, {"match": "acme", "category": "fees.bank"}]
    assert one(statement, row, "-10", "ACME", overrides=rules).category == "giving.gifts"


@pytest.mark.parametrize(("match", "category"), [("x", "food.cafes"), ("--", "food.cafes"), ("tesco", "food.caffs")])
def test_a_bad_override_is_refused(match, category):
    with pytest.raises(ValidationError):
        Override.model_validate({"match": match, "category": category})


def test_the_legs_of_a_transfer_name_each_other(statement, row):
    out = row("2025-01-02", "-500", narration="Online transfer to 1234", account="A")
    back = row("2025-01-03", "500", narration="Credit", account="B")
    found = run(statement, [out, back]).statement.transactions
    assert [t.category for t in found] == ["transfer.own", "transfer.own"]
    assert [t.nets_with for t in found] == ["t00002", "t00001"]


def test_a_matched_card_bill_is_a_transfer_and_an_unmatched_one_is_spending(statement, row):
    bill = row("2025-01-02", "-500", narration="Online transfer credit card bill", account="A")
    paid = row("2025-01-03", "500", narration="Payment received", account="card")
    assert run(statement, [bill]).statement.transactions[0].category == "debt.card_bill"
    assert [t.category for t in run(statement, [bill, paid]).statement.transactions] == ["transfer.own"] * 2


def test_one_leg_that_says_savings_makes_both_savings(statement, row):
    out = row("2025-01-02", "-500", narration="Online transfer to savings", account="A")
    back = row("2025-01-02", "500", narration="Online transfer from 1234", account="B")
    assert [t.category for t in run(statement, [out, back]).statement.transactions] == ["transfer.savings"] * 2


def test_a_refund_and_its_purchase_name_each_other(statement, row):
    bought = row("2025-01-02", "-40", narration="VISA PURCHASE ZALANDO 1")
    back = row("2025-01-20", "40", narration="ZALANDO SE")
    found = run(statement, [bought, back]).statement.transactions
    assert [t.category for t in found] == ["shopping.clothing", "shopping.clothing"]
    assert [t.nets_with for t in found] == ["t00002", "t00001"]


def test_a_user_decides_even_over_a_matched_pair(statement, row):
    out = row("2025-01-02", "-500", narration="Online transfer to 1234", account="A")
    back = row("2025-01-03", "500", narration="Credit", account="B")
    rules = [{"match": "to 1234", "category": "transfer.investment"}]
    found = run(statement, [out, back], overrides=rules).statement.transactions
    assert [t.category for t in found] == ["transfer.investment", "transfer.investment"]


def test_only_categories_of_the_taxonomy_come_out_and_the_order_stays(statement, row):
    texts = ["TESCO", "x", "ATM 1", "SALARY", "UPI/1/A/B", "", "Zahnarzt", "hotel restaurant"]
    rows = [row("2025-01-02", amount, narration=text) for text in texts for amount in ("-3", "3", "0")]
    found = run(statement, rows)
    assert [t.id for t in found.statement.transactions] == [f"t{n:05d}" for n in range(1, len(rows) + 1)]
    assert all(t.category in taxonomy() and 0 <= t.confidence <= 1 for t in found.statement.transactions)


def test_an_empty_statement_has_nothing_uncategorised(statement):
    assert run(statement, []).uncategorised == 0


@pytest.mark.anyio
async def test_the_agent_uses_the_settings_of_the_pipeline(statement, row):
    rules = CategoriserSettings(overrides=(Override(match="tesco", category="giving.gifts"),))
    asked = NormalisedStatement(statement=statement([row("2025-01-02", "-10", "Tesco")]))
    answer = await categoriser(asked, SimpleNamespace(settings=rules))
    assert answer.statement.transactions[0].category == "giving.gifts"
