"""What counts of yes and no are worth: intervals of a proportion, and the agreement of two judges beyond chance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Z = 1.959963984540054
"""Of an interval that holds the true value in 95 of 100 cases."""


class Interval(NamedTuple):
    """Where a proportion lies."""

    low: float
    high: float


def wilson(yes: int, count: int, z: float = Z) -> Interval:
    """Return the interval of a proportion by Wilson (1927); from 0 to 1 where nothing was counted.

    Unlike the usual one it holds for few counts, and for proportions near 0 and 1.

    Raises:
        ValueError: The counts are none.
    """
    if not 0 <= yes <= count:
        raise ValueError("a proportion is counted of 0 to all")
    if count == 0:
        return Interval(0.0, 1.0)
    share, square = yes / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    return Interval(0.0 if yes == 0 else max(0.0, middle - half), 1.0 if yes == count else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two judges agree on the same things."""

    count: int
    agreed: int
    kappa: float | None
    """Cohen's kappa: 1 for full agreement, 0 for what chance brings; None where chance alone agrees fully, or nothing
    was counted."""
    only_first: int
    """The first says yes, the second no."""
    only_second: int


def agreement(pairs: Iterable[tuple[bool, bool]]) -> Agreement:
    """Return how two judges agree, from what both said of each thing (Cohen, 1960)."""
    both = only_first = only_second = neither = 0
    for first, second in pairs:
        both += first and second
        only_first += first and not second
        only_second += second and not first
        neither += not (first or second)
    count = both + only_first + only_second + neither
    if not count:
        return Agreement(0, 0, None, 0, 0)
    seen = (both + neither) / count
    first_yes, second_yes = (both + only_first) / count, (both + only_second) / count
    by_chance = first_yes * second_yes + (1 - first_yes) * (1 - second_yes)
    kappa = None if by_chance >= 1 else (seen - by_chance) / (1 - by_chance)
    return Agreement(count, both + neither, kappa, only_first, only_second)
