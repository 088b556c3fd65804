"""The figures of a finance report, each in one currency: a chart, and its data as a table.

Charts get amounts as exact decimal text. The scripts of a page convert them to numbers only for lengths, and print the
text.
"""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING

from genie.contracts.rendering import Bar, Chart, Column, Figure, Table, Text, Trend
from genie.contracts.report_parts import dated, day_of, month_of
from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.domain.categories import taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from genie_finance.contracts.insights import Anomaly, CategorySpend, CurrencyForecast, MonthTotal, Subscription
    from genie_finance.contracts.money import Money

MOST_MONTHS = 36
MOST_BARS = 12
MOST_POINTS = 60
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)
_KINDS = {"unusual_amount": "unusual amount", "duplicate": "paid twice?", "first_large_payee": "large first payment"}
_NO_MONTHS_BEFORE = "a dash if there are fewer than three earlier months"


def _text(money: Money | None) -> str | None:
    return None if money is None else f"{money.amount:,}"


def _exact(money: Money | None) -> str | None:
    return None if money is None else f"{money.amount:f}"


def _change(money: Money | None) -> Text | None:
    return None if money is None else Text(f"{money.amount:+,}", "warn" if money.minor > 0 else "good")


def _shortened(shown: int, every: int, what: str) -> str:
    return f"The chart shows {shown} of {every} {what}; the table has more." if shown < every else ""


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _timeline(names: Iterable[str]) -> list[str]:
    """Return every calendar month from the first to the last as ``YYYY-MM``, the latest ``MOST_MONTHS`` at most.

    The result is empty, and no chart is drawn, if a name is not a month, since a payload may hold any text.
    """
    numbers = []
    for name in names:
        if not _MONTH.fullmatch(name):
            return []
        numbers.append(int(name[:4]) * 12 + int(name[5:]) - 1)
    first, last = min(numbers, default=0), max(numbers, default=-1)
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(max(first, last + 1 - MOST_MONTHS), last + 1)]


def shown_unit(currency: str) -> str:
    """Return the unit after an amount; empty if the statement names no currency."""
    return "" if currency == UNKNOWN_CURRENCY else currency


def _titled(title: str, currency: str) -> str:
    return title if currency == UNKNOWN_CURRENCY else f"{title}, {currency}"


def _named(currency: str) -> str:
    return "a currency that is not stated" if currency == UNKNOWN_CURRENCY else currency


def months(booked: Sequence[MonthTotal], currency: str) -> Figure:
    """Return income, spending and net by month."""
    line = _timeline(month.month for month in booked)
    by_name = {month.month: month for month in booked}
    shown = [by_name[name] for name in line if name in by_name] or booked
    places = [by_name.get(name) for name in line]
    most = max(shown, key=lambda month: month.expense.minor)
    largest = max(month.expense.minor for month in booked)
    part = "" if all(m.complete for m in shown) else "Months that the statement covers only in part are pale."
    rows = tuple(
        (
            month_of(m.month) + ("" if m.complete else " (part)"), _text(m.income), _text(m.expense), _text(m.net),
            Bar(m.expense.minor, largest, "" if m.complete else "dim"),
        )
        for m in booked
    )  # fmt: skip
    chart = Chart(
        "months",
        {
            "currency": shown_unit(currency), "months": line,
            "complete": [m and m.complete for m in places], "income": [m and _exact(m.income) for m in places],
            "spending": [m and _exact(m.expense) for m in places], "net": [m and _exact(m.net) for m in places],
        },
        says=f"Income, spending and net of {len(shown)} months in {_named(currency)}; spending was highest in "
        f"{month_of(most.month)} with {most.expense}. The table below has every figure.",
        keys=(("income", "Income"), ("spending", "Spending"), ("net", "Net")),
        note=_sentences(part, _shortened(len(shown), len(booked), "months")),
    )  # fmt: skip
    return Figure(
        id=f"months-{currency}",
        title="Income and spending by month",
        note="Transfers between own accounts and refunds are netted out.",
        chart=chart if line else None,
        table=Table(
            _titled("Months", currency), (Column("month", whole=True), *_numbers("income", "spending", "net"), _BAR),
            rows,
        ),
        wide=True,
    )  # fmt: skip


_BAR = Column("", only="terminal")


def _numbers(*titles: str) -> tuple[Column, ...]:
    return tuple(Column(title, number=True) for title in titles)


def categories(spends: Sequence[CategorySpend], currency: str) -> Figure:
    """Return the latest month's spending by category beside the usual amounts."""
    ordered = sorted(spends, key=lambda spend: (-spend.latest.minor, spend.category))
    largest = sorted(ordered, key=_weight, reverse=True)[:MOST_BARS]
    shown = [spend for spend in largest if _weight(spend) > 0]
    over = sum(map(_is_over, spends))
    most = max(spend.latest.minor for spend in ordered)
    columns = (
        Column("category"), *_numbers("latest month", "usual", "change"),
        Column("whole period", number=True, only="page"), Column("count", number=True, only="page"),
        _BAR, Column("trend", whole=True, only="terminal"),
    )  # fmt: skip
    rows = tuple(
        (
            _title_of(s.category), _text(s.latest), _text(s.baseline), _change(s.change), _text(s.total),
            f"{s.count:,}", Bar(s.latest.minor, most, "warn" if _is_over(s) else "", width=10),
            Trend(tuple(month.amount.minor for month in s.months)),
        )
        for s in ordered
    )  # fmt: skip
    chart = Chart(
        "categories",
        {
            "currency": shown_unit(currency), "names": [_title_of(s.category) for s in shown],
            "latest": [_exact(s.latest) for s in shown], "baseline": [_exact(s.baseline) for s in shown],
            "change": [None if s.change is None else f"{s.change.amount:+f}" for s in shown],
        },
        says=f"Spending of the latest complete month in {_named(currency)} by category, {over} of {len(spends)} above "
        "the usual. The table below has every figure.",
        keys=(("above", "Above the usual"), ("below", "At or below it"), ("usual", "The usual month")),
        note=_shortened(len(shown), len(spends), "categories"),
    )  # fmt: skip
    return Figure(
        id=f"categories-{currency}",
        title="Categories against their baseline",
        note="The latest complete month beside the median of the complete months before it."
        + ("" if shown else " There is nothing to compare yet."),
        chart=chart if shown else None,
        table=Table(f"{_titled('Categories', currency)}; {_NO_MONTHS_BEFORE}", columns, rows),
        wide=True,
    )


def _title_of(category: str) -> str:
    known = taxonomy().get(category)
    return category if known is None else known.title


def _is_over(spend: CategorySpend) -> bool:
    return spend.change is not None and spend.change.minor > 0


def _weight(spend: CategorySpend) -> int:
    return max(spend.latest.minor, spend.baseline.minor if spend.baseline else 0)


def forecast(ahead: CurrencyForecast, history: Sequence[MonthTotal], *, wide: bool) -> Figure:
    """Return the net of the complete months so far, and the forecast of the next months with its interval."""
    currency, before = ahead.currency, history[-MOST_BARS:]
    share = f"{ahead.coverage:.0%}"
    line = _timeline([*(month.month for month in before), *(month.month for month in ahead.months)])
    past = {month.month: month.net for month in before}
    next_ones = {month.month: month for month in ahead.months}
    places = [next_ones.get(name) for name in line]
    first = ahead.months[0]
    basis = f"{ahead.method[:1].upper()}{ahead.method[1:]}; {ahead.history_months} months of history."
    chart = Chart(
        "forecast",
        {
            "currency": shown_unit(currency), "interval": share,
            "months": line, "net": [_exact(past.get(name)) for name in line],
            "expected": [m and _exact(m.expected) for m in places],
            "low": [m and _exact(m.low) for m in places], "high": [m and _exact(m.high) for m in places],
        },
        says=f"Net cash flow in {_named(currency)}: {len(before)} months so far, and {len(ahead.months)} ahead. "
        f"{month_of(first.month)} is expected at {first.expected}, between {first.low} and {first.high} "
        f"with a probability of {share}.",
        keys=(("net", "Net so far"), ("expected", "Expected"), ("band", f"{share} interval")),
    )  # fmt: skip
    return Figure(
        id=f"forecast-{currency}",
        title="Net cash flow and forecast",
        note=basis if ahead.caution is None else f"{basis} Caution: {ahead.caution}",
        chart=chart if line else None,
        table=Table(
            f"{_titled('Forecast of net cash flow', currency)}: {share} interval",
            (Column("month", whole=True), *_numbers("expected", "low", "high")),
            tuple((month_of(m.month), _text(m.expected), _text(m.low), _text(m.high)) for m in ahead.months),
        ),
        wide=wide,
    )


def anomalies(found: Sequence[Anomaly], booked: Sequence[MonthTotal], currency: str) -> Figure:
    """Return unusual transactions by date, over the spending of each month."""
    line = _timeline(month.month for month in booked)
    spent = {month.month: month.expense for month in booked}
    places = {name: place for place, name in enumerate(line)}
    points: list[dict[str, object]] = []
    for number, anomaly in enumerate(found, 1):
        place = places.get(f"{anomaly.date:%Y-%m}")
        if place is not None and len(points) < MOST_POINTS:
            days = calendar.monthrange(anomaly.date.year, anomaly.date.month)[1]
            points.append({
                "number": number, "at": round(place - 0.5 + (anomaly.date.day - 0.5) / days, 4), "kind": anomaly.kind,
                "what": _KINDS[anomaly.kind], "date": str(anomaly.date), "merchant": anomaly.merchant,
                "amount": _exact(abs(anomaly.amount)),
            })  # fmt: skip
    columns = (
        Column("no.", only="page"), Column("date", whole=True), Column("merchant"), Column("amount", number=True),
        Column("what", only="page"), Column("why"),
    )  # fmt: skip
    rows = tuple(
        (f"{number}", day_of(a.date), a.merchant, _text(a.amount), _KINDS[a.kind], dated(a.reason))
        for number, a in enumerate(found, 1)
    )
    kinds = dict.fromkeys(anomaly.kind for anomaly in found)
    chart = Chart(
        "anomalies",
        {
            "currency": shown_unit(currency), "months": line, "spending": [_exact(spent.get(name)) for name in line],
            "points": points,
        },
        says=f"{len(found)} unusual transactions in {_named(currency)}; the most unusual is {found[0].amount} to "
        f"{found[0].merchant} on {found[0].date}. The table below has them all.",
        keys=(*((kind, _KINDS[kind].capitalize()) for kind in kinds), ("month", "Spending of the month")),
        note=_sentences(
            "Unusual transactions on the day they were booked; behind them the spending of their month. Numbers are "
            "those of the table.", _shortened(len(points), len(found), "of them"),
        ),
    )  # fmt: skip
    return Figure(
        id=f"anomalies-{currency}",
        title="Worth a look",
        chart=chart if points else None,
        table=Table(_titled("Unusual transactions", currency), columns, rows),
        folded=False,
        wide=True,
    )


def charges(regular: Sequence[Subscription], currency: str, *, wide: bool) -> Figure:
    """Return regular charges by what they cost a year."""
    shown = regular[:MOST_BARS]
    columns = (
        Column("merchant"), Column("every"), *_numbers("amount", "price change", "a year"), Column("last", only="page"),
        Column("next due", whole=True),
    )  # fmt: skip
    rows = tuple(
        tuple(
            None if cell is None else cell if c.active else Text(cell, "dim")
            for cell in (
                c.merchant, c.cadence, _text(c.amount),
                None if c.price_change is None else f"{c.price_change.amount:+,}", _text(c.yearly), day_of(c.last),
                _due(c),
            )
        )
        for c in regular
    )  # fmt: skip
    ended = "" if all(charge.active for charge in shown) else "A pale one is overdue and may have ended."
    chart = Chart(
        "charges",
        {
            "currency": shown_unit(currency), "names": [c.merchant for c in shown],
            "yearly": [_exact(c.yearly) for c in shown],
            "active": [c.active for c in shown], "due": [_due(c) for c in shown],
        },
        says=f"{len(regular)} regular charges in {_named(currency)}; the most expensive is {regular[0].merchant} with "
        f"{regular[0].yearly} a year. The table below has them all.",
        note=_sentences(ended, _shortened(len(shown), len(regular), "charges")),
    )  # fmt: skip
    return Figure(
        id=f"charges-{currency}",
        title="Regular charges",
        note="Yearly cost at the latest price, and next due date.",
        chart=chart,
        table=Table(_titled("Regular charges", currency), columns, rows),
        folded=not wide,
        wide=wide,
    )


def _due(charge: Subscription) -> str:
    return day_of(charge.next_due) if charge.active else "overdue, ended?"
