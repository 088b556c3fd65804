"""Bulk statements, the account aggregator and a household's plan, each from its shipped files to its page."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.runtime.report import Outcome
from genie.runtime.session import conduct
from genie_finance.contracts.bulk import BulkAnalysis, BulkReport, BulkStatementRequest
from genie_finance.contracts.consent import AaReport
from genie_finance.contracts.household import CarbonFootprint, CarbonRequest, HouseholdPlan
from genie_finance.contracts.insufficient import InsufficientData

CONFIG = Path(__file__).parents[2] / "config"
DOLLARS = "Date,Description,Amount,Currency\n2026-01-05,X,-5.00,USD\n2026-01-06,Y,-7.00,USD\n"

pytestmark = pytest.mark.anyio


async def ran(name: str, *, inputs: tuple[str, ...] = (), profile: str | None = None, **instead: Agent) -> Outcome:
    installed = Plugins.installed()
    found = Plugins({**installed.agents, **instead}, installed.policies, installed.edges)
    loaded = load(CONFIG / "pipelines" / f"{name}.yaml", plugins=found)
    question = loaded.input.question(input_file=inputs, profile=profile)
    return await conduct(loaded, question, caller=loaded.caller)


async def test_bulk_statements_of_two_accounts() -> None:
    outcome = await ran("bulk_statements")
    report = outcome.answer
    assert isinstance(report, BulkReport)
    assert outcome.status.exit_code == 0
    assert report.analysis is not None
    assert (report.analysis.account_count, report.analysis.duration_months) == (2, 12)
    assert report.analysis.total_credit - report.analysis.total_debit == report.analysis.net_cashflow
    # Inflows and outflows of both files, with the 12 transfers between them on both sides.
    both = [one.credits.amount - one.debits.amount for one in report.analysis.accounts]
    assert sum(both) == report.analysis.net_cashflow.amount
    assert report.headline.startswith("1,652,198.25 INR in and 1,283,587.83 INR out per month, over 12 months")


async def test_bulk_statements_say_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "dollars.csv"
    path.write_text(DOLLARS)
    outcome = await ran("bulk_statements", inputs=(str(path),))
    assert isinstance(outcome.answer, BulkReport)
    assert (outcome.status.exit_code, outcome.answer.analysis) == (3, None)
    assert outcome.answer.insufficient[0].missing[0].needed == "movements in INR"


async def test_bulk_statements_name_an_agent_that_fails() -> None:
    @agent(id="bulk_statement_analyzer", clearance="restricted")
    async def broken(request: BulkStatementRequest) -> BulkAnalysis | InsufficientData:
        raise LookupError("no")

    outcome = await ran("bulk_statements", bulk_statement_analyzer=broken)
    assert isinstance(outcome.answer, BulkReport)
    assert outcome.status.exit_code == 3
    assert [one.part for one in outcome.answer.missing] == ["insights.bulk_analysis"]


async def test_what_a_consent_covers_is_fetched_and_consolidated() -> None:
    outcome = await ran("account_aggregator")
    report = outcome.answer
    assert isinstance(report, AaReport)
    assert outcome.status.exit_code == 0
    assert report.fetched is not None
    assert (report.fetched.status, report.fetched.transactions, report.fetched.unread) == ("fetched", 30, 0)
    assert report.fetched.delete_by is not None
    assert report.cashflow is not None
    assert report.cashflow.monthly_average_inflow.amount == 86_500
    assert report.cashflow.period.end == datetime.date(2025, 9, 22)


async def test_what_a_consent_does_not_cover_is_refused_clause_by_clause() -> None:
    outcome = await ran("account_aggregator", profile=str(CONFIG / "aggregator" / "refused.yaml"))
    report = outcome.answer
    assert isinstance(report, AaReport)
    assert outcome.status.exit_code == 3
    assert report.fetched is not None
    assert [one.code for one in report.fetched.refusals] == ["consent.purpose", "consent.range"]
    assert (report.fetched.transactions, report.cashflow) == (0, None)


async def test_a_household_by_its_statement() -> None:
    outcome = await ran("household")
    plan = outcome.answer
    assert isinstance(plan, HouseholdPlan)
    assert outcome.status.exit_code == 0
    fund, carbon = plan.emergency_fund, plan.carbon
    assert fund is not None
    assert carbon is not None
    # The report on the same statement has 71,048.25 and 71,572.26 as the two months in the middle.
    assert fund.median_monthly_expense.amount == Decimal("71310.26")
    assert fund.target.amount == 9 * Decimal("71310.26")
    assert fund.gap.amount == fund.target.amount - 180_000
    power = carbon.by_category[0]
    assert (power.category, power.quantity, power.kg_co2e) == ("utilities.energy", "4732.0 kWh", "3367.76")
    assert sum(Decimal(one.kg_co2e) for one in carbon.by_category) == pytest.approx(
        Decimal(carbon.total_kg_co2e), abs=Decimal("0.2")
    )
    assert any("carbon_in@2023-04-01 is not verified" in one for one in carbon.grounds.caveats)


async def test_a_household_without_movements_in_rupees_is_told_what_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "dollars.csv"
    path.write_text(DOLLARS)
    outcome = await ran("household", inputs=(str(path),))
    plan = outcome.answer
    assert isinstance(plan, HouseholdPlan)
    assert outcome.status.exit_code == 3
    assert (plan.emergency_fund, plan.carbon, plan.other_currencies) == (None, None, ("USD",))
    assert {one.agent for one in plan.insufficient} == {"emergency_fund_advisor", "carbon_estimator"}


async def test_a_household_keeps_what_came_when_one_part_fails() -> None:
    @agent(id="carbon_estimator", clearance="confidential")
    async def broken(request: CarbonRequest) -> CarbonFootprint | InsufficientData:
        raise LookupError("no")

    outcome = await ran("household", carbon_estimator=broken)
    plan = outcome.answer
    assert isinstance(plan, HouseholdPlan)
    assert outcome.status.exit_code == 3
    assert plan.emergency_fund is not None
    assert [one.part for one in plan.missing] == ["insights.carbon_footprint"]


@pytest.mark.parametrize("name", ["bulk_statements", "account_aggregator", "household"])
def test_each_is_run_by_its_name(name: str) -> None:
    ended = CliRunner().invoke(main, ["run", name, "--json"])
    assert ended.exit_code == 0
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["status"] == "complete"
    assert found["report"]["headline"]


def test_a_file_that_is_no_statement_is_the_asker_s_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("hello\n")
    ended = CliRunner().invoke(main, ["run", "household", "--quiet", "--input", str(path)])
    assert ended.exit_code == 2
    assert "letter.csv" in ended.stderr
    assert "Traceback" not in ended.stderr
