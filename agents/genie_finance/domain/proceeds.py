"""Credits that are not income: loans, cash paid in, capital, own transfers, sales of assets, wins, gifts and the like.

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

Unearned = Literal[
    "loan", "overdraft", "cash_deposit", "deposit_closure", "capital", "own_transfer", "refund", "asset_sale",
    "gambling", "gift", "insurance", "investment", "grant",
]  # fmt: skip
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
    if by_category := _BY_CATEGORY.get(about.category):
        return by_category
    if about.category == Category.INCOME_DEPOSIT:
        return None if _listed()["paper"].intersection(said) else "cash_deposit"
    return "refund" if about.kind is Kind.EXPENSE else None


_BY_CATEGORY: Mapping[Category, Unearned] = {
    Category.INCOME_DIVIDENDS: "investment", Category.INCOME_TAX_REFUND: "refund",
}  # fmt: skip


def takes_back_pay(narration: str) -> bool:
    """Return whether the text is of pay that was reversed: a debit with it takes back income."""
    said = words(narration)
    phrases = {*said, *map(" ".join, itertools.pairwise(said))}
    return not (phrases.isdisjoint(_listed()["reversed"]) or phrases.isdisjoint(_listed()["wages"]))


def _said(said: tuple[str, ...], phrases: set[str]) -> Unearned | None:  # noqa: PLR0911 - one line a kind
    def has(*names: str) -> bool:
        return all(not phrases.isdisjoint(_listed()[name]) for name in names)

    earned, lender = has("earned"), has("lender")
    if (has("reversed") and has("wages")) or has("disputed"):
        return "refund"
    if has("advance_pay"):
        return "loan"
    if has("facility"):
        return "overdraft"
    if has("loan") and (not earned or has("disbursed") or has("paid_out")):
        return "loan"
    if (has("disbursed") and not earned) or has("paid_out", "lender"):
        return "loan"
    if _is_closed_deposit(has) and not (has("pension") and not has("closed")):
        return "deposit_closure"
    if has("capital") or has("contributors", "contributed") or ("capital" in phrases and has("capital_marks")):
        return "capital"
    if has("cash") or _is_cash(said):
        return "cash_deposit"
    if (once := _once(has)) and not has("employed"):
        return once
    if lender and not earned and not has("interest"):
        return "loan"
    return "own_transfer" if (has("own") and not has("no_own")) or has("own_words") else None


def _once(has: Callable[..., bool]) -> Unearned | None:
    """Return the kind of money that comes once, or not for work: an employer or a client has names like these too."""
    if has("taxes") and has("repaid"):
        return "refund"
    if has("insured_paid") or (has("claim") and has("insured")):
        return "insurance"
    if has("invested") or (has("sold") and has("securities")) or (has("dividend") and not has("earned")):
        return "investment"
    if has("asset_sale") or (has("sold") and has("asset")):
        return "asset_sale"
    if has("gambling"):
        return "gambling"
    if has("gift") and not has("earned"):
        return "gift"
    return "grant" if has("granted") else None


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
