"""Questions and answers of the tax family: Indian income tax of individuals, in rupees."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import PaidRupees, Rupees, SignedRupees
from genie_finance.contracts.numbers import Exact

MOST_LOTS = 1_000
_YearName = Annotated[str, Field(pattern=r"^20\d\d-\d\d$")]
Age = Annotated[int, Field(ge=0, le=130)]
"""Years completed at any time in the tax year."""
Regime = Literal["new", "old"]


def year_start(tax_year: str) -> datetime.date:
    """Return the first day of a tax year.

    Raises:
        ValueError: The two years do not follow each other.
    """
    first, second = int(tax_year[:4]), int(tax_year[5:])
    if (first + 1) % 100 != second:
        raise ValueError(f"{tax_year} is not a tax year; write it as {first}-{(first + 1) % 100:02}")
    return datetime.date(first, 4, 1)


def year_end(tax_year: str) -> datetime.date:
    """Return the last day of a tax year."""
    return datetime.date(year_start(tax_year).year + 1, 3, 31)


def _checked_year(value: str) -> str:
    year_start(value)
    return value


CheckedYear = Annotated[_YearName, AfterValidator(_checked_year)]
"""From 1 April to 31 March, ``2025-26``: the financial year, which the Act of 2025 calls the tax year."""

GainKind = Literal["short_listed", "long_listed", "long_other"]
"""Listed equity and equity funds on which securities transaction tax was paid, held up to 12 months or longer; and
other long-term assets. Short-term gains on other assets are other income."""

WITHOUT_INDEXATION = datetime.date(2024, 7, 23)
"""First day from which gains are computed without indexation."""


class RealisedGain(Value):
    """A capital gain, or a loss as a negative amount, with the day of the sale."""

    kind: GainKind
    on: datetime.date
    gain: SignedRupees
    """Computed under the law of that day: before 23 July 2024, with indexation if applicable."""
    indexed_gain: SignedRupees | None = None
    """Of land or a building that was bought before 23 July 2024 and sold since: the gain with indexed cost, never above
    ``gain``. Residents then pay 20 per cent of it if that is less. None for another asset, or if unknown."""

    @model_validator(mode="after")
    def _indexed_where_it_counts(self) -> Self:
        if self.indexed_gain is None:
            return self
        if self.kind != "long_other" or self.on < WITHOUT_INDEXATION:
            raise ValueError(
                f"indexed_gain is only for land or buildings (long_other) sold from {WITHOUT_INDEXATION} on"
            )
        if self.indexed_gain.minor > self.gain.minor:
            raise ValueError("indexed_gain is above gain: indexation never lowers the cost")
        return self


class Income(Value):
    """Income of one tax year by head, before deductions; a head without income is 0, never omitted."""

    salary: Rupees
    """Salary and pension, before the standard deduction."""
    house_property: Rupees
    """Net taxable income of let property."""
    business: Rupees
    """Profits of a business or profession."""
    dividends: Rupees
    other: Rupees
    """Interest and all other income that is taxed at the rates of the slabs."""
    gains: Annotated[tuple[RealisedGain, ...], Field(max_length=10_000)]


class Deductions(Value):
    """Payments and claims for deductions; absent ones are 0, never omitted.

    All but the employer's contribution only count in the old regime.

    All but the employer's contribution count in the old regime alone.
    """

    life_and_savings: Rupees
    """Section 80C: provident fund, life insurance, equity-linked savings, principal of a home loan."""
    pension_scheme: Rupees
    """Section 80CCD(1B): own contribution to the national pension scheme."""
    employer_pension: Rupees
    """Section 80CCD(2): the employer's contribution to the national pension scheme, within its limit of the salary, and
    part of ``salary`` as well. It counts in both regimes."""
    health_self: Rupees
    """Section 80D: premium for oneself, spouse and children."""
    health_parents: Rupees
    """Section 80D: premium for parents."""
    parents_senior: bool
    """True if a parent is sixty or older."""
    deposit_interest: Rupees
    """Interest received under section 80TTA (savings accounts) or 80TTB (sixty and older: all deposits)."""
    home_loan_interest: Rupees
    """Section 24(b): interest on the loan for one's own home."""
    education_loan_interest: Rupees
    """Section 80E."""
    other: Rupees
    """Exempt house rent allowance and other deductions, as they were computed elsewhere."""


class TaxProfile(Value):
    """One individual's tax year."""

    tax_year: CheckedYear
    age: Age
    resident: bool
    income: Income
    deductions: Deductions | None
    """None if unknown; the old regime is then not computed."""

    @model_validator(mode="after")
    def _gains_fit(self) -> Self:
        first, last = year_start(self.tax_year), year_end(self.tax_year)
        for gain in self.income.gains:
            if not first <= gain.on <= last:
                raise ValueError(f"a gain of {gain.on} is outside the tax year {self.tax_year}")
            if gain.indexed_gain is not None and not self.resident:
                raise ValueError("indexed_gain is only for residents; others pay the rate without indexation")
        return self


class TaxEstimateRequest(Payload, topic="tax.estimate_request", classification="confidential"):
    """What is this year's tax, in one regime or in the cheaper one?"""

    profile: TaxProfile
    regime: Literal["new", "old", "cheaper"]


class TaxLine(Value):
    """One step of a computation, in the order of the law."""

    regime: Regime
    step: str
    amount: SignedRupees


class RegimeTax(Value):
    """The tax of one regime."""

    regime: Regime
    total_income: Rupees
    """Rounded to ten rupees."""
    tax: Rupees
    """With surcharge and cess, rounded to ten rupees."""


class TaxEstimate(Payload, topic="tax.estimate", classification="confidential"):
    """The tax of a year."""

    tax_year: str
    regime: Regime
    """The requested regime, or the cheaper one; if both cost the same, the new regime, because it is the default."""
    tax: Rupees
    effective_rate_percent: str
    """Percentage of the income before deductions, two decimals."""
    saving: Rupees | None
    """Saving compared with the other regime; None if only one was computed."""
    break_even_deductions: Rupees | None
    """Deductions from which the old regime costs no more than the new one; None if no amount suffices, or unknown."""
    regimes: tuple[RegimeTax, ...]
    lines: tuple[TaxLine, ...]
    grounds: Grounds


class TaxPayment(Value):
    """Tax paid by challan: advance tax up to 31 March, self-assessment tax after it."""

    on: datetime.date
    amount: PaidRupees


class LateIncome(Value):
    """Capital gains, dividends and similar income that cannot be estimated in advance, with its tax."""

    on: datetime.date
    tax: PaidRupees


class AdvanceTaxRequest(Payload, topic="tax.advance_request", classification="confidential"):
    """When is advance tax due, how much, and what is the interest on a shortfall?"""

    tax_year: CheckedYear
    as_of: datetime.date
    age: Age
    resident: bool
    has_business: bool
    presumptive: bool
    """All business income is declared under section 44AD or 44ADA."""
    total_tax: Rupees
    """Tax of the whole year, with surcharge and cess."""
    credits: Rupees
    """Tax deducted or collected at source, and reliefs."""
    payments: Annotated[tuple[TaxPayment, ...], Field(max_length=1_000)]
    late_income: Annotated[tuple[LateIncome, ...], Field(max_length=1_000)] = ()


class Instalment(Value):
    """One due date of advance tax."""

    due: datetime.date
    days_left: int
    """Negative after the date."""
    required: Rupees
    """Including earlier instalments."""
    paid_by_then: Rupees
    still_due: Rupees
    """Amount to be paid now, after all payments so far."""
    shortfall: Rupees
    """Shortfall on the day; 0 until the day has passed."""
    interest: Rupees
    """Interest under section 234C on the shortfall; 0 until the day has passed."""


class AdvanceTaxPlan(Payload, topic="tax.advance_plan", classification="confidential"):
    """The instalments of a year, and the interest so far."""

    tax_year: str
    liable: bool
    assessed_tax: Rupees
    """The year's tax minus the tax deducted at source."""
    next_instalment: Instalment | None
    schedule: tuple[Instalment, ...]
    deferment_interest: Rupees
    """Section 234C."""
    default_interest: Rupees
    """Section 234B, up to the day of the question."""
    grounds: Grounds


class DeductionsRequest(Payload, topic="tax.deductions_request", classification="confidential"):
    """Is there an unused deduction that reduces this year's tax?"""

    profile: TaxProfile


class DeductionRoom(Value):
    """Unused limit of one section, and the saving from using it after the sections above it in the list."""

    section: str
    room: Rupees
    saves: Rupees
    """In the old regime, with surcharge and cess."""
    instruments: str


class DeductionsPlan(Payload, topic="tax.deductions_plan", classification="confidential"):
    """Which deductions are worth using, if any: only if the old regime then costs less than the new one."""

    tax_year: str
    worthwhile: bool
    regime_now: Regime
    regime_after: Regime
    tax_now: Rupees
    """Tax in the regime that is cheaper now."""
    tax_after: Rupees
    """Tax in the regime that is cheaper with every limit used; never above ``tax_now``."""
    saves: Rupees
    costs: Rupees
    """Money that must be invested or spent for it."""
    rooms: tuple[DeductionRoom, ...]
    grounds: Grounds


Units = Annotated[Exact, Field(gt=0, le=10**9, decimal_places=3)]
"""Shares, or units of a fund to the thousandth."""
UnitPrice = Annotated[Exact, Field(ge=0, le=10**9, decimal_places=4)]
"""Rupees and their ten-thousandths, as net asset values are published; a number, not an amount with a currency."""


class Lot(Value):
    """Units bought together, of listed equity or an equity fund."""

    symbol: Annotated[str, Field(min_length=1, max_length=64)]
    units: Units
    cost: Rupees
    """Of the whole lot."""
    price: UnitPrice
    """Price of one unit today, in rupees: a share's price or a fund's net asset value."""
    bought: datetime.date
    price_on_31_january_2018: UnitPrice | None = None
    """Price of one unit, in rupees; without it a lot bought before February 2018 is not evaluated."""


class HarvestRequest(Payload, topic="tax.harvest_request", classification="confidential"):
    """Which losses are worth realising before the year ends?"""

    as_of: datetime.date
    """Day of the sale."""
    lots: Annotated[tuple[Lot, ...], Field(max_length=MOST_LOTS)]
    """Empty if nothing is held."""
    realised_short: SignedRupees
    """Short-term gains less losses on listed equity so far this year."""
    realised_long: SignedRupees


class Harvest(Value):
    """Units of one lot to sell."""

    symbol: str
    units: Decimal
    """Whole units for a lot of whole units, else to the thousandth."""
    term: Literal["short", "long"]
    bought: datetime.date
    loss: Rupees
    saves: Rupees
    """With cess, without surcharge."""


class HarvestPlan(Payload, topic="tax.harvest_plan", classification="confidential"):
    """Losses to realise, in the order of the saving per rupee of loss."""

    as_of: datetime.date
    saves: Rupees
    saves_before_cess: Rupees
    harvests: tuple[Harvest, ...]
    open_short_gains: Rupees
    """Short-term gains that remain taxed."""
    open_long_gains: Rupees
    """Long-term gains beyond the exemption that remain taxed."""
    unused_exemption: Rupees
    """Further long-term gains that could be realised without tax."""
    skipped: tuple[str, ...]
    grounds: Grounds


class TaxYear(Value):
    """All inputs of a tax year's plan."""

    profile: TaxProfile
    as_of: datetime.date
    presumptive: bool
    """All business income is declared under section 44AD or 44ADA."""
    credits: Rupees
    """Tax deducted or collected at source, and reliefs."""
    payments: Annotated[tuple[TaxPayment, ...], Field(max_length=1_000)]
    late_income: Annotated[tuple[LateIncome, ...], Field(max_length=1_000)] = ()
    lots: Annotated[tuple[Lot, ...], Field(max_length=MOST_LOTS)] | None = None
    """None if unknown; harvesting is then omitted."""


class TaxYearQuestion(Payload, topic="tax.year_question", classification="confidential"):
    """What should be done about this tax year?"""

    year: TaxYear


class TaxYearPlan(Payload, topic="tax.year_plan", classification="confidential"):
    """A tax year on one page: tax by regime, deductions, losses to realise, instalments, and missing parts."""

    headline: str
    estimate: TaxEstimate | None
    deductions: DeductionsPlan | None
    harvest: HarvestPlan | None
    advance: AdvanceTaxPlan | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
