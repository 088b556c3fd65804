"""Ratios of monthly returns: return, volatility, Sharpe, Sortino, drawdown, capture, tracking error.

Statistics of a sample, computed in binary floats; standard deviations divide by n - 1, the downside deviation by n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import fmean, stdev

from genie_finance.contracts.markets import FundRatios
from genie_finance.contracts.numbers import rounded
from genie_finance.domain.monte_carlo import MONTHS

FEWEST = 12
"""Minimum number of months for a ratio."""
_FLAT = 1e-12
"""A smaller deviation is a rounding error, not risk."""


def ratios(returns: Sequence[float], benchmark: Sequence[float], risk_free: float) -> FundRatios | None:
    """Return the ratios, None if there are too few months.

    Args:
        returns: Return of each month, as a fraction, earliest first.
        benchmark: Returns of the same months; empty if there is none.
        risk_free: Yearly rate as a fraction; a month has its twelfth root.
    """
    if len(returns) < FEWEST:
        return None
    free = (1 + risk_free) ** (1 / MONTHS) - 1
    excess = [one - free for one in returns]
    against = [one - other for one, other in zip(returns, benchmark, strict=True)] if benchmark else []
    downside = math.sqrt(fmean(min(one, 0.0) ** 2 for one in excess))
    return FundRatios(
        months=len(returns),
        annualised_return=rounded(annualised(returns), 6),
        annualised_volatility=rounded(stdev(returns) * math.sqrt(MONTHS), 6),
        sharpe=_over(fmean(excess), stdev(excess)),
        sortino=_over(fmean(excess), downside),
        max_drawdown=rounded(max_drawdown(returns), 6),
        downside_capture=_capture(returns, benchmark),
        tracking_error=rounded(stdev(against) * math.sqrt(MONTHS), 6) if against else None,
    )


def annualised(returns: Sequence[float]) -> float:
    """Return the geometric return a year."""
    return math.exp(math.fsum(math.log1p(one) for one in returns) * MONTHS / len(returns)) - 1


def max_drawdown(returns: Sequence[float]) -> float:
    """Return the deepest fall below an earlier peak, including the start; 0 or negative."""
    worth, peak, deepest = 0.0, 0.0, 0.0  # logarithms, since decades of months overflow otherwise
    for one in returns:
        worth += math.log1p(one)
        peak = max(peak, worth)
        deepest = min(deepest, worth - peak)
    return math.expm1(deepest)


def _over(mean: float, deviation: float) -> Decimal | None:
    return rounded(mean / deviation * math.sqrt(MONTHS), 4) if deviation > _FLAT else None


def _capture(returns: Sequence[float], benchmark: Sequence[float]) -> Decimal | None:
    down = [(one, other) for one, other in zip(returns, benchmark, strict=False) if other < 0]
    if not down:
        return None
    own, its = annualised([one for one, _ in down]), annualised([other for _, other in down])
    return rounded(own / its, 4)
