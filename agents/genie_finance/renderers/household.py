"""The report on a household: how large its emergency fund should be, and the emissions of its spending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, bars, card, facts, lines, rows, section, tiles
from genie_finance.contracts.household import HouseholdPlan
from genie_finance.renderers.described import Described, Parts, category_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_CATEGORY = F("category", words=category_name)


def _change(percent: str) -> str:
    return f"{percent} %" if percent.startswith("-") else f"+{percent} %"


class HouseholdReport(Described[HouseholdPlan]):
    """Renders ``insights.household_plan``."""

    topics: ClassVar[tuple[str, ...]] = ("insights.household_plan",)
    kind = HouseholdPlan
    parts: ClassVar[Parts] = (("Emergency fund", "emergency_fund.grounds"), ("Footprint", "carbon.grounds"))

    def sections(self, payload: HouseholdPlan) -> Iterable[Section | None]:
        """Return the fund, the footprint, and the parts left out."""
        yield section(
            "Emergency fund",
            tiles(
                payload.emergency_fund, F("target", "Keep"), F("gap", "Missing"),
                F("covered_months", "The reserves last", "months"),
                F("suggested_monthly_saving", "Saving per month"), F("months_to_target", "Reached in", "months"),
            ),
            card("An average month", facts(
                payload.emergency_fund, F("median_monthly_income", "income"), F("median_monthly_expense", "expenses"),
                F("essential_monthly_expense", "essential expenses"), F("months_of_history", "history", "months"),
                F("coverage_months", "the fund covers", "months"),
            ), wide=True),
            vital=True,
        )  # fmt: skip
        footprint = payload.carbon
        if footprint is not None:
            yield section(
                "Carbon footprint",
                tiles(
                    footprint, F("total_kg_co2e", "CO2 equivalents", "kg"), F("low_kg_co2e", "At least", "kg"),
                    F("high_kg_co2e", "At most", "kg"), F("months", "Over", "months"),
                    F("month_over_month_percent", "Last month compared with the one before", words=_change),
                ),
                bars("footprint", "Emissions by category", footprint.by_category, _CATEGORY, F("kg_co2e", "kg CO2e",
                    "kg"),
                     F("low", "at least", "kg"), F("high", "at most", "kg"), F("share_percent", "share", "%"),
                     F("spent"), F("quantity")),
                card("What saves most", rows(
                    "Effect of spending a fifth less", footprint.suggestions, F("action", unit="text"),
                    F("monthly_target", "per month"), F("kg_saved_per_year", "saved a year", "kg"),
                ), wide=True),
                card("Spending without a category", facts(footprint, F("unfactored", "estimated with the average "
                                                                                     "factor"))),
            )  # fmt: skip
        yield section(
            "Not counted",
            card("Other currencies", lines(payload.other_currencies)),
            card("Rows that could not be read", rows("Rows", payload.quarantined, F("file"), F("line"), F("reason"))),
            card("Files that could not be read", rows("Files", payload.unread, F("file"), F("reason"))),
        )
