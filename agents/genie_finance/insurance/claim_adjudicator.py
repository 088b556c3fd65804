"""Claim adjudicator: the payable amount of a claim, rule by rule; people or policies decide."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import AmountLine, Claim, ClaimRecommendation, ClaimRequest, ClaimTerms
from genie_finance.contracts.money import rupees
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.insurance.grounding import ZERO, grounds, line, total
from genie_finance.insurance.tables import HEALTH, HealthRules

ID = "claim_adjudicator"
SUSPICIOUS = Decimal("0.5")
"""Score of a check for fraud from which a person reviews a claim of any amount."""


def adjudicate(request: ClaimRequest) -> ClaimRecommendation | InsufficientData:
    """Return what the policy pays, or what is missing to say it.

    Raises:
        InputError: No edition of the rules covers the day of the loss.
    """
    claim, terms = request.claim, request.terms
    found = edition(HEALTH, on=claim.on)
    lacking = _lacking(claim, terms)
    if lacking:
        return InsufficientData(agent=ID, question="what a policy pays of a claim", missing=lacking)
    against = list(denials(claim, terms, found.rules))
    lines = tuple(deductions(claim, terms))
    payable = ZERO if against else max(claim.incurred.amount + total(lines), ZERO)
    doubts = () if against else tuple(_doubts(request))
    reasons = against or [
        *doubts,
        *((f"claim.{one.code}", f"{one.text}: {Decimal(one.amount):,} INR.") for one in lines),
    ]
    action = "deny" if against else "refer" if doubts else _action(payable, claim.incurred.amount)
    return _answer(request, found, action, payable, () if against else lines, reasons)


def _lacking(claim: Claim, terms: ClaimTerms) -> tuple[Lack, ...]:
    found = []
    if claim.policy_number != terms.policy_number:
        needed = f"the terms of the policy {claim.policy_number}"
        found.append(Lack(what="terms", needed=needed, given=f"those of {terms.policy_number}"))
    if terms.exclusions and not claim.diagnoses:
        found.append(Lack(what="claim.diagnoses", needed="ICD-10 codes, as the policy excludes by diagnosis"))
    return tuple(found)


def denials(claim: Claim, terms: ClaimTerms, rules: HealthRules) -> Iterator[tuple[str, str]]:
    """Yield why a policy does not cover a claim, as codes and sentences; none where it does.

    Exclusions go by diagnosis code, never by words. An accident needs no initial waiting, and neither does a policy
    that has been renewed without a break for a year.
    """
    if not terms.starts <= claim.on <= terms.ends:
        yield "claim.not_in_force", f"The policy was in force from {terms.starts} to {terms.ends}, not on {claim.on}."
    days = min(terms.initial_waiting_days, rules.most_initial_waiting_days)
    first = terms.covered_since + datetime.timedelta(days=days)
    if not claim.caused_by_accident and claim.on < first:
        yield "claim.initial_waiting", f"Illness is covered from {first}, {days} days after the first cover."
    for exclusion in terms.exclusions:
        heads = tuple(head.replace(".", "").upper() for head in exclusion.diagnoses)
        hit = [code for code in claim.diagnoses if code.replace(".", "").startswith(heads)]
        if hit:
            yield (
                f"claim.excluded.{exclusion.code}",
                f"{', '.join(hit)} is excluded: {exclusion.text} ({exclusion.code}).",
            )
    if _named(claim.peril) in map(_named, terms.network_only) and not claim.in_network:
        yield "claim.not_in_network", f"{claim.peril} is covered in the network alone."


def _named(peril: str) -> str:
    """Return a peril in the one way in which it is compared: no claim escapes a limit by its capitals."""
    return peril.casefold()


def deductions(claim: Claim, terms: ClaimTerms) -> list[AmountLine]:
    """Return what is taken off a covered claim, in order.

    Sub-limit (where it applies to the loss), deductible, co-payment on what is left, sub-limit (where it applies to
    the payment), and what is left of the sum insured and its bonus.
    """
    found: list[AmountLine] = []
    caps = [one.most.amount for one in terms.sub_limits if _named(one.peril) == _named(claim.peril)]

    def now() -> Decimal:
        return max(claim.incurred.amount + total(found), ZERO)

    def cap(most: Decimal, code: str, text: str) -> None:
        if now() > most:
            found.append(line(code, text, most - now()))

    if caps and terms.sub_limits_apply == "before_sharing":
        cap(min(caps), "sub_limit", f"above the limit for {claim.peril}")
    if terms.deductible.minor and now():
        found.append(line("deductible", "deductible", -min(terms.deductible.amount, now())))
    if terms.copay_percent and now():
        text = f"co-payment of {terms.copay_percent} per cent"
        found.append(line("copayment", text, -now() * terms.copay_percent / 100))
    if caps and terms.sub_limits_apply == "after_sharing":
        cap(min(caps), "sub_limit", f"above the limit for {claim.peril}")
    left = max(terms.sum_insured.amount + terms.bonus.amount - terms.paid_this_year.amount, ZERO)
    cap(left, "sum_insured", "above what is left of the sum insured")
    return found


def _doubts(request: ClaimRequest) -> Iterator[tuple[str, str]]:
    if request.screening is None:
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
        "The cover is younger than the moratorium, so what was not disclosed can still be raised."
        if _months(terms.covered_since, claim.on) < found.rules.moratorium_months
        else "After the moratorium nothing but proven fraud and permanent exclusions can be raised."
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
                "As good as the documents behind the claim. Whether the treatment was needed is for a doctor.",
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
async def claim_adjudicator(request: ClaimRequest) -> ClaimRecommendation | InsufficientData:
    """Recommends what a health policy in India pays of a claim, rule by rule; people or policies decide."""
    return adjudicate(request)
