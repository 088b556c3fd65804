"""A whole page: what its policy allows, its style, its scripts and its sections, within a size that mail carries."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from genie import __version__
from genie.cli.terminal.json_text import to_line
from genie.reports.html.markup import NOTHING, Markup, data_block, joined, tag
from genie.reports.html.parts import Section, notice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ROOM = 1_000_000
"""Bytes for sections and the figures of their charts; with library, script and style a page is below 1.5 MB."""
_LIBRARY_MAP = "//# sourceMappingURL=chart.umd.min.js.map"


def whole_page(title: str, sections: Sequence[Section], *, at: datetime | None) -> str:
    """Return a page as one HTML document that fetches nothing.

    Args:
        title: What stands in the window's frame.
        sections: In reading order; vital ones stay, of the others as many as there is room for.
        at: When what it reports on began, in UTC; printed at its end.
    """
    kept, left_out = _within_room(sections)
    charts: dict[str, object] = {name: chart for section in kept for name, chart in section.charts.items()}
    style, scripts = _file("page.css"), (_library(), _file("page.js"))
    head = joined((
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, scripts)}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        Markup('<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'),
        Markup('<link rel="icon" href="data:,">'),
        tag("title", title),
        tag("style", Markup(style)),
    ))  # fmt: skip
    told = f"{left_out} sections are left out, because the page would be too large; --json has everything."
    body = joined((
        tag("main", joined(section.markup for section in kept), notice(told) if left_out else NOTHING),
        tag("footer", f"Genie {__version__}" + ("" if at is None else f" · {stamp(at)}")),
        data_block("charts", charts),
        *(tag("script", Markup(script)) for script in scripts),
    ))  # fmt: skip
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def stamp(at: datetime) -> str:
    """Return a date and time for people; ``at`` is in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _within_room(sections: Sequence[Section]) -> tuple[list[Section], int]:
    room = ROOM - sum(_size(section) for section in sections if section.vital)
    kept = []
    for section in sections:
        if not section.vital:
            room -= _size(section)
        if section.vital or room >= 0:
            kept.append(section)
    return kept, len(sections) - len(kept)


def _size(section: Section) -> int:
    return len(section.markup.encode()) + len(to_line(dict(section.charts)))


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
    # The map that its last line names is not in the page, so a debugger would go and ask for it.
    return _file("chart.umd.min.js").replace(_LIBRARY_MAP, "")


@functools.cache
def _file(name: str) -> str:
    return resources.files("genie.reports.html").joinpath("data", name).read_text("utf-8")
