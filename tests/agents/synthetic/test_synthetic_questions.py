"""Questions of synthetic customers."""

from __future__ import annotations

import datetime
from collections import Counter
from itertools import islice

import pytest

from genie.errors import InputError
from genie_finance.synthetic import QUESTIONS, Population

MADE = Population(4, 50, start=datetime.date(2025, 1, 1), months=6)


def test_the_same_seed_asks_the_same_questions() -> None:
    assert list(islice(MADE.questions(), 200)) == list(islice(MADE.questions(), 200))
    other = Population(5, 50, start=MADE.start, months=6)
    assert list(islice(MADE.questions(), 50)) != list(islice(other.questions(), 50))


def test_kinds_come_as_often_as_the_mix_says() -> None:
    asked = list(islice(MADE.questions(), 3_000))
    kinds = Counter(one.kind for one in asked)
    for kind, weight in QUESTIONS.items():
        assert abs(kinds[kind] / 30 - weight) < 3
    assert [one.number for one in asked] == list(range(1, 3_001))
    assert {one.customer.number for one in asked} == set(range(50))
    assert not [one.text for one in asked if "{" in one.text or not one.text.strip()]
    assert {one.kind for one in islice(MADE.questions({"hostile": 1}), 20)} == {"hostile"}


@pytest.mark.parametrize("mix", [{"gossip": 1}, {"overview": -1, "saving": 2}, {"overview": 0}, {}])
def test_a_mix_that_means_nothing_is_refused_at_once(mix: dict[str, int]) -> None:
    with pytest.raises(InputError, match="mix"):
        MADE.questions(mix)
