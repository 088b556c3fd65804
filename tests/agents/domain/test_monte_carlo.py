"""Simulated paths against what is known exactly: closed forms, scipy's distributions, and laws that always hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain.monte_carlo import Market, monthly_growth, shortfall_mean, simulate, wilson


def test_without_volatility_every_path_is_compound_interest() -> None:
    found = simulate(Market(1.01, 0.0), [1.0] * 60, paths=3, seed=1)
    assert found.of_corpus == pytest.approx([1.01**60] * 3)
    assert found.of_contributions == pytest.approx([(1.01**60 - 1) / 0.01] * 3)
    due = simulate(Market(1.01, 0.0), [1.0] * 60, paths=1, seed=1, timing="start")
    assert due.of_contributions == pytest.approx([(1.01**60 - 1) / 0.01 * 1.01])


def test_the_distribution_is_the_lognormal_one_of_scipy() -> None:
    # scipy 1.17.1, lognorm(s=0.15 * sqrt(5), scale=exp(60 ln 1.01 - s^2 / 2)): ppf of 0.1, 0.5, 0.9; mean; sf of 1.5.
    found = simulate(Market(1.01, 0.15), [0.0] * 60, paths=100_000, seed=5).of_corpus
    assert np.quantile(found, (0.1, 0.5, 0.9)) == pytest.approx([1.117310, 1.717328, 2.639568], rel=0.01)
    assert found.mean() == pytest.approx(1.816697, rel=0.005)
    assert (found >= 1.5).mean() == pytest.approx(0.656673, abs=0.006)
    assert shortfall_mean(found) == pytest.approx(0.866090, rel=0.01)  # mean * cdf(ppf(0.05) - s) / 0.05


def test_saving_has_the_mean_of_its_expected_months() -> None:
    found = simulate(Market(1.008, 0.2), [1.0] * 120, paths=50_000, seed=9)
    assert found.of_contributions.mean() == pytest.approx((1.008**120 - 1) / 0.008, rel=0.01)


def test_a_seed_names_its_paths_and_a_shorter_horizon_is_the_start_of_a_longer_one() -> None:
    one, same = (simulate(Market(1.01, 0.2), [1.0] * 24, paths=50, seed=3) for _ in range(2))
    other = simulate(Market(1.01, 0.2), [1.0] * 24, paths=50, seed=4)
    assert (one.of_corpus == same.of_corpus).all()
    assert (one.of_corpus != other.of_corpus).any()
    first = simulate(Market(1.01, 0.2), [1.0], paths=50, seed=3)
    two = simulate(Market(1.01, 0.2), [0.0, 1.0], paths=50, seed=3)
    assert (two.of_contributions == 1.0).all()
    assert two.of_corpus / first.of_corpus == pytest.approx(
        simulate(Market(1.01, 0.2), [1.0, 0.0], paths=50, seed=3).of_contributions
    )


@given(
    growth=st.floats(0.97, 1.05), volatility=st.floats(0, 1), seed=st.integers(0, 2**40),
    shares=st.lists(st.floats(0, 5), min_size=1, max_size=36),
)  # fmt: skip
def test_no_path_loses_more_than_everything_and_shares_add_up(
    growth: float, volatility: float, seed: int, shares: list[float]
) -> None:
    market = Market(growth, volatility)
    whole = simulate(market, shares, paths=20, seed=seed)
    assert (whole.of_corpus > 0).all()
    assert (whole.of_contributions >= 0).all()
    halves = [simulate(market, [part * share for share in shares], paths=20, seed=seed) for part in (0.25, 0.75)]
    assert halves[0].of_contributions + halves[1].of_contributions == pytest.approx(whole.of_contributions)


@pytest.mark.parametrize(
    ("compounding", "expected"), [("monthly", 1.01), ("annually", 1.12 ** (1 / 12)), ("continuously", math.exp(0.01))]
)
def test_a_month_of_twelve_percent(compounding: str, expected: float) -> None:
    assert monthly_growth(0.12, compounding) == pytest.approx(expected)  # type: ignore[arg-type]  # parametrised text


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # scipy 1.17.1: binomtest(k, n).proportion_ci(method="wilson")
    [
        (8006, 10_000, 0.7926542006, 0.8083149395),
        (0, 10_000, 0, 0.00038399837),
        (10_000, 10_000, 0.9996160016, 1),
        (7, 20, 0.1811918241, 0.5671457233),
    ],
)
def test_the_interval_is_that_of_scipy(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-9)


@given(trials=st.integers(1, 10_000), data=st.data())
def test_an_interval_holds_its_share_and_is_never_without_width(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high


def test_what_cannot_be_simulated_is_refused() -> None:
    for market, paths in ((Market(0.0, 0.1), 10), (Market(1.0, -0.1), 10), (Market(1.0, 0.1), 0)):
        with pytest.raises(ValueError, match="at least one path"):
            simulate(market, [1.0], paths=paths, seed=1)
    with pytest.raises(ValueError, match="no more successes"):
        wilson(3, 2)
