"""Tables in HTML, and in Excel's XML of 2003: which many banks export as ``.xls``.

This module parses the tags itself, since `html.parser` needs quadratic time for tags that never close. It reads only
tables, rows and cells; it fetches no entity and runs no script.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from genie.errors import InputError
from genie_finance.insights.reading.cells import Cells
from genie_finance.insights.reading.dialect import MAX_COLUMNS, MAX_LINES, record
from genie_finance.insights.reading.encoding import decode, known_encoding
from genie_finance.insights.reading.table import find_table
from genie_finance.insights.reading.tabular import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie_finance.contracts.statements import StatementProfile, StatementReading
    from genie_finance.insights.reading.choices import Choices

_HIDDEN = tuple(
    (re.compile(begin, re.IGNORECASE | re.ASCII), re.compile(end, re.IGNORECASE | re.ASCII))
    for begin, end in (("<!--", "-->"), (r"<script\b", "</script"), (r"<style\b", "</style"))
)
_MARK = re.compile(r"<(/?)(?:ss:)?([A-Za-z][A-Za-z0-9]{0,9})\b([^<>]{0,2000})>")
_NUMBER = {
    name: re.compile(rf'\b{name}\s*=\s*["\']?([0-9]{{1,4}})\b', re.IGNORECASE)
    for name in ("colspan", "rowspan", "index", "mergeacross", "mergedown")
}
_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
_HEAD = 2_000
_MOST_CELLS = 4_000_000
_ROWS, _CELLS, _ENDS = frozenset({"tr", "row"}), frozenset({"td", "th", "cell"}), frozenset({"table", "worksheet"})
_BREAKS = frozenset({"br", "p", "div"})


def read_html(name: str, content: bytes, profile: StatementProfile, choices: Choices) -> StatementReading:
    """Return the transactions in the tables of an HTML page, read as one table in their order.

    Raises:
        InputError: It has no table with a statement, too many rows, or elements that no statement has.
    """
    text = decode(name, content, profile, choices, declared=_declared(name, content))
    for begin, end in _HIDDEN:
        text = _without(text, begin, end)
    records, count = [], 0
    for number, cells in _rows(text):
        count += len(cells)
        if number > MAX_LINES or count > _MOST_CELLS:
            raise InputError(
                name, f"has more than {MAX_LINES:,} rows or {_MOST_CELLS:,} cells, which is the limit",
                "export a shorter period",
            )  # fmt: skip
        while cells and not cells[-1]:
            cells.pop()
        records.append(record(number, cells))
    told = Cells(profile)
    records = [one for one in records if one.problem or any(one.cells)]
    if not any(told.has_movement(one.cells) for one in records):
        raise InputError(
            name, "is an HTML page without a table that has a row with both a date and an amount",
            "export the statement as CSV, OFX, MT940, CAMT.053 or XLSX and give that file",
        )  # fmt: skip
    table = find_table(records, told, profile, choices)
    return read_tables(name, table, told, profile, choices).model_copy(update={"form": "html"})


def _declared(name: str, content: bytes) -> str:
    found = _CHARSET.search(content[:_HEAD])
    try:
        return known_encoding(name, found[1].decode("ascii")) if found else ""
    except InputError:
        return ""


def _without(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Return a text without the parts between two marks; without an end mark, the rest is removed."""
    kept, at = [], 0
    while found := begin.search(text, at):
        kept.append(text[at : found.start()])
        closed = end.search(text, found.end())
        at = closed.end() if closed else len(text)
    return "".join((*kept, text[at:]))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of all tables with their numbers, empty ones too.

    A cell over several columns or rows is in the first of them only, so that a merged cell does not count twice.
    """
    row, at, number = _Row(), 0, 0
    for mark in _MARK.finditer(text):
        row.take(text[at : mark.start()])
        at, tag, ends = mark.end(), mark[2].lower(), bool(mark[1])
        if tag in _CELLS:
            row.close()
            if not ends:
                row.open(mark[3])
        elif tag in _ROWS | _ENDS:
            row.close()
            yield max(number, 1), row.leave()
            number += tag in _ROWS and not ends
            if tag in _ENDS:
                row = _Row()
        elif tag in _BREAKS:
            row.take(" ")
    row.close()
    yield max(number, 1), row.leave()


class _Row:
    """The open row, and the cells of rows above that span into rows below."""

    def __init__(self) -> None:
        self._cells: list[str] = []
        self._open: list[str] | None = None
        self._across = 1
        self._below: dict[int, int] = {}

    def open(self, attributes: str) -> None:
        """Begin a cell."""
        given = {name: int(found[1]) for name, form in _NUMBER.items() if (found := form.search(attributes))}
        self._fill(min(given.get("index", 1), MAX_COLUMNS) - 1)
        self._across = min(max(given.get("colspan", given.get("mergeacross", 0) + 1), 1), MAX_COLUMNS)
        down = given.get("rowspan", given.get("mergedown", 0) + 1)
        if down > 1:
            self._below |= dict.fromkeys(range(len(self._cells), len(self._cells) + self._across), down)
        self._open = []
        if attributes.endswith("/"):
            self.close()

    def take(self, text: str) -> None:
        """Add to the cell that is open."""
        if self._open is not None:
            self._open.append(text)

    def close(self) -> None:
        """End the cell that is open."""
        if self._open is not None and len(self._cells) <= MAX_COLUMNS:
            self._cells += [" ".join(html.unescape("".join(self._open)).split()), *[""] * (self._across - 1)]
        self._open = None

    def leave(self) -> list[str]:
        """End the row and return its cells."""
        found, self._cells = self._cells, []
        self._below = {at: left - 1 for at, left in self._below.items() if left > 1}
        return found

    def _fill(self, least: int) -> None:
        while len(self._cells) <= MAX_COLUMNS and (len(self._cells) in self._below or len(self._cells) < least):
            self._cells.append("")
