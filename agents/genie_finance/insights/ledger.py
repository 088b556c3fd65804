"""Classifies each transaction as income, spending or transfer, for the totals of a month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from genie_finance.contracts.statements import Transaction
from genie_finance.domain import categories
from genie_finance.domain.categories import Category, Kind
from genie_finance.domain.months import month_of
from genie_finance.domain.proceeds import unearned

_OPEN = frozenset((Category.UNCATEGORISED, Category.INCOME_OTHER, Category.INCOME_DEPOSIT))
"""Categories of money in that do not show its source."""
_MOVED = frozenset(("loan", "overdraft", "deposit_closure", "capital", "own_transfer"))


class Entry(NamedTuple):
    """One transaction that changes the income or spending of a month."""

    transaction: Transaction
    month: str
    """Month in which it counts: for a refund the month of its purchase, otherwise the month of its booking."""
    category: str
    spending: bool
    """True for expenses and their refunds, False for income."""

    @property
    def currency(self) -> str:
        """Currency of the amount."""
        return self.transaction.amount.currency

    @property
    def spent(self) -> int:
        """Minor units spent; negative for a refund. Only for spending."""
        return -self.transaction.amount.minor


def entries(transactions: Sequence[Transaction]) -> tuple[Entry, ...]:
    """Return the transactions that count, in the given order; transfers between own accounts and loans do not count.

    A movement without a category counts by its sign; incoming money is income, unless it refunds a purchase of the
    statement.
    """
    by_id = {transaction.id: transaction for transaction in transactions}
    counted = []
    for transaction in transactions:
        about = categories.info(transaction.category)
        if about.kind is Kind.TRANSFER:
            continue
        month = month_of(transaction.date)
        spending = about.kind is Kind.EXPENSE or (about.kind is Kind.UNKNOWN and transaction.amount.minor <= 0)
        if about.category in _OPEN and transaction.amount.minor > 0 and unearned(transaction.narration) in _MOVED:
            continue
        purchase = by_id.get(transaction.nets_with or "")
        if purchase is not None and transaction.amount.minor > 0 and about.kind is not Kind.INCOME:
            month, spending = month_of(purchase.date), True
        counted.append(Entry(transaction, month, about.category.value, spending))
    return tuple(counted)
