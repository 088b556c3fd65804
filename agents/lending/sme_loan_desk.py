"""Business-loan desk: takes an application with its statements, has it examined and priced, and asks for a sanction."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

from agents.contracts.bulk import BulkAnalysis, BulkStatementRequest
from agents.contracts.insufficient import InsufficientData
from agents.contracts.sme import (
    CashflowScore,
    MissingStep,
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
from genie.errors import InputError
from genie.message import Payload, topic_of
from genie.protocol import Context, Risk, Tier, agent

ID = "sme_loan_desk"
P = TypeVar("P", bound=Payload)
_WITHIN_S = 60.0
"""Seconds for reading and computing. People are waited for as long as the hold lasts."""
ASKS: Mapping[type[Payload], tuple[type[Payload], ...]] = MappingProxyType(
    {
        BulkStatementRequest: (BulkAnalysis, InsufficientData),
        UnderwriteRequest: (CashflowScore, InsufficientData),
        WorkingCapitalRequest: (WorkingCapitalForecast,),
        SmeOfferRequest: (SmeLoanOffer, InsufficientData),
        SmeSanctionRequest: (SmeSanction,),
    }
)
"""What the desk asks; each is answered with one of these."""
Decision = Literal["sanctioned", "declined", "not_approved", "undecided"]


class _Steps:
    """What has come so far, and what has not."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.insufficient: list[InsufficientData] = []
        self.missing: list[MissingStep] = []

    async def ask(self, question: Payload, answer: type[P], *, within_s: float | None = _WITHIN_S) -> P | None:
        """Return the answer, or None once why there is none has been kept."""
        expected = ASKS[type(question)]
        came = await self._context.gather(question, expect=expected, need=1, within_s=within_s)
        found = came.get(answer)
        lacking = came.get(InsufficientData) if InsufficientData in expected else None
        if lacking is not None:
            self.insufficient.append(lacking)
        elif found is None:
            name = topic_of(answer).name
            reasons = [one.reason for one in came.missing.values() if one.part == name]
            self.missing.append(MissingStep(part=name, reason=reasons[0] if reasons else "did not come"))
        return found


@agent(
    id=ID,
    capabilities=("lending.decide_business_loan",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=ASKS,
)
async def sme_loan_desk(question: SmeLoanQuestion, context: Context) -> SmeLoanReport:
    """Takes a business's application and statements to an offer, and to a sanction once people have approved it.

    Raises:
        InputError: The figures of the business are of another day than the application.
    """
    application, business = question.case.application, question.case.business
    if business.as_of != application.as_of:
        raise InputError("case.business.as_of", f"is {business.as_of}", f"the application is of {application.as_of}")
    steps = _Steps(context)
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
        sanction = await steps.ask(wanted, SmeSanction, within_s=None)
    decision = _decision(offer, sanction)
    return SmeLoanReport(
        headline=_headline(application, decision, offer, sanction),
        decision=decision,
        sanction=sanction,
        offer=offer,
        score=score,
        working_capital=working_capital,
        insufficient=tuple(steps.insufficient),
        missing=tuple(steps.missing),
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
    asked = f"{application.borrower_id}, {application.requested_amount} asked for"
    if sanction is not None:
        return (
            f"{asked}: sanctioned {sanction.amount} over {sanction.tenor_months} months at "
            f"{sanction.annual_rate_percent} %, {sanction.emi} a month ({sanction.reference})."
        )
    if offer is None:
        return f"{asked}: undecided; what is missing is listed below."
    if decision == "declined":
        failed = ", ".join(check.name for check in offer.checks if not check.passed)
        return f"{asked}: declined because of {failed}."
    return f"{asked}: {offer.amount} would be offered at {offer.annual_rate_percent} %, but it was not approved."
