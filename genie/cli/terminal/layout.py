"""Lines and tables as text: as wide as they are for a file or a pipe, within its width for a terminal.

Nothing is ever cut. In a pipe a row is one line, so that ``grep`` and ``awk`` see all of it. On a terminal words wrap,
and a column of bars is left out where there is no room; a table that cannot fit even so is written as blocks, a line a
column.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from genie.cli.terminal.drawing import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Paint = Callable[[str, str], str]

_GAP = 2
_LEAST = 24
"""Columns that a column of words is not pressed below, unless its longest word is shorter."""


class Text(NamedTuple):
    """Text in one style; several lines of a cell are joined by ``, `` where a row is one line."""

    text: str | tuple[str, ...]
    style: str = ""


class Line(NamedTuple):
    """A line of pieces; where it must wrap, it goes on below its first word."""

    pieces: tuple[Text, ...]

    @classmethod
    def of(cls, text: str, style: str = "") -> Line:
        """Return a line in one style."""
        return cls((Text(text, style),))


class Column(NamedTuple):
    """A column: its words may wrap, unless it is ``whole`` or a number to the right; one of bars gives way first."""

    title: str
    right: bool = False
    whole: bool = False
    bar: bool = False


@dataclass(slots=True)
class Grid:
    """A table, to which rows are added."""

    columns: tuple[Column, ...]
    rows: list[tuple[str | Text, ...]] = field(default_factory=list)

    def add(self, *cells: str | Text) -> None:
        """Add a row, a cell a column."""
        self.rows.append(cells)


Part = Line | Grid


def width_of(text: str) -> int:
    """Return the columns that text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in {"Mn", "Me"} else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def laid_out(parts: Iterable[Part], *, width: int | None = None, paint: Paint | None = None) -> Iterator[str]:
    """Yield the lines of parts, without their line ends.

    Args:
        parts: What is written; characters that could steer a terminal are replaced.
        width: Columns of the terminal; None where nothing bounds a line.
        paint: Makes a text and a style what the terminal shows in that style; None leaves text as it is.
    """
    paint = paint or _unpainted
    for part in parts:
        if isinstance(part, Line):
            yield from _line(part, width, paint)
        else:
            yield from _grid(part, width, paint)


def _unpainted(text: str, style: str) -> str:  # noqa: ARG001 - as a painter takes them
    return text


def _painted(paint: Paint, text: str, style: str) -> str:
    return paint(text, style) if style and text else text


def _line(line: Line, width: int | None, paint: Paint) -> Iterator[str]:
    pieces = [(plain(_one(piece)), piece.style) for piece in line.pieces]
    text = "".join(piece for piece, _ in pieces)
    if width is None or width_of(text) <= width:
        yield "".join(_painted(paint, piece, style) for piece, style in pieces).rstrip()
        return
    indent = " " * min(len(text) - len(text.lstrip()), width // 2)
    styles = list(itertools.chain.from_iterable(itertools.repeat(style, len(piece)) for piece, style in pieces))
    for number, (start, end) in enumerate(_wrapped(text, width, len(indent))):
        runs = itertools.groupby(range(start, end), key=styles.__getitem__)
        painted = (_painted(paint, "".join(text[at] for at in places), style) for style, places in runs)
        yield (indent if number else "") + "".join(painted)


def _wrapped(text: str, width: int, indent: int = 0) -> Iterator[tuple[int, int]]:
    """Yield start and end of each line; a word that is longer than a line is broken."""
    start, room = 0, max(1, width)
    while start < len(text):
        end, taken, space = start, 0, -1
        while end < len(text) and taken + width_of(text[end]) <= room:
            taken += width_of(text[end])
            if text[end] == " " and text[start:end].strip():
                space = end
            end += 1
        if end < len(text) and text[end] != " ":
            end = space if space > start else max(end, start + 1)
        yield start, end
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
        room = max(1, width - indent)


def _one(piece: Text) -> str:
    return piece.text if isinstance(piece.text, str) else ", ".join(piece.text)


def _cell(value: str | Text) -> tuple[tuple[str, ...], str]:
    if isinstance(value, str):
        return (plain(value),), ""
    lines = (value.text,) if isinstance(value.text, str) else value.text
    return tuple(map(plain, lines)), value.style


def _grid(grid: Grid, width: int | None, paint: Paint) -> Iterator[str]:
    rows = [[_cell(value) for value in row] for row in grid.rows]
    if width is None:
        rows = [[((", ".join(lines),), style) for lines, style in row] for row in rows]
    widths = [
        max([width_of(column.title), *(width_of(line) for row in rows for line in row[place][0])])
        for place, column in enumerate(grid.columns)
    ]
    fitted: list[int] = widths
    if width is not None:
        found = _fitted(grid.columns, rows, widths, width)
        if found is None:
            yield from _blocks(grid.columns, rows, width, paint)
            return
        fitted = found
    columns = [(column, size) for column, size in zip(grid.columns, fitted, strict=True) if size or not column.bar]
    kept = [place for place, column in enumerate(grid.columns) if fitted[place] or not column.bar]
    yield _joined([_aligned(column.title, column, size) for column, size in columns])
    yield "─" * (sum(size for _, size in columns) + _GAP * (len(columns) - 1))
    for row in rows:
        yield from _row([row[place] for place in kept], columns, paint)


def _fitted(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[tuple[str, ...], str]]], widths: list[int], width: int
) -> list[int] | None:
    """Return widths that fit: columns of bars go first, then the widest column of words; None when nothing fits."""
    fitted = list(widths)
    excess = sum(fitted) + _GAP * (len(fitted) - 1) - width
    for place, column in enumerate(columns):
        if column.bar and excess > 0:
            excess -= fitted[place] + _GAP  # half a bar would compare wrongly
            fitted[place] = 0
    least = {
        place: min(_LEAST, max(width_of(word) for word in _words_of(columns[place], rows, place)))
        for place in _words(columns)
    }
    while excess > 0:
        widest = max(least, key=lambda one: fitted[one] - least[one], default=None)
        if widest is None or fitted[widest] <= least[widest]:
            return None
        fitted[widest] -= 1
        excess -= 1
    return fitted


def _words(columns: Sequence[Column]) -> list[int]:
    return [place for place, column in enumerate(columns) if not (column.whole or column.right or column.bar)]


def _words_of(column: Column, rows: Sequence[Sequence[tuple[tuple[str, ...], str]]], place: int) -> Iterator[str]:
    yield column.title
    for row in rows:
        for line in row[place][0]:
            yield from line.split()


def _row(
    cells: Sequence[tuple[tuple[str, ...], str]], columns: Sequence[tuple[Column, int]], paint: Paint
) -> Iterator[str]:
    stacked = [
        [line[start:end] for line in lines for start, end in _wrapped(line, size)]
        for (lines, _), (_, size) in zip(cells, columns, strict=True)
    ]
    for height in range(max([1, *map(len, stacked)])):
        painted = []
        for wrapped, (_, style), (column, size) in zip(stacked, cells, columns, strict=True):
            text = wrapped[height] if height < len(wrapped) else ""
            painted.append(_aligned(text, column, size, _painted(paint, text, style)))
        yield _joined(painted)


def _aligned(text: str, column: Column, size: int, painted: str | None = None) -> str:
    padding, shown = " " * (size - width_of(text)), text if painted is None else painted
    return padding + shown if column.right else shown + padding


def _joined(cells: Sequence[str]) -> str:
    return (" " * _GAP).join(cells).rstrip()


def _blocks(
    columns: Sequence[Column], rows: Sequence[Sequence[tuple[tuple[str, ...], str]]], width: int, paint: Paint
) -> Iterator[str]:
    """Write each row as a block: its first cell, then a line a column."""
    named = max(width_of(column.title) for column in columns[1:]) if columns[1:] else 0
    for block, row in enumerate(rows):
        if block:
            yield ""
        for number, (column, (lines, style)) in enumerate(zip(columns, row, strict=True)):
            if column.bar or not any(lines):
                continue
            head = "" if number == 0 else "  " + column.title.ljust(named + _GAP)
            room = max(8, width - len(head))
            places = ((line, *span) for line in lines for span in _wrapped(line, room))
            for height, (line, start, end) in enumerate(places):
                lead = head if height == 0 else " " * len(head)
                yield lead + _painted(paint, line[start:end], style or ("bold" if number == 0 else ""))
