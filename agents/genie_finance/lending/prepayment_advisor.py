"""Prepayment advisor: loans to prepay with a sum, and the saving after tax and charges."""

from __future__ import annotations

import datetime
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.lending import (
    Prepayment,
    PrepaymentPlan,
    PrepaymentRequest,
    PrepaymentVariant,
    RunningLoan,
)
from genie_finance.contracts.money import paise
from genie_finance.contracts.numbers import ZERO, shown
from genie_finance.domain.rulebook import edition
from genie_finance.domain.time_value import rounded_minor
from genie_finance.lending.remaining import Tranche, instalment_of, remaining, tranches, variants
from genie_finance.lending.tables import PREPAYMENT_CHARGES, PrepaymentChargeRules

ID = "prepayment_advisor"


def advise(request: PrepaymentRequest) -> PrepaymentPlan | InsufficientData:
    """Return the allocation of the money: first where a further rupee earns most after tax.

    A prepaid rupee earns the loan's rate, less the tax relief lost with the interest; interest beyond the deductible
    limit loses none. Money for which an alternative earns more is kept.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    found = edition(PREPAYMENT_CHARGES, on=request.as_of)
    charges = [charge_of(loan, found.rules, request.as_of) for loan in request.loans]
    if lacking := (*_uncharged(request, charges), *_unpayable(request)):
        return InsufficientData(agent=ID, question="what prepaying saves", missing=lacking)
    known = [ZERO if charge is None else charge for charge in charges]
    made, kept = _made(request, known)
    chosen = tuple(
        sorted(
            made,
            key=lambda one: (
                -_marginal(request.loans[one.position - 1], request),
                *_tie(request.loans[one.position - 1], known[one.position - 1]),
            ),
        )
    )
    return PrepaymentPlan(
        prepayments=chosen,
        kept=paise(kept),
        net_saving=paise(sum(one.variants[0].net_saving.minor for one in chosen)),
        grounds=_grounds(request, chosen, kept, found.said),
    )


def charge_of(loan: RunningLoan, rules: PrepaymentChargeRules, as_of: datetime.date) -> Decimal | None:
    """Return the charge in percent: 0 if the law forbids it, otherwise the loan's own; None if unknown."""
    if loan.rate_type == "fixed":
        barred = rules.fixed
    else:
        barred = rules.individual_floating if loan.borrower == "individual" else _business_barred(loan, rules, as_of)
    return ZERO if barred and loan.charge_percent is None else loan.charge_percent


def _business_barred(loan: RunningLoan, rules: PrepaymentChargeRules, as_of: datetime.date) -> bool:
    """Return whether the law forbids a charge by every lender, which is unknown for older or larger loans."""
    first, most = rules.business_sanctioned_from, rules.business_up_to
    new = first is None or (loan.sanctioned_on is not None and first <= loan.sanctioned_on <= as_of)
    small = most is None or (loan.sanctioned_amount is not None and loan.sanctioned_amount.amount <= most)
    return rules.business_floating and new and small


def _uncharged(request: PrepaymentRequest, charges: list[Decimal | None]) -> tuple[Lack, ...]:
    return tuple(
        Lack(what=f"loans.{at}.charge_percent", needed=f"the prepayment charge of {loan.name}, 0 if there is none")
        for at, (loan, charge) in enumerate(zip(request.loans, charges, strict=True), start=1)
        if charge is None
    )


def _unpayable(request: PrepaymentRequest) -> tuple[Lack, ...]:
    return tuple(
        Lack(
            what=f"loans.{at}.instalment",
            needed=f"an instalment that repays {loan.name} within its {loan.months_remaining} months",
            given=str(loan.instalment),
        )
        for at, loan in enumerate(request.loans, start=1)
        if remaining(loan.outstanding.minor, loan.annual_rate_percent, instalment_of(loan), loan.months_remaining)
        is None
    )


def _made(request: PrepaymentRequest, charges: list[Decimal]) -> tuple[list[Prepayment], int]:
    """Return the prepayments that save more than they cost, and the money that is kept.

    A loan whose charge exceeds the saving is omitted, and its money is used for the others.
    """
    left_out: set[int] = set()
    while True:
        amounts, kept = _poured(request, charges, left_out)
        made = [_prepayment(request, at, amount, charges[at]) for at, amount in enumerate(amounts) if amount]
        idle = [one for one in made if one.variants[0].net_saving.minor <= 0]
        losing = {one.position - 1 for one in idle if one.charge.minor}
        if not losing:
            # Without a charge only some paise, or a loan without interest, save nothing.
            return [one for one in made if one not in idle], kept + sum(one.amount.minor for one in idle)
        left_out |= losing


def _poured(request: PrepaymentRequest, charges: list[Decimal], left_out: set[int]) -> tuple[list[int], int]:
    """Return the paise for each loan, and the paise to keep."""
    amounts, left = [0] * len(request.loans), request.amount.minor
    parts: list[tuple[int, Tranche]] = [
        (position, part)
        for position, loan in enumerate(request.loans)
        if position not in left_out
        for part in tranches(loan, request.marginal_tax_rate_percent)
    ]
    parts.sort(key=lambda pair: (-pair[1].effective_percent, *_tie(request.loans[pair[0]], charges[pair[0]])))
    least = request.alternative_return_percent
    for position, part in parts:
        if least is not None and part.effective_percent <= least:
            continue
        share = 1 + charges[position] / 100
        taken = min(part.amount, int(left / share))
        amounts[position] += taken
        left -= taken + rounded_minor(taken * charges[position] / 100)
    return amounts, max(left, 0)


def _tie(loan: RunningLoan, charge: Decimal) -> tuple[Decimal, int, int, str]:
    """Return the sort key for loans with equal returns: charge, amount, term, name; lowest first."""
    return charge, loan.outstanding.minor, loan.months_remaining, loan.name


def _marginal(loan: RunningLoan, request: PrepaymentRequest) -> Decimal:
    return tranches(loan, request.marginal_tax_rate_percent)[0].effective_percent


def _prepayment(request: PrepaymentRequest, position: int, amount: int, charge_percent: Decimal) -> Prepayment:
    loan = request.loans[position]
    charge = rounded_minor(amount * charge_percent / 100)
    found = tuple(
        PrepaymentVariant(
            kind=one.kind,
            instalment=paise(one.instalment),
            months=one.months,
            months_saved=one.months_saved,
            interest_saved=paise(one.interest_saved),
            tax_relief_lost=paise(one.relief_lost),
            net_saving=paise(one.interest_saved - one.relief_lost - charge),
        )
        for one in variants(loan, amount, request.marginal_tax_rate_percent)
    )
    return Prepayment(
        name=loan.name,
        position=position + 1,
        amount=paise(amount),
        closes=amount == loan.outstanding.minor,
        charge=paise(charge),
        effective_rate_percent=shown(_marginal(loan, request)),
        variants=found,
    )


def _grounds(request: PrepaymentRequest, chosen: tuple[Prepayment, ...], kept: int, said: RuleEdition) -> Grounds:
    reasons = [
        Reason(
            code="lending.prepay_close" if one.closes else "lending.prepay",
            text=f"{one.name}: {one.amount}, which earns {one.effective_rate_percent} % a year at first after tax.",
        )
        for one in chosen
    ]
    if kept:
        text = f"{paise(kept)} is kept: no loan is left, prepaying costs more than it saves, or another use earns more."
        reasons.append(Reason(code="lending.keep", text=text))
    given = (
        Evidence(name="amount", value=str(request.amount)),
        Evidence(name="marginal_tax_rate_percent", value=str(request.marginal_tax_rate_percent)),
        Evidence(name="alternative_return_percent", value=str(request.alternative_return_percent)),
        Evidence(name="as_of", value=str(request.as_of)),
        *(
            Evidence(
                name=f"loans.{at}.{loan.name}",
                value=f"{loan.outstanding} at {loan.annual_rate_percent} % ({loan.rate_type}), "
                f"{loan.months_remaining} months, deductible {loan.deductible_interest} a year",
            )
            for at, loan in enumerate(request.loans, start=1)
        ),
    )
    return Grounds(
        reasons=tuple(reasons), inputs=given, editions=(said,),
        uncertainty="Assumes constant rates and payment today. Savings are undiscounted sums over the years; tax "
                    "relief is computed in years from today at one marginal rate.",
        caveats=(*caveats_of((said,)), "Keep an emergency reserve before prepaying."),
    )  # fmt: skip


@agent(
    id=ID,
    capabilities=("lending.advise_prepayment",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("prepayment_charges_in",),
)
async def prepayment_advisor(request: PrepaymentRequest) -> PrepaymentPlan | InsufficientData:
    """Recommends loans to prepay with a sum, by return after tax and charges, in both forms of prepayment."""
    return advise(request)
