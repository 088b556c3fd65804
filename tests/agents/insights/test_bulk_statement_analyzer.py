"""Bulk statements: what recurs is no duplicate, transfers need evidence, months without movement count."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie import Runtime
from genie_finance.contracts.bulk import BulkAnalysis, BulkStatementRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.insights.bulk_statement_analyzer import bulk_statement_analyzer, consolidate


def row(account: str, date: str, text: str, amount: Any, kind: str, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "date": date, "description": text, "amount": amount, "type": kind, **more}


def analysed(*rows: dict[str, Any], **more: Any) -> BulkAnalysis:
    found = consolidate(BulkStatementRequest.model_validate({"applicant_id": "a-1", "transactions": rows, **more}))
    assert isinstance(found, BulkAnalysis)
    return found


def salaries(*months: int) -> list[dict[str, Any]]:
    return [row("A", f"2026-{month:02}-05", "SALARY ACME", 60_000, "credit") for month in months]


# --- the catalogue's vectors, kept or corrected ---


def test_a_transfer_between_two_accounts_is_netted() -> None:
    found = analysed(
        row("A", "2026-01-05", "transfer to self", 5_000, "debit"),
        row("B", "2026-01-05", "transfer to self", 5_000, "credit"),
        row("A", "2026-01-06", "SALARY ACME", 50_000, "credit"),
    )
    assert (found.transaction_count, found.transfer_count) == (1, 1)
    assert (found.total_credit.amount, found.total_debit.amount) == (50_000, 0)
    assert (found.links[0].first, found.links[0].second) == ("row-1", "row-2")


def test_what_comes_back_every_month_is_no_duplicate() -> None:
    """The earlier system counted three salaries of 60,000 as one: 60,000 in all and 20,000 a month."""
    found = analysed(*salaries(1, 2, 3), row("A", "2026-01-10", "RENT", 20_000, "debit"))
    assert (found.transaction_count, found.duration_months) == (4, 3)
    assert (found.total_credit.amount, found.monthly_average_inflow.amount) == (180_000, 60_000)
    assert found.net_cashflow.amount == 160_000


def test_months_without_income_are_there_with_zeros() -> None:
    """A salary in January and June alone looked steady before, since empty months vanished."""
    found = analysed(*salaries(1, 6))
    assert [month.inflow.amount for month in found.months] == [60_000, 0, 0, 0, 0, 60_000]
    assert found.monthly_average_inflow.amount == 20_000


def test_words_count_whole() -> None:
    """ "ola" was found in "cola", and "emi" in "premium"."""
    found = analysed(*[row("A", f"2026-0{m}-07", "PREMIUM COLA WHOLESALE", 900 + m, "debit") for m in range(1, 5)])
    assert found.obligations == ()
    assert all(month.obligations.minor == 0 for month in found.months)
    assert all(one.category != "transport.ride" for one in found.top_debit_categories)


def test_a_refund_in_another_account_takes_back_no_purchase() -> None:
    found = analysed(
        row("A", "2026-01-05", "CROMA STORE PURCHASE", 8_000, "debit"),
        row("B", "2026-01-05", "SOMEBODY ELSE", 8_000, "credit"),
    )
    assert (found.transfer_count, found.total_credit.amount, found.total_debit.amount) == (0, 8_000, 8_000)


def test_nothing_in_the_currency_is_insufficient() -> None:
    request = {"applicant_id": "a", "transactions": salaries(1), "currency": "EUR"}
    found = consolidate(BulkStatementRequest.model_validate(request))
    assert isinstance(found, InsufficientData)


# --- what belongs together ---


def test_a_row_that_is_listed_twice_counts_once_and_both_are_named() -> None:
    one = row("A", "2026-01-05", "NEFT ACME", 9_000, "credit", reference="N123456", balance=9_000)
    found = analysed(one, one, *salaries(1))
    assert (found.transaction_count_raw, found.transaction_count, found.duplicate_count) == (3, 2, 1)
    assert found.total_credit.amount == 69_000


@pytest.mark.parametrize(
    "other", [{"balance": 18_000}, {"reference": "N999999"}, {"date": "2026-02-05"}, {"account_id": "B"}]
)
def test_equal_payments_with_any_difference_are_two(other: dict[str, Any]) -> None:
    one = row("A", "2026-01-05", "NEFT ACME", 9_000, "credit", reference="N123456", balance=9_000)
    found = analysed(one, {**one, **other})
    assert (found.duplicate_count, found.total_credit.amount) == (0, 18_000)


@pytest.mark.parametrize(
    ("came", "pairs"),
    [("2026-01-08", 1), ("2026-01-09", 0), ("2026-01-02", 1)],
)
def test_a_transfer_is_under_way_for_three_days_at_most(came: str, pairs: int) -> None:
    found = analysed(
        row("A", "2026-01-05", "IMPS 512345678901 OUT", 7_000, "debit"),
        row("B", came, "IMPS 512345678901 IN", 7_000, "credit"),
    )
    assert found.transfer_count == pairs


def test_the_leg_with_the_same_reference_is_taken_before_a_nearer_one() -> None:
    found = analysed(
        row("A", "2026-01-05", "IMPS 512345678901", 7_000, "debit"),
        row("B", "2026-01-05", "IMPS 599999999999", 7_000, "credit"),
        row("B", "2026-01-07", "IMPS 512345678901 RECD", 7_000, "credit"),
    )
    assert [(link.first, link.second) for link in found.links] == [("row-1", "row-3")]
    assert found.total_credit.amount == 7_000


@pytest.mark.parametrize(
    ("out", "came", "pairs"),
    [
        ("NEFT DR-HDFC0000001-RAVI TRADERS", "NEFT CR-ICIC0000002-ACME LTD", 0),  # two parties
        ("NEFT DR-HDFC0000001-RAJESH KUMAR", "NEFT CR-ICIC0000002-KUMAR RAJESH", 1),
        ("NEFT DR-HDFC0000001-RAJESH KUMAR", "NEFT CR-ICIC0000002-R KUMAR", 1),
        ("NEFT DR-HDFC0000001-RAJESH KUMAR", "NEFT CR-ICIC0000002-SURESH KUMAR", 0),
        ("IMPS TO SELF", "IMPS CR RAJESH KUMAR", 1),
        ("NEFT RAVI TRADERS 05012026", "NEFT ACME LTD 05012026", 0),  # the day is no reference
        ("NEFT RAVI TRADERS 512345678901", "NEFT ACME LTD 512345678901", 1),
    ],
)
def test_equal_transfers_of_different_parties_are_no_own_transfer(out: str, came: str, pairs: int) -> None:
    found = analysed(
        row("A", "2026-01-05", out, 50_000, "debit"),
        row("B", "2026-01-05", came, 50_000, "credit"),
    )
    assert found.transfer_count == pairs
    assert (found.total_credit.amount, found.total_debit.amount) == ((0, 0) if pairs else (50_000, 50_000))
    assert all(month.own_inflow.minor == 0 for month in found.months)


def test_what_nobody_earned_is_named_and_is_no_turnover() -> None:
    found = analysed(
        *salaries(1, 2),
        row("A", "2026-01-07", "LOAN DISBURSEMENT HDFC", 500_000, "credit"),
        row("A", "2026-01-08", "CASH DEPOSIT", 20_000, "credit"),
        row("A", "2026-02-08", "BY CASH", 30_000, "credit"),
    )
    assert (found.total_credit.amount, found.turnover.total.amount) == (670_000, 120_000)
    assert [month.own_inflow.amount for month in found.months] == [520_000, 30_000]
    assert [(one.kind, one.total.amount, one.count) for one in found.not_income] == [
        ("loan", 500_000, 1),
        ("cash_deposit", 50_000, 2),
    ]
    assert all("Loan" not in payer.name for payer in found.top_payers)
    assert "bulk.not_income" in {reason.code for reason in found.grounds.reasons}


def test_what_came_back_unpaid_is_counted_and_taken_out_of_both_sides() -> None:
    found = analysed(
        *salaries(1),
        row("A", "2026-01-07", "ACH D-HDFC LOAN EMI", 11_000, "debit"),
        row("A", "2026-01-08", "ACH RTN-INSUFFICIENT FUNDS HDFC LOAN EMI", 11_000, "credit"),
        row("A", "2026-01-08", "ACH RTN CHARGES", 590, "debit"),
    )
    assert (found.return_count, found.months[0].returns) == (1, 1)
    assert (found.total_credit.amount, found.total_debit.amount) == (60_000, 590)


def test_returns_of_goods_are_none_of_a_cheque() -> None:
    found = analysed(*salaries(1), row("A", "2026-01-09", "MYNTRA RETURN REFUND", 900, "credit"))
    assert (found.return_count, found.deposit_return_count) == (0, 0)


def test_a_deposit_that_bounced_is_counted_apart() -> None:
    found = analysed(*salaries(1), row("A", "2026-01-09", "O/W CHQ RETURN 000123", 5_000, "debit"))
    assert (found.return_count, found.deposit_return_count) == (0, 1)


def test_loans_are_found_with_what_they_cost_a_month() -> None:
    paid = [row("A", f"2026-0{m}-07", "ACH D-HDFC LOAN EMI", 11_000, "debit") for m in range(1, 7)]
    found = analysed(*salaries(1, 2, 3, 4, 5, 6), *paid)
    [loan] = found.obligations
    assert (loan.kind, loan.cadence, loan.monthly.amount, loan.occurrences) == ("loan", "monthly", 11_000, 6)
    assert [month.obligations.amount for month in found.months] == [11_000] * 6


# --- balances, by numpy 2.4.6 ---


def test_the_average_balance_is_over_every_day_and_not_over_bookings() -> None:
    booked = [("2026-01-01", 100, "credit", 1_100), ("2026-01-03", 600, "debit", 500),
              ("2026-01-03", 50, "credit", 550), ("2026-02-02", 700, "debit", -150)]  # fmt: skip
    rows = [
        row("A", day, f"BOOKING {n}", amount, kind, balance=end) for n, (day, amount, kind, end) in enumerate(booked)
    ]
    found = analysed(*rows)
    days = np.array([1_100] * 2 + [550] * 30 + [-150])
    account = found.accounts[0]
    assert account.average_balance is not None
    assert account.lowest_balance is not None
    assert float(account.average_balance.amount) == pytest.approx(float(days.mean()), abs=0.005)
    assert (account.lowest_balance.amount, account.overdrawn_days) == (-150, 1)
    assert found.months[0].average_balance is not None
    assert float(found.months[0].average_balance.amount) == pytest.approx(float(days[:31].mean()), abs=0.005)


def test_a_statement_that_runs_backwards_ends_its_days_the_same() -> None:
    forwards = [
        row("A", "2026-01-01", "ONE", 10, "credit", balance=10),
        row("A", "2026-01-02", "TWO", 5, "debit", balance=5),
        row("A", "2026-01-02", "THREE", 1, "debit", balance=4),
    ]
    assert analysed(*forwards[::-1]).accounts == analysed(*forwards).accounts


def test_balances_that_are_not_stated_are_not_guessed() -> None:
    found = analysed(*salaries(1, 2))
    assert found.accounts[0].average_balance is None
    assert found.months[0].average_balance is None


# --- files ---

CSV = """Date,Narration,Debit,Credit,Balance
05/01/2026,SALARY ACME,,60000.00,60000.00
07/01/2026,RENT,20000.00,,40000.00
"""


@pytest.mark.anyio
async def test_files_are_read_and_analysed_over_the_bus() -> None:
    file = {"filename": "a.csv", "content": CSV.encode()}
    request = BulkStatementRequest.model_validate({"applicant_id": "a-1", "files": [file]})
    async with Runtime([bulk_statement_analyzer]) as runtime:
        found = await runtime.ask(request, BulkAnalysis)
    assert (found.total_credit.amount, found.total_debit.amount) == (60_000, 20_000)
    assert found.accounts[0].closing_balance is not None
    assert found.accounts[0].closing_balance.amount == 40_000
    assert any("INR" in caveat for caveat in found.grounds.caveats)


def test_equal_rows_of_a_banks_own_file_are_two_bookings() -> None:
    text = "Date,Narration,Debit,Credit\n05/01/2026,TEA STALL,20.00,\n05/01/2026,TEA STALL,20.00,\n"
    file = {"filename": "a.csv", "content": text.encode()}
    found = consolidate(BulkStatementRequest.model_validate({"applicant_id": "a", "files": [file]}))
    assert isinstance(found, BulkAnalysis)
    assert (found.duplicate_count, found.total_debit.amount) == (0, 40)


def analysed_files(*texts: str, currency: str = "INR") -> BulkAnalysis | InsufficientData:
    files = [{"filename": f"{at}.csv", "content": text.encode()} for at, text in enumerate(texts)]
    return consolidate(BulkStatementRequest.model_validate({"applicant_id": "a", "files": files, "currency": currency}))


@pytest.mark.parametrize(("one", "other"), [("", " (INR)"), (" (INR)", ""), ("", "")])
def test_own_transfers_to_a_statement_without_currency_are_no_income(one: str, other: str) -> None:
    """They were matched only where both statements name a currency, or neither, and counted as income otherwise."""
    found = analysed_files(
        f"Date,Account,Narration,Debit{one},Credit{one}\n05/01/2026,A-1,SALARY ACME,,60000.00\n"
        "06/01/2026,A-1,IMPS-512345678901-OWN,7000.00,\n",
        f"Date,Account,Narration,Debit{other},Credit{other}\n06/01/2026,B-2,IMPS-512345678901-OWN,,7000.00\n"
        "07/01/2026,B-2,RENT,5000.00,\n",
    )
    assert isinstance(found, BulkAnalysis)
    assert (found.transfer_count, found.total_credit.amount, found.total_debit.amount) == (1, 60_000, 5_000)


def test_amounts_without_currency_are_as_many_of_the_one_that_is_analysed() -> None:
    """1,000 without a currency was 100,000 yen, which have no digits after the point."""
    found = analysed_files(
        "Date,Narration,Amount,Balance\n05/01/2026,A,1000,1000\n06/01/2026,B,-400,600\n", currency="JPY"
    )
    assert isinstance(found, BulkAnalysis)
    assert (found.total_credit.amount, found.total_debit.amount) == (1_000, 400)
    assert found.accounts[0].closing_balance is not None
    assert found.accounts[0].closing_balance.amount == 600
    assert any("JPY" in caveat for caveat in found.grounds.caveats)


def test_amounts_that_the_currency_cannot_have_are_left_out_and_that_is_said() -> None:
    cents = "Date,Account,Narration,Amount\n05/01/2026,A-1,SHOP,-10.50\n06/01/2026,A-1,SHOP,-20.00\n"
    yen = "Date,Account,Narration,Amount (JPY)\n05/01/2026,B-2,SHOP,-300\n"
    found = analysed_files(cents, yen, currency="JPY")
    assert isinstance(found, BulkAnalysis)
    assert (found.total_debit.amount, found.other_currencies) == (300, ("XXX",))
    assert "Movements in a currency that is not named are left out." in found.grounds.caveats
    assert isinstance(analysed_files(cents, currency="JPY"), InsufficientData)


@pytest.mark.parametrize("given_", [{}, {"files": [{"filename": "a", "content": b"x"}], "transactions": salaries(1)}])
def test_it_is_files_or_rows(given_: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="files"):
        BulkStatementRequest.model_validate({"applicant_id": "a", **given_})


# --- laws ---

texts = st.sampled_from(
    ["SALARY ACME", "RENT", "UPI/412345678901/SHOP", "transfer to self", "ACH D-LOAN EMI", "CHQ RETURN"]
)
movements = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 6, 30)),
        texts,
        st.integers(1, 400),
        st.sampled_from(["credit", "debit"]),
    ),
    min_size=1,
    max_size=25,
)


@given(movements)
def test_months_add_up_and_every_rupee_is_in_a_sum_or_a_link(some: list[tuple[Any, ...]]) -> None:
    rows = [row(account, str(date), text, amount, kind) for account, date, text, amount, kind in some]
    found = analysed(*rows)
    assert sum(month.inflow.minor for month in found.months) == found.total_credit.minor
    assert sum(month.outflow.minor for month in found.months) == found.total_debit.minor
    raw = sum(Decimal(one["amount"]) * (1 if one["type"] == "credit" else -1) for one in rows)
    twice = sum(
        link.amount.amount * (1 if rows[int(link.second[4:]) - 1]["type"] == "credit" else -1)
        for link in found.links
        if link.kind == "duplicate"
    )
    assert found.net_cashflow.amount == raw - twice
    assert len(found.months) == found.duration_months


@given(movements, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_sum(some: list[tuple[Any, ...]], mix: Any) -> None:
    rows = [row(account, str(date), text, amount, kind) for account, date, text, amount, kind in some]
    once = analysed(*rows)
    mix.shuffle(rows)
    again = analysed(*rows)
    assert (again.total_credit, again.total_debit, again.transaction_count) == (
        once.total_credit, once.total_debit, once.transaction_count,
    )  # fmt: skip
