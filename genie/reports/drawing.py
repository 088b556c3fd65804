"""Drawing with characters: bars and sparklines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(value: Decimal | int, largest: Decimal | int, width: int) -> str:
    """Return a bar of up to ``width`` characters, drawn to an eighth of a character.

    A negative or zero value has no bar; a positive value has at least the thinnest one.
    """
    if largest <= 0 or value <= 0:
        return ""
    eighths = max(1, min(int(value * width * 8 / largest), width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sparkline(values: Sequence[Decimal | int]) -> str:
    """Return one character for each value, from the lowest level to the highest.

    Equal values are a flat line, and nothing but zeros is one at the bottom.
    """
    if not values:
        return ""
    low, high = min(values), max(values)
    if low == high:
        return _LEVELS[3 if low else 0] * len(values)
    steps = len(_LEVELS) - 1
    return "".join(_LEVELS[round((value - low) * steps / (high - low))] for value in values)
