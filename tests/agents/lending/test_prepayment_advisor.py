"""Prepaying loans: the catalogue's cases, a public calculator's, tax relief and charges priced, and what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.lending import PrepaymentPlan, PrepaymentRequest, PrepaymentVariant
from genie_finance.lending.prepayment_advisor import advise


def loan(name: str, outstanding: int, rate: Any, months: int, **more: Any) -> dict[str, Any]:
    values = {
        "name": name, "outstanding": outstanding, "annual_rate_percent": rate, "months_remaining": months,
        "rate_type": "floating", "borrower": "individual", "deductible_interest": 0,
    }  # fmt: skip
    return {**values, **more}


def asked(*loans: dict[str, Any], amount: Any, tax: Any = 0, **more: Any) -> PrepaymentPlan | InsufficientData:
    values = {"loans": loans, "amount": amount, "marginal_tax_rate_percent": tax, "as_of": "2026-02-01", **more}
    return advise(PrepaymentRequest.model_validate(values))


def planned(*loans: dict[str, Any], amount: Any, tax: Any = 0, **more: Any) -> PrepaymentPlan:
    found = asked(*loans, amount=amount, tax=tax, **more)
    assert isinstance(found, PrepaymentPlan)
    return found


def shorter(found: PrepaymentPlan, at: int = 0) -> PrepaymentVariant:
    return found.prepayments[at].variants[0]


@pytest.mark.parametrize(
    ("outstanding", "rate", "months", "amount", "saved", "fewer"),
    [
        (200_000, 16, 36, 100_000, "41506.88", 20),
        (500_000, 12, 60, 50_000, "37746.37", 7),
        (500_000, 10, 60, 50_000, "30040.79", 7),
        # savelakhs.venba.dev: 50 lakh at 8 % over 20 years, 2 lakh prepaid, the instalment kept: 7,18,271
        (5_000_000, 8, 240, 200_000, "718271", 21),
    ],
)
def test_figures_of_the_catalogue_and_of_a_public_calculator(
    outstanding: int, rate: int, months: int, amount: int, saved: str, fewer: int
) -> None:
    """Those were not rounded to paise each month, so they may differ by some paise."""
    one = shorter(planned(loan("one", outstanding, rate, months), amount=amount))
    assert abs(one.interest_saved.amount - Decimal(saved)) < Decimal("0.5")
    assert one.months_saved == fewer


def test_the_dearest_after_tax_comes_first() -> None:
    home = loan("home", 3_000_000, "8.5", 180, deductible_interest=300_000)
    found = planned(home, loan("personal", 200_000, 16, 36), amount=300_000, tax=30)
    assert [one.name for one in found.prepayments] == ["personal", "home"]
    assert found.prepayments[0].closes
    assert found.prepayments[1].effective_rate_percent == "5.95"


def test_only_interest_within_the_limit_brings_relief() -> None:
    """The catalogue took the relief on the whole rate; here two thirds of the interest have none anyway."""
    home = loan("home", 7_000_000, "8.5", 240, deductible_interest=200_000)
    found = planned(home, amount=500_000, tax=30)
    assert found.prepayments[0].effective_rate_percent == "8.50"
    assert shorter(found).tax_relief_lost.minor > 0  # of the last years, in which all interest was deducted
    assert (
        shorter(found).net_saving.amount == shorter(found).interest_saved.amount - shorter(found).tax_relief_lost.amount
    )
    assert planned(home, amount=500_000, tax=0).prepayments[0].variants[0].tax_relief_lost.minor == 0


def test_a_charge_is_priced_and_one_that_eats_the_saving_stops_it() -> None:
    fixed = loan("fixed", 100_000, 12, 24, rate_type="fixed", charge_percent=4)
    one = planned(fixed, amount=50_000)
    assert one.prepayments[0].charge.amount == Decimal("1923.08")
    assert one.prepayments[0].amount.amount + one.prepayments[0].charge.amount == 50_000
    short = planned(loan("short", 100_000, 12, 4, rate_type="fixed", charge_percent=5), amount=50_000)
    assert short.prepayments == ()
    assert short.kept.amount == 50_000
    both = planned(
        loan("short", 100_000, 12, 4, rate_type="fixed", charge_percent=5), loan("long", 100_000, 9, 60), amount=50_000
    )
    assert [one.name for one in both.prepayments] == ["long"]  # what is not used there is used here
    assert both.kept.minor == 0


def test_a_charge_that_is_not_known_is_no_charge_only_where_the_law_bars_it() -> None:
    assert planned(loan("floating", 100_000, 12, 24), amount=10_000).prepayments[0].charge.minor == 0
    missing = asked(loan("fixed", 100_000, 12, 24, rate_type="fixed"), amount=10_000)
    assert isinstance(missing, InsufficientData)
    assert missing.missing[0].what == "loans.1.charge_percent"
    business = loan("shop", 100_000, 12, 24, borrower="business")
    barred = {"sanctioned_on": "2026-01-01", "sanctioned_amount": 5_000_000}
    assert isinstance(asked({**business, **barred}, amount=10_000), PrepaymentPlan)
    assert isinstance(asked({**business, **barred}, amount=10_000, as_of="2025-12-31"), InsufficientData)
    for unknown in (
        {"sanctioned_on": None}, {"sanctioned_on": "2025-12-31"}, {"sanctioned_amount": None},
        {"sanctioned_amount": 5_000_001},
    ):  # fmt: skip
        found = asked({**business, **barred, **unknown}, amount=10_000)
        assert isinstance(found, InsufficientData)  # an older or larger loan of a business may bear a charge
        assert found.missing[0].what == "loans.1.charge_percent"


def test_what_earns_more_elsewhere_is_kept() -> None:
    loans = (loan("dear", 50_000, 18, 12), loan("cheap", 500_000, 7, 60))
    found = planned(*loans, amount=100_000, alternative_return_percent=8)
    assert [one.name for one in found.prepayments] == ["dear"]
    assert found.kept.amount == 50_000


def test_an_instalment_that_repays_nothing_is_asked_about() -> None:
    found = asked(loan("one", 500_000, 12, 60, instalment=5_000), amount=10_000)
    assert isinstance(found, InsufficientData)
    assert found.missing[0].what == "loans.1.instalment"


def test_no_months_left_is_refused() -> None:
    """The catalogue answered a saving of -4499.99 and -1 months."""
    with pytest.raises(ValidationError):
        planned(loan("none", 450_000, 12, 0), amount=10_000)


@given(
    outstanding=st.integers(50_000, 10**7), rate=st.decimals(1, 30, places=2), months=st.integers(6, 300),
    part=st.integers(1, 99),
)  # fmt: skip
def test_a_prepayment_earns_the_rate_of_the_loan(outstanding: int, rate: Decimal, months: int, part: int) -> None:
    """What is not paid later, against what is paid now: its rate of return by pyxirr 0.10.8 is the loan's rate."""
    amount = outstanding * part // 100
    found = planned(loan("one", outstanding, rate, months), amount=amount)
    for variant in found.prepayments[0].variants:
        assert variant.months + variant.months_saved == months
        assert variant.interest_saved.minor >= 0
    now, smaller = pyxirr.pmt(float(rate) / 1200, months, outstanding), found.prepayments[0].variants[1]
    spared = -now - float(smaller.instalment.amount)
    if spared > 10:
        earned = pyxirr.irr([-amount, *([spared] * months)])
        assert earned is not None
        assert abs(earned * 1200 - float(rate)) < 0.1


@given(amount=st.integers(1_000, 3 * 10**6), tax=st.decimals(0, 40, places=1))
def test_the_money_is_all_there(amount: int, tax: Decimal) -> None:
    loans = (
        loan("a", 300_000, 14, 36, rate_type="fixed", charge_percent=2),
        loan("b", 1_500_000, 9, 180, deductible_interest=100_000),
        loan("c", 90_000, 9, 24),
    )
    found = planned(*loans, amount=amount, tax=tax)
    spent = sum(one.amount.minor + one.charge.minor for one in found.prepayments)
    assert spent + found.kept.minor == amount * 100
    assert all(one.amount.minor <= loans[one.position - 1]["outstanding"] * 100 for one in found.prepayments)
    rates = [Decimal(one.effective_rate_percent) for one in found.prepayments]
    assert rates == sorted(rates, reverse=True)


def test_of_loans_that_earn_the_same_the_order_of_the_request_decides_nothing() -> None:
    loans = (loan("car", 500_000, 10, 60), loan("scooter", 50_000, 10, 12))
    one, other = planned(*loans, amount=60_000), planned(*reversed(loans), amount=60_000)
    assert [(part.name, part.amount) for part in one.prepayments] == [
        (part.name, part.amount) for part in other.prepayments
    ]
    assert one.net_saving == other.net_saving


def test_a_loan_that_was_sanctioned_in_the_future_is_of_no_day_known() -> None:
    """Was: the charge counted as barred, and the saving was whole."""
    late = loan("a", 200_000, 12, 36, borrower="business", sanctioned_on="2027-12-31", sanctioned_amount=300_000)
    assert isinstance(asked(late, amount=50_000), InsufficientData)
