"""Tax desk: plans a tax year with the agents of the family, on one page with the missing data."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import rupees
from genie_finance.contracts.tax import (
    AdvanceTaxPlan,
    AdvanceTaxRequest,
    DeductionsPlan,
    DeductionsRequest,
    HarvestPlan,
    HarvestRequest,
    RealisedGain,
    TaxEstimate,
    TaxEstimateRequest,
    TaxYear,
    TaxYearPlan,
    TaxYearQuestion,
    year_end,
    year_start,
)
from genie_finance.domain.asking import Desk
from genie_finance.tax.liability import ZERO

DESK = Desk(
    id="tax_desk",
    asks={
        TaxEstimateRequest: (TaxEstimate, InsufficientData),
        DeductionsRequest: (DeductionsPlan, InsufficientData),
        HarvestRequest: (HarvestPlan, InsufficientData),
        AdvanceTaxRequest: (AdvanceTaxPlan,),
    },
    within_s=10.0,
)


@agent(
    id=DESK.id,
    capabilities=("tax.plan_year",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def tax_desk(question: TaxYearQuestion, context: Context) -> TaxYearPlan:
    """Plans a tax year in India: tax in both regimes, deductions, losses to realise, advance tax, missing data.

    Raises:
        InputError: The day of the question is before the tax year.
    """
    year, profile = question.year, question.year.profile
    if year.as_of < year_start(profile.tax_year):
        raise InputError(
            "as_of", f"{year.as_of} is before the tax year {profile.tax_year}", "give a day from its start"
        )
    asking = DESK.open(context)
    estimate = await asking.ask(TaxEstimateRequest(profile=profile, regime="cheaper"), TaxEstimate)
    deductions = await asking.ask(DeductionsRequest(profile=profile), DeductionsPlan)
    harvest = None
    if year.lots is None:
        asking.lacks(_unheld())
    elif year.as_of <= year_end(profile.tax_year):
        harvest = await asking.ask(_harvesting(year), HarvestPlan)
    advance = None
    if estimate is not None:
        advance = await asking.ask(_advance(year, estimate), AdvanceTaxPlan)
    else:
        asking.lost(AdvanceTaxPlan, "not asked: the year's tax is missing")
    return TaxYearPlan(
        headline=_headline(profile.tax_year, estimate, advance),
        estimate=estimate,
        deductions=deductions,
        harvest=harvest,
        advance=advance,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _unheld() -> InsufficientData:
    lack = Lack(what="lots", needed="the lots of listed equity, or an empty list")
    return DESK.lacking("losses worth realising", lack)


def _harvesting(year: TaxYear) -> HarvestRequest:
    gains = year.profile.income.gains
    return HarvestRequest(
        as_of=year.as_of,
        lots=year.lots or (),
        realised_short=rupees(_sum(gains, "short_listed")),
        realised_long=rupees(_sum(gains, "long_listed")),
    )  # fmt: skip


def _sum(gains: tuple[RealisedGain, ...], kind: str) -> Decimal:
    return sum((one.gain.amount for one in gains if one.kind == kind), ZERO)


def _advance(year: TaxYear, estimate: TaxEstimate) -> AdvanceTaxRequest:
    profile = year.profile
    return AdvanceTaxRequest(
        tax_year=profile.tax_year,
        as_of=year.as_of,
        age=profile.age,
        resident=profile.resident,
        has_business=profile.income.business.minor > 0,
        presumptive=year.presumptive,
        total_tax=estimate.tax,
        credits=year.credits,
        payments=year.payments,
        late_income=year.late_income,
    )


def _headline(tax_year: str, estimate: TaxEstimate | None, advance: AdvanceTaxPlan | None) -> str:
    if estimate is None:
        return f"Tax year {tax_year}: no tax can be stated; what is missing is listed below."
    said = f"Tax year {tax_year}: {estimate.tax} in the {estimate.regime} regime"
    said += f", {estimate.saving} less than in the other regime." if estimate.saving and estimate.saving.minor else "."
    if advance is not None and advance.next_instalment is not None:
        due = advance.next_instalment
        said += f" Next: {due.still_due} by {due.due}."
    if advance is not None and (interest := advance.deferment_interest + advance.default_interest).minor:
        said += f" Interest so far: {interest}."
    return said
