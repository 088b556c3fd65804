"""Bars and sparklines, for any values."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genie.reports.drawing import bar, sparkline

numbers = st.integers(-(10**15), 10**15)


@given(numbers, numbers, st.integers(1, 60))
def test_a_bar_fits_and_shows_anything_above_nothing(value: int, largest: int, width: int) -> None:
    drawn = bar(value, largest, width)
    assert len(drawn) <= width
    assert bool(drawn) == (value > 0 and largest > 0)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_longer_bar_never_means_less(one: int, other: int, largest: int) -> None:
    low, high = sorted((one, other))
    assert len(bar(low, largest, 30)) <= len(bar(high, largest, 30))


@given(st.lists(numbers))
def test_a_sparkline_has_a_character_a_value_and_touches_both_ends(values: list[int]) -> None:
    drawn = sparkline(values)
    assert len(drawn) == len(values)
    if len(set(values)) > 1:
        assert drawn[values.index(min(values))] == "▁"
        assert drawn[values.index(max(values))] == "█"


def test_a_sparkline_takes_decimals() -> None:
    assert sparkline([Decimal("0.10"), Decimal("0.20")]) == "▁█"


def test_a_sparkline_of_nothing_lies_lower_than_one_of_something() -> None:
    assert (sparkline([0, 0]), sparkline([5, 5])) == ("▁▁", "▄▄")
