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
"""Nominal annual rate in percent: 12 means twelve per cent a year, charged monthly as a twelfth."""
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
    """What does this loan cost, and does it meet the lender's policy for this borrower?"""

    principal: PaidRupees
    annual_rate_percent: RatePercent
    term_months: Months
    purpose: LoanPurpose
    monthly_income: Rupees
    """Net of tax, for all persons liable for the loan."""
    existing_obligations: Rupees
    """Monthly instalments and card minimums that continue; 0 if there are none."""
    borrower_age: Annotated[int, Field(ge=18, le=100)]
    """Age in years; of the oldest person whose income counts."""
    as_of: datetime.date
    fees: Rupees | None = None
    """All upfront payments to the lender or through it; None if unknown, as is then the annual percentage rate."""
    property_value: PaidRupees | None = None
    """Value of the home without stamp duty and registration; required for a home loan."""


class Check(Value):
    """One policy rule, with the figure that it tests."""

    name: str
    passed: bool
    value: str
    limit: str
    basis: Literal["policy", "law"]
    """``policy``: a setting of the lender, which other lenders may set differently."""


class LoanAdvice(Payload, topic="lending.loan_advice", classification="confidential"):
    """A loan's cost, and whether it meets the policy. It is a recommendation, not a sanction."""

    emi: Rupees
    """Level monthly instalment."""
    last_instalment: Rupees
    total_interest: Rupees
    total_payment: Rupees
    apr_percent: str | None
    """Twelve times the monthly internal rate of return of the disbursed amount net of fees, two decimals."""
    foir_percent: str
    """Fixed obligations including this instalment, as a percentage of income; two decimals."""
    income_to_emi: str
    """Income divided by the instalment only, four decimals; for a household this is not a debt service coverage
    ratio."""
    stressed_emi: Rupees
    """With the rate raised by the policy's shock."""
    stressed_foir_percent: str
    ltv_percent: str | None
    eligible: bool
    checks: tuple[Check, ...]
    most_principal: Rupees
    """Largest principal at this rate and term that passes every check on income and value; 0 if there is none."""
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
    """Fees added to its principal."""


class DebtPayoffRequest(Payload, topic="lending.payoff_request", classification="confidential"):
    """In which order should these debts be paid off, how long does it take, and what does it cost?"""

    debts: Annotated[tuple[Debt, ...], Field(min_length=1, max_length=MOST_LOANS)]
    extra_per_month: Rupees
    """Amount beyond the minimums; the payments of a cleared debt are added to it."""
    strategy: Strategy = "avalanche"
    """``avalanche``: highest rate first, which costs least. ``snowball``: smallest balance first."""
    consolidation: Consolidation | None = None


class Payoff(Value):
    """One debt's end."""

    name: str
    position: int
    """Position in the request, from 1, because names may repeat."""
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
    """Result of one payment strategy."""

    strategy: Literal["avalanche", "snowball", "minimums_only", "consolidation"]
    feasible: bool
    """False if the debts are not repaid this way within a hundred years."""
    months: int | None
    total_interest: Rupees | None
    """Including the fees of a consolidation."""


class DebtPayoffPlan(Payload, topic="lending.payoff_plan", classification="confidential"):
    """The chosen strategy month by month, with alternatives at the same monthly budget."""

    strategy: Strategy
    feasible: bool
    monthly_budget: Rupees
    months: int | None
    total_interest: Rupees | None
    order: tuple[Payoff, ...]
    """Debts in the order of their end; empty if they never end."""
    schedule: tuple[PayoffMonth, ...]
    alternatives: tuple[PayoffResult, ...]
    least_budget: Rupees | None
    """One month's interest, which the budget must exceed; only if it is too small."""
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
    """Monthly payment; computed from the other figures if not given."""
    charge_percent: Percent | None = None
    """Charge on the prepaid amount, including taxes; None if unknown. It is 0 if the law forbids any."""
    sanctioned_on: datetime.date | None = None
    """Day of sanction or last renewal. For businesses the law only forbids a charge on newer loans; None if unknown."""
    sanctioned_amount: PaidRupees | None = None
    """For a business: above a limit, the kind of lender decides whether a charge is forbidden; None if unknown."""
    deductible_interest: Rupees
    """Maximum yearly interest that reduces taxable income; 0 if none, as for one's own home in the new regime.

    The whole limit applies to this loan.
    """


class PrepaymentRequest(Payload, topic="lending.prepayment_request", classification="confidential"):
    """Which loans should be prepaid with a sum of money, and how much does it save?"""

    loans: Annotated[tuple[RunningLoan, ...], Field(min_length=1, max_length=MOST_LOANS)]
    amount: PaidRupees
    marginal_tax_rate_percent: Percent
    """Marginal tax rate with cess; 0 if no tax is paid."""
    as_of: datetime.date
    alternative_return_percent: Annotated[Number, Field(gt=-100, le=100, max_digits=12)] | None = None
    """After-tax yearly return elsewhere at comparable risk; None: not compared."""


class PrepaymentVariant(Value):
    """Result of prepaying a loan in one of its two forms."""

    kind: Literal["shorter_term", "smaller_instalment"]
    instalment: Rupees
    months: int
    months_saved: int
    interest_saved: SignedRupees
    tax_relief_lost: Rupees
    """Tax relief lost because less interest is deducted."""
    net_saving: SignedRupees
    """Interest saved minus relief lost and charge; not discounted."""


class Prepayment(Value):
    """Money prepaid on one loan."""

    name: str
    position: int
    """Position in the request, from 1."""
    amount: Rupees
    closes: bool
    charge: Rupees
    effective_rate_percent: str
    """Return in percent of a further rupee in this loan over its next year after tax, two decimals."""
    variants: tuple[PrepaymentVariant, ...]


class PrepaymentPlan(Payload, topic="lending.prepayment_plan", classification="confidential"):
    """Allocation of the money in the order of return, and the part to keep."""

    prepayments: tuple[Prepayment, ...]
    kept: Rupees
    """Unused: every loan is closed, the charge exceeds the saving, or the alternative earns more."""
    net_saving: SignedRupees
    """With shorter terms."""
    grounds: Grounds
