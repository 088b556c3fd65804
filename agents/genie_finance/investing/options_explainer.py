"""Options explainer: value, sensitivities, and possible profit and loss of an option or a strategy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.markets import Greeks, Leg, OptionExplanation, OptionRequest, PayoffPoint, PricedLeg
from genie_finance.contracts.numbers import as_decimal, percent, rounded
from genie_finance.investing import black_scholes, strategy
from genie_finance.investing.amounts import money
from genie_finance.investing.black_scholes import Sensitivities, Terms

ID = "options_explainer"
DAYS_A_YEAR = 365
POINTS = 21
"""Prices of the payoff: from 70 percent of the lowest strike to 130 percent of the highest."""
_LOW, _HIGH = Decimal("0.7"), Decimal("1.3")


class _Priced(NamedTuple):
    leg: Leg
    volatility: float
    price: float
    premium: Decimal
    greeks: Sensitivities


def explain(request: OptionRequest) -> OptionExplanation | InsufficientData:
    """Return the figures of a strategy.

    Raises:
        InputError: No volatility results in a premium, or an amount is too large for an answer.
    """
    lacking = tuple(
        Lack(what=f"legs.{number}.premium", needed="a premium, or implied_volatility_pct for all legs")
        for number, leg in enumerate(request.legs)
        if request.implied_volatility_pct is None and leg.premium is None
    )
    if lacking:
        return InsufficientData(agent=ID, question="value of an option", missing=lacking)
    terms = _terms(request)
    priced = [_priced(leg, number, request, terms) for number, leg in enumerate(request.legs)]
    options = [
        strategy.Option(one.leg.side == "call", Decimal(_units(one.leg, request)), one.leg.strike, one.premium)
        for one in priced
    ]
    volatility = sum(one.volatility for one in priced) / len(priced)
    most = strategy.extremes(options)
    chance = _chance(options, terms, volatility)
    low, high = min(leg.strike for leg in request.legs) * _LOW, max(leg.strike for leg in request.legs) * _HIGH
    prices = [low + (high - low) * step / (POINTS - 1) for step in range(POINTS)]
    turns = tuple(rounded(price, 2) for price in strategy.breakevens(options))
    paid = sum((option.units * option.premium for option in options), Decimal(0))
    return OptionExplanation(
        legs=tuple(_stated(one) for one in priced),
        greeks=_greeks(_summed(priced, request)),
        net_premium=money(paid, request.currency),
        breakevens=turns,
        max_profit=None if most.profit is None else money(most.profit, request.currency),
        max_loss=None if most.loss is None else money(most.loss, request.currency),
        probability_of_profit=rounded(chance, 4),
        payoff=tuple(
            PayoffPoint(price=rounded(price, 4), pnl=money(strategy.payoff(options, price), request.currency))
            for price in prices
        ),
        narrative=_narrative(request, priced, most, turns),
        grounds=_grounds(request, chance, volatility),
    )


def _terms(request: OptionRequest) -> Terms:
    rate = float(request.risk_free_rate_pct) / 100
    future = request.underlying == "future"
    return Terms(
        spot=float(request.underlying_price),
        years=float(request.days_to_expiry) / DAYS_A_YEAR,
        rate=rate,
        dividend_yield=rate if future else float(request.dividend_yield_pct) / 100,
        future=future,
    )


def _priced(leg: Leg, number: int, request: OptionRequest, terms: Terms) -> _Priced:
    strike = float(leg.strike)
    if request.implied_volatility_pct is not None:
        volatility: float | None = float(request.implied_volatility_pct) / 100
    else:
        volatility = black_scholes.implied_volatility(leg.side, terms, strike, float(leg.premium or 0))
    if volatility is None:
        low, high = black_scholes.bounds(leg.side, terms, strike)
        raise InputError(
            f"legs.{number}.premium", f"no volatility results in {leg.premium}",
            f"give one above {low:.4f} and below {high:.4f}, or implied_volatility_pct",
        )  # fmt: skip
    price = black_scholes.price(leg.side, terms, strike, volatility)
    premium = rounded(price, 10) if leg.premium is None else leg.premium
    return _Priced(leg, volatility, price, premium, black_scholes.greeks(leg.side, terms, strike, volatility))


def _units(leg: Leg, request: OptionRequest) -> int:
    return leg.lots * request.lot_size * (1 if leg.position == "long" else -1)


def _summed(priced: Sequence[_Priced], request: OptionRequest) -> Sensitivities:
    scaled = [[_units(one.leg, request) * value for value in one.greeks] for one in priced]
    return Sensitivities(*(math.fsum(values) for values in zip(*scaled, strict=True)))


def _greeks(found: Sensitivities) -> Greeks:
    return Greeks(
        delta=rounded(found.delta, 4),
        gamma=rounded(found.gamma, 6),
        theta_per_day=rounded(found.theta / DAYS_A_YEAR, 4),
        vega_per_1pct=rounded(found.vega / 100, 4),
        rho_per_1pct=rounded(found.rho / 100, 4),
    )


def _stated(one: _Priced) -> PricedLeg:
    return PricedLeg(
        side=one.leg.side,
        position=one.leg.position,
        strike=one.leg.strike,
        lots=one.leg.lots,
        theoretical_price=rounded(one.price, 4),
        implied_volatility_pct=rounded(one.volatility * 100, 4),
        premium=rounded(one.premium, 4),
        greeks=_greeks(one.greeks),
    )


def _chance(options: Sequence[strategy.Option], terms: Terms, volatility: float) -> float:
    """Return the risk-neutral probability of a profit at expiry."""
    found = 0.0
    for low, high in strategy.profitable(options):
        upper = 0.0 if high is None else black_scholes.above(terms, float(high), volatility)
        found += black_scholes.above(terms, float(low), volatility) - upper
    return min(max(found, 0.0), 1.0)


def name_of(legs: Sequence[Leg]) -> str:
    """Return a strategy's name, or its number of legs."""
    if len(legs) == 1:
        return f"a {legs[0].position} {legs[0].side}"
    if len(legs) == 2 and legs[0].lots == legs[1].lots:
        first, second = sorted(legs, key=lambda leg: leg.strike)
        same_side, same_position = first.side == second.side, first.position == second.position
        if same_position and not same_side:
            kind = "straddle" if first.strike == second.strike else "strangle"
            return f"a {first.position} {kind}"
        if same_side and not same_position and first.strike != second.strike:
            return f"a {'bull' if first.position == 'long' else 'bear'} {first.side} spread"
    return f"a strategy of {len(legs)} legs"


def _narrative(
    request: OptionRequest, priced: Sequence[_Priced], most: strategy.Extremes, turns: tuple[Decimal, ...]
) -> str:
    units = {one.leg.lots * request.lot_size for one in priced}
    size = f" on {units.pop()} units" if len(units) == 1 else ""
    profit = "without limit" if most.profit is None else f"at most {money(most.profit, request.currency)}"
    loss = "without limit" if most.loss is None else f"at most {money(max(-most.loss, Decimal(0)), request.currency)}"
    where = " and ".join(str(turn) for turn in turns) or "nowhere"
    name = name_of(request.legs)
    return f"{name[0].upper()}{name[1:]}{size}: profit {profit}, loss {loss} at expiry; break-even at {where}."


def _grounds(request: OptionRequest, chance: float, volatility: float) -> Grounds:
    model = "Black 1976" if request.underlying == "future" else "Black-Scholes-Merton"
    reasons = (
        Reason(
            code="investing.priced", text=f"{model}, European exercise, at {percent(as_decimal(volatility))} a year."
        ),
        Reason(
            code="investing.chance",
            text=f"{percent(as_decimal(chance))} is the probability of a profit implied by the prices, not a forecast.",
        ),
    )
    given = [
        Evidence(name=name, value=str(getattr(request, name))) for name in type(request).model_fields if name != "legs"
    ]
    given += [
        Evidence(
            name=f"legs.{number}", value=f"{leg.position} {leg.lots} {leg.side} at {leg.strike}, premium {leg.premium}"
        )
        for number, leg in enumerate(request.legs)
    ]
    caveats = [
        "Charges, taxes and the cost of closing early are not included; short options may require margin.",
        "Options on shares at Indian exchanges are settled by delivery, those on indices in cash; both are European.",
    ]
    if len({leg.premium is None for leg in request.legs}) > 1:
        caveats.append("For a leg without a premium, the theoretical price is used.")
    if request.implied_volatility_pct is None and len(request.legs) > 1:
        caveats.append("Each leg has its own implied volatility; the probability of a profit uses their mean.")
    return Grounds(
        reasons=reasons, inputs=tuple(given), editions=(), caveats=tuple(caveats),
        uncertainty="The model assumes constant volatility and interest and prices without jumps, which is not "
                    "realistic.",
    )  # fmt: skip


@agent(
    id=ID,
    capabilities=("investing.explain_option",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="internal",
    concurrency=4,
)
async def options_explainer(request: OptionRequest) -> OptionExplanation | InsufficientData:
    """Explains an option or a strategy of several: price, Greeks, implied volatility, break-even, profit and loss."""
    return explain(request)
