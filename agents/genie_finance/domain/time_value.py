"""Time value of money: instalments, amortisation, annuities, and rates of return.

Rates are fractions of one period as Decimal (0.01 is one per cent a period) unless a name says percent; amounts are
Decimal in any unit, and whole minor units in schedules, where rounded amounts must sum up.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import NamedTuple

_ZERO = Decimal(0)
_ONE = Decimal(1)
_PRECISION = Context(prec=40)
"""Small rates over many periods lose digits in ``(1 + r)^n - 1``; of forty digits, at least twenty remain."""
_STEPS = 2_000
"""Steps of the search for several rates of return; neighbours differ by one percent in ``1 + r``."""


class Row(NamedTuple):
    """One period of a loan, in minor units: ``opening + interest - payment == closing``."""

    period: int
    """From 1."""
    opening: int
    interest: int
    principal: int
    """``payment - interest``; negative if the payment does not cover the interest."""
    payment: int
    closing: int


def monthly_rate(annual_percent: Decimal) -> Decimal:
    """Return the rate of a month as a fraction: a twelfth of the nominal annual rate in percent."""
    return annual_percent / 1200


def effective_annual_rate(rate: Decimal, periods_per_year: int) -> Decimal:
    """Return the effective annual rate of a rate per period with compounding: ``(1 + r)^m - 1``."""
    with localcontext(_PRECISION):
        return (_ONE + rate) ** periods_per_year - _ONE


def instalment(principal: Decimal, rate: Decimal, periods: int) -> Decimal:
    """Return the level payment at the end of each period that repays a principal: ``P r (1+r)^n / ((1+r)^n - 1)``.

    Not rounded; without interest, it is the n-th part of the principal.

    Raises:
        ValueError: There is no period, or the rate is -100 percent or lower.
    """
    return principal / annuity_present_value(rate, periods)


def annuity_present_value(rate: Decimal, periods: int, *, due: bool = False) -> Decimal:
    """Return the present value of a payment of 1 at the end of each period: ``(1 - (1+r)^-n) / r``.

    Args:
        rate: Rate of one period.
        periods: Number of periods, at least 1.
        due: True if payments are at the start of each period.

    Raises:
        ValueError: There is no period, or the rate is -100 percent or lower.
    """
    _checked(rate, periods)
    with localcontext(_PRECISION):
        if not rate:
            return Decimal(periods)
        worth = (_ONE - (_ONE + rate) ** -periods) / rate
        return worth * (_ONE + rate) if due else worth


def growth(rate: Decimal, periods: int) -> Decimal:
    """Return the growth of 1: ``(1+r)^n``; for negative periods the discounted value of 1."""
    with localcontext(_PRECISION):
        return (_ONE + rate) ** periods


def rounded_minor(amount: Decimal) -> int:
    """Return minor units rounded half away from zero."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def amortise(principal: int, rate: Decimal, payment: int, *, periods: int | None = None) -> Iterator[Row]:
    """Yield the periods of a loan in minor units until it is repaid; the last payment is the remainder.

    Interest is rounded half up to the minor unit each period. With ``periods``, the last one takes the whole remainder,
    including accumulated rounding, so a schedule always closes at 0.

    Raises:
        ValueError: A payment does not exceed the interest, so the loan would never end.
    """
    opening, period = principal, 0
    while opening > 0:
        period += 1
        interest = rounded_minor(opening * rate)
        last = period == periods
        if payment <= interest and not last:
            raise ValueError(f"a payment of {payment} does not exceed the interest of {interest}")
        paid = opening + interest if last else min(payment, opening + interest)
        closing = opening + interest - paid
        yield Row(period, opening, interest, paid - interest, paid, closing)
        opening = closing


def irr_roots(flows: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return every internal rate of return of flows at equal distances, lowest first; fractions of a period.

    Flows whose sign changes once have at most one, computed by pyxirr in binary floating point with about twelve
    digits. If the sign changes more often, all rates between -99.99 and 999,900 percent are searched for.
    """
    changes = _sign_changes(flows)
    if not changes:
        return ()
    amounts = [float(flow) for flow in flows]
    if changes == 1:
        import pyxirr  # noqa: PLC0415 - an extension module that only rates of return need

        return _decimal(pyxirr.irr(amounts))
    return _roots(amounts, [float(period) for period in range(len(amounts))])


def irr(flows: Sequence[Decimal]) -> Decimal | None:
    """Return the internal rate of return, a fraction of a period; None if there is none, or if several fit."""
    found = irr_roots(flows)
    return found[0] if len(found) == 1 else None


def xirr_roots(flows: Sequence[tuple[datetime.date, Decimal]]) -> tuple[Decimal, ...]:
    """Return every annual rate of return of dated flows, lowest first; fractions.

    Days are counted actual/365 from the first flow, as spreadsheets do. The search is that of ``irr_roots``.
    """
    by_day: dict[datetime.date, Decimal] = {}
    for day, flow in sorted(flows):
        by_day[day] = by_day.get(day, _ZERO) + flow
    changes = _sign_changes(list(by_day.values()))
    if not changes:
        return ()
    days, amounts = list(by_day), [float(flow) for flow in by_day.values()]
    if changes == 1:
        import pyxirr  # noqa: PLC0415 - an extension module that only rates of return need

        return _decimal(pyxirr.xirr(days, amounts))
    return _roots(amounts, [(day - days[0]).days / 365 for day in days])


def xirr(flows: Sequence[tuple[datetime.date, Decimal]]) -> Decimal | None:
    """Return the annual rate of return of dated flows, a fraction; None if there is none, or if several fit."""
    found = xirr_roots(flows)
    return found[0] if len(found) == 1 else None


def _sign_changes(flows: Sequence[Decimal]) -> int:
    """Return how often the sign changes: by Descartes' rule, the maximum number of rates above -100 percent."""
    signs = [flow > 0 for flow in flows if flow]
    return sum(one != other for one, other in itertools.pairwise(signs))


def _roots(amounts: Sequence[float], times: Sequence[float]) -> tuple[Decimal, ...]:
    """Return the rates at which the value of flows is 0; a rate at which it touches 0 without crossing is missed."""
    last = times[-1]

    def worth(log: float) -> float:
        """Return the value at ``1 + r = e^log``, times a positive factor that keeps every power within 1."""
        base = 0.0 if log > 0 else last
        return math.fsum(flow * math.exp((base - time) * log) for flow, time in zip(amounts, times, strict=True))

    low, high = math.log(1e-4), math.log(1e4)
    grid = [low + (high - low) * step / _STEPS for step in range(_STEPS + 1)]
    values = [worth(log) for log in grid]
    found = [log for log, value in zip(grid, values, strict=True) if value == 0]
    for (start, before), (end, after) in itertools.pairwise(zip(grid, values, strict=True)):
        if before * after < 0:
            found.append(_bisected(worth, start, end, rises=after > 0))
    return tuple(sorted(Decimal(repr(math.expm1(log))) for log in found))


def _bisected(worth: Callable[[float], float], low: float, high: float, *, rises: bool) -> float:
    for _ in range(80):
        middle = (low + high) / 2
        if (worth(middle) > 0) == rises:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _decimal(rate: float | None) -> tuple[Decimal, ...]:
    found = None if rate is None else Decimal(str(rate))
    return (found,) if found is not None and found.is_finite() else ()


def _checked(rate: Decimal, periods: int) -> None:
    if periods < 1:
        raise ValueError(f"{periods} periods are too few; at least one is needed")
    if rate <= -_ONE:
        raise ValueError("a rate must be above -100 percent")
