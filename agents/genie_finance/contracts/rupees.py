"""Amounts in Indian rupees, as the families of Indian law and insurance take them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from genie.errors import InputError
from genie_finance.contracts.money import Money

INR = "INR"
_PAISA = Decimal("0.01")
_MOST = 10**14
"""Largest amount in paise: a lakh crore rupees, beyond any individual's income or policy."""


def _read(value: Any) -> Any:  # whatever JSON or a caller hands over
    try:
        if isinstance(value, dict):
            return Money.model_validate(value)
        if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
            return value
        # The shortest decimal that a number in JSON stands for, so 19.99 is 1,999 paise.
        return Money.of(str(value), INR)
    except InvalidOperation:
        raise ValueError("is no amount; write rupees with digits and a point") from None


def _in_rupees(value: Money) -> Money:
    if value.currency != INR:
        raise ValueError(f"is in {value.currency}, and must be in {INR}")
    if abs(value.minor) > _MOST:
        raise ValueError("is beyond a lakh crore rupees")
    return value


def _not_negative(value: Money) -> Money:
    if value.minor < 0:
        raise ValueError("must not be negative")
    return value


def _positive(value: Money) -> Money:
    if value.minor <= 0:
        raise ValueError("must be above 0")
    return value


SignedRupees = Annotated[Money, BeforeValidator(_read), AfterValidator(_in_rupees)]
"""Rupees that may be negative; a plain number or text is taken as rupees."""
Rupees = Annotated[SignedRupees, AfterValidator(_not_negative)]
"""Rupees, at least 0."""
PaidRupees = Annotated[SignedRupees, AfterValidator(_positive)]
"""Rupees, above 0."""


def rupees(amount: Decimal) -> Money:
    """Return computed rupees as money, rounded half up to the paisa.

    Raises:
        InputError: It is beyond what a payload holds, as sums of very large amounts are.
    """
    if abs(amount) * 100 > _MOST:
        raise InputError("amounts", "come to more than a lakh crore rupees", "give rupees, not paise")
    return Money.of(amount.quantize(_PAISA, rounding=ROUND_HALF_UP), INR)
