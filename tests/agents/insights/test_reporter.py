import pytest

from genie_finance.contracts.insights import Advice, CashflowForecast, MissingPart, ReportRequest
from genie_finance.contracts.statements import Quarantined
from genie_finance.insights.reporter import compose, reporter


def request(**parts):
    nothing = dict.fromkeys(("analysis", "forecast", "anomalies", "subscriptions", "advice"))
    return ReportRequest.model_validate(
        {"question": "Why?", **nothing, "assumptions": (), "notices": (), "quarantined": (), "missing": (), **parts}
    )


def test_the_answer_is_the_advisers(task, row):
    analysis = task([row("2025-01-10", "-5", category="food.cafes")]).analysis
    report = compose(request(analysis=analysis, advice=Advice(answer="Because.", items=())))
    assert (report.question, report.answer, report.advice) == ("Why?", "Because.", ())
    assert (report.period, report.totals, report.months) == (analysis.period, analysis.totals, analysis.months)


def test_what_did_not_come_is_none_and_the_answer_says_who(task, row):
    analysis = task([row("2025-01-10", "-5", category="food.cafes")]).analysis
    missing = (MissingPart(agent="adviser", reason="late"),)
    report = compose(request(analysis=analysis, missing=missing))
    assert (report.forecast, report.anomalies, report.subscriptions, report.advice) == (None, None, None, None)
    assert "adviser: late" in report.answer
    assert report.missing == missing


def test_without_an_analysis_there_are_no_figures():
    report = compose(request(missing=(MissingPart(agent="analyser", reason="denied(clearance)"),)))
    assert (report.period, report.totals, report.by_category) == (None, (), ())
    assert "analyser: denied(clearance)" in report.answer


def test_notices_of_all_parts_are_collected_once(task, row):
    analysis = task([row("2025-01-10", "-5", category="food.cafes")]).analysis
    forecast = CashflowForecast(forecasts=(), insufficient=("EUR: 0 complete months have bookings, 3 are needed",))
    notices = compose(request(analysis=analysis, forecast=forecast, notices=("Seen.", *analysis.notices))).notices
    assert notices[0] == "Seen."
    assert len(set(notices)) == len(notices)
    assert notices[-1].startswith("No forecast: EUR")


@pytest.mark.anyio
async def test_quarantined_rows_reach_the_report():
    report = await reporter(request(quarantined=(Quarantined(line=4, reason="no date"),)))
    assert [bad.line for bad in report.quarantined] == [4]
