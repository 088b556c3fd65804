"""Backtest of historical simulation: exceptions on a rolling window, and the tests of Kupiec and Christoffersen."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from genie_finance.treasury.returns import worst

WINDOW = 250
"""Number of returns for each forecast: a year of trading days."""
FEWEST_DAYS = 100
"""Least number of days for the tests to be meaningful."""
REJECT_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A likelihood ratio and the probability of a larger one if the model holds (chi-squared, one degree)."""

    ratio: float
    p: float

    @classmethod
    def of(cls, restricted: float, free: float) -> LikelihoodRatio:
        """Return twice the difference of two log-likelihoods."""
        ratio = max(2 * (free - restricted), 0.0)
        return cls(ratio, math.erfc(math.sqrt(ratio / 2)))


def exceptions(returns: Sequence[float], alpha: float, window: int = WINDOW) -> list[bool]:
    """Return for each day after the first window whether its loss exceeded the forecast from the preceding days."""
    ordered = sorted(returns[:window])
    rank = worst(ordered, alpha) - 1
    found = []
    for position in range(window, len(returns)):
        found.append(returns[position] < ordered[rank])
        del ordered[bisect_left(ordered, returns[position - window])]
        insort(ordered, returns[position])
    return found


def kupiec(days: int, hits: int, alpha: float) -> LikelihoodRatio:
    """Return the test of proportion of failures. Source: Kupiec, Journal of Derivatives 3 (1995)."""
    return LikelihoodRatio.of(_likelihood(days - hits, hits, alpha), _likelihood(days - hits, hits, hits / days))


def christoffersen(hits: Sequence[bool]) -> LikelihoodRatio | None:
    """Return the test of independence of one day from the next; None without exceptions.

    Source: Christoffersen, International Economic Review 39 (1998).
    """
    if not any(hits):
        return None
    counts = {(a, b): 0 for a in (False, True) for b in (False, True)}
    for pair in itertools.pairwise(hits):
        counts[pair] += 1
    calm, after_calm = counts[False, False], counts[False, True]
    recovered, again = counts[True, False], counts[True, True]
    total = calm + after_calm + recovered + again
    if not total:
        return None
    one = _likelihood(calm + recovered, after_calm + again, (after_calm + again) / total)
    free = _share_likelihood(calm, after_calm) + _share_likelihood(recovered, again)
    return LikelihoodRatio.of(one, free)


def _share_likelihood(misses: int, hits: int) -> float:
    return _likelihood(misses, hits, hits / (misses + hits)) if misses + hits else 0.0


def _likelihood(misses: int, hits: int, chance: float) -> float:
    """Return the logarithm of a sequence's likelihood.

    An outcome that never occurred and has probability 0 adds nothing.
    """
    lost = hits * math.log(chance) if hits else 0.0
    return lost + (misses * math.log1p(-chance) if misses else 0.0)
