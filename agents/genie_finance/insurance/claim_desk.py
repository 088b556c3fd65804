"""Claim desk: looks up the policy of a case, has the case assessed, and orders the settlement."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.claims import (
    Case,
    CaseQuestion,
    CaseReport,
    HealthPolicy,
    PolicyFound,
    PolicyLookup,
    Settlement,
    SettlementOrder,
)
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import (
    ClaimRecommendation,
    ClaimRequest,
    Preauth,
    PreauthRecommendation,
    PreauthRequest,
)
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="claim_desk",
    asks={
        PolicyLookup: (PolicyFound, InsufficientData),
        PreauthRequest: (PreauthRecommendation, InsufficientData),
        ClaimRequest: (ClaimRecommendation, InsufficientData),
        SettlementOrder: (Settlement,),
    },
    within_s=10.0,
)
Recommendation = PreauthRecommendation | ClaimRecommendation


@agent(
    id=DESK.id,
    capabilities=("insurance.settle_case",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def claim_desk(question: CaseQuestion, context: Context) -> CaseReport:
    """Handles a claim or a pre-authorisation up to its settlement: policy, recommendation, order, missing data."""
    case, asking = question.case, DESK.open(context)
    found = await asking.ask(_lookup(case), PolicyFound)
    preauth = claim = None
    if found is not None and case.preauth is not None:
        preauth = await asking.ask(preauth_request(case.preauth, found.policy), PreauthRecommendation)
    elif found is not None and case.claim is not None:
        policy = found.policy
        asked = ClaimRequest(claim=case.claim, terms=policy.terms, plan=policy.plan, screening=found.screening)
        claim = await asking.ask(asked, ClaimRecommendation)
    settlement, recommended = None, preauth or claim
    if recommended is not None:
        # A person may take hours, so only the end of the run or of the hold bounds this wait.
        settlement = await asking.ask(order(case, recommended), Settlement, of_people=True)
    return CaseReport(
        headline=headline(case, recommended, settlement),
        preauth=preauth,
        claim=claim,
        settlement=settlement,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def preauth_request(preauth: Preauth, policy: HealthPolicy) -> PreauthRequest | InsufficientData:
    """Return the question about a treatment, or the missing data if the policy was not in force on its day.

    The later of the stated first day of cover and the registered one counts, so the caller cannot shorten a waiting
    period.
    """
    terms = policy.terms
    if not terms.starts <= preauth.admitted <= terms.ends:
        needed, given = f"a policy in force on {preauth.admitted}", f"one from {terms.starts} to {terms.ends}"
        lack = Lack(what="policy", needed=needed, given=given)
        return DESK.lacking("the payment for a treatment", lack)
    since = max(preauth.covered_since, terms.covered_since)
    return PreauthRequest(preauth=preauth.model_copy(update={"covered_since": since}), plan=policy.plan)


def _lookup(case: Case) -> PolicyLookup:
    if case.preauth is not None:
        return PolicyLookup(policy_number=case.preauth.policy_number, on=case.preauth.admitted)
    if case.claim is not None:
        claim = case.claim
        return PolicyLookup(policy_number=claim.policy_number, on=claim.on, claim_id=claim.claim_id)
    raise InputError("case", "is neither a pre-authorisation nor a claim", "give one of them")


def order(case: Case, recommended: Recommendation) -> SettlementOrder:
    """Return the order to settle a case as recommended."""
    if isinstance(recommended, ClaimRecommendation):
        case_id, asked, itemised, kind = recommended.claim_id, recommended.incurred, True, "claim"
    else:
        case_id, asked, itemised, kind = recommended.preauth_id, recommended.asked, recommended.itemised, "preauth"
    return SettlementOrder.model_validate(
        {
            "case_id": case_id, "policy_number": _lookup(case).policy_number, "kind": kind,
            "action": recommended.action, "asked": asked, "payable": recommended.payable, "itemised": itemised,
            "reasons": recommended.grounds.reasons,
        }
    )  # fmt: skip


def headline(case: Case, recommended: Recommendation | None, settlement: Settlement | None) -> str:
    """Return the case in one line."""
    name = case.preauth.preauth_id if case.preauth is not None else case.claim.claim_id if case.claim else ""
    if recommended is None:
        return f"{name}: no recommendation yet; the missing data is listed below."
    if settlement is None:
        return f"{name}: {recommended.action} of {recommended.payable} is recommended, and not settled."
    return f"{name}: {settlement.text}"
