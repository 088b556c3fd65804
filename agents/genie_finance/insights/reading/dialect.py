"""Splits a file's text into records: delimiter, quotes, and the line on which each record starts."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from genie.errors import InputError
from genie_finance.insights.reading.headers import header_roles
from genie_finance.insights.reading.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie_finance.insights.reading.cells import Cells

DELIMITERS = (",", ";", "\t", "|", "~")
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "~": "tildes"}
_WIDE_DELIMITER = "~|~"

MAX_LINES = 200_000
"""Maximum lines of one file; reading them takes about ten seconds."""
MAX_LINE_CHARS = 32_768
MAX_COLUMNS = 200
MAX_CELL_CHARS = 8_192
_MAX_QUOTED_LINES = 20
"""Maximum lines of one quoted cell; a quote that is open for longer is an ordinary character."""

_SAMPLE = 150


class Record(NamedTuple):
    """One row of the file as cells, stripped of surrounding white space."""

    line: int
    """Line of the file on which it starts, from 1."""
    cells: tuple[str, ...]
    problem: str = ""
    """Why it could not be split into cells; ``cells`` is then empty."""

    @property
    def width(self) -> int:
        """Cells up to the last one that is not empty."""
        width = len(self.cells)
        while width and not self.cells[width - 1]:
            width -= 1
        return width


def split_lines(name: str, text: str) -> list[str]:
    """Return the physical lines, ends included, as an editor numbers them.

    Raises:
        InputError: There are more than ``MAX_LINES``.
    """
    if text[:MAX_LINE_CHARS].count(_WIDE_DELIMITER) > 1:
        text = text.replace(_WIDE_DELIMITER, "~")
    if max(text.count("\n"), text.count("\r")) > MAX_LINES:
        raise InputError(
            name, f"has more than {MAX_LINES:,} lines, which is the limit", "split it, or export a shorter period"
        )
    return list(io.StringIO(text, newline=""))


def find_delimiter(lines: list[str], cells: Cells) -> tuple[str, int]:
    """Return the delimiter with which the most rows have a date and an amount, and the number of these rows.

    Rows that look like a header count too, so that a file with only a header is recognised. A first line ``sep=;``
    (Excel's own) decides.
    """
    if given := _named_delimiter(lines[0]):
        return given, 1
    sample = [line for line in lines[: 4 * _SAMPLE] if not line.isspace()][:_SAMPLE]
    scores = {delimiter: _score(tokenise(sample, delimiter), cells) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best, scores[best][0]


def _named_delimiter(line: str) -> str:
    named = line.rstrip("\r\n").lower()
    return named[4] if len(named) == 5 and named.startswith("sep=") and named[4] in DELIMITERS else ""


def _score(records: Iterable[Record], cells: Cells) -> tuple[int, int, int]:
    movements = headers = width = 0
    for row in records:
        if len(row.cells) < 2:
            continue
        width += len(row.cells)
        if cells.has_movement(row.cells):
            movements += 1
        elif sum(bool(header_roles(cell)) for cell in row.cells if len(cell) <= 60) >= 2:
            headers += 1
    return movements, headers, width


def tokenise(lines: list[str], delimiter: str) -> list[Record]:
    """Return the records of a file, blank ones left out."""
    records = []
    index = 0
    while index < len(lines):
        start, line = index, lines[index]
        index += 1
        if '"' not in line:
            if not (line.isspace() or (start == 0 and _named_delimiter(line))):
                records.append(_unquoted(start + 1, line, delimiter))
            continue
        if len(line) > MAX_LINE_CHARS:
            records.append(_too_long(start + 1, line))
            continue
        taken = _quoted_lines(lines, start, delimiter)
        index = start + max(taken, 1)
        records.append(_parsed(start + 1, lines[start:index], delimiter, literal=not taken))
    return [row for row in records if row.problem or any(row.cells)]


def _quoted_lines(lines: list[str], start: int, delimiter: str) -> int:
    """Return the number of lines of the record that starts at this line, or 0 if its quote is never closed."""
    quotes = 0
    for count, line in enumerate(lines[start : start + _MAX_QUOTED_LINES], start=1):
        if len(line) > MAX_LINE_CHARS:
            return 0
        quotes += line.count('"')
        if quotes % 2 == 0:
            if count == 1:
                return 1
            if _is_one_record(lines[start : start + count], delimiter):
                return count
        elif count == 1 and _is_one_record([line], delimiter):
            return 1  # a quote in the middle of an unquoted cell is a letter like any other
    return 0


def _is_one_record(lines: list[str], delimiter: str) -> bool:
    """True if the lines are exactly one record in which every quote that opens is closed before a delimiter."""
    try:
        rows = list(csv.reader(_unformula(lines, delimiter), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1


def _unformula(lines: list[str], delimiter: str) -> list[str]:
    """Read Excel's ``="text"`` as ``"text"``, so that delimiters inside the quotes are text.

    This applies only outside quotes: inside one, the same characters are text.
    """
    line = lines[0]
    if '="' not in line:
        return lines
    first, *rest = line.removeprefix("=" if line.startswith('="') else "").split(f'{delimiter}="')
    parts, quotes = [first], first.count('"')
    for part in rest:
        parts.append(f'{delimiter}="' if quotes % 2 else f'{delimiter}"')
        parts.append(part)
        quotes += 1 + part.count('"')
    return ["".join(parts), *lines[1:]]


def _split(line: str, delimiter: str, *, literal: bool = False) -> list[str]:
    if literal:
        return next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    return next(csv.reader([line], delimiter=delimiter), [])


def _parsed(line: int, taken: list[str], delimiter: str, *, literal: bool) -> Record:
    try:
        if literal:
            return record(line, _split(taken[0], delimiter, literal=True))
        rows = list(csv.reader(_unformula(taken, delimiter), delimiter=delimiter))
    except csv.Error:
        return Record(line, (), "cannot be split into cells")
    return record(line, rows[0] if rows else [])


def record(line: int, cells: list[str]) -> Record:
    """Return a row of cells, or one with a problem if it has too many cells or one is too long."""
    if len(cells) > MAX_COLUMNS:
        return Record(line, (), _too_wide(len(cells)))
    if any(len(cell) > MAX_CELL_CHARS for cell in cells):
        longest = max(map(len, cells))
        return Record(line, (), f"has a cell of {longest:,} characters; a cell may have {MAX_CELL_CHARS:,}")
    return Record(line, tuple([_clean(cell) for cell in cells]))


def _unquoted(line: int, text: str, delimiter: str) -> Record:
    columns = text.count(delimiter) + 1
    if columns > MAX_COLUMNS:
        return Record(line, (), _too_wide(columns))
    text = text.rstrip("\r\n")
    if len(text) <= MAX_CELL_CHARS and text.isascii() and text.isprintable():
        return Record(line, tuple([cell.strip() for cell in text.split(delimiter)]))  # nothing to clean or to refuse
    return record(line, text.split(delimiter))


def _too_wide(columns: int) -> str:
    return f"has {columns:,} columns; a row may have {MAX_COLUMNS}"


def _too_long(line: int, text: str) -> Record:
    return Record(line, (), f"has {len(text):,} characters, with quotes; such a line may have {MAX_LINE_CHARS:,}")


def _clean(cell: str) -> str:
    cell = visible(cell)
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1].strip()
    return cell
