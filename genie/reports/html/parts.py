"""The parts that pages are put together from: sections, cards, tables, figures with a chart, lists, tiles."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie.reports.html.markup import DASH, NOTHING, Markup, escaped, joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

MOST_ROWS = 500
MOST_TABLE_BYTES = 200_000
MOST_LINES = 100
_LONG = 32
"""Characters from which a cell is given the width of a few words, however narrow the screen."""
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page, with what its charts are drawn from, by the id of their canvas."""

    markup: Markup
    charts: Mapping[str, object] = field(default_factory=dict)
    vital: bool = False
    """Stays when the page would become too large; others are left out from the end."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with a heading, its key, and the table of its figures."""

    id: str
    title: str
    note: str
    says: str
    """What somebody hears who cannot see the chart."""
    chart: Mapping[str, object] | None
    """What it is drawn from; None when there is nothing to draw, and the table stands alone."""
    table: Markup
    keys: Sequence[tuple[str, str]] = ()
    """Class of the mark, and what it stands for."""
    wide: bool = False
    folded: bool = True
    """The table is closed until somebody opens it, where scripts run."""

    def markup(self) -> Markup:
        """Return its HTML."""
        drawn = self.chart is not None
        keys = joined(
            tag("li", tag("span", class_=f"mark {mark}", aria_hidden="true"), text) for mark, text in self.keys
        )
        return tag(
            "figure",
            tag(
                "figcaption",
                tag("h3", self.title),
                tag("p", self.note, class_="note") if self.note else NOTHING,
                tag("ul", keys, class_="keys") if keys and drawn else NOTHING,
            ),
            tag("div", tag("canvas", id=self.id, role="img", aria_label=self.says), class_="plot")
            if drawn
            else NOTHING,
            tag(
                "details",
                tag("summary", "The figures as a table"),
                self.table,
                open=True,
                data_fold=self.folded and drawn,
            ),
            class_="card wide" if self.wide else "card",
        )


def figures(title: str, found: Iterable[Figure], *before: Markup, vital: bool = False) -> Section:
    """Return a section of figures beside each other, under what is to stand before them."""
    shown = list(found)
    grid = tag("div", joined(figure.markup() for figure in shown), class_="grid") if shown else NOTHING
    return Section(
        block(title, *before, grid),
        {figure.id: figure.chart for figure in shown if figure.chart is not None},
        vital=vital,
    )


def block(title: str, *parts: str) -> Markup:
    """Return a section under a heading."""
    return tag("section", tag("h2", title), *parts)


def card(title: str, *parts: str, wide: bool = False) -> Markup:
    """Return a card under a small heading."""
    return tag("div", tag("h3", title), *parts, class_="card wide" if wide else "card")


def grouped(amount: Decimal | int) -> str:
    """Return an exact number with its thousands set apart."""
    return f"{amount:,}"


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]], *, numbers: Iterable[str] = ()
) -> Markup:
    """Return a table; the first column heads its rows, columns of numbers are set to the right, None is a dash.

    Rows beyond ``MOST_ROWS`` or ``MOST_TABLE_BYTES`` are counted below it instead.
    """
    right = set(numbers)
    head = joined(tag("th", name, scope="col", class_="number" if name in right else None) for name in columns)
    kept: list[Markup] = []
    size = left_out = 0
    for row in rows:
        line = NOTHING
        if not left_out and len(kept) < MOST_ROWS:
            line = _row(columns, row, right)
            size += len(line.encode())
        if line and size <= MOST_TABLE_BYTES:
            kept.append(line)
        else:
            left_out += 1
    drawn = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", joined(kept))
    )  # fmt: skip
    region = tag("div", drawn, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return joined((region, _more(left_out)))


def _row(columns: Sequence[str], row: Sequence[str | None], right: set[str]) -> Markup:
    cells = []
    for position, (name, cell) in enumerate(zip(columns, row, strict=True)):
        text = DASH if cell is None else cell
        kinds = ["number"] if name in right else []
        if kinds and text.startswith("-"):
            kinds.append("minus")
        if _DATE.fullmatch(text):
            kinds.append("date")
        elif len(text) > _LONG:
            kinds.append("long")
        kind = " ".join(kinds) or None
        cells.append(tag("td", text, class_=kind) if position else tag("th", text, scope="row", class_=kind))
    return tag("tr", *cells)


def _more(left_out: int) -> Markup:
    return tag("p", f"and {left_out:,} more; --json has them all", class_="note") if left_out else NOTHING


def lines(found: Iterable[str], *, ordered: bool = False) -> Markup:
    """Return a list; lines beyond ``MOST_LINES`` are counted below it."""
    every = list(found)
    items = joined(tag("li", line) for line in every[:MOST_LINES])
    return joined((tag("ol" if ordered else "ul", items, class_="lines"), _more(len(every) - len(every[:MOST_LINES]))))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Return names and what they are, one below the other."""
    return tag("dl", joined(joined((tag("dt", name), tag("dd", text))) for name, text in pairs), class_="facts")


def tiles(pairs: Iterable[tuple[str, str, str]]) -> Markup:
    """Return large figures beside each other: what it is, the figure, and what is said below it."""
    made = [
        tag("div", tag("dt", name), tag("dd", escaped(figure), class_="minus" if figure.startswith("-") else None),
            tag("dd", below, class_="note") if below else NOTHING, class_="tile")
        for name, figure, below in pairs
    ]  # fmt: skip
    return tag("dl", *made, class_="tiles") if made else NOTHING


def notice(text: str, *parts: str) -> Markup:
    """Return something that the reader must not miss."""
    return tag("div", tag("p", text), *parts, class_="notice", role="note")
