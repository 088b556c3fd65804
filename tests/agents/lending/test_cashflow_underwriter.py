"""Underwriting: the weights' vectors, what thin files and empty months do, whole words, and what must hold."""

from __future__ import annotations

import datetime
import statistics
from decimal import Decimal
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.bulk import BulkAnalysis, BulkStatementRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.sme import CashflowScore, CashMovement, UnderwriteRequest
from genie_finance.contracts.statements import StatementFile, StatementProfile, UnprovenCode
from genie_finance.insights.bulk_statement_analyzer import consolidate
from genie_finance.lending.cashbook import Cashbook, of_movements
from genie_finance.lending.cashflow_underwriter import underwrite

Rows = list[tuple[str, str, Any]]


def asked(rows: Rows, *, start: str = "2026-01-01", end: str = "2026-06-30") -> CashflowScore | InsufficientData:
    movements = [{"date": day, "narration": text, "amount": amount} for day, text, amount in rows]
    return underwrite(
        UnderwriteRequest.model_validate(
            {"applicant_id": "A1", "as_of": "2026-07-05", "start": start, "end": end, "movements": movements}
        )
    )


def scored(rows: Rows, **period: str) -> CashflowScore:
    found = asked(rows, **period)
    assert isinstance(found, CashflowScore)
    return found


def raw(found: CashflowScore, name: str) -> Decimal:
    return next(Decimal(signal.raw) for signal in found.signals if signal.name == name)


def steady(months: int = 6, into: int = 50_000, out: int = 15_000, text: str = "RENT") -> Rows:
    return [
        row
        for month in range(1, months + 1)
        for row in ((f"2026-{month:02}-01", "SALARY ACME", into), (f"2026-{month:02}-05", text, -out))
    ]


def test_the_steady_half_year_of_the_catalogue() -> None:
    """As the weights are: 300 + 6 (25 + 0.25 * 70 + 20 + 15 + 10 + 2.5) = 840, grade A."""
    found = scored(steady())
    assert (found.score, found.grade, found.months) == ("840.0", "A", 6)
    assert str(found.monthly_inflow) == "50,000.00 INR"
    assert [reason.code for reason in found.grounds.reasons] == ["lending.savings_rate", "lending.tenure"]


def test_a_single_deposit_is_no_grade_a() -> None:
    """The catalogue: one credit of 1,000 scored 872.5, grade A."""
    found = asked([("2026-01-10", "CASH DEPOSIT", 1_000)])
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["outflow", "statements", "inflow"]
    thin = asked([("2026-01-10", "CASH DEPOSIT", 1_000)], end="2026-01-31")
    assert isinstance(thin, InsufficientData)
    assert thin.missing[0].given == "1 whole months"
    nothing = asked([])
    assert isinstance(nothing, InsufficientData)
    with pytest.raises(ValidationError):
        UnderwriteRequest.model_validate({"applicant_id": "A1", "as_of": "2026-07-05"})


def test_months_without_income_count() -> None:
    """The catalogue: a salary in January and June alone scored 848.3, grade A, as the empty months vanished."""
    rows = [(f"2026-{month:02}-01", "SALARY", 50_000) for month in (1, 3, 6)]
    rows += [(f"2026-{month:02}-05", "RENT", -15_000) for month in range(1, 7)]
    found = scored(rows)
    assert raw(found, "inflow_stability") == 1  # mean half of 50,000, and so is the deviation
    assert found.monthly_inflow.amount == 25_000
    assert found.grade != "A"
    assert isinstance(asked(rows[1:]), InsufficientData)  # a salary in two months is no track record


def test_a_stressed_account_is_graded_d() -> None:
    """The catalogue's stressed case had bounces of 0.4, a burden of 1 and a variation of 1.08: at most 390 is left."""
    rows: Rows = [
        (f"2026-{month:02}-03", "SALES", amount * 1_000) for month, amount in enumerate((60, 5, 5, 90, 0, 5), start=1)
    ]
    rows += [(f"2026-{month:02}-05", "EMI HDFC LOAN", -28_000) for month in range(1, 7)]
    for month in (2, 3, 5, 6):
        rows += [(f"2026-{month:02}-06", "CHQ 0231", -100), (f"2026-{month:02}-07", "I/W CHQ RETURN 0231", 100)]
    found = scored(rows)
    assert (found.bounces, raw(found, "bounce_rate")) == (4, Decimal("0.4000"))
    assert raw(found, "debt_burden") > 1
    assert raw(found, "inflow_stability") > 1
    assert found.monthly_inflow.amount == 27_500  # what came back of a returned cheque is no income
    assert Decimal(found.score) <= 390
    assert found.grade == "D"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("PERSONAL LOAN DISBURSEMENT", "loan"),
        ("OD DRAWDOWN", "overdraft"),
        ("CASH DEPOSIT SELF", "cash_deposit"),
        ("FD CLOSURE PROCEEDS", "deposit_closure"),
        ("CAPITAL INTRODUCED BY PARTNER", "capital"),
        ("SELF TRANSFER FROM SBI", "own_transfer"),
        ("SALE OF CAR", "asset_sale"),
        ("LOTTERY WINNINGS", "gambling"),
        ("GIFT FROM UNCLE", "gift"),
        ("MOTOR CLAIM SETTLEMENT", "insurance"),
        ("INTERIM DIVIDEND", "investment"),
        ("SUBSIDY", "grant"),
    ],
)
def test_money_that_nobody_earned_is_no_income(text: str, kind: str) -> None:
    """Each scored up to 888, grade A, where it was the only inflow."""
    spent: Rows = [(f"2026-{month:02}-05", "RENT", -15_000) for month in range(1, 7)]
    unearned: Rows = [(f"2026-{month:02}-01", text, 50_000) for month in range(1, 7)]
    alone = asked([*unearned, *spent])
    assert isinstance(alone, InsufficientData)
    assert [lack.what for lack in alone.missing] == ["inflow"]
    beside = scored([*steady(), *unearned])
    assert (beside.score, beside.monthly_inflow) == (scored(steady()).score, scored(steady()).monthly_inflow)
    assert [(one.kind, one.total.amount, one.count) for one in beside.not_income] == [(kind, 300_000, 6)]
    assert f"not_income.{kind}" in {one.name for one in beside.grounds.inputs}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 6),
            st.sampled_from(["LOAN DISBURSED", "OVERDRAFT", "BY CASH", "FD CLOSURE", "CAPITAL INFUSION", "SELF"]),
            st.integers(1, 10**7),
        ),
        max_size=12,
    )
)
def test_no_borrowed_or_own_money_raises_a_score(more: list[tuple[int, str, int]]) -> None:
    rows: Rows = [*steady(out=40_000), ("2026-04-09", "EMI LOAN", -9_000)]
    with_it = [*rows, *((f"2026-{month:02}-20", text, amount) for month, text, amount in more)]
    assert Decimal(scored(with_it).score) <= Decimal(scored(rows).score)


def test_a_refund_is_no_income_and_lowers_what_was_spent() -> None:
    rows: Rows = [*steady(), ("2026-02-10", "CROMA", -8_000), ("2026-02-15", "CROMA REFUND", 8_000)]
    found = scored(rows)
    assert (found.monthly_inflow.amount, found.monthly_outflow.amount) == (50_000, 15_000)


def test_pay_that_was_reversed_is_no_income() -> None:
    paid = [*steady(), ("2026-03-20", "SALARY ACME", 30_000)]
    back: Rows = [*paid, ("2026-03-22", "SALARY REVERSAL ACME", -30_000)]
    assert scored(back).monthly_inflow == scored(steady()).monthly_inflow != scored(paid).monthly_inflow


def test_one_deposit_in_a_year_is_no_track_record() -> None:
    """It scored for the twelve months of its statement, eleven of them empty."""
    rows: Rows = [("2025-03-01", "INVOICE ACME", 900_000), ("2025-03-02", "RENT", -1_000)]
    found = asked(rows, start="2025-01-01", end="2025-12-31")
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["statements", "inflow"]
    assert raw(scored(steady(), start="2025-07-01", end="2026-06-30"), "tenure") == 6


def test_a_month_that_is_covered_in_part_is_left_out() -> None:
    rows = [*steady(), ("2026-07-01", "SALARY ACME", 50_000)]
    assert scored(rows, end="2026-07-15").score == "840.0"
    found = asked(steady()[1:], start="2026-01-02")
    assert isinstance(found, InsufficientData)
    assert found.missing[0].given == "5 whole months"


@pytest.mark.parametrize(
    ("text", "owed"),
    [
        ("EMI 0423 HDFC", True),
        ("NACH DR BAJAJ FINSERV", True),
        ("HOME LOAN INST", True),
        ("NACH HDFC MUTUAL FUND SIP", False),  # savings, not debt
        ("LIC PREMIUM", False),  # the catalogue saw "emi" in premium
        ("SIP AXIS BLUECHIP", False),
        ("UPI PREMIER STORES", False),
        ("ECS RTN EMI", True),
    ],
)
def test_instalments_are_known_by_whole_words(text: str, owed: bool) -> None:
    row = {"date": "2026-01-01", "narration": text, "amount": -100}
    assert booked(row).obligations == (100_00 if owed else 0)
    assert booked({**row, "amount": 100}).obligations == 0
    assert booked({**row, "category": "savings.investment"}).obligations == 0
    assert booked({**row, "category": "debt.loan"}).obligations == 100_00


def booked(*rows: dict[str, Any]) -> Cashbook:
    """Return the cash flow of some bookings of January."""
    movements = [CashMovement.model_validate(row) for row in rows]
    return of_movements(movements, datetime.date(2026, 1, 1), datetime.date(2026, 1, 31))


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([("2026-01-05", "I/W CHQ RETURN 0231", 5_000), ("2026-01-06", "CHQ RETURN CHGS", -590)], 1),
        ([("2026-01-06", "ECS RTN CHARGES", -590)], 1),
        ([("2026-01-05", "NACH RETURN", 1), ("2026-01-05", "NACH RETURN", 1)], 2),
        ([("2026-01-05", "EMI BOUNCED INSUFFICIENT FUNDS", 1)], 1),
        ([("2026-01-05", "REV:NACH HDFC 0231", 5_000)], 1),  # the catalogue's words; one was taken for income
        ([("2026-01-05", "ECS REVERSAL EMI", 5_000)], 1),
        ([("2026-01-05", "UPI REVERSAL 0231", 900)], 0),
        ([("2026-01-05", "AMAZON RETURN REFUND", 900)], 0),  # goods that went back
        ([("2026-01-05", "INCOME TAX RETURN", 900)], 0),
    ],
)
def test_returned_payments(rows: Rows, count: int) -> None:
    assert booked(*({"date": d, "narration": t, "amount": a} for d, t, a in rows)).bounces == count


@given(
    into=st.lists(st.integers(1, 10**6), min_size=12, max_size=12),
    out=st.lists(st.integers(1, 10**6), min_size=12, max_size=12),
)
def test_the_variation_is_that_of_the_standard_library(into: list[int], out: list[int]) -> None:
    """Python's ``statistics.pstdev`` and numpy 2.4.6 ``std``; the score stays in its range whatever comes."""
    rows: Rows = [(f"2025-{month:02}-01", "IN", amount) for month, amount in enumerate(into, start=1)]
    rows += [(f"2025-{month:02}-02", "OUT", -amount) for month, amount in enumerate(out, start=1)]
    found = scored(rows, start="2025-01-01", end="2025-12-31")
    expected = statistics.pstdev(into) / statistics.fmean(into)
    assert abs(float(raw(found, "inflow_stability")) - expected) < 1e-4
    assert abs(float(raw(found, "expense_volatility")) - float(np.std(out) / np.mean(out))) < 1e-4
    assert 300 <= Decimal(found.score) <= 900
    assert raw(found, "tenure") == 12
    parts = sum((Decimal(one.normalised) * Decimal(one.weight) for one in found.signals), Decimal(0))
    assert abs(300 + 6 * parts - Decimal(found.score)) < Decimal("0.2")


def test_consolidated_statements_count_whole_months_without_ones_own_money() -> None:
    def rupees(amount: int) -> dict[str, str]:
        return {"amount": str(amount), "currency": "INR"}

    def month(name: str, *, complete: bool, own: int = 0) -> dict[str, Any]:
        return {
            "month": name, "complete": complete, "inflow": rupees(50_000 + own), "outflow": rupees(15_000 + own),
            "net": rupees(35_000), "own_inflow": rupees(own), "own_outflow": rupees(own), "obligations": rupees(0),
            "transactions": 2, "returns": 0, "average_balance": None,
        }  # fmt: skip

    zero = rupees(0)
    analysis: dict[str, Any] = {
        "applicant_id": "A1", "currency": "INR", "period": {"start": "2026-01-01", "end": "2026-07-10"},
        "account_count": 1, "transaction_count_raw": 14, "transaction_count": 14, "duration_months": 7,
        "total_credit": zero, "total_debit": zero, "net_cashflow": zero, "monthly_average_inflow": zero,
        "monthly_average_outflow": zero,
        "turnover": {"months": 7, "total": zero, "monthly_average": zero, "complete_months": 6},
        "accounts": (), "top_debit_categories": (), "top_payers": (), "obligations": (), "debit_count": 7,
        "return_count": 0, "deposit_return_count": 0, "duplicate_count": 0, "transfer_count": 0, "refund_count": 0,
        "links": (),
        "grounds": {"reasons": (), "inputs": (), "editions": (), "uncertainty": "", "caveats": ("read so",)},
        "months": [
            *(month(f"2026-{number:02}", complete=True, own=20_000 * (number % 2)) for number in range(1, 7)),
            month("2026-07", complete=False),
        ],
    }  # fmt: skip

    def asked_of(**changed: Any) -> CashflowScore | InsufficientData:
        values = {"applicant_id": "A1", "as_of": "2026-07-15", "analysis": {**analysis, **changed}}
        return underwrite(UnderwriteRequest.model_validate(values))

    found = asked_of()
    assert isinstance(found, CashflowScore)
    assert (found.score, found.months) == ("840.0", 6)
    assert "read so" in found.grounds.caveats
    for unfit in (
        {"currency": "USD"},
        {"quarantined_count": 1},
        {"other_currencies": ["USD"]},
        {"unread": [{"file": "b.csv", "reason": "no statement"}]},
        {"months": analysis["months"][2:]},
    ):
        assert isinstance(asked_of(**unfit), InsufficientData)
    for code in get_args(UnprovenCode):
        assumed = {"file": "b.csv", "code": code, "why": "both columns fit", "settle_with": "sign: debit"}
        unproven = asked_of(unproven=[assumed])
        assert isinstance(unproven, InsufficientData)
        assert [lack.what for lack in unproven.missing] == ["statements.b.csv"]


def test_a_sign_that_no_balance_proves_is_underwritten_by_nobody() -> None:
    """A file without balances was scored as its signs were guessed."""
    balance, rows = 0, []
    for month in range(1, 8):
        for day, amount, text in ((1, 50_000, "ACME INVOICE"), (28, -15_000, "RENT")):
            balance += amount
            rows.append((f"2026-{month:02}-{day:02},{text},{amount}.00", f",{balance}.00"))

    def underwritten(*lines: str, **profile: Any) -> CashflowScore | InsufficientData:
        content = "\n".join(lines).encode()
        file = StatementFile(filename="b.csv", content=content, profile=StatementProfile(**profile))
        analysis = consolidate(BulkStatementRequest(applicant_id="A1", files=(file,)))
        assert isinstance(analysis, BulkAnalysis)
        return underwrite(UnderwriteRequest(applicant_id="A1", as_of=datetime.date(2026, 7, 5), analysis=analysis))

    assumed = underwritten("Date,Description,Amount", *(row for row, _ in rows))
    assert isinstance(assumed, InsufficientData)
    assert [lack.what for lack in assumed.missing] == ["statements"]
    proved = underwritten("Date,Description,Amount,Balance", *(row + after for row, after in rows))
    stated = underwritten("Date,Description,Amount", *(row for row, _ in rows), positive_is="credit")
    assert isinstance(proved, CashflowScore)
    assert isinstance(stated, CashflowScore)
    assert (proved.score, proved.grade) == (stated.score, stated.grade)


@given(st.randoms(use_true_random=False), st.integers(1, 1_000))
def test_neither_the_order_of_rows_nor_the_unit_matters(random: Any, times: int) -> None:
    rows = steady(text="EMI LOAN")
    shuffled = [(day, text, amount * times) for day, text, amount in rows]
    random.shuffle(shuffled)
    assert scored(shuffled).score == scored(rows).score


@given(st.integers(1, 12), st.integers(0, 40_000))
def test_more_debt_never_scores_higher(month: int, more: int) -> None:
    rows = steady()
    burdened = [*rows, (f"2026-{1 + month % 6:02}-09", "EMI LOAN", -more - 1)]
    assert Decimal(scored(burdened).score) <= Decimal(scored(rows).score)
