"""Credits that are not income: borrowed money, cash paid in, closed deposits, capital and the holder's own transfers.

Whole words of a booking decide; in doubt the money does not count, since unknown income must not look better than none.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Literal

from genie_finance.domain import categories
from genie_finance.domain.categories import Category, Kind
from genie_finance.domain.narrations import says_refund, words

Unearned = Literal["loan", "overdraft", "cash_deposit", "deposit_closure", "capital", "own_transfer", "refund"]
"""Kind of a credit that is not income."""


@functools.cache
def _listed() -> Mapping[str, frozenset[str]]:
    """Return words and pairs of words by their meaning."""
    raw = json.loads(resources.files("genie_finance.domain").joinpath("data/proceeds.json").read_text("utf-8"))
    return {name: frozenset(phrases) for name, phrases in raw.items()}


@functools.cache
def _known() -> frozenset[str]:
    """Return every word and pair of words that is used for decisions, including qualifiers."""
    return frozenset().union(*_listed().values(), ("cash", "capital"))


def unearned(narration: str, category: str | None = None) -> Unearned | None:
    """Return the kind of an incoming amount that is not income; None for income.

    Args:
        narration: Text of the booking.
        category: Name in the taxonomy, if known. The words decide first: a wrong guess of a category must not turn a
            loan into income.
    """
    said = words(narration)
    phrases = {*said, *map(" ".join, itertools.pairwise(said))}
    told = None if phrases.isdisjoint(_known()) else _said(said, phrases)  # most bookings have none of the words
    found = told or ("refund" if says_refund(narration) else None)
    if found is not None or category is None:
        return found
    about = categories.info(category)
    if about.kind is Kind.TRANSFER:
        return "own_transfer"
    if about.category == Category.INCOME_DEPOSIT:
        return None if _listed()["paper"].intersection(said) else "cash_deposit"
    return "refund" if about.kind is Kind.EXPENSE else None


def _said(said: tuple[str, ...], phrases: set[str]) -> Unearned | None:
    def has(*names: str) -> bool:
        return all(not phrases.isdisjoint(_listed()[name]) for name in names)

    earned, lender = has("earned"), has("lender")
    if has("facility"):
        return "overdraft"
    if has("loan") and (not earned or has("disbursed") or has("paid_out")):
        return "loan"
    if (has("disbursed") and not earned) or has("paid_out", "lender"):
        return "loan"
    if _is_closed_deposit(has):
        return "deposit_closure"
    if has("capital") or has("contributors", "contributed") or ("capital" in phrases and has("capital_marks")):
        return "capital"
    if has("cash") or _is_cash(said):
        return "cash_deposit"
    if lender and not earned and not has("interest"):
        return "loan"
    return "own_transfer" if has("own") and not has("no_own") else None


def _is_closed_deposit(has: Callable[[str], bool]) -> bool:
    """Return whether a deposit was repaid.

    Only its interest is income, which cannot be separated if paid out with the deposit.
    """
    if has("deposit"):
        return has("closed") or has("back_whole") or not has("interest")
    return has("closed") and not has("rewards")


def _is_cash(said: tuple[str, ...]) -> bool:
    no_cash = _listed()["no_cash"]
    return any(word == "cash" and following not in no_cash for word, following in itertools.zip_longest(said, said[1:]))
