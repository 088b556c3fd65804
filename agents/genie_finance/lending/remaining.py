"""The remaining schedule of a loan, and the effect of a partial prepayment; in whole paise."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

from genie_finance.contracts.lending import MOST_MONTHS, RunningLoan
from genie_finance.domain.time_value import Row, amortise, instalment, monthly_rate, rounded_minor

_MONTHS = 12


class Tranche(NamedTuple):
    """A part of a loan on which a prepaid rupee earns the same."""

    amount: int
    effective_percent: Decimal


class Variant(NamedTuple):
    """Result of a prepayment in one form."""

    kind: Literal["shorter_term", "smaller_instalment"]
    instalment: int
    months: int
    months_saved: int
    interest_saved: int
    relief_lost: int


def instalment_of(loan: RunningLoan) -> int:
    """Return a loan's monthly payment, in paise."""
    if loan.instalment is not None:
        return loan.instalment.minor
    return _level(loan.outstanding.minor, loan)


def _level(principal: int, loan: RunningLoan) -> int:
    exact = instalment(Decimal(principal), monthly_rate(loan.annual_rate_percent), loan.months_remaining)
    return max(rounded_minor(exact), 1)


def remaining(principal: int, annual_percent: Decimal, payment: int, months: int) -> tuple[Row, ...] | None:
    """Return the remaining months, None if the payment does not repay the loan in time.

    An instalment that the bank has rounded to the rupee may leave a remainder below one instalment, which is added to
    the last month.
    """
    try:
        rows = tuple(amortise(principal, monthly_rate(annual_percent), payment, periods=min(months, MOST_MONTHS)))
    except ValueError:
        return None
    return rows if not rows or rows[-1].payment <= 2 * payment else None


def tranches(loan: RunningLoan, tax_percent: Decimal) -> tuple[Tranche, ...]:
    """Return the parts of a loan by the return of prepaying them in the next year, highest first.

    Interest beyond the deductible limit has no relief, so the part of the loan that causes it earns the full rate; the
    rest earns ``rate * (1 - tax)``.
    """
    percent, outstanding, limit = loan.annual_rate_percent, loan.outstanding.minor, loan.deductible_interest.minor
    if not limit or not tax_percent or not percent:
        return (Tranche(outstanding, percent),)
    bearing = min(int(limit * 100 / percent), outstanding)  # the loan whose yearly interest is the limit
    after = percent * (1 - tax_percent / 100)
    parts = (Tranche(outstanding - bearing, percent), Tranche(bearing, after))
    return tuple(part for part in parts if part.amount)


def variants(loan: RunningLoan, amount: int, tax_percent: Decimal) -> tuple[Variant, Variant]:
    """Return the results of prepaying an amount: with the instalment kept, and with the term kept.

    Raises:
        ValueError: The loan's own instalment does not repay it.
    """
    payment, left = instalment_of(loan), loan.outstanding.minor - amount
    before = remaining(loan.outstanding.minor, loan.annual_rate_percent, payment, loan.months_remaining)
    if before is None:
        raise ValueError(f"the instalment of {loan.name} does not repay it")
    # Where the loan ends early by its own instalment, the smaller one keeps that end.
    shorter = remaining(left, loan.annual_rate_percent, payment, loan.months_remaining) or ()
    smaller_payment = _level(left, loan) if left else 0
    smaller = remaining(left, loan.annual_rate_percent, smaller_payment, loan.months_remaining) or ()
    return (
        _variant("shorter_term", payment if left else 0, before, shorter, loan, tax_percent),
        _variant("smaller_instalment", smaller_payment, before, smaller, loan, tax_percent),
    )


def _variant(
    kind: Literal["shorter_term", "smaller_instalment"],
    payment: int,
    before: tuple[Row, ...],
    after: tuple[Row, ...],
    loan: RunningLoan,
    tax_percent: Decimal,
) -> Variant:
    saved = _interest(before) - _interest(after)
    lost = _relief(before, loan, tax_percent) - _relief(after, loan, tax_percent)
    return Variant(kind, payment, len(after), len(before) - len(after), saved, lost)


def _interest(rows: tuple[Row, ...]) -> int:
    return sum(row.interest for row in rows)


def _relief(rows: tuple[Row, ...], loan: RunningLoan, tax_percent: Decimal) -> int:
    """Return the tax saved by deducting interest, in years from today."""
    limit = loan.deductible_interest.minor
    years = (rows[at : at + _MONTHS] for at in range(0, len(rows), _MONTHS))
    deducted = sum(min(_interest(year), limit) for year in years)
    return rounded_minor(deducted * tax_percent / 100)
