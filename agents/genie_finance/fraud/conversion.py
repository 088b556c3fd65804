"""Converts amounts to rupees at the reference rate of their day, since legal limits apply to all currencies."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from genie_finance.contracts.money import rounded_money
from genie_finance.domain.fx import DayRates, reference_rates
from genie_finance.fraud.moments import Booked
from genie_finance.fraud.rings import CURRENCY

_OLDEST_DAYS = 7
"""Maximum age in days of an earlier rate that is used for a day without one, such as a holiday."""


class Converted(NamedTuple):
    """Transfers in a form comparable with limits in rupees."""

    transfers: tuple[Booked, ...]
    """All transfers, in the same order; those without a rate keep their currency."""
    converted: int
    unknown: int
    """Number of transfers without a rate, which were not compared with any limit."""
    days: tuple[datetime.date, ...]
    """First and last day of the rates used; empty if none was."""
    source: str


def in_rupees(transfers: Sequence[Booked]) -> Converted:
    """Return transfers with their amounts in rupees, if a rate of their day is known."""
    found: list[Booked] = []
    used: list[DayRates] = []
    unknown = 0
    for one in transfers:
        if one.transfer.amount.currency == CURRENCY:
            found.append(one)
            continue
        rates = reference_rates(one.day)
        if rates is None or _is_old(rates, one.day) or rates.lacking(one.transfer.amount.currency, CURRENCY):
            unknown += 1
            found.append(one)
            continue
        amount = one.transfer.amount
        rupees = rounded_money(amount.amount * rates.rate(amount.currency, CURRENCY), CURRENCY)
        found.append(one._replace(transfer=one.transfer.model_copy(update={"amount": rupees})))
        used.append(rates)
    days = _ends(rates.on for rates in used)
    return Converted(tuple(found), len(used), unknown, days, used[0].source if used else "")


def _is_old(rates: DayRates, day: datetime.date) -> bool:
    return (day - rates.on).days > _OLDEST_DAYS


def _ends(days: Iterable[datetime.date]) -> tuple[datetime.date, ...]:
    found = sorted(set(days))
    return (found[0], found[-1]) if found else ()
