"""Statistics of yes/no counts: intervals of a proportion, and agreement of two judges beyond chance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Z = 1.959963984540054
"""Normal quantile of a 95 % interval."""


class Interval(NamedTuple):
    """Confidence interval of a proportion."""

    low: float
    high: float


def wilson(yes: int, count: int, z: float = Z) -> Interval:
    """Return Wilson's interval of a proportion (1927); 0 to 1 if nothing was counted.

    Unlike the normal approximation it is valid for few counts and for proportions near 0 and 1.

    Raises:
        ValueError: A count is invalid.
    """
    if not 0 <= yes <= count:
        raise ValueError("the counted part must be between 0 and the total")
    if count == 0:
        return Interval(0.0, 1.0)
    share, square = yes / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    return Interval(0.0 if yes == 0 else max(0.0, middle - half), 1.0 if yes == count else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two judges on the same items."""

    count: int
    agreed: int
    kappa: float | None
    """Cohen's kappa: 1 for full agreement, 0 for agreement by chance; None if chance alone explains full agreement, or
    nothing was counted."""
    only_first: int
    """The first says yes, the second no."""
    only_second: int


def agreement(pairs: Iterable[tuple[bool, bool]]) -> Agreement:
    """Return the agreement of two judges, from both verdicts on each item (Cohen, 1960)."""
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
