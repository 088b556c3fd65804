"""Money: an exact amount in one currency, kept as an integer of minor units."""

from __future__ import annotations

import decimal
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any

from pydantic import Field, model_serializer, model_validator

from genie.contracts.message import Value

_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
}  # fmt: skip
"""Digits after the point, where they are not two. Source: ISO 4217, list one, edition of 2024."""

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217 code for "no currency": the statement does not say."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def exponent(currency: str) -> int:
    """Return how many digits after the point a currency has."""
    return _EXPONENTS.get(currency, 2)


class Money(Value):
    """An exact amount. Adding two currencies raises; nothing is ever converted silently.

    In JSON it is ``{"amount": "-12.34", "currency": "EUR"}``; both that and minor units are accepted.
    """

    minor: int
    """Signed amount in minor units (cents, paise); negative means money going out."""
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _from_amount(cls, value: Any) -> Any:  # whatever JSON or a caller hands over
        if isinstance(value, dict) and "amount" in value:
            currency = value.get("currency")
            if not isinstance(currency, str):
                raise ValueError("an amount needs its currency")
            return {"minor": minor_units(_number(value["amount"]), currency), "currency": currency}
        return value

    @model_serializer
    def _as_amount(self) -> dict[str, str]:
        return {"amount": str(self.amount), "currency": self.currency}

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Return an exact amount given in major units.

        Raises:
            ValueError: It is no number, or has more digits after the point than the currency.
        """
        return cls(minor=minor_units(_number(amount), currency), currency=currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's digits after the point."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(minor=-self.minor, currency=self.currency)

    def __abs__(self) -> Money:
        return Money(minor=abs(self.minor), currency=self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added up")

    def scaled(self, factor: Decimal) -> Money:
        """Return the amount times a factor, rounded half to even to minor units."""
        return Money(
            minor=int((self.minor * factor).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), currency=self.currency
        )

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"


_MOST_DIGITS = 30
"""Digits before the point beyond which an amount is not even made a whole number: 1e999999 would take a million."""


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except decimal.InvalidOperation:
        raise ValueError("the amount is no number") from None


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an exact amount as minor units.

    Raises:
        ValueError: It is no finite number, or has more digits after the point than the currency.
    """
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    if amount.adjusted() > _MOST_DIGITS:
        raise ValueError("the amount is out of range")
    try:
        scaled = amount.scaleb(exponent(currency))
    except (decimal.InvalidOperation, decimal.Overflow):
        raise ValueError(f"{amount} is out of range") from None
    minor = int(scaled)
    if scaled != minor:
        raise ValueError(f"{amount} has more than {exponent(currency)} digits after the point for {currency}")
    return minor
