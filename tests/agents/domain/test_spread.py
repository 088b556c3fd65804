import math
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.domain.spread import LogSpread, median_minor


@pytest.mark.parametrize(
    ("values", "expected"), [([5], 5), ([1, 2], 2), ([2, 3], 2), ([3, 4], 4), ([-1, -2], -2), ([9, 1, 5], 5)]
)
def test_the_middle_of_two_is_rounded_half_to_even(values, expected):
    assert median_minor(values) == expected


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1))
def test_the_median_is_exact_to_half_a_unit(values):
    assert median_minor(values) == round(median([Fraction(value) for value in values]))


def test_no_values_have_no_median():
    with pytest.raises(ValueError, match="median"):
        median_minor([])


def test_a_log_score_counts_factors():
    # Logs of 1, 10, 100, 1000, 10000 have the median ln 100 and the MAD ln 10.
    spread = LogSpread.of([1, 10, 100, 1000, 10000], floor=0.1)
    assert spread.score(100) == pytest.approx(0)
    assert spread.score(100_000) == pytest.approx(3 * math.log(10) / (1.4826 * math.log(10)))


def test_a_series_that_never_changes_is_not_infinitely_strict():
    spread = LogSpread.of([1000] * 12, floor=0.1)
    assert spread.score(1010) < 0.1
    assert spread.score(1000 * 2) == pytest.approx(math.log(2) / 0.14826)


@pytest.mark.parametrize("amounts", [[], [0, 5], [-1]])
def test_a_log_scale_refuses_amounts_without_logarithm(amounts):
    with pytest.raises(ValueError, match="above 0"):
        LogSpread.of(amounts, floor=0.1)
