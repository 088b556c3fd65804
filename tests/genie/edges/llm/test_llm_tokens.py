"""The estimate of a request's tokens is an upper bound for what this product sends, and learns from the counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.model_call import Image, JsonText, ModelRequest, Role, Text, ToolSpec, Turn
from genie.edges.llm.tokens import LEAST_OBSERVED, MARGIN, OBSERVED, PER_IMAGE, Ratio, estimate, most_input, tokens_of

# Text, and the larger of its counts in the encodings o200k and cl100k (bpe-openai 0.1.4).
COUNTED = {
    "English": ("The committee agreed that the quarterly figures, although lower than expected, hold. " * 10, 151),
    "UPI": ("UPI/DR/412345678901/RAM KUMAR/HDFC/ramk42@okhdfc/PAYMENT\n" * 10, 290),
    "digits": ("482910,17,55021,9,31337,884422,120,7\n" * 10, 200),
    "UUID": ("7c9e6679-7425-40de-944b-e07fc1f90ae7\n" * 10, 240),
    "base64": ("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA==" * 10, 440),
    "Hindi": ("समिति ने सहमति व्यक्त की कि तिमाही के आँकड़े कम हैं। " * 10, 511),
    "Chinese": ("委员会一致认为，季度数据虽然低于预期，但反映了季节性影响。" * 10, 360),  # noqa: RUF001 - its own punctuation
}


@pytest.mark.parametrize("kind", COUNTED)
def test_the_estimate_with_its_margin_is_a_bound(kind: str) -> None:
    text, counted = COUNTED[kind]
    assert counted <= tokens_of(text) * MARGIN <= 3.5 * counted


@given(st.text(max_size=400))
def test_an_estimate_is_never_negative_and_grows_with_its_text(text: str) -> None:
    assert 0 <= tokens_of(text) <= tokens_of(text + "x" + text)


def test_a_certain_bound_is_a_token_a_byte() -> None:
    words = "qzx wvk " * 100
    asked = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text=words),)),))
    assert most_input(asked, certain=True) >= len(words) > most_input(asked)


def test_everything_that_is_sent_is_counted() -> None:
    plain = ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text="a"),)),))
    tool = ToolSpec(name="find", description="Find a thing by its name.", parameters=JsonText('{"type":"object"}'))
    pictured = Turn(role=Role.USER, parts=(Image(media_type="image/png", data="x" * 10_000),))
    more = [
        plain.model_copy(update={"tools": (tool,)}),
        plain.model_copy(update={"answer_schema": JsonText('{"type":"object"}')}),
        plain.model_copy(update={"turns": (*plain.turns, *plain.turns)}),
    ]
    assert all(estimate(one) > estimate(plain) for one in more)
    assert estimate(ModelRequest(turns=(pictured,))) < 2 * PER_IMAGE  # not what its bytes would be


def test_a_ratio_learns_and_does_not_forget_the_bad_ones_at_once() -> None:
    ratio = Ratio()
    assert ratio.bound == MARGIN
    for _ in range(LEAST_OBSERVED - 1):
        ratio = ratio.after(100, 60)
    assert ratio.bound == MARGIN
    ratio = ratio.after(100, 60)
    assert ratio.bound == pytest.approx(0.6)
    ratio = ratio.after(100, 200)
    assert ratio.bound == 2.0
    for _ in range(OBSERVED):
        ratio = ratio.after(100, 60)
    assert (ratio.bound, len(ratio.seen)) == (pytest.approx(0.6), OBSERVED)


def test_a_ratio_before_there_are_enough_counts_is_at_least_the_worst() -> None:
    assert Ratio().after(100, 250).bound == 2.5


@pytest.mark.parametrize(("estimated", "counted"), [(0, 5), (5, 0), (-1, 5)])
def test_a_count_of_nothing_teaches_nothing(estimated: float, counted: int) -> None:
    assert Ratio().after(estimated, counted) == Ratio()
