"""The shipped investing pipeline from a goal to a plan: the sample, missing assumptions, and agents that fail."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from genie.cli import main
from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.runtime.report import Outcome, Status
from genie.runtime.session import conduct
from genie_finance.contracts.investing import GoalPlan, GoalRequest, InvestingPlan, InvestingQuestion

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "investing.yaml"
SAMPLE = ROOT / "config" / "investing" / "sample.yaml"


@agent(id="goal_planner", clearance="confidential")
async def failing(request: GoalRequest) -> GoalPlan:
    """Fails."""
    raise RuntimeError("is out of order")


async def planned(case: dict[str, Any] | None = None, **instead: Agent) -> tuple[Outcome, InvestingPlan]:
    installed = Plugins.installed()
    loaded = load(PIPELINE, plugins=Plugins({**installed.agents, **instead}, installed.policies, installed.edges))
    given = yaml.safe_load(SAMPLE.read_text()) if case is None else case
    question = InvestingQuestion.model_validate({"case": given})
    outcome = await conduct(loaded, question, caller=loaded.caller)
    found = outcome.answer
    assert isinstance(found, InvestingPlan)
    return outcome, found


@pytest.mark.anyio
async def test_the_sample_ends_in_a_whole_plan() -> None:
    outcome, found = await planned()
    assert outcome.status.exit_code == 0
    assert (found.insufficient, found.missing) == ((), ())
    assert found.allocation is not None
    assert [str(one.target) for one in found.allocation.assets] == ["0.7100", "0.2030", "0.0435", "0.0435"]
    assert sum(one.delta.amount for one in found.allocation.assets) == 600_000
    # 0.71 x 11.5 + 0.203 x 7 + 0.0435 x 7 + 0.0435 x 5.5 percent
    assert found.expected_annual_return == Decimal("0.101298")
    assert found.plan is not None
    assert found.plan.target_at_end.amount == Decimal("21329282.60")  # 10,000,000 x 1.06^13
    assert found.plan.required_monthly_for_wanted.minor - 3_500_000 == found.plan.shortfall_monthly.minor
    assert found.lump_sum is not None
    assert found.headline.startswith("A child's studies: ")
    assert any("illustrative figures" in caveat for caveat in found.caveats)


@pytest.mark.anyio
async def test_the_same_question_has_the_same_answer() -> None:
    assert (await planned())[1] == (await planned())[1]


@pytest.mark.anyio
async def test_without_an_assumption_there_is_an_allocation_and_no_forecast() -> None:
    given = yaml.safe_load(SAMPLE.read_text())
    given["assumptions"] = [one for one in given["assumptions"] if one["asset"] != "gold"]
    outcome, found = await planned(given)
    assert found.allocation is not None
    assert (found.plan, found.lump_sum, found.expected_annual_return) == (None, None, None)
    assert [one.what for one in found.insufficient[0].missing] == ["assumptions.gold"]
    assert "its probability of success is unknown" in found.headline
    assert outcome.status is Status.PARTIAL


@pytest.mark.anyio
async def test_an_agent_that_fails_is_named_and_the_rest_stands() -> None:
    _, found = await planned(goal_planner=failing)
    assert found.plan is None
    assert found.allocation is not None
    assert found.lump_sum is not None
    assert [one.part for one in found.missing] == ["investing.goal_plan"]


@pytest.mark.anyio
async def test_nothing_free_is_not_compared() -> None:
    given = yaml.safe_load(SAMPLE.read_text())
    given["investor"]["lump_sum"] = 0
    _, found = await planned(given)
    assert found.lump_sum is None
    assert found.missing == ()


def test_the_command_prints_the_plan() -> None:
    result = CliRunner().invoke(main, ["run", str(PIPELINE)])
    assert result.exit_code == 0, result.output
    assert "A child's studies" in result.output
    assert "Monthly saving for the required probability: 39,948.50 INR" in result.output
