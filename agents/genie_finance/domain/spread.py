"""Location and spread that are robust against outliers: exact medians of minor units, MAD, robust scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

MAD_TO_SIGMA = 1.4826
"""Factor from the MAD to the standard deviation of normal data: 1 / inverse normal distribution at 3/4."""


def median_minor(values: Sequence[int]) -> int:
    """Return the median of whole minor units; the middle of two is rounded half to even.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("the median needs at least one value")
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    low, odd = divmod(ordered[half - 1] + ordered[half], 2)
    return low + (1 if odd and low % 2 else 0)


class LogSpread(NamedTuple):
    """Location and spread of the logarithms of amounts; on this scale, equal ratios are equal distances."""

    middle: float
    """Median of the logarithms."""
    sigma: float
    """Robust standard deviation of the logarithms, never below the floor."""

    @classmethod
    def of(cls, amounts: Sequence[int], *, floor: float) -> LogSpread:
        """Return the spread of positive amounts.

        Args:
            amounts: Minor units, each above 0.
            floor: Minimum MAD on the log scale; a constant series has a MAD of 0, so without a floor any difference
                would be infinitely unusual. 0.1 means variation by a tenth.

        Raises:
            ValueError: There are no amounts, or one is not above 0.
        """
        if not amounts or min(amounts) <= 0:
            raise ValueError("a log scale needs amounts above 0")
        logs = [math.log(amount) for amount in amounts]
        middle = median(logs)
        mad = median(abs(value - middle) for value in logs)
        return cls(middle, MAD_TO_SIGMA * max(mad, floor))

    def score(self, amount: int) -> float:
        """Return how many robust standard deviations an amount is above the median.

        Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (ASQC 1993), modified z-score; they call
        values beyond 3.5 outliers.
        """
        return (math.log(amount) - self.middle) / self.sigma
