"""Reports as plain values: a renderer returns one, and the terminal and the page both show it.

A renderer holds no HTML and no terminal codes. It turns a payload into a ``Report``: text, tables, tiles and charts.
``genie.reports`` escapes the text, draws the charts and bounds the size. Renderers are found by the entry point group
``genie.renderers``, where the name of an entry point is the topic of the payload.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from genie.contracts.message import Payload

Tone = Literal["", "dim", "good", "warn", "bad"]
Where = Literal["", "page", "terminal"]
"""Where a block is shown; empty means everywhere."""
ChartKind = Literal[
    "months", "categories", "forecast", "anomalies", "charges",
    "columns", "bars", "course", "tally", "lanes", "ratio", "latency", "throughput",
]  # fmt: skip

_STEERING = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Unicode categories that move a cursor, reorder text or hide in it."""


def plain(text: str) -> str:
    """Replace every character that could control a terminal or reorder a line by ``�``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if unicodedata.category(char) in _STEERING else char for char in text)


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 agent``, ``1,200 agents``.

    Args:
        count: How many.
        one: The noun for one.
        many: The noun for none and several; with an ``s`` by default.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a cell."""

    text: str
    tone: Tone = ""
    brief: str | None = None
    """What a terminal shows instead if the text is too long for a cell."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in a cell, drawn on a terminal. A page has charts instead."""

    value: Decimal | int
    largest: Decimal | int
    tone: Tone = ""
    width: int = 24


@dataclass(frozen=True, slots=True)
class Trend:
    """A row of values as a small line chart, drawn on a terminal. A page has charts instead."""

    values: tuple[Decimal | int, ...]
    name: str = ""


Cell = str | Text | Bar | Trend | None
"""None is shown as a dash."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    number: bool = False
    """Aligned to the right; negative values are marked."""
    whole: bool = False
    """Its text is never wrapped."""
    only: Where = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column names the rows. Pages and terminals limit the rows and count the rest."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Check the rows.

        Raises:
            ValueError: The number of cells in a row differs from the number of columns.
        """
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.caption!r}: {len(row)} cells in a row of {len(self.columns)} columns")

    def shown(self, where: Where) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
        """Return the columns and rows for a page or a terminal."""
        kept = [place for place, column in enumerate(self.columns) if column.only in {"", where}]
        return tuple(self.columns[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of one paragraph."""

    text: str
    style: Literal["", "note", "question", "answer", "code", "letter"] = ""
    """A letter keeps its line breaks and is never truncated."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that the reader must not miss."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """One large figure."""

    name: str
    figure: str
    note: str = ""
    unit: str = ""
    """Shown smaller than the figure, such as a currency."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Large figures beside each other."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a ranking."""

    title: str
    text: str
    badge: str = ""
    level: Literal["high", "medium", "low"] = "medium"
    """Emphasis of the badge."""
    figure: str = ""
    note: str = ""
    """The value that the figure is compared with."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Numbered entries, the most important first."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as plain values: ``docs/report.md`` lists the data of each kind. Amounts are exact decimal text."""

    kind: ChartKind
    data: Mapping[str, object]
    says: str
    """Description for a reader who cannot see the chart."""
    keys: tuple[tuple[str, str], ...] = ()
    """Legend: CSS class of the mark, and its meaning."""
    note: str = ""
    """How to read the chart; shown after the note of the figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, and its data as a table. A terminal shows only the table, with caption and note."""

    id: str
    """Unique on a page: letters, digits and hyphens."""
    title: str
    table: Table
    note: str = ""
    chart: Chart | None = None
    wide: bool = False
    folded: bool = True
    """The page closes the table until the reader opens it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a diagram."""

    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow of a diagram, between the positions of two boxes."""

    start: int
    end: int
    text: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram, read from the first box on. A terminal shows the arrows as a table."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    note: str = ""


SpanKind = Literal["queued", "worked", "held", "passed"]
"""State of a message in a span of time: waiting, handled, waiting for a person, or not recorded."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time of one branch, in seconds from the start."""

    kind: SpanKind
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Branch:
    """One step of a course, listed under the step that caused it."""

    name: str
    depth: int
    """Number of steps between the first one and this one."""
    start: float
    """In seconds from the start."""
    spans: tuple[Span, ...]
    state: str = ""
    """Its verdict and outcome, in a few words."""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Course:
    """Steps as a tree of causes, each with its bar on a common time axis. A terminal shows a table."""

    branches: tuple[Branch, ...]
    until: float
    """Length of the time axis in seconds, above 0."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Blocks under a minor heading; a nested card is shown below its parent."""

    title: str
    blocks: tuple[Block, ...]
    wide: bool = False
    only: Where = ""
    folded: bool = False
    """A page shows only the heading until the reader opens it; when printed it stays closed."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Cards that share one column of a page."""

    cards: tuple[Card, ...]


Block = Paragraph | Notice | Lines | Facts | Tiles | Ranking | Table | Trend | Figure | Diagram | Course | Card | Stack


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]
    vital: bool = False
    """A page that would become too large drops sections from its end, except vital ones."""


@dataclass(frozen=True, slots=True)
class Report:
    """A payload for people.

    Args:
        headline: The answer in one or two sentences; empty if the sections suffice.
        question: What was asked.
        lead: Blocks between the headline and the first section.
        sections: In reading order.
        more: Where to find the rows that a table leaves out.
        rows: Rows of a table that a terminal shows.
    """

    sections: tuple[Section, ...]
    headline: str = ""
    question: str = ""
    lead: tuple[Block, ...] = field(default=())
    more: str = "--json has them all"
    rows: int = 24


class Renderer(Protocol):
    """Turns payloads of its topics into reports; constructed without arguments, called with one payload at a time."""

    topics: ClassVar[tuple[str, ...]]
    """Topics of the payloads that it renders. A renderer of one class may name it as ``kind``: then a payload known
    only by its JSON fields, such as that of an approval in another process, also has a report."""

    def render(self, payload: Payload) -> Report:
        """Return the report of a payload of one of its topics."""
        ...
