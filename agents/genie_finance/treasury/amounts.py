"""Rounding in the treasury family: half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from genie_finance.contracts.money import Money, rounded_money

_PERCENT = Decimal("0.0001")


def share_of(value: Money, share: float) -> Money:
    """Return a fraction of an amount, rounded half to even to minor units."""
    return value.scaled(Decimal(repr(share)))


def percent(share: float | Decimal) -> Decimal:
    """Return a fraction as per cent with four digits."""
    exact = share if isinstance(share, Decimal) else Decimal(repr(share))
    return (exact * 100).quantize(_PERCENT, rounding=ROUND_HALF_EVEN) + 0  # + 0: no negative zero


def money(amount: Decimal, currency: str) -> Money:
    """Return major units as money, rounded half to even to minor units."""
    return rounded_money(amount, currency, rounding=ROUND_HALF_EVEN)
