"""Inputs and outputs of the claim desk: a case, its policy, and an order that people may have to approve."""

from __future__ import annotations

import datetime
from typing import Literal, Self

from pydantic import model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Reason
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.insurance import (
    Claim,
    ClaimRecommendation,
    ClaimTerms,
    Code,
    HealthPlan,
    Preauth,
    PreauthRecommendation,
    Screening,
)
from genie_finance.contracts.money import Rupees

Kind = Literal["preauth", "claim"]
Action = Literal["approve", "approve_partial", "nothing_payable", "deny", "refer"]


class HealthPolicy(Value):
    """A policy as the insurer's register holds it."""

    policy_number: Code
    holder: str
    plan: HealthPlan
    terms: ClaimTerms

    @model_validator(mode="after")
    def _is_one_policy(self) -> Self:
        if self.terms.policy_number != self.policy_number or self.terms.product_code != self.plan.product_code:
            raise ValueError("the terms are of another policy or product")
        for name in ("sum_insured", "bonus", "paid_this_year"):
            if getattr(self.terms, name) != getattr(self.plan, name):
                raise ValueError(f"plan and terms differ in {name}")
        return self


class PolicyLookup(Payload, topic="insurance.policy_lookup", classification="confidential"):
    """Asks the register for a policy."""

    policy_number: Code
    on: datetime.date
    claim_id: Code | None = None
    """Id of the claim; its screening is part of the answer."""


class PolicyFound(Payload, topic="insurance.policy_found", classification="confidential"):
    """A policy as held by the insurer, not as stated by the claimant."""

    policy: HealthPolicy
    screening: Screening | None = None
    """Result of the insurer's fraud check of the claim; None if there is none, so the claim is referred to a person."""


class Case(Value):
    """A pre-authorisation or a claim."""

    preauth: Preauth | None = None
    claim: Claim | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if (self.preauth is None) == (self.claim is None):
            raise ValueError("a case is either a pre-authorisation or a claim")
        return self


class CaseQuestion(Payload, topic="insurance.case_question", classification="confidential"):
    """What must be paid in this case?"""

    case: Case


class SettlementOrder(Payload, topic="insurance.settlement_order", classification="confidential"):
    """Settle a case as recommended. The pipeline's policies say which orders need approval, and by which role."""

    case_id: str
    policy_number: str
    kind: Kind
    action: Action
    asked: Rupees
    payable: Rupees
    itemised: bool
    """False if a hospital's bill was not itemised."""
    reasons: tuple[Reason, ...]


class Settlement(Payload, topic="insurance.settlement", classification="confidential"):
    """The settlement; an order that is denied or not approved has none."""

    case_id: str
    kind: Kind
    outcome: Literal["authorised", "to_be_paid", "nothing_payable", "denied", "under_review"]
    payable: Rupees
    settled_on: datetime.date
    text: str


class CaseReport(Payload, topic="insurance.case_report", classification="confidential"):
    """A case on one page: recommendation with reasons, settlement, and missing data."""

    headline: str
    preauth: PreauthRecommendation | None
    claim: ClaimRecommendation | None
    settlement: Settlement | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
