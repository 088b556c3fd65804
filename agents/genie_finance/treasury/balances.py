"""Balances of the liquidity coverage ratio: by category, checked against the rules, and with changes applied."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from genie.errors import InputError, did_you_mean
from genie_finance.contracts.money import one_currency
from genie_finance.contracts.treasury import LcrInflows, LcrLine, LcrOutflows, LcrRequest
from genie_finance.treasury.tables import Factor

Balances = dict[str, Decimal]
"""Category -> major units."""


def currency_of(request: LcrRequest) -> str:
    """Return the currency of every amount of a request.

    Raises:
        InputError: There are several.
    """
    parts = (request.hqla, request.outflows, request.inflows)
    amounts = [getattr(part, name) for part in parts for name in type(part).model_fields]
    amounts += [line.amount for line in (*request.other_outflows, *request.other_inflows)]
    for day in request.ahead:
        amounts += [day.level1, *(one.change for one in (*day.outflows, *day.inflows))]
    try:
        return one_currency(tuple(amounts))
    except ValueError as error:
        raise InputError("the liquidity coverage ratio", str(error)) from None


def held(request: LcrRequest) -> tuple[Decimal, Decimal, Decimal]:
    """Return liquid assets of level 1, 2A and 2B in major units, before haircuts."""
    given = request.hqla
    return given.level1_cash_govsec.amount, given.level2a_corp_bonds_aa_plus.amount, given.level2b_lower.amount


def balances_of(
    given: LcrOutflows | LcrInflows, others: Iterable[LcrLine], factors: tuple[Factor, ...], side: str
) -> Balances:
    """Return balances by category in major units.

    Raises:
        InputError: A category is unknown to the rules, or given twice.
    """
    found: Balances = {name: getattr(given, name).amount for name in type(given).model_fields}
    for line in others:
        check_known(line.category, factors, side)
        if line.category in found:
            raise InputError(f"{side}.{line.category}", "is given twice", "give the sum of the balances")
        found[line.category] = line.amount.amount
    return found


def check_known(category: str, factors: tuple[Factor, ...], side: str) -> None:
    """Reject a category that the rules of a day do not have.

    Raises:
        InputError: The category is unknown; the error suggests a known one.
    """
    names = [one.category for one in factors]
    if category not in names:
        hint = did_you_mean(category, names).removeprefix("; ") or f"use one of {', '.join(names)}"
        raise InputError(f"{side}.{category[:64]}", "is not a category in the rules of that day", hint)


def moved(what: str, before: Decimal, change: Decimal, day: str) -> Decimal:
    """Return a balance after a change.

    Raises:
        InputError: It falls below 0.
    """
    if before + change < 0:
        raise InputError(f"ahead.{day}.{what}", f"{before} changed by {change} is below 0", "check it")
    return before + change
