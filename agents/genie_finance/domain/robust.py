"""Statistics that are robust against outliers: quantiles, MAD, modified z-scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

CONSISTENCY = 0.6745
"""Upper quartile of the standard normal distribution: a MAD divided by it is a standard deviation."""
MEAN_CONSISTENCY = 1.253314
"""Square root of pi / 2: a mean deviation times this is a standard deviation."""
OUTLIER = 3.5
"""Modified z-scores above it are outliers. Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993)."""


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all values lies, interpolated between neighbours.

    Source: type 7 of Hyndman and Fan (1996), which spreadsheets and numpy use.

    Args:
        values: In any order, at least one.
        share: Between 0 and 1.

    Raises:
        ValueError: There are no values, or the share is out of range.
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("a quantile needs values, and a share between 0 and 1")
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def mad(values: Sequence[float]) -> float:
    """Return the median of the distances from the median, unscaled.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("the spread needs at least one value")
    middle = median(values)
    return float(median(abs(value - middle) for value in values))


def modified_z(value: float, values: Sequence[float], *, floor: float = 0.0) -> float:
    """Return the deviation of a value from others, in approximate standard deviations above their median.

    If more than half of the values are equal, their MAD is 0 and the mean distance is used; if all are equal, any other
    value is infinitely unusual unless there is a floor.

    Args:
        value: The value.
        values: The others, at least one.
        floor: Minimum spread, in units of the MAD.

    Raises:
        ValueError: There are no values.
    """
    middle, spread = median(values), max(mad(values), floor)
    if spread:
        return CONSISTENCY * (value - middle) / spread
    mean = fmean(abs(one - middle) for one in values)
    if mean:
        return (value - middle) / (MEAN_CONSISTENCY * mean)
    return 0.0 if value == middle else math.copysign(math.inf, value - middle)
