"""What a run prints beside its report: the summary, the JSON object, the live view."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from rich.console import Console

from genie.cli.terminal.layout import laid_out
from genie.cli.terminal.live import View
from genie.cli.terminal.summary import render_summary
from genie.inflight.events import Event
from genie.runtime.report import Outcome, Status
from genie_finance.contracts.insights import (
    AdviceItem,
    Anomaly,
    CategoryMonth,
    CategorySpend,
    CurrencyForecast,
    CurrencyTotal,
    ForecastMonth,
    MissingPart,
    MonthTotal,
    Period,
    Report,
    Subscription,
)
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Assumption, Quarantined


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


@pytest.fixture
def report() -> Report:
    months = tuple(
        MonthTotal(
            month=f"2024-0{number}", currency="EUR", income=eur("2000.00"), expense=eur(f"{number}00.00"),
            net=eur("2000.00") - eur(f"{number}00.00"), complete=number < 3,
        )
        for number in (1, 2, 3)
    )  # fmt: skip
    groceries = CategorySpend(
        category="groceries", currency="EUR", total=eur("600.00"), count=9, latest=eur("300.00"),
        baseline=eur("100.00"), change=eur("200.00"),
        months=tuple(CategoryMonth(month=f"2024-0{n}", amount=eur(f"{n}00.00")) for n in (1, 2, 3)),
    )  # fmt: skip
    return Report(
        question="Where do I overspend?",
        answer="Groceries are 200.00 EUR over the usual month.",
        period=Period(start=date(2024, 1, 1), end=date(2024, 3, 9)),
        totals=(
            CurrencyTotal(currency="EUR", transactions=12, debits=eur("600.00"), credits=eur("6000.00")),
            CurrencyTotal(
                currency="JPY", transactions=1, debits=Money.of(1500, "JPY"), credits=Money.of(0, "JPY")
            ),
        ),
        months=months,
        by_category=(groceries,),
        forecast=(
            CurrencyForecast(
                currency="EUR", history_months=2, coverage=0.8, method="median", caution="a short history",
                months=(
                    ForecastMonth(month="2024-04", expected=eur("100.00"), low=eur("-50.00"), high=eur("250.00")),
                ),
            ),
        ),
        anomalies=(
            Anomaly(
                transaction_id="t1", date=date(2024, 2, 2), merchant="Bad\x1b[31mShop", category="other",
                amount=eur("-99.00"), kind="unusual_amount", score=7.5, reason="nine times the usual",
            ),
        ),
        subscriptions=(
            Subscription(
                merchant="Film Club", cadence="monthly", amount=eur("12.00"), occurrences=3, yearly=eur("144.00"),
                last=date(2024, 3, 1), next_due=date(2024, 4, 1), price_change=eur("2.00"), active=True,
            ),
        ),
        advice=(
            AdviceItem(
                title="Groceries", category="groceries", over_by=eur("200.00"), baseline=eur("100.00"),
                rationale="three times the median", confidence="medium",
            ),
        ),
        assumptions=(Assumption(field="currency", chosen="EUR", why="no column", settle_with="currency: EUR"),),
        notices=("the balance does not chain at line 7",),
        quarantined=(Quarantined(line=5, reason="no date"),),
        missing=(MissingPart(agent="carbon", reason="denied"),),
    )  # fmt: skip


def outcome_of(report: Report) -> Outcome:
    return Outcome(
        run_id="r-1", pipeline="insights", status=Status.PARTIAL, elapsed_ms=12.3456, answer=report, reasons=(),
        failures=(("carbon", "denied(paused)"), ("slow", "late")),
        messages={"accepted": 20, "handled": 18, "denied": 2, "redacted": 1, "late": 0},
        agents={
            "reader": {"handled": 1, "failed": 0, "p50_ms": 1.5},
            "slow": {"handled": 0, "failed": 1, "p50_ms": None},
        },
    )  # fmt: skip


def test_the_summary_names_what_is_missing_and_what_was_governed(report: Report) -> None:
    text = "\n".join(laid_out(render_summary(outcome_of(report)), width=110))
    for words in ("carbon: denied", "slow: late", "20 accepted", "2 denied", "1 redacted", "partial in 12 ms, run r-1"):
        assert words in text
    assert "0 late" not in text


def test_the_json_holds_the_contract(report: Report) -> None:
    printed = outcome_of(report).as_json()
    assert {
        "period", "totals", "months", "by_category", "forecast", "anomalies", "subscriptions", "advice",
    } <= set(printed["report"])  # fmt: skip
    assert printed["report"]["period"] == {"start": "2024-01-01", "end": "2024-03-09"}
    assert printed["report"]["totals"] == [
        {"currency": "EUR", "transactions": 12, "debits": "600.00", "credits": "6000.00"},
        {"currency": "JPY", "transactions": 1, "debits": "1500", "credits": "0"},
    ]
    assert printed["assumptions"] == [
        {"field": "currency", "chosen": "EUR", "why": "no column", "settle_with": "currency: EUR"}
    ]
    assert printed["quarantined"] == [{"line": 5, "reason": "no date"}]
    assert printed["missing"] == [{"agent": "carbon", "reason": "denied"}, {"agent": "slow", "reason": "late"}]
    assert not {"assumptions", "notices", "missing", "quarantined"} & set(printed["report"])


def test_the_live_view_adds_events_up() -> None:
    view = View("A pipeline")
    for kind, agent, reason in (
        ("accepted", "reader", None), ("started", "reader", None), ("handled", "reader", None),
        ("accepted", "slow", None), ("progress", "slow", "half \x1b[2J way"), ("dead_lettered", "broken", "KeyError"),
    ):  # fmt: skip
        view.update(Event(0.0, kind, "m-1", "toys.question", "caller:local", agent, reason))
    console = Console(file=io.StringIO(), width=110, highlight=False)
    console.print(view.render())
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    assert re.search(r"reader\s+done\s+1", text)
    assert re.search(r"slow\s+working\s+0\s+half �\[2J way", text)
    assert re.search(r"broken\s+failed\s+0\s+KeyError", text)
    assert "2 accepted, 1 handled, 1 dead lettered" in text
