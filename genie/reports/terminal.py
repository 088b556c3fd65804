"""A report as lines of text, laid out by rich: at their full width for a pipe, within the width of a terminal.

Nothing is cut from a cell. In a pipe a row is one line, so that ``grep`` and ``awk`` see all of it. On a terminal words
wrap; columns of bars are dropped if there is no room, and a table that still does not fit is written as one block for
each row.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text as Styled

from genie.contracts.rendering import (
    Bar,
    Card,
    Column,
    Course,
    Diagram,
    Facts,
    Figure,
    Lines,
    Notice,
    Paragraph,
    Ranking,
    Report,
    Stack,
    Table,
    Text,
    Tiles,
    Trend,
    plain,
)
from genie.reports.course import took
from genie.reports.drawing import bar, sparkline
from genie.reports.grid import GridColumn, fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from genie.contracts.rendering import Block, Branch, Cell, Tile

MOST_LINES = 100
MOST_LETTER = 1_000
"""Lines of a letter."""
LONGEST = 2_000
"""Characters of one text that are shown."""
WIDEST = 100_000
"""Line width if no terminal limits it."""
_BAR = 32
"""Characters of the axis of a course."""
_DEEPEST = 12
_MARKS = {"queued": "\N{MIDDLE DOT}", "worked": "\N{FULL BLOCK}", "held": "\N{MEDIUM SHADE}", "passed": "-"}
_STYLES = {"": "", "dim": "dim", "good": "green", "warn": "yellow", "bad": "red"}


def report_lines(report: Report, *, width: int | None = None, colour: bool = False) -> Iterator[str]:
    """Yield a report as lines without their line ends.

    Args:
        report: The report; characters that could control a terminal are replaced.
        width: Columns of the terminal; None for no limit.
        colour: Whether the lines contain style codes.
    """
    yield from _printed(lambda layout: layout.report(report), report, width, colour=colour)


def block_lines(blocks: Iterable[Block], *, width: int | None = None, colour: bool = False) -> Iterator[str]:
    """Yield blocks as lines, as ``report_lines`` does with a report."""
    yield from _printed(lambda layout: layout.blocks(blocks, 0), Report(()), width, colour=colour)


def _printed(
    parts: Callable[[_Layout], Iterator[RenderableType]], report: Report, width: int | None, *, colour: bool
) -> Iterator[str]:
    console = Console(
        file=io.StringIO(), width=WIDEST if width is None else width, color_system="standard" if colour else None,
        force_terminal=colour, highlight=False, markup=False, emoji=False, legacy_windows=False, _environ={},
    )  # fmt: skip
    for part in parts(_Layout(console, report)):
        with console.capture() as captured:
            console.print(part)
        yield from (line.rstrip() for line in captured.get().removesuffix("\n").split("\n"))


class _Layout:
    """Turns blocks into what rich prints on one console."""

    def __init__(self, console: Console, report: Report) -> None:
        self._console = console
        self._rows, self._more = report.rows, report.more

    def report(self, report: Report) -> Iterator[RenderableType]:
        """Yield the parts of a report in reading order."""
        if report.headline:
            yield _styled(report.headline, "bold")
        yield from self.blocks(report.lead, 0)
        alone = len(report.sections) == 1 and not report.headline
        for section in report.sections:
            if not alone:
                yield ""
                yield _styled(section.title, "bold")
            yield from self.blocks(section.blocks, 0)

    def blocks(self, blocks: Iterable[Block], indent: int) -> Iterator[RenderableType]:
        """Yield the parts of blocks in reading order."""
        for block in blocks:
            for part in self._block(block, indent):
                yield Padding(part, (0, 0, 0, indent), expand=False) if indent and part else part

    def _block(self, block: Block, indent: int) -> Iterator[RenderableType]:  # noqa: C901, PLR0912 - one case for each kind
        match block:
            case Paragraph(text, "letter"):
                yield from map(_styled, text.splitlines()[:MOST_LETTER])
            case Paragraph(text, style):
                yield _styled(text, "dim" if style == "note" else "")
            case Notice(text, blocks):
                yield _styled(text, "yellow")
                yield from self.blocks(blocks, 2)
            case Lines(items):
                yield from _lines(items, self._more)
            case Facts(pairs):
                yield from (_fact(name, text) for name, text in pairs)
            case Tiles(tiles):
                yield from (_fact(one.name, _figure(one)) for one in tiles)
            case Ranking():
                yield from _ranking(block)
            case Trend(values, name):
                yield _styled(f"{name} {sparkline(values)}".strip(), "dim")
            case Table():
                yield from self._table(block, indent)
            case Figure():
                yield ""
                yield _styled(block.table.caption, "bold")
                if block.note:
                    yield _styled(block.note, "dim")
                yield from self._table(block.table, indent)
            case Diagram(nodes, links, note):
                ends = ((nodes[link.start].name, nodes[link.end].name, link) for link in links)
                rows = tuple((start, end, Text(link.text, link.tone)) for start, end, link in ends)
                yield from self._table(Table("", tuple(map(Column, ("from", "to", "what"))), rows), indent)
                if note:
                    yield _styled(note, "dim")
            case Course():
                yield from self._course(block, indent)
            case Stack(cards):
                yield from self.blocks(cards, 0)
            case Card(title, blocks, only=only):
                if only != "page":
                    if title:
                        yield _styled(f"{title}:", "bold")
                    yield from self.blocks(blocks, 2 if title and not isinstance(blocks[0], Table) else 0)

    def _table(self, table: Table, indent: int) -> Iterator[RenderableType]:
        """Yield a table that fits: without its bars when there is no room for them, or else as blocks."""
        columns, every = table.shown("terminal")
        rows = every[: self._rows]
        cells = [[_cell(column, cell) for column, cell in zip(columns, row, strict=True)] for row in rows]
        drawn = [_column(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
        yield Group(*fitted(drawn, cells, self._console.width - indent))
        if len(every) > self._rows:
            yield _styled(f"and {len(every) - self._rows:,} more; {self._more}", "dim")

    def _course(self, course: Course, indent: int) -> Iterator[RenderableType]:
        """Yield a tree of causes; bars are left out if there is no room for them."""
        shown = course.branches[: self._rows]
        columns = [
            GridColumn(Styled("at, ms"), right=True), GridColumn(Styled("message"), whole=True),
            GridColumn(Styled(""), whole=True, bar=True), GridColumn(Styled("took"), right=True),
            GridColumn(Styled("")),
        ]  # fmt: skip
        cells = [
            [
                _styled(f"{one.start * 1000:,.1f}"), Styled(plain("  " * min(one.depth, _DEEPEST) + one.name)),
                Styled(_line(one, course.until)), _styled(took(one)), _styled(one.state, _STYLES[one.tone]),
            ]
            for one in shown
        ]  # fmt: skip
        yield Group(*fitted(columns, cells, self._console.width - indent))
        left_out = len(course.branches) - len(shown)
        if left_out or course.note:
            yield _styled(course.note or f"and {left_out:,} more; {self._more}", "dim")


def _line(branch: Branch, until: float) -> str:
    """Return the bar of a branch in characters."""
    places = [" "] * _BAR
    for span in branch.spans:
        start = min(_BAR - 1, int(span.start / until * _BAR))
        for place in range(start, max(start + 1, min(_BAR, int(span.end / until * _BAR)))):
            places[place] = _MARKS[span.kind]
    return "".join(places)


def _styled(text: str, style: str = "") -> Styled:
    """Return text on one line: a line break in a payload must not look like a line of the report."""
    left_out = len(text) - LONGEST
    if left_out > 0:
        text = f"{text[:LONGEST]}… ({left_out:,} more characters)"
    return Styled(plain(" ".join(text.splitlines())), style=style, overflow="fold")


def _fact(name: str, text: str) -> Styled:
    return _styled(f"{name}: ", "bold") + _styled(text)


def _figure(tile: Tile) -> str:
    figure = f"{tile.figure} {tile.unit}".rstrip()
    return f"{figure} ({tile.note})" if tile.note else figure


def _lines(items: Sequence[str], more: str) -> Iterator[RenderableType]:
    for item in items[:MOST_LINES]:
        grid = Grid.grid()
        grid.add_row("- ", _styled(item))
        yield grid
    if len(items) > MOST_LINES:
        yield _styled(f"and {len(items) - MOST_LINES:,} more; {more}", "dim")


def _ranking(ranking: Ranking) -> Iterator[RenderableType]:
    for number, item in enumerate(ranking.items, 1):
        figure = f", {item.figure}" + (f" ({item.note})" if item.note else "") if item.figure else ""
        badge = f", {item.badge}" if item.badge else ""
        yield _styled(f"{number}. {item.title}{figure}{badge}", "yellow")
        yield Padding(_styled(item.text), (0, 0, 0, 3), expand=False)


def _column(column: Column, cells: Sequence[Cell]) -> GridColumn:
    whole = column.whole or any(isinstance(cell, (Bar, Trend)) for cell in cells)
    bar = any(isinstance(cell, Bar) for cell in cells)
    return GridColumn(Styled(plain(column.title)), column.number, whole, bar)


def _cell(column: Column, cell: Cell) -> Styled:
    match cell:
        case None:
            return Styled("-", style="dim")
        case Bar(value, largest, tone, width):
            return Styled(bar(value, largest, width), style=_STYLES[tone] or "cyan")
        case Trend(values, _):
            return Styled(sparkline(values))
        case Text(text, tone, brief):
            return _styled(text if brief is None else brief, _STYLES[tone])
        case str():
            return _styled(cell, "red" if column.number and cell.startswith("-") else "")
