"""Transactions made without validation: the same as validated ones, wherever anybody could tell them apart."""

from __future__ import annotations

import datetime
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Transaction
from genie_finance.insights.making import changed, money, transaction

DAY = datetime.date(2025, 6, 30)


@given(st.integers(-(10**15), 10**15), st.none() | st.integers(-(10**15), 10**15), st.text(max_size=20))
def test_what_is_made_equals_what_is_validated(minor: int, balance: int | None, text: str) -> None:
    left = None if balance is None else Money(minor=balance, currency="INR")
    asked = Transaction(
        id="a", line=3, account="A-1", date=DAY, narration=text, amount=Money(minor=minor, currency="INR"), balance=left
    )
    quick_left = None if balance is None else money(balance, "INR")
    quick = transaction("a", 3, "A-1", DAY, text, money(minor, "INR"), quick_left, "")
    assert quick == asked
    assert quick.model_dump_json() == asked.model_dump_json()
    assert hash(quick.amount) == hash(asked.amount)
    assert pickle.loads(pickle.dumps(quick)) == asked  # noqa: S301 - of our own making
    assert Transaction.model_validate_json(quick.model_dump_json()) == asked


def test_a_change_leaves_the_first_one_as_it_is_and_both_frozen() -> None:
    first = transaction("a", 3, "A-1", DAY, "SHOP", money(-100, "INR"), None, "")
    other = changed(first, {"category": "food.cafes", "confidence": 0.9})
    assert other == first.model_copy(update={"category": "food.cafes", "confidence": 0.9})
    assert first.category is None
    with pytest.raises(ValueError, match="frozen"):
        other.category = "x"  # type: ignore[misc]  # which is what must fail
