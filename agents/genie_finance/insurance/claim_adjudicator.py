"""Claim adjudicator: the payable amount of a claim, rule by rule; people or policies decide."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import (
    AmountLine,
    Claim,
    ClaimRecommendation,
    ClaimRequest,
    ClaimTerms,
    HealthPlan,
    peril_key,
)
from genie_finance.contracts.money import rupees
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.insurance import cover
from genie_finance.insurance.benefit import Sharing, bill_deductions, shares
from genie_finance.insurance.cover import unnamed
from genie_finance.insurance.grounding import ZERO, grounds, total
from genie_finance.insurance.tables import HEALTH, HealthRules

ID = "claim_adjudicator"
SHARED = ("sum_insured", "bonus", "paid_this_year", "initial_waiting_days")
"""Values of both terms and plan; unknown if they differ. Deductible and co-payment may differ for reimbursement."""
SUSPICIOUS = Decimal("0.5")
"""Fraud score from which a person reviews a claim of any amount."""


def adjudicate(request: ClaimRequest, *, today: datetime.date) -> ClaimRecommendation | InsufficientData:
    """Return the policy's payment, or the missing data.

    Raises:
        InputError: No edition of the rules covers the day of the loss.
    """
    claim, terms, plan = request.claim, request.terms, request.plan
    found = edition(HEALTH, on=claim.on)
    if lacking := tuple(_lacking(claim, terms, plan, today)):
        return InsufficientData(agent=ID, question="the payment for a claim under a policy", missing=lacking)
    against = list(denials(claim, terms, plan, found.rules))
    lines = tuple(deductions(claim, terms, plan))
    payable = ZERO if against else max(claim.incurred.amount + total(lines), ZERO)
    doubts = () if against else tuple(_doubts(request))
    reasons = against or [
        *doubts,
        *((f"claim.{one.code}", f"{one.text}: {Decimal(one.amount):,} INR.") for one in lines),
    ]
    action = "deny" if against else "refer" if doubts else _action(payable, claim.incurred.amount)
    return _answer(request, found, action, payable, () if against else lines, reasons)


def _lacking(claim: Claim, terms: ClaimTerms, plan: HealthPlan, today: datetime.date) -> Iterator[Lack]:
    if claim.policy_number != terms.policy_number:
        needed = f"the terms of the policy {claim.policy_number}"
        yield Lack(what="terms", needed=needed, given=f"those of {terms.policy_number}")
    if plan.product_code != terms.product_code:
        needed = f"the plan of the product {terms.product_code}"
        yield Lack(what="plan", needed=needed, given=f"that of {plan.product_code}")
    for name in SHARED:
        if (said := getattr(terms, name)) != (planned := getattr(plan, name)):
            yield Lack(what=f"terms.{name}", needed=f"the same value as the plan: {planned}", given=str(said))
    if claim.on > today:
        yield Lack(what="claim.on", needed=f"an admission up to today, {today}", given=str(claim.on))
    if peril_key(claim.peril) not in map(peril_key, terms.perils):
        yield Lack(what="claim.peril", needed=f"a peril of the policy: {', '.join(terms.perils)}", given=claim.peril)
    if (terms.exclusions or terms.pre_existing or terms.specific_diseases) and not claim.diagnoses:
        yield Lack(what="claim.diagnoses", needed="ICD-10 codes, since the policy has exclusions by diagnosis")
    billed = sum((one.amount.amount for one in claim.bill), ZERO)
    if billed != claim.incurred.amount:
        needed = f"lines that add up to the {claim.incurred} claimed"
        yield Lack(what="claim.bill", needed=needed, given=str(rupees(billed)))
    if terms.covered_since > claim.on:
        needed = "a first day of cover on or before the admission"
        yield Lack(what="terms.covered_since", needed=needed, given=str(terms.covered_since))
    yield from unnamed(claim, plan, (one.text for one in terms.exclusions if not _diagnosed(claim, one.diagnoses)))


def denials(claim: Claim, terms: ClaimTerms, plan: HealthPlan, rules: HealthRules) -> Iterator[tuple[str, str]]:
    """Yield why a policy does not cover a claim, as codes and sentences; nothing if it does.

    Diagnoses are excluded by code. Waiting periods are those of cashless treatment: a disease counts as pre-existing or
    specific if the claim says so or a diagnosis is on the policy's list.
    """
    if not terms.starts <= claim.on <= terms.ends:
        yield "claim.not_in_force", f"The policy was in force from {terms.starts} to {terms.ends}, not on {claim.on}."
    for exclusion in terms.exclusions:
        if hit := _diagnosed(claim, exclusion.diagnoses):
            yield (
                f"claim.excluded.{exclusion.code}",
                f"{', '.join(hit)} is excluded: {exclusion.text} ({exclusion.code}).",
            )
    listed = {
        "pre_existing": claim.pre_existing or bool(_diagnosed(claim, terms.pre_existing)),
        "specific_disease": claim.specific_disease or bool(_diagnosed(claim, terms.specific_diseases)),
    }
    for code, text in cover.denials(
        claim.model_copy(update=listed), plan, rules, since=terms.covered_since, on=claim.on,
        initial_waiting_days=terms.initial_waiting_days,
    ):  # fmt: skip
        yield f"claim.{code}", text
    if peril_key(claim.peril) in map(peril_key, terms.network_only) and not claim.in_network:
        yield "claim.not_in_network", f"{claim.peril} is only covered in the network."


def _diagnosed(claim: Claim, heads: Iterable[str]) -> list[str]:
    """Return the diagnoses of a claim that begin with one of the codes."""
    starts = tuple(head.replace(".", "").upper() for head in heads)
    return [code for code in claim.diagnoses if code.replace(".", "").startswith(starts)]


def deductions(claim: Claim, terms: ClaimTerms, plan: HealthPlan) -> list[AmountLine]:
    """Return the deductions from a covered claim, in order.

    Rent above its limit, charges that depend on the room, non-payable items and the package, as for cashless treatment.
    Then sub-limit (if it applies to the loss), deductible, co-payment on the rest, sub-limit (if it applies to the
    payment), and the remaining sum insured and its bonus.
    """
    lines = bill_deductions(claim.bill, plan, bills_by_room=claim.bills_by_room)
    caps = [one.most.amount for one in terms.sub_limits if peril_key(one.peril) == peril_key(claim.peril)]
    sharing = Sharing(
        terms.deductible.amount, terms.copay_percent,
        max(terms.sum_insured.amount + terms.bonus.amount - terms.paid_this_year.amount, ZERO),
        limit=min(caps, default=None), limits_loss=terms.sub_limits_apply == "before_sharing",
        limit_text=f"above the limit for {claim.peril}",
    )  # fmt: skip
    return [*lines, *shares(max(claim.incurred.amount + total(lines), ZERO), plan, claim.procedure, sharing)]


def _doubts(request: ClaimRequest) -> Iterator[tuple[str, str]]:
    if request.screening is None or request.screening.claim_id != request.claim.claim_id:
        yield "claim.not_screened", "The claim was not checked for fraud."
    elif request.screening.score >= SUSPICIOUS:
        yield "claim.suspicious", f"{request.screening.by} scored it {request.screening.score}, {SUSPICIOUS} or above."


def _action(payable: Decimal, incurred: Decimal) -> str:
    if not payable:
        return "nothing_payable"
    return "approve" if payable == incurred else "approve_partial"


def _answer(
    request: ClaimRequest,
    found: Edition[HealthRules],
    action: str,
    payable: Decimal,
    lines: tuple[AmountLine, ...],
    reasons: list[tuple[str, str]],
) -> ClaimRecommendation:
    claim, terms = request.claim, request.terms
    contestable = (
        "The cover is within the moratorium period, so the insurer can still object to non-disclosure."
        if _months(terms.covered_since, claim.on) < found.rules.moratorium_months
        else "After the moratorium, the insurer can only raise proven fraud and permanent exclusions."
    )
    recommendation: ClaimRecommendation = ClaimRecommendation.model_validate(
        {
            "claim_id": claim.claim_id,
            "action": action,
            "incurred": claim.incurred,
            "payable": rupees(payable),
            "deductions": lines,
            "grounds": grounds(
                reasons or [("claim.covered", "Covered in full.")],
                {
                    "policy_number": claim.policy_number, "on": claim.on, "peril": claim.peril,
                    "diagnoses": ", ".join(claim.diagnoses) or "-", "incurred": claim.incurred,
                    "covered_since": terms.covered_since, "sum_insured": terms.sum_insured,
                    "paid_this_year": terms.paid_this_year,
                    "screening": "-" if request.screening is None else request.screening.score,
                },
                (found.said,),
                "As reliable as the documents of the claim. A doctor must judge whether the treatment was needed.",
                contestable,
                "A denial needs the insurer's claims review committee.",
            ),
        }
    )  # fmt: skip
    return recommendation


def _months(since: datetime.date, on: datetime.date) -> int:
    return (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)


@agent(
    id=ID,
    capabilities=("insurance.adjudicate_claim",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("health_claims_in",),
)
async def claim_adjudicator(request: ClaimRequest, context: Context) -> ClaimRecommendation | InsufficientData:
    """Recommends the payment of a health policy in India for a claim, rule by rule; people or policies decide."""
    return adjudicate(request, today=context.now().date())
