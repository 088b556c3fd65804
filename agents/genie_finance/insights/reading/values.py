"""Amounts and dates of formats with an exact syntax."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

_AMOUNT = re.compile(r"([+-]?)([0-9]{0,15})(?:[.,]([0-9]{0,8}))?")
_FIRST_YEAR, _LAST_YEAR = 1970, 2099


def exact_amount(text: str) -> Decimal | None:
    """Return a number of digits with at most one decimal mark, or None for anything else.

    Neither OFX (2.2, section 3.2.9.1), SWIFT nor ISO 20022 allows marks between thousands.
    """
    match = _AMOUNT.fullmatch(text.strip()) if len(text) <= 40 else None
    if match is None or not (match[2] or match[3]):
        return None
    number = Decimal(f"{match[2] or '0'}.{match[3] or '0'}")
    return -number if match[1] == "-" else number


def exact_date(text: str) -> datetime.date | None:
    """Return the date of ``YYYYMMDD…`` or ``YYYY-MM-DD…`` as written, regardless of the time and zone that follow."""
    digits = text.strip()[:10].replace("-", "") if text.strip()[4:5] == "-" else text.strip()[:8]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    return calendar_date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def calendar_date(year: int, month: int, day: int) -> datetime.date | None:
    """Return a date, or None if it does not exist or the year is not plausible for a bank's export."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
