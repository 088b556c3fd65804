"""From numbers to what answers state: money rounded to its currency, and decimals of a fixed length."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

from genie.errors import InputError
from genie_finance.contracts.money import Money, exponent

_MOST = Decimal(10) ** 16
"""Minor units that payloads of the family carry at most."""
_WIDE = Context(prec=60)
"""The usual 28 digits would refuse to round a number of 23 before the point to six after it."""


def as_decimal(value: Decimal | float) -> Decimal:
    """Return a number as its shortest decimal text."""
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)))


def money(amount: Decimal | float, currency: str, *, up: bool = False) -> Money:
    """Return an amount of major units as money, rounded half up to the minor unit, or up.

    Raises:
        InputError: It is beyond what an answer can state.
    """
    minor = as_decimal(amount).scaleb(exponent(currency))
    if not minor.is_finite() or abs(minor) > _MOST:
        raise InputError(
            "amounts", "what they grow to is beyond 10^16 minor units", "give lower rates or a shorter horizon"
        )
    return Money(minor=int(minor.to_integral_value(ROUND_CEILING if up else ROUND_HALF_UP)), currency=currency)


def rounded(value: Decimal | float, digits: int) -> Decimal:
    """Return a number with so many digits after the point, rounded half away from zero; never a negative zero."""
    return as_decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE) + 0


def percent(fraction: Decimal | float) -> str:
    """Return a fraction as text in percent, with two digits."""
    return f"{rounded(as_decimal(fraction) * 100, 2)} percent"
