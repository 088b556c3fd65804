"""Treasury desk: collects the morning's figures on one page, with breaches and missing data."""

from __future__ import annotations

from collections.abc import Iterator

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.message import topic_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.research import RateOutlook, RateOutlookRequest
from genie_finance.contracts.treasury import (
    AlmRequest,
    AlmResult,
    ConvertCurrency,
    ConvertedAmount,
    LcrRequest,
    LcrResult,
    TreasuryPack,
    TreasuryQuestion,
    VarRequest,
    VarResult,
)
from genie_finance.domain.asking import Desk

_LACKING: Each[InsufficientData] = Each(InsufficientData)
DESK = Desk(
    id="treasury_desk",
    asks={
        VarRequest: (VarResult, _LACKING),
        LcrRequest: (LcrResult, _LACKING),
        AlmRequest: (AlmResult, _LACKING),
        RateOutlookRequest: (RateOutlook, _LACKING),
        ConvertCurrency: (ConvertedAmount, _LACKING),
    },
    within_s=10.0,
    primaries={
        VarRequest: "var_calculator",
        LcrRequest: "lcr_projector",
        AlmRequest: "alm",
        RateOutlookRequest: "rate_watcher",
        ConvertCurrency: "currency_converter",
    },  # their fallbacks answer as well
)
_PORTFOLIO = Lack(what="day.portfolio", needed="the portfolio's value and its daily returns")
_LIQUIDITY = Lack(what="day.liquidity", needed="liquid assets, outflows and inflows")
_BALANCE_SHEET = Lack(what="day.balance_sheet", needed="assets and liabilities by residual maturity")


@agent(
    id=DESK.id,
    capabilities=("treasury.morning_pack",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def treasury_desk(question: TreasuryQuestion, context: Context) -> TreasuryPack:
    """Creates the treasury's morning pack: value at risk, liquidity coverage, gaps, policy rates, missing data."""
    day, asking, converted = question.day, DESK.open(context), None
    var = await asking.ask(day.portfolio or DESK.lacking("value at risk", _PORTFOLIO), VarResult)
    lcr = await asking.ask(day.liquidity or DESK.lacking("liquidity coverage ratio", _LIQUIDITY), LcrResult)
    alm = await asking.ask(day.balance_sheet or DESK.lacking("gaps by maturity", _BALANCE_SHEET), AlmResult)
    rates = await asking.ask(RateOutlookRequest(region=day.region, as_of=day.as_of), RateOutlook)
    if var is not None and day.report_in is not None and day.report_in != var.portfolio_value.currency:
        asked = ConvertCurrency(amount=var.historical.var, to=day.report_in, as_of=day.as_of)
        converted = await asking.ask(asked, ConvertedAmount)
    alerts = tuple(_alerts(question, var, lcr, alm))
    return TreasuryPack(
        as_of=day.as_of,
        headline=_headline(question, (var, lcr, alm, rates), alerts),
        alerts=alerts,
        var=var,
        lcr=lcr,
        alm=alm,
        rates=rates,
        var_converted=converted,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _alerts(
    question: TreasuryQuestion, var: VarResult | None, lcr: LcrResult | None, alm: AlmResult | None
) -> Iterator[str]:
    if lcr is not None and not lcr.compliant:
        yield f"LCR {lcr.lcr_pct} per cent is below {lcr.minimum_pct}: {-lcr.surplus} of liquid assets is missing."
    elif lcr is not None and lcr.first_shortfall is not None:
        yield f"LCR falls below {lcr.minimum_pct} per cent on {lcr.first_shortfall}."
    if alm is not None:
        yield from (one.text for one in alm.grounds.reasons if one.code.endswith(("_breach", "_unknown")))
    if var is not None and var.backtest is not None and var.backtest.rejected:
        tested = var.backtest
        yield f"The backtest rejects the VaR model: {tested.exceptions} exceptions, {tested.expected} expected."
    day = question.day
    for part in (day.liquidity, day.balance_sheet):
        if part is not None and part.as_of != day.as_of:
            yield f"{topic_of(type(part)).name} is of {part.as_of}, not of {day.as_of}."


def _headline(
    question: TreasuryQuestion,
    parts: tuple[VarResult | None, LcrResult | None, AlmResult | None, RateOutlook | None],
    alerts: tuple[str, ...],
) -> str:
    var, lcr, alm, rates = parts
    said = []
    if var is not None:
        said.append(f"VaR {var.historical.var} ({var.confidence_pct} per cent, {var.horizon_days} d)")
    if lcr is not None:
        said.append(f"LCR {lcr.lcr_pct} per cent")
    if alm is not None:
        said.append(f"NII {alm.nii_sensitivity} for the shock")
    if rates is not None:
        aged = f", last known on {rates.known_until}" if rates.stale else ""
        said.append(f"{rates.main_rate.replace('_', ' ')} rate {rates.main_pct} per cent{aged}")
    if not said:
        return f"{question.day.as_of}: no figures; the missing data is listed below."
    end = f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}" if alerts else "no alerts"
    lacking = "" if all(part is not None for part in parts) else "; parts are missing"
    return f"{question.day.as_of}: {', '.join(said)}; {end}{lacking}."
