"""The desk: what it blends and asks, against PyPortfolioOpt, and what it says when assumptions are missing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.investing import ASSET_CLASSES, ClassAssumption, Correlation, InvestingCase
from genie_finance.investing.blend import blend, lacking
from genie_finance.investing.investing_desk import allocating, comparing, planning

WEIGHTS: Mapping[Any, Decimal] = {"equity": Decimal("0.6"), "debt": Decimal("0.3"), "gold": Decimal("0.1")}


def assumptions(**classes: tuple[str, str]) -> tuple[ClassAssumption, ...]:
    return tuple(
        ClassAssumption.model_validate({"asset": asset, "expected_annual_return": mu, "annual_volatility": sigma})
        for asset, (mu, sigma) in classes.items()
    )


def correlations(*rows: tuple[str, str, str]) -> tuple[Correlation, ...]:
    return tuple(Correlation.model_validate({"between": row[:2], "value": row[2]}) for row in rows)


THREE = assumptions(equity=("0.12", "0.18"), debt=("0.07", "0.05"), gold=("0.08", "0.15"))
RELATED = correlations(("equity", "debt", "0.1"), ("gold", "equity", "-0.05"), ("debt", "gold", "0.2"))


def case(**fields: Any) -> InvestingCase:
    plain = {
        "as_of": "2026-01-10",
        "investor": {
            "age": 34, "risk_tolerance": "moderate", "monthly_contribution": 100, "lump_sum": 5_000,
            "current": {"equity": 1_000, "debt": 0, "gold": 0, "cash": 0},
        },
        "goal": {
            "name": "house", "target_corpus": 100_000, "horizon_months": 131, "annual_inflation": 0,
            "contribution_growth_annual": 0, "wanted_probability": "0.7",
        },
        "assumptions": [one.model_dump() for one in THREE],
        "correlations": [one.model_dump() for one in RELATED],
        "source": "a test",
    }  # fmt: skip
    return InvestingCase.model_validate({**plain, **fields})


def test_a_blend_is_that_of_pyportfolioopt() -> None:
    # PyPortfolioOpt 1.6.0, portfolio_performance: 0.101 and 0.11120251795710383.
    found = blend(WEIGHTS, THREE, RELATED)
    assert found.expected == Decimal("0.101")
    assert float(found.volatility) == pytest.approx(0.11120251795710383, abs=1e-15)


def test_no_assumption_is_made_up() -> None:
    asked = case(assumptions=[one.model_dump() for one in THREE[:2]], correlations=[])
    assert [one.what for one in lacking(asked, WEIGHTS)] == ["assumptions.gold", "correlations.equity.debt"]
    assert lacking(case(), WEIGHTS) == ()
    assert lacking(asked, {"equity": Decimal(1), "gold": Decimal(0)}) == ()  # nothing held, nothing needed


def test_correlations_that_contradict_each_other_are_refused() -> None:
    opposed = correlations(("equity", "debt", "-1"), ("equity", "gold", "-1"), ("debt", "gold", "-1"))
    alike = assumptions(equity=("0.1", "0.2"), debt=("0.1", "0.2"), gold=("0.1", "0.2"))
    even = dict.fromkeys(("equity", "debt", "gold"), Decimal(1) / 3)
    with pytest.raises(InputError, match="contradict"):
        blend(even, alike, opposed)  # type: ignore[arg-type]  # keys are the three words


def test_the_questions_count_what_is_free_once_as_new_money_and_once_as_corpus() -> None:
    asked, mixed = case(), blend(WEIGHTS, THREE, RELATED)
    allocation, plan, compare = allocating(asked), planning(asked, mixed), comparing(asked, mixed)
    assert allocation.new_money is not None
    assert allocation.new_money.amount == compare.amount.amount == 5_000
    assert allocation.horizon_years == 10  # of 131 months
    assert plan.current_corpus.amount == 6_000
    assert (plan.expected_annual_return, plan.annual_volatility) == (Decimal("0.101"), Decimal("0.111203"))
    assert compare.waiting_cash_annual_return == 0  # nothing is assumed of cash


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"assumptions": [one.model_dump() for one in (*THREE[:1], *THREE[:1])]}, "two assumptions"),
        ({"correlations": [{"between": ["debt", "gold"], "value": 0}, {"between": ["gold", "debt"], "value": 1}]},
         "more than one correlation"),
        ({"correlations": [{"between": ["gold", "gold"], "value": 1}]}, "between two"),
        ({"correlations": [{"between": ["gold", "debt"], "value": 2}]}, "less than or equal to 1"),
    ],
)  # fmt: skip
def test_assumptions_that_contradict_each_other_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        case(**fields)


fractions = st.decimals(0, Decimal("0.5"), places=3)


@given(
    parts=st.lists(st.integers(1, 100), min_size=4, max_size=4), sigmas=st.lists(fractions, min_size=4, max_size=4),
    rho=st.decimals(0, 1, places=2),
)  # fmt: skip
def test_spreading_never_adds_risk(parts: list[int], sigmas: list[Decimal], rho: Decimal) -> None:
    weights = {asset: Decimal(part) / sum(parts) for asset, part in zip(ASSET_CLASSES, parts, strict=True)}
    made = assumptions(**{one: ("0.1", str(sigma)) for one, sigma in zip(ASSET_CLASSES, sigmas, strict=True)})
    pairs = [(one, other, str(rho)) for one in ASSET_CLASSES for other in ASSET_CLASSES if one < other]
    found = blend(weights, made, correlations(*pairs))
    most = sum((weights[one] * sigma for one, sigma in zip(ASSET_CLASSES, sigmas, strict=True)), Decimal(0))
    assert found.volatility <= most + Decimal("1e-20")
    assert found.expected == pytest.approx(Decimal("0.1"), abs=Decimal("1e-20"))
