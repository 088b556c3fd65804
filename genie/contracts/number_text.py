"""Numbers as text: a number field may contain a card or account number, which inspectors look for in strings."""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

LEAST = 100_000_000
"""A number of this size or more is also inspected as text: personal numbers have at least nine digits."""
_MOST_DIGITS = 40
NUMBERS = (int, decimal.Decimal)
"""Types besides strings that hold personal numbers; a float is excluded because it loses digits."""
_NOBODYS = re.compile(
    r"(?:^|_)(?:id|ids|ref|reference|order|txn|transaction|invoice|batch|sequence|seq|version|hash|offset|size|count|"
    r"amount|minor|total|balance|limit|price|cost|fee|tax|rate|at|time|timestamp|epoch|ms|us|ns|nonce|seed)(?:$|_)"
)
"""Names of number fields that hold no personal number: references, amounts, times."""


def may_be_personal(name: str, info: FieldInfo) -> bool:
    """Return True if a number field may hold a personal number, by its name and its upper limit."""
    limits = [getattr(limit, "le", getattr(limit, "lt", None)) for limit in info.metadata]
    return _NOBODYS.search(name) is None and not any(limit is not None and limit <= LEAST for limit in limits)


def spelt_of(name: str, value: object) -> list[str]:
    """Return the numbers of a field that are long enough to be personal, as text after the field's name."""
    numbers = value if isinstance(value, (tuple, frozenset)) else (value,)
    return [f"{name.replace('_', ' ')} {digits}" for number in numbers if (digits := digits_of(number))]


def digits_of(number: object) -> str:
    """Return a number in digits if it has at least nine before the decimal point; else nothing."""
    if type(number) is int:
        return "" if -LEAST < number < LEAST or number.bit_length() > 4 * _MOST_DIGITS else str(number)
    if isinstance(number, decimal.Decimal):
        return f"{number:f}" if 8 <= number.adjusted() < _MOST_DIGITS and len(number.as_tuple().digits) < 99 else ""
    return ""


def spelt_of_json(name: str, value: object) -> list[str]:
    """Return the numbers of a member of a JSON text, unless its name excludes personal numbers."""
    if isinstance(value, float):  # written with a point or an exponent; its value may be a long number
        value = decimal.Decimal(repr(value))
    return [] if _NOBODYS.search(name) else spelt_of(name, value)
