"""Money types of payloads: what each accepts, where its bounds are, and how computed amounts become money."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from genie.errors import InputError
from genie_finance.contracts import investing, payments, transfers, treasury
from genie_finance.contracts.money import (
    Money,
    MoneyBounds,
    PaidRupees,
    Rupees,
    SignedRupees,
    one_currency,
    paise,
    rounded_money,
    rupees,
)

SIGNED: TypeAdapter[Money] = TypeAdapter(SignedRupees)
TYPES = {
    "rupees.signed": (SignedRupees, -(10**14), 10**14),
    "rupees": (Rupees, 0, 10**14),
    "rupees.paid": (PaidRupees, 1, 10**14),
    "payments": (payments.Amount, -(10**14), 10**14),
    "transfers": (transfers.Amount, 1, 10**17),
    "investing.signed": (investing.SignedAmount, -(10**16), 10**16),
    "investing": (investing.Amount, 0, 10**16),
    "investing.paid": (investing.PaidAmount, 1, 10**16),
    "treasury.signed": (treasury.SignedAmount, -(10**18), 10**18),
    "treasury": (treasury.Amount, 0, 10**18),
    "treasury.positive": (treasury.PositiveAmount, 1, 10**18),
}
"""Name -> type, smallest and largest amount in minor units."""
OF_RUPEES_ALONE = {"rupees.signed", "rupees", "rupees.paid"}


@pytest.mark.parametrize("name", TYPES)
def test_the_bounds_are_inclusive_and_nothing_outside_is_accepted(name: str) -> None:
    kind, least, most = TYPES[name]
    adapter: TypeAdapter[Money] = TypeAdapter(kind)
    for minor in (least, most):
        assert adapter.validate_python(Money(minor=minor, currency="INR")).minor == minor
        assert adapter.validate_python(str(Decimal(minor).scaleb(-2))).minor == minor
    for minor in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            adapter.validate_python(Money(minor=minor, currency="INR"))


@pytest.mark.parametrize("name", TYPES)
def test_another_currency_is_accepted_unless_the_type_names_one(name: str) -> None:
    adapter: TypeAdapter[Money] = TypeAdapter(TYPES[name][0])
    dollars = {"amount": "12.34", "currency": "USD"}
    if name in OF_RUPEES_ALONE:
        with pytest.raises(ValidationError):
            adapter.validate_python(dollars)
    else:
        assert adapter.validate_python(dollars) == Money(minor=1234, currency="USD")


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("given_value", ["19.99", 19.99, Decimal("19.99"), {"amount": "19.99", "currency": "INR"}])
def test_however_it_is_written_it_is_1999_paise(name: str, given_value: Any) -> None:
    """Cut off after 100 times a float it was 1,998."""
    adapter: TypeAdapter[Money] = TypeAdapter(TYPES[name][0])
    assert adapter.validate_python(given_value) == Money(minor=1999, currency="INR")


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(
    "given_value", [True, None, "", "abc", "1e400", "1e999999", Decimal("1e999999"), float("nan"), float("inf"), 1.001,
                    10**25, "1,000", [], {"amount": "1"}, {"amount": "abc", "currency": "INR"},
                    {"amount": "1e999999", "currency": "INR"}, {"amount": "NaN", "currency": "INR"}],
)  # fmt: skip
def test_anything_else_is_refused(name: str, given_value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(TYPES[name][0]).validate_python(given_value)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_writes_the_json_that_it_reads(name: str) -> None:
    adapter: TypeAdapter[Money] = TypeAdapter(TYPES[name][0])
    value = Money(minor=1234, currency="INR")
    assert json.loads(adapter.dump_json(value)) == {"amount": "12.34", "currency": "INR"}
    assert adapter.validate_json(adapter.dump_json(value)) == value


@given(st.integers(-(10**14), 10**14))
def test_a_number_in_json_is_read_exactly(minor: int) -> None:
    text = f"{Decimal(minor).scaleb(-2)}"
    assert SIGNED.validate_python(json.loads(text)).minor == minor


@given(st.integers(1, 10**20), st.integers(-(10**20), 10**20), st.integers(-(10**21), 10**21))
def test_a_new_type_accepts_its_bounds_and_what_lies_between(most: int, least: int, minor: int) -> None:
    adapter: TypeAdapter[Money] = TypeAdapter(Annotated[Money, MoneyBounds(most=most, least=least)])
    value = Money(minor=minor, currency="EUR")
    if least <= minor <= most:
        assert adapter.validate_python(value) == value
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


# --- computed amounts ---


def test_a_computed_amount_is_rounded_to_the_minor_units_of_its_currency() -> None:
    assert rounded_money(Decimal("2.345"), "INR") == Money(minor=235, currency="INR")
    assert rounded_money(Decimal("-2.345"), "INR") == Money(minor=-235, currency="INR")
    assert rounded_money(Decimal("2.345"), "INR", rounding=ROUND_HALF_EVEN) == Money(minor=234, currency="INR")
    assert rounded_money(Decimal("2.341"), "INR", rounding=ROUND_CEILING) == Money(minor=235, currency="INR")
    assert rounded_money(Decimal("2.5"), "JPY") == Money(minor=3, currency="JPY")
    assert rounded_money(Decimal("2.3455"), "KWD") == Money(minor=2346, currency="KWD")
    assert rupees(Decimal("0.005")).minor == 1
    assert paise(-5) == Money(minor=-5, currency="INR")


@pytest.mark.parametrize("amount", ["1e13", "-1e13", "1e400", "1e999999", "NaN", "Infinity"])
def test_a_sum_that_no_payload_holds_is_an_input_error(amount: str) -> None:
    with pytest.raises(InputError):
        rupees(Decimal(amount))


def test_paise_have_the_bound_of_rupees() -> None:
    assert paise(10**14).minor == 10**14
    with pytest.raises(InputError):
        paise(10**14 + 1)


def test_more_digits_than_decimal_has_by_default_are_rounded_once() -> None:
    assert rounded_money(Decimal("12345678901234567890.12499999999999999"), "INR").minor == 1234567890123456789012


def test_several_currencies_have_no_common_one() -> None:
    one, other = Money(minor=1, currency="INR"), Money(minor=1, currency="EUR")
    assert one_currency((one, one)) == "INR"
    for amounts in ((one, other), ()):
        with pytest.raises(ValueError, match="currency"):
            one_currency(amounts)
