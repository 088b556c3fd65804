"""Figures as answers state them: shares of an amount, percentages, evidence."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from genie_finance.contracts.grounds import RuleEdition, unverified
from genie_finance.contracts.money import Money, exponent

ZERO = Decimal(0)
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
    return Money.of(amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_EVEN), currency)


def said_with(edition: RuleEdition) -> tuple[str, ...]:
    """Return the caveats that come with an edition: what is unverified, or what else it notes."""
    if not edition.verified:
        return unverified((edition,))
    return (f"{edition.id}: {edition.note}",) if edition.note else ()
