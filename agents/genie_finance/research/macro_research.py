"""Macro research: the latest indicators of an economy, each compared with the previous value and its history."""

from __future__ import annotations

import datetime
import decimal
import functools
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from pydantic import TypeAdapter

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.research import IndicatorReading, MacroBrief, MacroContextRequest, Series
from genie_finance.research.shelf import data

ID = "macro_research"
FEWEST_BEFORE = 4
"""Minimum number of earlier values for a meaningful distance from them."""
UNUSUAL = Decimal(2)
_OLD_DAYS = 400
_DIGITS = Decimal("0.01")
_WIDE = decimal.Context(prec=80)
"""The default 28 digits are too few for differences of 24-digit values with two decimals."""


def brief(request: MacroContextRequest, today: datetime.date) -> MacroBrief | InsufficientData:
    """Return the indicators known on a day, or the missing data.

    A series counts from the day of its publication on, so no answer uses figures that were not published yet.
    """
    day = request.as_of or today
    series = request.series or indicators().get(request.region, ())
    known = [one for one in series if one.published <= day]
    if not known:
        regions = ", ".join(indicators())
        first = min((one.published for one in series), default=None)
        given = f"indicators of {regions}" if first is None else f"indicators published from {first} on"
        needed = f"a series of {request.region} that was published by {day}"
        lack = Lack(what="series", needed=needed, given=given)
        return InsufficientData(agent=ID, question=f"indicators of {request.region} on {day}", missing=(lack,))
    readings = tuple(reading(one) for one in known)
    return MacroBrief(
        region=request.region,
        as_of=day,
        readings=readings,
        text=_text(readings),
        grounds=_grounds(request, day, readings),
    )


def reading(series: Series) -> IndicatorReading:
    """Return the latest value of a series compared with the previous one and with all earlier ones."""
    *earlier, last = series.observations
    before = [one.value for one in earlier]
    score = z_score(last.value, before)
    return IndicatorReading(
        indicator=series.indicator,
        unit=series.unit,
        period=last.period,
        value=last.value,
        change=last.value - before[-1] if before else None,
        z_score=score,
        unusual=score is not None and abs(score) >= UNUSUAL,
        published=series.published,
        source=series.source,
    )


def z_score(value: Decimal, before: Sequence[Decimal]) -> Decimal | None:
    """Return the distance of a value from the mean of earlier ones in standard deviations; None if they are too few."""
    if len(before) < FEWEST_BEFORE:
        return None
    mean = sum(before, Decimal(0)) / len(before)
    variance = sum(((one - mean) ** 2 for one in before), Decimal(0)) / (len(before) - 1)
    if not variance:
        return None
    return ((value - mean) / variance.sqrt()).quantize(_DIGITS, rounding=ROUND_HALF_UP, context=_WIDE)


@functools.cache
def indicators() -> Mapping[str, tuple[Series, ...]]:
    """Return the shipped series, by region."""
    return TypeAdapter(dict[str, tuple[Series, ...]]).validate_python(data("indicators"))


def _text(readings: Sequence[IndicatorReading]) -> str:
    parts = []
    for one in readings:
        moved = "" if one.change is None else f" ({one.change:+} on the period before)"
        flag = ", unusual against its history" if one.unusual else ""
        parts.append(f"{one.indicator} {one.value} {one.unit} in {one.period}{moved}{flag}")
    return "; ".join(parts) + "."


def _grounds(request: MacroContextRequest, day: datetime.date, readings: Sequence[IndicatorReading]) -> Grounds:
    odd = [one for one in readings if one.unusual]
    reasons = tuple(
        Reason(code="research.unusual", text=f"{one.indicator}: {one.z_score} standard deviations from its history.")
        for one in odd
    ) or (Reason(code="research.usual", text="No indicator is two or more standard deviations from its history."),)
    old = [one.indicator for one in readings if (day - one.published).days > _OLD_DAYS]
    short = [one.indicator for one in readings if one.z_score is None]
    caveats = []
    if old:
        caveats.append(f"Older than a year: {', '.join(old)}.")
    if short:
        caveats.append(f"Too few or too uniform values to judge: {', '.join(short)}.")
    if request.series:
        caveats.append("The series come from the caller and were not checked.")
    inputs = tuple(Evidence(name=one.indicator, value=f"{one.value} in {one.period}, {one.source}") for one in readings)
    uncertainty = "Official figures are revised, and a few values say little about the usual range."
    return Grounds(reasons=reasons, inputs=inputs, editions=(), uncertainty=uncertainty, caveats=tuple(caveats))


@agent(
    id=ID,
    capabilities=("macro_context", "research.indicators"),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
)
async def macro_research(request: MacroContextRequest, context: Context) -> MacroBrief | InsufficientData:
    """States the latest indicators of an economy on a day, with changes and unusual values."""
    return brief(request, context.now().date())
