"""Deductions optimizer: unused limits of the old regime, and whether using them makes it cheaper than the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Grounds, Reason, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import rupees
from genie_finance.contracts.tax import DeductionRoom, Deductions, DeductionsPlan, DeductionsRequest, Regime
from genie_finance.tax.assessment import METHOD, Assessment, claim_of, limit_of
from genie_finance.tax.liability import ZERO
from genie_finance.tax.tables import Limit

ID = "deductions_optimizer"


@dataclass(frozen=True, slots=True)
class _Room:
    limit: Limit
    amount: Decimal


def optimise(request: DeductionsRequest) -> DeductionsPlan | InsufficientData:
    """Return the deductions to increase, only as far as they reduce the year's tax.

    Every rupee of deduction saves the same in each section, since all reduce one total; so unused limits are filled in
    the table's order, up to the point from which another rupee saves nothing.

    Raises:
        InputError: No edition of the rules covers the tax year.
    """
    claimed = request.profile.deductions
    if claimed is None:
        lack = Lack(what="profile.deductions", needed="every claimed deduction, 0 if there is none")
        return InsufficientData(agent=ID, question="deductions worth filling", missing=(lack,))
    assessment = Assessment.of(request.profile)
    allowed = assessment.allowed(claimed)
    new, old = assessment.tax("new").tax, assessment.tax("old", claimed=allowed).tax
    now = min(new, old)
    rooms = tuple(_rooms(assessment, claimed))
    full = allowed + sum((room.amount for room in rooms), ZERO)
    best = assessment.tax("old", claimed=full).tax
    after, worthwhile = min(now, best), best < now
    needed = _least(assessment, allowed, full, best) - allowed if worthwhile else ZERO
    return DeductionsPlan(
        tax_year=request.profile.tax_year,
        worthwhile=worthwhile,
        regime_now="new" if new <= old else "old",
        regime_after="old" if worthwhile or old < new else "new",
        tax_now=rupees(now),
        tax_after=rupees(after),
        saves=rupees(now - after),
        costs=rupees(needed),
        rooms=tuple(_priced(assessment, allowed, rooms)),
        grounds=_grounds(assessment, (new, old, best), needed, worthwhile=worthwhile),
    )


def _rooms(assessment: Assessment, claimed: Deductions) -> Sequence[_Room]:
    rules = assessment.deduction_rules.rules
    found = []
    for limit in rules.limits:
        most = limit_of(limit, claimed, assessment.profile, rules)
        if limit.open and most is not None and most > claim_of(limit, claimed):
            found.append(_Room(limit, most - claim_of(limit, claimed)))
    return found


def _priced(assessment: Assessment, allowed: Decimal, rooms: Sequence[_Room]) -> Sequence[DeductionRoom]:
    """Return the unused limits, each with its saving after the earlier ones; the savings add up to the total."""
    found, sofar = [], allowed
    for room in rooms:
        before = assessment.tax("old", claimed=sofar).tax
        sofar += room.amount
        saves = before - assessment.tax("old", claimed=sofar).tax
        found.append(
            DeductionRoom(
                section=room.limit.section, room=rupees(room.amount), saves=rupees(saves),
                instruments=room.limit.instruments,
            )
        )  # fmt: skip
    return found


def _least(assessment: Assessment, low: Decimal, high: Decimal, tax: Decimal) -> Decimal:
    """Return the lowest deductions, to ten rupees, with which the old regime costs at most that amount."""
    below, above = 0, int((high - low) / 10) + 1
    while below < above:
        middle = (below + above) // 2
        if assessment.tax("old", claimed=min(low + middle * 10, high)).tax <= tax:
            above = middle
        else:
            below = middle + 1
    return min(low + below * 10, high)


def _grounds(
    assessment: Assessment, taxes: tuple[Decimal, Decimal, Decimal], needed: Decimal, *, worthwhile: bool
) -> Grounds:
    new, old, best = taxes
    regime: Regime = "new" if new <= old else "old"
    text = f"The {regime} regime is cheaper at present: {rupees(new)} new, {rupees(old)} old."
    reasons = [Reason(code="tax.regime_now", text=text)]
    if worthwhile:
        text = f"With {rupees(needed)} more in deductions the old regime costs {rupees(best)}."
        reasons.append(Reason(code="tax.fill_deductions", text=text))
    elif regime == "new":
        text = f"With all limits used, the old regime costs {rupees(best)}, not less than the new one."
        reasons.append(Reason(code="tax.new_stays_cheaper", text=text))
    else:
        reasons.append(Reason(code="tax.nothing_to_gain", text="No unused limit reduces the tax."))
    editions = assessment.editions(old=True)
    return Grounds(
        reasons=tuple(reasons),
        inputs=assessment.inputs(),
        editions=editions,
        uncertainty=f"{METHOD} Lock-in, risk and return of the investments are not considered.",
        caveats=(*caveats_of(editions), "A business owner can leave and re-enter the new regime only once."),
    )


@agent(
    id=ID,
    capabilities=("tax.optimise_deductions",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("income_tax_in", "capital_gains_in", "deductions_in"),
)
async def deductions_optimizer(request: DeductionsRequest) -> DeductionsPlan | InsufficientData:
    """Finds worthwhile deductions in India: only if they make the old regime cheaper than the new one."""
    return optimise(request)
