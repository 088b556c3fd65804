"""Dividends: the catalogue's figures, two published calculators', numpy-financial's rate of return, and laws."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.investing import DividendProjection, DividendRequest
from genie_finance.investing.dividend_planner import project


def projected(**fields: Any) -> DividendProjection:
    plain = {
        "starts_on": "2026-01-01", "shares": 100, "current_price": 500, "dividend_per_share": 10,
        "dividend_growth_annual": "0.1", "price_appreciation_annual": "0.1", "horizon_years": 10,
        "tax_rate_percent": 30, "reinvest_dividends": True,
    }  # fmt: skip
    return project(DividendRequest.model_validate({**plain, **fields}))


def test_the_catalogues_figures() -> None:
    found = projected()
    first = found.schedule[0]
    assert (first.shares, first.price) == (Decimal("101.2727"), 550)
    assert first.dividend_net.amount == 700
    assert found.total_dividend_net.amount == Decimal("11933.27")
    assert found.terminal_value.amount == Decimal("147170.89")
    assert found.yield_on_cost_percent == Decimal("3.70")
    assert found.yield_on_capital_percent < found.yield_on_cost_percent


def test_paid_out_the_shares_stay() -> None:
    found = projected(reinvest_dividends=False)
    assert {one.shares for one in found.schedule} == {100}


def test_a_published_calculator_reinvesting_and_not() -> None:
    # buyupside.com/calculators/dividendreinvestmentdec07.htm: 44,193.06 and 5.55 percent a year; without 39,538.61.
    # Its dividend of 3 is the last one: both figures take the first to be 3.03.
    plain = {
        "current_price": 150, "dividend_per_share": "3.03", "dividend_growth_annual": "0.01",
        "price_appreciation_annual": "0.04", "horizon_years": 20, "tax_rate_percent": 0,
    }  # fmt: skip
    found = projected(**plain)
    assert found.terminal_value.amount == Decimal("44193.06")
    assert found.irr_percent == Decimal("5.55")
    paid = projected(**plain, reinvest_dividends=False)
    assert paid.terminal_value.amount + paid.total_dividend_net.amount == Decimal("39538.61")


@pytest.mark.parametrize(
    ("shares", "price", "dividend", "expected"),
    # beginnersinvest.about.com, dividends 101, page 9: 220 at 50 make 1,004.40 shares of 1,000; 204,000 at 49.75
    # make 4,100.50 more.
    [(1_000, 50, "0.22", "1004.4000"), (300_000, "49.75", "0.68", "304100.5025")],
)
def test_published_reinvestments_of_one_payment(shares: int, price: Any, dividend: str, expected: str) -> None:
    found = projected(
        shares=shares, current_price=price, dividend_per_share=dividend, dividend_growth_annual=0,
        price_appreciation_annual=0, tax_rate_percent=0, horizon_years=1,
    )  # fmt: skip
    assert found.schedule[0].shares == Decimal(expected)


def test_the_rate_of_return_is_that_of_numpy_financial() -> None:
    # numpy-financial 1.0.0: irr([-50000, 700, 756, 816.48, 881.7984, 952.342272 + 63814.078125])
    found = projected(
        reinvest_dividends=False, dividend_growth_annual="0.08", price_appreciation_annual="0.05", horizon_years=5
    )
    assert found.irr_percent == Decimal("6.48")


def test_tax_deducted_at_source_is_a_part_of_the_tax_and_no_second_one() -> None:
    """The catalogue added the two rates up."""
    found = projected(dividend_per_share=200, horizon_years=1)
    year = found.schedule[0]
    assert (year.dividend_gross.amount, year.tax.amount, year.dividend_net.amount) == (20_000, 6_000, 14_000)
    assert year.deducted_at_source.amount == 2_000
    assert found.grounds.editions[0].id == "dividend_tds_in@2025-04-01"


@pytest.mark.parametrize(
    ("starts_on", "dividend", "kept_back"),
    # blog.tdsman.com/2022/01/section-194-tds-on-dividend: 5,000 before 1 April 2025, 10,000 from then on; ten percent.
    [("2025-03-31", 50, 0), ("2025-03-31", 60, 600), ("2025-04-01", 60, 0), ("2025-04-01", 100, 0),
     ("2025-04-01", 101, 1_010)],
)  # fmt: skip
def test_the_threshold_is_that_of_the_day(starts_on: str, dividend: int, kept_back: int) -> None:
    found = projected(starts_on=starts_on, dividend_per_share=dividend, horizon_years=1)
    assert found.schedule[0].deducted_at_source.amount == kept_back


def test_whole_shares_carry_cash_and_lose_none_of_it() -> None:
    found = projected(whole_shares=True, payments_per_year=4)
    assert all(one.shares == one.shares.to_integral_value() for one in found.schedule)
    assert all(0 <= one.cash.amount < one.price for one in found.schedule)
    assert found.schedule[-1].shares <= projected(payments_per_year=4).schedule[-1].shares


def test_an_edition_that_was_not_read_is_said_and_a_day_without_one_refused() -> None:
    assert any("is not verified" in caveat for caveat in projected(starts_on="2026-05-01").grounds.caveats)
    with pytest.raises(InputError, match="no edition covers"):
        projected(starts_on="2040-01-01")


@pytest.mark.parametrize(
    "fields",
    [{"shares": 0}, {"tax_rate_percent": 130}, {"dividend_growth_annual": 10}, {"horizon_years": 0},
     {"payments_per_year": 3}, {"current_price": "nan"}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        projected(**fields)


rates = st.decimals(Decimal("-0.05"), Decimal("0.1"), places=3)


@settings(max_examples=60)
@given(
    fields=st.fixed_dictionaries({
        "shares": st.integers(1, 10**5), "dividend_per_share": st.integers(0, 30), "dividend_growth_annual": rates,
        "price_appreciation_annual": rates, "horizon_years": st.integers(1, 20),
        "tax_rate_percent": st.integers(0, 100),
        "payments_per_year": st.sampled_from([1, 2, 4, 12]), "reinvest_dividends": st.booleans(),
        "whole_shares": st.booleans(),
    }),
)  # fmt: skip
def test_a_year_adds_up(fields: dict[str, Any]) -> None:
    found, years = projected(**fields), fields["horizon_years"]
    cent = Decimal("0.011")
    for one in found.schedule:
        assert abs(one.dividend_gross.amount - one.tax.amount - one.dividend_net.amount) <= cent
        assert one.shares >= fields["shares"]
    total = sum(one.dividend_net.amount for one in found.schedule)
    assert abs(total - found.total_dividend_net.amount) <= cent * years
    assert len(found.schedule) == years
    last = found.schedule[-1]
    assert last.holding_value == found.terminal_value
    flat = projected(**{**fields, "dividend_growth_annual": 0, "price_appreciation_annual": 0})
    assert flat.total_dividend_net == found.total_dividend_net_without_growth
    assert flat.terminal_value == found.terminal_value_without_growth
