"""A country: its currency, shops and seasons, and the statement format of its banks."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.draft import Draft
    from genie_finance.synthetic.transaction import Rail, Transaction

Words = tuple[str, str]
"""The bank's word for a booking, and its narration."""


class Export(NamedTuple):
    """The format in which a country's banks export a statement."""

    header: tuple[str, ...]
    row: Callable[[Transaction, Customer], tuple[str, ...]]
    delimiter: str
    encoding: str
    quoted: bool
    """True if every cell is in quotes."""
    newest_first: bool
    profile: Mapping[str, str]
    """Facts that the file does not show, as fields of a statement profile: date order, currency, encoding."""


class Country(NamedTuple):
    """Properties of a country; amounts are minor units, on a common scale where a month's net pay is 2,600.00."""

    code: str
    """ISO 3166."""
    currency: str
    """ISO 4217; all have two digits after the point."""
    price: int
    """Minor units in shops for 1.00 on the common scale."""
    pay: int
    """Minor units in wages and rents for 1.00 on the common scale."""
    whole: bool
    """True if prices are in whole major units."""
    overdraft: int
    """Usual arranged overdraft in percent of a month's income; 0 if there is none."""
    debit_rate: int
    """Yearly interest on an overdraft in hundredths of a percent."""
    credit_rate: int
    """Yearly interest on a balance in hundredths of a percent."""
    interest_months: tuple[int, ...]
    """Months at the end of which interest is booked."""
    pay_day: int
    """Day of the month of wages; 0 for every other Friday."""
    bonus_month: int
    energy: tuple[int, ...]
    """Percent of the average energy bill, January to December."""
    holidays: tuple[int, ...]
    """Months with long journeys."""
    threshold: int
    """Cash amount from which banks report, in minor units; rings remain below it."""
    iban: bool
    bank: str
    """The prefix of the account number, of an institution that does not exist."""
    account_digits: int
    cities: tuple[str, ...]
    given: tuple[str, ...]
    """First names."""
    families: tuple[str, ...]
    """Invented last names."""
    shops: Mapping[str, tuple[str, ...]]
    """Invented shops and providers by category."""
    words: Mapping[str, str]
    """Texts of payments by kind: ``salary``, ``rent`` and so on."""
    rails: Mapping[str, tuple[Rail, ...]]
    """Rail of payments in shops by category; ``""`` for all others."""
    wording: Callable[[Draft, str, Customer], Words]
    """The bank's text for a draft with a reference."""
    export: Export

    def __hash__(self) -> int:  # by its code, so that accounts can be cached by country
        return hash(self.code)


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a text, separated by bars."""
    return tuple(name.strip() for name in text.split("|"))


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def month_name(day: int) -> str:
    """Return month and year of an ordinal date as ``JAN 2025``, independent of the locale of the process."""
    date = datetime.date.fromordinal(day)
    return f"{_MONTHS[date.month - 1]} {date.year}"


def decimal(minor: int, mark: str = ".") -> str:
    """Return an amount in major units with two digits."""
    digits = f"{minor:03d}" if minor >= 0 else f"{minor:04d}"  # the sign counts as one
    return f"{digits[:-2]}{mark}{digits[-2:]}"
