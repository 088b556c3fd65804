"""Payloads of the lending family on individuals: loans, debts, prepayment; in rupees."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.money import PaidRupees, Rupees, SignedRupees
from genie_finance.contracts.numbers import Number

MOST_LOANS = 50
MOST_MONTHS = 600


RatePercent = Annotated[Number, Field(ge=0, le=200, max_digits=12)]
"""Nominal annual rate in percent: 12 is twelve per cent a year, charged monthly as a twelfth."""
Percent = Annotated[Number, Field(ge=0, le=100, max_digits=12)]
Months = Annotated[int, Field(ge=1, le=MOST_MONTHS)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class ScheduleRow(Value):
    """One month of a loan: ``opening + interest - payment == closing``."""

    month: int
    opening: Rupees
    interest: Rupees
    principal: SignedRupees
    payment: Rupees
    closing: Rupees


# --- eligibility ---

LoanPurpose = Literal["home", "vehicle", "personal", "education", "other"]


class LoanRequest(Payload, topic="lending.loan_request", classification="confidential"):
    """What would this loan cost, and is it within the lender's policy for this borrower?"""

    principal: PaidRupees
    annual_rate_percent: RatePercent
    term_months: Months
    purpose: LoanPurpose
    monthly_income: Rupees
    """Net of tax, of everybody who is liable for the loan."""
    existing_obligations: Rupees
    """Instalments and card minimums of a month that go on; 0 where there are none."""
    borrower_age: Annotated[int, Field(ge=18, le=100)]
    """Years; of the oldest whose income is counted, where several are liable."""
    as_of: datetime.date
    fees: Rupees | None = None
    """Everything paid upfront to the lender or through it; None: not known, and then no annual percentage rate."""
    property_value: PaidRupees | None = None
    """Of the home that is bought, without stamp duty and registration; needed for a home loan."""


class Check(Value):
    """One rule of policy against one figure."""

    name: str
    passed: bool
    value: str
    limit: str
    basis: Literal["policy", "law"]
    """``policy``: a setting of the lender, which another may set otherwise."""


class LoanAdvice(Payload, topic="lending.loan_advice", classification="confidential"):
    """A loan's cost, and a recommendation: whether it is within policy. It is not a sanction."""

    emi: Rupees
    """Level monthly instalment."""
    last_instalment: Rupees
    total_interest: Rupees
    total_payment: Rupees
    apr_percent: str | None
    """Twelve times the monthly internal rate of return of what is disbursed net of fees, two digits."""
    foir_percent: str
    """Fixed obligations with this instalment, of the income; two digits."""
    income_to_emi: str
    """Income over the instalment alone, four digits; for a household it is not a debt service coverage ratio."""
    stressed_emi: Rupees
    """With the rate raised by the policy's shock."""
    stressed_foir_percent: str
    ltv_percent: str | None
    eligible: bool
    checks: tuple[Check, ...]
    most_principal: Rupees
    """Largest principal at this rate and term that passes every check on income and value; 0 where none does."""
    schedule: tuple[ScheduleRow, ...]
    grounds: Grounds


# --- paying debts off ---

Strategy = Literal["avalanche", "snowball"]


class Debt(Value):
    """A debt with a monthly minimum."""

    name: Name
    balance: PaidRupees
    annual_rate_percent: RatePercent
    minimum_payment: Rupees


class Consolidation(Value):
    """A loan that would replace all debts."""

    annual_rate_percent: RatePercent
    fees: Rupees
    """Added to its principal."""


class DebtPayoffRequest(Payload, topic="lending.payoff_request", classification="confidential"):
    """In which order are these debts paid off, how long does it take and what does it cost?"""

    debts: Annotated[tuple[Debt, ...], Field(min_length=1, max_length=MOST_LOANS)]
    extra_per_month: Rupees
    """Beyond the minimums; what a debt that is paid off leaves free is added to it."""
    strategy: Strategy = "avalanche"
    """``avalanche``: highest rate first, which costs least. ``snowball``: smallest balance first."""
    consolidation: Consolidation | None = None


class Payoff(Value):
    """One debt's end."""

    name: str
    position: int
    """In the request, from 1: names need not differ."""
    month: int
    interest: Rupees


class PayoffMonth(Value):
    """All debts in one month."""

    month: int
    interest: Rupees
    payment: Rupees
    balance: Rupees
    """At its end."""


class PayoffResult(Value):
    """What one way of paying comes to."""

    strategy: Literal["avalanche", "snowball", "minimums_only", "consolidation"]
    feasible: bool
    """False: the debts are never repaid this way, or not in a hundred years."""
    months: int | None
    total_interest: Rupees | None
    """With the fees of a consolidation."""


class DebtPayoffPlan(Payload, topic="lending.payoff_plan", classification="confidential"):
    """The chosen strategy month by month, beside the others at the same monthly budget."""

    strategy: Strategy
    feasible: bool
    monthly_budget: Rupees
    months: int | None
    total_interest: Rupees | None
    order: tuple[Payoff, ...]
    """In the order in which debts end; empty where they never do."""
    schedule: tuple[PayoffMonth, ...]
    alternatives: tuple[PayoffResult, ...]
    least_budget: Rupees | None
    """Where the budget is too small: what a month's interest comes to, which a budget must exceed."""
    grounds: Grounds


# --- prepayment ---


class RunningLoan(Value):
    """A loan that could be prepaid."""

    name: Name
    outstanding: PaidRupees
    annual_rate_percent: RatePercent
    months_remaining: Months
    rate_type: Literal["fixed", "floating"]
    borrower: Literal["individual", "business"]
    """``business``: a micro or small enterprise, or an individual who borrows for a business."""
    instalment: PaidRupees | None = None
    """What is paid each month; worked out from the other figures where it is not given."""
    charge_percent: Percent | None = None
    """Charge on what is prepaid, taxes included; None: not known. Where the law bars any it is 0."""
    sanctioned_on: datetime.date | None = None
    """Day of sanction or last renewal. For a business the law bars a charge on newer loans alone; None: not known."""
    sanctioned_amount: PaidRupees | None = None
    """For a business: above a bound, the kind of lender decides whether a charge is barred; None: not known."""
    deductible_interest: Rupees
    """Interest a year that reduces taxable income, at most; 0 where none does, as in the new regime for one's own
    home. The whole limit is for this loan."""


class PrepaymentRequest(Payload, topic="lending.prepayment_request", classification="confidential"):
    """Which loans should a sum of money prepay, and what does it save?"""

    loans: Annotated[tuple[RunningLoan, ...], Field(min_length=1, max_length=MOST_LOANS)]
    amount: PaidRupees
    marginal_tax_rate_percent: Percent
    """With cess, of the rupee that would be taxed more; 0 where no tax is paid."""
    as_of: datetime.date
    alternative_return_percent: Annotated[Number, Field(gt=-100, le=100, max_digits=12)] | None = None
    """What the money would earn in a year elsewhere, after tax and at comparable risk; None: not compared."""


class PrepaymentVariant(Value):
    """What prepaying a loan comes to in one of its two forms."""

    kind: Literal["shorter_term", "smaller_instalment"]
    instalment: Rupees
    months: int
    months_saved: int
    interest_saved: SignedRupees
    tax_relief_lost: Rupees
    """Less interest is deducted."""
    net_saving: SignedRupees
    """Interest saved less relief lost and charge; not discounted."""


class Prepayment(Value):
    """Money put into one loan."""

    name: str
    position: int
    """In the request, from 1."""
    amount: Rupees
    closes: bool
    charge: Rupees
    effective_rate_percent: str
    """What a rupee more in this loan earns in its next year after tax, two digits."""
    variants: tuple[PrepaymentVariant, ...]


class PrepaymentPlan(Payload, topic="lending.prepayment_plan", classification="confidential"):
    """Where the money goes, in the order of what it earns there, and what is better kept."""

    prepayments: tuple[Prepayment, ...]
    kept: Rupees
    """Not used: every loan is closed, the charge eats the saving, or the alternative earns more."""
    net_saving: SignedRupees
    """With shorter terms."""
    grounds: Grounds
