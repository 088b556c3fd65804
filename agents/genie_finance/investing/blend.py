"""Expected return and volatility of an allocation, from assumptions about its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from genie.errors import InputError
from genie_finance.contracts.insufficient import Lack
from genie_finance.contracts.investing import AssetClass, ClassAssumption, Correlation, InvestingCase

_ZERO = Decimal(0)
Weights = Mapping[AssetClass, Decimal]


class Blend(NamedTuple):
    """Figures of a portfolio that is continuously rebalanced to its weights; fractions a year."""

    expected: Decimal
    volatility: Decimal


def lacking(case: InvestingCase, weights: Weights) -> tuple[Lack, ...]:
    """Return the missing assumptions of a blend."""
    held = [asset for asset, weight in weights.items() if weight]
    known = {one.asset for one in case.assumptions}
    related = {frozenset(one.between) for one in case.correlations}
    found = [
        Lack(what=f"assumptions.{asset}", needed="its expected return and volatility")
        for asset in held
        if asset not in known
    ]
    risky = {one.asset for one in case.assumptions if one.annual_volatility}
    found += [
        Lack(what=f"correlations.{first}.{second}", needed="a correlation between -1 and 1")
        for first, second in combinations(held, 2)
        if {first, second} <= risky and frozenset((first, second)) not in related
    ]
    return tuple(found)


def blend(weights: Weights, assumptions: Sequence[ClassAssumption], correlations: Sequence[Correlation]) -> Blend:
    """Return expected return ``sum(w mu)`` and volatility ``sqrt(w' C w)`` of weights whose assumptions are complete.

    Raises:
        InputError: The correlations contradict each other: a variance would be negative.
    """
    by_class = {one.asset: one for one in assumptions}
    related = {frozenset(one.between): one.value for one in correlations}
    held = [asset for asset, weight in weights.items() if weight]
    expected = sum((weights[asset] * by_class[asset].expected_annual_return for asset in held), _ZERO)
    parts = {asset: weights[asset] * by_class[asset].annual_volatility for asset in held}
    variance = sum((part * part for part in parts.values()), _ZERO)
    for first, second in combinations(held, 2):
        variance += 2 * parts[first] * parts[second] * related.get(frozenset((first, second)), _ZERO)
    if variance < 0:
        raise InputError("correlations", "they contradict each other", "variances must not be negative")
    return Blend(expected, variance.sqrt())
