"""Amounts in rupees as people and JSON write them: a plain number or text is taken as rupees."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from agents.contracts.money import Money

INR = "INR"
MOST_MINOR = 10**15
"""Largest amount: ten lakh crore rupees, in paise."""


def read_rupees(value: Any) -> Any:  # whatever JSON or a caller hands over
    """Return money of a number, a text or a mapping with amount and currency; anything else as it is."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, str, Decimal)):
        return Money.model_validate({"amount": value, "currency": INR})
    if isinstance(value, float):
        return Money.model_validate({"amount": repr(value), "currency": INR})  # the shortest text is what JSON said
    return value


def _in_rupees(value: Money) -> Money:
    if value.currency != INR:
        raise ValueError(f"is computed in {INR}, not in {value.currency}; convert it first")
    if abs(value.minor) > MOST_MINOR:
        raise ValueError("is beyond ten lakh crore rupees")
    return value


def _not_negative(value: Money) -> Money:
    if value.minor < 0:
        raise ValueError("must not be negative")
    return value


def _positive(value: Money) -> Money:
    if value.minor <= 0:
        raise ValueError("must be above 0")
    return value


SignedRupees = Annotated[Money, BeforeValidator(read_rupees), AfterValidator(_in_rupees)]
"""Rupees that may be negative, to the paisa."""
Rupees = Annotated[SignedRupees, AfterValidator(_not_negative)]
"""Rupees, at least 0, to the paisa."""
PaidRupees = Annotated[SignedRupees, AfterValidator(_positive)]
"""Rupees, above 0, to the paisa."""


def _exact(value: Any) -> Any:  # whatever JSON or a caller hands over
    return Decimal(repr(value)) if isinstance(value, float) else value


Exact = Annotated[Decimal, BeforeValidator(_exact), Field(allow_inf_nan=False)]
"""A plain number of JSON, kept as it was written."""
Percent = Annotated[Exact, Field(ge=0, le=1000)]
"""Percent a year, or of an amount: 12.5 is 12.5 %."""


def rupees(amount: Decimal) -> Money:
    """Return rupees rounded half away from zero to the paisa, as invoices and banks do."""
    return Money.of(amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP), INR)
