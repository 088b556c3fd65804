"""Delayed payments to micro and small enterprises: the last day to pay, and the interest after it.

Source: sections 2(b), 15 and 16 of the Micro, Small and Medium Enterprises Development Act, 2006.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.grounds import RuleEdition
from genie_finance.contracts.invoices import EnterpriseClass
from genie_finance.domain.months import add_months
from genie_finance.domain.rulebook import edition
from genie_finance.payments.tables import MSMED, MsmedRules

PROTECTED: frozenset[EnterpriseClass] = frozenset({"micro", "small"})
"""A supplier in the sense of section 2(n); medium enterprises are excluded."""
_DAYS_OF_YEAR = 365


def days_allowed(rules: MsmedRules, agreed_days: int | None) -> int:
    """Return the days from acceptance within which a buyer must pay: the agreed days, limited by section 15."""
    return rules.no_agreement_days if agreed_days is None else min(agreed_days, rules.most_agreed_days)


class Interest(NamedTuple):
    """Interest on an overdue amount."""

    amount: Decimal
    """Unrounded."""
    rate_percent: Decimal
    """Yearly rate on the last day."""
    editions: tuple[RuleEdition, ...]
    """Empty if the rate was given."""


def interest(amount: Decimal, due_on: datetime.date, until: datetime.date, *, bank_rate: Decimal | None) -> Interest:
    """Return compound interest with monthly rests at a multiple of the bank rate, from the day after a due date.

    Each month bears a twelfth of the yearly rate, at the bank rate of the day on which the month begins; a last,
    partial month bears simple interest by days over 365. The law does not regulate partial months.

    Args:
        amount: Overdue amount, in any unit.
        due_on: Last day for payment in time.
        until: Day up to which it runs, inclusive.
        bank_rate: Percent a year for all of the time, instead of the table's.

    Raises:
        InputError: No edition of the rules covers a month, and no rate was given.
    """
    balance, used = amount, dict[str, RuleEdition]()
    count = 0
    while until > due_on:
        begins, ends = add_months(due_on, count), add_months(due_on, count + 1)
        rate = _rate(begins + datetime.timedelta(days=1), bank_rate, used)
        if ends > until:
            balance += balance * rate * (until - begins).days / (_DAYS_OF_YEAR * 100)
            break
        balance += balance * rate / 1200
        count += 1
    last = _rate(max(until, due_on), bank_rate, used)
    return Interest(balance - amount, last, tuple(used.values()))


def _rate(day: datetime.date, given: Decimal | None, used: dict[str, RuleEdition]) -> Decimal:
    if given is not None:
        return 3 * given
    found = edition(MSMED, on=day)
    used.setdefault(found.said.id, found.said)
    return found.rules.bank_rate * found.rules.multiple
