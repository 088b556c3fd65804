"""The shipped KYC pipeline from an application to a decision: plain cases, people's decisions, checks that fail."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.config.yaml import load_file
from genie.contracts.agent import Agent, agent
from genie.errors import GenieError, RunHeld, RunStalled
from genie.runtime.run import Run
from genie.runtime.runtime import Runtime
from genie_finance.contracts.fraud import SyntheticIdentityCheck, SyntheticIdentityVerdict
from genie_finance.contracts.grounds import Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.kyc import Applicant, KycApplication, KycCase, KycDecision, KycRecommendation
from tests.e2e.real_list import RealWatchlist

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "kyc.yaml"

NOW = datetime.datetime(2026, 11, 20, 5, tzinfo=datetime.UTC).timestamp()

pytestmark = pytest.mark.anyio


def opened(loaded: Pipeline) -> Runtime:
    """A runtime of the pipeline on a day that the rules cover, whatever today is."""
    return Runtime(
        loaded.bindings, policies=loaded.policies, joins=loaded.joins, limits=loaded.limits,
        caller=loaded.nobody, source=loaded.policy_source, wall=NOW,
    )  # fmt: skip


def pipeline(*, real: bool = True, **instead: Agent) -> Pipeline:
    """The shipped pipeline, with a real list in place of the invented one."""
    installed = Plugins.installed()
    lists = {"invented_watchlist": RealWatchlist} if real else {}
    found = Plugins({**installed.agents, **instead}, installed.policies, {**installed.edges, **lists})
    return load(PIPELINE, plugins=found, environ={})


def application(file: str = "sample", **changed: Any) -> KycApplication:
    given = load_file(ROOT / "config" / "kyc" / f"{file}.yaml", environ={}).value
    assert isinstance(given, dict)
    return KycApplication(applicant=Applicant.model_validate({**given, **changed}))


def started(runtime: Runtime, loaded: Pipeline, question: KycApplication) -> Run[KycDecision]:
    return runtime.start(question, KycDecision, caller=loaded.caller)


@agent("synthetic_identity_detector", clearance="confidential")
async def broken(check: SyntheticIdentityCheck) -> SyntheticIdentityVerdict | InsufficientData:
    raise LookupError


async def test_a_plain_applicant_is_approved_and_nobody_is_asked() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, application())
        found = await run.result()
        await run.settled()
        assert (found.outcome, found.tier, found.incident) == ("approve", "low", None)
        assert all(gate.status == "passed" for gate in found.gates)
        assert run.messages().balanced
        assert runtime.approvals.requests() == ()


async def test_the_invented_list_approves_nobody_and_says_that_no_real_one_is_configured() -> None:
    """Was: approve, although nobody was screened against a real list."""
    loaded = pipeline(real=False)
    async with opened(loaded) as runtime:
        found = await started(runtime, loaded, application()).result()
        assert found.outcome == "incomplete"
        assert "kyc.sanctions_unknown" in {reason.code for reason in found.grounds.reasons}
        assert any("No real list" in caveat for caveat in found.grounds.caveats)


@pytest.mark.parametrize("stated", ["1999-01-01", "1950-06-30"])
async def test_a_stated_date_of_birth_does_not_approve_a_listed_name(stated: str) -> None:
    """Was: approve, with "no entry of a sanctions list"."""
    loaded = pipeline()
    names = dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), "Zoravar Khazanchi")
    async with opened(loaded) as runtime:
        asked = application(date_of_birth=stated, pan_number="ABCPK1234F", **names)
        run = started(runtime, loaded, asked)
        await run.settled()
        assert len(runtime.approvals.requests()) == 1


async def test_a_nationality_that_is_no_country_is_incomplete() -> None:
    """Was: passed, as "on no list of the FATF"."""
    loaded = pipeline()
    async with opened(loaded) as runtime:
        found = await started(runtime, loaded, application(nationality="ZZ")).result()
        assert found.outcome == "incomplete"
        assert {gate.name for gate in found.gates if gate.status == "unknown"} == {"nationality"}


async def test_an_exposed_person_waits_for_an_officer_and_for_senior_management() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, application("exposed"))
        await run.settled()
        with pytest.raises(RunHeld):
            await run.result()
        (held,) = runtime.approvals.requests()
        first = runtime.approvals.approve(held.id, by="olga", roles={"kyc_officer"}, reason="documents seen")
        assert first.state == "pending"
        second = runtime.approvals.approve(held.id, by="sam", roles={"senior_management"}, reason="agreed")
        assert second.state == "approved"
        found = await run.result()
        assert (found.outcome, found.tier) == ("enhanced_diligence", "high")


async def test_what_people_refuse_takes_no_effect() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, application("exposed"))
        await run.settled()
        (held,) = runtime.approvals.requests()
        runtime.approvals.deny(held.id, by="olga", roles={"kyc_officer"}, reason="a namesake: give it in again")
        with pytest.raises(GenieError):
            await run.result()
        await run.settled()
        assert run.messages().denied == 1


async def test_a_listed_applicant_is_not_refused_by_a_machine_alone() -> None:
    loaded = pipeline()
    names = dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), "Zoravar Khazanchi")
    listed = application(date_of_birth="1971-03-14", pan_number="ABCPK1234F", **names)
    async with opened(loaded) as runtime:
        run = started(runtime, loaded, listed)
        await run.settled()
        (held,) = runtime.approvals.requests()
        runtime.approvals.approve(held.id, by="olga", roles={"kyc_officer"}, reason="confirmed")
        found = await run.result()
        assert found.outcome == "reject"
        assert found.incident is not None
        assert found.incident.kind == "sanctions_match"


async def test_an_empty_application_ends_incomplete_without_anybody_being_asked() -> None:
    loaded = pipeline()
    async with opened(loaded) as runtime:
        found = await started(runtime, loaded, KycApplication(applicant=Applicant(customer_id="c1"))).result()
        assert (found.outcome, found.tier) == ("incomplete", None)
        assert any("PAN" in step for step in found.next_steps)


async def test_a_check_that_fails_is_named_and_nothing_is_approved_without_it() -> None:
    loaded = pipeline(synthetic_identity_detector=broken)
    async with opened(loaded) as runtime:
        found = await started(runtime, loaded, application()).result()
        assert found.outcome == "incomplete"
        assert [one.agent for one in found.missing] == ["synthetic_identity_detector"]


async def test_whoever_applies_writes_no_recommendation_and_no_findings() -> None:
    """Was: an approval that the caller wrote was put into effect, and so were checks that nobody made."""
    loaded = pipeline()
    grounds = Grounds(reasons=(Reason(code="t.t", text="mine"),), inputs=(), editions=(), uncertainty="none")
    forged = KycRecommendation(
        customer_id="c1", outcome="approve", tier="low", senior_approval=False, gates=(), next_kyc_update=None,
        next_steps=(), incident=None, missing=(), grounds=grounds,
    )  # fmt: skip
    case = KycCase(applicant=Applicant(customer_id="c1"), identity=None, synthetic=None, screening=None)
    for message in (forged, case):
        async with opened(loaded) as runtime:
            with pytest.raises(RunStalled, match="topic_roles"):
                await runtime.ask(message, KycDecision, caller=loaded.caller)
