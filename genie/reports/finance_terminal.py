"""The finance report for people: tables with bars and sparklines, and all that limits it said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.cli.terminal.drawing import bar, sparkline
from genie.cli.terminal.layout import Column, Grid, Line, Part, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genie_finance.contracts.insights import (
        AdviceItem,
        Anomaly,
        CategorySpend,
        CurrencyForecast,
        Report,
        Subscription,
    )
    from genie_finance.contracts.money import Money

_BAR = 24
_SHORT_BAR = 10
_WHOLE = ("date", "month", "category", "course")
"""Columns whose text is never broken."""
_BARS = ("", "spending")
_MOST_ROWS = 12
"""Rows a table shows; what is left out is counted below it."""


def render_report(report: Report) -> Iterator[Part]:
    """Yield the parts of a report in reading order."""
    yield Line.of(report.answer, "bold")
    if report.period is not None:
        yield Line.of(f"{report.period.start} to {report.period.end}", "dim")
    yield from _totals(report)
    for currency in dict.fromkeys(month.currency for month in report.months):
        yield from _months(report, currency)
        yield from _categories([c for c in report.by_category if c.currency == currency])
    for forecast in report.forecast or ():
        yield from _forecast(forecast)
    yield from _advice(report.advice or ())
    yield from _anomalies(report.anomalies or ())
    yield from _subscriptions(report.subscriptions or ())
    yield from _lines("Assumptions", (f"{_of(a.file)}{a.field}: {a.chosen} ({a.why}); settle with {a.settle_with}"
                                      for a in report.assumptions))  # fmt: skip
    yield from _lines("Notices", report.notices)
    yield from _lines("Rows not read", (f"{_of(row.file)}line {row.line}: {row.reason}" for row in report.quarantined))


def _of(file: str) -> str:
    return f"{file}, " if file else ""


def _amount(money: Money | None) -> Text:
    if money is None:
        return Text("-", "dim")
    return Text(f"{money.amount:,}", "red" if money.minor < 0 else "")


def _head(title: str) -> Iterator[Part]:
    yield Line.of("")
    yield Line.of(title, "bold")


def _table(*columns: str, numbers: Iterable[str] = ()) -> Grid:
    right = set(numbers)
    return Grid(tuple(Column(name, right=name in right, whole=name in _WHOLE, bar=name in _BARS) for name in columns))


def _totals(report: Report) -> Iterator[Part]:
    if report.totals:
        numbers = ("transactions", "out", "in")
        yield from _head("Totals")
        table = _table("currency", *numbers, numbers=numbers)
        for total in report.totals:
            table.add(total.currency, str(total.transactions), _amount(total.debits), _amount(total.credits))
        yield table


def _months(report: Report, currency: str) -> Iterator[Part]:
    months = [month for month in report.months if month.currency == currency]
    largest = max(month.expense.minor for month in months)
    numbers = ("income", "expense", "net")
    yield from _head(f"Months, {currency}")
    table = _table("month", *numbers, "spending", numbers=numbers)
    for month in months:
        name = month.month if month.complete else f"{month.month} (part)"
        table.add(
            name, _amount(month.income), _amount(month.expense), _amount(month.net),
            Text(bar(month.expense.minor, largest, _BAR), "cyan" if month.complete else "dim"),
        )  # fmt: skip
    yield table
    yield Line.of(f"net {sparkline([month.net.minor for month in months])}", "dim")


def _categories(categories: list[CategorySpend]) -> Iterator[Part]:
    if not categories:
        return
    ordered = sorted(categories, key=lambda c: (-c.latest.minor, c.category))
    largest = max(c.latest.minor for c in ordered)
    numbers = ("latest", "usual", "change")
    yield from _head(f"Categories, {ordered[0].currency}")
    table = _table("category", *numbers, "", "course", numbers=numbers)
    for spend in ordered[:_MOST_ROWS]:
        over = spend.change is not None and spend.change.minor > 0
        table.add(
            spend.category, _amount(spend.latest), _amount(spend.baseline), _change(spend.change),
            Text(bar(spend.latest.minor, largest, _SHORT_BAR), "yellow" if over else "cyan"),
            sparkline([month.amount.minor for month in spend.months]),
        )  # fmt: skip
    yield table
    yield from _left_out(len(ordered))


def _change(money: Money | None) -> Text:
    if money is None:
        return Text("-", "dim")
    return Text(f"{money.amount:+,}", "yellow" if money.minor > 0 else "green")


def _forecast(forecast: CurrencyForecast) -> Iterator[Part]:
    numbers = ("expected", "low", "high")
    yield from _head(f"Forecast of net cash flow, {forecast.currency}: {forecast.coverage:.0%} interval")
    table = _table("month", *numbers, numbers=numbers)
    for month in forecast.months:
        table.add(month.month, _amount(month.expected), _amount(month.low), _amount(month.high))
    yield table
    basis = f"{forecast.method}, {forecast.history_months} months of history"
    yield Line.of(basis if forecast.caution is None else f"{basis}; {forecast.caution}", "dim")


def _advice(advice: Iterable[AdviceItem]) -> Iterator[Part]:
    for number, item in enumerate(advice, 1):
        over = "" if item.over_by is None else f" (over by {item.over_by})"
        if number == 1:
            yield from _head("Advice")
        yield Line.of(f"{number}. {item.title}{over}, {item.confidence} confidence", "yellow")
        yield Line.of(f"   {item.rationale}")


def _anomalies(anomalies: Iterable[Anomaly]) -> Iterator[Part]:
    found = tuple(anomalies)
    if not found:
        return
    yield from _head("Worth a look")
    table = _table("date", "merchant", "amount", "why", numbers=("amount",))
    for anomaly in found[:_MOST_ROWS]:
        table.add(str(anomaly.date), anomaly.merchant, str(anomaly.amount), anomaly.reason)
    yield table
    yield from _left_out(len(found))


def _subscriptions(subscriptions: Iterable[Subscription]) -> Iterator[Part]:
    found = tuple(subscriptions)
    if not found:
        return
    numbers = ("amount", "a year")
    yield from _head("Regular charges")
    table = _table("merchant", "every", *numbers, "next", numbers=numbers)
    for charge in found[:_MOST_ROWS]:
        due = str(charge.next_due) if charge.active else "overdue, ended?"
        amount = str(charge.amount)
        if charge.price_change is not None:
            amount += f" ({charge.price_change.amount:+,})"
        style = "" if charge.active else "dim"
        cells = (charge.merchant, charge.cadence, amount, str(charge.yearly), due)
        table.add(*(Text(cell, style) for cell in cells))
    yield table
    yield from _left_out(len(found))


def _left_out(count: int) -> Iterator[Part]:
    if count > _MOST_ROWS:
        yield Line.of(f"and {count - _MOST_ROWS} more; --json has them all", "dim")


def _lines(title: str, lines: Iterable[str]) -> Iterator[Part]:
    for number, line in enumerate(lines):
        if number == 0:
            yield from _head(title)
        if number == _MOST_ROWS:
            yield Line.of("  and more; --json has them all", "dim")
            return
        yield Line.of(f"  {line}")
