"""Portfolio advisor: weights, concentration, returns and drift of a portfolio, and its unknown figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.markets import (
    Concentration,
    Drift,
    HeldPosition,
    PortfolioRequest,
    PortfolioReview,
    Snapshot,
    Valuation,
)
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.time_value import xirr_roots
from genie_finance.investing.amounts import money
from genie_finance.investing.exposure import Held, concentrations, drifts

ID = "portfolio_advisor"
_ZERO = Decimal(0)
_YEAR = 365
_BEYOND = 10**6
"""An implausible return, which results from wrong flows."""
LARGE = Decimal("0.2")
"""Minimum weight of a holding that the review mentions."""
OFF = Decimal("0.05")
"""Minimum drift of an asset class that the review mentions."""


def review(request: PortfolioRequest) -> PortfolioReview | InsufficientData:
    """Return the review, or the missing data if there are no holdings or no prices.

    Raises:
        InputError: An amount is too large for an answer.
    """
    snapshot = request.snapshot
    currency = snapshot.cash.currency
    held = [
        Held(one, one.quantity * one.price)
        for one in sorted(snapshot.holdings, key=lambda one: one.symbol)
        if one.price is not None
    ]
    cash = snapshot.cash.amount
    total = sum((one.value for one in held), cash)
    if not held or not total:
        lack = Lack(
            what="snapshot.holdings", needed="at least one holding with a price", given=f"{len(snapshot.holdings)}"
        )
        return InsufficientData(agent=ID, question="review of a portfolio", missing=(lack,))
    whole = len(held) == len(snapshot.holdings)
    known = [(one, one.holding.cost.amount) for one in held if one.holding.cost is not None]
    gain = sum((one.value - cost for one, cost in known), _ZERO)
    # With holdings that have no price the end value is unknown, and any return would be wrong.
    rates = _xirr(snapshot, total) if whole else ()
    money_weighted = rates[0] if len(rates) == 1 else None
    time_weighted = _twr(snapshot, total) if whole else None
    found, off = concentrations(held, cash), drifts(held, cash, request.targets, currency)
    return PortfolioReview(
        provider=snapshot.provider,
        as_of=snapshot.as_of,
        value=money(total, currency),
        positions=tuple(_position(one, total, currency) for one in sorted(held, key=lambda one: -one.value)),
        concentration=found,
        drifts=off,
        gain=money(gain, currency) if known else None,
        xirr_percent=money_weighted,
        xirr_candidates=rates if len(rates) > 1 else (),
        twr_percent=time_weighted,
        lacking=_lacking(snapshot, request, rates, time_weighted),
        grounds=_grounds(request, found, off, len(held), rates),
    )


def _position(one: Held, total: Decimal, currency: str) -> HeldPosition:
    cost = one.holding.cost
    gain = None if cost is None else one.value - cost.amount
    return HeldPosition(
        symbol=one.holding.symbol,
        value=money(one.value, currency),
        weight=rounded(one.value / total, 6),
        gain=None if gain is None else money(gain, currency),
        gain_percent=rounded(gain / cost.amount * 100, 2)
        if gain is not None and cost is not None and cost.minor
        else None,
    )


def _xirr(snapshot: Snapshot, total: Decimal) -> tuple[Decimal, ...]:
    """Return the yearly money-weighted returns in percent: deposits are payments, the value is the repayment.

    There may be several if money was withdrawn and paid in again.
    """
    if not snapshot.flows:
        return ()
    flows = sorted((one.on, -one.amount.amount) for one in snapshot.flows)
    if flows[0][0] == snapshot.as_of:
        return ()
    found = xirr_roots([*flows, (snapshot.as_of, total)])
    return tuple(rounded(rate * 100, 2) for rate in found if abs(rate) <= _BEYOND)


def _twr(snapshot: Snapshot, total: Decimal) -> Decimal | None:
    """Return the time-weighted return in percent: the product of the returns between consecutive valuations."""
    marks = snapshot.valuations
    if not marks or marks[0].on >= snapshot.as_of:
        return None
    last = marks[-1]
    ends = [one.value.amount for one in marks[1:]] + ([total] if last.on < snapshot.as_of else [])
    factor = 1.0
    for start, end in zip(marks, ends, strict=False):
        put = _after(start)
        if put <= 0:
            return None
        factor *= float(end / put)
    if not factor < _BEYOND:
        return None
    days = (snapshot.as_of - marks[0].on).days
    if days > _YEAR and factor > 0:
        factor = math.exp(math.log(factor) * _YEAR / days)
    return rounded((factor - 1) * 100, 2)


def _after(mark: Valuation) -> Decimal:
    return mark.value.amount + mark.flow.amount


def _lacking(
    snapshot: Snapshot, request: PortfolioRequest, rates: tuple[Decimal, ...], time_weighted: Decimal | None
) -> tuple[Lack, ...]:
    holdings = sorted(snapshot.holdings, key=lambda one: one.symbol)
    found = [
        Lack(what=f"holdings.{one.symbol}.price", needed="a price; it is not included in value, weights and returns")
        for one in holdings
        if one.price is None
    ]
    found += [
        Lack(what=f"holdings.{one.symbol}.cost", needed="its cost; it is not included in the gain")
        for one in holdings
        if one.cost is None
    ]
    if not rates:
        found.append(Lack(what="flows", needed="every flow since the start and a price of every holding, for a return",
                          given=f"{len(snapshot.flows)} flows"))  # fmt: skip
    if time_weighted is None:
        found.append(Lack(what="valuations", needed="a valuation at every flow, for a time-weighted return",
                          given=f"{len(snapshot.valuations)} valuations"))  # fmt: skip
    if not request.targets:
        found.append(Lack(what="targets", needed="target weights, for drift"))
    return tuple(found)


def _grounds(
    request: PortfolioRequest,
    found: Sequence[Concentration],
    off: Sequence[Drift],
    priced: int,
    rates: tuple[Decimal, ...],
) -> Grounds:
    reasons = []
    for one in found:
        if one.by != "asset" and one.largest_weight >= LARGE:
            text = f"{percent(one.largest_weight)} of the holdings depends on one {one.by}, {one.largest}."
            reasons.append(Reason(code=f"investing.concentrated_{one.by}", text=text))
    for drift in off:
        if abs(drift.drift) >= OFF:
            word = "above" if drift.drift > 0 else "below"
            points = rounded(abs(drift.drift) * 100, 2)
            text = f"{drift.asset}: {points} points {word} the target of {percent(drift.target)}."
            reasons.append(Reason(code="investing.off_target", text=text))
    if not reasons:
        text = f"No known part has {percent(LARGE)} or more"
        text += f", and no class is {percent(OFF)} or more off its target." if off else "; there is no target."
        reasons.append(Reason(code="investing.nothing_stands_out", text=text))
    snapshot = request.snapshot
    return Grounds(
        reasons=tuple(reasons),
        inputs=(
            Evidence(name="provider", value=snapshot.provider),
            Evidence(name="as_of", value=str(snapshot.as_of)),
            Evidence(name="holdings", value=f"{len(snapshot.holdings)}, {priced} with a price"),
            Evidence(name="cash", value=str(snapshot.cash)),
            *(Evidence(name=f"targets.{one.asset}", value=str(one.weight)) for one in request.targets),
        ),
        editions=(),
        uncertainty="Values are at the provider's last prices. Returns are before tax, and only as complete as the "
        "given flows and valuations.",
        caveats=tuple(_caveats(found, rates)),
    )


def _caveats(found: Sequence[Concentration], rates: tuple[Decimal, ...]) -> Iterator[str]:
    if any(one.unknown_weight for one in found):
        yield "Holdings without an issuer or sector count as their own, so concentration may be higher."
    if len(rates) > 1:
        named = ", ".join(f"{rate} %" for rate in rates)
        yield f"Several money-weighted returns fit the flows ({named}), so none is stated; use the time-weighted one."


@agent(
    id=ID,
    capabilities=("investing.review_portfolio",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    libraries={"pyxirr": "genie-bus[catalogue]"},
)
async def portfolio_advisor(request: PortfolioRequest) -> PortfolioReview | InsufficientData:
    """Reviews a portfolio: weights, concentration, gain, money- and time-weighted return, drift from targets."""
    return review(request)
