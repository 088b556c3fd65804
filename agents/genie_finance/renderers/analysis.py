"""The report on spending by month and category, without forecast or advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.rendering import Tile, Tiles
from genie.contracts.report_parts import day_of, month_of, section
from genie_finance.contracts.insights import SpendingAnalysis
from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.renderers.described import Described
from genie_finance.renderers.insights_figures import categories, months, shown_unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section


class AnalysisReport(Described[SpendingAnalysis]):
    """Renders ``insights.analysis``."""

    topics: ClassVar[tuple[str, ...]] = ("insights.analysis",)
    kind = SpendingAnalysis

    def headline(self, payload: SpendingAnalysis) -> str:
        """Return what came in and went out."""
        moved = "; ".join(f"{one.credits} in and {one.debits} out" for one in payload.totals)
        return f"From {day_of(payload.period.start)} to {day_of(payload.period.end)}: {moved}."

    def sections(self, payload: SpendingAnalysis) -> Iterable[Section | None]:
        """Return the figures of each currency."""
        for total in payload.totals:
            booked = [one for one in payload.months if one.currency == total.currency]
            spends = [one for one in payload.by_category if one.currency == total.currency]
            latest = month_of(payload.latest_month) if payload.latest_month else ""
            tiles = (
                Tile("Money in", f"{total.credits.amount:,}", shown_unit(total.currency)),
                Tile("Money out", f"{total.debits.amount:,}", shown_unit(total.currency)),
                Tile("Transactions", f"{total.transactions:,}"),
                *([Tile("Latest complete month", latest)] if latest else []),
            )
            title = "Currency not stated" if total.currency == UNKNOWN_CURRENCY else f"Figures in {total.currency}"
            yield section(
                title, Tiles(tiles), months(booked, total.currency) if booked else None,
                categories(spends, total.currency) if spends else None,
            )  # fmt: skip
