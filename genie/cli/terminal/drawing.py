"""Drawing with characters: bars, sparklines, and text that cannot control the terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that move the cursor, or reorder or hide text; payloads can contain them."""


def plain(text: str) -> str:
    """Return text in which ``�`` replaces every character that could control a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if unicodedata.category(char) in _STEERING else char for char in text)


def bar(value: Decimal | int, largest: Decimal | int, width: int) -> str:
    """Return a bar of up to ``width`` characters, in steps of an eighth of a character.

    A value of zero or less has no bar; any other value has at least the thinnest bar.
    """
    if largest <= 0 or value <= 0:
        return ""
    eighths = max(1, min(int(value * width * 8 / largest), width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[Decimal | int]) -> str:
    """Return one character for each value, by its height; equal values make a flat line."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if low == high:
        return _LEVELS[3] * len(values)
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round((value - low) * steps / (high - low))] for value in values)
