"""Assigns the question's currency to movements whose statement names none, before matching."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from genie_finance.contracts.money import UNKNOWN_CURRENCY, exponent, minor_units
from genie_finance.contracts.statements import Transaction
from genie_finance.insights.making import money, restated


class Denominated(NamedTuple):
    """Movements, and whether a currency was assumed for any of them."""

    transactions: tuple[Transaction, ...]
    assumed: bool


def denominated(transactions: Sequence[Transaction], currency: str) -> Denominated:
    """Return the movements in the same order; those without a currency get the given one.

    Amounts are unchanged: 1,000 becomes 1,000 yen. If an account has an amount with more decimal places than the
    currency, its movements stay without a currency.
    """
    alike = exponent(UNKNOWN_CURRENCY) == exponent(currency)
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
            stated = [_stated(transactions[at], currency, alike=alike) for at in places]
        except ValueError:
            continue
        assumed = True
        for at, one in zip(places, stated, strict=True):
            found[at] = one
    return Denominated(tuple(found), assumed)


def _stated(one: Transaction, currency: str, *, alike: bool) -> Transaction:
    amount, balance = one.amount, one.balance
    if alike:
        left = None if balance is None else money(balance.minor, currency)
        return restated(one, money(amount.minor, currency), left)
    left = None if balance is None else money(minor_units(balance.amount, currency), currency)
    return restated(one, money(minor_units(amount.amount, currency), currency), left)
