"""Money: an exact amount in one currency, kept as an integer of minor units.

``MoneyBounds`` makes the money types of payloads: each family states only its bounds and currency.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema, core_schema

from genie.contracts.message import Value
from genie.errors import InputError

INR = "INR"
"""Currency of a plain number or text."""

_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
}  # fmt: skip
"""Digits after the point, if not two. Source: ISO 4217, list one, edition of 2024."""

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217 code for "no currency", used if the statement names none."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def exponent(currency: str) -> int:
    """Return how many digits after the point a currency has."""
    return _EXPONENTS.get(currency, 2)


def _as_told(schema: dict[str, Any]) -> None:
    """JSON Schema of an amount, to prevent errors by a factor of 100."""
    amount = {"type": "string", "description": "Exact, in major units, for example 12.34."}
    schema["properties"] = {"amount": amount, "currency": schema["properties"]["currency"]}
    schema["required"] = ["amount", "currency"]


class Money(Value):
    """An exact amount. Adding two currencies raises; nothing is converted implicitly.

    In JSON it is ``{"amount": "-12.34", "currency": "EUR"}``; both that and minor units are accepted.
    """

    model_config = ConfigDict(json_schema_extra=_as_told)

    minor: int
    """Signed amount in minor units (cents, paise); negative means money going out."""
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _from_amount(cls, value: Any) -> Any:  # any value from JSON or a caller
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
            ValueError: The amount is not a number, or has more decimals than the currency.
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
            raise ValueError(f"{self.currency} and {other.currency} cannot be added together")

    def scaled(self, factor: Decimal) -> Money:
        """Return the amount times a factor, rounded half to even to minor units."""
        return Money(
            minor=int((self.minor * factor).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), currency=self.currency
        )

    def __str__(self) -> str:
        return f"{self.amount:,}" if self.currency == UNKNOWN_CURRENCY else f"{self.amount:,} {self.currency}"


_MOST_DIGITS = 30
"""Digits before the point beyond which an amount is not converted to an integer: 1e999999 would take a million
digits."""


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except decimal.InvalidOperation:
        raise ValueError("the amount is not a number") from None


def minor_units(amount: Decimal, currency: str) -> int:
    """Return an exact amount as minor units.

    Raises:
        ValueError: The amount is not a finite number, or has more decimals than the currency.
    """
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount")
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


@dataclass(frozen=True, slots=True)
class MoneyBounds:
    """Defines a money type of a payload: ``Annotated[Money, MoneyBounds(most=10**14, least=0)]``.

    The type accepts ``Money``, ``{"amount": ..., "currency": ...}``, and a plain number or text, which is an amount in
    rupees. A float counts as its shortest decimal form, so 19.99 is 1,999 paise.
    """

    most: int
    """Largest amount, in minor units."""
    least: int | None = None
    """Smallest amount, in minor units; ``-most`` by default."""
    only: str | None = None
    """The only accepted currency; any by default."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.no_info_before_validator_function(_from_number, handler(source))
        return core_schema.no_info_after_validator_function(self._checked, read)

    def _checked(self, value: Money) -> Money:
        if self.only is not None and value.currency != self.only:
            raise ValueError(f"is in {value.currency}, and must be in {self.only}")
        least = -self.most if self.least is None else self.least
        if not least <= value.minor <= self.most:
            raise ValueError(f"is outside {least:,} to {self.most:,} minor units")
        return value


def _from_number(value: Any) -> Any:  # whatever JSON or a caller hands over
    if isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool):
        return Money.of(_number(value), INR)
    return value


MOST_PAISE = 10**14
"""A lakh crore rupees, more than the income or the policy of any individual."""
SignedRupees = Annotated[Money, MoneyBounds(most=MOST_PAISE, only=INR)]
"""Rupees that may be negative."""
Rupees = Annotated[Money, MoneyBounds(most=MOST_PAISE, only=INR, least=0)]
"""Rupees, at least 0."""
PaidRupees = Annotated[Money, MoneyBounds(most=MOST_PAISE, only=INR, least=1)]
"""Rupees, above 0."""

_WIDE = decimal.Context(prec=60)
"""Precision that is sufficient to round any amount within the bounds."""


def rounded_money(amount: Decimal, currency: str, *, most: int = 10**30, rounding: str = ROUND_HALF_UP) -> Money:
    """Return a computed amount of major units as money, rounded to minor units.

    Args:
        amount: In major units, with any number of digits.
        currency: ISO 4217 code.
        most: Largest amount, in minor units.
        rounding: A rounding mode of ``decimal``; half up by default.

    Raises:
        InputError: The amount is larger than ``most``, for example as the sum of very large inputs.
    """
    bounded = amount.is_finite() and amount.adjusted() <= _MOST_DIGITS
    minor = amount.scaleb(exponent(currency), context=_WIDE) if bounded else None
    if minor is None or abs(minor) > most:
        raise InputError(
            "amounts", f"amount to more than {most:,} minor units of {currency}", "give smaller amounts, in major units"
        )
    return Money(minor=int(minor.to_integral_value(rounding)), currency=currency)


def rupees(amount: Decimal) -> Money:
    """Return computed rupees as money, rounded half up to the paisa.

    Raises:
        InputError: The amount exceeds a lakh crore.
    """
    return rounded_money(amount, INR, most=MOST_PAISE)


def paise(minor: int) -> Money:
    """Return whole paise as money.

    Raises:
        InputError: The amount exceeds a lakh crore rupees.
    """
    return rupees(Decimal(minor).scaleb(-2, context=_WIDE))


def one_currency(amounts: Iterable[Money]) -> str:
    """Return the currency that all amounts share.

    Raises:
        ValueError: There are several currencies.
    """
    found = sorted({amount.currency for amount in amounts})
    if len(found) != 1:
        raise ValueError(f"amounts are in {', '.join(found)}; convert them to one currency first")
    return found[0]
