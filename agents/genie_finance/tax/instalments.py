"""Interest on advance tax: for late or short instalments, and for a year's shortfall."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from genie_finance.contracts.tax import LateIncome, TaxPayment
from genie_finance.tax.liability import ZERO
from genie_finance.tax.tables import AdvanceTaxRules, DueDate

DateSpan = tuple[datetime.date, datetime.date]
"""Two days: a due date and the last day of its year, or that and the day up to which interest is computed."""


def paid_by(payments: Iterable[TaxPayment], day: datetime.date) -> Decimal:
    """Return the payments up to and including a day, in rupees."""
    return sum((one.amount.amount for one in payments if one.on <= day), ZERO)


def known_by(tax: Decimal, late: Iterable[LateIncome], payments: tuple[TaxPayment, ...], due: DateSpan) -> Decimal:
    """Return the tax on which an instalment is based: without tax on income that arose after its due date.

    If the tax on such income is not paid between its date and the end of the year, it counts from the start. Source:
    Income-tax Act, 1961, section 234C(1), first proviso.
    """
    day, end = due
    after = [one for one in late if one.on > day]
    owed = sum((one.tax.amount for one in after), ZERO)
    if not after:
        return tax
    first = min(one.on for one in after)
    paid = sum((one.amount.amount for one in payments if first <= one.on <= end), ZERO)
    return max(tax - owed, ZERO) if paid >= owed else tax


def deferment_interest(base: Decimal, paid: Decimal, due: DueDate, rules: AdvanceTaxRules) -> tuple[Decimal, Decimal]:
    """Return the shortfall of an instalment and the interest on it (section 234C).

    There is no interest if the safe share was paid. Before interest the shortfall is rounded down to hundreds
    (rule 119A).
    """
    short = max(base * due.share - paid, ZERO)
    if paid >= base * due.safe_share:
        return short, ZERO
    return short, down(short, rules.rounding_down) * rules.monthly_rate * due.months


def default_interest(
    assessed: Decimal, payments: tuple[TaxPayment, ...], span: DateSpan, rules: AdvanceTaxRules, *, first_owed: Decimal
) -> Decimal:
    """Return the interest on a year's shortfall, from April on (section 234B).

    Args:
        assessed: The year's tax less credits, in rupees.
        payments: Challans; those after the year first settle the interest up to their date, then the tax.
        span: The last day of the year, and the day up to which interest is computed.
        rules: Edition of the year.
        first_owed: Interest of other sections, which a later payment settles first.
    """
    end, until = span
    short = assessed - paid_by(payments, end)
    if until <= end or short <= ZERO or paid_by(payments, end) >= assessed * rules.paid_enough:
        return ZERO
    interest, owed, months_so_far = ZERO, first_owed, 0
    for one in sorted((one for one in payments if end < one.on <= until), key=lambda one: one.on):
        months = months_between(end, one.on)
        run = down(short, rules.rounding_down) * rules.monthly_rate * (months - months_so_far)
        interest, owed, months_so_far = interest + run, owed + run, months
        towards = min(owed, one.amount.amount)
        owed -= towards
        short = max(short - (one.amount.amount - towards), ZERO)
    rest = months_between(end, until) - months_so_far
    return interest + down(short, rules.rounding_down) * rules.monthly_rate * rest


def months_between(end: datetime.date, day: datetime.date) -> int:
    """Return the calendar months from the year's end to a day; a partial month counts as a full one."""
    return (day.year - end.year) * 12 + day.month - end.month


def down(amount: Decimal, to: Decimal) -> Decimal:
    """Return an amount rounded down to a multiple."""
    return (amount / to).quantize(Decimal(1), rounding=ROUND_DOWN) * to
