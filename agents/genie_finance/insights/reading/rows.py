"""Turns records into entries: the content of each row, or the reason why it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.contracts.statements import Quarantined
from genie_finance.insights.reading.amounts import AmountText
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.vocabulary import Mark, balance_row, mark_of
from genie_finance.insights.reading.wording import joined

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from genie_finance.insights.reading.amounts import DecimalMark
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.naming import Columns
    from genie_finance.insights.reading.table import Table

_OPENING = "an opening balance"

_Row = tuple[str, ...]
"""The requested cells of a record, and one empty cell at the end."""


class Entry(NamedTuple):
    """One row as written; the meaning of its sign is not decided yet."""

    line: int
    date: datetime.date
    narration: str
    amount: AmountText
    number: Decimal
    """Magnitude of the amount."""
    side: Mark | None
    """Column of the amount, if debits and credits have separate columns."""
    mark: Mark | None
    """Content of the debit/credit column."""
    balance: Decimal | None
    currency: str
    """As written in the currency column, else in the amount, else ``""``."""
    account: str


@dataclass(slots=True)
class Read:
    """The contents of a table's rows, in the file's order."""

    entries: list[Entry] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    balances: list[tuple[int | None, Decimal | None]] = field(default_factory=list)
    """To check the running balance: position in ``entries`` (None if it is not an entry), and the balance."""
    balance_signs: set[str] = field(default_factory=set)
    """Currency signs seen in the balance column."""

    days_told: bool = False
    """Whether the dates can be read in only one way."""

    of_card: bool = False
    """Whether the header has words that only card statements have."""
    of_accounts: bool = False
    """Whether a header or the kinds of the rows are those of books of accounts, in which a debit is money in."""
    sides_named: bool = True
    """Whether a header or the profile names the column of debits."""
    blank_marks: bool = False
    """True if each cell of the column of marks is debit, credit or empty."""
    marks_are_kinds: bool = False
    """True if every mark is a kind of payment, such as ``refund``, whose direction depends on the side."""

    @property
    def newest_first(self) -> bool | None:
        """The order of the rows, None if their dates do not show it."""
        dates = [entry.date for entry in self.entries]
        if not self.days_told:
            return None
        falls, rises = (any(a > b for a, b in pairwise(dates)), any(a < b for a, b in pairwise(dates)))
        return None if falls == rises else falls


class _UnreadableError(ValueError):
    """A row cannot be read; the message is the reason, without text of the row."""


class RowReader:
    """Reads the rows of one table whose format is decided."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        cells: Cells,
        *,
        order: int,
        decimal_mark: DecimalMark,
        marks: Mapping[int, Mark] | None = None,
        from_above: bool = False,
    ) -> None:
        self._from_above = from_above
        """True if a row with an amount and no date takes the date of the row above it."""
        self._above: datetime.date | None = None
        self._negative: dict[Mark, bool] = {}
        self._sums: dict[int, set[Decimal]] = {}
        self._marks = marks
        """Debit or credit of each line, from the steps of the running balance; else the column of marks decides."""
        self._table = table
        self._columns = columns
        self._cells = cells
        self._order = order
        self._decimal_mark = decimal_mark
        self._balance_at, self._currency_at = _at(columns.balance), _at(columns.currency)
        self._account_at = _at(columns.account)
        self._sides: tuple[tuple[Mark, int], ...] = (("debit", _at(columns.debit)), ("credit", _at(columns.credit)))
        last = (self._balance_at, self._currency_at, self._account_at, _at(columns.mark), _at(columns.fee))
        self._width = 1 + max(columns.date, *columns.narration, *columns.money, *last)

    def read(self, choices: Choices) -> Read:
        """Return the entries, the rows that cannot be read, and the balances.

        Opening and closing balances, totals, repeated headers and rows after the last one with a date are not
        transactions; notices name their lines.
        """
        read = Read()
        left_out: dict[str, list[int]] = {}
        last = self._last_dated()
        for index, record in enumerate(self._table.rows):
            row = self._row(record)
            narration = self._narration(row)
            kind = self._no_transaction(record, row, narration, after=index > last)
            if kind:
                left_out.setdefault(kind, []).append(record.line)
                read.balances.append((None, self._balance(row) if kind == _OPENING else None))
                continue
            try:
                entry = self._entry(record, row, narration, read.balance_signs)
            except _UnreadableError as reason:
                read.quarantined.append(Quarantined(line=record.line, reason=str(reason)))
                read.balances.append((None, self._balance(row)))
                continue
            read.balances.append((len(read.entries), entry.balance))
            read.entries.append(entry)
        for kind, lines in left_out.items():
            verb = "holds" if len(lines) == 1 else "hold"
            choices.notice(f"{name_lines(lines)} {verb} {kind}, not a transaction")
        return read

    def _last_dated(self) -> int:
        rows = self._table.rows
        return next((i for i in range(len(rows) - 1, -1, -1) if self._is_dated(self._row(rows[i]))), -1)

    def _is_dated(self, row: _Row) -> bool:
        if self._from_above and is_undated(row, self._columns, self._cells):
            return True
        return self._cells.date(row[self._columns.date]) is not None

    def _row(self, record: Record) -> _Row:
        """Return the needed cells of a record, and one empty cell at the end."""
        cells = record.cells
        missing = self._width - len(cells)
        return (*cells, *[""] * (missing + 1)) if missing > 0 else (*cells, "")

    def _no_transaction(self, record: Record, row: _Row, narration: str, *, after: bool) -> str:
        if record.problem:
            return ""
        if self._table.header is not None and record.cells == self._table.header.cells:
            return "the header again"
        dated = self._is_dated(row)
        kind = balance_row(narration) or self._balance_beside_code(row)
        if not kind and not (dated and narration):
            kind = next(filter(None, map(balance_row, record.cells)), "")
        if kind == "total":
            return "" if dated else "a total"
        if kind:
            return {"opening": _OPENING, "closing": "a closing balance"}.get(kind, "a total")
        if not (dated or row[self._columns.date] or any(row[column] for column in self._columns.money)):
            return "a footer" if after else "continues the text of the row above"
        return "a footer" if after and self._is_footer(row, narration) else ""

    def _balance_beside_code(self, row: _Row) -> str:
        """Return the kind of balance that the narration names, ignoring codes such as an account number."""
        columns = self._columns.narration if len(self._columns.narration) > 1 else ()
        for column in columns:
            if (kind := balance_row(row[column])) and all(_is_code(row[one]) for one in columns if one != column):
                return kind
        return ""

    def _is_footer(self, row: _Row, narration: str) -> bool:
        """False if the row has a date-like cell in the date column, and something in an amount column.

        A row with a text, an amount and no date counts as unreadable, unless the amount is the sum of its column.
        """
        filled = any(row[column] for column in self._columns.money)
        where_date_is = row[self._columns.date]
        if filled and not where_date_is and self._columns.balance is None and any(map(str.isalpha, narration)):
            return not any(self._is_unexplained(row[column], column) for column in self._columns.money)
        return not (where_date_is and filled) or self._cells.amount(where_date_is) is not None

    def _is_unexplained(self, cell: str, column: int) -> bool:
        amount = self._cells.amount(cell) if cell else None
        number = amount.magnitude(self._decimal_mark) if amount and amount.money else None
        if not number:
            return False
        if column not in self._sums:
            rows = [self._row(record) for record in self._table.rows]
            found = [self._cells.amount(row[column]) for row in rows if row[column] and self._is_dated(row)]
            signed = [one.signed(self._decimal_mark) or Decimal(0) for one in found if one]
            sums = (sum(signed), sum(v for v in signed if v > 0), sum(v for v in signed if v < 0))
            self._sums[column] = {abs(Decimal(one)) for one in sums}
        return number not in self._sums[column]

    def _entry(self, record: Record, row: _Row, narration: str, balance_signs: set[str]) -> Entry:
        if record.problem:
            raise _UnreadableError(record.problem)
        table = self._table
        if table.width is not None and record.width > table.width:
            raise _UnreadableError(
                f"has {record.width} columns where {table.width} are expected; "
                "a text with a delimiter in it must be quoted"
            )
        date = self._date(row)
        side, amount = self._amount(row)
        number = amount.magnitude(self._decimal_mark)
        if number is None:
            raise _UnreadableError(
                f"unlike the others, the amount does not use the decimal mark {self._decimal_mark!r}"
            )
        balance_cell = row[self._balance_at]
        balance_text = self._cells.amount(balance_cell) if balance_cell else None
        if balance_text and balance_text.currency:
            balance_signs.add(balance_text.currency)
        return Entry(
            line=record.line,
            date=date,
            narration=narration,
            amount=amount,
            number=number,
            side=side,
            mark=self._mark(record, row),
            balance=balance_text.signed(self._decimal_mark) if balance_text else None,
            currency=row[self._currency_at] or amount.currency,
            account=row[self._account_at][:64],
        )

    def _mark(self, record: Record, row: _Row) -> Mark | None:
        if self._marks:
            return self._marks.get(record.line)
        return None if self._columns.mark is None else mark_of(row[self._columns.mark])

    def _date(self, row: _Row) -> datetime.date:
        cell = row[self._columns.date]
        readings = self._cells.date(cell) if cell else None
        day = readings[self._order] if readings else None
        if not cell and self._from_above:
            day = self._above
        self._above = day
        if day is None:
            where = self._table.name(self._columns.date)
            if not cell:
                raise _UnreadableError(f"has no date in {where}")
            raise _UnreadableError(f"{where} does not contain a date in the format of the others")
        return day

    def _amount(self, row: _Row) -> tuple[Mark | None, AmountText]:
        columns = self._columns
        if columns.amount is not None:
            cell = row[columns.amount]
            amount = self._cells.amount(cell) if cell else None
            if amount is None:
                where = self._table.name(columns.amount)
                raise _UnreadableError(f"{where} does not contain an amount" if cell else f"has no amount in {where}")
            return None, amount if columns.fee is None else self._with_fee(amount, row[columns.fee])
        found: list[tuple[Mark, AmountText]] = []
        for side, column in self._sides:
            cell = row[column]
            if not cell:
                continue
            amount = self._cells.amount(cell)
            if amount is None and any(map(str.isnumeric, cell)):  # a cell with only words counts as empty
                raise _UnreadableError(f"{self._table.name(column)} does not contain an amount")
            if amount and (amount.point or amount.comma):  # a zero means an empty cell
                found.append((side, amount))
        if columns.fee is not None and len(found) < len(self._sides):
            return self._side_with_fee(found, row[columns.fee])
        if len(found) != 1:
            raise _UnreadableError("has both a debit and a credit" if found else "has neither a debit nor a credit")
        return found[0]

    def _with_fee(self, amount: AmountText, cell: str) -> AmountText:
        """Return the sum of an amount and its fee."""
        fee = self._cells.amount(cell) if cell else None
        signed, charged = amount.signed(self._decimal_mark), fee.signed(self._decimal_mark) if fee else None
        if cell and charged is None and any(map(str.isalnum, cell)):
            raise _UnreadableError(f"{self._table.name(self._columns.fee or 0)} does not contain an amount")
        if signed is None or not charged:
            return amount
        total = signed + self._columns.fee_factor * charged
        return amount._replace(point=abs(total), comma=abs(total), sign=-1 if total < 0 else 1, mark=None)

    def _side_with_fee(self, found: list[tuple[Mark, AmountText]], cell: str) -> tuple[Mark, AmountText]:
        """Return a debit or a credit with the fee of its row, or a fee alone."""
        fee = self._cells.amount(cell) if cell else None
        total = (fee.signed(self._decimal_mark) if fee else None) or Decimal(0)
        total *= self._columns.fee_factor
        for side, amount in found:
            signed = amount.signed(self._decimal_mark) or Decimal(0)
            usual = -1 if self._is_negative(side) else 1
            total += signed * usual * (1 if side == "credit" else -1)
        if not total:
            raise _UnreadableError("has neither a debit nor a credit")
        return "debit" if total < 0 else "credit", AmountText(abs(total), abs(total), money=True)

    def _is_negative(self, side: Mark) -> bool:
        """True if most amounts of a side have a minus, which then repeats the meaning of the column."""
        if side not in self._negative:
            column = dict(self._sides)[side]
            held = [self._cells.amount(self._row(record)[column]) for record in self._table.rows]
            used = [one.sign < 0 for one in held if one and (one.point or one.comma)]
            self._negative[side] = sum(used) * 2 > len(used)
        return self._negative[side]

    def _balance(self, row: _Row) -> Decimal | None:
        amount = self._cells.amount(row[self._balance_at])
        return amount.signed(self._decimal_mark) if amount else None

    def _narration(self, row: _Row) -> str:
        columns = self._columns.narration
        if len(columns) == 1:  # as in most files, so that most rows are spared a look for repetitions
            return " ".join(row[columns[0]].split())
        return joined(row[column] for column in columns)


def is_undated(row: Sequence[str], columns: Columns, cells: Cells) -> bool:
    """True for a row with an amount and a balance, whose date is empty."""
    held = [cells.amount(row[c]) for c in columns.money if c < len(row) and row[c]]
    at = columns.balance
    has_balance = at is not None and at < len(row) and cells.amount(row[at]) is not None
    return columns.date < len(row) and not row[columns.date] and has_balance and any(held)


def _is_code(cell: str) -> bool:
    """True for a cell without words: fewer than three letters, or more digits than letters."""
    letters = sum(map(str.isalpha, cell))
    return letters < 3 or letters * 2 < sum(map(str.isalnum, cell))


def _at(column: int | None) -> int:
    """Return the index of a column in a row; for a column that the table lacks, that of the empty last cell."""
    return -1 if column is None else column
