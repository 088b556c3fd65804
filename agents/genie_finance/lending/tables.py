"""The rule tables of the family: the contents of one edition of each. Tables named ``policy`` are settings, not law."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie_finance.domain.rulebook import Rules, Table

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 12)]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Percentage = Annotated[Decimal, Field(ge=0, le=100)]


class Band(Rules):
    """A maximum loan to value for loans up to a given size."""

    up_to: Amount | None = None
    ltv: Share


class HousingLtvRules(Rules):
    """Loan to value of housing loans, smallest loans first; the last band is unbounded."""

    bands: Annotated[tuple[Band, ...], Field(min_length=1)]


class PrepaymentChargeRules(Rules):
    """Rules on whether the law forbids a prepayment charge."""

    individual_floating: bool
    """True if it forbids one on floating-rate loans of individuals that are not for a business."""
    business_floating: bool
    fixed: bool
    business_sanctioned_from: datetime.date | None = None
    """First day of sanction or renewal of the business loans concerned; None means all."""
    business_up_to: Amount | None = None
    """Sanctioned amount, in rupees, up to which no lender may charge a business; None means any."""


class TurnoverRules(Rules):
    """The turnover method."""

    requirement: Share
    bank_finance: Share
    margin: Share
    most_limit: Amount
    """Largest limit computed by this method."""


class LoanPolicyRules(Rules):
    """Settings for loans to individuals."""

    most_foir: Share
    most_stressed_foir: Share
    shock_percent: Percentage
    most_age: int
    """Maximum age at the end of the loan."""


SignalName = Literal["inflow_stability", "savings_rate", "debt_burden", "bounce_rate", "expense_volatility", "tenure"]


class Weights(Rules):
    """Weight of each measure."""

    inflow_stability: Share
    savings_rate: Share
    debt_burden: Share
    bounce_rate: Share
    expense_volatility: Share
    tenure: Share


class Grades(Rules):
    """Lowest score of each grade."""

    A: int
    B: int
    C: int
    D: int


class UnderwritingRules(Rules):
    """Settings of the cash-flow score."""

    least_months: int
    """Minimum whole calendar months covered by the statements and with movements."""
    least_earning_months: int
    """Minimum months with income among them."""
    full_months: int
    debt_burden_limit: Annotated[Decimal, Field(gt=0)]
    """Instalments' share of the inflow at which the measure is 0."""
    bounce_limit: Annotated[Decimal, Field(gt=0)]
    weights: Weights
    grades: Grades

    @model_validator(mode="after")
    def _weights_are_whole(self) -> Self:
        if sum(self.weights.model_dump().values()) != 1:
            raise ValueError("the weights must add up to 1")
        return self


class SmePolicyRules(Rules):
    """Settings for loans to businesses."""

    least_score: int
    base_rate_percent: Percentage
    risk_spread_percent: Percentage
    guarantee_discount_percent: Percentage
    turnover_share: Share
    least_banked_share: Share
    least_dscr: Decimal
    processing_fee: Share
    validity_days: int
    stock_margin: Share
    receivables_margin: Share
    collection_shock_days: int


class FeeBand(Rules):
    """Fee of a guarantee up to a given size."""

    up_to: Amount
    percent: Percentage


class GuaranteeRules(Rules):
    """The credit guarantee fund."""

    ceiling: Amount
    enterprises: tuple[str, ...]
    sectors: tuple[str, ...]
    fees: Annotated[tuple[FeeBand, ...], Field(min_length=1)]


HOUSING_LTV = Table("housing_ltv_in", HousingLtvRules)
PREPAYMENT_CHARGES = Table("prepayment_charges_in", PrepaymentChargeRules)
TURNOVER_METHOD = Table("working_capital_in", TurnoverRules)
LOAN_POLICY = Table("loan_policy", LoanPolicyRules)
UNDERWRITING = Table("underwriting_policy", UnderwritingRules)
SME_POLICY = Table("sme_policy", SmePolicyRules)
GUARANTEE = Table("cgtmse_in", GuaranteeRules)
