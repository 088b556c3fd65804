"""The finance report as sections: advice first, then one set of charts a currency, then what limits the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.reports.html.finance_figures import anomalies, categories, charges, forecast, months
from genie.reports.html.markup import NOTHING, Markup, joined, tag
from genie.reports.html.parts import Section, block, card, figures, lines, notice, table, tiles
from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.domain.categories import taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.reports.html.parts import Figure
    from genie_finance.contracts.insights import AdviceItem, Report

MOST_ADVICE = 20


def report_sections(report: Report, head: Markup) -> list[Section]:
    """Return the sections of a report in reading order, ``head`` first."""
    period = NOTHING
    if report.period is not None:
        period = tag("p", f"Bookings from {report.period.start} to {report.period.end}.", class_="note")
    sections = [Section(joined((head, period, _unread(report), _advice(report))), vital=True)]
    sections += [_currency(report, currency) for currency in _currencies(report)]
    limits = _limits(report)
    if limits:
        sections.append(Section(block("What the figures rest on", tag("div", *limits, class_="grid loose"))))
    return sections


def _currencies(report: Report) -> list[str]:
    """Return every currency that has something to show, the one with the most transactions first."""
    totals = sorted(report.totals, key=lambda total: -total.transactions)
    named = [total.currency for total in totals] + [month.currency for month in report.months]
    named += [spend.currency for spend in report.by_category] + [one.currency for one in report.forecast or ()]
    named += [anomaly.amount.currency for anomaly in report.anomalies or ()]
    named += [charge.amount.currency for charge in report.subscriptions or ()]
    return list(dict.fromkeys(named))


def _unread(report: Report) -> Markup:
    count = len(report.quarantined)
    if not count:
        return NOTHING
    rows = "1 row of the statement" if count == 1 else f"{count:,} rows of the statement"
    return notice(f"{rows} could not be read; no figure on this page counts what is in there.")


def _advice(report: Report) -> Markup:
    if not report.advice:
        return NOTHING
    shown = report.advice[:MOST_ADVICE]
    left_out = len(report.advice) - len(shown)
    more = tag("p", f"and {left_out} more; --json has them all", class_="note") if left_out else NOTHING
    return joined((
        tag("h2", "Advice"), tag("ol", joined(map(_item, shown)), class_="advice"), more,
    ))  # fmt: skip


def _item(item: AdviceItem) -> Markup:
    over = NOTHING
    if item.over_by is not None:
        usual = "" if item.baseline is None else f"usually {item.baseline}"
        figure = tag("strong", f"{item.over_by.amount:+,} {item.over_by.currency}")
        over = tag("p", figure, tag("span", usual), class_="over")
    title = tag("h3", item.title, tag("span", f"{item.confidence} confidence", class_=f"chip {item.confidence}"))
    return tag("li", tag("div", title, tag("p", item.rationale), class_="reason"), over)


def _currency(report: Report, currency: str) -> Section:
    title = "Currency not stated" if currency == UNKNOWN_CURRENCY else f"Figures in {currency}"
    return figures(title, _figures(report, currency), _totals(report, currency))


def _totals(report: Report, currency: str) -> Markup:
    shown: list[tuple[str, str, str]] = []
    for total in report.totals:
        if total.currency == currency:
            shown += [
                ("Money in", f"{total.credits.amount:,}", "every credit of the statement"),
                ("Money out", f"{total.debits.amount:,}", "every debit of the statement"),
                ("Transactions", f"{total.transactions:,}", ""),
            ]
    active = [charge.yearly for charge in report.subscriptions or () if charge.active]
    active = [yearly for yearly in active if yearly.currency == currency]
    if active:
        yearly = sum(active[1:], active[0])
        shown.append(("Regular charges a year", f"{yearly.amount:,}", f"{len(active)} active, at their latest price"))
    return tiles(shown)


def _figures(report: Report, currency: str) -> Iterator[Figure]:
    booked = [month for month in report.months if month.currency == currency]
    spends = [spend for spend in report.by_category if spend.currency == currency]
    found = [anomaly for anomaly in report.anomalies or () if anomaly.amount.currency == currency]
    regular = [charge for charge in report.subscriptions or () if charge.amount.currency == currency]
    if booked:
        yield months(booked, currency)
    if spends:
        yield categories(spends, currency, titled=titled)
    ahead = [one for one in report.forecast or () if one.currency == currency and one.months]
    alone = not (ahead and regular)  # otherwise the two stand side by side
    for one in ahead:
        yield forecast(one, [month for month in booked if month.complete], wide=alone)
    if regular:
        yield charges(regular, currency, wide=alone)
    if found:
        yield anomalies(found, booked, currency)


def titled(category: str) -> str:
    """Return the title of a category of the taxonomy; any other name as it is."""
    known = taxonomy().get(category)
    return category if known is None else known.title


def _limits(report: Report) -> list[Markup]:
    cards = []
    if report.assumptions:
        rows = [(one.field, one.chosen, one.why, one.settle_with) for one in report.assumptions]
        columns = ("open question", "taken as", "why", "settle it with")
        cards.append(card("Assumptions", table("Choices that the file left open", columns, rows), wide=True))
    if report.notices:
        cards.append(card("Notices", lines(report.notices)))
    if report.quarantined:
        rows_left = [(f"{row.line:,}", row.reason) for row in report.quarantined]
        cards.append(card("Rows not read", table("Rows not read", ("line", "why"), rows_left, numbers=("line",))))
    return cards
