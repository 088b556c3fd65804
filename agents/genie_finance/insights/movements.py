"""Converts plain movements to transactions: signed amounts, and categories of the taxonomy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from genie_finance.contracts.household import Movement
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Transaction
from genie_finance.domain import categories

PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "fuel": "transport.fuel", "petrol": "transport.fuel", "diesel": "transport.fuel",
        "transport": "transport.public",
        "flights": "travel.flights", "flight": "travel.flights", "food": "food.restaurants",
        "groceries": "food.groceries", "utilities": "utilities.energy", "electricity": "utilities.energy",
        "power": "utilities.energy", "shopping": "shopping.general", "electronics": "shopping.electronics",
        "rent": "housing.rent", "income": "income.other", "salary": "income.salary",
        "investment": "transfer.investment",
        "insurance": "insurance.other", "emi": "debt.loan", "loan": "debt.loan", "health": "health.medical",
        "education": "education.fees", "entertainment": "entertainment.events",
    }
)  # fmt: skip
"""Plain words, and the most specific category of each."""
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {"transport.ride": "transport.ride", "shopping.ecom": "shopping.general", "utilities.power": "utilities.energy"}
)


def category_of(name: str | None) -> str | None:
    """Return a category's name in the taxonomy, None if it has none."""
    if name is None:
        return None
    written = name.strip().lower().replace(":", ".")
    found = PLAIN.get(written) or _WRITTEN.get(written, written)
    return found if found in categories.taxonomy() else None


def transactions(movements: Iterable[Movement]) -> tuple[Transaction, ...]:
    """Return movements as transactions, in order of date; their ids number them in the given order."""
    found = [
        Transaction(
            id=f"row-{number}",
            line=number,
            date=one.date,
            narration=one.description,
            amount=_signed(one),
            category=category_of(one.category),
        )
        for number, one in enumerate(movements, start=1)
    ]
    return tuple(sorted(found, key=lambda one: (one.date, one.line)))


def _signed(movement: Movement) -> Money:
    if movement.type is None:
        return movement.amount
    return abs(movement.amount) if movement.type == "credit" else -abs(movement.amount)
