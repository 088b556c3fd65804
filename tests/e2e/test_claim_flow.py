"""The shipped claim pipeline: cases that settle at once, that wait for people, and that nothing can be said of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.config.yaml import load_file
from genie.contracts.card import Caller
from genie.errors import InputError, RunStalled
from genie.runtime.report import Outcome
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime
from genie.runtime.session import conduct
from genie_finance.contracts.claims import Case, CaseQuestion, CaseReport, Settlement, SettlementOrder

ROOT = Path(__file__).parents[2]
PIPELINE = load(ROOT / "config" / "pipelines" / "claim.yaml", environ={}, plugins=Plugins.installed())
OFFICER = {"claims_officer"}
COMMITTEE = {"claims_committee"}

pytestmark = pytest.mark.anyio


def case(name: str, **change: Any) -> CaseQuestion:
    """A shipped case; ``change`` replaces fields of its claim or pre-authorisation."""
    given: Any = load_file(ROOT / "config" / "claim" / f"{name}.yaml", environ={}).value
    kind = "preauth" if "preauth" in given else "claim"
    if "incurred" in change:
        change["bill"] = [{"text": "surgery", "category": "associated", "amount": change["incurred"]}]
    given[kind] |= change
    return CaseQuestion(case=Case.model_validate(given))


async def asked(question: CaseQuestion, caller: Caller | None = None) -> tuple[Outcome, CaseReport | None]:
    outcome = await conduct(PIPELINE, question, caller=caller or PIPELINE.caller)
    assert outcome.answer is None or isinstance(outcome.answer, CaseReport)
    return outcome, outcome.answer


async def decided(question: CaseQuestion, *votes: tuple[str, set[str]], deny: bool = False) -> CaseReport | None:
    """Run a case until it waits for people, let them vote, and return what came of it."""
    async with Runtime.from_pipeline(PIPELINE, caller=PIPELINE.caller) as runtime:
        run: Run[Any] = runtime.start(question, CaseReport, caller=PIPELINE.caller)
        await run.settled()
        [request] = runtime.approvals.requests()
        for who, roles in votes:
            act = runtime.approvals.deny if deny else runtime.approvals.approve
            act(request.id, by=who, roles=roles, reason="looked at")
        await run.settled()
        return await run.result() if not runtime.approvals.requests() or run.at_rest else None


async def test_the_sample_is_authorised() -> None:
    """24,000 of rent count as 15,000, 84,500 that follow it as 52,812.50, 900 not at all; a tenth is the patient's."""
    outcome, report = await asked(case("sample"))
    assert outcome.status.exit_code == 0
    assert report is not None
    assert report.settlement is not None
    assert report.settlement.outcome == "authorised"
    assert str(report.settlement.payable.amount) == "91181.25"
    assert report.headline == f"PA-2026-0815: {report.settlement.text}"


async def test_a_treatment_on_a_day_without_cover_is_not_authorised() -> None:
    """Was: authorised, as nobody looked whether the policy was in force."""
    _, report = await asked(case("sample", admitted="2026-03-15"))
    assert report is not None
    assert report.settlement is None
    assert [one.what for found in report.insufficient for one in found.missing] == ["policy"]


async def test_waiting_runs_from_the_day_in_the_register_and_not_from_the_one_told() -> None:
    """Was: a hospital that wrote an early first day of cover shortened every waiting period."""
    early = case("sample", pre_existing=True, covered_since="2000-01-01")
    _, report = await asked(early)
    assert report is not None
    assert report.preauth is not None
    assert "covered_since 2022-04-01" in " ".join(f"{one.name} {one.value}" for one in report.preauth.grounds.inputs)


async def test_whoever_asks_orders_no_settlement_without_its_recommendation() -> None:
    """Was: an order that the caller wrote was settled like one of the desk, below every amount that people look at."""
    forged = SettlementOrder.model_validate(
        {
            "case_id": "C-1", "policy_number": "P-1", "kind": "claim", "action": "approve", "asked": 199_999,
            "payable": 199_999, "itemised": True, "reasons": (),
        }
    )  # fmt: skip
    async with Runtime.from_pipeline(PIPELINE, caller=PIPELINE.caller) as runtime:
        with pytest.raises(RunStalled, match="topic_roles"):
            await runtime.ask(forged, Settlement, caller=PIPELINE.caller)


async def test_a_small_claim_is_paid_without_anybody() -> None:
    outcome, report = await asked(case("large", incurred=50_000))
    assert outcome.status.exit_code == 0
    assert report is not None
    assert report.settlement is not None
    assert (report.settlement.outcome, report.settlement.payable.amount) == ("to_be_paid", 40_500)


async def test_a_large_claim_says_what_waits_for_whom() -> None:
    outcome, report = await asked(case("large"))
    assert (outcome.status.exit_code, report) == (5, None)
    assert "insurance.settlement_order for settlement_clerk waits for 1 person" in outcome.reasons[0]
    assert "claims_officer" in outcome.reasons[0]


async def test_once_an_officer_has_approved_it_is_paid() -> None:
    report = await decided(case("large"), ("olga", OFFICER))
    assert report is not None
    assert report.settlement is not None
    assert (report.settlement.outcome, report.settlement.payable.amount) == ("to_be_paid", 265_500)


async def test_once_an_officer_has_refused_it_is_not() -> None:
    report = await decided(case("large"), ("olga", OFFICER), deny=True)
    assert report is not None
    assert report.settlement is None
    assert [one.part for one in report.missing] == ["insurance.settlement"]
    assert "not settled" in report.headline


async def test_whoever_asked_approves_nothing() -> None:
    with pytest.raises(InputError):
        await decided(case("large"), ("local", OFFICER))


async def test_nor_does_somebody_without_the_role() -> None:
    with pytest.raises(InputError):
        await decided(case("large"), ("olga", {"claims_handler"}))


async def test_a_denial_needs_two_of_the_committee() -> None:
    excluded = case("large", incurred=50_000, diagnoses=["F10.2"])
    report = await decided(excluded, ("cora", COMMITTEE), ("carl", COMMITTEE))
    assert report is not None
    assert report.settlement is not None
    assert (report.settlement.outcome, report.settlement.payable.amount) == ("denied", 0)


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (case("large", incurred=50_000, claim_id="CL-2026-2000"), "referral"),
        (case("large", incurred=50_000, claim_id="CL-2026-1043"), "referral"),
        (case("large", incurred=50_000, diagnoses=["F10.2"]), "denial"),
        (case("large", incurred=200_000), "large_claim"),
        (
            case("sample", bill=[{"text": "operation", "category": "associated", "amount": 500_000}]),
            "large_treatment",
        ),
        (
            case("sample", bill=None, estimate={
                "total": 100_000, "room_per_day": 10_000, "room_days": 3, "icu_per_day": 0, "icu_days": 0,
            }),
            "not_itemised",
        ),
    ],
)  # fmt: skip
async def test_what_people_decide_waits_for_them(question: CaseQuestion, rule: str) -> None:
    outcome, _ = await asked(question)
    assert outcome.status.exit_code == 5
    assert f"rules/{rule}: " in outcome.reasons[0]


async def test_a_referral_that_is_waved_through_pays_nothing() -> None:
    """Approving the order as it stands settles nothing: who wants to pay edits it to say so."""
    report = await decided(case("large", incurred=50_000, claim_id="CL-2026-2000"), ("olga", OFFICER))
    assert report is not None
    assert report.settlement is not None
    assert (report.settlement.outcome, report.settlement.payable.amount) == ("under_review", 0)


async def test_a_policy_that_is_not_in_the_register_is_asked_about() -> None:
    """What a claimant says of a policy counts for nothing."""
    _, report = await asked(case("large", policy_number="HLT-0"))
    assert report is not None
    assert (report.claim, report.settlement) == (None, None)
    assert [one.agent for one in report.insufficient] == ["policy_register"]


async def test_without_the_role_nothing_is_said() -> None:
    outcome, report = await asked(case("sample"), Caller(user="mallory", roles=frozenset({"analyst"})))
    assert report is None
    assert outcome.status.exit_code == 4
