"""What came in and nobody earned: by its words, by its category, in whatever order and form it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain.proceeds import takes_back_pay, unearned


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NEFT CR PERSONAL LOAN DISBURSEMENT HDFC", "loan"),
        ("DISBURSAL 8812345 LENDINGKART", "loan"),
        ("NEFT CR-UTIB0000001-TATA CAPITAL LTD", "loan"),
        ("RTGS BAJAJ FINANCE LTD", "loan"),
        ("UNSECURED LOAN FROM DIRECTOR", "loan"),
        ("SALARY ADVANCE LOAN DISBURSED", "loan"),
        ("TERM LN DISB 0123", "loan"),
        ("SALARY ADVANCE FROM EARLYSALARY", "loan"),
        ("BORROWED FROM RAMESH", "loan"),
        ("CREDIT CARD TO BANK TRANSFER CR", "loan"),
        ("KREDITAUSZAHLUNG 4711", "loan"),
        ("KCC WITHDRAWAL CR", "overdraft"),
        ("SWEEP CREDIT FROM MOD", "deposit_closure"),
        ("INTER ACCOUNT TRANSFER", "own_transfer"),
        ("OD DRAWDOWN", "overdraft"),
        ("TRF FROM CC A/C 0012", "overdraft"),
        ("CASH CREDIT LIMIT UTILISED", "overdraft"),
        ("CASH DEPOSIT BY SELF", "cash_deposit"),
        ("BY CASH - ANDHERI", "cash_deposit"),
        ("CDM DEPOSIT 0044", "cash_deposit"),
        ("FD CLOSURE PROCEEDS 0123", "deposit_closure"),
        ("FIXED DEPOSIT MATURITY WITH INTEREST", "deposit_closure"),
        ("RD CLOSE 0123", "deposit_closure"),
        ("EPF WITHDRAWAL", "deposit_closure"),
        ("MF REDEMPTION AXIS BLUECHIP", "deposit_closure"),
        ("CAPITAL INTRODUCED BY PARTNER", "capital"),
        ("SHARE APPLICATION MONEY", "capital"),
        ("FUNDS FROM PROMOTER", "capital"),
        ("INVESTMENT BY FOUNDER", "capital"),
        ("IMPS SELF TRANSFER", "own_transfer"),
        ("TRF FROM OWN A/C", "own_transfer"),
        ("AMAZON REFUND 8812", "refund"),
        ("SALE OF CAR MARUTI SWIFT", "asset_sale"),
        ("FLAT SALE CONSIDERATION RTGS", "asset_sale"),
        ("DREAM11 WINNINGS", "gambling"),
        ("KERALA STATE LOTTERIES PRIZE MONEY", "gambling"),
        ("WEDDING GIFT SHAGUN", "gift"),
        ("ESTATE OF LATE K RAO", "gift"),
        ("STAR HEALTH CLAIM SETTLEMENT", "insurance"),
        ("LIC SURVIVAL BENEFIT", "insurance"),
        ("HMRC TAX REPAYMENT", "refund"),
        ("POS DISPUTE SETTLED", "refund"),
        ("SALARY REVERSAL FEB", "refund"),
        ("SALARY ADVANCE ACME", "loan"),
        ("INTERIM DIVIDEND ITC", "investment"),
        ("ZERODHA BROKING PAYOUT", "investment"),
        ("SALE OF SHARES INFY", "investment"),
        ("LAND ACQUISITION COMPENSATION", "grant"),
        ("FROM SAVINGS XX1234", "own_transfer"),
        ("WALLET WITHDRAWAL", "own_transfer"),
        ("SALARY FROM DREAM TRAVELS", None),
        ("GIFT SHOP SALES SETTLEMENT", None),
        ("CLAIMS CONSULTANTS INVOICE 9", None),
        ("INSURANCE COMMISSION STAR HEALTH", None),
        ("CAR RENTAL INCOME", None),
        ("SALARY ACME", None),
        ("CAPITAL FOODS LTD", None),
        ("PARTNER PAYMENT ZOMATO", None),
        ("SALARY BAJAJ FINANCE LTD", None),  # an employee of a lender
        ("FD INTEREST CREDIT", None),
        ("SALE PROCEEDS EXPORT 11", None),
        ("METRO CASH AND CARRY", None),
        ("CASH BACK", None),
        ("UPI CR RAVI MG RD", None),
        ("REWARD POINTS REDEMPTION", None),
        ("SELF HELP GROUP SUPPLIES", None),
        ("WORKINGCAPITALIST STORES", None),  # whole words
    ],
)
def test_words_tell_what_is_not_earned(text: str, kind: str | None) -> None:
    assert unearned(text) == kind
    assert unearned(text.lower().replace(" ", "/")) == kind


@pytest.mark.parametrize(
    ("category", "text", "kind"),
    [
        ("transfer.own", "NEFT 0231", "own_transfer"),
        ("transfer.savings", "NEFT 0231", "own_transfer"),
        ("income.deposit", "ANDHERI", "cash_deposit"),
        ("income.deposit", "CHEQUE DEPOSIT 0231", None),
        ("shopping.general", "CROMA", "refund"),
        ("debt.loan", "HDFC", "refund"),
        ("income.salary", "ACME", None),
        ("income.salary", "LOAN DISBURSEMENT", "loan"),  # a guessed category makes no income of a loan
        ("no.such", "ACME", None),
    ],
)
def test_a_category_tells_what_the_words_leave_open(category: str, text: str, kind: str | None) -> None:
    assert unearned(text, category) == kind


@given(
    st.sampled_from(
        ["LOAN DISBURSEMENT", "OVERDRAFT", "CASH DEPOSIT", "FD CLOSURE", "CAPITAL INFUSION", "SALARY REVERSED"]
    ),
    st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/- ", max_size=40),
    st.booleans(),
)
def test_nothing_that_is_added_makes_an_income_of_it(told: str, more: str, before: bool) -> None:
    text = f"{more} / {told}" if before else f"{told} / {more}"
    assert unearned(text) is not None
    assert unearned(text, "income.other") is not None


@given(
    st.sampled_from(
        ["SALE OF CAR", "LOTTERY WINNINGS", "WEDDING GIFT", "DEATH CLAIM", "TAX REFUND", "DISPUTE CREDIT", "DIVIDEND",
         "SALE OF SHARES", "SUBSIDY", "FROM SAVINGS", "USED CAR SOLD", "CASINO CASHOUT"]
    ),
    st.text(alphabet="QXZ0123456789/-. ", max_size=40),
    st.booleans(),
    st.sampled_from([None, "income.other", "income.business", "income.salary", "income.dividends", "no.such"]),
)  # fmt: skip
def test_what_comes_once_is_no_income_in_any_form_and_category(
    told: str, more: str, before: bool, category: str | None
) -> None:
    """Was: 70 of 108 such texts counted as income."""
    text = f"{more} {told}" if before else f"{told} {more}"
    for written in (text, text.lower(), text.title(), text.replace(" ", "/")):
        assert unearned(written, category) is not None


@pytest.mark.parametrize(
    ("text", "taken"),
    [("SALARY REVERSAL FEB", True), ("RECALL OF SALARY", True), ("SALARY TO STAFF", False), ("ATM REVERSAL", False)],
)
def test_pay_that_is_taken_back_is_told(text: str, taken: bool) -> None:
    assert takes_back_pay(text) is taken
