"""KYC gates: the outcome of an application by its worst gate, its risk category, and the next steps."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk
from genie.contracts.card import Tier as AgentTier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie_finance.contracts.kyc import DiligenceEvidence, Gate, Incident, KycCase, KycRecommendation, Outcome, Tier
from genie_finance.domain.rulebook import edition
from genie_finance.service.gates import Judged, Lists, highest, judged, worst
from genie_finance.service.tables import CALL_FOR_ACTION, KYC, MONITORED, KycRules

ID = "kyc_gates"
_STEPS = {
    "pan_form": "Ask for a legible PAN.",
    "pan_holder": "Ask for the applicant's own PAN.",
    "pan_verified": "Verify PAN and name with the tax authority.",
    "pan_initial": "Compare the PAN's fifth letter with the surname on the card.",
    "name_match": "Ask for a document that explains the two names.",
    "stated_name": "Ask for the name as it is written on the documents.",
    "aadhaar": "Ask for a new offline Aadhaar file or another officially valid document.",
    "aadhaar_file_age": "Ask for an offline Aadhaar file of the last three days.",
    "address": "Confirm the address by letter or visit.",
    "liveness": "Repeat the identification face to face.",
    "face": "Repeat the identification face to face.",
    "adult": "Open a minor's account with the guardian.",
    "synthetic_identity": "Investigate the signs of an invented identity.",
    "sanctions": "First clear or confirm the match with the sanctions list.",
    "adverse_reports": "Read the adverse reports and record what they are about.",
    "political_exposure": "Establish source of wealth and of funds; get the consent of senior management.",
    "residence": "Establish source of funds and purpose of the account.",
    "nationality": "Establish source of funds and purpose of the account.",
    "channel": "Offer video identification; until then confirm address and first payment from an own account.",
    "occupation": "Ask whether the occupation is on the bank's list.",
}


def recommend(case: KycCase, *, today: datetime.date) -> KycRecommendation:
    """Return the result of an application.

    The worst gate decides. Completed enhanced diligence only opens the gates that require it.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    kyc, action, watched = edition(KYC, on=today), edition(CALL_FOR_ACTION, on=today), edition(MONITORED, on=today)
    found = judged(case, kyc.rules, Lists(action.rules.countries, watched.rules.countries))
    exposed = any(one.gate.name == "political_exposure" and one.gate.status == "failed" for one in found)
    senior = exposed and kyc.rules.senior_approval_of_exposed
    cured = _cured(
        case.applicant.diligence, senior=senior, since=_years(today, -kyc.rules.update_years.high), today=today
    )
    gates = tuple(_after(one, cured=cured) for one in found)
    outcome = worst(tuple(gate.outcome for gate in gates))
    tier: Tier | None = highest(tuple(one.tier for one in found))
    unknown = any(gate.status == "unknown" for gate in gates)
    if outcome == "incomplete" or (unknown and tier != "high"):  # unknown facts may raise the category
        tier = None
    editions = (kyc.said, action.said, watched.said)
    return KycRecommendation(
        customer_id=case.applicant.customer_id,
        outcome=outcome,
        tier=tier,
        senior_approval=senior,
        gates=gates,
        next_kyc_update=_update(today, tier, kyc.rules) if outcome == "approve" else None,
        next_steps=_steps(gates),
        incident=_incident(case, gates),
        missing=case.missing,
        grounds=_grounds(case, gates, (outcome, tier), editions),
    )


def _cured(diligence: DiligenceEvidence | None, *, senior: bool, since: datetime.date, today: datetime.date) -> bool:
    """Return whether diligence is complete, and recent enough for customers of the highest risk."""
    return (
        diligence is not None
        and diligence.source_of_wealth_verified
        and diligence.source_of_funds_verified
        and since <= diligence.done_on <= today
        and (diligence.senior_approval is not None or not senior)
    )


def _after(one: Judged, *, cured: bool) -> Gate:
    if cured and one.curable and one.gate.outcome == "enhanced_diligence":
        reason = f"{one.gate.reason}; enhanced diligence is complete"
        return Gate(name=one.gate.name, status="passed", outcome="approve", reason=reason)
    return one.gate


def _update(today: datetime.date, tier: Tier | None, rules: KycRules) -> datetime.date:
    return _years(today, getattr(rules.update_years, tier or "high"))


def _years(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February in a year that has none
        return day.replace(year=day.year + years, day=28)


def _steps(gates: tuple[Gate, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_STEPS[gate.name] for gate in gates if gate.outcome != "approve"))


def _incident(case: KycCase, gates: tuple[Gate, ...]) -> Incident | None:
    failed = {gate.name: gate.outcome for gate in gates if gate.status == "failed"}
    if failed.get("sanctions") == "reject":
        action = "Open no account, do not tell the applicant, and inform the principal officer today, who reports it."
        return Incident(kind="sanctions_match", severity="high", action=action)
    if "aadhaar" in failed:
        action = "Keep the file with the invalid signature as evidence, and ask the principal officer about a report."
        return Incident(kind="forged_document", severity="high", action=action)
    if case.synthetic is not None and case.synthetic.label == "high":
        action = "Look for other applications with the same phone, device, address or account."
        return Incident(kind="suspected_synthetic_identity", severity="medium", action=action)
    return None


def _grounds(
    case: KycCase, gates: tuple[Gate, ...], came_to: tuple[Outcome, Tier | None], editions: tuple[RuleEdition, ...]
) -> Grounds:
    outcome, tier = came_to
    open_gates = [gate for gate in gates if gate.status != "passed"]
    reasons = [Reason(code=f"kyc.{gate.name}_{gate.status}", text=f"{gate.reason}.") for gate in open_gates]
    lacking = [f"{lack.what}: {lack.needed}" for one in case.insufficient for lack in one.missing]
    reasons += [Reason(code="kyc.needed", text=f"{text}.") for text in lacking]
    passed = Reason(code="kyc.all_gates_passed", text=f"All {len(gates)} gates are passed.")
    screened = () if case.screening is None else case.screening.grounds.caveats
    return Grounds(
        reasons=tuple(reasons) or (passed,),
        inputs=(
            Evidence(name="outcome", value=outcome),
            Evidence(name="tier", value=tier or "not known"),
            Evidence(name="gates_passed", value=f"{len(gates) - len(open_gates)} of {len(gates)}"),
            Evidence(name="diligence", value="none" if case.applicant.diligence is None else "given"),
        ),
        editions=editions,
        uncertainty="The result is only as reliable as the checks: a gate shows that a condition is met, not that a "
        "person is honest.",
        caveats=(*unverified(editions), *screened),
    )


@agent(
    id=ID,
    capabilities=("kyc.recommend",),
    risk=Risk.HIGH,
    tier=AgentTier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("kyc_in", "fatf_call_for_action", "fatf_monitored"),
)
async def kyc_gates(case: KycCase, context: Context) -> KycRecommendation:
    """Recommends to approve, examine further, reject or complete an application, by its worst gate."""
    return recommend(case, today=context.now().date())
