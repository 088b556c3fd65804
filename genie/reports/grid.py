"""The layout of a table with rich: full width for a pipe, limited to the terminal's width otherwise.

Nothing is truncated. In a pipe a row is one line. On a terminal words wrap, columns of bars are left out if there is no
room for them, and a table that still does not fit is written as blocks, one line per column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.cells import cell_len
from rich.table import Table as Grid
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import JustifyMethod, RenderableType

_GAP = 2
_LEAST = 24
"""Narrowest column of words, in terminal columns, unless its longest word is shorter."""


class GridColumn(NamedTuple):
    """A column: its words may wrap, unless it is ``whole`` or aligned right. Columns of bars are left out first."""

    title: Text
    right: bool = False
    whole: bool = False
    bar: bool = False


def fitted(columns: Sequence[GridColumn], rows: Sequence[Sequence[Text]], room: int | None) -> Iterator[RenderableType]:
    """Yield a table, or its blocks where it does not fit.

    Args:
        columns: The columns.
        rows: One cell for each column.
        room: Terminal columns; None for no limit.
    """
    bars = [place for place, column in enumerate(columns) if column.bar]
    for count in range(len(bars) + 1):
        kept = [place for place in range(len(columns)) if place not in bars[:count]]
        chosen, cells = [columns[at] for at in kept], [[row[at] for at in kept] for row in rows]
        widths = _widths(chosen, cells, room)
        if widths is not None:
            yield _table(chosen, cells, widths)
            return
    yield from _blocks(columns, rows)


def _widths(columns: Sequence[GridColumn], rows: Sequence[Sequence[Text]], room: int | None) -> list[int] | None:
    """Return the width of each column, or None if the narrowest do not fit.

    Widths are computed here, because rich truncates text if its own are one column too wide.
    """
    natural, least = [], []
    for place, column in enumerate(columns):
        texts = [column.title, *(row[place] for row in rows)]
        natural.append(max(text.cell_len for text in texts))
        whole = column.whole or column.right or column.bar
        least.append(natural[-1] if whole else min(_LEAST, max(map(_longest_word, texts))))
    if room is None:
        return natural
    spare = room - sum(least) - _GAP * (len(columns) - 1)
    if spare < 0:
        return None
    widths = [*least]
    open_ones = sorted(range(len(columns)), key=lambda at: natural[at] - least[at])
    for number, at in enumerate(open_ones):
        given = min(natural[at] - least[at], spare // (len(open_ones) - number))
        widths[at] += given
        spare -= given
    return widths


def _table(columns: Sequence[GridColumn], rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> Grid:
    table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="")
    for column, width in zip(columns, widths, strict=True):
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, overflow="fold", width=max(1, width))
    for row in rows:
        table.add_row(*row)
    return table


def _longest_word(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)


def _blocks(columns: Sequence[GridColumn], rows: Sequence[Sequence[Text]]) -> Iterator[RenderableType]:
    """Yield each row as a block: its first cell, then a line for each column that has a text."""
    for number, row in enumerate(rows):
        if number:
            yield Text("")
        first, *rest = row
        first.stylize("bold")
        yield first
        block = Grid.grid(padding=(0, _GAP, 0, 0))
        block.add_column(overflow="fold")
        block.add_column(overflow="fold")
        for column, cell in zip(columns[1:], rest, strict=True):
            if not column.bar and cell.plain.strip():
                block.add_row(Text("  ") + column.title, cell)
        yield block
