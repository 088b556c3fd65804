"""Paise, percentages and notes as the family's answers state them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from genie_finance.contracts.grounds import RuleEdition, unverified
from genie_finance.contracts.money import Money
from genie_finance.contracts.rupees import rupees

ZERO = Decimal(0)


def paise(minor: int) -> Money:
    """Return whole paise as money.

    Raises:
        InputError: It is beyond what a payload holds.
    """
    return rupees(Decimal(minor).scaleb(-2))


def rounded(value: Decimal, digits: int) -> Decimal:
    """Return a number rounded half up, away from zero on both sides, to digits after the point; never ``-0``."""
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + ZERO


def shown(value: Decimal, digits: int = 2) -> str:
    """Return a number as answers print it."""
    return str(rounded(value, digits))


def caveats(editions: tuple[RuleEdition, ...]) -> tuple[str, ...]:
    """Return what limits an answer that rests on these editions: what is unverified, and notes of the others."""
    notes = tuple(f"{one.id}: {one.note}" for one in editions if one.verified and one.note)
    return (*unverified(editions), *notes)
