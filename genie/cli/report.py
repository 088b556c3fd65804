"""The finance report for people: tables with bars and sparklines, and all that limits it said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from genie.cli.drawing import bar, plain, sparkline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import OverflowMethod, RenderableType

    from agents.contracts.insights import AdviceItem, Anomaly, CategorySpend, CurrencyForecast, Report, Subscription
    from agents.contracts.money import Money

_BAR = 24
_SHORT_BAR = 10
_WHOLE = ("month", "category", "course")
"""Columns whose text is never broken."""
_BARS = ("", "spending")
_MOST_ROWS = 12
"""Rows a table shows; what is left out is counted below it."""


def render_report(report: Report) -> Iterator[RenderableType]:
    """Yield the parts of a report in reading order."""
    yield Text(plain(report.answer), style="bold")
    if report.period is not None:
        yield Text(f"{report.period.start} to {report.period.end}", style="dim")
    yield from _totals(report)
    for currency in dict.fromkeys(month.currency for month in report.months):
        yield from _months(report, currency)
        yield from _categories([c for c in report.by_category if c.currency == currency])
    for forecast in report.forecast or ():
        yield from _forecast(forecast)
    yield from _advice(report.advice or ())
    yield from _anomalies(report.anomalies or ())
    yield from _subscriptions(report.subscriptions or ())
    yield from _lines("Assumptions", (f"{a.field}: {a.chosen} ({a.why}); settle with {a.settle_with}"
                                      for a in report.assumptions))  # fmt: skip
    yield from _lines("Notices", report.notices)
    yield from _lines("Rows not read", (f"line {row.line}: {row.reason}" for row in report.quarantined))


def _amount(money: Money | None) -> Text:
    if money is None:
        return Text("-", style="dim", justify="right")
    return Text(f"{money.amount:,}", style="red" if money.minor < 0 else "", justify="right")


def _head(title: str) -> Text:
    # A title of the table itself would be wrapped to the table's width.
    return Text(f"\n{title}", style="bold")


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    right = set(numbers)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        whole = name in right or name in _WHOLE
        # A bar has no room of its own to claim: what fits of it is still a bar.
        overflow: OverflowMethod = "crop" if name in _BARS else "ellipsis"
        table.add_column(
            Text(name), justify="right" if name in right else "left", no_wrap=whole or name in _BARS, overflow=overflow
        )
    return table


def _totals(report: Report) -> Iterator[RenderableType]:
    if report.totals:
        numbers = ("transactions", "out", "in")
        yield _head("Totals")
        table = _table("currency", *numbers, numbers=numbers)
        for total in report.totals:
            table.add_row(total.currency, str(total.transactions), _amount(total.debits), _amount(total.credits))
        yield table


def _months(report: Report, currency: str) -> Iterator[RenderableType]:
    months = [month for month in report.months if month.currency == currency]
    largest = max(month.expense.minor for month in months)
    numbers = ("income", "expense", "net")
    yield _head(f"Months, {currency}")
    table = _table("month", *numbers, "spending", numbers=numbers)
    for month in months:
        name = month.month if month.complete else f"{month.month} (part)"
        table.add_row(
            name, _amount(month.income), _amount(month.expense), _amount(month.net),
            Text(bar(month.expense.minor, largest, _BAR), style="cyan" if month.complete else "dim"),
        )  # fmt: skip
    yield table
    yield Text(f"net {sparkline([month.net.minor for month in months])}", style="dim")


def _categories(categories: list[CategorySpend]) -> Iterator[RenderableType]:
    if not categories:
        return
    ordered = sorted(categories, key=lambda c: (-c.latest.minor, c.category))
    largest = max(c.latest.minor for c in ordered)
    numbers = ("latest", "usual", "change")
    yield _head(f"Categories, {ordered[0].currency}")
    table = _table("category", *numbers, "", "course", numbers=numbers)
    for spend in ordered[:_MOST_ROWS]:
        over = spend.change is not None and spend.change.minor > 0
        table.add_row(
            Text(plain(spend.category)), _amount(spend.latest), _amount(spend.baseline), _change(spend.change),
            Text(bar(spend.latest.minor, largest, _SHORT_BAR), style="yellow" if over else "cyan"),
            sparkline([month.amount.minor for month in spend.months]),
        )  # fmt: skip
    yield table
    yield from _left_out(len(ordered))


def _change(money: Money | None) -> Text:
    if money is None:
        return Text("-", style="dim", justify="right")
    return Text(f"{money.amount:+,}", style="yellow" if money.minor > 0 else "green", justify="right")


def _forecast(forecast: CurrencyForecast) -> Iterator[RenderableType]:
    numbers = ("expected", "low", "high")
    yield _head(f"Forecast of net cash flow, {forecast.currency}: {forecast.coverage:.0%} interval")
    table = _table("month", *numbers, numbers=numbers)
    for month in forecast.months:
        table.add_row(month.month, _amount(month.expected), _amount(month.low), _amount(month.high))
    yield table
    basis = f"{plain(forecast.method)}, {forecast.history_months} months of history"
    yield Text(basis if forecast.caution is None else f"{basis}; {plain(forecast.caution)}", style="dim")


def _advice(advice: Iterable[AdviceItem]) -> Iterator[RenderableType]:
    for number, item in enumerate(advice, 1):
        over = "" if item.over_by is None else f" (over by {item.over_by})"
        if number == 1:
            yield _head("Advice")
        yield Text(f"{number}. {plain(item.title)}{over}, {item.confidence} confidence", style="yellow")
        yield Text(f"   {plain(item.rationale)}")


def _anomalies(anomalies: tuple[Anomaly, ...] | Iterable[Anomaly]) -> Iterator[RenderableType]:
    found = tuple(anomalies)
    if not found:
        return
    yield _head("Worth a look")
    table = _table("date", "merchant", "amount", "why", numbers=("amount",))
    for anomaly in found[:_MOST_ROWS]:
        amount = Text(str(anomaly.amount), justify="right")
        table.add_row(str(anomaly.date), Text(plain(anomaly.merchant)), amount, Text(plain(anomaly.reason)))
    yield table
    yield from _left_out(len(found))


def _subscriptions(subscriptions: Iterable[Subscription]) -> Iterator[RenderableType]:
    found = tuple(subscriptions)
    if not found:
        return
    numbers = ("amount", "a year")
    yield _head("Regular charges")
    table = _table("merchant", "every", *numbers, "next", numbers=numbers)
    for charge in found[:_MOST_ROWS]:
        due = str(charge.next_due) if charge.active else "overdue, ended?"
        amount = str(charge.amount)
        if charge.price_change is not None:
            amount += f" ({charge.price_change.amount:+,})"
        table.add_row(
            Text(plain(charge.merchant)), charge.cadence, Text(amount), Text(str(charge.yearly)), due,
            style="" if charge.active else "dim",
        )  # fmt: skip
    yield table
    yield from _left_out(len(found))


def _left_out(count: int) -> Iterator[RenderableType]:
    if count > _MOST_ROWS:
        yield Text(f"and {count - _MOST_ROWS} more; --json has them all", style="dim")


def _lines(title: str, lines: Iterable[str]) -> Iterator[RenderableType]:
    for number, line in enumerate(lines):
        if number == 0:
            yield _head(title)
        if number == _MOST_ROWS:
            yield Text("  and more; --json has them all", style="dim")
            return
        yield Text(f"  {plain(line)}")
