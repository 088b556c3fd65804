"""KYC registrar: puts recommendations into effect; policies hold those that people must approve."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.kyc import KycDecision, KycRecommendation

_SAID = {
    "approve": "the account may be opened",
    "enhanced_diligence": "enhanced diligence before any account",
    "reject": "no account",
    "incomplete": "incomplete; no decision yet",
}


def decide(recommendation: KycRecommendation, *, at: datetime.datetime) -> KycDecision:
    """Return the decision for a recommendation."""
    open_gates = [gate.name.replace("_", " ") for gate in recommendation.gates if gate.outcome != "approve"]
    said = f"{recommendation.customer_id}: {_SAID[recommendation.outcome]}"
    said += f"; risk category {recommendation.tier}" if recommendation.tier else ""
    said += f"; update by {recommendation.next_kyc_update}" if recommendation.next_kyc_update else ""
    said += f"; open: {', '.join(open_gates)}" if open_gates else ""
    return KycDecision(
        headline=f"{said}.",
        customer_id=recommendation.customer_id,
        outcome=recommendation.outcome,
        tier=recommendation.tier,
        next_kyc_update=recommendation.next_kyc_update,
        gates=recommendation.gates,
        next_steps=recommendation.next_steps,
        incident=recommendation.incident,
        decided_at=at,
        missing=recommendation.missing,
        grounds=recommendation.grounds,
    )


@agent(
    id="kyc_registrar",
    capabilities=("kyc.decide",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
)
async def kyc_registrar(recommendation: KycRecommendation, context: Context) -> KycDecision:
    """Puts a recommendation into effect; held ones reach it only after people have approved them."""
    return decide(recommendation, at=context.now())
