"""Time value: closed forms against themselves, against pyxirr 0.10.8, and schedules that end at zero."""

from __future__ import annotations

import datetime
import itertools
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
import pyxirr
from hypothesis import assume, given
from hypothesis import strategies as st

from genie_finance.domain.time_value import (
    amortise,
    annuity_present_value,
    effective_annual_rate,
    growth,
    instalment,
    irr,
    irr_roots,
    monthly_rate,
    rounded_minor,
    xirr,
    xirr_roots,
)

PAISA = Decimal("0.01")
rates = st.decimals(0, Decimal("0.05"), places=6)
terms = st.integers(1, 480)


def near(left: Decimal, right: float | Decimal, digits: str = "1e-9") -> bool:
    return abs(left - Decimal(right)) <= Decimal(digits) * max(1, abs(left))


def worth(rate: Decimal, flows: list[Decimal]) -> Decimal:
    """Return what flows at the ends of periods 0, 1, 2 … are worth today."""
    return sum((flow / (1 + rate) ** period for period, flow in enumerate(flows)), Decimal(0))


@pytest.mark.parametrize(
    ("principal", "percent", "months", "expected"),
    [
        ("10000", "12", 24, "470.73"),
        ("5000000", "8.5", 240, "43391.16"),
        ("3000000", "11.25", 36, "98571.70"),
        ("12000", "0", 12, "1000.00"),
    ],
)
def test_the_instalments_of_the_catalogue(principal: str, percent: str, months: int, expected: str) -> None:
    found = instalment(Decimal(principal), monthly_rate(Decimal(percent)), months)
    assert found.quantize(PAISA, rounding=ROUND_HALF_UP) == Decimal(expected)


@given(rate=rates, periods=terms)
def test_annuities_agree_with_pyxirr(rate: Decimal, periods: int) -> None:
    for due in (False, True):
        assert near(annuity_present_value(rate, periods, due=due), -pyxirr.pv(rate, periods, 1, pmt_at_beginning=due))
    assert near(instalment(Decimal(1000), rate, periods), -pyxirr.pmt(rate, periods, 1000))


@given(rate=rates, periods=terms)
def test_what_an_annuity_is_worth_today_grows_to_what_it_is_worth_then(rate: Decimal, periods: int) -> None:
    then = -pyxirr.fv(rate, periods, 1, 0)
    assert near(annuity_present_value(rate, periods) * growth(rate, periods), then)


@given(principal=st.integers(100, 10**12), percent=st.decimals(0, 60, places=2), months=terms)
def test_a_schedule_ends_at_zero_and_its_parts_are_the_whole(principal: int, percent: Decimal, months: int) -> None:
    rate = monthly_rate(percent)
    payment = rounded_minor(instalment(Decimal(principal), rate, months))
    if payment <= rounded_minor(principal * rate):  # an instalment of a few paise that rounding ate
        return
    rows = list(amortise(principal, rate, payment, periods=months))
    assert rows[-1].closing == 0
    assert len(rows) <= months
    assert sum(row.principal for row in rows) == principal
    assert sum(row.payment for row in rows) == principal + sum(row.interest for row in rows)
    assert all(row.opening + row.interest - row.payment == row.closing for row in rows)
    assert all(earlier.closing == later.opening for earlier, later in zip(rows, rows[1:], strict=False))


def test_a_payment_that_only_covers_the_interest_never_ends() -> None:
    with pytest.raises(ValueError, match="does not exceed the interest"):
        list(amortise(10_000_000, Decimal("0.03"), 300_000))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        instalment(Decimal(1), Decimal("0.01"), 0)
    with pytest.raises(ValueError, match="above -100 percent"):
        annuity_present_value(Decimal(-1), 2)


def test_rates_of_return() -> None:
    flows = [Decimal(-100), Decimal(39), Decimal(59), Decimal(55), Decimal(20)]
    found = irr(flows)
    # The documented example of numpy-financial 1.0: irr([-100, 39, 59, 55, 20]) is 0.28095.
    assert found is not None
    assert round(found, 5) == Decimal("0.28095")
    assert abs(worth(found, flows)) < Decimal("1e-8")
    assert irr([Decimal(1), Decimal(2)]) is None
    days = [datetime.date(2008, 1, 1), datetime.date(2008, 3, 1), datetime.date(2008, 10, 30)]
    days += [datetime.date(2009, 2, 15), datetime.date(2009, 4, 1)]
    # The documented example of the spreadsheet function XIRR: 0.373362535.
    dated = xirr(list(zip(days, map(Decimal, (-10_000, 2_750, 4_250, 3_250, 2_750)), strict=True)))
    assert dated is not None
    assert round(dated, 6) == Decimal("0.373363")
    assert xirr([(days[0], Decimal(5))]) is None


def test_a_year_of_months() -> None:
    assert effective_annual_rate(Decimal("0.01"), 12) == Decimal("1.01") ** 12 - 1
    assert rounded_minor(Decimal("-0.5")) == -1  # the catalogue's S1: truncation made this 0
    assert rounded_minor(Decimal("0.5")) == 1


def test_flows_with_several_rates_of_return_say_so() -> None:
    """pyxirr and spreadsheets give one of them, which one by chance. (1 + r) is 1.1, 1.2 and 1.3: the flows are the
    coefficients of the product of its linear factors."""
    flows = [Decimal(one) for one in ("-1", "3.6", "-4.31", "1.716")]
    assert [round(rate, 9) for rate in irr_roots(flows)] == [Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]
    assert irr(flows) is None
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(days=365 * year) for year in range(4)]
    dated = xirr_roots(list(zip(days, flows, strict=True)))
    assert [round(rate, 9) for rate in dated] == [Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]
    assert xirr(list(zip(days, flows, strict=True))) is None
    assert irr_roots([Decimal(1), Decimal(-3), Decimal("2.5")]) == ()  # two changes of sign, and no rate


@given(st.lists(st.integers(1, 400), min_size=2, max_size=3, unique=True))
def test_every_rate_that_the_flows_were_made_of_is_found(percents: list[int]) -> None:
    """numpy 2.4.6, ``poly``: the coefficients of a polynomial with given roots."""
    percents = sorted(percents)
    assume(all(later - one >= 8 for one, later in itertools.pairwise(percents)))
    flows = [Decimal(repr(float(one))) for one in np.poly([1 + percent / 100 for percent in percents])]
    found = irr_roots(flows)
    assert [round(float(rate) * 100, 3) for rate in found] == [float(percent) for percent in percents]
    assert irr(flows) is None


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12))
def test_a_rate_of_return_leaves_nothing_and_is_the_only_one(amounts: list[int]) -> None:
    flows = [Decimal(one) for one in amounts]
    for rate in irr_roots(flows):
        size = sum(abs(flow) / (1 + rate) ** period for period, flow in enumerate(flows))
        assert abs(worth(rate, flows)) <= size * Decimal("1e-7")
    assert (irr(flows) is None) == (len(irr_roots(flows)) != 1)
