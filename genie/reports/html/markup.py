"""HTML from pieces: text is escaped by default, and what is HTML already says so by its type."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_line

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TEXT = 2_000
"""Characters of one text that are shown; what is cut is counted behind it."""


class Markup(str):
    """Text that is HTML already; any other string is escaped when it is put into a page."""

    __slots__ = ()


NOTHING = Markup("")
DASH = "\N{EN DASH}"
"""Stands where there is no value."""


def escaped(text: str) -> Markup:
    """Return text as HTML: what could steer a reader's eye or a parser is replaced or escaped, the overlong is cut."""
    if isinstance(text, Markup):
        return text
    left_out = len(text) - LONGEST_TEXT
    if left_out > 0:
        text = f"{text[:LONGEST_TEXT]}… ({left_out} more characters)"
    return Markup(html.escape("\n".join(map(plain, text.splitlines())), quote=True))


def joined(pieces: Iterable[str]) -> Markup:
    """Return pieces one after the other."""
    return Markup("".join(map(escaped, pieces)))


def tag(name: str, *children: str, **attributes: str | bool | None) -> Markup:
    """Return an element; ``class_`` is ``class``, other ``_`` are ``-``, None and False leave an attribute out."""
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{shown}>{joined(children)}</{name}>")


def data_block(name: str, value: object) -> Markup:
    """Return JSON for scripts to read, which no text in it can end or turn into markup.

    The JSON is ASCII, so U+2028 and U+2029 are escaped; ``<``, ``>`` and ``&`` are written as escapes too.
    """
    text = to_line(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/json" id="{escaped(name)}">{text}</script>')
