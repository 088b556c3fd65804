"""Small HTML tables for notebooks: escaped, bounded, without styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROWS = 100
"""Maximum number of rows shown; the rest is counted."""
MOST_CHARACTERS = 200
"""Maximum length of a cell, in characters."""


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as HTML; every cell is escaped and cut to 200 characters.

    Args:
        title: Its caption.
        head: Names of the columns.
        rows: One sequence of cells each; at most 100 are shown, with the number of the others.
    """
    every = list(rows)
    lines = [f"<table><caption>{_cell(title)}</caption>", _row("th", head)]
    lines += [_row("td", row) for row in every[:MOST_ROWS]]
    if len(every) > MOST_ROWS:
        lines.append(f'<tr><td colspan="{len(head)}">and {len(every) - MOST_ROWS} more</td></tr>')
    return "".join((*lines, "</table>"))


def _row(tag: str, cells: Iterable[object]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_cell(cell)}</{tag}>" for cell in cells) + "</tr>"


def _cell(value: object) -> str:
    from html import escape  # noqa: PLC0415 - start-up: its table of entities is for notebooks alone

    text = str(value)
    return escape(text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}...")
