"""Bounds and waits as plain values."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.limits import Mailbox, RestartBudget, Retry, RunLimits


@given(
    st.integers(1, 10_000), st.floats(0, 10), st.floats(1, 100), st.floats(0, 60), st.integers(0, 2**32),
)  # fmt: skip
def test_a_wait_lies_between_half_and_the_whole_of_its_step(
    attempt: int, first_s: float, factor: float, longest_s: float, seed: int
) -> None:
    retry = Retry(attempts=2, first_s=first_s, factor=factor, longest_s=longest_s)
    wait = retry.wait_s(attempt, random.Random(seed))
    step = min(longest_s, first_s * float(factor) ** min(attempt - 1, 60))
    assert step / 2 <= wait <= min(step, longest_s)


def test_waits_grow() -> None:
    retry = Retry(attempts=5, first_s=1.0, factor=2.0, longest_s=100.0)
    waits = [retry.wait_s(attempt, random.Random(1)) for attempt in (1, 2, 3, 4)]
    assert waits == sorted(waits)
    assert waits[3] == pytest.approx(waits[0] * 8)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("limit", "name", "values"),
    [
        (Retry, "attempts", (0, 1.5, True, NAN, "2")), (Retry, "first_s", (-1.0, NAN, None)),
        (Retry, "factor", (0.5, NAN)), (Retry, "longest_s", (-1.0, NAN)),
        (Mailbox, "capacity", (0, INF, NAN)), (Mailbox, "block_s", (-0.1, NAN)),
        (RestartBudget, "failures", (-1, 0.5)), (RestartBudget, "within_s", (-1, NAN)),
        (RunLimits, "max_runs", (0, INF)),
        (RunLimits, "max_hops", (-1, INF)), (RunLimits, "max_messages", (0, 1.0)), (RunLimits, "deadline_s", (-1, NAN)),
        (RunLimits, "hold_s", (-1, NAN)), (RunLimits, "dead_letters", (-1, NAN)), (RunLimits, "deaths", (-1, None)),
    ],
)  # fmt: skip
def test_a_limit_that_makes_no_sense_is_refused(
    limit: Callable[..., object], name: str, values: tuple[object, ...]
) -> None:
    for value in values:
        with pytest.raises(ValueError, match=name):
            limit(**{name: value})


def test_a_limit_may_be_as_low_as_it_says() -> None:
    assert (Retry(first_s=0, longest_s=0, factor=1).attempts, Mailbox(1, block_s=0).capacity) == (1, 1)
    assert RestartBudget(0, 0).failures == 0
    assert RunLimits(1, 0, 1, deadline_s=0, hold_s=INF, dead_letters=0, deaths=0).most_of_one == 1
