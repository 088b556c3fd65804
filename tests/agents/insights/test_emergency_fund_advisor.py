"""The emergency fund: the catalogue's figures kept or corrected, a library's number of periods, laws."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.household import EmergencyFundPlan, EmergencyFundRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.insights.emergency_fund_advisor import advise, months_to

SPENT = [{"date": f"2026-0{month}-05", "amount": -40_000, "description": "household"} for month in range(1, 7)]


def request(rows: list[dict[str, Any]], **more: Any) -> EmergencyFundRequest:
    values = {"transactions": rows, "liquid_reserves": 0, "income_profile": "stable", "has_dependents": False, **more}
    return EmergencyFundRequest.model_validate(values)


def advised(rows: list[dict[str, Any]], **more: Any) -> EmergencyFundPlan:
    found = advise(request(rows, **more))
    assert isinstance(found, EmergencyFundPlan)
    return found


# --- the catalogue's vectors, kept or corrected ---


@pytest.mark.parametrize(
    ("more", "coverage"),
    [({}, 3), ({"income_profile": "variable"}, 6), ({"has_dependents": True}, 9)],
)
def test_the_target_is_months_of_the_median_expense(more: dict[str, Any], coverage: int) -> None:
    found = advised(SPENT, **more)
    assert (found.coverage_months, found.target.amount) == (coverage, 40_000 * coverage)
    assert found.gap == found.target


def test_reserves_above_the_target_leave_no_gap() -> None:
    found = advised(SPENT, liquid_reserves=150_000)
    assert (found.gap.minor, found.months_to_target, found.covered_months) == (0, 0, "3.8")


def test_a_saving_of_four_thousand_takes_thirty_months() -> None:
    assert advised(SPENT, monthly_saving=4_000).months_to_target == 30


def test_the_saving_comes_from_the_surplus() -> None:
    """The earlier system saved a tenth of the expenses, so the answer was thirty months whatever the income."""
    paid = [{"date": f"2026-0{month}-01", "amount": 70_000, "category": "salary"} for month in range(1, 7)]
    found = advised([*SPENT, *paid])
    assert found.suggested_monthly_saving is not None
    assert (found.suggested_monthly_saving.amount, found.months_to_target) == (15_000, 8)
    poor = advised([*SPENT, *[{**row, "amount": 39_000} for row in paid]])
    assert (poor.suggested_monthly_saving, poor.months_to_target) == (None, None)


def test_one_small_debit_is_too_little_to_go_by() -> None:
    """It divided by zero on this."""
    found = advise(request([{"date": "2026-01-05", "amount": -5}]))
    assert isinstance(found, InsufficientData)
    assert found.missing[0].given == "1 months"


def test_nothing_at_all_is_insufficient() -> None:
    assert isinstance(advise(request([])), InsufficientData)


def test_transfers_and_investments_are_no_expense_and_refunds_are_deducted() -> None:
    moved = [{"date": f"2026-0{month}-07", "amount": -30_000, "category": "investment"} for month in range(1, 7)]
    assert advised([*SPENT, *moved]).median_monthly_expense.amount == 40_000


def test_an_income_that_varies_is_found_to() -> None:
    paid = [
        {"date": f"2026-0{month}-01", "amount": amount, "category": "salary"}
        for month, amount in enumerate([90_000, 20_000, 110_000, 30_000, 80_000, 25_000], start=1)
    ]
    assert advised([*SPENT, *paid], income_profile=None).coverage_months == 6
    even = [{**row, "amount": 60_000} for row in paid]
    assert advised([*SPENT, *even], income_profile=None).coverage_months == 3


def test_an_unknown_income_is_asked_for() -> None:
    found = advise(request(SPENT, income_profile=None))
    assert isinstance(found, InsufficientData)
    assert found.missing[0].what == "income_profile"


def test_what_is_essential_is_said_where_enough_has_a_category() -> None:
    rows = [{"date": f"2026-0{month}-05", "amount": -30_000, "category": "rent"} for month in range(1, 7)]
    rows += [{"date": f"2026-0{month}-09", "amount": -10_000, "category": "entertainment"} for month in range(1, 7)]
    found = advised(rows)
    assert found.essential_monthly_expense is not None
    assert found.essential_monthly_expense.amount == 30_000
    assert advised(SPENT).essential_monthly_expense is None


# --- from outside: pyxirr 0.10.8 ---


@pytest.mark.parametrize(
    ("target", "reserves", "saving", "percent"),
    [(120_000, 0, 4_000, "6.5"), (360_000, 50_000, 9_000, "7"), (240_000, 239_000, 100, "3"), (500_000, 1, 777, "12")],
)
def test_months_are_the_librarys_number_of_periods(target: int, reserves: int, saving: int, percent: str) -> None:
    periods = pyxirr.nper(float(percent) / 1200, -saving, -reserves, target)
    assert periods is not None
    assert months_to(target, reserves, saving, Decimal(percent)) == math.ceil(periods)


@pytest.mark.parametrize(("target", "saving"), [(120_000, 4_000), (100_001, 25_000), (99, 100)])
def test_without_a_yield_it_is_a_division_rounded_up(target: int, saving: int) -> None:
    periods = pyxirr.nper(0.0, -saving, 0, target)
    assert periods is not None
    assert months_to(target, 0, saving, Decimal(0)) == math.ceil(periods)


# --- laws ---


@given(st.integers(0, 10**7), st.integers(1, 10**5), st.sampled_from(["0", "4", "7.25"]), st.integers(0, 10**5))
def test_the_months_are_enough_and_one_less_is_not(gap: int, saving: int, percent: str, reserves: int) -> None:
    target = reserves + gap
    months = months_to(target, reserves, saving, Decimal(percent))
    if months is None:
        return
    rate = Decimal(percent) / 1200

    def fund(count: int) -> Decimal:
        total = Decimal(reserves)
        for _ in range(count):
            total += total * rate + saving
        return total

    assert fund(months) >= target
    assert months == 0 or fund(months - 1) < target


@given(st.permutations(SPENT), st.integers(0, 500_000))
def test_the_order_does_not_matter_and_reserves_only_help(rows: list[dict[str, Any]], reserves: int) -> None:
    assert advised(rows).target == advised(SPENT).target
    assert advised(rows, liquid_reserves=reserves).gap.minor <= advised(rows).gap.minor


def test_a_dear_last_month_in_part_does_not_count_where_whole_months_are_enough() -> None:
    days = [datetime.date(2026, month, day) for month in range(1, 6) for day in (1, 15, 28)]
    rows = [{"date": day.isoformat(), "amount": -10_000} for day in days]
    rows.append({"date": "2026-06-02", "amount": -500_000})
    found = advised(rows)
    assert (found.months_of_history, found.median_monthly_expense.amount) == (5, 30_000)
