"""Prices are dated, exact, and unknown where nobody has said them."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.model_call import Usage
from genie.edges.llm.prices import Prices, shipped

TODAY = datetime.date(2026, 11, 22)


def test_the_call_of_the_study_costs_what_it_says() -> None:
    price = shipped().of("anthropic/claude-opus-5-5", TODAY)
    assert price is not None
    assert price.cost(Usage(input=15_400, cache_read=12_000, output=900)) == Decimal("0.034")
    assert price.most(24_700, 4_096) == Decimal("0.20542")  # 24,700 at the price of a cache write
    assert (price.currency, price.since) == ("USD", TODAY)
    assert price.source


@pytest.mark.parametrize(
    ("model", "on"),
    [
        ("nobody/nothing", TODAY),
        ("anthropic/claude-opus-9", TODAY),
        ("anthropic/*", TODAY),
        ("", TODAY),
        ("anthropic/claude-opus-5-5", datetime.date(2026, 11, 21)),
    ],
)
def test_what_is_not_known_has_no_price(model: str, on: datetime.date) -> None:
    assert shipped().of(model, on) is None


def test_a_usage_that_is_not_known_has_no_cost() -> None:
    prices = shipped()
    opus, flash = prices.of("anthropic/claude-opus-5-5", TODAY), prices.of("google/gemini-3.8-flash", TODAY)
    assert opus is not None
    assert flash is not None
    assert opus.cost(None) is None
    assert flash.cost(Usage(input=10, cache_write=5)) is None  # nobody says what writing its cache costs
    assert flash.cost(Usage(input=10)) == Decimal("0.0000075")


def test_a_price_changes_on_its_day() -> None:
    prices = shipped()
    old = prices.of("google/gemini-3.8-flash", datetime.date(2026, 12, 31))
    new = prices.of("google/gemini-3.8-flash", datetime.date(2027, 1, 1))
    assert old is not None
    assert new is not None
    assert new.cost(Usage(input=1_000_000)) == 2 * (old.cost(Usage(input=1_000_000)) or 0) == Decimal("1.5")


def test_a_long_call_is_priced_whole_at_its_tier() -> None:
    price = shipped().of("anthropic/claude-haiku-5-5", TODAY)
    assert price is not None
    assert price.cost(Usage(input=100_000)) == Decimal("0.01")
    assert price.cost(Usage(input=100_001)) == Decimal("0.0500005")


def test_builds_and_own_models_have_the_price_of_their_name() -> None:
    prices = shipped()
    for model in ("anthropic/claude-opus-5-5-20261022", "openai/gpt-6-luna-2026-08-01", "ollama/qwen:4b"):
        assert prices.of(model, TODAY) is not None
    own = prices.of("ollama/anything", TODAY)
    assert own is not None
    assert own.cost(Usage(input=5, output=5)) == 0


counts = st.integers(0, 10**7)


@given(st.sampled_from(shipped().models), counts, counts, counts, counts)
def test_a_reservation_is_never_too_small(model: str, uncached: int, read: int, written: int, output: int) -> None:
    price = shipped().of(model.replace("*", "x"), datetime.date(2027, 6, 1))
    assert price is not None
    cost = price.cost(Usage(input=uncached + read + written, cache_read=read, cache_write=written, output=output))
    assert cost is None or cost <= price.most(uncached + read + written, output)


@pytest.mark.parametrize(
    "change",
    [
        ("2026-11-22", "soon"), ('input: "4"', 'input: "-4"'), ('input: "4"', 'input: ".nan"'),
        ("source: table", "source: x"),
        ("per: 1000000", "per: 0"), ('input: "4"', 'inputs: "4"'), ("currency: USD", "currency: dollars"),
        ("models:", "models: ["), ("2027-01-01", "2026-11-22"), ("2027-01-01", "2026-01-01"),
    ],
)  # fmt: skip
def test_a_table_with_a_mistake_is_refused(change: tuple[str, str]) -> None:
    from importlib.resources import files

    text = files("genie.edges.llm").joinpath("prices.yaml").read_text()
    assert change[0] in text
    with pytest.raises((ValueError, ValidationError)):
        Prices(text.replace(*change))
