"""The report on investing for a goal: whether it is reached, the allocation, and money that is free now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, Named, Series, card, chart, facts, lines, rows, section, tiles
from genie_finance.contracts.investing import InvestingPlan
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Card, Section

_ADVICE = {
    "lumpsum": "invest it at once",
    "sip": "invest it month by month",
    "toss_up": "either way; the difference is small",
}


class InvestingReport(Described[InvestingPlan]):
    """Renders ``investing.plan``."""

    topics: ClassVar[tuple[str, ...]] = ("investing.plan",)
    kind = InvestingPlan
    parts: ClassVar[Parts] = (
        ("Goal", "plan.grounds"),
        ("Allocation", "allocation.grounds"),
        ("Free money", "lump_sum.grounds"),
    )

    def sections(self, payload: InvestingPlan) -> Iterable[Section | None]:
        """Return the goal, the allocation, and the free money."""
        yield section(
            f"Goal: {payload.goal}",
            tiles(
                payload.plan, F("success_probability", "Simulated paths that reach the goal", "share"),
                F("required_monthly_for_wanted", "Monthly saving for the required probability"),
                F("shortfall_monthly", "Above the planned saving per month"), F("target_at_end", "Needed at the end"),
            ),
            _outcomes("Possible values at the end", Named("this plan", payload.plan and payload.plan.corpus)),
            card("Monthly saving", facts(
                payload.plan, F("required_monthly", "with the mean return"), F("required_monthly_at_p50",
                    "on half of the paths"),
                F("required_monthly_for_wanted", "with the required probability"), F("on_track", "on track"),
            )),
            card("Certainty", facts(payload.plan, F("success_interval", "95 % interval of the share", "interval"))),
            vital=True,
        )  # fmt: skip
        allocation = payload.allocation
        if allocation is not None:
            yield section(
                "Allocation",
                chart("allocation", "Target and current allocation", allocation.assets, Series(
                    F("asset"), (F("target", unit="share"), F("current", unit="share")), (),
                    (F("action"), F("delta", "buy or sell"), F("drift", unit="share"), F("band", unit="share")),
                )),
                card("Portfolio", facts(
                    allocation, F("total"), F("rebalance", "out of balance"),
                )),
                card("Assumed", facts(
                    payload, F("expected_annual_return", "return a year", "share"), F("annual_volatility",
                        "volatility", "share"),
                )),
            )  # fmt: skip
        free = payload.lump_sum
        if free is not None:
            yield section(
                "Money available now",
                card("", facts(
                    free, F("recommendation", words=_ADVICE), F("lumpsum_win_probability", "at once is better in",
                        "share"),
                    F("lumpsum_expected_regret", "expected regret, at once"),
                    F("sip_expected_regret", "expected regret, month by month"), F("uninvested", "left over"),
                ), wide=True),
                _outcomes(
                    "Possible values", Named("at once", free.lumpsum), Named("month by month", free.sip)
                ),
            )  # fmt: skip
        yield section("Assumptions", card("", lines(payload.caveats), wide=True))


def _outcomes(title: str, *found: Named) -> Card | None:
    """Return the end values of simulated paths, a row for each plan."""
    table = rows(
        title, [one for one in found if one.value is not None], F("name", "way"), F("value.worst_twentieth",
            "worst twentieth"),
        F("value.p10", "10 % are below"), F("value.p50", "median"), F("value.mean", "mean"),
        F("value.p90", "90 % are below"),
    )  # fmt: skip
    return card(title, table, wide=True)
