"""Lines and tables of the command; ``genie.reports.grid`` lays tables out. In a pipe a line is printed without rich."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from genie.cli.terminal.drawing import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType
    from rich.text import Text as RichText

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
    from genie.reports.grid import GridColumn, fitted  # noqa: PLC0415 - as above

    columns = [GridColumn(_cell(one.title, width), one.right, one.whole, one.bar) for one in grid.columns]
    return fitted(columns, [[_cell(value, width) for value in row] for row in grid.rows], width)


def _cell(value: str | Text, width: int | None) -> RichText:
    from rich.text import Text as RichText  # noqa: PLC0415 - as above

    piece = Text(value) if isinstance(value, str) else value
    lines = (piece.text,) if isinstance(piece.text, str) else piece.text
    text = (", " if width is None else "\n").join(map(plain, lines))
    return RichText.assemble((text, piece.style), no_wrap=False, overflow="fold")


def _joined(piece: Text) -> str:
    return piece.text if isinstance(piece.text, str) else ", ".join(piece.text)
