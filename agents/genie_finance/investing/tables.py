"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie_finance.contracts.investing import RiskTolerance
from genie_finance.contracts.markets import FundClass
from genie_finance.domain.rulebook import Rules, Table

Share = Annotated[Decimal, Field(ge=0, le=1)]
Tilt = Annotated[Decimal, Field(ge=-1, le=1)]


class AllocationRules(Rules):
    """Rules for equity by age, risk tolerance and horizon, for the split of the rest, and for rebalancing."""

    age_base: int
    tilts: dict[RiskTolerance, Tilt]
    long_horizon_years: int
    long_horizon_tilt: Tilt
    equity_least: Share
    equity_most: Share
    equity_per_year: Share
    """Maximum equity per year of the horizon."""
    debt_of_rest: Share
    gold_of_rest: Share
    cash_of_rest: Share
    gold_from_years: int
    band_points: Share
    """Absolute drift from which a class is out of balance,"""
    band_of_target: Share
    """or this fraction of the target, whichever is less."""


class DividendTdsRules(Rules):
    """Tax deducted from dividends."""

    threshold: Annotated[Decimal, Field(ge=0)]
    """Rupees in a tax year from one company; nothing is deducted up to this amount; above it, tax is deducted from the
    whole amount.
    """
    rate: Share


class FundWeights(Rules):
    """Weights of the parts of a score."""

    cagr: Share
    sharpe: Share
    expense: Share
    negative_quarters: Share


class FundScale(Rules):
    """Value at which a part of the score reaches its maximum."""

    cagr_best: Annotated[Decimal, Field(gt=0)]
    sharpe_best: Annotated[Decimal, Field(gt=0)]
    expense_worst: Annotated[Decimal, Field(gt=0)]
    negative_quarters_worst: Annotated[Decimal, Field(gt=0)]


class FundScoringRules(Rules):
    """Rules of the fund score."""

    weights: FundWeights
    scales: dict[FundClass, FundScale]
    fewest_for_percentile: int
    """Minimum funds of a category for a meaningful percentile."""


ALLOCATION = Table("asset_allocation", AllocationRules)
DIVIDEND_TDS = Table("dividend_tds_in", DividendTdsRules)
FUND_SCORING = Table("fund_scoring", FundScoringRules)
