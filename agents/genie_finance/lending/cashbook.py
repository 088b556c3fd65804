"""A cash flow for underwriting: whole months, instalments and returned payments."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from genie_finance.contracts.bulk import BulkAnalysis, NotIncome
from genie_finance.contracts.money import paise
from genie_finance.contracts.sme import CashMovement
from genie_finance.domain.months import covered_months, is_last_day, month_of
from genie_finance.domain.narrations import words
from genie_finance.domain.proceeds import Unearned, takes_back_pay, unearned

_RETURNED = frozenset(
    (
        "return",
        "returned",
        "rtn",
        "bounce",
        "bounced",
        "dishonour",
        "dishonor",
        "dishonoured",
        "unpaid",
        "rev",
        "reversal",
        "reversed",
    )
)
_MANDATE = frozenset(
    ("ecs", "nach", "ach", "cheque", "chq", "chque", "mandate", "emi", "si", "inward", "iw", "insufficient")
)
_LOAN = frozenset(("emi", "loan", "mortgage"))
_DEBIT_ORDER = frozenset(("nach", "ecs", "ach", "autodebit"))
_NO_DEBT = frozenset(
    ("sip", "mutual", "fund", "funds", "mf", "insurance", "premium", "lic", "electricity", "broadband", "rent")
)
_FUNDS = frozenset(("insufficient", "funds"))
_CHARGE = frozenset(("chg", "chgs", "charge", "charges", "fee"))
_DEBT_CATEGORIES = frozenset(("debt.loan", "housing.mortgage"))


class Cashbook(NamedTuple):
    """Whole months in order, in paise; a month without movements has zeros."""

    inflows: tuple[int, ...]
    outflows: tuple[int, ...]
    obligations: int
    """Total of loan instalments of all months; part of the outflows."""
    debits: int
    bounces: int
    lowest_balance: int | None
    not_income: tuple[NotIncome, ...] = ()
    """Credits that do not count as inflows."""

    @property
    def months(self) -> int:
        """Number of whole months."""
        return len(self.inflows)

    @property
    def active_months(self) -> int:
        """Months with income or spending."""
        return sum(bool(into or out) for into, out in zip(self.inflows, self.outflows, strict=True))

    @property
    def earning_months(self) -> int:
        """Months with income."""
        return sum(into > 0 for into in self.inflows)


def of_movements(movements: Sequence[CashMovement], start: datetime.date, end: datetime.date) -> Cashbook:
    """Return the cash flow of the calendar months that a period covers fully.

    Of partly covered months, only returned payments count. Credits that are not income are not inflows; refunds reduce
    the outflow, and reversed pay reduces the inflow.
    """
    months = _whole_months(start, end)
    inflows, outflows, owed, debits = dict.fromkeys(months, 0), dict.fromkeys(months, 0), 0, 0
    returns = Returns()
    totals: Counter[Unearned] = Counter()
    counts: Counter[Unearned] = Counter()
    for one in movements:
        said = frozenset(words(one.narration))
        month, minor, back = month_of(one.date), one.amount.minor, returns.heard(one, said)
        if minor < 0:
            debits += 1
        if month not in inflows:
            continue
        if minor >= 0 and not back:
            kind = unearned(one.narration, one.category)
            if kind is None:
                inflows[month] += minor
                continue
            totals[kind] += minor
            counts[kind] += 1
            if kind != "refund":
                continue
        elif takes_back_pay(one.narration):
            inflows[month] += minor
            continue
        # A returned payment does not count, and its refund is not income.
        outflows[month] -= minor
        owed -= minor if _is_loan(one, said) else 0
    balances = [one.balance.minor for one in movements if one.balance is not None]
    return Cashbook(
        tuple(max(into, 0) for into in inflows.values()), tuple(max(out, 0) for out in outflows.values()),
        max(owed, 0), debits, returns.count(), min(balances) if balances else None,
        tuple(
            NotIncome(kind=kind, total=paise(total), count=counts[kind])
            for kind, total in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
        ),
    )  # fmt: skip


def of_analysis(analysis: BulkAnalysis) -> Cashbook:
    """Return the cash flow of consolidated statements: whole months, without the applicant's own transfers."""
    months = [month for month in analysis.months if month.complete]
    lowest = [account.lowest_balance.minor for account in analysis.accounts if account.lowest_balance is not None]
    return Cashbook(
        tuple(max(month.inflow.minor - month.own_inflow.minor, 0) for month in months),
        tuple(month.outflow.minor - month.own_outflow.minor for month in months),
        sum(month.obligations.minor for month in months),
        analysis.debit_count,
        analysis.return_count,
        min(lowest) if lowest else None,
        analysis.not_income,
    )


def _whole_months(start: datetime.date, end: datetime.date) -> tuple[str, ...]:
    first = start if start.day == 1 else start.replace(day=calendar.monthrange(start.year, start.month)[1])
    first = first if start.day == 1 else first + datetime.timedelta(days=1)
    last = end if is_last_day(end) else end.replace(day=1) - datetime.timedelta(days=1)
    if last < first:
        return ()
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return covered_months(first, last, ()) if count <= 120 else ()


def _is_loan(movement: CashMovement, said: frozenset[str]) -> bool:
    """Return whether a booking is of a loan.

    A known category decides; otherwise whole words do: "premium" is not "emi". A debit order alone may be a savings
    plan or a bill; it counts as a loan unless the text says so, since a lender must not miss a loan.
    """
    if movement.category is not None:
        return movement.category in _DEBT_CATEGORIES
    return bool(said & _LOAN) or bool(said & _DEBIT_ORDER and not said & (_NO_DEBT | _RETURNED))


class Returns:
    """Returned payments, recognised by the words of bookings.

    A bank usually books a credit and a charge for one return. Both on the same days count once; a charge counts alone
    only if the statement shows no return.
    """

    def __init__(self) -> None:
        self._returns: dict[datetime.date, int] = {}
        self._charges: dict[datetime.date, int] = {}

    def heard(self, movement: CashMovement, said: frozenset[str]) -> bool:
        """Count a booking whose text shows a returned payment; return whether it does."""
        if not ((said & _RETURNED and said & _MANDATE) or said >= _FUNDS):
            return False
        counted = self._charges if said & _CHARGE else self._returns
        counted[movement.date] = counted.get(movement.date, 0) + 1
        return True

    def count(self) -> int:
        """Return the number of returned payments."""
        near = datetime.timedelta(days=3)
        alone = (
            count
            for day, count in self._charges.items()
            if not any(abs(day - other) <= near for other in self._returns)
        )
        return sum(self._returns.values()) + sum(alone)
