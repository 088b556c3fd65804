"""European options by Black, Scholes and Merton: price, Greeks, implied volatility, and the distribution at expiry.

Formulas as in Hull, Options, Futures, and Other Derivatives, chapters on Black-Scholes-Merton and the Greek letters.
With the yield equal to the interest rate and the price of a future instead of the spot, they become those of Black
(1976). Rates are fractions, compounded continuously; volatility is a fraction a year, time is in years; all are binary
floats.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Side = Literal["call", "put"]
_LEAST, _MOST = 1e-6, 50.0
"""Range of volatilities searched for an implied one."""
_STEPS = 200


class Terms(NamedTuple):
    """Inputs of an option's price apart from its strike."""

    spot: float
    """Price of the underlying, or of the future with ``dividend_yield`` equal to ``rate``."""
    years: float
    rate: float
    dividend_yield: float
    future: bool = False
    """True if the underlying is a future; interest is then only used for discounting."""


class Sensitivities(NamedTuple):
    """Partial derivatives of a price by whole units: a year, a volatility or a rate of 1."""

    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def normal(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _distances(terms: Terms, strike: float, volatility: float) -> tuple[float, float]:
    spread = volatility * math.sqrt(terms.years)
    drift = (terms.rate - terms.dividend_yield + volatility * volatility / 2) * terms.years
    first = (math.log(terms.spot / strike) + drift) / spread
    return first, first - spread


def price(side: Side, terms: Terms, strike: float, volatility: float) -> float:
    """Return the price of one unit; spot, strike, years and volatility are above 0."""
    first, second = _distances(terms, strike, volatility)
    spot = terms.spot * math.exp(-terms.dividend_yield * terms.years)
    owed = strike * math.exp(-terms.rate * terms.years)
    if side == "call":
        return max(spot * normal(first) - owed * normal(second), 0.0)
    return max(owed * normal(-second) - spot * normal(-first), 0.0)


def greeks(side: Side, terms: Terms, strike: float, volatility: float) -> Sensitivities:
    """Return the sensitivities of the price of one long unit; theta is negative if the price falls with time."""
    first, second = _distances(terms, strike, volatility)
    sign = 1 if side == "call" else -1
    carried = math.exp(-terms.dividend_yield * terms.years)
    owed = strike * math.exp(-terms.rate * terms.years)
    root = math.sqrt(terms.years)
    decay = -terms.spot * carried * _density(first) * volatility / (2 * root)
    interest = -sign * terms.rate * owed * normal(sign * second)
    income = sign * terms.dividend_yield * terms.spot * carried * normal(sign * first)
    return Sensitivities(
        delta=sign * carried * normal(sign * first),
        gamma=carried * _density(first) / (terms.spot * volatility * root),
        theta=decay + interest + income,
        vega=terms.spot * carried * _density(first) * root,
        rho=-terms.years * price(side, terms, strike, volatility)
        if terms.future
        else sign * owed * terms.years * normal(sign * second),
    )


def bounds(side: Side, terms: Terms, strike: float) -> tuple[float, float]:
    """Return the bounds of the option's price over all volatilities; a price outside them is an arbitrage."""
    spot = terms.spot * math.exp(-terms.dividend_yield * terms.years)
    owed = strike * math.exp(-terms.rate * terms.years)
    return (max(spot - owed, 0.0), spot) if side == "call" else (max(owed - spot, 0.0), owed)


def implied_volatility(side: Side, terms: Terms, strike: float, premium: float) -> float | None:
    """Return the volatility at which the price equals a premium, None if the premium is not within the bounds.

    Uses bisection, which always converges, since the price increases with volatility.
    """
    lowest, highest = bounds(side, terms, strike)
    low, high = _LEAST, _MOST
    if not lowest < premium < highest or not price(side, terms, strike, high) >= premium >= price(
        side, terms, strike, low
    ):
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if price(side, terms, strike, middle) < premium:
            low = middle
        else:
            high = middle
    return high


def above(terms: Terms, level: float, volatility: float) -> float:
    """Return the risk-neutral probability that the underlying ends above a level; 1 at 0 and below."""
    if level <= 0:
        return 1.0
    return normal(_distances(terms, level, volatility)[1])
