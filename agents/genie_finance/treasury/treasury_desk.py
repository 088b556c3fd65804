"""Treasury desk: asks for the morning's figures and puts them on one page, with what breaches and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.gather import Each, Expected
from genie.contracts.message import Payload, topic_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.research import RateOutlook, RateOutlookRequest
from genie_finance.contracts.treasury import (
    AlmRequest,
    AlmResult,
    ConvertCurrency,
    ConvertedAmount,
    LcrRequest,
    LcrResult,
    MissingTreasuryPart,
    TreasuryPack,
    TreasuryQuestion,
    VarRequest,
    VarResult,
)
from genie_finance.domain.asking import silence_of

ID = "treasury_desk"
P = TypeVar("P", bound=Payload)
_WITHIN_S = 10.0
_LACKING: Each[InsufficientData] = Each(InsufficientData)
ASKS: Mapping[type[Payload], tuple[Expected, ...]] = MappingProxyType(
    {
        VarRequest: (VarResult, _LACKING),
        LcrRequest: (LcrResult, _LACKING),
        AlmRequest: (AlmResult, _LACKING),
        RateOutlookRequest: (RateOutlook, _LACKING),
        ConvertCurrency: (ConvertedAmount, _LACKING),
    }
)
"""What the desk asks, and of whom a lack is heard: by agent, as fallbacks answer of their own accord too."""
_OF: Mapping[type[Payload], str] = MappingProxyType(
    {
        VarRequest: "var_calculator",
        LcrRequest: "lcr_projector",
        AlmRequest: "alm",
        RateOutlookRequest: "rate_watcher",
        ConvertCurrency: "currency_converter",
    }
)
_UNKNOWN = {
    "portfolio": ("value at risk", "the portfolio's value and its daily returns"),
    "liquidity": ("liquidity coverage ratio", "liquid assets, outflows and inflows"),
    "balance_sheet": ("gaps by maturity", "assets and liabilities by residual maturity"),
}


class _Gathering:
    """What has come so far, and what has not."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.insufficient: list[InsufficientData] = []
        self.missing: list[MissingTreasuryPart] = []

    async def ask(self, question: Payload, answer: type[P]) -> P | None:
        """Return the answer, or None once why there is none has been kept."""
        kind = type(question)
        came = await self._context.gather(question, expect=ASKS[kind], within_s=_WITHIN_S)
        found = came.get(answer)
        if found is None:
            lack = came[_LACKING].get(_OF[kind])
            if lack is not None:
                self.insufficient.append(lack)
            else:
                self.missing.append(MissingTreasuryPart(agent=_OF[kind], reason=silence_of(came, answer).reason))
        return found

    def unknown(self, field: str) -> None:
        """Keep that the question does not say what a part needs."""
        asked, needed = _UNKNOWN[field]
        lack = Lack(what=f"day.{field}", needed=needed)
        self.insufficient.append(InsufficientData(agent=ID, question=asked, missing=(lack,)))


@agent(
    id=ID,
    capabilities=("treasury.morning_pack",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=ASKS,
)
async def treasury_desk(question: TreasuryQuestion, context: Context) -> TreasuryPack:
    """Makes the treasury's morning pack: value at risk, liquidity coverage, gaps, policy rates, what is missing."""
    day, asking = question.day, _Gathering(context)
    var, lcr, alm, converted = None, None, None, None
    if day.portfolio is None:
        asking.unknown("portfolio")
    else:
        var = await asking.ask(day.portfolio, VarResult)
    if day.liquidity is None:
        asking.unknown("liquidity")
    else:
        lcr = await asking.ask(day.liquidity, LcrResult)
    if day.balance_sheet is None:
        asking.unknown("balance_sheet")
    else:
        alm = await asking.ask(day.balance_sheet, AlmResult)
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
        insufficient=tuple(asking.insufficient),
        missing=tuple(asking.missing),
    )


def _alerts(
    question: TreasuryQuestion, var: VarResult | None, lcr: LcrResult | None, alm: AlmResult | None
) -> Iterator[str]:
    if lcr is not None and not lcr.compliant:
        yield f"LCR {lcr.lcr_pct} per cent is below {lcr.minimum_pct}: {-lcr.surplus} of liquid assets are missing."
    elif lcr is not None and lcr.first_shortfall is not None:
        yield f"LCR falls below {lcr.minimum_pct} per cent on {lcr.first_shortfall}."
    if alm is not None:
        yield from (one.text for one in alm.grounds.reasons if one.code.endswith("_breach"))
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
        said.append(f"{rates.main_rate.replace('_', ' ')} rate {rates.main_pct} per cent")
    if not said:
        return f"{question.day.as_of}: nothing can be stated; what is missing is listed below."
    end = f"{len(alerts)} alert{'s' if len(alerts) > 1 else ''}" if alerts else "no alerts"
    lacking = "" if all(part is not None for part in parts) else "; parts are missing"
    return f"{question.day.as_of}: {', '.join(said)}; {end}{lacking}."
