"""XLSX: the first sheet with a statement, read like a CSV export.

A workbook is a ZIP of XML. Sizes are checked before anything is unpacked: of each part, at most the size in the
archive's directory is read.
"""

from __future__ import annotations

import datetime
import io
import warnings
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genie.errors import InputError
from genie_finance.insights.reading.amounts import amount_text
from genie_finance.insights.reading.cells import Cells
from genie_finance.insights.reading.choices import Choices
from genie_finance.insights.reading.dialect import MAX_CELL_CHARS, MAX_COLUMNS, MAX_LINES, Record, record
from genie_finance.insights.reading.encoding import bounded
from genie_finance.insights.reading.libraries import library
from genie_finance.insights.reading.table import find_table
from genie_finance.insights.reading.tabular import holds_serials, read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie_finance.contracts.statements import StatementProfile, StatementReading

MAX_UNPACKED_BYTES = 64 * 1024 * 1024
"""Limit for all parts together; fifty thousand rows of ten columns take about half."""
MAX_PARTS = 1_000
MAX_SHEETS = 20
"""Maximum number of sheets that are examined."""
_EXCEL_ROWS = 1_048_576
"""Maximum number of rows of a sheet."""
_WHAT = "an Excel workbook (xlsx)"
_SAVE = "save the sheet as CSV and give that file"


def read_xlsx(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions of the first sheet with a statement.

    Dates and numbers are taken as the cells hold them. A number is the shortest decimal for the stored value; if it has
    more digits than the currency, its row is quarantined. For a formula, the stored value is used.

    Raises:
        InputError: It is not a workbook, is larger unpacked than ``MAX_UNPACKED_BYTES``, has a password or no sheet
            with a statement; or the libraries are missing.
    """
    bounded(name, content)
    _refuse_bomb(name, content)
    library("defusedxml", name=name, what=_WHAT)  # with it there, openpyxl reads no entities
    openpyxl = library("openpyxl", name=name, what=_WHAT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that a statement does not need
        sheets = _Sheets(name, openpyxl, content)
        for position, (title, rows) in enumerate(sheets.tables()):
            mark = _decimal_mark(rows, profile)
            told = profile.model_copy(update={"decimal_mark": mark})
            cells = Cells(told)
            records = [one for one in _records(rows, told) if one.problem or any(one.cells)]
            if not any(cells.has_movement(one.cells) for one in records) and not holds_serials(
                find_table(records, cells, told, Choices()), cells
            ):
                continue
            others = sheets.count - 1
            if others:
                choices.notice(
                    f"sheet {position + 1} ({title[:40]!r}) is the first with a statement and is read; {others} are not"
                )
            table = find_table(records, cells, told, choices)
            reading = read_tables(name, table, cells, told, choices)
            return reading.model_copy(update={"form": "xlsx"})
    raise InputError(
        name, "is an Excel workbook (xlsx) in which no sheet has a row with both a date and an amount", _SAVE
    )


def _refuse_bomb(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise InputError(
            name, "starts like an Excel workbook (xlsx) but is damaged or cut off", "export it again"
        ) from None
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise InputError(
            name, "is a ZIP archive, not an Excel workbook (xlsx)", "unpack it and give the statement inside"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(name, "is an Excel workbook with a password", "save it without one")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED_BYTES:
        raise InputError(
            name, f"unpacks to {len(parts):,} parts of {unpacked / (1024 * 1024):,.0f} MB in all; a workbook may have "
            f"{MAX_PARTS:,} and {MAX_UNPACKED_BYTES // (1024 * 1024)} MB", _SAVE,
        )  # fmt: skip


class _Sheets:
    """The sheets of one workbook, row by row."""

    def __init__(self, name: str, openpyxl: Any, content: bytes) -> None:
        self._name = name
        try:
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # noqa: BLE001 - whatever the library makes of hostile bytes is one line
            raise self._unreadable(error) from None
        self._sheets = list(book.worksheets)
        self.count = len(self._sheets)

    def tables(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """Yield title and rows of each sheet, each row as its cells' values.

        Raises:
            InputError: A sheet has too many rows, or cannot be read.
        """
        for sheet in self._sheets[:MAX_SHEETS]:
            try:
                yield sheet.title, self._rows(sheet)
            except InputError:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                raise self._unreadable(error) from None

    def _rows(self, sheet: Any) -> list[tuple[Any, ...]]:
        """Return the rows up to the last non-empty one; the dimensions that the sheet declares may be wrong."""
        sheet.reset_dimensions()
        rows: list[tuple[Any, ...]] = []
        blank: tuple[Any, ...] | None = None
        # One more column shows that there are more.
        for number, row in enumerate(sheet.iter_rows(max_row=_EXCEL_ROWS, max_col=MAX_COLUMNS + 1, values_only=True)):
            if row is blank:  # what stands in for rows that are not there is one and the same
                found: tuple[Any, ...] = ()
            else:
                found = _trimmed(row)
                blank = blank if found else row
            if number < MAX_LINES:
                rows.append(found)
            elif found:
                raise InputError(
                    self._name, f"has a sheet of more than {MAX_LINES:,} rows, which is the limit",
                    "export a shorter period",
                )  # fmt: skip
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def _unreadable(self, error: Exception) -> InputError:
        return InputError(
            self._name, f"is an Excel workbook (xlsx) that cannot be read ({type(error).__name__})", _SAVE
        )


def _trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    width = len(row)
    while width and row[width - 1] is None:
        width -= 1
    return row[:width]


def _decimal_mark(rows: list[tuple[Any, ...]], profile: StatementProfile) -> Any:
    """Return the decimal mark of amounts stored as text, ``.`` if there is no evidence.

    Numbers are formatted with the same mark, so that the whole table has one.
    """
    if profile.decimal_mark is not None:
        return profile.decimal_mark
    number = False
    for row in rows:
        for value in row:
            number = number or isinstance(value, float)
            found = amount_text(value.strip()) if isinstance(value, str) and len(value) <= MAX_CELL_CHARS else None
            if found and found.point is None:
                return ","
    return "." if number else None


def _records(rows: list[tuple[Any, ...]], profile: StatementProfile) -> Iterator[Record]:
    for number, row in enumerate(rows, start=1):
        yield record(number, [_text(value, profile) for value in row])


def _text(value: object, profile: StatementProfile) -> str:
    """Return the content of a cell in an unambiguous form."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int():
            return str(value) if abs(value) < 10**18 else f"{value:.0f}"
        case float():
            written = format(Decimal(repr(value)), "f").removesuffix(".0")
            return written.replace(".", ",") if profile.decimal_mark == "," else written
        case datetime.datetime():
            if profile.date_format:
                return value.strftime(profile.date_format)
            return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
        case datetime.date():
            return value.strftime(profile.date_format) if profile.date_format else value.isoformat()
        case _:
            return " ".join(str(value).split()) if not isinstance(value, str) else value
