"""Profit and loss of options held to one expiry: piecewise linear, so its corners determine it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

_ZERO = Decimal(0)


class Option(NamedTuple):
    """One leg in units."""

    call: bool
    units: Decimal
    """Negative if it is short."""
    strike: Decimal
    premium: Decimal
    """Of one unit."""

    def payoff(self, price: Decimal) -> Decimal:
        """Return profit or loss at expiry if the underlying is at a price."""
        inner = price - self.strike if self.call else self.strike - price
        return self.units * (max(inner, _ZERO) - self.premium)


class Extremes(NamedTuple):
    """Maximum profit and loss; None if unlimited."""

    profit: Decimal | None
    loss: Decimal | None


def payoff(options: Sequence[Option], price: Decimal) -> Decimal:
    """Return the total profit or loss at expiry."""
    return sum((one.payoff(price) for one in options), _ZERO)


def slope_beyond(options: Sequence[Option]) -> Decimal:
    """Return the slope of the profit above the highest strike."""
    return sum((one.units for one in options if one.call), _ZERO)


def corners(options: Sequence[Option]) -> list[Decimal]:
    """Return the prices between which profit is linear: 0 and every strike, in order."""
    return sorted({_ZERO, *(one.strike for one in options)})


def extremes(options: Sequence[Option]) -> Extremes:
    """Return the maximum profit and loss over all prices from 0."""
    values, slope = [payoff(options, price) for price in corners(options)], slope_beyond(options)
    return Extremes(None if slope > 0 else max(values), None if slope < 0 else min(values))


def breakevens(options: Sequence[Option]) -> tuple[Decimal, ...]:
    """Return the prices, in order, at which profit turns into loss or back, or touches 0.

    A range without profit or loss counts with its ends.
    """
    prices, found = corners(options), set()
    values = [payoff(options, price) for price in prices]
    slope = slope_beyond(options)
    for (left, worth), (right, later) in itertools.pairwise(zip(prices, values, strict=True)):
        if worth * later < 0:
            found.add(left + (right - left) * worth / (worth - later))
    found.update(price for price, worth in zip(prices, values, strict=True) if worth == 0 and price > 0)
    if values[-1] * slope < 0:
        found.add(prices[-1] - values[-1] / slope)
    return tuple(sorted(found))


def profitable(options: Sequence[Option]) -> tuple[tuple[Decimal, Decimal | None], ...]:
    """Return the open ranges of price with a profit; the last may be unbounded."""
    edges: list[Decimal] = sorted({_ZERO, *breakevens(options)})
    found: list[tuple[Decimal, Decimal | None]] = []
    for left, right in itertools.pairwise(edges):
        if payoff(options, (left + right) / 2) > 0:
            found.append((left, right))
    # Nothing turns beyond the last edge, so any price above it and every strike tells.
    if payoff(options, max(edges[-1], corners(options)[-1]) + 1) > 0:
        found.append((edges[-1], None))
    return tuple(found)
