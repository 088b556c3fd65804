"""Tax estimator: the tax of a year in the new and the old regime, which is cheaper, and from which deductions."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Grounds, Reason, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import rupees
from genie_finance.contracts.tax import RegimeTax, TaxEstimate, TaxEstimateRequest, TaxLine
from genie_finance.tax.assessment import METHOD, Assessment
from genie_finance.tax.gains import ZERO

ID = "tax_estimator"
_STEP = Decimal(10)
"""Total income is a multiple of this, so no smaller deduction matters."""


def estimate(request: TaxEstimateRequest) -> TaxEstimate | InsufficientData:
    """Return the tax of a year, or the missing data.

    Raises:
        InputError: No edition of the rules covers the tax year.
    """
    profile = request.profile
    assessment = Assessment.of(profile)
    if request.regime != "new" and profile.deductions is None:
        lack = Lack(what="profile.deductions", needed="every claimed deduction, 0 if there is none")
        return InsufficientData(agent=ID, question=f"tax in the {request.regime} regime", missing=(lack,))
    claimed = assessment.allowed(profile.deductions) if profile.deductions is not None else ZERO
    regimes: list[RegimeTax] = []
    if request.regime != "old":
        regimes.append(assessment.regime_tax("new"))
    if request.regime != "new":
        regimes.append(assessment.regime_tax("old", claimed=claimed))
    lines = tuple(
        line
        for one in regimes
        for line in assessment.lines(one.regime, claimed=ZERO if one.regime == "new" else claimed)
    )
    cheapest = min(regimes, key=lambda one: one.tax.minor)
    both = len(regimes) == 2
    break_even = break_even_deductions(assessment) if both else None
    return TaxEstimate(
        tax_year=profile.tax_year,
        regime=cheapest.regime,
        tax=cheapest.tax,
        effective_rate_percent=_percent(cheapest.tax.amount, assessment.gross),
        saving=rupees(abs(regimes[0].tax.amount - regimes[1].tax.amount)) if both else None,
        break_even_deductions=None if break_even is None else rupees(break_even),
        regimes=tuple(regimes),
        lines=lines,
        grounds=_grounds(assessment, regimes, lines, break_even),
    )


def break_even_deductions(assessment: Assessment) -> Decimal | None:
    """Return the least deductions, in steps of ten rupees, with which the old regime costs no more than the new one.

    Tax in the old regime never rises with deductions, so a binary search finds it. None if even deducting everything is
    not enough.
    """
    new = assessment.tax("new").tax
    low, high = 0, int(assessment.gross / _STEP) + 1
    if assessment.tax("old", claimed=high * _STEP).tax > new:
        return None
    while low < high:
        middle = (low + high) // 2
        if assessment.tax("old", claimed=middle * _STEP).tax <= new:
            high = middle
        else:
            low = middle + 1
    return low * _STEP


def _percent(tax: Decimal, gross: Decimal) -> str:
    share = tax * 100 / gross if gross else ZERO
    return str(share.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _grounds(
    assessment: Assessment, regimes: list[RegimeTax], lines: tuple[TaxLine, ...], break_even: Decimal | None
) -> Grounds:
    reasons, chosen = [], min(regimes, key=lambda one: one.tax.minor).regime
    if len(regimes) == 2:
        new, old = regimes
        how = "costs the same as" if new.tax == old.tax else "is cheaper than"
        other = "old" if chosen == "new" else "new"
        reasons.append(
            Reason(code="tax.regime", text=f"The {chosen} regime {how} the {other} one: {new.tax} new, {old.tax} old.")
        )
        text = (
            "No deduction makes the old regime as cheap as the new one."
            if break_even is None
            else f"From deductions of {rupees(break_even)} on, beside the standard one, the old regime costs no more."
        )
        reasons.append(Reason(code="tax.break_even", text=text))
    for line in lines:
        if line.step in {"rebate", "marginal relief"} and line.amount.minor:
            text = f"{line.regime} regime: {line.step} of {-line.amount}."
            reasons.append(Reason(code=f"tax.{line.step.replace(' ', '_')}", text=text))
    carried = assessment.gains.short_loss + assessment.gains.long_loss
    if carried:
        text = f"Losses of {rupees(carried)} can be carried forward for eight years, if the return is filed in time."
        reasons.append(Reason(code="tax.loss_carried", text=text))
    if not reasons:
        reasons.append(
            Reason(code="tax.slabs", text=f"Slabs of the {chosen} regime and cess, without rebate or surcharge.")
        )
    editions = assessment.editions(old=any(one.regime == "old" for one in regimes))
    caveats = caveats_of(editions)
    if not assessment.profile.resident:
        caveats += ("Non-residents: treaties and special rates for their income are not considered.",)
    return Grounds(
        reasons=tuple(reasons), inputs=assessment.inputs(), editions=editions, uncertainty=METHOD, caveats=caveats
    )


@agent(
    id=ID,
    capabilities=("tax.estimate",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("income_tax_in", "capital_gains_in", "deductions_in"),
)
async def tax_estimator(request: TaxEstimateRequest) -> TaxEstimate | InsufficientData:
    """Estimates an individual's income tax in India: slabs, rebate, surcharge, reliefs, cess, the cheaper regime."""
    return estimate(request)
