"""Statements as tables: CSV exports of banks in any dialect, and tables of workbooks."""

from __future__ import annotations

from itertools import pairwise
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
from genie_finance.insights.reading.books import (
    are_codes,
    is_account,
    is_charge,
    is_of_accounts,
    kinds_contradict,
    paired,
)
from genie_finance.insights.reading.cells import Cells
from genie_finance.insights.reading.choices import Choices, name_lines
from genie_finance.insights.reading.columns import ColumnFinder
from genie_finance.insights.reading.dates import (
    ORDERS,
    SERIAL,
    SHORT_FORMATS,
    SHORT_LENGTH,
    formatted_date,
    serial_date,
)
from genie_finance.insights.reading.denomination import Denomination
from genie_finance.insights.reading.dialect import DELIMITER_NAMES, find_delimiter, split_lines, tokenise
from genie_finance.insights.reading.encoding import decode
from genie_finance.insights.reading.headers import header_roles, is_minor, is_of_card
from genie_finance.insights.reading.identity import identity
from genie_finance.insights.reading.numerals import date_order, decimal_marks
from genie_finance.insights.reading.rows import Read, RowReader, is_undated
from genie_finance.insights.reading.sections import without_pending
from genie_finance.insights.reading.signs import (
    chain,
    check_balance,
    say_against_order,
    say_either_way,
    signed_amounts,
    with_balances_after,
)
from genie_finance.insights.reading.spaced import tabbed
from genie_finance.insights.reading.statuses import booked
from genie_finance.insights.reading.steps import marks_by_steps, marks_by_texts
from genie_finance.insights.reading.table import (
    Table,
    find_table,
    later_table,
    with_spelt_marks,
    with_whole_dates,
    with_years,
    without_odd_ends,
)
from genie_finance.insights.reading.vocabulary import is_kind, is_of_books, mark_of, says_card

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from genie_finance.insights.reading.amounts import DecimalMark
    from genie_finance.insights.reading.naming import Columns
    from genie_finance.insights.reading.vocabulary import Mark

_MOST_TABLES = 20
_SAMPLE = 300
_FEW = 3
"""One row in this many may lack a balance because it is not booked yet."""
_GIVE_PROFILE = (
    "give a profile (--profile FILE) with `delimiter:`, `date_column:`, `date_format:`, `amount_column:` or `currency:`"
)


def read_csv(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of a bank's CSV export, in the file's order.

    Where the file is ambiguous, the reader chooses and reports an assumption with the profile line that overrides it. A
    row that cannot be read is quarantined with its line and reason.

    Raises:
        InputError: The file is not CSV, has no transactions, more than half of its rows cannot be read, or the profile
            does not fit it. The error quotes header names, never the content of a row.
    """
    cells = Cells(profile)
    lines = split_lines(name, decode(name, content, profile, choices))
    delimiter, movements = find_delimiter(lines, cells)
    if not (movements or profile.delimiter) and (spread := tabbed(lines)):
        lines, delimiter, movements = spread, "\t", _FEW
        choices.notice("the columns are kept apart by spaces or labels, and are read by their places")
    delimiter = profile.delimiter or delimiter
    records = tokenise(lines, delimiter)
    table = find_table(records, cells, profile, choices)
    if not movements and not table.header:
        tried = DELIMITER_NAMES[profile.delimiter] if profile.delimiter else "commas, semicolons, tabs, bars or tildes"
        problem = next((record.problem for record in records if record.problem), "")
        first = f" (the first that cannot be used {problem})" if problem else ""
        raise InputError(
            name,
            f"has no line with both a date and an amount; {len(lines):,} lines were read, split at {tried}{first}",
            _GIVE_PROFILE,
        )  # fmt: skip
    return read_tables(name, table, cells, profile, choices)


def read_tables(name: str, table: Table, cells: Cells, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of a table, and of later tables in the file that have their own preamble.

    Raises:
        InputError: As ``read_table``; also where a later table cannot be read, since its rows would be missing.
    """
    seen: dict[str, int] = {}
    readings = []
    table = with_years(with_whole_dates(table))
    if holds_serials(table, cells):
        choices.assume(
            "date_format", SERIAL,
            "the column of dates contains numbers, as spreadsheets store dates; they are read as days since 1899-12-30",
        )  # fmt: skip
        profile = profile.model_copy(update={"date_format": SERIAL})
        cells = Cells(profile)
    elif short := short_dates(table, cells, choices):
        profile = profile.model_copy(update={"date_format": short})
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
        raise InputError(name, f"contains more than {_MOST_TABLES} tables", "split it into one file for each account")
    return readings[0] if len(readings) == 1 else _joined(readings, choices)


def holds_serials(table: Table, cells: Cells) -> bool:
    """True if a column with a header of dates contains only numbers in the range of stored dates."""
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


def short_dates(table: Table, cells: Cells, choices: Choices) -> str:
    """Return the format of dates of six digits, such as ``030225``, ``""`` if a column of dates holds anything else.

    The format that reads every row wins; of several, the one by which the days are in order, then the shorter period.
    """
    for column, name in enumerate(table.header.cells if table.header else ()):
        held = [row.cells[column] for row in table.rows[:_SAMPLE] if column < len(row.cells) and row.cells[column]]
        if "date" not in header_roles(name) or not held or any(map(cells.date, held)):
            continue
        fitting = []
        for form in SHORT_FORMATS:
            days = [day for cell in held if len(cell) == SHORT_LENGTH and (day := formatted_date(cell, form))]
            if len(days) == len(held):
                fitting.append((_falls(days) is None, (max(days) - min(days)).days, form))
        if len(fitting) > 1:
            choices.assume(
                "date_format", f'"{min(fitting)[2]}"',
                f"{table.name(column)} holds days of six digits that can be read in more than one order",
            )  # fmt: skip
        if fitting:
            return min(fitting)[2]
    return ""


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
    """Return the transactions of a table whose position in the file is known.

    Raises:
        InputError: It has no transactions, more than half of its rows cannot be read, or the profile does not fit it.
    """
    if not table.rows and table.header:
        raise InputError(
            name, f"has a header in line {table.header.line} but no transactions", "export a longer period"
        )
    table, left_out, unknown = booked(with_spelt_marks(table), choices)
    if left_out and not table.rows:
        raise InputError(
            name, f"has no bookings: {left_out[0].reason}; the same applies to every row", "export booked rows"
        )
    table, pending = without_pending(table, cells, choices)
    table, odd = without_odd_ends(table, cells)
    left_out += [*pending, *odd]
    finder = ColumnFinder(name, table, cells, profile, choices)
    mark, sure = decimal_marks(table, finder.money_columns(), cells)
    columns = finder.find(profile.decimal_mark or mark)
    order = date_order(table, columns.date, cells, profile, choices)

    left, told = _orders_left(table, columns.date, cells)

    rows = _Rows(table, columns, cells, order, profile, told=told)
    if columns.balance is not None:
        for lines, why in (
            (unknown, "has an unknown status, and the running balance is correct without it"),
            (_without_balance(table, columns.balance), "has no balance, and the running balance is correct without it"),
        ):
            fewer = _Rows(_less(table, lines), columns, cells, order, profile, told=told)
            if lines and rows.fits_less(fewer, mark):
                table, rows = _less(table, lines), fewer
                left_out += [Quarantined(line=line, reason=why) for line in lines]
                choices.notice(
                    f"{name_lines(lines)}: the running balance is consistent without them, so they are not "
                    "counted as bookings"
                )
    if profile.decimal_mark is not None:
        mark = profile.decimal_mark
    elif not sure:
        mark = _settled_mark(rows.read, mark, profile, choices)
    read = rows.read(mark, choices)
    _refuse_mostly_bad(name, table, read)
    with_balances_after(read, profile, choices)
    amounts = signed_amounts(read, profile, choices)
    _say_sides(table, columns, read, amounts, profile, choices)
    if amounts and not any(amounts):
        where = next(iter(columns.money))
        choices.assume("amount_column", str(where + 1), f"every amount in {table.name(where)} is zero")
    if columns.balance is not None:
        check_balance(read, amounts, table.name(columns.balance), choices)
    day_first = ("dmy" in left and "mdy" not in left) or _no_month_first(table, columns.date)
    denomination = Denomination(table, columns, read, profile, choices, day_first=day_first)
    whole = table.header is not None and any(is_minor(table.name(column)) for column in columns.money)
    if whole:
        choices.notice("according to the header, amounts are in the smallest unit of their currency")
    transactions = _transactions(read, amounts, denomination, profile, choices.file, seen, whole=whole)
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


def _say_sides(
    table: Table,
    columns: Columns,
    read: Read,
    amounts: list[Decimal | None],
    profile: StatementProfile,
    choices: Choices,
) -> None:
    """Report where nothing but the place or the name of a column says which amounts are debits."""
    if profile.debit_column is not None:
        return
    if table.header is None:
        if columns.debit is not None and columns.credit is not None and columns.credit < columns.debit:
            say_against_order(read, amounts, choices)
    elif profile.positive_is is None:
        names = [table.name(column) for column in (columns.mark, *columns.sides) if column]
        say_either_way(read, amounts, names, choices)


class _Rows:
    """Reads the rows of a table whose columns are known."""

    def __init__(
        self, table: Table, columns: Columns, cells: Cells, order: int, profile: StatementProfile, *, told: bool
    ) -> None:
        self._table = table
        self._columns = columns
        self._cells = cells
        self._order = order
        self._profile = profile
        self._told = told
        self._undated = [row.line for row in table.rows if not row.problem and is_undated(row.cells, columns, cells)]

    def read(self, decimal_mark: DecimalMark, choices: Choices) -> Read:
        """Return the rows; those without a date get the date of the row above, if the running balance confirms it."""
        if not self._undated:
            return self._read(decimal_mark, choices)
        wide = Choices(choices.file)
        wider = self._read(decimal_mark, wide, from_above=True)
        found = chain(wider, signed_amounts(wider, self._profile, Choices()))
        if not found.proves or found.breaks:
            return self._read(decimal_mark, choices)
        choices.take(wide)
        choices.notice(
            f"{name_lines(self._undated)} without a date: the date of the row above is used, which the balance confirms"
        )
        return wider

    def fits_less(self, fewer: _Rows, decimal_mark: DecimalMark) -> bool:
        """True if the running balance is inconsistent with these rows, and consistent with the fewer ones."""
        chains = []
        for rows in (self, fewer):
            read = rows.read(decimal_mark, Choices())
            chains.append(chain(read, signed_amounts(read, self._profile, Choices())))
        return bool(chains[0].breaks) and chains[1].fits > 1 and not chains[1].breaks

    def _read(self, decimal_mark: DecimalMark, choices: Choices, *, from_above: bool = False) -> Read:
        table, columns, cells = self._table, self._columns, self._cells
        marks: dict[int, Mark] = {}
        if self._profile.positive_is is None:
            marks = marks_by_steps(table, columns, cells, order=self._order, decimal_mark=decimal_mark)
            marks = marks or marks_by_texts(table, columns, cells, choices)
        reader = RowReader(
            table, columns, cells, order=self._order, decimal_mark=decimal_mark, marks=marks, from_above=from_above
        )
        read = reader.read(choices)
        read.days_told = self._told
        header = table.header.cells if table.header else ()
        charged = any(role == "debit" and is_charge(header[at]) for at, role in paired(header).items())
        read.of_card = charged or any(map(is_of_card, header)) or any(says_card(row.cells) for row in table.before)
        read.sides_named = table.header is not None or self._profile.debit_column is not None
        read.of_accounts = self._is_of_accounts(header, read)
        if columns.mark is not None:
            held = {row.cells[columns.mark] for row in table.rows if columns.mark < len(row.cells)}
            read.marks_are_kinds = all(is_kind(cell) for cell in held if mark_of(cell))
            read.blank_marks = all(map(mark_of, held - {""}))
        return read

    def _is_of_accounts(self, header: Sequence[str], read: Read) -> bool:
        """True if debits and credits are those of books: by the kinds of the rows, else by the header."""
        columns = self._columns
        named = [header[at] for at in (columns.mark, *columns.sides) if at is not None and at < len(header)]
        if not any(map(is_of_books, named)):
            return False
        at_line = {row.line: at for at, row in enumerate(self._table.rows)}
        sides = [(at_line[entry.line], entry.side) for entry in read.entries[:_SAMPLE] if entry.side]
        taken = {columns.date, *columns.money, *columns.narration}
        coded = any(
            is_account(name) and are_codes({row.cells[at] for row in self._table.rows[:_SAMPLE] if at < len(row.cells)})
            for at, name in enumerate(header)
        )
        return coded or is_of_accounts(header) or kinds_contradict(self._table.rows, sides, taken)


def _without_balance(table: Table, column: int) -> list[int]:
    """Return the lines of the rows without a balance, if they are few."""
    lines = [row.line for row in table.rows if not row.problem and not "".join(row.cells[column : column + 1])]
    return lines if len(lines) * _FEW < len(table.rows) else []


def _less(table: Table, lines: Sequence[int]) -> Table:
    return table._replace(rows=tuple(row for row in table.rows if row.line not in set(lines)))


def _orders_left(table: Table, column: int, cells: Cells) -> tuple[set[str], bool]:
    """Return the orders in which every date of a column can be read, and whether all give the same days or sequence."""
    found = [one for row in table.rows[:_SAMPLE] if column < len(row.cells) and (one := cells.date(row.cells[column]))]
    left = [at for at in range(len(ORDERS)) if all(one[at] is not None for one in found)]
    same = all(len({one[at] for at in left}) == 1 for one in found)
    ways = {_falls([day for one in found if (day := one[at])]) for at in left}
    return {ORDERS[at] for at in left}, same or (len(ways) == 1 and None not in ways)


def _falls(days: list[datetime.date]) -> bool | None:
    """Return whether the newest day comes first, None if the days are in no order."""
    falls, rises = any(a > b for a, b in pairwise(days)), any(a < b for a, b in pairwise(days))
    return None if falls == rises else falls


def _no_month_first(table: Table, column: int) -> bool:
    """True if the day precedes the name of a month, ``3 Feb 2025``, or the year is first."""
    cells = [row.cells[column] for row in table.rows[:_SAMPLE] if column < len(row.cells) and row.cells[column]]
    return any(
        cell[:1].isdigit() and (cell[:4].strip("0123456789. -/")[:1].isalpha() or cell[:4].isdigit()) for cell in cells
    )


def _settled_mark(
    read_with: Callable[[DecimalMark, Choices], Read],
    likelier: DecimalMark,
    profile: StatementProfile,
    choices: Choices,
) -> DecimalMark:
    """Return the decimal mark with which the running balance follows from more amounts, else the more likely one."""
    fits = {}
    marks: tuple[DecimalMark, DecimalMark] = (likelier, "," if likelier == "." else ".")
    for mark in marks:
        read = read_with(mark, Choices())
        fits[mark] = chain(read, signed_amounts(read, profile, Choices())).fits
    best = max(marks, key=lambda mark: fits[mark])
    if fits[marks[0]] == fits[marks[1]]:
        choices.assume(
            "decimal_mark", likelier,
            "amounts such as 1,234 or 1.234 are ambiguous; the mark is read as a thousands separator",
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
    *,
    whole: bool,
) -> list[Transaction]:
    """Return the transactions; an entry without a side or with an invalid currency is quarantined."""
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
            moved = money(_minor(amount, currency, whole=whole), currency)
            balance = None if entry.balance is None else money(_minor(entry.balance, currency, whole=whole), currency)
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


def _minor(amount: Decimal, currency: str, *, whole: bool) -> int:
    """Return an amount in minor units.

    Raises:
        ValueError: It has more digits than its currency has.
    """
    if not whole:
        return minor_units(amount, currency)
    if amount != amount.to_integral_value():
        raise ValueError("a fraction of a minor unit")
    return int(amount)


def _too_many_digits(currency: str) -> str:
    if currency == UNKNOWN_CURRENCY:
        return "has more than two digits after the point; `currency:` in a profile names one that has them"
    return f"has more digits after the point than {currency} has"
