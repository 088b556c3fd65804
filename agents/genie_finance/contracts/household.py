"""Further figures on a household's movements: an emergency fund, and a carbon footprint."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Money, PaidRupees, Rupees, SignedRupees
from genie_finance.contracts.numbers import Percent
from genie_finance.contracts.statements import Quarantined, StatementFile, UnreadFile

MOST_MOVEMENTS = 50_000


class Movement(Value):
    """One movement in rupees."""

    date: datetime.date
    amount: SignedRupees
    """Negative: outgoing. If ``type`` is given, the sign is ignored."""
    type: Literal["credit", "debit"] | None = None
    description: Annotated[str, Field(max_length=500)] = ""
    category: Annotated[str, Field(max_length=64)] | None = None
    """Name in the catalogue's taxonomy, or a plain word for one such as ``fuel``; ``a:b`` means ``a.b``."""


class EmergencyFundRequest(Payload, topic="insights.emergency_fund_request", classification="confidential"):
    """How large should the emergency fund be, and when is it reached?"""

    transactions: Annotated[tuple[Movement, ...], Field(max_length=MOST_MOVEMENTS)]
    liquid_reserves: Rupees
    """Money available at once: cash, savings accounts, liquid funds."""
    income_profile: Literal["stable", "variable"] | None = None
    """None: derived from the variation of the monthly income."""
    has_dependents: bool
    monthly_saving: PaidRupees | None = None
    """Amount that can be saved each month; None: half of the observed surplus."""
    yield_percent: Percent = Decimal(0)
    """Nominal yearly return of the fund, compounded monthly."""


class EmergencyFundPlan(Payload, topic="insights.emergency_fund_plan", classification="confidential"):
    """A target in months of expenses, the gap, and the time to reach it."""

    months_of_history: int
    median_monthly_expense: Money
    """Median over the months used, without transfers and investments, net of refunds."""
    essential_monthly_expense: Money | None
    """Median of contractual and necessary expenses; None if too few movements have a category."""
    median_monthly_income: Money
    coverage_months: int
    target: Money
    """``coverage_months`` times ``median_monthly_expense``."""
    gap: Money
    """Target minus reserves, at least 0."""
    covered_months: str
    """Number of months that the reserves last, one decimal."""
    suggested_monthly_saving: Money | None
    """None if the months have no surplus."""
    months_to_target: int | None
    """Whole months until the reserves and savings reach the target; 0 if they already do; None without savings."""
    grounds: Grounds


class CarbonRequest(Payload, topic="insights.carbon_request", classification="confidential"):
    """Estimate the greenhouse gas emissions of this spending."""

    transactions: Annotated[tuple[Movement, ...], Field(max_length=MOST_MOVEMENTS)]
    as_of: datetime.date | None = None
    """Last day that the movements cover; None: the last movement's."""
    factors: Literal["current", "legacy"] = "current"
    """``legacy``: the factors of the earlier system, which are too low by an order of magnitude for energy."""


class CarbonCategory(Value):
    """One category's spending and emissions."""

    category: str
    spent: Money
    kg_co2e: str
    """Kilograms of CO2 equivalents, with two digits; ``low`` and ``high`` likewise."""
    low: str
    high: str
    share_percent: str
    quantity: str | None
    """Estimated units, where a price per unit is known: ``50.0 litre``."""


class CarbonSuggestion(Value):
    """Effect of a fifth less spending in one category."""

    category: str
    monthly_target: Money
    """Four fifths of the average month of the period."""
    kg_saved_per_year: str
    action: str


class CarbonFootprint(Payload, topic="insights.carbon_footprint", classification="confidential"):
    """Emissions of a period's spending: an estimate with its range."""

    months: int
    """Calendar months of the period."""
    total_kg_co2e: str
    low_kg_co2e: str
    high_kg_co2e: str
    by_category: tuple[CarbonCategory, ...]
    """Highest emissions first."""
    suggestions: tuple[CarbonSuggestion, ...]
    """At most three."""
    month_over_month_percent: str | None
    """Change of the last complete month against the previous one; None unless they are consecutive."""
    unfactored: Money
    """Spending of unknown category; the average factor of the table is used."""
    grounds: Grounds


class Household(Value):
    """Data about a household that statements do not contain."""

    liquid_reserves: Rupees
    """Money available at once: cash, savings accounts, liquid funds."""
    has_dependents: bool
    income_profile: Literal["stable", "variable"] | None = None
    monthly_saving: PaidRupees | None = None
    yield_percent: Percent = Decimal(0)
    factors: Literal["current", "legacy"] = "current"
    """Factors of the carbon footprint."""


class HouseholdQuestion(Payload, topic="insights.household_question", classification="confidential"):
    """How large should this household's emergency fund be, and how much greenhouse gas is in its spending?"""

    household: Household
    files: Annotated[tuple[StatementFile, ...], Field(min_length=1, max_length=100)]


class HouseholdPlan(Payload, topic="insights.household_plan", classification="confidential"):
    """Emergency fund and carbon footprint of a household, from its statements, with missing parts."""

    headline: str
    emergency_fund: EmergencyFundPlan | None
    carbon: CarbonFootprint | None
    other_currencies: tuple[str, ...] = ()
    """Currencies of movements that are left out, because both parts only count rupees."""
    quarantined: Annotated[tuple[Quarantined, ...], Field(max_length=500)] = ()
    """Rows that could not be read."""
    unread: tuple[UnreadFile, ...] = ()
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
