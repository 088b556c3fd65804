"""Bounds and waits as plain values."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.limits import Mailbox, Overflow, Retry


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


@pytest.mark.parametrize(
    "wrong",
    [{"attempts": 0}, {"first_s": -1.0}, {"factor": 0.5}, {"longest_s": -1.0}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_retry_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Retry(**wrong)  # type: ignore[arg-type]  # a whole number of attempts among them


@pytest.mark.parametrize("wrong", [Mailbox, lambda **given: Mailbox(overflow=Overflow.BLOCK, **given)])
def test_a_mailbox_holds_at_least_one(wrong: type[Mailbox]) -> None:
    for given_ in ({"capacity": 0}, {"block_s": -0.1}, {"block_s": float("nan")}):
        with pytest.raises(ValueError, match="at least"):
            wrong(**given_)  # type: ignore[arg-type]  # wrong on purpose
