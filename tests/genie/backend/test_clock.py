"""One clock: wall time follows the loop's, whatever the loop's is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from genie.backend.clock import Clock


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_wall_time_moves_with_the_loop(start: float, step: float) -> None:
    at = [start]
    clock = Clock(lambda: at[0], wall=1_700_000_000.0)
    first = clock.wall()
    at[0] += step
    assert abs((clock.wall() - first) - timedelta(seconds=step)) < timedelta(milliseconds=1)


def test_a_given_wall_time_is_the_moment_of_making() -> None:
    assert Clock(lambda: 42.0, wall=86_400.0).wall() == datetime(1970, 1, 2, tzinfo=UTC)
