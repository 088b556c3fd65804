"""Forecaster: the net cash flow of the next three months for each currency, with a prediction interval."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insights import CashflowForecast, CurrencyForecast, ForecastMonth, InsightTask
from genie_finance.contracts.money import Money
from genie_finance.domain.months import month_of, shift
from genie_finance.domain.spread import median_minor
from genie_finance.insights.ledger import Entry, entries
from genie_finance.insights.recurrence import Series, find_series

HORIZON = 3
"""Months ahead."""
FEWEST_MONTHS = 3
"""Least number of complete months for a forecast."""
COVERAGE = Decimal("0.8")
RANKED_FROM = 9
"""From this many months on, the interval needs no assumption about the distribution: each month is compared with the
median of the others, and if the months are exchangeable, the error of the next one is among the k smallest of n + 1
with probability k/(n+1). The interval is symmetric around the expected value, so one extraordinary month does not shift
it. Source: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, Distribution-Free Predictive
Inference for Regression, Journal of the American Statistical Association 113 (2018)."""
SEASONAL_FROM = 24
"""Complete months from which the same calendar months can be compared."""
_STUDENT_T = {2: "1.8856", 3: "1.6377", 4: "1.5332", 5: "1.4759", 6: "1.4398", 7: "1.4149"}
"""90 % quantile of Student's t by degrees of freedom, which leaves 10 % on each side."""
_MOST_DUE = 6
"""Maximum charges of one series in a month: five weekly ones and a late one."""


@dataclass(frozen=True, slots=True)
class _Outlook:
    """Interval of the non-recurring part of a month's net, in minor units."""

    expected: int
    low: int
    high: int


def forecast(task: InsightTask) -> CashflowForecast:
    """Return the net cash flow of the three months after the statement's last, per currency.

    A month is the sum of two parts: recurring series of a fixed amount that have not stopped, at their latest amount
    when due; and the median net of complete months without them, or from two years on the mean of the same calendar
    month, if it predicts better. The interval is that of the second part, so that part must contain all varying
    amounts, also bills by use.
    """
    period = task.analysis.period
    counted = entries(task.statement.transactions)
    recurring = tuple(one for one in find_series([entry.transaction for entry in counted]) if one.is_fixed)
    first = shift(month_of(period.end), 1)
    months = tuple(shift(first, by) for by in range(HORIZON))
    forecasts, insufficient = [], []
    for total in task.analysis.totals:
        currency = total.currency
        own = [entry for entry in counted if entry.currency == currency]
        complete = [m.month for m in task.analysis.months if m.currency == currency and m.complete]
        history = _since_first(complete, {entry.month for entry in own})
        booked = len(set(history) & {entry.month for entry in own})
        if booked < FEWEST_MONTHS:
            months_are = "complete month has" if booked == 1 else "complete months have"
            insufficient.append(f"{currency}: {booked} {months_are} bookings; {FEWEST_MONTHS} are needed")
            continue
        series = [one for one in recurring if one.last.amount.currency == currency]
        residuals = _residuals(own, series, history)
        seasonal = _seasonal(history, residuals, months)
        outlooks = seasonal or [_outlook(residuals)] * HORIZON
        due = _due(tuple(one for one in series if one.is_active(period.end)), months)
        forecasts.append(_forecast(currency, months, due, outlooks, len(history), seasonal=bool(seasonal)))
    return CashflowForecast(forecasts=tuple(forecasts), insufficient=tuple(insufficient))


def _since_first(complete: Sequence[str], booked: set[str]) -> list[str]:
    """Return the complete months since the currency's first booking; the account may not have existed before."""
    first = min(booked, default=None)
    return [month for month in sorted(complete) if first is not None and month >= first]


def _residuals(own: Sequence[Entry], series: Sequence[Series], history: Sequence[str]) -> list[int]:
    recurring = {id(charge) for one in series for charge in one.charges}
    rest: Counter[str] = Counter()
    for entry in own:
        if id(entry.transaction) not in recurring:
            rest[entry.month] += entry.transaction.amount.minor
    return [rest[month] for month in history]


def _due(series: Sequence[Series], months: Sequence[str]) -> Counter[str]:
    """Return the recurring amounts that fall due in each month, in minor units."""
    due: Counter[str] = Counter()
    for one in series:
        for date in itertools.islice(one.due(), _MOST_DUE * (HORIZON + 1)):
            month = month_of(date)
            if month > months[-1]:
                break
            if month >= months[0]:
                due[month] += one.last.amount.minor
    return due


def _outlook(residuals: Sequence[int]) -> _Outlook:
    """Return the median of a series of months, and the 80 % prediction interval of its next value."""
    expected = median_minor(residuals)
    if len(residuals) >= RANKED_FROM:
        others = (median_minor([*residuals[:at], *residuals[at + 1 :]]) for at in range(len(residuals)))
        reach = _reach([value - other for value, other in zip(residuals, others, strict=True)])
    else:
        count = len(residuals)
        mean = Decimal(sum(residuals)) / count
        variance = sum(((value - mean) ** 2 for value in residuals), Decimal(0)) / (count - 1)
        reach = _whole(Decimal(_STUDENT_T[count - 1]) * (variance * (1 + Decimal(1) / count)).sqrt())
    return _Outlook(expected, expected - reach, expected + reach)


def _reach(errors: Sequence[int]) -> int:
    """Return the 80 % quantile of errors, including the next one."""
    ordered = sorted(map(abs, errors))
    return _at_rank(ordered, min((len(ordered) + 1) * COVERAGE, Decimal(len(ordered))))


def _seasonal(history: Sequence[str], residuals: Sequence[int], months: Sequence[str]) -> list[_Outlook]:
    """Return the forecast of each month from the same months of earlier years; empty if it predicts no better.

    The interval comes from the errors of such forecasts of each month from the other years.
    """
    if len(history) < SEASONAL_FROM:
        return []
    years: dict[str, list[int]] = {}
    for month, value in zip(history, residuals, strict=True):
        years.setdefault(month[5:], []).append(value)
    if any(len(years.get(month[5:], ())) < 2 for month in months):
        return []
    errors = [
        _whole(value - Decimal(sum(values) - value) / (len(values) - 1))
        for values in years.values() if len(values) > 1 for value in values
    ]  # fmt: skip
    level = median_minor(residuals)
    plain = sum(abs(value - level) for values in years.values() if len(values) > 1 for value in values)
    if 10 * sum(map(abs, errors)) > 7 * plain:
        return []
    reach = _reach(errors)
    means = [_whole(Decimal(sum(years[month[5:]])) / len(years[month[5:]])) for month in months]
    return [_Outlook(mean, mean - reach, mean + reach) for mean in means]


def _at_rank(ordered: Sequence[int], rank: Decimal) -> int:
    below = int(rank)
    part = rank - below
    if not part:
        return ordered[below - 1]
    return _whole(ordered[below - 1] + part * (ordered[below] - ordered[below - 1]))


def _whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _forecast(
    currency: str, months: Sequence[str], due: Counter[str], outlooks: Sequence[_Outlook], history: int, *,
    seasonal: bool,
) -> CurrencyForecast:  # fmt: skip
    ranked = history >= RANKED_FROM
    interval = "the spread of those months, for any distribution" if ranked else "Student's t over those months"
    rest = f"the median of the other net of {history} complete months"
    if seasonal:
        rest = f"the mean of the other net of the same calendar month, over {history} complete months"
        interval = "the errors of such forecasts for the months before"
    return CurrencyForecast(
        currency=currency,
        months=tuple(
            ForecastMonth(
                month=month,
                expected=Money(minor=due[month] + outlook.expected, currency=currency),
                low=Money(minor=due[month] + outlook.low, currency=currency),
                high=Money(minor=due[month] + outlook.high, currency=currency),
            )
            for month, outlook in zip(months, outlooks, strict=True)
        ),
        history_months=history,
        coverage=float(COVERAGE),
        method=f"recurring items of a fixed amount at their latest price, plus {rest}; interval from {interval}",
        caution=None
        if ranked
        else f"Short history: {history} complete months, so the interval is wide and assumes a normal distribution; "
        f"from {RANKED_FROM} months on it assumes none.",
    )


@agent(
    id="forecaster",
    capabilities=("forecast.cashflow",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
)
async def forecaster(task: InsightTask) -> CashflowForecast:
    """Forecasts the next three months per currency, with an interval."""
    return forecast(task)
