"""The judgemental score of a cash flow: six measures, their weights, and a number from 300 to 900."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.numbers import ZERO, rounded
from genie_finance.contracts.sme import Grade
from genie_finance.lending.cashbook import Cashbook
from genie_finance.lending.tables import SignalName, UnderwritingRules

LOWEST, HIGHEST = 300, 900
_HUNDRED = Decimal(100)


class Measure(NamedTuple):
    """One measure of a cash flow."""

    raw: Decimal
    normalised: Decimal
    """0 to 100, higher is better."""
    weight: Decimal

    @property
    def lost(self) -> Decimal:
        """Points of the score lost by it."""
        return (_HUNDRED - self.normalised) * self.weight * 6


def measures(book: Cashbook, rules: UnderwritingRules) -> dict[SignalName, Measure]:
    """Return the six measures of a cash flow with an inflow.

    inv(x, c) = 100 (1 - x / c), limited to 0 to 100. Variation is the population's standard deviation over the mean, of
    monthly sums, including months without any.
    """
    mean_in, mean_out = _mean(book.inflows), _mean(book.outflows)
    into, out = _variation(book.inflows), _variation(book.outflows)
    savings = (mean_in - mean_out) / mean_in
    burden = Decimal(book.obligations) / book.months / mean_in
    bounces = Decimal(min(book.bounces, book.debits)) / book.debits if book.debits else ZERO
    tenure = Decimal(book.active_months)
    weights = rules.weights
    return {
        "inflow_stability": Measure(into, _inverse(into, Decimal(1)), weights.inflow_stability),
        "savings_rate": Measure(savings, _within(savings) * 100, weights.savings_rate),
        "debt_burden": Measure(burden, _inverse(burden, rules.debt_burden_limit), weights.debt_burden),
        "bounce_rate": Measure(bounces, _inverse(bounces, rules.bounce_limit), weights.bounce_rate),
        "expense_volatility": Measure(out, _inverse(out, Decimal(1)), weights.expense_volatility),
        "tenure": Measure(tenure, _within(tenure / rules.full_months) * 100, weights.tenure),
    }


def score(found: Mapping[SignalName, Measure]) -> Decimal:
    """Return 300 + 6 * the weighted measures, one digit after the point."""
    weighted = sum((one.normalised * one.weight for one in found.values()), ZERO)
    return rounded(LOWEST + 6 * weighted, 1)


def grade(value: Decimal, rules: UnderwritingRules) -> Grade:
    """Return the grade of a score."""
    bounds = rules.grades
    if value >= bounds.A:
        return "A"
    if value >= bounds.B:
        return "B"
    return "C" if value >= bounds.C else "D"


def _mean(values: Sequence[int]) -> Decimal:
    return Decimal(sum(values)) / len(values)


def _variation(values: Sequence[int]) -> Decimal:
    mean = _mean(values)
    if not mean:
        return ZERO
    squares = sum(((value - mean) ** 2 for value in values), ZERO)
    return (squares / len(values)).sqrt() / mean


def _within(share: Decimal) -> Decimal:
    return min(max(share, ZERO), Decimal(1))


def _inverse(value: Decimal, limit: Decimal) -> Decimal:
    return _within(1 - value / limit) * 100
