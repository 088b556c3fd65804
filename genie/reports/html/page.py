"""A whole page: a report in Jinja2 templates, with a policy for its style and scripts, small enough for mail.

Every template escapes every text. Text reaches a script only as the JSON of the charts, in which ``<``, ``>``, ``&``
and ``'`` are written as escapes.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import itertools
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from genie import __version__
from genie.contracts.rendering import Card, Facts, Figure, Section, Stack, Text, Trend, plain
from genie.contracts.report_parts import moment_of
from genie.reports.course import bars
from genie.reports.html.diagram import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from genie.contracts.rendering import Block, Cell, Column, Table

ROOM = 1_000_000
"""Bytes for sections and the data of their charts; with library, script and style a page is below 1.5 MB."""
LONGEST_TEXT = 2_000
"""Maximum length of one text; a longer one is truncated, and the page states by how much."""
MOST_ROWS = 500
MOST_TABLE_BYTES = 200_000
MOST_LINES = 100
MOST_LETTER = 1_000
_ANSWER = 200
"""Length from which an answer is set in smaller type."""
_DEEPEST = 6
"""Levels of cards that are laid out."""
_LONG = 32
"""Length from which a cell gets the width of a few words, on any screen."""
_STACKED = 5
"""Number of columns from which a table is stacked on a phone."""
_STACKED_LONG = 3
"""The same if a cell is long."""
_MANY = 6
"""Number of columns from which a table is set tighter."""
_WHOLE = 12
"""Length of a name that is never broken."""
_JOINT = re.compile(r"(?<=[A-Za-z])[._](?=[A-Za-z])")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?|(?:\d{1,2} )?[A-Z][a-z]{2} \d{4}", re.ASCII)
_LIBRARY_MAP = "//# sourceMappingURL=chart.umd.min.js.map"
_DASH = "\N{EN DASH}"


class Badge(NamedTuple):
    """The status of a page: a sign and a word, so that colour is not needed to read it."""

    word: str
    kind: str
    """CSS class."""
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The content of a page."""

    title: str
    badge: Badge | None = None
    standing: tuple[str, ...] = ()
    """Facts beside the badge."""
    head: tuple[Block, ...] = ()
    lead: tuple[Block, ...] = ()
    """Blocks between the header and the first section."""
    sections: tuple[Section, ...] = ()
    more: str = "--json has them all"
    """Where to find the rest that a page leaves out."""
    at: datetime | None = None
    """When the reported event began, in UTC; printed in the footer."""


def whole_page(page: Page) -> str:
    """Return a page as one HTML document that loads nothing."""
    environment = _environment()
    macros = environment.get_template("blocks.html").make_module({"where": page.more})
    header = _Drawn(macros.header(page), _charts((*page.head, *page.lead)), vital=True)  # type: ignore[attr-defined]  # a macro of the template
    sections = [
        _Drawn(macros.section(section), _charts(section.blocks), vital=section.vital)  # type: ignore[attr-defined]  # as above
        for section in page.sections
    ]
    kept, left_out = _within_room([header, *sections])
    style, scripts = _parts()
    return environment.get_template("page.html").render(
        page=page, sections=[drawn.html for drawn in kept], left_out=left_out, version=__version__,
        charts={name: chart for drawn in kept for name, chart in drawn.charts.items()},
        policy=Markup(_policy(style, scripts)), style=Markup(style), scripts=tuple(map(Markup, scripts)),  # noqa: S704 - files of this package
    )  # fmt: skip


def stamp(at: datetime) -> str:
    """Return a date and time for people; ``at`` is in UTC."""
    return moment_of(at)


# --- templates ---


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("genie.reports.html"), autoescape=True, undefined=StrictUndefined, finalize=_shown,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.filters |= {
        "groups": _groups, "kind": lambda block: type(block).__name__, "bounded": _bounded, "moment": stamp,
        "placed": placed, "bars": bars, "breakable": _breakable, "spaced": lambda name: name.replace("_", " "),
    }  # fmt: skip
    environment.globals["most"] = {"lines": MOST_LINES, "answer": _ANSWER, "letter": MOST_LETTER}
    return environment


def _shown(value: object) -> object:
    """Return the output of a template: text without misleading characters, truncated to its limit."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    left_out = len(value) - LONGEST_TEXT
    if left_out > 0:
        value = f"{value[:LONGEST_TEXT]}… ({left_out} more characters)"
    return "\n".join(map(plain, value.splitlines()))


def _breakable(text: str) -> Markup:
    """Return a text in which a name of several parts may be broken after a point or an underscore."""
    words = str(escape(_shown(text))).split(" ")
    return Markup(" ".join(word if len(word) <= _WHOLE else _JOINT.sub(r"\g<0><wbr>", word) for word in words))  # noqa: S704 - escaped above


def _groups(blocks: Iterable[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Yield neighbouring figures and cards together, with the class of their grid; other blocks without a class."""
    flat = _unnested(blocks, "", 1)
    for grid, group in itertools.groupby(flat, key=lambda block: isinstance(block, (Figure, Card, Stack))):
        found = list(group)
        loose = not any(isinstance(block, Figure) for block in found)
        yield ("grid loose" if loose else "grid") if grid else "", _widened(found) if grid else found


def _widened(blocks: list[Block]) -> list[Block]:
    """Return the blocks of a grid of two columns; a card without a neighbour takes the whole row."""
    shown: list[Block] = []
    alone = False
    for block, following in itertools.zip_longest(blocks, blocks[1:]):
        wide = getattr(block, "wide", False)
        alone = not wide and not alone
        last = following is None or getattr(following, "wide", False)
        shown.append(dataclasses.replace(block, wide=True) if alone and last and isinstance(block, Card) else block)
        alone = alone and not last
    return shown


def _unnested(blocks: Iterable[Block], prefix: str, depth: int) -> Iterator[Block]:
    """Yield blocks without trends; a card in a card follows it, under both titles."""
    for block in blocks:
        if not isinstance(block, Card):
            if not isinstance(block, Trend):
                yield block
            continue
        if block.only == "terminal":
            continue
        title = f"{prefix}{block.title}"
        inner = tuple(one for one in block.blocks if not isinstance(one, Card))
        if inner:
            yield Card(title, _merged(inner), block.wide, folded=block.folded)
        if depth < _DEEPEST:
            yield from _unnested((one for one in block.blocks if isinstance(one, Card)), f"{title}: ", depth + 1)


def _merged(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return blocks with their facts in one list, at the place of the first."""
    facts = [block for block in blocks if isinstance(block, Facts)]
    whole = Facts(tuple(pair for one in facts for pair in one.pairs))
    return tuple(
        whole if facts and block is facts[0] else block
        for block in blocks
        if not isinstance(block, Facts) or block is facts[0]
    )


class _Cell(NamedTuple):
    text: str
    kind: str


class _Rows(NamedTuple):
    columns: Sequence[Column]
    rows: Sequence[Sequence[_Cell]]
    left_out: int
    stacked: bool
    """Whether a phone has no room for its columns; a row is shown there as names with values."""
    many: bool
    """Whether the columns need the room between them."""


def _bounded(table: Table) -> _Rows:
    """Return the columns of a page, and rows up to ``MOST_ROWS`` and ``MOST_TABLE_BYTES``."""
    columns, rows = table.shown("page")
    kept: list[list[_Cell]] = []
    size = 0
    for row in itertools.islice(rows, MOST_ROWS):
        cells = [_cell(column, cell) for column, cell in zip(columns, row, strict=True)]
        size += sum(len(escape(_shown(cell.text)).encode()) + len(cell.kind) + 20 for cell in cells)
        if size > MOST_TABLE_BYTES:
            break
        kept.append(cells)
    long = any("long" in cell.kind for row in kept for cell in row)
    stacked = len(columns) >= (_STACKED_LONG if long else _STACKED)
    return _Rows(columns, kept, len(rows) - len(kept), stacked, len(columns) >= _MANY)


def _cell(column: Column, cell: Cell) -> _Cell:
    text = cell.text if isinstance(cell, Text) else cell if isinstance(cell, str) else _DASH
    kinds = ["number"] if column.number else []
    if kinds and text.startswith("-"):
        kinds.append("minus")
    if _DATE.fullmatch(text):
        kinds.append("date")
    elif len(text) > _LONG:
        kinds.append("long")
    if " " not in text and len(text) > _WHOLE and _JOINT.search(text):
        kinds.append("name")
    return _Cell(text, " ".join(kinds))


# --- size ---


class _Drawn(NamedTuple):
    html: Markup
    charts: dict[str, object]
    vital: bool


def _charts(blocks: Iterable[Block]) -> dict[str, object]:
    return {
        one.id: {"kind": one.chart.kind, **one.chart.data} for one in blocks if isinstance(one, Figure) and one.chart
    }


def _within_room(sections: Sequence[_Drawn]) -> tuple[list[_Drawn], int]:
    room = ROOM - sum(_size(section) for section in sections if section.vital)
    kept = []
    for section in sections:
        if not section.vital:
            room -= _size(section)
        if section.vital or room >= 0:
            kept.append(section)
    return kept, len(sections) - len(kept)


def _size(section: _Drawn) -> int:
    return len(section.html.encode()) + len(json.dumps(section.charts))


# --- style and scripts ---


def policy_of_pages() -> str:
    """Return the content security policy that every page states, for servers that also send it."""
    return _policy(*_parts())


def _parts() -> tuple[str, tuple[str, str]]:
    return _file("page.css"), (_library(), _file("page.js"))


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """Return a policy under which this style and these scripts run, and nothing is fetched, posted or embedded."""
    allowed = " ".join(f"'{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@functools.cache
def _library() -> str:
    # The source map of its last line is not in the page, so a debugger would request it from the network.
    return _file("chart.umd.min.js").replace(_LIBRARY_MAP, "")


@functools.cache
def _file(name: str) -> str:
    return resources.files("genie.reports.html").joinpath("data", name).read_text("utf-8")
