"""Returns and their tails: moments, normal quantiles, historical, parametric and modified value at risk per unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

_NORMAL = NormalDist()
_ROUNDING = 1e-9
"""Prevents n times the tail's probability from rounding up past an exact whole number."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A loss and the mean loss beyond it, as fractions of the portfolio; at least 0."""

    var: float
    es: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, standard deviation, skewness and excess kurtosis of a sample."""

    mean: float
    deviation: float
    skewness: float
    kurtosis: float

    @classmethod
    def of(cls, returns: Sequence[float], deviation: Literal["population", "sample"]) -> Moments:
        """Return the moments; skewness and kurtosis are those of the population, 0 without variation."""
        count = len(returns)
        mean = math.fsum(returns) / count
        second, third, fourth = (math.fsum((one - mean) ** power for one in returns) / count for power in (2, 3, 4))
        divided = second if deviation == "population" else second * count / (count - 1)
        if second <= 0:
            return cls(mean, 0.0, 0.0, 0.0)
        return cls(mean, math.sqrt(divided), third / second**1.5, fourth / second**2 - 3)


def worst(returns: Sequence[float], alpha: float) -> int:
    """Return how many of the worst returns make the tail: n times its probability rounded up, at least one."""
    return min(max(math.ceil(len(returns) * alpha - _ROUNDING), 1), len(returns))


def historical(returns: Sequence[float], alpha: float, days: int) -> Tail:
    """Return the tail of past returns, scaled by the square root of the days.

    The value at risk is the last of the ``worst`` returns (the inverse of the empirical distribution, without
    interpolation); the shortfall is the mean of all of them.
    """
    tail = sorted(returns)[: worst(returns, alpha)]
    scale = math.sqrt(days)
    return Tail(max(-tail[-1] * scale, 0.0), max(-math.fsum(tail) / len(tail) * scale, 0.0))


def parametric(moments: Moments, alpha: float, days: int) -> Tail:
    """Return the tail of normal returns: ``z s sqrt(h) - m h`` and ``phi(z) / alpha s sqrt(h) - m h``."""
    z = -_NORMAL.inv_cdf(alpha)
    spread, drift = moments.deviation * math.sqrt(days), moments.mean * days
    return Tail(max(z * spread - drift, 0.0), max(_NORMAL.pdf(z) / alpha * spread - drift, 0.0))


def modified(moments: Moments, alpha: float, days: int) -> float:
    """Return the value at risk with the quantile of Cornish and Fisher (1937).

    Over several days of independent returns, skewness decreases with the root of the days and excess kurtosis with the
    days. Where the expansion is not monotonic, the largest loss at a lower confidence is used, since a higher
    confidence never means a smaller loss.
    """
    z = _NORMAL.inv_cdf(alpha)
    lowest = min(_expanded(point, moments, days) for point in (z, *_turns(z, moments, days), 0.0))
    return max(-(lowest * moments.deviation * math.sqrt(days) + moments.mean * days), 0.0)


def expansion_holds(moments: Moments, alpha: float, days: int) -> bool:
    """Return whether the quantile of Cornish and Fisher decreases monotonically from the median to the tail."""
    return not _turns(_NORMAL.inv_cdf(alpha), moments, days)


def _shapes(moments: Moments, days: int) -> tuple[float, float, float]:
    skew, excess = moments.skewness / math.sqrt(days), moments.kurtosis / days
    return skew / 6, excess / 24, skew**2 / 36


def _expanded(z: float, moments: Moments, days: int) -> float:
    skewed, tailed, squared = _shapes(moments, days)
    return z + (z**2 - 1) * skewed + (z**3 - 3 * z) * tailed - (2 * z**3 - 5 * z) * squared


def _turns(z: float, moments: Moments, days: int) -> tuple[float, ...]:
    """Return the turning points of the expansion between a quantile of the tail and the median."""
    skewed, tailed, squared = _shapes(moments, days)
    a, half, c = 3 * tailed - 6 * squared, skewed, 1 - 3 * tailed + 5 * squared
    if not a:
        roots: tuple[float, ...] = (-c / (2 * half),) if half else ()
    else:
        inside = half * half - a * c
        root = math.sqrt(max(inside, 0.0))
        roots = ((-half - root) / a, (-half + root) / a) if inside > 0 else ()
    return tuple(one for one in roots if z < one < 0)


def component_shares(
    histories: Sequence[Sequence[float]], weights: Sequence[float], moments: Moments, alpha: float, days: int
) -> list[float]:
    """Return each position's part of the parametric value at risk before it is limited to 0.

    The parts add up to ``z s sqrt(h) - m h``: the spread in proportion to covariances with the portfolio, the mean by
    their own.

    Args:
        histories: Daily returns of each position.
        weights: Values of the positions over that of the portfolio.
        moments: Of the portfolio's returns.
        alpha: Probability of the tail.
        days: Horizon.
    """
    portfolio = combined(histories, weights)
    z, count, parts = -_NORMAL.inv_cdf(alpha), len(portfolio), []
    variance = math.fsum((one - moments.mean) ** 2 for one in portfolio) / count
    spread = z * moments.deviation * math.sqrt(days)
    for history, weight in zip(histories, weights, strict=True):
        mean = math.fsum(history) / count
        products = ((one - mean) * (all_ - moments.mean) for one, all_ in zip(history, portfolio, strict=True))
        share = weight * math.fsum(products) / count / variance if variance else 0.0
        parts.append(spread * share - weight * mean * days)
    return parts


def combined(histories: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the portfolio's returns: for each day, the weighted sum of the positions' returns."""
    return [math.fsum(w * one for w, one in zip(weights, day, strict=True)) for day in zip(*histories, strict=True)]
