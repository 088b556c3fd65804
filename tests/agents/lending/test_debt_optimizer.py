"""Paying debts off: the catalogue's cases with roll-over, one debt by pyxirr, and what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.lending import DebtPayoffPlan, DebtPayoffRequest
from genie_finance.lending.debt_optimizer import optimise

CARD = {"name": "card", "balance": 80_000, "annual_rate_percent": 36, "minimum_payment": 2_000}
PERSONAL = {"name": "personal", "balance": 20_000, "annual_rate_percent": 14, "minimum_payment": 1_000}


def planned(*debts: dict[str, Any], extra: Any = 5_000, **more: Any) -> DebtPayoffPlan:
    return optimise(DebtPayoffRequest.model_validate({"debts": debts, "extra_per_month": extra, **more}))


def test_what_is_free_rolls_over() -> None:
    """The catalogue: avalanche 17 months and 22062.94, snowball 19 months and 30578.70; it lost freed minimums."""
    avalanche, snowball = planned(CARD, PERSONAL), planned(CARD, PERSONAL, strategy="snowball")
    assert [end.name for end in avalanche.order] == ["card", "personal"]
    assert [end.name for end in snowball.order] == ["personal", "card"]
    assert (avalanche.months, str(avalanche.total_interest)) == (16, "21,979.48 INR")
    assert (snowball.months, str(snowball.total_interest)) == (16, "25,958.22 INR")
    assert avalanche.total_interest is not None
    assert avalanche.total_interest.amount < Decimal("22062.94")


def test_a_debt_that_only_grows_is_said_so() -> None:
    """The catalogue: 600 months, an interest of 3.36e12, no warning."""
    found = planned({**CARD, "balance": 100_000, "minimum_payment": 1_000}, extra=0)
    assert not found.feasible
    assert (found.months, found.total_interest, found.order, found.schedule) == (None, None, (), ())
    assert found.least_budget is not None
    assert found.least_budget.amount == 3_000
    codes = [reason.code for reason in found.grounds.reasons]
    assert codes == ["lending.never_repaid", "lending.minimum_too_small"]


def test_a_budget_of_exactly_the_interest_never_ends() -> None:
    assert not planned({**CARD, "balance": 100_000, "minimum_payment": 3_000}, extra=0).feasible
    assert planned({**CARD, "balance": 100_000, "minimum_payment": 3_000}, extra=100).feasible


def test_names_may_be_the_same() -> None:
    """The catalogue's order dropped the second debt of a name."""
    found = planned(CARD, {**CARD, "balance": 1_000})
    assert [(end.name, end.position) for end in found.order] == [("card", 2), ("card", 1)]


def test_two_by_hand() -> None:
    """Without interest 3000 a month clear 2000 and 7000 in exactly three months, the rest of each month used."""
    free = {"annual_rate_percent": 0, "minimum_payment": 500}
    found = planned({"name": "a", "balance": 2_000, **free}, {"name": "b", "balance": 7_000, **free}, extra=2_000)
    assert found.months == 3
    assert [str(month.balance) for month in found.schedule] == ["6,000.00 INR", "3,000.00 INR", "0.00 INR"]
    assert [(end.name, end.month) for end in found.order] == [("a", 1), ("b", 3)]


@given(balance=st.integers(1_000, 10**6), rate=st.decimals(1, 40, places=1), payment=st.integers(100, 10**5))
def test_one_debt_takes_as_long_as_pyxirr_says(balance: int, rate: Decimal, payment: int) -> None:
    """pyxirr 0.10.8: ``nper``; rounding to paise may move a payment across the edge of a month."""
    if payment <= balance * float(rate) / 1200 * 1.05:
        return
    found = planned(
        {"name": "one", "balance": balance, "annual_rate_percent": rate, "minimum_payment": payment}, extra=0
    )
    exact = pyxirr.nper(float(rate) / 1200, -payment, balance)
    if exact > 1_199:
        return
    assert found.months is not None
    assert exact - 0.01 <= found.months <= exact + 1.01


def test_what_one_loan_instead_would_cost() -> None:
    found = planned(CARD, PERSONAL, consolidation={"annual_rate_percent": 15, "fees": 1_000})
    (one,) = [way for way in found.alternatives if way.strategy == "consolidation"]
    # 101,000 at 1.25 % a month by 8,000: pyxirr 0.10.8 says 13.85 payments.
    assert one.months == 14
    assert one.total_interest is not None
    assert abs(float(one.total_interest.amount) - 1_000 - (pyxirr.nper(0.0125, -8_000, 101_000) * 8_000 - 101_000)) < 60


debts = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.just("d"),
            "balance": st.integers(100, 10**6),
            "annual_rate_percent": st.decimals(0, 40, places=1),
            "minimum_payment": st.integers(0, 20_000),
        }
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(owed=debts, extra=st.integers(0, 50_000))
def test_nothing_is_lost_and_the_highest_rate_first_never_costs_more(owed: list[dict[str, Any]], extra: int) -> None:
    found = planned(*owed, extra=extra)
    other = planned(*owed, extra=extra, strategy="snowball")
    if not found.feasible or not other.feasible:
        return
    assert found.total_interest is not None
    assert other.total_interest is not None
    paid = sum(month.payment.minor for month in found.schedule)
    assert paid == sum(debt["balance"] * 100 for debt in owed) + found.total_interest.minor
    assert sum(end.interest.minor for end in found.order) == found.total_interest.minor
    assert {end.position for end in found.order} == set(range(1, len(owed) + 1))
    assert all(month.payment.minor <= found.monthly_budget.minor for month in found.schedule)
    assert all(month.payment == found.monthly_budget for month in found.schedule[:-1])
    # Paise are rounded in each debt and month, which can favour either order by as much.
    assert found.total_interest.minor <= other.total_interest.minor + len(owed) * len(found.schedule)


@given(owed=debts)
def test_the_order_of_the_request_does_not_change_the_sum(owed: list[dict[str, Any]]) -> None:
    there, back = planned(*owed, extra=30_000), planned(*reversed(owed), extra=30_000)
    assert (there.months, there.total_interest) == (back.months, back.total_interest)
