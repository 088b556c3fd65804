"""Dates as banks write them, read without knowing yet which number is the day."""

from __future__ import annotations

import datetime
import re
from typing import Final

from genie_finance.insights.reading.vocabulary import unaccented

ORDERS: Final = ("dmy", "mdy", "ymd")

Readings = tuple[datetime.date | None, datetime.date | None, datetime.date | None]
"""What a cell says under each of ``ORDERS``; all the same where the writing leaves no choice."""

_LONGEST = 40
_CENTURY_PIVOT = 70
"""Two-digit years from 70 are 19xx, those below 20xx; bank exports of the 1960s do not exist."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2099

# Every repetition is bounded and cells longer than forty characters are never tried, so matching cannot run away.
_TIME = (
    r"(?:[ T,]{1,2}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?"
    r"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_NUMERIC = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})\.?" + _TIME)
_COMPACT = re.compile(
    r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:T?(?:[0-9]{6}|[0-9]{4})(?:\.[0-9]{1,6})?)?(?:Z|\[[^\]]{1,12}\])?"
)
_DAY_MONTH_NAME = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[ ./-]{0,2}([^\W\d_]{3,12})[ ,./-]{0,3}'?([0-9]{4}|[0-9]{2})" + _TIME
)
_MONTH_NAME_DAY = re.compile(
    r"([^\W\d_]{3,12})[ ./-]{0,2}([0-9]{1,2})(?:st|nd|rd|th)?[ ,./-]{1,3}'?([0-9]{4}|[0-9]{2})" + _TIME
)

_MONTH_NAMES = """
jan january januar januari janvier janv janeiro gennaio gen enero ene janner jaenner
feb february februar februari fevrier fevr fev fevereiro febbraio febrero
mar march marz maerz mrz maart mrt mars marco marzo marts
apr april avril avr abril abr aprile
may mai mei maio mayo maggio mag maj
jun june juni juin junho junio giugno giu
jul july juli juillet juil julho julio luglio lug
aug august augustus aout aou agosto ago augusti
sep sept september septembre setembro set settembre septiembre
oct october okt oktober octobre outubro out ottobre ott octubre
nov november novembre novembro noviembre
dec december dez dezember decembre dezembro dicembre dic diciembre des desember
"""
_MONTHS = {
    name: month for month, names in enumerate(_MONTH_NAMES.strip().splitlines(), start=1) for name in names.split()
}


def date_readings(cell: str) -> Readings | None:
    """Return what a cell can mean as a date, or None if it is none in any order.

    A time of day after the date is allowed and dropped.
    """
    if not 6 <= len(cell) <= _LONGEST or not (cell[0].isdigit() or cell[-1].isdigit() or ":" in cell):
        return None
    if match := _NUMERIC.fullmatch(cell):
        return _numeric(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(cell):
        return _same(_date(match[1], match[2], match[3]))
    if match := _DAY_MONTH_NAME.fullmatch(cell):
        return _same(_named(match[3], match[2], match[1]))
    if match := _MONTH_NAME_DAY.fullmatch(cell):
        return _same(_named(match[3], match[1], match[2]))
    return None


def _numeric(first: str, second: str, third: str) -> Readings | None:
    if len(first) == 4:
        return _same(_date(first, second, third)) if len(third) <= 2 else None
    if len(first) == 3 or len(third) == 3:
        return None
    dmy, mdy = _date(third, second, first), _date(third, first, second)
    ymd = _date(first, second, third) if len(first) == len(third) == 2 else None
    return (dmy, mdy, ymd) if dmy or mdy or ymd else None


def _same(found: datetime.date | None) -> Readings | None:
    return (found, found, found) if found else None


def _named(year: str, name: str, day: str) -> datetime.date | None:
    month = _MONTHS.get(unaccented(name))
    return _date(year, str(month), day) if month else None


def _date(year: str, month: str, day: str) -> datetime.date | None:
    number = int(year)
    if len(year) <= 2:
        number += 1900 if number >= _CENTURY_PIVOT else 2000
    if not _FIRST_YEAR <= number <= _LAST_YEAR:
        return None
    try:
        return datetime.date(number, int(month), int(day))
    except ValueError:
        return None


def formatted_date(cell: str, date_format: str) -> datetime.date | None:
    """Return the date that a cell holds in a ``strptime`` format, or None."""
    if len(cell) > _LONGEST:
        return None
    try:
        return datetime.datetime.strptime(cell, date_format).date()  # noqa: DTZ007 - a booking date has no zone
    except (ValueError, OverflowError):
        return None
