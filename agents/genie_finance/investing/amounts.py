"""Computed amounts of the investing family."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from genie_finance.contracts.investing import MOST_MINOR
from genie_finance.contracts.money import Money, rounded_money
from genie_finance.contracts.numbers import as_decimal


def money(amount: Decimal | float, currency: str, *, up: bool = False) -> Money:
    """Return an amount of major units as money, rounded half up to the minor unit, or up.

    Raises:
        InputError: The amount exceeds the limit of answers.
    """
    rounding = ROUND_CEILING if up else ROUND_HALF_UP
    return rounded_money(as_decimal(amount), currency, most=MOST_MINOR, rounding=rounding)
