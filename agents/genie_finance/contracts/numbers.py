"""Exact numbers as written in JSON, and how answers round and print them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

ZERO = Decimal(0)
_WIDE = Context(prec=60)
"""The default 28 digits are too few to round a number of 23 digits before the point to six after it."""


def _exact(value: Any) -> Any:  # any value from JSON, YAML or a caller
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    try:
        return Decimal(str(value))  # the shortest decimal form of a JSON number, so 9.95 is not 9.949999
    except InvalidOperation:
        return value  # the field refuses it and names the reason


Number = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False)]
"""A number, kept as written; the field limits its digits."""
Exact = Annotated[Number, Field(max_digits=20)]
"""A number of at most 20 digits, kept as written."""
Quantity = Annotated[Exact, Field(ge=0, le=Decimal(10) ** 9)]
Percent = Annotated[Exact, Field(ge=0, le=1_000)]
"""A rate in percent: 12.5 is 12.5 %."""


def as_decimal(value: Decimal | float) -> Decimal:
    """Return a number as its shortest decimal text."""
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)))


def rounded(value: Decimal | float, digits: int) -> Decimal:
    """Return a number with that many digits after the point, rounded half away from zero; never a negative zero."""
    return as_decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE) + ZERO


def shown(value: Decimal, digits: int = 2) -> str:
    """Return a number in the form for answers."""
    return str(rounded(value, digits))


def percent(fraction: Decimal | float) -> str:
    """Return a fraction as text in percent, with two digits."""
    return f"{rounded(as_decimal(fraction) * 100, 2)} percent"


def shown_percent(part: Decimal | int, whole: Decimal | int, *, digits: int = 2) -> str:
    """Return a part of a whole in percent as text, rounded half up; ``0`` if the whole is 0."""
    share = Decimal(part) * 100 / Decimal(whole) if whole else ZERO
    return str(share.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
