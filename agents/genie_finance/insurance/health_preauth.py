"""Health pre-authorisation: the payable part of a planned treatment."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import AmountLine, HealthPlan, Preauth, PreauthRecommendation, PreauthRequest
from genie_finance.contracts.money import rupees
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.insurance.benefit import Sharing, asked, available, bill_deductions, estimate_deductions, shares
from genie_finance.insurance.cover import denials, unnamed
from genie_finance.insurance.grounding import ZERO, grounds, total
from genie_finance.insurance.tables import HEALTH, HealthRules

ID = "health_preauth"
Reasons = list[tuple[str, str]]


def recommend(request: PreauthRequest) -> PreauthRecommendation | InsufficientData:
    """Return the plan's payment, or the missing data.

    Reasons against cover come first; then limits by line, package, deductible, co-payment and sum insured.

    Raises:
        InputError: No edition of the rules covers the day of admission.
    """
    preauth, plan = request.preauth, request.plan
    found = edition(HEALTH, on=preauth.admitted)
    lacking = _lacking(preauth, plan)
    if lacking:
        return InsufficientData(agent=ID, question="the payment for a treatment", missing=lacking)
    if denied := against(preauth, plan, found.rules):
        return _answer(request, found, (), denied)
    sum_asked = asked(preauth)
    lines = (
        bill_deductions(preauth.bill, plan, bills_by_room=preauth.bills_by_room)
        if preauth.bill
        else estimate_deductions(preauth.estimate, plan, found.rules, bills_by_room=preauth.bills_by_room)
        if preauth.estimate is not None
        else []
    )
    admissible = max(sum_asked + total(lines), ZERO)
    sharing = Sharing(plan.deductible.amount, plan.copay_percent, available(plan))
    return _answer(request, found, (*lines, *shares(admissible, plan, preauth.procedure, sharing)), [])


def _lacking(preauth: Preauth, plan: HealthPlan) -> tuple[Lack, ...]:
    found: list[Lack] = []
    if not preauth.bill and preauth.estimate is None:
        found.append(Lack(what="bill", needed="the hospital's lines by category, or an estimate of the whole"))
    elif not asked(preauth):
        found.append(Lack(what="bill", needed="the cost of the treatment, above 0", given="0.00 INR"))
    found += unnamed(preauth, plan)
    if preauth.product_code != plan.product_code:
        needed = f"the plan of the product {preauth.product_code}"
        found.append(Lack(what="plan", needed=needed, given=f"that of {plan.product_code}"))
    if preauth.covered_since > preauth.admitted:
        needed = "a first day of cover on or before the admission"
        found.append(Lack(what="covered_since", needed=needed, given=str(preauth.covered_since)))
    return tuple(found)


def against(preauth: Preauth, plan: HealthPlan, rules: HealthRules) -> Reasons:
    """Return why the plan does not cover a treatment, as codes and sentences; nothing if it does."""
    found: Reasons = []
    if plan.network_only and not preauth.in_network:
        found.append(
            ("insurance.not_in_network", "The hospital is not in the network, and the plan is cashless only there.")
        )
    denied = denials(
        preauth, plan, rules, since=preauth.covered_since, on=preauth.admitted,
        initial_waiting_days=plan.initial_waiting_days,
    )  # fmt: skip
    return [*found, *((f"insurance.{code}", text) for code, text in denied)]


def _answer(
    request: PreauthRequest, found: Edition[HealthRules], lines: tuple[AmountLine, ...], denied: Reasons
) -> PreauthRecommendation:
    preauth, sum_asked = request.preauth, asked(request.preauth)
    payable = ZERO if denied else max(sum_asked + total(lines), ZERO)
    reasons = denied or [(f"insurance.{one.code}", f"{one.text}: {Decimal(one.amount):,} INR.") for one in lines]
    caveats = () if preauth.bill else ("The bill is not itemised, so the payable amount is an approximation.",)
    recommendation: PreauthRecommendation = PreauthRecommendation.model_validate(
        {
            "preauth_id": preauth.preauth_id,
            "action": _action(payable, sum_asked, denied=bool(denied)),
            "asked": rupees(sum_asked),
            "payable": rupees(payable),
            "patient_share": rupees(sum_asked) - rupees(payable),
            "itemised": bool(preauth.bill),
            "decide_within_minutes": found.rules.decide_within_minutes,
            "deductions": lines,
            "grounds": grounds(
                reasons or [("insurance.covered", "Covered in full.")],
                {
                    "policy_number": preauth.policy_number, "procedure": preauth.procedure,
                    "admitted": preauth.admitted, "covered_since": preauth.covered_since,
                    "hospital": f"{preauth.hospital_code}, {'in' if preauth.in_network else 'not in'} the network",
                    "asked": rupees(sum_asked), "sum_insured_left": rupees(available(request.plan)),
                },
                (found.said,),
                "As reliable as the hospital's estimate; the final bill decides. A doctor must judge whether the "
                "treatment is needed.",
                *caveats,
            ),
        }
    )  # fmt: skip
    return recommendation


def _action(payable: Decimal, sum_asked: Decimal, *, denied: bool) -> str:
    if denied:
        return "deny"
    if not payable:
        return "nothing_payable"
    return "approve" if payable == sum_asked else "approve_partial"


@agent(
    id=ID,
    capabilities=("insurance.recommend_preauth",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("health_claims_in",),
)
async def health_preauth(request: PreauthRequest) -> PreauthRecommendation | InsufficientData:
    """Recommends the payment of a health policy in India for a planned treatment; people or policies decide."""
    return recommend(request)
