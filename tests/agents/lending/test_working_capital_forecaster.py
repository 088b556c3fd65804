"""Working capital: the catalogue's cases, worked examples from outside, and what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.sme import WorkingCapitalForecast, WorkingCapitalRequest
from genie_finance.domain.rulebook import editions
from genie_finance.lending.cash_ahead import drawing_power
from genie_finance.lending.tables import SME_POLICY, TURNOVER_METHOD
from genie_finance.lending.working_capital_forecaster import forecast, turnover_limit


def ahead(**given: Any) -> WorkingCapitalForecast:
    values = {
        "monthly_revenue": 1_000_000, "gross_margin_percent": 40, "operating_costs_monthly": 200_000, "dso_days": 60,
        "dio_days": 30, "dpo_days": 45, "opening_cash": 1_000_000, "opening_receivables": 0, "opening_payables": 0,
        "opening_inventory": 600_000, "horizon_months": 6, "debt_service_monthly": 0, "as_of": "2026-02-01",
        "monthly_growth_percent": 0,
    }  # fmt: skip
    return forecast(WorkingCapitalRequest.model_validate({**values, **given}))


def cash(found: WorkingCapitalForecast) -> list[int]:
    return [month.end_cash.minor // 100 for month in found.forecast]


def test_a_new_business_of_the_catalogue() -> None:
    """Its cycle of 45 days is right. It paid 45 days as one month and got 800000, 0, 200000 …; half is paid in each."""
    found = ahead()
    assert found.cash_conversion_cycle_days == 45
    assert cash(found) == [800_000, 300_000, 500_000, 700_000, 900_000, 1_100_000]
    assert str(found.forecast[0].net_cashflow) == "-200,000.00 INR"  # printed -199999.99 once
    assert (found.runway_months, found.peak_funding_need.minor, found.peak_month) == (None, 0, None)


def test_a_running_business_collects_from_the_first_month() -> None:
    """The catalogue started every business with nothing to collect. Two months' sales are out, 1.5 months' bills."""
    found = ahead(opening_receivables=2_000_000, opening_payables=900_000)
    assert {str(month.collected) for month in found.forecast} == {"1,000,000.00 INR"}
    assert {str(month.paid_suppliers) for month in found.forecast} == {"600,000.00 INR"}
    assert {str(month.receivables) for month in found.forecast} == {"2,000,000.00 INR"}
    assert {str(month.payables) for month in found.forecast} == {"900,000.00 INR"}


def test_the_need_is_that_of_the_worst_month() -> None:
    """The catalogue: a gap of 699999.99, of the first month alone; it is 700000 then, and grows by 500000 a month."""
    losing = {
        "monthly_revenue": 500_000, "gross_margin_percent": 20, "operating_costs_monthly": 600_000, "dso_days": 30,
        "dio_days": 0, "dpo_days": 0, "opening_cash": 300_000, "opening_inventory": 0,
    }  # fmt: skip
    found = ahead(**losing, horizon_months=12)
    assert found.forecast[0].end_cash.amount == -700_000
    assert ahead(**losing, horizon_months=1).peak_funding_need.amount == 700_000
    assert found.peak_funding_need.amount == 700_000 + 11 * 500_000
    assert (found.runway_months, found.peak_month) == (0, 12)


def test_no_horizon_is_refused() -> None:
    """The catalogue's process died of it."""
    with pytest.raises(ValidationError):
        ahead(horizon_months=0)
    with pytest.raises(ValidationError):
        WorkingCapitalRequest.model_validate({})


def test_stock_and_days_cost_cash() -> None:
    """The catalogue's stock never moved cash, and customers of 29 days paid at once."""
    assert cash(ahead(dio_days=60))[-1] == cash(ahead())[-1] - 600_000  # a month's cost of sales more on the shelf
    slow, quick = ahead(dso_days=29), ahead(dso_days=0)
    assert slow.forecast[0].collected.amount == Decimal("33333.33")
    assert quick.forecast[0].collected.amount == 1_000_000
    assert ahead(opening_cash=300_000).stressed_funding_need.minor > ahead(opening_cash=300_000).peak_funding_need.minor


def test_the_turnover_method_as_learningsessions_in_works_it_out() -> None:
    """Turnover of 1,00,000: requirement 25,000, bank finance 20,000, margin 5,000; up to five crore."""
    rules = editions(TURNOVER_METHOD)[-1].rules
    assert turnover_limit(Decimal(100_000), rules) == 20_000
    assert rules.bank_finance + rules.margin == rules.requirement
    found = ahead()
    assert (str(found.turnover_limit), str(found.turnover_margin)) == ("2,400,000.00 INR", "600,000.00 INR")
    large = ahead(monthly_revenue=50_000_000)
    assert not large.turnover_method_applies
    assert large.turnover_limit.amount == 50_000_000


@pytest.mark.parametrize(
    ("stock", "creditors", "debtors", "power"),
    [
        (35, 10, 25, "33.75"),  # bankingfunda.blogspot.com of 27 March 2010: margins of 25 and 40 percent
        (10, 30, 25, "3.00"),  # creditors beyond the stock
        (10, 60, 25, "0"),
    ],
)
def test_drawing_power(stock: int, creditors: int, debtors: int, power: str) -> None:
    rules = editions(SME_POLICY)[-1].rules
    assert drawing_power(Decimal(stock), Decimal(creditors), Decimal(debtors), rules) == Decimal(power)


amounts = st.integers(0, 10**7)


figures = st.fixed_dictionaries(
    {
        "monthly_revenue": amounts,
        "gross_margin_percent": st.integers(-50, 90),
        "dso_days": st.integers(0, 400),
        "dio_days": st.integers(0, 200),
        "dpo_days": st.integers(0, 400),
        "opening_receivables": amounts,
        "opening_payables": amounts,
        "opening_inventory": amounts,
        "horizon_months": st.integers(1, 36),
        "monthly_growth_percent": st.integers(-20, 20),
    }
)


@given(business=figures)
def test_cash_adds_up_and_what_is_sold_is_collected_or_owed(business: dict[str, int]) -> None:
    found = ahead(**business)
    before = 1_000_000 * 100
    for month in found.forecast:
        assert month.net_cashflow.minor == month.collected.minor - month.paid_suppliers.minor - month.paid_costs.minor
        assert month.end_cash.minor == before + month.net_cashflow.minor
        before = month.end_cash.minor
    sold = sum(month.revenue.minor for month in found.forecast) + business["opening_receivables"] * 100
    collected = sum(month.collected.minor for month in found.forecast)
    assert abs(sold - collected - found.forecast[-1].receivables.minor) <= 2 * len(found.forecast)
    lowest = min(month.end_cash.minor for month in found.forecast)
    assert found.peak_funding_need.minor == max(-lowest, 0)
    assert found.cash_conversion_cycle_days == business["dso_days"] + business["dio_days"] - business["dpo_days"]


@given(times=st.integers(1, 50))
def test_twice_the_business_needs_twice_the_cash(times: int) -> None:
    small = ahead(opening_cash=0, opening_inventory=0)
    large = ahead(
        opening_cash=0, opening_inventory=0, monthly_revenue=1_000_000 * times, operating_costs_monthly=200_000 * times
    )
    assert abs(large.peak_funding_need.minor - times * small.peak_funding_need.minor) <= 6 * times
