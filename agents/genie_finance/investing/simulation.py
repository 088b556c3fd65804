"""Shared parts of the two simulated plans: the market of a question, outcomes in money, and their basis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.contracts.grounds import Evidence
from genie_finance.contracts.investing import Outcomes, Simulated
from genie_finance.contracts.money import exponent
from genie_finance.domain.monte_carlo import Market, monthly_growth, shortfall_mean
from genie_finance.investing.amounts import money

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNCERTAINTY = (
    "Monthly returns are assumed to be lognormal and independent, with the given expected return and volatility. Real "
    "markets have fatter tails and longer slumps. Before tax, charges and exit loads."
)


def market(question: Simulated) -> Market:
    """Return how months turn out."""
    growth = monthly_growth(float(question.expected_annual_return), question.compounding)
    return Market(growth, float(question.annual_volatility))


def half_minor(currency: str) -> float:
    """Return half a minor unit, below which two values count as equal."""
    return float(0.5 * 10.0 ** -exponent(currency))


def outcomes(values: NDArray[np.float64], currency: str) -> Outcomes:
    """Return the distribution of simulated values; percentiles interpolate linearly between paths."""
    import numpy as np  # noqa: PLC0415 - heavy, and only simulations need it

    p10, p50, p90 = (float(one) for one in np.quantile(values, (0.1, 0.5, 0.9)))
    return Outcomes(
        mean=money(float(values.mean()), currency),
        p10=money(p10, currency),
        p50=money(p50, currency),
        p90=money(p90, currency),
        worst_twentieth=money(shortfall_mean(values), currency),
    )


def inputs(question: Simulated) -> tuple[Evidence, ...]:
    """Return the inputs of a question, field by field."""
    return tuple(Evidence(name=name, value=str(getattr(question, name))) for name in type(question).model_fields)
