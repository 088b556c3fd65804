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
_BUDDHIST, _MINGUO = 543, 1911
"""What the year of a calendar is ahead of the common one, in Thailand, and behind it, in Taiwan (``114/04/13``)."""

# Every repetition is bounded and cells longer than forty characters are never tried, so matching cannot run away.
_ZONE = (
    r"(?: ?(?:Z|[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Z]{3,4}(?:[+-][0-9]{1,2}(?::?[0-9]{2})?)?|\[[A-Za-z_/]{3,30}\])){0,2}"
)
_TIME = (
    r"(?:(?:[ T,]{1,2}|T|,? [^\W\d_]{1,4}\.? | - | / )[0-9]{1,2}[:.h][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?" + _ZONE + r")?"
)
_NUMERIC = re.compile(r"([0-9]{1,4})([./-]) ?([0-9]{1,2})\2 ?([0-9]{1,4})\.?" + _TIME)
_COMPACT = re.compile(
    r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:T?(?:[0-9]{6}|[0-9]{4})(?:\.[0-9]{1,6})?)?(?:Z|\[[^\]]{1,12}\])?"
)
_EASTERN = re.compile(r"([0-9]{4}) ?[\u5e74\ub144] ?([0-9]{1,2}) ?[\u6708\uc6d4] ?([0-9]{1,2}) ?[\u65e5\uc77c]" + _TIME)
"""``2025年4月13日`` of Japan and China, ``2025년 4월 13일`` of Korea."""
_ERA = re.compile(
    r"(R|\u4ee4\u548c|H|\u5e73\u6210) ?([0-9]{1,2}|\u5143)[./\u5e74-] ?([0-9]{1,2})[./\u6708-] ?([0-9]{1,2})\u65e5?"
)
"""``R7.4.13``, ``令和7年4月13日``: years of the eras of Japan."""
_ERAS = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988}
_TIME_FIRST = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp][Mm])?,? (?=[0-9]{1,4}[^0-9:])")
_WEEKDAY = re.compile(r"[^\W\d_]{2,9}\.?,? (?=[0-9])")
_DAY_MONTH_NAME = re.compile(
    r"([0-9]{1,4})(?:st|nd|rd|th)?(?: de)?[ ./-]{0,2}([^\W\d_]{3,12})(?: de)?[ ,./-]{0,3}'?([0-9]{1,4})" + _TIME
)
_MONTH_NAME_DAY = re.compile(
    r"([^\W\d_]{3,12})[ ./-]{0,2}([0-9]{1,2})(?:st|nd|rd|th)?[ ,./-]{1,3}'?([0-9]{4}|[0-9]{2})" + _TIME
)

_MONTH_NAMES = """
jan january januar januari janvier janv janeiro gennaio gen enero ene janner jaenner tammi tammikuu sty stycznia
 led ledna januára ocak oca янв января січ січня ιαν ιανουαριου ianuarie ian januar
feb february februar februari fevrier fevr fev fevereiro febbraio febrero helmi helmikuu lut lutego uno unora únor subat
 şub sub фев февраля лют лютого φεβ φεβρουαριου februarie februara
mar march marz maerz mrz maart mrt mars marco marzo marts maalis maaliskuu marca bre brezna mart мар марта бер березня
 μαρ μαρτιου martie marec marcius márc marc
apr april avril avr abril abr aprile huhti huhtikuu kwi kwietnia dub dubna nisan nis апр апреля кві квітня απρ απριλιου
 aprilie aprila aprilis ápr
may mai mei maio mayo maggio mag maj touko toukokuu maja kve kvetna mayis май мая тра травня μαι μαιου maju majus máj
jun june juni juin junho junio giugno giu kesa kesakuu cze czerwca cvn cervna haziran haz июн июня чер червня ιουν
 ιουνιου iunie iun juna junius jún
jul july juli juillet juil julho julio luglio lug heina heinakuu lipca cvc cervence temmuz tem июл июля лип липня
 ιουλ ιουλιου iulie iul jula julius júl
aug august augustus aout aou agosto ago augusti elo elokuu sie sierpnia srpna agustos авг августа сер серпня αυγ
 αυγουστου augusta augusztus
sep sept september septembre setembro set settembre septiembre syys syyskuu wrz wrzesnia zar zari eylul eyl сен сентября
 вер вересня σεπ σεπτεμβριου septembrie septembra szeptember szept
oct october okt oktober octobre outubro out ottobre ott octubre loka lokakuu paz pazdziernika rij rijna ekim eki окт
 октября жов жовтня οκτ οκτωβριου octombrie oktobra
nov november novembre novembro noviembre marras marraskuu kasim kas ноя ноября νοε νοεμβριου noiembrie noi
 novembra
dec december dez dezember decembre dezembro dicembre dic diciembre des desember joulu joulukuu gru grudnia pro prosince
 aralik ara дек декабря гру грудня δεκ δεκεμβριου decembrie decembra
"""
_MONTHS = {
    unaccented(name): month
    for month, names in enumerate(_MONTH_NAMES.replace("\n ", " ").strip().splitlines(), start=1)
    for name in names.split()
}


def date_readings(cell: str) -> Readings | None:  # noqa: PLR0911 - one return a writing
    """Return what a cell can mean as a date, or None if it is none in any order.

    A time of day after the date is allowed and dropped.
    """
    if not 6 <= len(cell) <= _LONGEST or not (
        cell[0].isdigit() or cell[-1].isdigit() or cell[-1] == "\u65e5" or ":" in cell
    ):
        return None
    if not (cell[0].isdigit() or cell[0].isalpha()):
        return None
    if cell[0].isalpha() and (day := _WEEKDAY.match(cell)):  # "Thu, 13 Feb 2025"; a month stays, and is tried below
        rest = cell[day.end() :]
        if unaccented(day[0].strip("., ")) not in _MONTHS:
            cell = rest
    if ":" in cell[:3] and (time := _TIME_FIRST.match(cell)):
        cell = cell[time.end() :]
    if match := _NUMERIC.fullmatch(cell):
        return _numeric(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(cell):
        return _same(_date(match[1], match[2], match[3]))
    if match := _EASTERN.fullmatch(cell):
        return _same(_date(match[1], match[2], match[3]))
    if match := _ERA.fullmatch(cell):
        return _same(_date(str(_ERAS[match[1]] + (1 if match[2] == "\u5143" else int(match[2]))), match[3], match[4]))
    if match := _DAY_MONTH_NAME.fullmatch(cell):
        return _around_name(match[1], match[2], match[3])
    if match := _MONTH_NAME_DAY.fullmatch(cell):
        return _same(_named(match[3], match[1], match[2]))
    return None


def _numeric(first: str, second: str, third: str) -> Readings | None:
    if len(first) == 4:
        return _same(_date(first, second, third)) if len(third) <= 2 else None
    if len(first) == 3:
        return _same(_date(str(int(first) + _MINGUO), second, third)) if len(third) <= 2 else None
    if len(third) not in {2, 4}:
        return None
    dmy, mdy = _date(third, second, first), _date(third, first, second)
    ymd = _date(first, second, third) if len(first) == len(third) == 2 else None
    return (dmy, mdy, ymd) if dmy or mdy or ymd else None


def _around_name(first: str, name: str, last: str) -> Readings | None:
    """Return what ``13-Apr-25`` or ``2025-Apr-3`` can mean: of two numbers beside a month, either may be the year."""
    day_first = _named(last, name, first) if len(last) in {2, 4} and len(first) <= 2 else None
    year_first = _named(first, name, last) if len(first) in {2, 4} and len(last) <= 2 else None
    if day_first is None or year_first is None:
        return _same(day_first or year_first)
    return day_first, day_first, year_first


def _same(found: datetime.date | None) -> Readings | None:
    return (found, found, found) if found else None


def _named(year: str, name: str, day: str) -> datetime.date | None:
    month = _MONTHS.get(unaccented(name.rstrip(".")))
    return _date(year, str(month), day) if month else None


def _date(year: str, month: str, day: str) -> datetime.date | None:
    number = int(year)
    if len(year) <= 2:
        number += 1900 if number >= _CENTURY_PIVOT else 2000
    elif number > _FIRST_YEAR + _BUDDHIST - 1:
        number -= _BUDDHIST
    if not _FIRST_YEAR <= number <= _LAST_YEAR:
        return None
    try:
        return datetime.date(number, int(month), int(day))
    except ValueError:
        return None


SERIAL: Final = "serial"
"""The date format of a column whose dates are the numbers by which spreadsheets store them."""
_SERIAL_ZERO = datetime.date(1899, 12, 30)
_SERIALS = (25_569, 73_050)
"""Of 1 January 1970 and 31 December 2099."""


def serial_date(cell: str) -> datetime.date | None:
    """Return the date of a spreadsheet's number, counted from 30 December 1899; a time of day is dropped."""
    whole = cell.replace(",", ".").partition(".")[0]
    if not (len(whole) == 5 and whole.isascii() and whole.isdigit() and len(cell) <= _LONGEST):
        return None
    number = int(whole)
    return _SERIAL_ZERO + datetime.timedelta(days=number) if _SERIALS[0] <= number <= _SERIALS[1] else None


def formatted_date(cell: str, date_format: str) -> datetime.date | None:
    """Return the date that a cell holds in a ``strptime`` format, or None."""
    if len(cell) > _LONGEST:
        return None
    if date_format == SERIAL:
        return serial_date(cell)
    try:
        return datetime.datetime.strptime(cell, date_format).date()  # noqa: DTZ007 - a booking date has no zone
    except (ValueError, OverflowError):
        return None
