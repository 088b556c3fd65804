"""Statements as tables: the CSV export of a bank in any dialect, and the same table from a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.contracts.money import UNKNOWN_CURRENCY, minor_units
from genie_finance.contracts.statements import (
    Quarantined,
    Statement,
    StatementProfile,
    StatementReading,
    Transaction,
)
from genie_finance.insights.making import money, transaction
from genie_finance.insights.reading.cells import Cells
from genie_finance.insights.reading.choices import Choices
from genie_finance.insights.reading.columns import ColumnFinder
from genie_finance.insights.reading.dates import ORDERS, SERIAL, serial_date
from genie_finance.insights.reading.denomination import Denomination
from genie_finance.insights.reading.dialect import DELIMITER_NAMES, find_delimiter, split_lines, tokenise
from genie_finance.insights.reading.encoding import decode
from genie_finance.insights.reading.headers import header_roles
from genie_finance.insights.reading.identity import identity
from genie_finance.insights.reading.numerals import date_order, decimal_marks
from genie_finance.insights.reading.rows import Read, RowReader
from genie_finance.insights.reading.signs import chain, check_balance, signed_amounts, with_balances_after
from genie_finance.insights.reading.statuses import booked
from genie_finance.insights.reading.steps import marks_by_steps
from genie_finance.insights.reading.table import Table, find_table, later_table, with_spelt_marks

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from genie_finance.insights.reading.amounts import DecimalMark

_MOST_TABLES = 20
_SAMPLE = 300
_GIVE_PROFILE = (
    "give a profile (--profile FILE) with `delimiter:`, `date_column:`, `date_format:`, `amount_column:` or `currency:`"
)


def read_csv(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of a bank's CSV export, in the file's order.

    What the file determines is read; what it leaves open is chosen and said as an assumption, with the profile line
    that settles it. A row that cannot be read is quarantined with its line and reason.

    Raises:
        InputError: The file is not CSV, has no transactions, more than half of its rows cannot be read, or the profile
            does not fit it. The error quotes header names, never the content of a row.
    """
    cells = Cells(profile)
    lines = split_lines(name, decode(name, content, profile, choices))
    delimiter, movements = find_delimiter(lines, cells)
    delimiter = profile.delimiter or delimiter
    records = tokenise(lines, delimiter)
    table = find_table(records, cells, profile, choices)
    if not movements and not table.header:
        tried = DELIMITER_NAMES[profile.delimiter] if profile.delimiter else "commas, semicolons, tabs or bars"
        problem = next((record.problem for record in records if record.problem), "")
        first = f" (the first that cannot be used {problem})" if problem else ""
        raise InputError(
            name,
            f"has no line with both a date and an amount; {len(lines):,} read, split at {tried}{first}",
            _GIVE_PROFILE,
        )  # fmt: skip
    return read_tables(name, table, cells, profile, choices)


def read_tables(name: str, table: Table, cells: Cells, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of a table, and of those that follow it in the file with a preamble of their own.

    Raises:
        InputError: As ``read_table``; also where a later table cannot be read, since its rows would be missing.
    """
    seen: dict[str, int] = {}
    readings = []
    if holds_serials(table, cells):
        choices.assume(
            "date_format", SERIAL,
            "the column of dates holds numbers such as spreadsheets store dates by; read as days from 1899-12-30",
        )  # fmt: skip
        profile = profile.model_copy(update={"date_format": SERIAL})
        cells = Cells(profile)
    records = table.rows
    for _ in range(_MOST_TABLES):
        at = later_table(records, table, cells)
        first = table if at is None else table._replace(rows=tuple(records[:at]))
        readings.append(read_table(name, first, cells, profile, choices, seen))
        if at is None:
            break
        records = records[at:]
        table = find_table(list(records), cells, profile.model_copy(update={"skip_rows": None}), choices)
        choices.notice(f"line {records[0].line} begins another table, which is read with its own header")
        records = table.rows
    else:
        raise InputError(name, f"holds more than {_MOST_TABLES} tables", "split it into one file for each account")
    return readings[0] if len(readings) == 1 else _joined(readings, choices)


def holds_serials(table: Table, cells: Cells) -> bool:
    """True if a column that the header names for dates holds nothing but numbers of the size of stored dates."""
    if table.header is None:
        return False
    for column, name in enumerate(table.header.cells):
        if "date" in header_roles(name):
            held = [row.cells[column] for row in table.rows[:_SAMPLE] if column < len(row.cells) and row.cells[column]]
            if any(map(cells.date, held)):
                return False
            if held and sum(serial_date(cell) is not None for cell in held) * 10 >= 9 * len(held):
                return True
    return False


def _joined(readings: list[StatementReading], choices: Choices) -> StatementReading:
    accounts = {one.statement.account for one in readings}
    return StatementReading(
        statement=Statement(
            account=accounts.pop() if len(accounts) == 1 else "",
            transactions=tuple(one for reading in readings for one in reading.statement.transactions),
        ),
        form="csv",
        assumptions=tuple(dict.fromkeys(choices.assumptions)),
        unproven=tuple(dict.fromkeys(choices.unproven)),
        notices=tuple(choices.notices),
        quarantined=tuple(row for reading in readings for row in reading.quarantined),
    )


def read_table(
    name: str, table: Table, cells: Cells, profile: StatementProfile, choices: Choices, seen: dict[str, int]
) -> StatementReading:
    """Return the transactions of a table whose place in the file is known.

    Raises:
        InputError: It holds no transactions, more than half of its rows cannot be read, or the profile does not fit it.
    """
    if not table.rows and table.header:
        raise InputError(
            name, f"holds a header in line {table.header.line} and no transactions", "export a longer period"
        )
    table, left_out = booked(with_spelt_marks(table), choices)
    finder = ColumnFinder(name, table, cells, profile, choices)
    mark, sure = decimal_marks(table, finder.money_columns(), cells)
    columns = finder.find(profile.decimal_mark or mark)
    order = date_order(table, columns.date, cells, profile, choices)

    left, told = _orders_left(table, columns.date, cells)

    def read_with(decimal_mark: DecimalMark, into: Choices) -> Read:
        marks = (
            {} if profile.positive_is else marks_by_steps(table, columns, cells, order=order, decimal_mark=decimal_mark)
        )
        read = RowReader(table, columns, cells, order=order, decimal_mark=decimal_mark, marks=marks).read(into)
        read.days_told = told
        return read

    if profile.decimal_mark is not None:
        mark = profile.decimal_mark
    elif not sure:
        mark = _settled_mark(read_with, mark, profile, choices)
    read = read_with(mark, choices)
    _refuse_mostly_bad(name, table, read)
    with_balances_after(read, profile, choices)
    amounts = signed_amounts(read, profile, choices)
    if columns.balance is not None:
        check_balance(read, amounts, table.name(columns.balance), choices)
    day_first = left == {"dmy"}
    denomination = Denomination(table, columns, read, profile, choices, day_first=day_first)
    transactions = _transactions(read, amounts, denomination, profile, choices.file, seen)
    _refuse_mostly_bad(name, table, read, len(transactions))
    accounts = {one.account for one in transactions}
    return StatementReading(
        statement=Statement(account=accounts.pop() if len(accounts) == 1 else "", transactions=tuple(transactions)),
        form="csv",
        assumptions=tuple(choices.assumptions),
        unproven=choices.unproven,
        notices=tuple(choices.notices),
        quarantined=tuple(sorted((*read.quarantined, *left_out), key=lambda row: row.line)),
    )


def _orders_left(table: Table, column: int, cells: Cells) -> tuple[set[str], bool]:
    """Return the orders in which every date of a column can be read, and whether all of them mean the same days."""
    found = [one for row in table.rows[:_SAMPLE] if column < len(row.cells) and (one := cells.date(row.cells[column]))]
    left = [at for at in range(len(ORDERS)) if all(one[at] is not None for one in found)]
    return {ORDERS[at] for at in left}, all(len({one[at] for at in left}) == 1 for one in found)


def _settled_mark(
    read_with: Callable[[DecimalMark, Choices], Read],
    likelier: DecimalMark,
    profile: StatementProfile,
    choices: Choices,
) -> DecimalMark:
    """Return the mark with which the running balance follows from more of the amounts, else the likelier one."""
    fits = {}
    marks: tuple[DecimalMark, DecimalMark] = (likelier, "," if likelier == "." else ".")
    for mark in marks:
        read = read_with(mark, Choices())
        fits[mark] = chain(read, signed_amounts(read, profile, Choices())).fits
    best = max(marks, key=lambda mark: fits[mark])
    if fits[marks[0]] == fits[marks[1]]:
        choices.assume(
            "decimal_mark", likelier,
            "amounts such as 1,234 or 1.234 can be read with either mark; the three digits are taken for thousands",
            f'decimal_mark: "{likelier}"',
        )  # fmt: skip
    return best


def _refuse_mostly_bad(name: str, table: Table, read: Read, good: int | None = None) -> None:
    good, bad = len(read.entries) if good is None else good, len(read.quarantined)
    if bad > good:
        first = min(read.quarantined, key=lambda row: row.line)
        raise InputError(
            name, f"{bad} of {good + bad} rows cannot be read; the first, line {first.line}: {first.reason}",
            _GIVE_PROFILE,
        )  # fmt: skip
    if not good:
        under = f" under its header in line {table.header.line}" if table.header else ""
        raise InputError(name, f"holds no transactions{under}", "export a longer period")


def _transactions(
    read: Read,
    amounts: list[Decimal | None],
    denomination: Denomination,
    profile: StatementProfile,
    file: str,
    seen: dict[str, int],
) -> list[Transaction]:
    """Return the transactions; an entry without side or with a currency that is none is quarantined instead."""
    found = []
    for entry, amount in zip(read.entries, amounts, strict=True):
        currency = denomination.of(entry)
        if amount is None:
            read.quarantined.append(
                Quarantined(line=entry.line, reason="does not say whether it is a debit or a credit")
            )
            continue
        if currency is None:
            read.quarantined.append(Quarantined(line=entry.line, reason="its currency is not an ISO 4217 code"))
            continue
        try:
            moved = money(minor_units(amount, currency), currency)
            balance = None if entry.balance is None else money(minor_units(entry.balance, currency), currency)
        except ValueError:
            read.quarantined.append(Quarantined(line=entry.line, reason=_too_many_digits(currency)))
            continue
        account = profile.account or entry.account
        found.append(
            transaction(
                identity(account, entry.date, entry.narration, moved, seen),
                entry.line,
                account,
                entry.date,
                entry.narration,
                moved,
                balance,
                file,
            )
        )
    return found


def _too_many_digits(currency: str) -> str:
    if currency == UNKNOWN_CURRENCY:
        return "has more than two digits after the point; `currency:` in a profile names one that has them"
    return f"has more digits after the point than {currency} has"
