"""The report on a tax year: the regime, the due dates, and remaining ways to save tax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, Series, bars, card, chart, facts, rows, section, tiles
from genie_finance.contracts.tax import TaxYearPlan
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section


class TaxYearReport(Described[TaxYearPlan]):
    """Renders ``tax.year_plan``."""

    topics: ClassVar[tuple[str, ...]] = ("tax.year_plan",)
    kind = TaxYearPlan
    parts: ClassVar[Parts] = (
        ("Tax", "estimate.grounds"), ("Instalments", "advance.grounds"), ("Deductions", "deductions.grounds"),
        ("Losses", "harvest.grounds"),
    )  # fmt: skip

    def sections(self, payload: TaxYearPlan) -> Iterable[Section | None]:
        """Return the tax, the instalments, and remaining ways to save tax."""
        estimate, advance, deductions, harvest = payload.estimate, payload.advance, payload.deductions, payload.harvest
        if estimate is not None:
            yield section(
                f"Tax of {estimate.tax_year}",
                tiles(estimate, F("tax", "Tax"), F("regime", "Cheaper regime"), F("saving", "Saving compared with the "
                                                                                            "other"),
                      F("effective_rate_percent", "Of the income", "%")),
                bars("regimes", "Tax by regime", estimate.regimes, F("regime"), F("tax"), F("total_income",
                    "taxable income"),
                     wide=False),
                card("Deductions", facts(
                    estimate, F("break_even_deductions", "the old regime is cheaper from deductions of"),
                )),
                card("The computation", rows("Steps", estimate.lines, F("step", unit="text"), F("regime"), F("amount")),
                     wide=True),
                vital=True,
            )  # fmt: skip
        if advance is not None:
            yield section(
                "Advance tax",
                tiles(advance.next_instalment, F("due", "Next instalment"), F("still_due", "Due by then"),
                      F("days_left", "Left", "days")),
                tiles(advance, F("assessed_tax", "Advance tax to be paid"), F("deferment_interest", "Interest, 234C"),
                      F("default_interest", "Interest, 234B")),
                chart("instalments", "Instalments", advance.schedule, Series(
                    F("due"), (F("required"), F("paid_by_then", "paid by then")), (),
                    (F("shortfall"), F("interest"), F("still_due")),
                ), remark="Each amount includes the instalments before it."),
            )  # fmt: skip
        yield section(
            "Remaining ways to save tax",
            card("Losses to realise", facts(harvest, F("saves"), F("unused_exemption", "unused exemption"),
                                            F("open_short_gains", "open short-term gains"),
                                            F("open_long_gains", "open long-term gains")),
                 rows("Lots to sell", harvest.harvests if harvest else (), F("symbol", unit="text"), F("units"),
                     F("term"),
                      F("bought"), F("loss"), F("saves")), wide=True),
            card("Left out", rows("Lots left out", harvest.skipped if harvest else (), F("symbol", unit="text"),
                                  F("reason", unit="text"))),
            card("Deductions to fill", facts(deductions, F("worthwhile"), F("saves"), F("costs"), F("regime_after",
                "regime then")),
                 rows("Room by section", deductions.rooms if deductions else (), F("section", unit="text"), F("room"),
                      F("saves", "saves in the old regime"), F("instruments", unit="text")), wide=True),
        )  # fmt: skip
