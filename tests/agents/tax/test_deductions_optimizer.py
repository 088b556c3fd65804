"""Deductions: filled only where that makes the year cheaper than it is now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.tax import DeductionsPlan, DeductionsRequest, TaxEstimate, TaxEstimateRequest, TaxProfile
from genie_finance.tax.deductions_optimizer import optimise
from genie_finance.tax.tax_estimator import estimate

Build = Callable[..., TaxProfile]
FULL = {"life_and_savings": 150_000, "pension_scheme": 50_000, "health_self": 25_000, "health_parents": 50_000}


def optimised(profile: TaxProfile) -> DeductionsPlan:
    found = optimise(DeductionsRequest(profile=profile))
    assert isinstance(found, DeductionsPlan)
    return found


def test_rooms_of_someone_who_used_none(profile: Build) -> None:
    """The catalogue's 45,000, 15,000, 7,500 and 15,000 were 30 % flat, without cess, and recommended although the new
    regime cost less; 3,000 for 80TTA were interest that nobody can decide to have."""
    found = optimised(profile(salary=2_000_000, deductions={"parents_senior": True}))
    saves = {room.section: room.saves.amount for room in found.rooms}
    assert saves == {"80C": 46_800, "80CCD(1B)": 15_600, "80D (self)": 7_800, "80D (parents)": 15_600}
    assert (found.worthwhile, found.saves.amount, found.costs.amount) == (False, 0, 0)


@pytest.mark.parametrize(("salary", "saves"), [(2_000_000, (46_800, 15_600)), (1_100_000, (36_400, 10_400))])
def test_a_library_of_others_saves_as_much(profile: Build, salary: int, saves: tuple[int, int]) -> None:
    """taxbrainai-compute 0.1.0: 4,13,400, 3,66,600 and 3,51,000; 1,32,600, 96,200 and 85,800 in the old regime."""
    assert tuple(room.saves.amount for room in optimised(profile(salary=salary)).rooms[:2]) == saves


def test_with_everything_used_nothing_is_left(profile: Build) -> None:
    found = optimised(profile(salary=2_000_000, deductions={**FULL, "parents_senior": True}))
    assert found.rooms == ()
    assert not found.worthwhile


def test_it_is_worthwhile_where_the_old_regime_then_costs_less(profile: Build) -> None:
    """Break-even at 16 lakh of salary is 5.68 lakh, as caindelhiindia.com has it; 4.8 lakh are claimed already."""
    claimed = {"home_loan_interest": 200_000, "other": 280_000, "parents_senior": True}
    found = optimised(profile(salary=1_600_000, deductions=claimed))
    assert (found.worthwhile, found.regime_now, found.regime_after) == (True, "new", "old")
    assert found.tax_now.amount == 113_100
    assert found.tax_after.amount == 74_360  # as taxbrainai-compute 0.1.0 has it


def test_a_deduction_is_worth_less_where_it_crosses_a_slab(profile: Build) -> None:
    """Of 1,50,000 only 50,000 lie above ten lakh: 30 % of them and 20 % of the rest, with cess."""
    rooms = optimised(profile(salary=1_100_000)).rooms
    assert rooms[0].saves.amount == 36_400


def test_no_more_is_put_away_than_saves_tax(profile: Build) -> None:
    """Below five lakh the rebate has taken the tax: another rupee saves nothing."""
    deductions = {"other": 200_000}
    found = optimised(profile("2024-25", other=750_000, deductions=deductions, resident=True))
    assert found.tax_after.amount == 0
    assert found.costs.amount <= 50_000


@pytest.mark.parametrize(("age", "room"), [(59, 25_000), (60, 50_000)])
def test_the_limit_of_health_insurance_follows_age(profile: Build, age: int, room: int) -> None:
    rooms = {one.section: one.room.amount for one in optimised(profile(salary=2_000_000, age=age)).rooms}
    assert rooms["80D (self)"] == room


def test_unknown_deductions_are_asked_for(profile: Build) -> None:
    unknown = profile(salary=2_000_000).model_copy(update={"deductions": None})
    found = optimise(DeductionsRequest(profile=unknown))
    assert isinstance(found, InsufficientData)


claims = st.fixed_dictionaries({name: st.integers(0, 30_000).map(lambda ten: ten * 10) for name in FULL})


@given(salary=st.integers(0, 800_000).map(lambda ten: ten * 10), claimed=claims, other=st.integers(0, 800_000))
def test_a_plan_never_costs_more_and_delivers_what_it_says(
    profile: Build, salary: int, claimed: dict[str, Any], other: int
) -> None:
    person = profile(salary=salary, deductions={**claimed, "other": other})
    found = optimised(person)
    assert found.tax_after.minor == found.tax_now.minor - found.saves.minor <= found.tax_now.minor
    assert found.costs.minor <= sum(room.room.minor for room in found.rooms)
    if found.worthwhile:
        assert person.deductions is not None
        allowed_first = {name: min(amount, {"life_and_savings": 150_000, "pension_scheme": 50_000}.get(name, 25_000))
                         for name, amount in claimed.items()}  # fmt: skip
        more = {**allowed_first, "other": other + found.costs.amount}
        same = estimate_of(profile(salary=salary, deductions=more))
        assert same == found.tax_after.amount


def estimate_of(person: TaxProfile) -> Any:
    found = estimate(TaxEstimateRequest(profile=person, regime="old"))
    assert isinstance(found, TaxEstimate)
    return found.tax.amount


def test_higher_limits_of_seniors_are_for_residents(profile: Build) -> None:
    """Sections 80D and 80TTB speak of a senior citizen as a resident; a non-resident of seventy has 80TTA."""
    claims = {"health_self": 50_000, "deposit_interest": 50_000}
    old = {}
    for resident in (True, False):
        year = profile(age=70, resident=resident, salary=1_500_000, deductions=claims)
        found = estimate(TaxEstimateRequest(profile=year, regime="old"))
        assert isinstance(found, TaxEstimate)
        old[resident] = {line.step: line.amount.amount for line in found.lines}["deductions within their limits"]
    assert old == {True: -100_000, False: -35_000}
