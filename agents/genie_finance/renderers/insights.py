"""The finance report for people: advice first, then the figures of each currency, then the limits of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.rendering import (
    Block,
    Card,
    Column,
    Item,
    Lines,
    Notice,
    Paragraph,
    Ranking,
    Section,
    Table,
    Tile,
    Tiles,
    Trend,
)
from genie.contracts.rendering import Report as Rendered
from genie.contracts.report_parts import day_of, with_months
from genie_finance.contracts.insights import Report
from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.renderers.insights_figures import anomalies, categories, charges, forecast, months, shown_unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import ClassVar

    from genie.contracts.message import Payload
    from genie_finance.contracts.insights import AdviceItem

MOST_ADVICE = 20


class InsightsReport:
    """Renders ``insights.report``."""

    topics: ClassVar[tuple[str, ...]] = ("insights.report",)

    def render(self, payload: Payload) -> Rendered:
        """Return the report of a finance question.

        Raises:
            TypeError: The payload belongs to another topic.
        """
        if not isinstance(payload, Report):
            raise TypeError(f"expected {Report.__qualname__}, got {type(payload).__qualname__}")
        sections = [Section("Advice", _advice(payload.advice), vital=True)] if payload.advice else []
        sections += [_currency(payload, currency) for currency in _currencies(payload)]
        limits = tuple(_limits(payload))
        if limits:
            sections.append(Section("Basis of the figures", limits))
        return Rendered(tuple(sections), with_months(payload.answer), payload.question, tuple(_lead(payload)))


def _lead(report: Report) -> Iterator[Block]:
    if report.period is not None:
        yield Paragraph(f"Bookings from {day_of(report.period.start)} to {day_of(report.period.end)}.", "note")
    count = len(report.quarantined)
    if count:
        rows = "1 row of the statement" if count == 1 else f"{count:,} rows of the statement"
        yield Notice(f"{rows} could not be read. The figures below do not include the missing rows.")


def _advice(advice: tuple[AdviceItem, ...]) -> tuple[Block, ...]:
    ranking = Ranking(tuple(map(_item, advice[:MOST_ADVICE])))
    left_out = len(advice) - MOST_ADVICE
    return (ranking, Paragraph(f"and {left_out} more; --json has them all", "note")) if left_out > 0 else (ranking,)


def _item(item: AdviceItem) -> Item:
    over = item.over_by
    return Item(
        item.title, with_months(item.rationale), badge=f"{item.confidence} confidence", level=item.confidence,
        figure="" if over is None else f"{over.amount:+,} {shown_unit(over.currency)}".rstrip(),
        note="" if over is None or item.baseline is None else f"usually {item.baseline}",
    )  # fmt: skip


def _currencies(report: Report) -> list[str]:
    """Return every currency of the report, the one with the most transactions first."""
    totals = sorted(report.totals, key=lambda total: -total.transactions)
    named = [total.currency for total in totals] + [month.currency for month in report.months]
    named += [spend.currency for spend in report.by_category] + [one.currency for one in report.forecast or ()]
    named += [anomaly.amount.currency for anomaly in report.anomalies or ()]
    named += [charge.amount.currency for charge in report.subscriptions or ()]
    return list(dict.fromkeys(named))


def _currency(report: Report, currency: str) -> Section:
    title = "Currency not stated" if currency == UNKNOWN_CURRENCY else f"Figures in {currency}"
    tiles = _tiles(report, currency)
    totals = (Tiles(tiles),) if tiles else ()
    return Section(title, (*totals, *_figures(report, currency)))


def _tiles(report: Report, currency: str) -> tuple[Tile, ...]:
    shown: list[Tile] = []
    for total in report.totals:
        if total.currency == currency:
            shown += [
                Tile("Money in", f"{total.credits.amount:,}", "every credit of the statement"),
                Tile("Money out", f"{total.debits.amount:,}", "every debit of the statement"),
                Tile("Transactions", f"{total.transactions:,}"),
            ]
    active = [charge.yearly for charge in report.subscriptions or () if charge.active]
    active = [yearly for yearly in active if yearly.currency == currency]
    if active:
        yearly = sum(active[1:], active[0])
        shown.append(Tile("Regular charges a year", f"{yearly.amount:,}", f"{len(active)} active, at the latest price"))
    return tuple(shown)


def _figures(report: Report, currency: str) -> Iterator[Block]:
    booked = [month for month in report.months if month.currency == currency]
    spends = [spend for spend in report.by_category if spend.currency == currency]
    found = [anomaly for anomaly in report.anomalies or () if anomaly.amount.currency == currency]
    regular = [charge for charge in report.subscriptions or () if charge.amount.currency == currency]
    if booked:
        yield months(booked, currency)
        yield Trend(tuple(month.net.minor for month in booked), "net")
    if spends:
        yield categories(spends, currency)
    ahead = [one for one in report.forecast or () if one.currency == currency and one.months]
    alone = not (ahead and regular)  # otherwise the two are shown side by side
    for one in ahead:
        yield forecast(one, [month for month in booked if month.complete], wide=alone)
    if regular:
        yield charges(regular, currency, wide=alone)
    if found:
        yield anomalies(found, booked, currency)


def _limits(report: Report) -> Iterator[Card]:
    if report.assumptions:
        table = Table(
            "Assumptions about the file",
            tuple(map(Column, ("open question", "taken as", "why", "settle it with"))),
            tuple(
                (
                    _in(one.file, one.field),
                    "none" if one.chosen == UNKNOWN_CURRENCY else one.chosen,
                    one.why,
                    one.settle_with,
                )
                for one in report.assumptions
            ),
        )
        yield Card("Assumptions", (table,), wide=True)
    if report.notices:
        yield Card("Notices", (Lines(report.notices),))
    if report.quarantined:
        rows = tuple((f"{row.line:,}", _in(row.file, row.reason)) for row in report.quarantined)
        yield Card("Rows not read", (Table("Rows not read", (Column("line", number=True), Column("why")), rows),))


def _in(file: str, text: str) -> str:
    return f"{file}: {text}" if file else text
