"""Reporter: composes one report from the gathered parts, and names the missing ones."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import Report, ReportRequest


def compose(request: ReportRequest) -> Report:
    """Return the report; a missing part is None, and the answer says so if it depends on it."""
    analysis = request.analysis
    return Report(
        question=request.question,
        answer=_answer(request),
        period=analysis.period if analysis else None,
        totals=analysis.totals if analysis else (),
        months=analysis.months if analysis else (),
        by_category=analysis.by_category if analysis else (),
        forecast=request.forecast.forecasts if request.forecast else None,
        anomalies=request.anomalies.anomalies if request.anomalies else None,
        subscriptions=request.subscriptions.subscriptions if request.subscriptions else None,
        advice=request.advice.items if request.advice else None,
        assumptions=request.assumptions,
        notices=_notices(request),
        quarantined=request.quarantined,
        missing=request.missing,
    )


def _answer(request: ReportRequest) -> str:
    if request.advice is not None:
        return request.advice.answer
    absent = "; ".join(f"{part.agent}: {part.reason}" for part in request.missing) or "no agent was asked for it"
    if request.analysis is None:
        return f"The question cannot be answered, because the spending analysis is missing ({absent})."
    return f"The question cannot be answered, because the advice is missing ({absent}); other figures are unaffected."


def _notices(request: ReportRequest) -> tuple[str, ...]:
    notices = [*request.notices, *(request.analysis.notices if request.analysis else ())]
    if request.forecast:
        notices += [f"No forecast: {why}." for why in request.forecast.insufficient]
    return tuple(dict.fromkeys(notices))


@agent(
    id="reporter",
    capabilities=("report.compose",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def reporter(request: ReportRequest) -> Report:
    """Composes the report."""
    return compose(request)
