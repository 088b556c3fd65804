"""Liquidity coverage: the stock of liquid assets under its caps, and net outflows under theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genie_finance.contracts.numbers import ZERO
from genie_finance.treasury.tables import Factor, LcrRules


@dataclass(frozen=True, slots=True)
class Stock:
    """Liquid assets in major units."""

    after_haircut: Decimal
    cap_15: Decimal
    """Deduction from level 2B."""
    cap_40: Decimal
    """Deduction from level 2."""

    @property
    def total(self) -> Decimal:
        """Amounts that count for the ratio."""
        return self.after_haircut - self.cap_15 - self.cap_40


@dataclass(frozen=True, slots=True)
class Net:
    """Thirty days of stress in major units."""

    outflow: Decimal
    inflow: Decimal
    capped: Decimal

    @property
    def total(self) -> Decimal:
        """Outflows minus eligible inflows."""
        return self.outflow - self.capped


def stock(level1: Decimal, level2a: Decimal, level2b: Decimal, rules: LcrRules) -> Stock:
    """Return the stock of liquid assets, from market values.

    Both caps apply to the resulting stock, not to the sum before: with c the cap on level 2B and C that on level 2,
    ``adj15 = max(B - c/(1-c) (L1+A), B - c/(1-C) L1, 0)`` and ``adj40 = max(A + B - adj15 - C/(1-C) L1, 0)``.
    Source: Basel III, The Liquidity Coverage Ratio (January 2013), Annex 1, paragraph 4, without unwinding of
    secured transactions.
    """
    cuts = rules.haircuts
    one, a, b = level1 * (1 - cuts.level1), level2a * (1 - cuts.level2a), level2b * (1 - cuts.level2b)
    small, large = rules.level2b_cap, rules.level2_cap
    cap_15 = max(b - small / (1 - small) * (one + a), b - small / (1 - large) * one, ZERO)
    cap_40 = max(a + b - cap_15 - large / (1 - large) * one, ZERO)
    return Stock(one + a + b, cap_15, cap_40)


def net(outflows: Mapping[str, Decimal], inflows: Mapping[str, Decimal], rules: LcrRules) -> Net:
    """Return outflows, inflows and eligible inflows from balances by category; the rules must know all categories."""
    out = weighted(outflows, rules.outflows)
    coming = weighted(inflows, rules.inflows)
    return Net(out, coming, min(coming, rules.inflow_cap * out))


def weighted(balances: Mapping[str, Decimal], factors: tuple[Factor, ...]) -> Decimal:
    """Return the balances times their factors, summed."""
    by_category = {one.category: one.factor for one in factors}
    return sum((amount * by_category[name] for name, amount in balances.items()), ZERO)
