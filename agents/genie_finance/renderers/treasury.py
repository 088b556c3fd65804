"""The morning pack of a treasury: alerts, market risk, liquidity, gaps by maturity, and rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie.contracts.report_parts import (
    F,
    Named,
    Series,
    bars,
    card,
    chart,
    facts,
    lines,
    rows,
    section,
    tiles,
    words_of,
)
from genie_finance.contracts.treasury import TreasuryPack
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import ClassVar

    from genie.contracts.rendering import Section
    from genie_finance.contracts.treasury import AlmResult, LcrResult, VarResult

_RANGE = re.compile(r"(\d+)_(\d+)")


def _days(bucket: str) -> str:
    """Return ``day_8_14`` as ``day 8-14``."""
    return words_of(_RANGE.sub(r"\1-\2", bucket))


class TreasuryReport(Described[TreasuryPack]):
    """Renders ``treasury.pack``."""

    topics: ClassVar[tuple[str, ...]] = ("treasury.pack",)
    kind = TreasuryPack
    parts: ClassVar[Parts] = (
        ("Market risk", "var.grounds"), ("Liquidity", "lcr.grounds"), ("Gaps", "alm.grounds"), ("Rates",
            "rates.grounds"),
        ("Conversion", "var_converted.grounds"),
    )  # fmt: skip

    def sections(self, payload: TreasuryPack) -> Iterable[Section | None]:
        """Return the alerts, then each part."""
        yield section("Alerts", card("", lines(payload.alerts), wide=True), vital=True)
        if payload.var is not None:
            yield from _market_risk(payload.var, payload.var_converted)
        if payload.lcr is not None:
            yield _liquidity(payload.lcr)
        if payload.alm is not None:
            yield _gaps(payload.alm)
        rates = payload.rates
        yield section(
            "Rates",
            tiles(rates, F("main_pct", "Main rate", "%"), F("in_force_since", "Since"), F("last_change_bps",
                "Last change", "bp"),
                  F("change_12_months_bps", "Twelve months", "bp")),
            card("Rates in force", rows("Rates in force", rates.rates if rates else (), F("name", "rate", "words"),
                                        F("pct", "per cent", "%"))),
            card("Steps", rows("Changes of the main rate", rates.steps if rates else (), F("on"), F("from_pct",
                "from", "%"),
                               F("to_pct", "to", "%"), F("change_bps", "change", "bp"))),
        )  # fmt: skip


def _market_risk(found: VarResult, converted: object) -> Iterator[Section | None]:
    figures = (Named("historical", found.historical), Named("parametric", found.parametric))
    yield section(
        "Market risk",
        tiles(found, F("historical.var", "Value at risk"), F("historical.es", "Expected shortfall"),
              F("portfolio_value", "Portfolio"), F("confidence_pct", "Confidence", "%"), F("horizon_days", "Horizon",
                  "days")),
        card("By method", rows(
            "Value at risk by method", figures, F("name", "method"), F("value.var", "value at risk"),
            F("value.var_pct", "of the portfolio", "%"), F("value.es", "expected shortfall"), F("value.es_pct",
                "of the portfolio", "%"),
        ), facts(found, F("modified_var", "with skewness and kurtosis"), F("observations")), wide=True),
        card("Backtest", facts(
            found.backtest, F("rejected", "model rejected"), F("exceptions"), F("expected", "exceptions expected"),
            F("days"),
            F("window"), F("kupiec_p", "Kupiec, p"), F("christoffersen_p", "Christoffersen, p"),
        )),
        card("In another currency", facts(converted, F("converted", "value at risk"), F("rate"), F("rates_on",
            "rate of"),
                                          F("stale", "rate is old"))),
        bars("components", "Contribution of each position", found.components, F("name", unit="text"), F("component_var",
            "adds"),
             F("value"), F("share_pct", "share", "%")),
    )  # fmt: skip


def _liquidity(found: LcrResult) -> Section | None:
    return section(
        "Liquidity coverage",
        tiles(found, F("lcr_pct", "LCR", "%"), F("surplus", "Above the minimum"), F("total_hqla", "Liquid assets"),
              F("net_cash_outflow", "Net outflow, 30 days")),
        chart("lcr", "LCR in the days ahead", found.projection, Series(
            F("on", "day"), (), (F("lcr_pct", "LCR", "%"),), (F("hqla", "liquid assets"), F("net_cash_outflow",
                "net outflow"),
            F("compliant", "above the minimum")),
        )),
        card("", facts(found, F("compliant", "above the minimum"), F("minimum_pct", "minimum", "%"),
            F("first_shortfall", "below from"),
                       F("total_outflow", "outflow"), F("total_inflow", "inflow"), F("total_inflow_capped",
                           "inflow that counts"))),
        card("Composition", rows("Outflows and inflows", found.lines, F("category", unit="words"), F("side"),
            F("amount"),
                                       F("factor_pct", "factor", "%"), F("weighted")), wide=True),
    )  # fmt: skip


def _gaps(found: AlmResult) -> Section | None:
    return section(
        "Assets and liabilities by maturity",
        tiles(found, F("nii_sensitivity", "Change in income"), F("eve_change", "Change in value of equity"),
              F("duration_gap_years", "Duration gap", "years"), F("has_breach", "Limit breached")),
        chart("gaps", "Gap by maturity", found.gaps, Series(
            F("bucket", words=_days), (F("gap"),), (F("cumulative"),),
            (F("assets"), F("liabilities"), F("cumulative_pct_of_outflows", "cumulative, of outflows", "%"),
             F("limit_pct", "limit", "%"), F("breach")),
        ), remark="Assets minus liabilities due; the line is the cumulative gap."),
        card("Durations", facts(found, F("duration_assets_years", "assets", "years"),
                                F("duration_liabilities_years", "liabilities", "years"))),
    )  # fmt: skip
