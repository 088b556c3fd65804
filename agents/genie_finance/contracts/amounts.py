"""Exact numbers as JSON writes them: rates, quantities, and rupees rounded as invoices round them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from genie_finance.contracts.money import Money
from genie_finance.contracts.rupees import INR


def _exact(value: Any) -> Any:  # whatever JSON or a caller hands over
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    try:
        return Decimal(str(value))  # the shortest decimal that a number in JSON stands for, so 9.95 is not 9.949999
    except InvalidOperation:
        raise ValueError("is no number") from None


Exact = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False, max_digits=20)]
"""A number, kept as it was written."""
Quantity = Annotated[Exact, Field(ge=0, le=Decimal(10) ** 9)]
Percent = Annotated[Exact, Field(ge=0, le=1_000)]
"""A rate in percent: 12.5 is 12.5 %."""

_PAISA = Decimal("0.01")


def to_paise(amount: Decimal) -> Money:
    """Return rupees rounded half away from zero to the paisa."""
    return Money.of(amount.quantize(_PAISA, rounding=ROUND_HALF_UP), INR)


def shown_percent(part: Decimal | int, whole: Decimal | int, *, digits: int = 2) -> str:
    """Return a part of a whole in percent as text, rounded half up; ``0`` of nothing."""
    share = Decimal(part) * 100 / Decimal(whole) if whole else Decimal(0)
    return str(share.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
