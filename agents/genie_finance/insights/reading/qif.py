"""QIF, the interchange format of Quicken: accounts of banks, cards and cash, read as a table.

Source: Quicken Interchange Format, the fields of accounts without securities. QIF states neither the order of a date's
parts nor a currency, so both are determined or assumed as for a CSV file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.insights.reading.cells import Cells
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.dialect import MAX_CELL_CHARS, Record, record, split_lines
from genie_finance.insights.reading.encoding import decode
from genie_finance.insights.reading.table import find_table
from genie_finance.insights.reading.tabular import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie_finance.contracts.statements import StatementProfile, StatementReading
    from genie_finance.insights.reading.choices import Choices

_OF_MONEY = frozenset({"bank", "cash", "ccard", "oth a", "oth l"})
_HEADER = ("Date", "Amount", "Payee", "Memo", "Category", "Reference")
_FIELDS = "DTPMLN"
_APOSTROPHE = re.compile(r"' ?([0-9]{1,2})$")
_EXPORT = "export one account of a bank, a card or cash at a time"


def read_qif(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of the one account in a QIF file.

    Splits are part of their transaction. The opening balance that Quicken writes as a first transaction is skipped.

    Raises:
        InputError: It has several accounts, no account of a bank, card or cash, or nothing that can be read.
    """
    records = _records(name, split_lines(name, decode(name, content, profile, choices)), choices)
    if not records:
        raise InputError(name, "is a QIF file in which no bank, card or cash account has transactions", _EXPORT)
    if all(one.problem for one in records):
        raise InputError(
            name, f"is a QIF file without a complete transaction; line {records[0].line} {records[0].problem}"
        )
    cells = Cells(profile)
    table = find_table([Record(1, _HEADER), *records], cells, profile, choices)
    return read_tables(name, table, cells, profile, choices).model_copy(update={"form": "qif"})


def _records(name: str, lines: Iterable[str], choices: Choices) -> list[Record]:
    found: list[Record] = []
    opening: list[int] = []
    accounts = 0
    reads = False
    entry: dict[str, str] = {}
    start = 0
    for number, written in enumerate(lines, start=1):
        line = written.strip("\r\n\ufeff ")[: MAX_CELL_CHARS + 2]
        if line.startswith("!"):
            kind = line.lower()
            if kind.startswith("!type:"):
                reads = kind[6:].strip() in _OF_MONEY
                accounts += reads
            elif kind.startswith("!account"):
                reads = False
            entry = {}
        elif not reads or not line:
            continue
        elif line.startswith("^"):
            if entry.get("P", "").casefold() == "opening balance" and entry.get("L", "").startswith("["):
                opening.append(start)
            elif entry:
                found.append(record(start, [_date(entry.get("D", "")), *(entry.get(one, "") for one in _FIELDS[1:])]))
            entry = {}
        else:
            start = start if entry else number
            entry.setdefault("T" if line[0] == "U" else line[0], line[1:].strip())
    if entry:
        found.append(Record(start, (), "is cut off: its transaction does not end with ^"))
    if accounts > 1 and found:
        raise InputError(name, f"is a QIF file with {accounts} accounts, which cannot be read as one", _EXPORT)
    if opening:
        choices.notice(f"{name_lines(opening)}: an opening balance is not a transaction")
    return found


def _date(written: str) -> str:
    """Return a date with its full year if an apostrophe marks a year after 1999: ``2/13' 5``."""
    return _APOSTROPHE.sub(lambda year: f"/20{int(year[1]):02}", written).replace("/ ", "/")
