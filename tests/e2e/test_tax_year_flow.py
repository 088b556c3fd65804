"""The shipped tax year from a file to a plan: whole, and with parts that are missing or cannot be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.runtime.report import Outcome
from genie.runtime.session import conduct
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.tax import TaxEstimate, TaxEstimateRequest, TaxYear, TaxYearPlan, TaxYearQuestion

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "tax_year.yaml"

pytestmark = pytest.mark.anyio


async def asked(change: dict[str, Any] | None = None, **instead: Agent) -> tuple[Outcome, TaxYearPlan]:
    installed = Plugins.installed()
    found = Plugins({**installed.agents, **instead}, installed.policies, installed.edges)
    loaded = load(PIPELINE, plugins=found)
    question = loaded.input.question()
    assert isinstance(question, TaxYearQuestion)
    year = TaxYear.model_validate({**question.year.model_dump(), **(change or {})})
    outcome = await conduct(loaded, TaxYearQuestion(year=year), caller=loaded.caller)
    assert isinstance(outcome.answer, TaxYearPlan)
    return outcome, outcome.answer


async def test_the_sample_ends_complete() -> None:
    outcome, plan = await asked()
    assert outcome.status.exit_code == 0
    assert plan.estimate is not None
    assert plan.advance is not None
    assert plan.harvest is not None
    # 24 lakh of salary, 40,000 of dividends, 60,000 of interest: 3,07,500 by slabs; 36,000 and 23,125 on gains; cess.
    assert plan.estimate.tax.amount == 381_290
    assert plan.advance.assessed_tax.amount == 101_290
    assert plan.advance.deferment_interest.amount == 453 + 915 + 1_827
    assert plan.headline.startswith("Tax year 2025-26: 381,290.00 INR in the new regime")
    assert (plan.missing, plan.insufficient) == ((), ())


async def test_unknown_deductions_leave_the_new_regime_to_be_asked_for() -> None:
    outcome, plan = await asked({"profile": await profile_without_deductions()})
    assert outcome.status.exit_code == 3
    assert {one.agent for one in plan.insufficient} == {"tax_estimator", "deductions_optimizer"}
    assert plan.estimate is None
    assert [one.part for one in plan.missing] == ["tax.advance_plan"]


async def profile_without_deductions() -> dict[str, Any]:
    question = load(PIPELINE, plugins=Plugins.installed()).input.question()
    assert isinstance(question, TaxYearQuestion)
    return {**question.year.profile.model_dump(), "deductions": None}


async def test_unknown_lots_are_asked_for_and_the_rest_is_there() -> None:
    _, plan = await asked({"lots": None})
    assert plan.harvest is None
    assert plan.estimate is not None
    assert [one.agent for one in plan.insufficient] == ["tax_desk"]


async def test_a_part_that_fails_is_named() -> None:
    @agent(id="tax_estimator", clearance="confidential")
    async def broken(request: TaxEstimateRequest) -> TaxEstimate | InsufficientData:
        raise LookupError("no")

    outcome, plan = await asked(tax_estimator=broken)
    assert outcome.status.exit_code == 3
    assert {one.part for one in plan.missing} == {"tax.estimate", "tax.advance_plan"}
    assert plan.harvest is not None
