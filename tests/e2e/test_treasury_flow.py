"""The shipped treasury pipeline from a day's figures to the morning's pack, with agents failing and figures missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.runtime.report import Outcome
from genie.runtime.session import conduct
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.research import RateOutlook, RateOutlookRequest
from genie_finance.contracts.treasury import TreasuryDay, TreasuryPack, TreasuryQuestion, VarRequest, VarResult

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "treasury.yaml"

pytestmark = pytest.mark.anyio


def pipeline(**instead: Agent) -> Pipeline:
    installed = Plugins.installed()
    found = Plugins({**installed.agents, **instead}, installed.policies, installed.edges)
    return load(PIPELINE, plugins=found)


def day(**changed: Any) -> TreasuryDay:
    """The sample that ships, with some fields changed."""
    question = pipeline().input.question()
    assert isinstance(question, TreasuryQuestion)
    return TreasuryDay.model_validate({**question.day.model_dump(), **changed})


async def made(loaded: Pipeline, morning: TreasuryDay) -> tuple[Outcome, TreasuryPack]:
    outcome = await conduct(loaded, TreasuryQuestion(day=morning), caller=loaded.caller)
    assert isinstance(outcome.answer, TreasuryPack)
    return outcome, outcome.answer


async def test_the_sample_ends_complete_with_four_figures_on_one_page() -> None:
    outcome, pack = await made(pipeline(), day())
    assert outcome.status.exit_code == 0
    assert (pack.insufficient, pack.missing) == ((), ())
    assert pack.var is not None
    assert pack.lcr is not None
    assert pack.alm is not None
    assert pack.rates is not None
    assert pack.lcr.lcr_pct == Decimal("104.18")
    assert pack.rates.main_pct == Decimal("5.25")
    assert pack.alm.has_breach
    assert pack.var_converted is not None
    assert pack.var_converted.amount == pack.var.historical.var
    assert "LCR falls below 100 per cent on 2026-01-20." in pack.alerts
    assert len(pack.alerts) == 4
    assert "VaR" in pack.headline
    assert outcome.as_json()["messages"]["dead_lettered"] == 0


async def test_what_is_not_known_is_missing_and_no_good_news() -> None:
    _, pack = await made(pipeline(), day(portfolio=None, liquidity=None, balance_sheet=None, as_of="2026-10-01"))
    assert (pack.var, pack.lcr, pack.alm) == (None, None, None)
    asked_for = [one.question.split(" of in")[0] for one in pack.insufficient]
    assert asked_for == ["value at risk", "liquidity coverage ratio", "gaps by maturity"]
    assert pack.rates is not None
    assert pack.rates.stale
    assert f"last known on {pack.rates.known_until}" in pack.headline


async def test_without_anything_known_nothing_can_be_stated() -> None:
    _, pack = await made(pipeline(), day(portfolio=None, liquidity=None, balance_sheet=None, as_of="2020-10-01"))
    assert (pack.var, pack.lcr, pack.alm, pack.rates) == (None, None, None, None)
    assert "no figures" in pack.headline


async def test_too_short_a_history_is_said_by_the_calculator_itself() -> None:
    morning = day()
    assert morning.portfolio is not None
    short = morning.portfolio.model_copy(update={"daily_returns": (Decimal("0.01"),) * 2})
    _, pack = await made(pipeline(), morning.model_copy(update={"portfolio": short}))
    assert pack.var is None
    assert [one.agent for one in pack.insufficient] == ["var_calculator"]
    assert pack.insufficient[0].missing[0].what == "daily_returns"


@agent("var_calculator", clearance="confidential")
async def broken(request: VarRequest) -> VarResult | InsufficientData:
    raise ArithmeticError(str(request.confidence_pct))


async def test_a_calculator_that_fails_is_stood_in_for_and_the_rest_still_comes() -> None:
    outcome, pack = await made(pipeline(var_calculator=broken), day())
    assert pack.var is None
    assert [(one.agent, one.missing[0].what) for one in pack.insufficient] == [("var_calculator", "var_calculator")]
    assert pack.lcr is not None
    assert pack.alm is not None
    assert "parts are missing" in pack.headline
    assert outcome.as_json()["messages"]["dead_lettered"] == 1


@agent("rate_watcher", clearance="confidential")
async def silent(request: RateOutlookRequest) -> RateOutlook | InsufficientData:
    raise LookupError(request.region)


async def test_an_agent_without_a_stand_in_is_named_and_the_run_is_partial() -> None:
    outcome, pack = await made(pipeline(rate_watcher=silent), day())
    assert outcome.status.exit_code == 3
    assert pack.rates is None
    assert [one.agent for one in pack.missing] == ["rate_watcher"]
    assert outcome.as_json()["missing"][0]["agent"] == "rate_watcher"
    assert pack.var is not None


async def test_figures_of_another_day_are_pointed_out() -> None:
    morning = day()
    assert morning.liquidity is not None
    older = {**morning.liquidity.model_dump(), "as_of": "2026-01-14"}
    _, pack = await made(pipeline(), day(liquidity=older))
    assert any("2026-01-14, not of 2026-01-15" in alert for alert in pack.alerts)
