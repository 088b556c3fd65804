"""Finance desk: has a statement read and examined, and returns one report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.gather import Gathered, Missing
from genie.contracts.message import topic_of
from genie_finance.contracts.insights import (
    Advice,
    Anomalies,
    CashflowForecast,
    FinanceQuestion,
    InsightTask,
    MissingPart,
    Report,
    ReportRequest,
    SpendingAnalysis,
    Subscriptions,
)
from genie_finance.contracts.statements import CategorisedStatement, StatementReading, StatementReceived
from genie_finance.insights import received
from genie_finance.insights.reporter import compose

READING = (StatementReading, CategorisedStatement, SpendingAnalysis)
INSIGHTS = (CashflowForecast, Anomalies, Subscriptions, Advice)


class FinanceDeskSettings(BaseModel):
    """Settings that a pipeline may give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading_within_s: float = Field(default=30.0, gt=0)
    """Seconds for reading, categorising and analysing the statement."""
    insights_within_s: float = Field(default=10.0, gt=0)
    """Seconds for forecast, anomalies, subscriptions and advice; the report names late agents."""
    report_within_s: float = Field(default=5.0, gt=0)
    """Seconds for composing the report."""


@agent(
    id="finance_desk",
    capabilities=("finance.answer",),
    risk=Risk.MEDIUM,
    tier=Tier.PRODUCTION,
    clearance="restricted",
    concurrency=16,
    settings=FinanceDeskSettings,
    asks={StatementReceived: READING, InsightTask: INSIGHTS, ReportRequest: Report},
)
async def finance_desk(question: FinanceQuestion, context: Context) -> Report:
    """Answers a question about one or more bank statements with a report that names the missing data.

    Raises:
        InputError: No statement could be read; the reason is the reader's.
    """
    settings: FinanceDeskSettings = context.settings or FinanceDeskSettings()
    context.progress("reading the statement", fraction=0.1)
    statements = StatementReceived(
        filename=question.filename, content=question.content, profile=question.profile, files=question.files
    )
    reading, read = await received.read(context, statements, READING, within_s=settings.reading_within_s)
    analysis, categorised = read.get(SpendingAnalysis), read.get(CategorisedStatement)
    unread = (MissingPart(agent=f"statement_reader ({one.file})", reason=one.reason) for one in reading.unread)
    missing = _merged(unread, _missing(read.missing))
    seen: Gathered | None = None
    if analysis is not None and categorised is not None:
        context.progress("gathering insights", fraction=0.5)
        task = InsightTask(question=question.question, analysis=analysis, statement=categorised.statement)
        seen = await context.gather(task, expect=INSIGHTS, within_s=settings.insights_within_s)
        missing = _merged(missing, _missing(seen.missing))
    else:
        lacking = SpendingAnalysis if analysis is None else CategorisedStatement
        unasked = f"not asked: {topic_of(lacking).name} is missing"
        missing = _merged(missing, (MissingPart(agent=topic_of(part).name, reason=unasked) for part in INSIGHTS))
    context.progress("composing the report", fraction=0.9)
    request = ReportRequest(
        question=question.question,
        analysis=analysis,
        forecast=seen.get(CashflowForecast) if seen else None,
        anomalies=seen.get(Anomalies) if seen else None,
        subscriptions=seen.get(Subscriptions) if seen else None,
        advice=seen.get(Advice) if seen else None,
        assumptions=reading.assumptions,
        notices=reading.notices,
        quarantined=reading.quarantined,
        missing=missing,
    )
    written = await context.gather(request, expect=(Report,), within_s=settings.report_within_s)
    report = written.get(Report)
    if report is not None:
        return report
    # The figures are all here: a reporter that fails costs its name in `missing`, not the report.
    return compose(request.model_copy(update={"missing": _merged(missing, _missing(written.missing))}))


def _missing(parts: Mapping[str, Missing]) -> tuple[MissingPart, ...]:
    return tuple(MissingPart(agent=part.agent or name, reason=part.reason) for name, part in parts.items())


def _merged(first: Iterable[MissingPart], second: Iterable[MissingPart]) -> tuple[MissingPart, ...]:
    return tuple(dict.fromkeys((*first, *second)))
