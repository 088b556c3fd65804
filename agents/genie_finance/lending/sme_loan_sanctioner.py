"""Business-loan sanctioner: writes the letter for an offer that people have approved."""

from __future__ import annotations

import datetime
import hashlib

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.sme import SmeSanction, SmeSanctionRequest
from genie_finance.domain.rulebook import edition
from genie_finance.lending.tables import SME_POLICY

ID = "sme_loan_sanctioner"


def sanction(request: SmeSanctionRequest, today: datetime.date) -> SmeSanction:
    """Return the sanction of an offer on a day.

    Raises:
        InputError: The offer is a refusal, has another borrower, or exceeds the request.
    """
    application, offer = request.application, request.offer
    if offer.recommendation != "in_principle" or offer.annual_rate_percent is None:
        raise InputError("offer", "declines the loan", "only an offer in principle can be sanctioned")
    if offer.borrower_id != application.borrower_id:
        raise InputError("offer", "is for another borrower", f"price the application of {application.borrower_id}")
    if offer.amount.minor > application.requested_amount.minor:
        raise InputError("offer", f"is {offer.amount}", f"at most {application.requested_amount} was requested")
    policy = edition(SME_POLICY, on=application.as_of)
    valid_until = today + datetime.timedelta(days=policy.rules.validity_days)
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    conditions = tuple(_conditions(request))
    return SmeSanction.model_validate(
        {
            "borrower_id": application.borrower_id,
            "reference": f"SME-{digest[:12].upper()}",
            "amount": offer.amount,
            "tenor_months": offer.tenor_months,
            "annual_rate_percent": offer.annual_rate_percent,
            "emi": offer.emi,
            "valid_until": valid_until,
            "conditions": conditions,
            "letter": _letter(request, today, valid_until, conditions),
        }
    )


def _conditions(request: SmeSanctionRequest) -> list[str]:
    offer = request.offer
    found = ["Returns, registration and credit reports are verified before anything is disbursed."]
    if offer.processing_fee.minor:
        found.append(f"A processing fee of {offer.processing_fee} is paid before disbursement.")
    if offer.guarantee_eligible:
        found.append(
            f"The credit guarantee is in place; its fee of the first year is {offer.guarantee_fee_first_year}."
        )
    if request.application.collateral.minor:
        found.append(f"Collateral of {request.application.collateral} is charged to the lender.")
    if request.application.facility == "working_capital":
        found.append("Drawings stay within the drawing power of each month's stock and receivables statement.")
    return found


def _letter(
    request: SmeSanctionRequest, today: datetime.date, valid_until: datetime.date, conditions: tuple[str, ...]
) -> str:
    offer, kind = request.offer, request.application.facility.replace("_", " ")
    monthly = "interest a month at full use" if kind == "working capital" else "a month"
    lines = (
        f"{today}. Sanction of a {kind} to {offer.borrower_id}: {offer.amount} for {offer.tenor_months} months at "
        f"{offer.annual_rate_percent} % a year, {offer.emi} {monthly}.",
        *(f"{number}. {text}" for number, text in enumerate(conditions, start=1)),
        f"It lapses unless accepted by {valid_until}.",
    )
    return "\n".join(lines)


@agent(
    id=ID,
    capabilities=("lending.sanction",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=1,
    rules=("sme_policy",),
)
async def sme_loan_sanctioner(request: SmeSanctionRequest, context: Context) -> SmeSanction:
    """Writes the sanction letter of a business loan.

    A pipeline only delivers approved offers to it.
    """
    return sanction(request, context.now().date())
