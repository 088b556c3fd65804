"""Locates the table in a file: the header, the rows after it, and the text before it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.contracts.statements import Quarantined
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.currencies import CODES, currency_named, currency_of, is_shared
from genie_finance.insights.reading.headers import header_roles, initials
from genie_finance.insights.reading.vocabulary import plain, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record

_HEADER_WITHIN = 60
"""Rows among which the header is looked for."""
_LONGEST_NAME = 60
_ACCOUNT_DIGITS = 8
_MOST_CELLS = 100_000
"""Maximum number of cells of rows without a date that are searched for another header."""
_BOTH = 100
"""Score that ranks a header with dates and money above any that lacks one of them, such as the head of a summary."""
_MONEY_ROLES = frozenset({"amount", "debit", "credit", "balance"})
_SAME_WIDTH_PERCENT = 80
_SHORT_NAME = 4
"""Maximum length of a currency's name that is also a word of another meaning: ``real``, ``sol``."""
_PARTS = re.compile(r"[:\uff1a\uff0c,;]| - ")
_WIDE_PARTS = re.compile(r"[:\uff1a\uff0c,;]| {2,}")
"""Separators between a label and its value, and between pairs of them."""
_BOOKS = ("EXTF", "DTVF")
_YEAR_AT, _DAY_OF_BOOKS = 12, "belegdatum"
"""Place of the day on which the books begin, and header of the days of their bookings."""
_FEWEST_ALIKE = 5
_MOST_MISSING = 2
_DATE_PARTS = [
    one.split()
    for one in (
        "年 月 日", "year month day", "jahr monat tag", "ano mes dia", "annee mois jour", "anno mese giorno",
        "rok miesiac dzien", "yil ay gun", "년 월 일",
    )
]  # fmt: skip
"""Last words of three adjacent headers whose cells together are one date."""


class Table(NamedTuple):
    """The header, if there is one, and every row below it."""

    header: Record | None
    rows: tuple[Record, ...]
    width: int | None
    """Maximum number of columns of a row; None if rows differ too much."""
    currency: str = ""
    """Currency code named in the lines before the header."""
    seen_currency: str = ""
    """The only currency code in these lines, even if it is not named as the account's."""
    before: tuple[Record, ...] = ()
    """The lines before the header."""

    def name(self, column: int) -> str:
        """Return a column's name for messages: ``column 3 ('Amount')``."""
        if self.header and column < len(self.header.cells) and self.header.cells[column]:
            return f"column {column + 1} ({self.header.cells[column][:40]!r})"
        return f"column {column + 1}"


def find_table(records: list[Record], cells: Cells, profile: StatementProfile, choices: Choices) -> Table:
    """Return where the table is.

    The profile's ``skip_rows`` and ``header`` decide; else the row in which most cells are known header words, with a
    date or an amount among them, is the header; else a row of words right before the first movement.
    """
    skipped = profile.skip_rows or 0
    body = [record for record in records if record.line > skipped]
    at = _header_index(body, cells, profile)
    if at is not None:
        header, before, rows = body[at], body[:at], body[at + 1 :]
    else:
        start = _first_row(body, cells)
        header, before, rows = None, body[:start], body[start:]
    if before:
        lines = [record.line for record in before]
        where = f"the header (line {header.line})" if header else "the first row"
        choices.notice(f"{name_lines(lines)} before {where} {'is' if len(lines) == 1 else 'are'} not part of the table")
    width = _width(rows, header)
    if width is None:
        widths = [record.width for record in rows if not record.problem]
        choices.notice(
            f"rows have {min(widths)} to {max(widths)} columns; columns are counted from the left in each of them"
        )
    return Table(header, tuple(rows), width, _named_currency(before), _seen_currency(before), tuple(before))


def _header_index(body: list[Record], cells: Cells, profile: StatementProfile) -> int | None:
    if profile.header is False:
        return None
    if profile.header:
        return 0 if body else None
    near = body[:_HEADER_WITHIN]
    named = _profile_names(profile)
    if named:
        for index, record in enumerate(near):
            if named <= {cell.casefold() for cell in record.cells}:
                return index
    scores = [_header_score(record, cells) for record in near]
    best = max(scores, default=0)
    if best:
        return scores.index(best)
    return _unknown_header(near, cells)


def _profile_names(profile: StatementProfile) -> set[str]:
    columns = (
        profile.date_column, profile.amount_column, profile.debit_column, profile.credit_column, profile.mark_column,
        profile.balance_column, profile.currency_column, *(profile.narration_columns or ()),
    )  # fmt: skip
    return {column.strip().casefold() for column in columns if isinstance(column, str)}


def _header_score(record: Record, cells: Cells) -> int:
    """Return the number of cells that are header words; 0 if the row cannot be a header."""
    score = 0
    kinds: set[str] = set()
    for cell in record.cells:
        if not cell:
            continue
        if len(cell) > _LONGEST_NAME or cells.date(cell) or cells.amount(cell):
            return 0
        if roles := header_roles(cell):
            score += 1
            kinds.update(roles)
    has_date, has_money = not kinds.isdisjoint({"date", "value_date"}), not kinds.isdisjoint(_MONEY_ROLES)
    if score < 2 or not (has_date or has_money):
        return 0
    return score + (_BOTH if has_date and has_money else 0)


def _unknown_header(near: list[Record], cells: Cells) -> int | None:
    """Return the row before the first movement if it consists of words, one above each column."""
    for index, record in enumerate(near):
        if cells.has_movement(record.cells):
            above = near[index - 1] if index else None
            if (
                above
                and above.width == record.width >= 2
                and all(
                    any(c.isalpha() for c in cell) and not any(map(str.isdigit, cell)) for cell in above.cells if cell
                )
                and sum(map(bool, above.cells)) * 2 > above.width
            ):
                return index - 1
            return None
    return None


def with_whole_dates(table: Table) -> Table:
    """Return the table with complete dates if year, month and day have a column each, in any order."""
    names = [(plain(name).split() or [""])[-1] for name in table.header.cells] if table.header else []
    for parts in _DATE_PARTS:
        if all(names.count(part) == 1 for part in parts):
            places = [names.index(part) for part in parts]
            return table._replace(rows=tuple(_with_whole_date(row, places) for row in table.rows))
    return table


def _with_whole_date(row: Record, places: Sequence[int]) -> Record:
    parts = [row.cells[at] for at in places if at < len(row.cells)]
    if len(parts) < len(places) or not all(part.isdigit() for part in parts):
        return row
    cells = list(row.cells)
    for at, cell in zip(places, ("-".join(parts), "", ""), strict=True):
        cells[at] = cell
    return row._replace(cells=tuple(cells))


def with_years(table: Table) -> Table:
    """Return the table of a German book of accounts with the years that its days of four digits lack.

    The first line says in which year the books begin: ``"EXTF";700;21;"Buchungsstapel";...;20250101``.
    """
    begins = next(
        (row.cells[_YEAR_AT] for row in table.before if row.cells[0] in _BOOKS and len(row.cells) > _YEAR_AT), ""
    )
    names = [plain(name) for name in table.header.cells] if table.header else []
    if len(begins) != len("20250101") or not (begins.isascii() and begins.isdigit()) or _DAY_OF_BOOKS not in names:
        return table
    column = names.index(_DAY_OF_BOOKS)
    return table._replace(rows=tuple(_with_year(row, column, begins) for row in table.rows))


def _with_year(row: Record, column: int, begins: str) -> Record:
    cell = "".join(row.cells[column : column + 1]).zfill(4)
    if len(cell) > len("0302") or not (cell.isascii() and cell.isdigit()):
        return row
    year = int(begins[:4]) + (cell[2:] + cell[:2] < begins[4:])
    cells = list(row.cells)
    cells[column] = f"{cell[:2]}.{cell[2:]}.{year}"
    return row._replace(cells=tuple(cells))


def without_odd_ends(table: Table, cells: Cells) -> tuple[Table, list[Quarantined]]:
    """Return a table that has no header without a first or last row of another format, and these rows.

    Banks put the account and its balance there, which look like a booking.
    """
    rows = table.rows
    left_out: list[Quarantined] = []
    if table.header is not None or len(rows) < _FEWEST_ALIKE:
        return table, left_out
    for odd, others in ((rows[0], rows[1:]), (rows[-1], rows[:-1])):
        if _is_unlike(odd, [row for row in others if row not in (rows[0], rows[-1])], cells):
            left_out.append(
                Quarantined(
                    line=odd.line,
                    reason="has another format than every other row, like the title or balance of an account",
                )
            )
    kept = tuple(row for row in rows if row.line not in {one.line for one in left_out})
    before = (*table.before, *(row for row in rows[:1] if row not in kept))
    named, seen = _named_currency(before) or table.currency, _seen_currency(before) or table.seen_currency
    return table._replace(rows=kept, before=before, currency=named, seen_currency=seen), left_out


def _is_unlike(odd: Record, others: Sequence[Record], cells: Cells) -> bool:
    """True if a row with a date lacks two cells that every other row has, or has its date in another format.

    The format differs if the year of four digits is at another position.
    """
    if odd.problem or not cells.has_movement(odd.cells) or any(row.problem for row in others):
        return False
    width = min(len(row.cells) for row in others)
    always = [at for at in range(width) if all(row.cells[at] for row in others)]
    missing = sum(at >= len(odd.cells) or not odd.cells[at] for at in always)
    if missing >= _MOST_MISSING:
        return True
    dated = next((at for at in always if all(cells.date(row.cells[at]) for row in others)), None)
    if dated is None or dated >= len(odd.cells):
        return False
    forms = {_form(row.cells[dated]) for row in others}
    return len(forms) == 1 and _form(odd.cells[dated]) not in forms


def _form(date: str) -> tuple[int, ...]:
    """Return which parts of a date have four digits."""
    return tuple(int(len(part) == 4) for part in re.split(r"[^0-9]+", date[:10]) if part)


def _first_row(body: list[Record], cells: Cells) -> int:
    """Return where the rows start without a header: at the first row with as many columns as the movements.

    An unreadable row with that many columns is a bad row, not a line before the table.
    """
    widths = {len(record.cells) for record in body[:200] if cells.has_movement(record.cells)}
    for index, record in enumerate(body):
        if cells.has_movement(record.cells) or (len(record.cells) in widths and len(record.cells) > 2):
            return index
    return len(body)


def _width(rows: list[Record], header: Record | None) -> int | None:
    """Return the columns of a row; a wider one has a delimiter in its text, which shifts the cells after it."""
    widths = Counter(record.width for record in rows if not record.problem)
    if not widths:
        return header.width if header else 0
    if header:
        usual, count = widths.most_common(1)[0]
        return max(header.width, usual) if count * 100 >= _SAME_WIDTH_PERCENT * widths.total() else header.width
    full = Counter(len(record.cells) for record in rows if not record.problem)
    width, count = full.most_common(1)[0]
    return width if count * 100 >= _SAME_WIDTH_PERCENT * full.total() or full.total() == 1 else None


def with_spelt_marks(table: Table) -> Table:
    """Return the table with marks that are initials of the header's words, C and A of ``Cargo/Abono``, replaced."""
    if table.header is None:
        return table
    for column, name in enumerate(table.header.cells):
        sides = initials(name) if len(name) <= _LONGEST_NAME else {}
        held = {row.cells[column].lower() for row in table.rows if column < len(row.cells)} if sides else set()
        if sides and held - {""} and held <= {"", *sides}:
            rows = tuple(
                row._replace(
                    cells=(*row.cells[:column], sides.get(row.cells[column].lower(), ""), *row.cells[column + 1 :])
                )
                if column < len(row.cells)
                else row
                for row in table.rows
            )
            table = table._replace(rows=rows)
    return table


def later_table(records: Sequence[Record], table: Table, cells: Cells) -> int | None:
    """Return where another table begins among the records below a header, its preamble included; None if nowhere.

    A repeated header starts the next page, unless the lines before it name another currency.
    """
    if table.header is None:
        return None
    dated = next(
        (at for row in table.rows[:_HEADER_WITHIN] for at, cell in enumerate(row.cells) if cells.date(cell)), 0
    )
    start = looked_at = 0
    for index, record in enumerate(records):
        row = record.cells
        if dated < len(row) and cells.date(row[dated]):
            start = index + 1
            continue
        looked_at += len(row)
        if looked_at > _MOST_CELLS:
            return None  # that many rows without a date are bad rows, and refuse the table by themselves
        if not start or len(row) < 2 or not _is_full_header(record, cells):
            continue
        between = [one for one in records[start:index] if one.cells != table.header.cells]
        if row != table.header.cells or _is_another_account(between, table, cells):
            return start
    return None


def _is_another_account(between: Sequence[Record], table: Table, cells: Cells) -> bool:
    """True if lines between two tables name another currency or long number than those before the first."""
    currency = _named_currency(between) or _seen_currency(between)
    if currency and currency != (table.currency or table.seen_currency):
        return True
    named, other = _accounts(table.before), _accounts(between)
    return bool(named and other - named) or not _numbers(between, cells) <= _numbers(table.before, cells)


def _accounts(lines: Sequence[Record]) -> set[str]:
    """Return the text beside a word for "account" in lines that are not rows: ``Account,Savings 5678``."""
    pairs = [
        (label, value)
        for record in lines[:_HEADER_WITHIN]
        for label, value in pairwise(
            [one for cell in record.cells for one in cell.split(":", 1)] if record.cells else []
        )
    ]
    return {plain(value) for label, value in pairs if value.strip() and header_roles(label.strip())[:1] == ("account",)}


def _numbers(lines: Sequence[Record], cells: Cells) -> set[str]:
    """Return the words that are as long as numbers of accounts, in lines that are not rows."""
    return {
        word
        for record in lines[:_HEADER_WITHIN]
        for cell in record.cells
        for word in cell[:120].split()
        if sum(map(str.isdigit, word)) >= _ACCOUNT_DIGITS
        and not (cells.date(word) or ((amount := cells.amount(word)) and amount.money))
    }


def _is_full_header(record: Record, cells: Cells) -> bool:
    """True for a header of dates and money as wide as the rows, unlike the head of a summary."""
    if not _header_score(record, cells):
        return False
    roles = {role for cell in record.cells for role in header_roles(cell)}
    return not roles.isdisjoint({"date", "value_date"}) and not roles.isdisjoint(_MONEY_ROLES - {"balance"})


def _named_currency(before: Sequence[Record]) -> str:
    """Return the code beside a word for currency in the lines before the table, as in ``Account Currency: INR``."""
    for record in before:
        words = [word for cell in record.cells for word in plain(cell[:120]).upper().split()]
        for index, word in enumerate(words[:-1]):
            if "currency" in header_roles(word) and words[index + 1] in CODES:
                return words[index + 1]
        for parts in (_PARTS, _WIDE_PARTS):
            said = [part.strip() for cell in record.cells for part in parts.split(cell[:120]) if part.strip()]
            for label, value in pairwise(said):
                if _names_currency(label) and (code := currency_named(value)) and not is_shared(value):
                    return code
    return ""


def _names_currency(label: str) -> bool:
    """True for a label whose last words are a header of currencies: ``# 币 种``, ``Account currency``."""
    said = plain(label).split()
    return any(header_roles(" ".join(said[at:]))[:1] == ("currency",) for at in range(max(0, len(said) - 3), len(said)))


_WORDS_TOO = words("ALL AMD ANG BAM BOB COP CUP GEL KID LAK MAD MOP NAD PEN RON SOS TOP TRY")


def _seen_currency(before: Sequence[Record]) -> str:
    """Return the only code that stands by itself in the lines before the table, or beside an amount there."""
    found = (
        {
            code
            for record in before[:_HEADER_WITHIN]
            for cell in record.cells
            for word in cell[:120].replace("-", " ").replace("/", " ").split()
            if (code := word.strip("()[].,:")) in CODES and (code not in _WORDS_TOO or word[0] in "([")
        }
        or {
            sign
            for record in before[:_HEADER_WITHIN]
            for cell in record.cells
            for word in cell[:120].split()
            if len(word) > 1 and word[-1] == "$" and not is_shared(word) and (sign := currency_of(word))  # "S$"
        }
        or {
            named
            for record in before[:_HEADER_WITHIN]
            for cell in record.cells
            for part in _PARTS.split(cell[:120])
            if len(part) > _SHORT_NAME and (named := currency_named(part)) and not is_shared(part)
        }
    )
    return found.pop() if len(found) == 1 else ""
