"""Payloads of the insights family: analysis, forecast, anomalies, subscriptions, advice, report."""

from __future__ import annotations

import datetime
from typing import Literal, Self

from pydantic import model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.money import Currency, Money
from genie_finance.contracts.statements import (
    Assumption,
    Quarantined,
    Statement,
    StatementFile,
    StatementProfile,
    one_or_several,
)


class FinanceQuestion(Payload, topic="insights.question", classification="confidential"):
    """A question about a statement: one file, or the files of several accounts."""

    question: str
    filename: str = ""
    content: bytes = b""
    profile: StatementProfile | None = None
    files: tuple[StatementFile, ...] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        self.received()
        return self

    def received(self) -> tuple[StatementFile, ...]:
        """Return the file, or the files; at least one."""
        return one_or_several(self.filename, self.content, self.profile, self.files)


class Period(Value):
    """First and last booking date."""

    start: datetime.date
    end: datetime.date


class CurrencyTotal(Value):
    """Sums of one currency over the period, both positive; currencies are never added together."""

    currency: Currency
    transactions: int
    debits: Money
    credits: Money


class MonthTotal(Value):
    """One calendar month in one currency, transfers and refunds netted out."""

    month: str
    """``YYYY-MM``."""
    currency: Currency
    income: Money
    expense: Money
    """Positive."""
    net: Money
    complete: bool
    """False for a first or last month that the statement only covers in part."""


class CategoryMonth(Value):
    """Spending of one category in one month."""

    month: str
    amount: Money


class CategorySpend(Value):
    """Spending of one category: the latest month against the median of the months before."""

    category: str
    currency: Currency
    total: Money
    count: int
    latest: Money
    """Spent in the latest complete month."""
    baseline: Money | None
    """Median of the complete months before it; None for fewer than three."""
    change: Money | None
    """``latest - baseline``."""
    months: tuple[CategoryMonth, ...]


class SpendingAnalysis(Payload, topic="insights.analysis", classification="confidential"):
    """Spending per month and category, each against its own history."""

    period: Period
    totals: tuple[CurrencyTotal, ...]
    months: tuple[MonthTotal, ...]
    by_category: tuple[CategorySpend, ...]
    latest_month: str | None
    """The latest complete month, which is compared with baselines."""
    notices: tuple[str, ...] = ()


class InsightTask(Payload, topic="insights.task", classification="confidential"):
    """The input of the desk's agents: the question, the analysis and its transactions."""

    question: str
    analysis: SpendingAnalysis
    statement: Statement


class ForecastMonth(Value):
    """One month ahead, in one currency."""

    month: str
    expected: Money
    """Net cash flow: income minus expense."""
    low: Money
    high: Money
    """Interval that contains the month with the stated probability."""


class CurrencyForecast(Value):
    """The next three months of one currency."""

    currency: Currency
    months: tuple[ForecastMonth, ...]
    history_months: int
    """Number of complete months used."""
    coverage: float
    """Probability of the interval, for example 0.8."""
    method: str
    caution: str | None = None
    """Why it is unreliable, for example a short history."""


class CashflowForecast(Payload, topic="insights.forecast", classification="confidential"):
    """The next three months per currency; a currency without enough history is named in ``insufficient``."""

    forecasts: tuple[CurrencyForecast, ...]
    insufficient: tuple[str, ...] = ()


class Anomaly(Value):
    """One transaction that does not fit its history."""

    transaction_id: str
    date: datetime.date
    merchant: str
    category: str
    amount: Money
    kind: Literal["unusual_amount", "duplicate", "first_large_payee"]
    score: float
    """Robust z-score for ``unusual_amount``; distance in days for ``duplicate``; otherwise multiple of the median."""
    reason: str


class Anomalies(Payload, topic="insights.anomalies", classification="confidential"):
    """Transactions worth reviewing, most unusual first."""

    anomalies: tuple[Anomaly, ...]
    examined: int


class Subscription(Value):
    """A regular charge."""

    merchant: str
    cadence: Literal["weekly", "fortnightly", "monthly", "quarterly", "yearly"]
    amount: Money
    """Latest charge, positive."""
    occurrences: int
    yearly: Money
    """At the latest price."""
    last: datetime.date
    next_due: datetime.date
    price_change: Money | None = None
    """Latest charge minus the usual earlier one, if they differ."""
    active: bool
    """False when the next charge is overdue by more than the cadence allows."""


class Subscriptions(Payload, topic="insights.subscriptions", classification="confidential"):
    """Regular charges, highest yearly cost first."""

    subscriptions: tuple[Subscription, ...]


class AdviceItem(Value):
    """One recommendation, with its figures."""

    title: str
    category: str | None
    over_by: Money | None
    """Excess of the latest month over the baseline."""
    baseline: Money | None
    rationale: str
    """Rationale, with its figures."""
    confidence: Literal["high", "medium", "low"]


class Advice(Payload, topic="insights.advice", classification="confidential"):
    """Where the overspending is; empty, with a reason, if there is none or too little history."""

    answer: str
    """One sentence that answers the question."""
    items: tuple[AdviceItem, ...]


class MissingPart(Value):
    """A part of the report that is missing."""

    agent: str
    reason: str


class ReportRequest(Payload, topic="insights.report_request", classification="confidential"):
    """All gathered parts, and the missing ones."""

    question: str
    analysis: SpendingAnalysis | None
    forecast: CashflowForecast | None
    anomalies: Anomalies | None
    subscriptions: Subscriptions | None
    advice: Advice | None
    assumptions: tuple[Assumption, ...]
    notices: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]
    missing: tuple[MissingPart, ...]


class Report(Payload, topic="insights.report", classification="confidential"):
    """The answer to a finance question; a missing part is None and listed in ``missing``."""

    question: str
    answer: str
    period: Period | None
    totals: tuple[CurrencyTotal, ...]
    months: tuple[MonthTotal, ...]
    by_category: tuple[CategorySpend, ...]
    forecast: tuple[CurrencyForecast, ...] | None
    anomalies: tuple[Anomaly, ...] | None
    subscriptions: tuple[Subscription, ...] | None
    advice: tuple[AdviceItem, ...] | None
    assumptions: tuple[Assumption, ...]
    notices: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]
    missing: tuple[MissingPart, ...]
