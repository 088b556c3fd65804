"""Business-loan desk: requests the examination and pricing of an application, and its sanction."""

from __future__ import annotations

from typing import Literal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.bulk import BulkAnalysis, BulkStatementRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.sme import (
    CashflowScore,
    SmeApplication,
    SmeLoanOffer,
    SmeLoanQuestion,
    SmeLoanReport,
    SmeOfferRequest,
    SmeSanction,
    SmeSanctionRequest,
    UnderwriteRequest,
    WorkingCapitalForecast,
    WorkingCapitalRequest,
)
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="sme_loan_desk",
    asks={
        BulkStatementRequest: (BulkAnalysis, InsufficientData),
        UnderwriteRequest: (CashflowScore, InsufficientData),
        WorkingCapitalRequest: (WorkingCapitalForecast,),
        SmeOfferRequest: (SmeLoanOffer, InsufficientData),
        SmeSanctionRequest: (SmeSanction,),
    },
    within_s=60.0,
)
Decision = Literal["sanctioned", "declined", "not_approved", "undecided"]


@agent(
    id=DESK.id,
    capabilities=("lending.decide_business_loan",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def sme_loan_desk(question: SmeLoanQuestion, context: Context) -> SmeLoanReport:
    """Turns a business's application and statements into an offer, and a sanction once people have approved it.

    Raises:
        InputError: The figures of the business have another date than the application.
    """
    application, business = question.case.application, question.case.business
    if business.as_of != application.as_of:
        raise InputError("case.business.as_of", f"is {business.as_of}", f"the application is of {application.as_of}")
    steps = DESK.open(context)
    context.progress("reading the statements", fraction=0.1)
    bulk = BulkStatementRequest(applicant_id=application.borrower_id[:64], files=question.files)
    analysis = await steps.ask(bulk, BulkAnalysis)
    context.progress("examining the business", fraction=0.4)
    working_capital = await steps.ask(business, WorkingCapitalForecast)
    score = None
    if analysis is not None:
        examined = UnderwriteRequest(applicant_id=application.borrower_id, as_of=application.as_of, analysis=analysis)
        score = await steps.ask(examined, CashflowScore)
    offer = None
    if score is not None:
        priced = SmeOfferRequest(application=application, score=score, working_capital=working_capital)
        offer = await steps.ask(priced, SmeLoanOffer)
    sanction = None
    if offer is not None and offer.recommendation == "in_principle":
        context.progress("waiting for approval", fraction=0.8)
        wanted = SmeSanctionRequest(application=application, offer=offer)
        sanction = await steps.ask(wanted, SmeSanction, of_people=True)
    decision = _decision(offer, sanction)
    return SmeLoanReport(
        headline=_headline(application, decision, offer, sanction),
        decision=decision,
        sanction=sanction,
        offer=offer,
        score=score,
        working_capital=working_capital,
        insufficient=steps.insufficient,
        missing=steps.missing,
    )


def _decision(offer: SmeLoanOffer | None, sanction: SmeSanction | None) -> Decision:
    if sanction is not None:
        return "sanctioned"
    if offer is None:
        return "undecided"
    return "declined" if offer.recommendation == "decline" else "not_approved"


def _headline(
    application: SmeApplication, decision: Decision, offer: SmeLoanOffer | None, sanction: SmeSanction | None
) -> str:
    asked = f"{application.borrower_id}, {application.requested_amount} requested"
    if sanction is not None:
        return (
            f"{asked}: sanctioned {sanction.amount} over {sanction.tenor_months} months at "
            f"{sanction.annual_rate_percent} %, {sanction.emi} a month ({sanction.reference})."
        )
    if offer is None:
        return f"{asked}: undecided; the missing data is listed below."
    if decision == "declined":
        failed = ", ".join(check.name for check in offer.checks if not check.passed)
        return f"{asked}: declined because of {failed}."
    return f"{asked}: {offer.amount} would be offered at {offer.annual_rate_percent} %, but it was not approved."
