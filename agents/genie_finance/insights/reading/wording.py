"""One line of text for a movement, from the parts that banks write."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_INVISIBLE = dict.fromkeys((0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(9), *range(14, 32), *range(127, 160)))


def visible(text: str) -> str:
    """Return a text without invisible characters, stripped of surrounding white space."""
    if not text.isascii() or not text.isprintable():
        text = text.translate(_INVISIBLE)
    return text.strip()


_MARKS = str.maketrans(
    {
        "\uffe5": "\u00a5",
        "\uffe6": "\u20a9",
        "\uff04": "$",
        "\uffe1": "\u00a3",
        "\\": "",
        "\u25b3": "-",
        "\u25b2": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2015": "-",
        "\ufe63": "-",
        "\u066b": ".",
        "\u066c": ",",
        "\uff0e": ".",
        "\uff0c": ",",
        "\uff0d": "-",
        "\uff0b": "+",
        "\uff0f": "/",
    }
)
"""Decimal and thousands marks of Arabic script, and wide forms and minus signs of East Asia."""


def western(text: str) -> str:
    """Return a text with the digits of any script as 0 to 9."""
    if text.isascii() and text[:1] not in {"'", "`", "\\"}:
        return text
    text = text.removeprefix("'").removeprefix("`")
    return "".join(str(unicodedata.decimal(c, c)) for c in text.translate(_MARKS))


def joined(parts: Iterable[str]) -> str:
    """Return the parts in order, separated by one space; a part that another part contains is left out."""
    kept: list[str] = []
    for part in parts:
        text = " ".join(part.split())
        if text and not kept:
            kept.append(text)
            continue
        if not text or any(text.casefold() in other.casefold() for other in kept):
            continue
        kept = [other for other in kept if other.casefold() not in text.casefold()]
        kept.append(text)
    return " ".join(kept)
