"""Lines and tables, laid out by rich: as wide as they are for a file or a pipe, within its width for a terminal.

Nothing is cut. In a pipe a row is one line, for ``grep`` and ``awk``. On a terminal words wrap, and a column of bars is
left out when there is no room for it. A table that does not fit even so is written as blocks, one line a column.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from genie.cli.terminal.drawing import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text as RichText

_GAP = 2
_LEAST = 24
"""Narrowest column of words, in terminal columns, unless its longest word is shorter."""
_LONGEST = 1 << 20
"""Width of the console where nothing bounds a line."""


class Text(NamedTuple):
    """Text in one style; several lines of a cell are joined by ``, `` where a row is one line."""

    text: str | tuple[str, ...]
    style: str = ""


class Line(NamedTuple):
    """A line of pieces; a wrapped line continues at the indent of its first word."""

    pieces: tuple[Text, ...]

    @classmethod
    def of(cls, text: str, style: str = "") -> Line:
        """Return a line in one style."""
        return cls((Text(text, style),))


class Column(NamedTuple):
    """A column: its words may wrap, unless it is ``whole`` or aligned right. A column of bars is left out first."""

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
        """Add a row, one cell for each column."""
        self.rows.append(cells)


Part = Line | Grid


def laid_out(parts: Iterable[Part], *, width: int | None = None, colour: bool = False) -> Iterator[str]:
    """Yield the lines of parts, without line ends.

    Args:
        parts: The content; characters that could steer a terminal are replaced.
        width: Columns of the terminal; None where nothing bounds a line.
        colour: Whether styles become escape sequences.
    """
    console: Console | None = None
    for part in parts:
        if isinstance(part, Line) and width is None and not colour:  # a pipe, without a table: rich is not needed
            yield "".join(plain(_joined(piece)) for piece in part.pieces).rstrip()
            continue
        console = console or _console(width, colour=colour)
        with console.capture() as captured:
            for one in _line(part, width) if isinstance(part, Line) else _grid(part, width):
                console.print(one, crop=False, soft_wrap=False)
        yield from (line.rstrip() for line in captured.get().splitlines())


def _console(width: int | None, *, colour: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - start-up: only where a table or a terminal needs it

    return Console(
        width=width or _LONGEST, force_terminal=colour, color_system="standard" if colour else None,
        no_color=not colour, legacy_windows=False, highlight=False, markup=False, emoji=False,
    )  # fmt: skip


def _line(line: Line, width: int | None) -> Iterator[RenderableType]:
    from rich.padding import Padding  # noqa: PLC0415 - as above
    from rich.text import Text as RichText  # noqa: PLC0415 - as above

    text = RichText.assemble(*((plain(_joined(piece)), piece.style) for piece in line.pieces), overflow="fold")
    indent = len(text.plain) - len(text.plain.lstrip())
    if width is None or text.cell_len <= width or indent > width // 2:
        yield text
    else:
        yield Padding(text[indent:], (0, 0, 0, indent))


def _grid(grid: Grid, width: int | None) -> Iterator[RenderableType]:
    bars = [place for place, column in enumerate(grid.columns) if column.bar]
    for left_out in [bars[:count] for count in range(len(bars) + 1)]:
        table = _table(grid, width, frozenset(left_out))
        least = sum(column.min_width or 0 for column in table.columns) + _GAP * (len(table.columns) - 1)
        if width is None or least <= width:
            yield table
            return
    yield from _blocks(grid)


def _table(grid: Grid, width: int | None, left_out: frozenset[int]) -> Table:
    from rich.box import Box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    rule = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
    table = Table(box=rule, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="")
    kept = [(place, column) for place, column in enumerate(grid.columns) if place not in left_out]
    for place, column in kept:
        cells = [_cell(row[place], width) for row in grid.rows]
        whole = column.whole or column.right or column.bar
        longest = max((cell.cell_len if whole else _longest_word(cell) for cell in cells), default=0)
        title = _cell(column.title, width)
        least = max(longest, title.cell_len if whole else _longest_word(title))
        table.add_column(
            title, justify="right" if column.right else "left", overflow="fold", no_wrap=whole,
            min_width=least if whole else min(_LEAST, least),
        )  # fmt: skip
    for row in grid.rows:
        table.add_row(*(_cell(row[place], width) for place, _ in kept))
    return table


def _cell(value: str | Text, width: int | None) -> RichText:
    from rich.text import Text as RichText  # noqa: PLC0415 - as above

    piece = Text(value) if isinstance(value, str) else value
    lines = (piece.text,) if isinstance(piece.text, str) else piece.text
    text = (", " if width is None else "\n").join(map(plain, lines))
    return RichText.assemble((text, piece.style), no_wrap=False, overflow="fold")


def _longest_word(text: RichText) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    return max(map(cell_len, text.plain.split()), default=0)


def _blocks(grid: Grid) -> Iterator[RenderableType]:
    """Yield each row as a block: its first cell, then a line for each column."""
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text as RichText  # noqa: PLC0415 - as above

    for number, row in enumerate(grid.rows):
        if number:
            yield RichText("")
        first, *rest = (_cell(value, 1) for value in row)
        first.stylize("bold")
        yield first
        block = Table.grid(padding=(0, _GAP, 0, 0))
        block.add_column(no_wrap=True)
        block.add_column(overflow="fold")
        for column, cell in zip(grid.columns[1:], rest, strict=True):
            if not column.bar and cell.plain.strip():
                block.add_row(f"  {plain(column.title)}", cell)
        yield block


def _joined(piece: Text) -> str:
    return piece.text if isinstance(piece.text, str) else ", ".join(piece.text)
