"""Robust statistics: against scipy and numpy, the handbook's rule, and what must always hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genie_finance.domain.robust import CONSISTENCY, MEAN_CONSISTENCY, OUTLIER, mad, modified_z, quantile

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(VALUES)
def test_the_mad_is_scipys(values: list[float]) -> None:
    assert mad(values) == pytest.approx(float(stats.median_abs_deviation(values)), abs=1e-6)


@given(VALUES, st.floats(0, 1))
def test_the_quantile_is_numpys(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-9, abs=1e-6)


def test_the_constants_are_those_of_the_normal_distribution() -> None:
    assert pytest.approx(stats.norm.ppf(0.75), abs=1e-4) == CONSISTENCY
    assert pytest.approx(math.sqrt(math.pi / 2), abs=1e-6) == MEAN_CONSISTENCY


def test_one_wild_value_hides_neither_itself_nor_others() -> None:
    values = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]
    assert modified_z(8.2, values) > OUTLIER
    assert abs(modified_z(2.1, values)) < OUTLIER


def test_a_series_that_never_changes_needs_a_floor() -> None:
    assert modified_z(5, [5, 5, 5]) == 0
    assert modified_z(6, [5, 5, 5]) == math.inf
    assert modified_z(4, [5, 5, 5]) == -math.inf
    assert modified_z(6, [5, 5, 5], floor=0.5) == pytest.approx(CONSISTENCY * 2)
    assert modified_z(6, [5, 5, 5, 5, 9]) == pytest.approx(1 / (MEAN_CONSISTENCY * 0.8))


@given(VALUES, st.floats(-1e6, 1e6), st.randoms(use_true_random=False))
def test_order_does_not_matter(values: list[float], value: float, random: object) -> None:
    shuffled = sorted(values, key=lambda _: random.random())  # type: ignore[attr-defined] # hypothesis's own source
    assert modified_z(value, shuffled) == modified_z(value, values) or math.isnan(modified_z(value, values))
    assert quantile(shuffled, 0.9) == quantile(values, 0.9)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_what_cannot_be_answered_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="quantile"):
        quantile([1.0], share)
    with pytest.raises(ValueError, match="quantile"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="spread"):
        mad([])
