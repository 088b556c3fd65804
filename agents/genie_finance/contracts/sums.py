"""Amounts as banks state them: read from plain numbers, bounded, and of one currency where they are added up."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from genie_finance.contracts.money import Currency, Money

DEFAULT_CURRENCY = "INR"
"""What a plain number is an amount of."""
_MOST = 10**18
"""Largest amount in minor units, above any bank's balance sheet."""
_MOST_DIGITS = 30
"""Digits before the point beyond which an amount is not even made a whole number: 1e999999 would take a million."""


def _read(value: Any) -> Any:  # whatever JSON or a caller hands over
    if isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool):
        return Money.of(_number(value), DEFAULT_CURRENCY)
    if isinstance(value, dict) and isinstance(value.get("amount"), (str, int, float, Decimal)):
        return {**value, "amount": str(_number(value["amount"]))}
    return value


def _number(value: str | float | Decimal) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("is no number") from None
    if amount.is_finite() and amount.adjusted() > _MOST_DIGITS:
        raise ValueError("is out of range")
    return amount


def bounded(value: Money) -> Money:
    """Return an amount that a balance sheet can hold.

    Raises:
        ValueError: It is beyond 10^18 minor units.
    """
    if abs(value.minor) > _MOST:
        raise ValueError("is beyond 10^18 minor units")
    return value


def _not_negative(value: Money) -> Money:
    if value.minor < 0:
        raise ValueError("must not be negative")
    return value


def _positive(value: Money) -> Money:
    if value.minor <= 0:
        raise ValueError("must be above 0")
    return value


SignedAmount = Annotated[Money, BeforeValidator(_read), AfterValidator(bounded)]
"""Money that may be negative; a plain number or text is taken as rupees."""
Amount = Annotated[SignedAmount, AfterValidator(_not_negative)]
"""Money, at least 0."""
PositiveAmount = Annotated[SignedAmount, AfterValidator(_positive)]
"""Money, above 0."""


def _upper(value: Any) -> Any:  # whatever JSON or a caller hands over
    return value.upper() if isinstance(value, str) else value


AnyCaseCurrency = Annotated[Currency, BeforeValidator(_upper)]


def one_currency(amounts: tuple[Money, ...]) -> str:
    """Return the currency that all amounts share.

    Raises:
        ValueError: There are several.
    """
    found = sorted({amount.currency for amount in amounts})
    if len(found) != 1:
        raise ValueError(f"amounts are in {', '.join(found)}; convert them to one currency first")
    return found[0]
