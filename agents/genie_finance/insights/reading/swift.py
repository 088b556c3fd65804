"""MT940, the statement of SWIFT in its many dialects: the library `mt-940` parses the fields, this module the file.

Source: SWIFT, MT940 customer statement message, fields 25, 60a, 61, 62a and 86. The library's whole-file parser is not
used: it stops at the first field that it cannot read, and gives no line numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.errors import InputError
from genie_finance.domain.narrations import Rail
from genie_finance.insights.reading.bookings import Balance, Block, Booking, compose, stated_reference
from genie_finance.insights.reading.encoding import decode
from genie_finance.insights.reading.libraries import library
from genie_finance.insights.reading.values import calendar_date, exact_amount
from genie_finance.insights.reading.wording import joined, visible

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator
    from decimal import Decimal
    from types import ModuleType

    from genie_finance.contracts.statements import StatementProfile, StatementReading
    from genie_finance.insights.reading.choices import Choices

_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
_MAX_FIELD_CHARS = 1_000
"""Longest value handed to the library's patterns; field 61 has at most 100, the others fewer."""
_MAX_DETAILS_CHARS = 8_192
_CENTURY_PIVOT = 70
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
"""A reversal of a credit is outgoing money."""
_RAILS = {"TRF": Rail.TRANSFER, "CHK": Rail.CHECK, "DDT": Rail.DIRECT_DEBIT, "STO": Rail.STANDING_ORDER}
_STRUCTURED = re.compile(r"[0-9]{3}(?:[^0-9A-Za-z\s])")
"""A German transaction code and the mark that separates its sub-fields, ``166?``."""
_CODE_CHARS = 4
_REMITTANCE_KINDS = frozenset({"USTD", "STRD"})
_CODED = re.compile(r"/(NAME|REMI|BENM|ORDP|CNTP)/")


@dataclass(frozen=True, slots=True)
class _Field:
    tag: str
    line: int
    lines: tuple[str, ...]


def read_mt940(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of every statement in an MT940 file.

    Raises:
        InputError: It has no statement line, or too few readable ones; or the library is missing.
    """
    text = decode(name, content, profile, choices)
    fields = list(_fields(text))
    if not any(one.tag == "61" for one in fields):
        raise InputError(name, "is an MT940 file without a statement line (:61:)", "export a longer period")
    tags = library("mt940", name=name, what="an MT940 file")
    return compose(name, "mt940", _Reader(tags).blocks(fields), profile, choices)


def _fields(text: str) -> Iterator[_Field]:
    """Yield the fields with their first lines, without text before the first field and after a ``-``."""
    tag, start, taken = "", 0, list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        body = line.partition("{4:")[2] if line.startswith(("{1:", "{4:")) else line
        match = _TAG.match(body)
        ends = body.rstrip() in {"-", "-}"} or body.startswith("-}")
        if match or ends or body is not line:
            if tag:
                yield _Field(tag, start, tuple(taken))
            tag, start, taken = (match[1], number, [body[match.end() :].rstrip()]) if match else ("", 0, [])
        elif tag:
            taken.append(body.rstrip())
    if tag:
        yield _Field(tag, start, tuple(taken))


class _Reader:
    def __init__(self, module: ModuleType) -> None:
        self._line: Any = module.tags.Statement()
        self._balance: Any = module.tags.FinalOpeningBalance()
        self._account: Any = module.tags.AccountIdentification()
        self._context: Any = module.models.Transactions()

    def blocks(self, fields: list[_Field]) -> list[Block]:
        blocks: list[Block] = []
        for position, one in enumerate(fields):
            if one.tag == "20" or not blocks:
                blocks.append(Block(one.line))
            block = blocks[-1]
            if one.tag in {"25", "25P"}:
                found = self._parsed(self._account, "".join(one.lines[:1]))
                block.account = visible(found["account_identification"] or "") if found else ""
            elif one.tag in {"60F", "60M", "62F", "62M"}:
                self._state_balance(block, one)
            elif one.tag == "34F":  # MT942 states no balance: the floor limit has the currency
                block.currency = block.currency or "".join(one.lines)[:3].upper()
            elif one.tag == "61":
                after = fields[position + 1] if position + 1 < len(fields) else None
                self._state_booking(block, one, after if after and after.tag == "86" else None)
        return blocks

    def _parsed(self, tag: Any, value: str) -> dict[str, str | None] | None:
        """Return the parts of a field, None if it does not match; patterns only see bounded text."""
        if len(value) > _MAX_FIELD_CHARS:
            return None
        try:
            found: dict[str, str | None] = tag.parse(self._context, value)
        except RuntimeError:  # what the library raises, with the text in its words
            return None
        return found

    def _state_balance(self, block: Block, one: _Field) -> None:
        found = self._parsed(self._balance, "".join(one.lines))
        amount = exact_amount(found["amount"] or "") if found else None
        if found is None or amount is None:
            block.refuse(one.line, f"the balance (:{one.tag}:) cannot be read")
            return
        block.currency = block.currency or (found["currency"] or "").upper()
        signed = -amount if (found["status"] or "").upper() == "D" else amount
        date = _date(found["year"], found["month"], found["day"])
        if one.tag.startswith("60"):
            block.opening = Balance(one.line, signed, date)
        else:
            block.closing = Balance(one.line, signed, date)

    def _state_booking(self, block: Block, one: _Field, details: _Field | None) -> None:
        # A second line of the field is its supplementary details, for which the pattern takes no more than one.
        found = self._parsed(self._line, "\n".join((one.lines[0], " ".join(one.lines[1:]))).rstrip("\n"))
        if found is None:
            block.refuse(one.line, "the statement line (:61:) is not in the MT940 format")
            return
        sign = _SIGNS.get((found["status"] or "").upper())
        amount = exact_amount(found["amount"] or "")
        date = _booked_on(found)
        if date is None:
            block.refuse(one.line, "the date of the statement line (:61:) does not exist")
        elif amount is None or sign is None:
            block.refuse(one.line, "the statement line (:61:) has no amount")
        else:
            block.bookings.append(self._booking(found, one, details, date=date, amount=amount * sign))

    def _booking(
        self,
        found: dict[str, str | None],
        one: _Field,
        details: _Field | None,
        *,
        date: datetime.date,
        amount: Decimal,
    ) -> Booking:
        narration = _narration(details.lines) if details else ""
        if not narration:
            told = (found["extra_details"] or "", stated_reference(found["customer_reference"] or ""))
            narration = joined(map(visible, told))
        return Booking(
            line=one.line,
            date=date,
            narration=narration,
            amount=amount,
            reference=found["bank_reference"] or "",
            rail=_RAILS.get((found["id"] or "")[1:].strip().upper()),
        )


def _date(year: str | None, month: str | None, day: str | None) -> datetime.date | None:
    if not (year and month and day and month.strip() and day.strip()):
        return None
    number = int(year)
    return calendar_date(number + (1900 if number >= _CENTURY_PIVOT else 2000), int(month), int(day))


def _booked_on(found: dict[str, str | None]) -> datetime.date | None:
    """Return the booking date, which lacks its year: that of the value date, or around New Year the adjacent one."""
    month = (found["entry_month"] or "").strip()
    if not month:
        return _date(found["year"], found["month"], found["day"])
    apart = int(month) - int(found["month"] or month)
    shift = -1 if apart > 6 else 1 if apart < -6 else 0
    year = (int(found["year"] or "0") + shift) % 100
    return _date(f"{year:02}", month, found["entry_day"])


def _narration(lines: tuple[str, ...]) -> str:
    """Return the text of field 86: names and purpose where it has sub-fields, else all of it."""
    whole = "".join(lines)
    if len(whole) <= _MAX_DETAILS_CHARS:
        if _STRUCTURED.match(whole):
            return _structured(whole)
        if _CODED.search(whole):
            return _coded(whole)
    return joined([" ".join(map(visible, lines))])


def _structured(whole: str) -> str:
    """Return booking text, name and purpose of sub-fields such as ``166?00GUTSCHRIFT?20RECHNUNG?32MEIER``.

    Source: Deutsche Kreditwirtschaft, DFÜ-Abkommen annex 3, field 86: 00 booking text, 20-29 and 60-63 purpose,
    32 and 33 name.
    """
    parts: dict[int, str] = {}
    for part in whole[3:].split(whole[3])[1:]:
        code = part[:2]
        if code.isascii() and code.isdigit():
            parts[int(code)] = parts.get(int(code), "") + part[2:]
    name = "".join(parts.get(code, "") for code in (32, 33))
    purpose = "".join(parts.get(code, "") for code in (*range(20, 30), *range(60, 64)))
    return joined(map(visible, (parts.get(0, ""), name, purpose)))


def _coded(whole: str) -> str:
    """Return name and purpose from words between slashes, ``/NAME/J. Smit/REMI/Rent May``, the Dutch form."""
    taken: dict[str, list[str]] = {}
    code = ""
    for part in whole.split("/"):
        if part in _REMITTANCE_KINDS:
            continue
        if len(part) == _CODE_CHARS and part.isascii() and part.isalpha() and part.isupper():
            code = part
        elif code:
            taken.setdefault(code, []).append(part)
    if "CNTP" in taken:  # account, bank, name, city
        taken["CNTP"] = taken["CNTP"][2:3]
    texts = ["/".join(taken.get(key, ())).strip("/") for key in ("NAME", "BENM", "ORDP", "CNTP", "REMI")]
    return joined(map(visible, texts)) or joined([whole])
