"""Monte Carlo of an investment with contributions: final wealth on many simulated paths, and its statistics.

Months are lognormal and independent: a month multiplies by ``m exp(-s^2/2 + s z)`` with ``s = sigma / sqrt(12)`` and z
standard normal, so that its mean is m for any volatility (geometric Brownian motion, sampled monthly). Numbers are
binary floats: the sampling error of a simulation far exceeds their rounding error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MONTHS = 12
_Z95 = 1.959963984540054
"""Quantile of the normal distribution at 0.975."""


def monthly_growth(annual: float, compounding: Literal["monthly", "annually", "continuously"]) -> float:
    """Return the expected growth factor of a month.

    Args:
        annual: Expected return of a year, as a fraction above -1.
        compounding: ``monthly`` takes a twelfth of it, ``annually`` its twelfth root, ``continuously`` ``exp``.
    """
    if compounding == "monthly":
        return 1 + annual / MONTHS
    return (1 + annual) ** (1 / MONTHS) if compounding == "annually" else math.exp(annual / MONTHS)


@dataclass(frozen=True, slots=True)
class Market:
    """Distribution of a month's return."""

    growth: float
    """Expected factor of a month, above 0."""
    volatility: float
    """Standard deviation of a year's logarithmic return, at least 0."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Growth on each path; wealth is linear in both: ``corpus * of_corpus + contribution * of_contributions``."""

    of_corpus: NDArray[np.float64]
    """Final value of 1 invested at the start."""
    of_contributions: NDArray[np.float64]
    """Final value of the contributions, if one contribution is 1."""


def simulate(
    market: Market, shares: Sequence[float], *, paths: int, seed: int, timing: Literal["end", "start"] = "end"
) -> Paths:
    """Return the growth of 1 at the start, and of a plan of contributions, on simulated paths.

    Args:
        market: Distribution of monthly returns.
        shares: Contribution of each month, as multiples of one contribution; their number is the horizon.
        paths: Number of paths, at least 1.
        seed: Seed of numpy's PCG64; the same seed gives the same paths on every platform, and the first months of a
            longer horizon are those of a shorter one.
        timing: Contributions are paid at the end of their month, or at its start.

    Raises:
        ValueError: There is no path, growth is not above 0, or volatility is negative.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and only simulations need it

    if paths < 1 or not market.growth > 0 or not market.volatility >= 0:
        raise ValueError("needs at least one path, growth above 0 and a volatility of at least 0")
    source = np.random.Generator(np.random.PCG64(seed))
    deviation = market.volatility / math.sqrt(MONTHS)
    drift = math.log(market.growth) - deviation * deviation / 2
    corpus, saved = np.ones(paths), np.zeros(paths)
    month = np.full(paths, market.growth)  # without volatility every month has the expected return
    for share in shares:  # a month at a time stays in the processor's cache; all at once is three times slower
        if deviation:
            source.standard_normal(out=month)
            month *= deviation
            month += drift
            np.exp(month, out=month)
        corpus *= month
        if timing == "start":
            saved += share
        saved *= month
        if timing == "end":
            saved += share
    return Paths(corpus, saved)


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return the 95 percent interval of a share; its width is never 0, even if all trials have the same result.

    Source: Wilson (1927), score interval, without continuity correction.

    Raises:
        ValueError: There are no trials, or more successes than trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError("a share needs at least one trial, and no more successes than trials")
    share, z2 = successes / trials, _Z95 * _Z95
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    return (0.0 if successes == 0 else max(middle - half, 0.0)), (
        1.0 if successes == trials else min(middle + half, 1.0)
    )


def shortfall_mean(values: NDArray[np.float64], share: float = 0.05) -> float:
    """Return the mean of the lowest fraction of values; at least one of them counts."""
    import numpy as np  # noqa: PLC0415 - as above

    count = max(1, round(len(values) * share))
    return float(np.partition(values, count - 1)[:count].mean())
