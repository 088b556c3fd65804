"""The shipped invoices from a file to a plan for cash: whole, and with parts that are missing or cannot be offered."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.contracts.agent import Agent, agent
from genie.runtime.report import Outcome
from genie.runtime.session import conduct
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.invoices import (
    InvoiceDecision,
    InvoicePacket,
    InvoicesToCash,
    InvoiceToCashPlan,
    InvoiceToCashQuestion,
    ScfRecommendation,
    ScfRequest,
)

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "config" / "pipelines" / "invoice_to_cash.yaml"

pytestmark = pytest.mark.anyio


async def asked(change: dict[str, Any] | None = None, **instead: Agent) -> tuple[Outcome, InvoiceToCashPlan]:
    installed = Plugins.installed()
    found = Plugins({**installed.agents, **instead}, installed.policies, installed.edges)
    loaded = load(PIPELINE, plugins=found)
    question = loaded.input.question()
    assert isinstance(question, InvoiceToCashQuestion)
    book = InvoicesToCash.model_validate({**question.book.model_dump(), **(change or {})})
    outcome = await conduct(loaded, InvoiceToCashQuestion(book=book), caller=loaded.caller)
    assert isinstance(outcome.answer, InvoiceToCashPlan)
    return outcome, outcome.answer


async def test_the_sample_ends_in_a_plan() -> None:
    outcome, plan = await asked()
    assert outcome.status.exit_code == 0
    assert [one.action for one in plan.checked] == ["post", "post", "post", "post", "hold"]
    assert plan.discount is not None
    assert [line.invoice_id for line in plan.discount.selected] == ["PP-25-101", "PP-25-102"]
    assert plan.discount.total_net_cash.amount >= 900_000
    assert plan.book is not None
    # 442,500 rupees due on 18 October 2025: a month at 17.25 / 12 per cent, and two days.
    owed = Decimal(442_500) * (1 + Decimal("0.1725") / 12) * (1 + Decimal("0.1725") * 2 / 365) - 442_500
    assert abs(plan.book.overdue_interest.amount - owed) < Decimal("0.01")
    assert {one.invoice_id for one in plan.left_out} == {"PP-25-094", "PP-25-104"}
    assert (plan.missing, plan.insufficient) == ((), ())


async def test_an_invoice_that_could_not_be_checked_is_not_offered() -> None:
    @agent(id="invoice_processor", clearance="confidential", rules=())
    async def invoice_processor(packet: InvoicePacket) -> InvoiceDecision:
        raise RuntimeError("out of paper")

    outcome, plan = await asked(invoice_processor=invoice_processor)
    assert outcome.status.exit_code == 3
    assert plan.discount is None
    assert len(plan.missing) == 5
    assert {one.reason for one in plan.left_out} == {"it was not checked"}


async def test_where_the_book_is_not_read_nothing_is_offered() -> None:
    @agent(id="supply_chain_finance", clearance="confidential", rules=())
    async def supply_chain_finance(request: ScfRequest) -> ScfRecommendation | InsufficientData:
        raise RuntimeError("no book")

    _, plan = await asked(supply_chain_finance=supply_chain_finance)
    assert plan.book is None
    assert plan.discount is None
    assert len(plan.left_out) == 5


async def test_a_target_beyond_the_book_leaves_a_gap_that_is_said() -> None:
    _, plan = await asked({"target_cash": 5_000_000})
    assert plan.discount is not None
    assert plan.discount.unfunded_gap.minor > 0
    assert "unfunded" in plan.headline
