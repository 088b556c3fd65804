"""Currency converter: amounts and rates between any two currencies of a dated table, through its base."""

from __future__ import annotations

import datetime
from collections.abc import Awaitable
from decimal import Decimal

from genie.contracts.agent import FunctionAgent, agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.treasury import ConvertCurrency, ConvertedAmount, FxTable
from genie_finance.domain.fx import DayRates, FxRates, ReferenceRates, shown
from genie_finance.treasury.amounts import money

ID = "currency_converter"
FRESH_DAYS = 4
"""Maximum age of current rates: a weekend with a holiday on either side. Older rates are reported as stale."""
OLDEST_DAYS = 31
"""Maximum age of rates that are used at all."""
_AS_STATED = "The middle rate of the day. A dealer's rate differs by spread, amount and time of day."
Answer = ConvertedAmount | InsufficientData


def convert(request: ConvertCurrency, rates: DayRates | None, today: datetime.date) -> Answer:
    """Return an amount in another currency at the rates of a day, or the missing data."""
    day, source = request.as_of or today, request.amount.currency
    usable = _usable(rates, (source, request.to), day)
    if isinstance(usable, InsufficientData):
        return usable
    rate = usable.rate(source, request.to) * (1 - request.spread_pct / 100)
    return ConvertedAmount(
        amount=request.amount,
        converted=money(request.amount.amount * rate, request.to),
        rate=shown(rate),
        rates_on=usable.on,
        stale=is_stale(usable.on, day),
        grounds=_grounds(usable, (source, request.to), day, request.spread_pct),
    )


def is_stale(on: datetime.date, day: datetime.date) -> bool:
    """Return True if rates are older than weekends and holidays explain."""
    return (day - on).days > FRESH_DAYS


def table_of(given: FxTable) -> DayRates:
    """Return the caller's table as rates of a day."""
    return DayRates(given.base, given.on, {one.currency: one.rate for one in given.rates}, given.source)


def _usable(rates: DayRates | None, pair: tuple[str, str], day: datetime.date) -> DayRates | InsufficientData:
    needed = f"rates of {day} or of at most {OLDEST_DAYS} days earlier"
    if rates is None or rates.on > day or (day - rates.on).days > OLDEST_DAYS:
        lacks: tuple[Lack, ...] = (
            Lack(what="rates", needed=needed, given="none" if rates is None else f"those of {rates.on}"),
        )
    else:
        lacks = tuple(Lack(what=f"rates.{one}", needed=needed) for one in rates.lacking(*pair))
    if lacks or rates is None:
        return InsufficientData(agent=ID, question=f"{pair[0]} in {pair[1]} on {day}", missing=lacks)
    return rates


def _grounds(rates: DayRates, pair: tuple[str, str], day: datetime.date, spread: Decimal) -> Grounds:
    through = "" if rates.base in pair else f", through {rates.base}"
    reasons = [
        Reason(code="treasury.fx_rate", text=f"{pair[0]} in {pair[1]} at the rates of {rates.on}{through}."),
    ]
    if spread:
        reasons.append(Reason(code="treasury.fx_spread", text=f"{spread} per cent is deducted from the middle rate."))
    caveats = (
        ("Stale: " + f"the latest rates are {(day - rates.on).days} days old.",) if is_stale(rates.on, day) else ()
    )
    known = [(one, rates.per_base[one]) for one in pair if one != rates.base]
    inputs = (
        Evidence(name="source", value=rates.source),
        *(Evidence(name=f"{rates.base}/{one}", value=str(rate)) for one, rate in known),
    )
    return Grounds(reasons=tuple(reasons), inputs=inputs, editions=(), uncertainty=_AS_STATED, caveats=caveats)


def converter_on(rates: FxRates) -> FunctionAgent[[ConvertCurrency, Context], Awaitable[Answer]]:
    """Return the agent, which reads its rates from a port, or from the question's own table if there is one."""

    @agent(
        id=ID,
        capabilities=("convert_currency", "fx_rate"),
        risk=Risk.MEDIUM,
        tier=Tier.BETA,
        clearance="confidential",
        concurrency=8,
    )
    async def currency_converter(request: ConvertCurrency, context: Context) -> Answer:
        """Converts an amount between any two currencies at dated rates, through one base."""
        today = context.now().date()
        found = await rates.rates(request.as_of or today) if request.rates is None else table_of(request.rates)
        return convert(request, found, today)

    return currency_converter


currency_converter = converter_on(ReferenceRates())
"""Uses the shipped reference rates; ``converter_on`` creates one for your own feed."""
