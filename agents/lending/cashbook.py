"""A cash flow as underwriting looks at it: whole months, instalments and returned payments."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agents.contracts.bulk import BulkAnalysis
from agents.contracts.sme import CashMovement
from agents.domain.months import covered_months, is_last_day, month_of
from agents.domain.narrations import words

_RETURNED = frozenset(
    ("return", "returned", "rtn", "bounce", "bounced", "dishonour", "dishonor", "dishonoured", "unpaid")
)
_MANDATE = frozenset(
    ("ecs", "nach", "ach", "cheque", "chq", "chque", "mandate", "emi", "si", "inward", "iw", "insufficient")
)
_LOAN = frozenset(("emi", "loan", "mortgage"))
_DEBIT_ORDER = frozenset(("nach", "ecs", "ach", "autodebit"))
_NO_DEBT = frozenset(
    ("sip", "mutual", "fund", "funds", "mf", "insurance", "premium", "lic", "electricity", "broadband", "rent")
)
_DEBT_CATEGORIES = frozenset(("debt.loan", "housing.mortgage"))


class Cashbook(NamedTuple):
    """Whole months in order, in paise; a month without any movement is there with zeros."""

    inflows: tuple[int, ...]
    outflows: tuple[int, ...]
    obligations: int
    """Instalments of loans, all months together; part of the outflows."""
    debits: int
    bounces: int
    lowest_balance: int | None

    @property
    def months(self) -> int:
        """How many."""
        return len(self.inflows)


def of_movements(movements: Sequence[CashMovement], start: datetime.date, end: datetime.date) -> Cashbook:
    """Return the cash flow of the calendar months that a period covers wholly.

    A movement in a month that is covered in part is left out of everything but the returned payments' count.
    """
    months = _whole_months(start, end)
    inflows, outflows, owed, debits = dict.fromkeys(months, 0), dict.fromkeys(months, 0), 0, 0
    for one in movements:
        month, minor = month_of(one.date), one.amount.minor
        if minor < 0:
            debits += 1
        if month not in inflows:
            continue
        if minor >= 0 and _says_returned(one):
            # A payment that came back was none, and its money is no income.
            outflows[month] -= minor
            owed -= minor if _says_loan(one) else 0
        elif minor >= 0:
            inflows[month] += minor
        else:
            outflows[month] -= minor
            owed -= minor if is_obligation(one) else 0
    balances = [one.balance.minor for one in movements if one.balance is not None]
    return Cashbook(
        tuple(inflows.values()), tuple(max(out, 0) for out in outflows.values()), max(owed, 0), debits,
        bounced(movements), min(balances) if balances else None,
    )  # fmt: skip


def of_analysis(analysis: BulkAnalysis) -> Cashbook:
    """Return the cash flow of consolidated statements: whole months, without the applicant's own money."""
    months = [month for month in analysis.months if month.complete]
    lowest = [account.lowest_balance.minor for account in analysis.accounts if account.lowest_balance is not None]
    return Cashbook(
        tuple(month.inflow.minor - month.own_inflow.minor for month in months),
        tuple(month.outflow.minor - month.own_outflow.minor for month in months),
        sum(month.obligations.minor for month in months),
        analysis.debit_count,
        analysis.return_count,
        min(lowest) if lowest else None,
    )


def _whole_months(start: datetime.date, end: datetime.date) -> tuple[str, ...]:
    first = start if start.day == 1 else start.replace(day=calendar.monthrange(start.year, start.month)[1])
    first = first if start.day == 1 else first + datetime.timedelta(days=1)
    last = end if is_last_day(end) else end.replace(day=1) - datetime.timedelta(days=1)
    if last < first:
        return ()
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return covered_months(first, last, ()) if count <= 120 else ()


def is_obligation(movement: CashMovement) -> bool:
    """Return whether money went out for a loan.

    A category decides where one is known. Else words do, whole ones: "premium" is no "emi". A debit order alone may be
    a savings plan or a bill; it counts as a loan unless the text says so, since a lender must not miss a loan.
    """
    return movement.amount.minor < 0 and _says_loan(movement)


def _says_loan(movement: CashMovement) -> bool:
    if movement.category is not None:
        return movement.category in _DEBT_CATEGORIES
    said = frozenset(words(movement.narration))
    return bool(said & _LOAN) or bool(said & _DEBIT_ORDER and not said & (_NO_DEBT | _RETURNED))


def _says_returned(movement: CashMovement) -> bool:
    said = frozenset(words(movement.narration))
    return bool(said & _RETURNED and said & _MANDATE) or {"insufficient", "funds"} <= said


def bounced(movements: Iterable[CashMovement]) -> int:
    """Return how many payments were returned.

    The bank books the return as money back in, and mostly a charge for it: the same days count once for each return,
    and a charge alone, in a statement that shows no return, counts too.
    """
    returns: dict[datetime.date, int] = {}
    charges: dict[datetime.date, int] = {}
    for one in movements:
        if _says_returned(one):
            counted = (
                charges if frozenset(words(one.narration)) & {"chg", "chgs", "charge", "charges", "fee"} else returns
            )
            counted[one.date] = counted.get(one.date, 0) + 1
    near = datetime.timedelta(days=3)
    alone = sum(count for day, count in charges.items() if not any(abs(day - other) <= near for other in returns))
    return sum(returns.values()) + alone
