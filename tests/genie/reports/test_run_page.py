"""The page of a run: any answer, what is missing, what governance did; and the page of the benchmark."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from genie.config.loader import load
from genie.config.pipeline import Pipeline
from genie.contracts.card import Caller
from genie.contracts.message import Payload, Value
from genie.contracts.ports.journal import JournalRecord
from genie.reports.html.bench import bench_page
from genie.reports.html.run import run_page
from genie.reports.html.witness import Witness
from genie.runtime.report import Outcome, Status
from genie_finance.contracts.money import Money

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><!--\u2028"


@pytest.fixture(scope="module")
def insights() -> Pipeline:
    return load(ROOT / "config" / "pipelines" / "insights.yaml")


class Row(Value):
    name: str
    price: Money
    size: int | None = None


class Shelf(Payload, topic="page.shelf"):
    """An answer without a renderer of its own."""

    title: str
    rows: tuple[Row, ...]
    owner: Row
    tags: tuple[str, ...] = ()
    scan: bytes = b""
    open: bool = True


LAMP = Row(name=HOSTILE, price=Money.of("19.90", "EUR"), size=2026)


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


def test_the_panel_says_who_contributed_and_what_governance_did(insights: Pipeline) -> None:
    witness = Witness()
    detail = {
        "reasons": [{"policy": "pii", "version": "1", "verdict": "redact", "code": "pii", "text": "found iban"}],
        "paths": ["text"],
    }
    told = {"message_id": "m", "topic": "insights.task", "sender": "finance_desk", "recipient": "adviser"}
    for number, (kind, reason) in enumerate((("judged", "redact"), ("redacted", None), ("held", None)), 1):
        judged = detail if kind == "judged" else {}
        witness.record(JournalRecord(number, 0.0, kind, "r", reason=reason, detail=judged, **told))
    page = seen(page_of(Shelf(title="a", rows=(), owner=LAMP), insights, witness))
    assert "1 of 10 agents contributed." in page
    assert (
        '<th scope="row">analyser</th><td class="number">1</td><td class="number">0</td><td class="number">1.50' in page
    )
    assert '<th scope="row">forecaster</th><td class="number">0</td>' in page
    for name, count in (("Denied", 2), ("Redacted", 1), ("Held", 1)):
        assert f"<dt>{name}</dt><dd>{count}</dd>" in page
    assert "found iban; masked: text" in page
    assert insights.policies.sha256 in page
    assert all(policy.name in page for policy in insights.policies.policies)
    assert "20 accepted = 18 handled + 2 denied" in page


def test_a_run_without_an_answer_says_why(insights: Pipeline) -> None:
    page = seen(page_of(None, insights, status=Status.HELD, reasons=("r-1 waits for h-1",)))
    assert "There is no answer: the run waits for a person&#39;s decision." in page
    assert "r-1 waits for h-1" in page
    assert "Some parts are missing" not in page


def test_any_answer_has_a_page(insights: Pipeline) -> None:
    shelf = Shelf(title="Lamps & more", rows=(LAMP, LAMP), owner=LAMP, tags=("a", "b"), scan=b"abc")
    page = page_of(shelf, insights)
    assert charts(page) == {}
    assert "<img" not in seen(page)
    for words in (
        "Lamps &amp; more", 'data-name="size">2,026</td>', "a, b",
        "3 bytes, SHA-256 ba78", "<dt>open</dt><dd>yes</dd>", "<h3>owner</h3>",
    ):  # fmt: skip
        assert words in page


ROWS = [
    {
        "fanout": n, "requests": 100, "policies": ["clearance", "pii"], "p50_us": n * 15.5, "p95_us": n * 20.25,
        "p99_us": n * 30.125, "per_delivery_us": 12.5, "baseline_p50_us": n * 7.75, "ratio": 2.0 + n / 1000,
    }
    for n in (3, 1000)
]  # fmt: skip


def test_the_benchmark_has_a_page() -> None:
    page = bench_page(ROWS, at=AT, machine="CPython 3.11.2, 2 cores")
    drawn = charts(page)
    assert drawn["ratio"]["ratio"] == [2.003, 3.0]
    assert drawn["throughput"]["rate"] == [80_000, 80_000]
    for words in ("2.00 to 3.00 times", "2.003", "46.50", "30,125.00", "80,000", "clearance", "2 cores", "09:30 UTC"):
        assert words in seen(page)
