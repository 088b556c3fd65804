"""The payment for a motor claim: cover, depreciation of parts, total loss, deductibles."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from genie.errors import InputError
from genie_finance.contracts.grounds import RuleEdition
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import AmountLine, MotorAssessment, MotorClaimRequest, RepairLine
from genie_finance.contracts.money import rupees
from genie_finance.domain.rulebook import edition
from genie_finance.insurance.grounding import PAISA, ZERO, grounds, line, total
from genie_finance.insurance.premium import AGENT, capacity_class, rate_at
from genie_finance.insurance.tables import MOTOR, MotorRules

STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "not_covered": ("Tell the owner why, with the clause of the policy.",),
        "repair": ("Have the estimate surveyed.", "Approve the repair, and pay the garage or the owner."),
        "constructive_total_loss": (
            "Have the loss surveyed.",
            "Settle on the declared value, and cancel the registration of the wreck.",
        ),
        "total_loss": (
            "Ask for the police report, and the final report that the vehicle cannot be traced.",
            "Take over the keys and the registration before paying.",
        ),
    }
)


def assess(request: MotorClaimRequest) -> MotorAssessment | InsufficientData:
    """Return the payment for a claim, or the missing data.

    For a repair, it is the estimate less depreciation and deductibles, at most the declared value. If the vehicle is
    stolen, or its repair costs more than three quarters of the declared value, it is that value less wreck and
    deductibles.

    Raises:
        InputError: No edition covers the day, or the policy ends before it starts.
    """
    terms, rules = request.terms, edition(MOTOR, on=request.on)
    if terms.ends < terms.starts:
        raise InputError("terms.ends", f"{terms.ends} is before {terms.starts}", "give the policy's last day")
    why = _not_covered(request)
    if why:
        return _answer(request, rules.said, "not_covered", (), (("insurance.not_covered", why),))
    if not request.repair and request.event != "theft":
        lack = Lack(what="repair", needed="the repairer's estimate, line by line")
        return InsufficientData(agent=AGENT, question="the payment for a motor claim", missing=(lack,))
    if not request.repair:
        reason = ("insurance.theft", f"The vehicle is stolen: the declared value of {terms.idv} is due.")
        return _answer(request, rules.said, "total_loss", _value_lines(request, rules.rules), (reason,))
    cost, limit = _cost(request), terms.idv.amount * rules.rules.total_loss_share
    if cost > limit:
        share = f"{rules.rules.total_loss_share * 100:.0f} per cent"
        reason = (
            "insurance.constructive_total_loss",
            f"The repair costs {rupees(cost)}, more than {share} of the declared value of {terms.idv}.",
        )
        return _answer(request, rules.said, "constructive_total_loss", _value_lines(request, rules.rules), (reason,))
    return _answer(request, rules.said, "repair", _repair_lines(request, rules.rules), (_repair_reason(request),))


def part_rate(rules: MotorRules, request: MotorClaimRequest, part: RepairLine) -> Decimal:
    """Return the share of a line lost to depreciation."""
    if request.terms.zero_depreciation:
        return ZERO
    if part.material == "metal_or_wood":
        return rate_at(rules.metal_depreciation, request.vehicle.registered, request.on)
    return rules.part_depreciation[part.material]


def _not_covered(request: MotorClaimRequest) -> str:
    terms = request.terms
    if not terms.starts <= request.on <= terms.ends:
        return f"The policy was in force from {terms.starts} to {terms.ends}, not on {request.on}."
    if terms.cover == "third_party":
        return "A liability-only policy does not cover damage to the own vehicle."
    return ""


def _cost(request: MotorClaimRequest) -> Decimal:
    return sum((one.amount.amount for one in request.repair or ()), ZERO)


def _deductibles(request: MotorClaimRequest, rules: MotorRules, left: Decimal) -> list[AmountLine]:
    of = rules.of(request.vehicle.kind)
    compulsory = min(of.compulsory_deductible[capacity_class(request.vehicle, of.capacities)], left)
    voluntary = min(request.terms.voluntary_deductible.amount, left - compulsory)
    found = [line("compulsory_deductible", "compulsory deductible", -compulsory)]
    return [*found, line("voluntary_deductible", "voluntary deductible", -voluntary)] if voluntary else found


def _value_lines(request: MotorClaimRequest, rules: MotorRules) -> tuple[AmountLine, ...]:
    value = request.terms.idv.amount
    lines = [line("declared_value", "insured's declared value", value)]
    if request.wreck_kept.minor:
        lines.append(line("wreck", "wreck, which the owner keeps", -min(request.wreck_kept.amount, value)))
    return (*lines, *_deductibles(request, rules, total(lines)))


def _repair_lines(request: MotorClaimRequest, rules: MotorRules) -> tuple[AmountLine, ...]:
    lines: list[AmountLine] = []
    for part in request.repair or ():
        lines.append(line("repair", part.text, part.amount.amount))
        rate = part_rate(rules, request, part)
        if rate and part.amount.minor:
            text = f"depreciation of {part.text}, {(rate * 100).normalize():f} per cent"
            lines.append(line("depreciation", text, -part.amount.amount * rate))
    lines.extend(_deductibles(request, rules, total(lines)))
    return tuple(lines)


def _repair_reason(request: MotorClaimRequest) -> tuple[str, str]:
    how = "without depreciation of parts" if request.terms.zero_depreciation else "less depreciation of parts"
    return "insurance.repair", f"The repair is paid {how}, after the deductible."


def _answer(
    request: MotorClaimRequest,
    said: RuleEdition,
    outcome: str,
    lines: tuple[AmountLine, ...],
    reasons: tuple[tuple[str, str], ...],
) -> MotorAssessment:
    cost, value = _cost(request), request.terms.idv.amount
    by_code = {
        code: -total(one for one in lines if code in one.code) for code in ("depreciation", "deductible")
    }  # fmt: skip
    answer: MotorAssessment = MotorAssessment.model_validate(
        {
            "claim_id": request.claim_id,
            "outcome": outcome,
            "payable": rupees(max(min(total(lines), value), ZERO)),
            "repair_cost": rupees(cost),
            "depreciation": rupees(by_code["depreciation"]),
            "deductible": rupees(by_code["deductible"]),
            "repair_percent_of_idv": (cost * 100 / value).quantize(PAISA),
            "lines": lines,
            "next_steps": STEPS[outcome],
            "grounds": grounds(
                reasons,
                {
                    "on": request.on, "event": request.event, "registered": request.vehicle.registered,
                    "idv": request.terms.idv, "repair": rupees(cost), "cover": request.terms.cover,
                },
                (said,),
                "An assessment of the given data. Licence, use, late notice and cause are the surveyor's to check.",
                "A repair is compared with the declared value as estimated, before depreciation.",
            ),
        }
    )  # fmt: skip
    return answer
