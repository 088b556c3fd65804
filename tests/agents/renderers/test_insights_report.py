"""The finance report for people: the same content on a terminal and on a page, whatever a statement holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.contracts.card import Caller
from genie.contracts.message import Payload
from genie.reports.html.run import run_page
from genie.reports.html.witness import Witness
from genie.reports.renderers import report_of
from genie.reports.terminal import report_lines
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
from genie_finance.renderers.insights import InsightsReport

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><!--\u2028"


@pytest.fixture(scope="module")
def insights() -> Pipeline:
    return load(ROOT / "config" / "pipelines" / "insights.yaml")


def report(*currencies: str, merchant: str = "Film Club", months: tuple[int, ...] = (1, 2, 3)) -> Report:
    def money(amount: str, currency: str) -> Money:
        return Money.of(amount, currency)

    return Report(
        question="Where do I overspend?",
        answer="Groceries are over the usual month.",
        period=Period(start=date(2024, 1, 1), end=date(2024, 3, 9)),
        totals=tuple(
            CurrencyTotal(currency=c, transactions=1_234, debits=money("600", c), credits=money("6000", c))
            for c in currencies
        ),
        months=tuple(
            MonthTotal(
                month=f"2024-{n:02d}", currency=c, income=money("2000", c), expense=money(f"{n}2345", c),
                net=money(f"-{n}0345", c), complete=n != 3,
            )
            for c in currencies
            for n in months
        ),
        by_category=tuple(
            CategorySpend(
                category="food.groceries", currency=c, total=money("600", c), count=9, latest=money("300", c),
                baseline=money("100", c), change=money("200", c),
                months=(CategoryMonth(month="2024-01", amount=money("100", c)),),
            )
            for c in currencies
        ),
        forecast=tuple(
            CurrencyForecast(
                currency=c, history_months=2, coverage=0.8, method="median", caution="a short history",
                months=(
                    ForecastMonth(
                        month="2024-04", expected=money("100", c), low=money("-50", c), high=money("250", c)
                    ),
                ),
            )
            for c in currencies
        ),
        anomalies=tuple(
            Anomaly(
                transaction_id="t1", date=date(2024, 2, 15), merchant=merchant, category="other",
                amount=money("-99", c), kind="unusual_amount", score=7.5, reason="nine times the usual",
            )
            for c in currencies
        ),
        subscriptions=tuple(
            Subscription(
                merchant=merchant, cadence="monthly", amount=money("12", c), occurrences=3, yearly=money("144", c),
                last=date(2024, 3, 1), next_due=date(2024, 4, 1), price_change=money("2", c), active=True,
            )
            for c in currencies
        ),
        advice=(
            AdviceItem(
                title="Groceries", category="food.groceries", over_by=Money.of("200", "EUR"),
                baseline=Money.of("100", "EUR"), rationale="three times the median", confidence="medium",
            ),
        ),
        assumptions=(Assumption(field="currency", chosen="EUR", why="no column", settle_with="currency: EUR"),),
        notices=("the balance does not chain at line 7",),
        quarantined=(Quarantined(line=5, reason="no date"),),
        missing=(MissingPart(agent="carbon", reason="denied(paused)"),),
    )  # fmt: skip


def outcome(answer: Payload | None, **changes: object) -> Outcome:
    given = {
        "run_id": "r-1", "pipeline": "insights", "status": Status.PARTIAL, "elapsed_ms": 12.3, "answer": answer,
        "reasons": (), "failures": (("slow", "late"),), "at": AT,
        "messages": {"accepted": 20, "handled": 18, "denied": 2, "in_flight": 0, "redacted": 1, "late": 0},
        "agents": {"analyser": {"handled": 1, "failed": 0, "p50_ms": 1.5}},
    }  # fmt: skip
    return Outcome(**(given | changes))  # type: ignore[arg-type]  # tests change one field at a time


def page_of(answer: Payload | None, pipeline: Pipeline, witness: Witness | None = None, **changes: object) -> str:
    return run_page(
        outcome(answer, **changes), pipeline=pipeline, caller=Caller(user="ann", roles=frozenset(("analyst",))),
        witness=witness or Witness(),
    )  # fmt: skip


def charts(page: str) -> dict[str, dict[str, object]]:
    read: dict[str, dict[str, object]] = json.loads(
        re.findall(r'<script type="application/json" id="charts">(.*?)</script>', page)[0]
    )
    return read


def seen(page: str) -> str:
    """Return the page without its data, scripts and style."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    "words",
    [
        "Groceries are over the usual month.", "Where do I overspend?", "three times the median", "+200.00 EUR",
        "medium confidence", "6,000.00", "1,234", "-30,345.00", "32,345.00", "Mar 2024 (part)", "Groceries</th>",
        "+200.00</td>", "80% interval", "a short history", "nine times the usual", "144.00", "1 Apr 2024", "+2.00",
        "currency: EUR", "does not chain at line 7", "no date", "carbon", "denied(paused)", "slow: late",
        "1 row of the statement could not be read", "21 Nov 2026, 09:30 UTC", "partial", "ann",
    ],
)  # fmt: skip
def test_everything_of_weight_is_on_the_page_without_scripts(insights: Pipeline, words: str) -> None:
    assert words in seen(page_of(report("EUR"), insights))


def test_advice_comes_right_after_the_answer(insights: Pipeline) -> None:
    page = seen(page_of(report("EUR"), insights))
    places = [page.index(words) for words in ("Groceries are over", "<h2>Advice", "<h2>Figures in EUR", "<h2>How this")]
    assert places == sorted(places)


def test_each_currency_has_its_own_charts_with_its_own_decimals(insights: Pipeline) -> None:
    drawn = charts(page_of(report("EUR", "JPY", "BHD"), insights))
    kinds = {"months", "categories", "forecast", "charges", "anomalies"}
    assert set(drawn) == {f"{kind}-{currency}" for kind in kinds for currency in ("EUR", "JPY", "BHD")}
    assert all(chart["currency"] == name.rpartition("-")[2] for name, chart in drawn.items())
    assert drawn["months-EUR"]["income"] == ["2000.00"] * 3
    assert drawn["months-JPY"]["income"] == ["2000"] * 3
    assert drawn["months-BHD"]["income"] == ["2000.000"] * 3


def test_every_chart_has_words_and_a_table(insights: Pipeline) -> None:
    page = page_of(report("EUR", "JPY"), insights)
    figures = re.findall(r"<figure\b.*?</figure>", page, re.DOTALL)
    assert len(figures) == len(charts(page)) == 10
    for figure in figures:
        assert re.search(r'<canvas id="[a-z]+-[A-Z]{3}" role="img" aria-label="[^"]{40,}"></canvas>', figure)
        assert re.search(r"<details open[^>]*>.*<tbody>\s*<tr>", figure, re.DOTALL), "open where no script folds it"


def test_months_without_bookings_leave_a_gap_on_the_line_of_time(insights: Pipeline) -> None:
    drawn = charts(page_of(report("EUR", months=(1, 2, 4)), insights))
    assert drawn["months-EUR"]["months"] == ["2024-01", "2024-02", "2024-03", "2024-04"]
    assert drawn["months-EUR"]["net"] == ["-10345.00", "-20345.00", None, "-40345.00"]


def test_what_is_no_month_is_told_by_the_table_alone(insights: Pipeline) -> None:
    whole = report("EUR")
    named = whole.model_copy(update={"months": tuple(m.model_copy(update={"month": "Q1"}) for m in whole.months)})
    page = page_of(named, insights)
    assert set(charts(page)) == {"categories-EUR", "charges-EUR"}
    assert "Q1</th>" in page
    assert "nine times the usual" in page


def test_an_anomaly_stands_at_its_day(insights: Pipeline) -> None:
    points = charts(page_of(report("EUR"), insights))["anomalies-EUR"]["points"]
    assert isinstance(points, list)
    # Between the middle of January (0) and of March (2): the fifteenth of 29 days is the middle of February.
    assert points[0]["at"] == 1.0
    assert points[0]["amount"] == "99.00"


def test_a_short_report_has_no_empty_charts(insights: Pipeline) -> None:
    bare = report("EUR").model_copy(
        update=dict.fromkeys(("forecast", "anomalies", "subscriptions", "advice", "period"))
        | dict.fromkeys(("totals", "months", "by_category", "assumptions", "notices", "quarantined"), ())
    )
    page = page_of(bare, insights)
    assert charts(page) == {}
    assert "<figure" not in page
    assert "<h2>Advice" not in page


def test_a_merchant_cannot_break_out(insights: Pipeline) -> None:
    page = page_of(report("EUR", merchant=HOSTILE), insights)
    assert page.count("</script>") == 3
    assert "<img" not in seen(page)
    assert charts(page)["charges-EUR"]["names"] == [HOSTILE]


def test_a_huge_report_stays_below_a_megabyte_and_a_half(insights: Pipeline) -> None:
    small = report("EUR", merchant=HOSTILE * 30)
    huge = small.model_copy(
        update={
            "anomalies": (small.anomalies or ()) * 5_000,
            "subscriptions": (small.subscriptions or ()) * 5_000,
            "quarantined": small.quarantined * 50_000,
            "notices": ("x" * 5_000,) * 500,
            "advice": (small.advice or ()) * 500,
        }
    )
    page = page_of(huge, insights, failures=tuple((f"agent{n}", "y" * 900) for n in range(2_000)))
    assert len(page.encode()) < 1_500_000
    assert "--json has them all" in page
    assert "<h2>How this result was produced" in page


# --- on a terminal ---


def drawn(report: Report, width: int | None = 110) -> str:
    return "\n".join(report_lines(report_of(report), width=width))


@pytest.mark.parametrize(
    "words",
    [
        "Groceries are over the usual month.", "1 Jan 2024 to 9 Mar 2024", "6,000.00", "1,234", "-30,345.00",
        "Mar 2024 (part)", "+200.00", "80% interval", "a short history", "nine times the usual", "144.00", "+2.00",
        "+200.00 EUR", "usually 100.00 EUR", "medium confidence", "three times the median", "currency: EUR",
        "does not chain at line 7", "no date", "1 Apr 2024", "Figures in JPY", "█",
    ],
)  # fmt: skip
def test_everything_of_weight_is_on_a_terminal(words: str) -> None:
    assert words in drawn(report("EUR", "JPY"))


def test_bars_compare_months() -> None:
    bars = [line.count("█") for line in drawn(report("EUR")).splitlines() if re.match(r"[A-Z][a-z]{2} 2024.*█", line)]
    assert bars == sorted(bars)
    assert len(set(bars)) == 3


def test_a_narration_cannot_control_the_terminal() -> None:
    text = drawn(report("EUR", merchant="Bad\x1b[31mShop"))
    assert "\x1b" not in text
    assert "Bad�[31mShop" in text


def test_missing_parts_leave_no_empty_headings() -> None:
    whole = report("EUR")
    bare = whole.model_copy(
        update=dict.fromkeys(("forecast", "anomalies", "subscriptions", "advice", "period"))
        | dict.fromkeys(("totals", "months", "by_category", "assumptions", "notices", "quarantined"), ())
    )
    assert drawn(bare).strip() == bare.answer


def test_a_report_of_several_files_names_the_file_of_each_row() -> None:
    several = report("EUR").model_copy(update={"quarantined": (Quarantined(file="b.csv", line=5, reason="no date"),)})
    assert "b.csv: no date" in drawn(several)


def test_the_renderer_refuses_another_payload() -> None:
    assert InsightsReport.topics == (Report.__topic__.name,)
    with pytest.raises(TypeError):
        InsightsReport().render(Other())


class Other(Payload, topic="renderers.other"):
    """A payload that the finance renderer does not know."""


# --- in a browser ---

CHROMIUM = shutil.which("chromium")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_draws_every_chart_and_runs_nothing_else(insights: Pipeline, tmp_path: Path) -> None:
    page = page_of(report("EUR", "JPY", merchant=HOSTILE), insights)
    (tmp_path / "page.html").write_text(page)
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr", "--dump-dom", f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    dom = re.sub(r"<script\b.*?</script>", "", done.stdout, flags=re.DOTALL)
    assert "<title>What a bank statement says</title>" in dom
    assert "<img" not in dom
    assert 'class="js"' in dom
    assert len(re.findall(r'<canvas [^>]*width="[1-9]\d+"', dom)) == 10
    assert "CONSOLE" not in done.stderr, done.stderr
