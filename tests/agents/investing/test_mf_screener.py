"""Funds: the catalogue's scores, empyrical's ratios, what is unknown, and laws."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.markets import FundScreenRequest, FundScreenResults
from genie_finance.investing.mf_screener import screen
from genie_finance.investing.ratios import ratios


def fund(scheme: str = "Mid", **fields: Any) -> dict[str, Any]:
    plain = {
        "scheme": scheme, "category": "flexi cap", "five_year_cagr": "0.10", "std_dev": "0.15",
        "expense_ratio": "0.015", "neg_quarters_last_5yr": 0, "aum_crore": 5_000, "three_year_cagr": "0.12",
    }  # fmt: skip
    return {**plain, **fields}


TOP = fund("Top", five_year_cagr="0.20", std_dev="0.18", expense_ratio="0.01")


def asked(*funds: dict[str, Any], risk_free: Any = "0.07", **filters: Any) -> FundScreenRequest:
    return FundScreenRequest.model_validate(
        {"as_of": "2026-01-05", "funds": funds, "risk_free_rate": risk_free, "filter": filters}
    )


def screened(*funds: dict[str, Any], **fields: Any) -> FundScreenResults:
    found = screen(asked(*funds, **fields))
    assert isinstance(found, FundScreenResults)
    return found


def test_the_catalogues_scores() -> None:
    """With no lost quarter, which the catalogue took a missing figure for."""
    found = screened(fund(), TOP)
    assert [(one.scheme, one.score, round(one.sharpe, 2)) for one in found.ranked] == [
        ("Top", Decimal("69.04"), Decimal("0.72")),
        ("Mid", Decimal("39.33"), Decimal("0.2")),
    ]
    assert [one.rank for one in found.ranked] == [1, 2]


@pytest.mark.parametrize("field", ["five_year_cagr", "std_dev", "expense_ratio", "neg_quarters_last_5yr"])
def test_what_is_not_known_earns_no_marks(field: str) -> None:
    """In the catalogue a fund without expenses and lost quarters had full marks for both."""
    found = screened(fund(**{field: None}), TOP)
    assert [one.scheme for one in found.ranked] == ["Top"]
    assert (found.unranked[0].why, found.unranked[0].missing) == ("insufficient_data", (field,))
    assert found.filtered_out == 0


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"category": "Flexi Cap"}, {"Mid", "Top"}),
        ({"category": "large cap"}, set()),
        ({"min_aum_crore": 5_000}, {"Mid", "Top"}),
        ({"min_aum_crore": 5_001}, set()),
        ({"max_expense_ratio": "0.012"}, {"Top"}),
        ({"min_three_year_cagr": "0.13"}, set()),
    ],
)
def test_a_filter_keeps_what_meets_it(filters: dict[str, Any], left: set[str]) -> None:
    found = screened(fund(), TOP, **filters)
    assert {one.scheme for one in found.ranked} == left
    assert found.filtered_out == 2 - len(left)


def test_a_fund_of_which_the_filtered_figure_is_not_known_does_not_pass() -> None:
    found = screened(fund(aum_crore=None), min_aum_crore=100)
    assert found.ranked == ()
    assert found.unranked[0].missing == ("aum_crore",)
    assert len(screened(fund(aum_crore=None)).ranked) == 1


def test_a_debt_fund_is_scored_on_the_scale_of_debt() -> None:
    figures = {"five_year_cagr": "0.075", "std_dev": "0.02", "expense_ratio": "0.004"}
    debt, as_equity = screened(fund(fund_class="debt", **figures)), screened(fund(**figures))
    # 40 x 0.75 + 25 x (0.25 / 1.5) + 20 x 0.6 + 15
    assert debt.ranked[0].score == Decimal("61.17")
    assert debt.ranked[0].score != as_equity.ranked[0].score
    assert "scale of debt" in debt.ranked[0].reason


def test_a_place_in_the_category_needs_three_funds() -> None:
    funds = [fund(f"F{number}", five_year_cagr=f"0.1{number}") for number in range(4)]
    assert [one.percentile_in_category for one in screened(*funds).ranked] == [
        100, Decimal("66.7"), Decimal("33.3"), 0,
    ]  # fmt: skip
    assert {one.percentile_in_category for one in screened(*funds[:2]).ranked} == {None}


OWN = (.021, -.013, .034, .008, -.042, .017, .029, -.005, .011, -.024, .038, .006, .015, -.031)  # fmt: skip
INDEX = (.018, -.010, .030, .010, -.035, .015, .025, -.008, .009, -.020, .033, .004, .012, -.028)  # fmt: skip


def test_ratios_are_those_of_empyrical() -> None:
    # empyrical-reloaded 0.7.1 with period="monthly": annual_return, annual_volatility, sharpe_ratio, sortino_ratio,
    # max_drawdown, down_capture; the risk-free rate 1.06**(1/12) - 1 a month.
    found = ratios(OWN, INDEX, 0.06)
    assert found is not None
    assert float(found.annualised_return) == pytest.approx(0.05272691, abs=1e-6)
    assert float(found.annualised_volatility) == pytest.approx(0.08495843, abs=1e-6)
    assert float(found.sharpe or 9) == pytest.approx(-0.04182592, abs=1e-4)
    assert float(found.sortino or 9) == pytest.approx(-0.05579008, abs=1e-4)
    assert float(found.max_drawdown) == pytest.approx(-0.042, abs=1e-6)
    assert float(found.downside_capture or 9) == pytest.approx(1.12269090, abs=1e-4)


def test_too_few_months_have_no_ratios_and_flat_ones_no_sharpe() -> None:
    assert ratios(OWN[:11], (), 0.06) is None
    flat = ratios([0.005] * 12, (), 0.06)
    assert flat is not None
    assert (flat.sharpe, flat.max_drawdown, flat.tracking_error, flat.downside_capture) == (None, 0, None, None)


def test_sixty_years_of_wild_months_overflow_nothing() -> None:
    found = ratios([10.0, -0.9999] * 360, [-0.9999, 10.0] * 360, 0.06)
    assert found is not None
    assert found.max_drawdown == -1


def test_no_funds_are_too_little_and_some_input_is_refused() -> None:
    assert isinstance(screen(asked()), InsufficientData)
    for wrong in (
        {"expense_ratio": "1.5"}, {"std_dev": 0}, {"neg_quarters_last_5yr": 21}, {"five_year_cagr": 12},
        {"monthly_returns": (-1,)}, {"monthly_returns": (0.1,), "benchmark_monthly_returns": (0.1, 0.1)},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            asked(fund(**wrong))
    with pytest.raises(ValidationError, match="listed twice"):
        asked(fund(), fund())


figures = st.fixed_dictionaries({
    "five_year_cagr": st.decimals(Decimal("-0.2"), Decimal("0.5"), places=3),
    "std_dev": st.decimals(Decimal("0.01"), Decimal("0.6"), places=2),
    "expense_ratio": st.decimals(0, Decimal("0.03"), places=4),
    "neg_quarters_last_5yr": st.integers(0, 20),
})  # fmt: skip


@given(rows=st.lists(figures, min_size=1, max_size=6), data=st.data())
def test_the_order_of_input_changes_nothing_and_scores_are_bounded(rows: list[dict[str, Any]], data: Any) -> None:
    funds = [fund(f"F{number}", **row) for number, row in enumerate(rows)]
    found = screened(*funds)
    assert screened(*data.draw(st.permutations(funds))) == found
    assert all(0 <= one.score <= 100 for one in found.ranked)
    scores = [one.score for one in found.ranked]
    assert scores == sorted(scores, reverse=True)


@given(row=figures)
def test_cheaper_or_better_never_scores_less(row: dict[str, Any]) -> None:
    score = screened(fund(**row)).ranked[0].score
    assert screened(fund(**{**row, "expense_ratio": 0})).ranked[0].score >= score
    assert screened(fund(**{**row, "neg_quarters_last_5yr": 0})).ranked[0].score >= score
    better = {**row, "five_year_cagr": row["five_year_cagr"] + Decimal("0.01")}
    assert screened(fund(**better)).ranked[0].score >= score


def test_thousands_of_funds_of_one_category_are_ranked_without_comparing_every_two() -> None:
    """Five thousand took twenty seconds, in which nothing else ran."""
    funds = [fund(scheme=f"F{number:04}", neg_quarters_last_5yr=number % 20) for number in range(5_000)]
    found = screened(*funds)
    best, last = found.ranked[0], found.ranked[-1]
    assert (best.rank, best.percentile_in_category) == (1, Decimal("97.5"))
    # From eight lost quarters on a fund earns the same: 3,000 of 5,000 tie for the last place.
    assert (last.rank, last.percentile_in_category) == (2_001, Decimal("30.0"))
