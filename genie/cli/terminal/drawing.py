"""Drawing with characters: bars, sparklines, and text that cannot steer the terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that move the cursor, reorder text or hide in it: a narration may hold any of them."""


def plain(text: str) -> str:
    """Return text in which every character that could steer a terminal is replaced by ``�``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if unicodedata.category(char) in _STEERING else char for char in text)


def bar(value: Decimal | int, largest: Decimal | int, width: int) -> str:
    """Return a bar of up to ``width`` characters, drawn to an eighth of a character.

    A negative or zero value has no bar; anything above zero shows at least its thinnest piece.
    """
    if largest <= 0 or value <= 0:
        return ""
    eighths = max(1, min(int(value * width * 8 / largest), width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[Decimal | int]) -> str:
    """Return one character a value, from the lowest level to the highest; all equal is a flat line."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if low == high:
        return _LEVELS[3] * len(values)
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round((value - low) * steps / (high - low))] for value in values)
