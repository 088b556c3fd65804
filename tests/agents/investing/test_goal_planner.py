"""Goals: the catalogue's figures kept or corrected, numpy-financial's, and what must always hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.investing import GoalPlan, GoalRequest
from genie_finance.investing.goal_planner import plan

Goal = Callable[..., GoalRequest]


def test_the_required_contribution_of_the_catalogue(goal: Goal) -> None:
    assert plan(goal()).required_monthly.amount == Decimal("4881.74")


def test_a_goal_that_is_passed_already_is_near_certain_and_never_certain(goal: Goal) -> None:
    """The catalogue's 50 lakh and 50,000 a month for 60 lakh; it said 1.0 without an interval."""
    found = plan(goal(current_corpus=5_000_000, monthly_contribution=50_000, target_corpus=6_000_000, paths=10_000))
    assert found.success_probability == 1
    assert found.success_interval == (Decimal("0.9996"), 1)
    assert found.on_track
    assert found.required_monthly.minor == 0
    assert found.corpus.mean.amount == pytest.approx(Decimal(23_777_818), rel=Decimal("0.02"))


def test_no_horizon_is_refused_and_not_answered_with_nonsense(goal: Goal) -> None:
    """The catalogue's horizon of 0 asked for -92,233,720,368,547,758 a month."""
    with pytest.raises(ValidationError, match="horizon_months"):
        goal(horizon_months=0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # numpy-financial 1.0.0: pmt(0.08 / 12, 180, -500_000, 5_000_000, "begin"); a negative one is a goal reached.
        ({"current_corpus": 500_000, "target_corpus": 5_000_000, "horizon_months": 180, "timing": "start",
          "expected_annual_return": "0.08"}, "9606.96"),
        # The same of 0.12 / 12, 240, -1_000_000 and 20_000_000, at the end.
        ({"current_corpus": 1_000_000, "target_corpus": 20_000_000, "horizon_months": 240,
          "expected_annual_return": "0.12"}, "9206.37"),
        ({"expected_annual_return": 0}, "8333.33"),
    ],
)  # fmt: skip
def test_without_volatility_all_required_contributions_are_the_payment_of_an_annuity(
    goal: Goal, fields: dict[str, object], expected: str
) -> None:
    found = plan(goal(annual_volatility=0, paths=100, **fields))
    for one in (found.required_monthly, found.required_monthly_at_p50, found.required_monthly_for_wanted):
        assert abs(one.amount - Decimal(expected)) <= Decimal("0.01")


def test_inflation_raises_the_target_and_a_step_up_lowers_the_first_contribution(goal: Goal) -> None:
    found = plan(goal(annual_inflation="0.06", annual_volatility=0, paths=100))
    assert found.target_at_end.amount == Decimal("1790847.70")  # 1.06^10
    stepped = plan(goal(annual_inflation="0.06", contribution_growth_annual="0.1", annual_volatility=0, paths=100))
    assert stepped.required_monthly.amount < found.required_monthly.amount
    # What grows by a tenth a year and pays twelve times, valued at the end, reaches the target.
    rate, total = Decimal("0.1") / 12, Decimal(0)
    for month in range(120):
        total = total * (1 + rate) + stepped.required_monthly.amount * Decimal("1.1") ** (month // 12)
    assert total == pytest.approx(found.target_at_end.amount, abs=3)


def test_the_contribution_for_the_wanted_chance_gives_that_chance_on_the_same_paths(goal: Goal) -> None:
    asked = goal(wanted_probability="0.9", current_corpus=100_000)
    needed = plan(asked).required_monthly_for_wanted
    assert plan(asked.model_copy(update={"monthly_contribution": needed})).success_probability >= Decimal("0.9")
    less = needed.model_copy(update={"minor": needed.minor - 100})
    assert plan(asked.model_copy(update={"monthly_contribution": less})).success_probability < Decimal("0.9")


def test_the_wanted_chance_costs_more_than_the_expected_path(goal: Goal) -> None:
    found = plan(goal())
    amounts = [found.required_monthly, found.required_monthly_at_p50, found.required_monthly_for_wanted]
    assert [one.amount for one in amounts] == sorted(one.amount for one in amounts)


def test_json_numbers_and_texts_are_rupees_and_other_currencies_are_named() -> None:
    given_ = {
        "current_corpus": 0.5, "monthly_contribution": "100.25", "target_corpus": 5000, "horizon_months": 12,
        "expected_annual_return": 0.08, "annual_volatility": 0.1, "paths": 100,
    }  # fmt: skip
    asked = GoalRequest.model_validate_json(json.dumps(given_))
    assert (asked.current_corpus.minor, asked.monthly_contribution.minor) == (50, 10_025)
    assert plan(asked).target_at_end.currency == "INR"
    euro = {"amount": "5000", "currency": "EUR"}
    with pytest.raises(ValidationError, match="one currency, not in EUR, INR"):
        GoalRequest.model_validate({**given_, "target_corpus": euro})


@pytest.mark.parametrize(
    "fields",
    [
        {"expected_annual_return": 12}, {"annual_volatility": 15}, {"annual_volatility": "-0.1"}, {"paths": 10**9},
        {"target_corpus": 0}, {"current_corpus": -1}, {"wanted_probability": 1}, {"horizon_months": 10_000},
        {"current_corpus": True}, {"current_corpus": float("nan")}, {"target_corpus": "1e40"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(goal: Goal, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        goal(**fields)


@pytest.mark.parametrize(
    "field", ["current_corpus", "monthly_contribution", "target_corpus", "expected_annual_return", "annual_volatility"]
)
def test_what_is_missing_is_no_zero(goal: Goal, field: str) -> None:
    fields = goal().model_dump()
    del fields[field]
    with pytest.raises(ValidationError, match=field):
        GoalRequest.model_validate(fields)


def test_an_amount_beyond_every_bound_is_said_as_such(goal: Goal) -> None:
    with pytest.raises(InputError) as caught:
        plan(goal(current_corpus=10**13, expected_annual_return=1, horizon_months=720, paths=100))
    assert caught.value.subject == "amounts"


def _fields(answer: GoalPlan) -> tuple[Decimal, ...]:
    return (answer.corpus.p10.amount, answer.corpus.p50.amount, answer.corpus.p90.amount)


@settings(max_examples=30)
@given(
    corpus=st.integers(0, 10**7), saved=st.integers(0, 10**5), target=st.integers(1, 10**8),
    months=st.integers(1, 120), volatility=st.decimals(0, Decimal("0.6"), places=2), seed=st.integers(0, 10**6),
)  # fmt: skip
def test_more_never_hurts_and_parts_are_in_order(
    corpus: int, saved: int, target: int, months: int, volatility: Decimal, seed: int
) -> None:
    asked = GoalRequest.model_validate({
        "current_corpus": corpus, "monthly_contribution": saved, "target_corpus": target, "horizon_months": months,
        "expected_annual_return": "0.1", "annual_volatility": volatility, "paths": 200, "seed": seed,
    })  # fmt: skip
    found = plan(asked)
    assert plan(asked) == found
    assert list(_fields(found)) == sorted(_fields(found))
    assert found.corpus.worst_twentieth.minor <= found.corpus.p10.minor
    low, high = found.success_interval
    assert low <= found.success_probability <= high
    more = plan(asked.model_copy(update={"monthly_contribution": asked.monthly_contribution + asked.target_corpus}))
    assert more.success_probability >= found.success_probability
    assert more.required_monthly == found.required_monthly
    assert (found.shortfall_monthly.minor == 0) or not found.on_track


def test_a_target_without_inflation_is_said_to_be_in_the_money_of_its_day(goal: Goal) -> None:
    """Whoever means today's money would be told of a chance that is too good."""
    assert any("inflation" in caveat for caveat in plan(goal()).grounds.caveats)
    assert plan(goal(annual_inflation="0.06")).grounds.caveats == ()
