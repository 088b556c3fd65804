"""Regular payments that an applicant owes: loans, rent, insurance."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from genie_finance.contracts.bulk import Obligation
from genie_finance.contracts.money import Money
from genie_finance.contracts.statements import Transaction
from genie_finance.domain import narrations
from genie_finance.domain.categories import Category
from genie_finance.insights.recurrence import Series, find_series

_KIND: dict[str, Literal["loan", "rent", "insurance"]] = {
    Category.DEBT_LOAN: "loan",
    Category.HOUSING_MORTGAGE: "loan",
    Category.HOUSING_RENT: "rent",
    Category.INSURANCE_HEALTH: "insurance",
    Category.INSURANCE_LIFE: "insurance",
    Category.INSURANCE_VEHICLE: "insurance",
    Category.INSURANCE_OTHER: "insurance",
}
_LOAN_WORDS = frozenset({"emi", "loan"})


def is_loan(one: Transaction) -> bool:
    """Return whether a payment repays a loan, by its category, else by the whole words of its text."""
    if one.category in _KIND:
        return _KIND[one.category] == "loan"
    text = one.narration.lower()
    return ("emi" in text or "loan" in text) and not _LOAN_WORDS.isdisjoint(narrations.words(text))


def owed(counted: Sequence[Transaction]) -> list[Transaction]:
    """Return the regular payments of debts and dues without investments, in the same order."""
    return [one for one in counted if one.amount.minor < 0 and (one.category in _KIND or is_loan(one))]


def obligations(owed: Sequence[Transaction], *, until: datetime.date) -> tuple[Obligation, ...]:
    """Return the series of obligations, highest monthly amount first.

    Args:
        owed: Result of ``owed`` for unmatched movements.
        until: Last day of the statements, which decides whether a series is still active.
    """
    # A refund matched to one instalment would remove it from its series.
    series = find_series([one.model_copy(update={"nets_with": None}) for one in owed])
    found = [_obligation(one, until) for one in series]
    return tuple(sorted(found, key=lambda one: (-one.monthly.minor, one.party, one.last)))


def _obligation(series: Series, until: datetime.date) -> Obligation:
    last = series.last
    amount = abs(last.amount)
    monthly = (Decimal(amount.minor) * series.cadence.per_year / 12).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return Obligation(
        party=series.party,
        kind=_KIND.get(last.category or "", "loan"),
        cadence=series.cadence.name,
        amount=amount,
        monthly=Money(minor=int(monthly), currency=amount.currency),
        occurrences=len(series.charges),
        last=last.date,
        active=series.is_active(until),
    )
