"""Questions and answers of the lending family on businesses: cash flow, working capital, a loan; in rupees."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.bulk import BulkAnalysis, NotIncome
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.lending import Check, Months, Name, RatePercent
from genie_finance.contracts.money import PaidRupees, Rupees, SignedRupees
from genie_finance.contracts.numbers import Number
from genie_finance.contracts.statements import StatementFile

MOST_MOVEMENTS = 200_000
LIMIT_NAMES: Mapping[str, str] = MappingProxyType({
    "requested": "the requested amount", "turnover_share": "share of the turnover", "turnover_method": "turnover "
                 "method",
    "projected_turnover": "projected turnover", "debt_service": "what the cash flow can repay",
})  # fmt: skip
"""Display names of the limits of an amount."""

# --- cash-flow underwriting ---


class CashMovement(Value):
    """One booking of an account."""

    date: datetime.date
    narration: Annotated[str, Field(max_length=1_000)]
    amount: SignedRupees
    """Negative for outgoing money."""
    category: Annotated[str, Field(max_length=64)] | None = None
    """Name in the catalogue's taxonomy, if it is certain enough."""
    balance: SignedRupees | None = None
    """Balance of the account after it."""


class UnderwriteRequest(Payload, topic="lending.underwrite_request", classification="confidential"):
    """How steady is the inflow, and how much of it is committed?

    Either ``analysis``, the consolidated statements, or ``movements`` with the period that they cover.
    """

    applicant_id: Name
    as_of: datetime.date
    """Day whose edition of the policy is used."""
    analysis: BulkAnalysis | None = None
    start: datetime.date | None = None
    """First day that the movements' statements cover."""
    end: datetime.date | None = None
    """Last day that they cover."""
    movements: Annotated[tuple[CashMovement, ...], Field(max_length=MOST_MOVEMENTS)] | None = None
    """Movements of all accounts, without transfers between them."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.analysis is None) == (self.movements is None):
            raise ValueError("give the statements as `analysis`, or their rows as `movements`")
        if self.movements is not None:
            self.period()
        return self

    def period(self) -> tuple[datetime.date, datetime.date]:
        """Return the first and last day of the movements' statements.

        Raises:
            ValueError: They are not given, end before they start, or a movement lies outside.
        """
        if self.start is None or self.end is None or self.end < self.start:
            raise ValueError("movements need the period of their statements, `start` to `end`")
        for one in self.movements or ():
            if not self.start <= one.date <= self.end:
                raise ValueError(f"a movement of {one.date} is outside the period {self.start} to {self.end}")
        return self.start, self.end


class Signal(Value):
    """One measure of the cash flow, with its contribution to the score."""

    name: Literal["inflow_stability", "savings_rate", "debt_burden", "bounce_rate", "expense_volatility", "tenure"]
    raw: str
    """The value of the measure, four digits."""
    normalised: str
    """0 to 100, higher is better; two digits."""
    weight: str
    reason: str


Grade = Literal["A", "B", "C", "D"]


class CashflowScore(Payload, topic="lending.cashflow_score", classification="confidential"):
    """A judgemental score of an account's cash flow; neither a bureau score nor a probability of default."""

    applicant_id: str
    score: str
    """300 to 900, one digit after the point."""
    grade: Grade
    signals: tuple[Signal, ...]
    months: int
    """Number of whole calendar months used."""
    monthly_inflow: Rupees
    """Mean of those months; a month without inflow counts as 0."""
    monthly_outflow: Rupees
    not_income: tuple[NotIncome, ...] = ()
    """Credits that do not count as inflow: loans, cash deposits, closed deposits and the like."""
    monthly_obligations: Rupees
    """Monthly instalments found in the statements."""
    bounces: int
    """Payments that were returned."""
    lowest_balance: SignedRupees | None
    """Lowest balance of any account; None if the statements have none."""
    grounds: Grounds


# --- working capital ---


class WorkingCapitalRequest(Payload, topic="lending.working_capital_request", classification="confidential"):
    """When does a business run out of cash, what is its largest need, and how much may a bank finance?"""

    monthly_revenue: Rupees
    """Sales of the first month."""
    gross_margin_percent: Annotated[Number, Field(ge=-100, le=100, max_digits=12)]
    operating_costs_monthly: Rupees
    """Operating costs, paid in the same month."""
    dso_days: Annotated[int, Field(ge=0, le=720)]
    """Days sales outstanding: from a sale to its payment."""
    dio_days: Annotated[int, Field(ge=0, le=720)]
    """Days inventory outstanding: from a purchase to its sale."""
    dpo_days: Annotated[int, Field(ge=0, le=720)]
    """Days payables outstanding: from a purchase to its payment."""
    opening_cash: SignedRupees
    opening_receivables: Rupees
    """0 for a new business."""
    opening_inventory: Rupees
    opening_payables: Rupees
    horizon_months: Annotated[int, Field(ge=1, le=120)]
    monthly_growth_percent: Annotated[Number, Field(gt=-100, le=100, max_digits=12)]
    """Negative if sales fall. It has no default: unknown growth is not 0."""
    debt_service_monthly: Rupees
    """Instalments of running loans."""
    as_of: datetime.date
    """Determines the rules on how much a bank may finance."""


class CashMonth(Value):
    """One month ahead."""

    month: int
    revenue: Rupees
    collected: Rupees
    paid_suppliers: Rupees
    paid_costs: Rupees
    """Operating costs and debt service."""
    net_cashflow: SignedRupees
    end_cash: SignedRupees
    receivables: Rupees
    inventory: Rupees
    payables: Rupees


class WorkingCapitalForecast(Payload, topic="lending.working_capital_forecast", classification="confidential"):
    """Cash month by month, and three estimates of the bank finance allowed."""

    cash_conversion_cycle_days: int
    forecast: tuple[CashMonth, ...]
    runway_months: int | None
    """Whole months until cash is below 0; None if that does not happen within the horizon."""
    peak_funding_need: Rupees
    """Deepest shortfall of cash below 0; 0 if there is none."""
    peak_month: int | None
    stressed_funding_need: Rupees
    """The same with the policy's delay of customers' payments."""
    turnover_limit: Rupees
    """Bank finance by the turnover method: a fifth of a year's projected turnover, up to the method's limit."""
    turnover_margin: Rupees
    """Contribution required from the business by that method."""
    turnover_method_applies: bool
    drawing_power: Rupees
    """Of opening stock less creditors, and receivables, after the bank's margins."""
    grounds: Grounds


# --- the loan ---

Sector = Literal["manufacturing", "services", "trading"]


class SmeApplication(Value):
    """A business's application and declarations."""

    borrower_id: Name
    as_of: datetime.date
    sector: Sector
    enterprise: Literal["micro", "small", "medium"]
    """According to its Udyam registration."""
    udyam_registered: bool
    facility: Literal["term_loan", "working_capital"]
    requested_amount: PaidRupees
    requested_tenor_months: Annotated[int, Field(ge=1, le=240)]
    annual_turnover: PaidRupees
    """Of the last twelve months, as declared in the returns of goods and services tax."""
    projected_turnover: PaidRupees
    """Of the next twelve months."""
    gst_filing_regular: bool
    """True if every return of the last twelve months was filed in time."""
    collateral: Rupees
    """Realisable value of security besides the financed assets; 0 if there is none."""


class SmeOfferRequest(Payload, topic="lending.sme_offer_request", classification="confidential"):
    """On which terms, if any, may this business borrow?"""

    application: SmeApplication
    score: CashflowScore
    working_capital: WorkingCapitalForecast | None
    """Needed for a working-capital facility."""


class AmountLimit(Value):
    """One bound of the amount."""

    name: Literal["requested", "turnover_share", "turnover_method", "projected_turnover", "debt_service"]
    most: Rupees


class SmeLoanOffer(Payload, topic="lending.sme_offer", classification="confidential"):
    """A recommendation in principle, or why there is none. It sanctions nothing."""

    borrower_id: str
    recommendation: Literal["in_principle", "decline"]
    amount: Rupees
    """0 where declined."""
    tenor_months: int
    annual_rate_percent: str | None
    """None if declined."""
    emi: Rupees
    """Instalment of a term loan; for working capital, a month's interest at full use."""
    dscr: str | None
    """Monthly cash before debt service divided by all instalments including this one, two decimals; None if nothing is
    due."""
    guarantee_eligible: bool
    guarantee_fee_first_year: Rupees
    apr_percent: str | None
    """With processing and guarantee fees; of term loans."""
    processing_fee: Rupees
    checks: tuple[Check, ...]
    limits: tuple[AmountLimit, ...]
    """Limits of the amount, the lowest first."""
    grounds: Grounds


class SmeSanctionRequest(Payload, topic="lending.sme_sanction_request", classification="confidential"):
    """Sanction this offer; policies may hold it for people."""

    application: SmeApplication
    offer: SmeLoanOffer


class SmeSanction(Payload, topic="lending.sme_sanction", classification="confidential"):
    """A sanction letter, written once the sanction was approved."""

    borrower_id: str
    reference: str
    """Digest of the sanctioned offer: the same offer has the same reference."""
    amount: PaidRupees
    tenor_months: Months
    annual_rate_percent: RatePercent
    emi: Rupees
    valid_until: datetime.date
    conditions: tuple[str, ...]
    letter: str


class SmeCase(Value):
    """Contents of a lender's file on an application, besides the statements."""

    application: SmeApplication
    business: WorkingCapitalRequest


class SmeLoanQuestion(Payload, topic="lending.sme_question", classification="confidential"):
    """An application with its bank statements."""

    case: SmeCase
    files: Annotated[tuple[StatementFile, ...], Field(min_length=1, max_length=50)]


class SmeLoanReport(Payload, topic="lending.sme_report", classification="confidential"):
    """An application on one page: the decision, its basis, and missing parts."""

    headline: str
    decision: Literal["sanctioned", "declined", "not_approved", "undecided"]
    """``undecided``: too little is known. ``not_approved``: people refused, or did not answer in time."""
    sanction: SmeSanction | None
    offer: SmeLoanOffer | None
    score: CashflowScore | None
    working_capital: WorkingCapitalForecast | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
