"""Rupees: plain numbers and text as JSON has them, exact to the paisa, and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from genie.errors import InputError
from genie_finance.contracts.money import Money
from genie_finance.contracts.rupees import PaidRupees, Rupees, SignedRupees, rupees

SIGNED: TypeAdapter[Money] = TypeAdapter(SignedRupees)


@pytest.mark.parametrize("given_value", ["19.99", 19.99, Decimal("19.99"), {"amount": "19.99", "currency": "INR"}])
def test_however_it_is_written_it_is_1999_paise(given_value: Any) -> None:
    """Cut off after 100 times a float it was 1,998."""
    assert SIGNED.validate_python(given_value).minor == 1999


@pytest.mark.parametrize(
    "given_value", [True, None, "", "abc", "1e400", float("nan"), float("inf"), 1.001, 10**13, "1,000",
                    {"amount": "1", "currency": "USD"}, {"amount": "1"}, {"amount": "abc", "currency": "INR"}],
)  # fmt: skip
def test_anything_else_is_refused(given_value: Any) -> None:
    with pytest.raises(ValidationError):
        SIGNED.validate_python(given_value)


def test_signs_are_checked() -> None:
    for adapter, bad in ((TypeAdapter(Rupees), -1), (TypeAdapter(PaidRupees), 0)):
        with pytest.raises(ValidationError):
            adapter.validate_python(bad)


@given(st.integers(-(10**14), 10**14))
def test_a_number_in_json_is_read_exactly(minor: int) -> None:
    text = f"{Decimal(minor).scaleb(-2)}"
    assert SIGNED.validate_python(json.loads(text)).minor == minor


def test_a_sum_that_no_payload_holds_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="lakh crore"):
        rupees(Decimal(10) ** 13)
    assert rupees(Decimal("0.005")).minor == 1
