"""Repayment of several debts month by month, in whole paise."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.lending import Debt
from genie_finance.domain.time_value import monthly_rate, rounded_minor

MOST_MONTHS = 1_200
_HOPELESS = 1_000
"""Multiple of the initial debt at which a balance counts as never repaid."""


class Ended(NamedTuple):
    """A debt during repayment."""

    position: int
    """In the request, from 0."""
    month: int
    interest: int


class Month(NamedTuple):
    """All debts in one month."""

    number: int
    interest: int
    payment: int
    balance: int


class Course(NamedTuple):
    """Result of a repayment plan."""

    ended: tuple[Ended, ...]
    months: tuple[Month, ...]
    feasible: bool

    @property
    def interest(self) -> int:
        """All interest that was charged."""
        return sum(month.interest for month in self.months)


def ranked(debts: Sequence[Debt], *, snowball: bool) -> tuple[int, ...]:
    """Return positions in the order in which they get the extra money.

    Avalanche: highest rate first, of equal rates the smaller balance. Snowball: smallest balance first, of equal ones
    the higher rate. Then the smaller minimum, the name, and only then the request's order.
    """

    def rank(at: int) -> tuple[Decimal, Decimal, int, str]:
        debt = debts[at]
        rate, balance = -debt.annual_rate_percent, Decimal(debt.balance.minor)
        first, second = (balance, rate) if snowball else (rate, balance)
        return first, second, debt.minimum_payment.minor, debt.name

    return tuple(sorted(range(len(debts)), key=rank))


def course(debts: Sequence[Debt], order: Sequence[int], extra: int, *, rolls: bool = True) -> Course:
    """Return how debts are repaid with a constant monthly budget.

    Interest is a twelfth of the annual rate on the balance, rounded half up to the paisa. Then each debt gets its
    minimum, and the rest is paid in order, including minimums of repaid debts and remainders of their last month.

    Args:
        debts: The debts.
        order: Positions, the first to be paid off first.
        extra: Paise a month beyond the minimums.
        rolls: True uses minimums of repaid debts for other debts; False pays only minimums.
    """
    balances = [debt.balance.minor for debt in debts]
    rates = [monthly_rate(debt.annual_rate_percent) for debt in debts]
    charged = [0] * len(debts)
    hopeless = sum(balances) * _HOPELESS
    ended: list[Ended] = []
    months: list[Month] = []
    while any(balances):
        if len(months) == MOST_MONTHS or sum(balances) > hopeless:
            return Course((), (), feasible=False)
        owed = [rounded_minor(balance * rate) for balance, rate in zip(balances, rates, strict=True)]
        for at, interest in enumerate(owed):
            balances[at] += interest
            charged[at] += interest
        running = [at for at, balance in enumerate(balances) if balance]
        paid = _pay(debts, balances, order, extra, rolls=rolls)
        number = len(months) + 1
        done = [at for at in running if not balances[at]]
        ended += [Ended(at, number, charged[at]) for at in sorted(done, key=order.index)]
        months.append(Month(number, sum(owed), paid, sum(balances)))
    return Course(tuple(ended), tuple(months), feasible=True)


def _pay(debts: Sequence[Debt], balances: list[int], order: Sequence[int], extra: int, *, rolls: bool) -> int:
    """Subtract a month's payments from the balances; return the amount paid."""
    left, before = extra, sum(balances)
    for at, debt in enumerate(debts):
        minimum = debt.minimum_payment.minor
        paid = min(minimum, balances[at])
        balances[at] -= paid
        left += minimum - paid if rolls else 0
    for at in order:
        paid = min(left, balances[at])
        balances[at] -= paid
        left -= paid
    return before - sum(balances)


def interest_of_a_month(debts: Sequence[Debt]) -> int:
    """Return the interest of all debts in the first month."""
    return sum(rounded_minor(debt.balance.minor * monthly_rate(debt.annual_rate_percent)) for debt in debts)
