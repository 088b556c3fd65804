"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 12)]
Rate = Annotated[Decimal, Field(ge=0, le=1)]


class Step(Rules):
    """A rate and the income above which it applies, up to the next step."""

    above: Amount
    rate: Rate


Steps = Annotated[tuple[Step, ...], Field(min_length=1)]


class AgeBand(Rules):
    """Slabs of residents from a given age."""

    from_age: int
    slabs: Steps


class Rebate(Rules):
    """Rebate of a resident's tax up to an income."""

    income_up_to: Amount
    most: Amount
    marginal_relief: bool
    """True if, above the limit, tax is at most the income above it."""
    special_rates: bool
    """True if it also applies to tax at special rates, except on long-term gains of listed equity."""


class RegimeRules(Rules):
    """One regime of a tax year."""

    standard_deduction: Amount
    rebate: Rebate
    bands: Annotated[tuple[AgeBand, ...], Field(min_length=1)]
    surcharge: Steps


class IncomeTaxRules(Rules):
    """A tax year in both regimes."""

    tax_year: str
    cess: Rate
    rounding: Amount
    special_surcharge_cap: Rate
    """Maximum surcharge on tax on dividends and on gains under sections 111A, 112 and 112A."""
    new: RegimeRules
    old: RegimeRules


class CapitalGainsRules(Rules):
    """Rates by kind of gain on the days of an edition."""

    short_listed: Rate
    long_listed: Rate
    long_other: Rate
    land_indexed: Rate | None = None
    """On land and buildings bought before 23 July 2024, of the gain with indexed cost; None: no such choice."""
    exemption: Amount
    """Exemption for long-term gains on listed equity, in the whole tax year."""
    holding_months: int
    """Listed equity held longer than this is long-term."""


class DueDate(Rules):
    """An instalment of advance tax."""

    month: int
    day: int
    share: Rate
    safe_share: Rate
    """Paying this share by the due date avoids the interest."""
    months: int
    """Months of interest on a shortfall."""

    def on(self, start: datetime.date) -> datetime.date:
        """Return the date in the tax year that starts on that day."""
        return datetime.date(start.year + (self.month < start.month), self.month, self.day)


class AdvanceTaxRules(Rules):
    """Advance tax of a tax year."""

    threshold: Amount
    senior_age: int
    monthly_rate: Rate
    paid_enough: Rate
    """Share of the assessed tax that must be paid by the end of the year."""
    rounding_down: Amount
    """Interest is on the amount rounded down to a multiple of this."""
    rounding: Amount
    instalments: tuple[DueDate, ...]
    presumptive: tuple[DueDate, ...]


class Limit(Rules):
    """Deduction under one section."""

    claim: str
    section: str
    most: Amount | None = None
    senior: Amount | None = None
    whose: Literal["self", "parents"]
    open: bool
    instruments: str


class DeductionRules(Rules):
    """Limits of deductions in the old regime."""

    senior_age: int
    most_employer_pension: Rate
    """Maximum deduction of an employer's pension contribution, as a share of the salary, in either regime."""
    limits: tuple[Limit, ...]


INCOME_TAX = Table("income_tax_in", IncomeTaxRules)
CAPITAL_GAINS = Table("capital_gains_in", CapitalGainsRules)
ADVANCE_TAX = Table("advance_tax_in", AdvanceTaxRules)
DEDUCTIONS = Table("deductions_in", DeductionRules)
