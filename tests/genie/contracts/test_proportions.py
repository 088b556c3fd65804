"""Intervals and agreement against values from the literature, and their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.proportions import agreement, wilson


@pytest.mark.parametrize(
    ("yes", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
     (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_intervals_are_those_of_newcombe_1998(yes: int, count: int, low: float, high: float) -> None:
    assert wilson(yes, count) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_narrows_with_the_count(count: int, yes: int) -> None:
    yes = min(yes, count)
    low, high = wilson(yes, count)
    assert 0 <= low <= yes / count <= high <= 1
    narrower = wilson(yes * 10, count * 10)
    assert narrower.high - narrower.low <= high - low


def test_nothing_counted_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and the total"):
        wilson(2, 1)


def test_kappa_is_that_of_the_textbook() -> None:
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    found = agreement(pairs)
    assert (found.count, found.agreed, found.only_first, found.only_second) == (50, 35, 5, 10)
    assert found.kappa == pytest.approx(0.4)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=50))
def test_kappa_is_at_most_one_and_unknown_where_chance_explains_all(pairs: list[tuple[bool, bool]]) -> None:
    found = agreement(pairs)
    same = len({one for one, _ in pairs}) < 2 and len({other for _, other in pairs}) < 2
    if found.kappa is None:
        assert not pairs or same
    else:
        assert -1 <= found.kappa <= 1
        assert (found.kappa == 1) == (found.agreed == found.count)
    assert agreement([(other, one) for one, other in pairs]).kappa == found.kappa
