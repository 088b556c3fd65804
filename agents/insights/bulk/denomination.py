"""The currency of movements whose statement names none: that of the question, before anything is matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from agents.contracts.money import UNKNOWN_CURRENCY, Money, exponent, minor_units
from agents.contracts.statements import Transaction
from agents.insights.making import changed, money


class Denominated(NamedTuple):
    """Movements, and whether a currency was taken for any."""

    transactions: tuple[Transaction, ...]
    assumed: bool


def denominated(transactions: Sequence[Transaction], currency: str) -> Denominated:
    """Return movements with those that name no currency in a given one, in the same order.

    Amounts stay as they are written: 1,000 is as many yen. An account that has an amount with more digits after the
    point than the currency knows is not in it, and its movements stay without one.
    """
    unnamed: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(transactions):
        if one.amount.currency == UNKNOWN_CURRENCY:
            unnamed[one.account].append(at)
    if not unnamed:
        return Denominated(tuple(transactions), assumed=False)
    found = list(transactions)
    assumed = False
    for places in unnamed.values():
        try:
            stated = [_stated(transactions[at], currency) for at in places]
        except ValueError:
            continue
        assumed = True
        for at, one in zip(places, stated, strict=True):
            found[at] = one
    return Denominated(tuple(found), assumed)


def _stated(one: Transaction, currency: str) -> Transaction:
    balance = one.balance and _in(one.balance, currency)
    return changed(one, {"amount": _in(one.amount, currency), "balance": balance})


def _in(amount: Money, currency: str) -> Money:
    if exponent(amount.currency) == exponent(currency):
        return money(amount.minor, currency)
    return money(minor_units(amount.amount, currency), currency)
