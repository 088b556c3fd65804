"""Loans of individuals: the catalogue's instalments, a bank's own key facts statement, limits, and what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.lending import LoanAdvice, LoanRequest
from genie_finance.lending.loan_advisor import advise


def asked(**given: Any) -> LoanRequest:
    values = {
        "principal": 1_000_000, "annual_rate_percent": 12, "term_months": 60, "purpose": "personal",
        "monthly_income": 100_000, "existing_obligations": 0, "borrower_age": 35, "as_of": "2026-02-01",
    }  # fmt: skip
    return LoanRequest.model_validate({**values, **given})


def answered(**given: Any) -> LoanAdvice:
    found = advise(asked(**given))
    assert isinstance(found, LoanAdvice)
    return found


def failed(found: LoanAdvice) -> set[str]:
    return {check.name for check in found.checks if not check.passed}


# --- the catalogue's vectors ---


@pytest.mark.parametrize(
    ("principal", "rate", "months", "income", "emi", "cover"),
    [
        (10_000, 12, 24, 1_000, "470.73", "2.1244"),
        (5_000_000, "8.5", 240, 50_000, "43391.16", "1.1523"),
        (12_000, 0, 12, 1_250, "1000.00", "1.2500"),
    ],
)
def test_the_catalogues_instalments(principal: int, rate: str, months: int, income: int, emi: str, cover: str) -> None:
    """The third was eligible by a DSCR of 1.25; no household can give 80 percent of its income to one loan."""
    found = answered(principal=principal, annual_rate_percent=rate, term_months=months, monthly_income=income)
    assert found.emi.amount == Decimal(emi)
    assert found.income_to_emi == cover
    assert found.eligible is (principal == 10_000)


def test_the_total_is_what_the_schedule_pays_not_the_instalment_times_the_months() -> None:
    """The catalogue had 11297.52 = 24 times 470.73; the last instalment makes up for what rounding left."""
    found = answered(principal=10_000, term_months=24)
    assert found.total_payment.amount == Decimal("11297.65")
    assert found.last_instalment.amount == Decimal("470.86")


# --- from outside ---


def test_the_annual_percentage_rate_of_a_banks_key_facts_statement() -> None:
    """RBL Bank's statement for 47,000 over 24 months at 21 % (scribd.com/document/809869650): 2415.14, 24.16 %.

    Its fee of 1,175 is stated before tax; with 18 % goods and services tax it is 1386.50.
    """
    found = answered(principal=47_000, annual_rate_percent=21, term_months=24, fees="1386.50")
    assert abs(found.emi.amount - Decimal("2415.14")) <= Decimal("0.01")
    assert found.apr_percent is not None
    assert abs(Decimal(found.apr_percent) - Decimal("24.16")) <= Decimal("0.01")


@given(
    principal=st.integers(10_000, 10**8), rate=st.decimals("0.5", 40, places=2), months=st.integers(6, 360),
    fee=st.integers(0, 5_000),
)  # fmt: skip
def test_instalment_and_annual_percentage_rate_agree_with_pyxirr(
    principal: int, rate: Decimal, months: int, fee: int
) -> None:
    """pyxirr 0.10.8: ``pmt`` and ``rate``."""
    found = answered(principal=principal, annual_rate_percent=rate, term_months=months, fees=fee)
    assert abs(float(found.emi.amount) + pyxirr.pmt(float(rate) / 1200, months, principal)) < 0.011
    expected = pyxirr.rate(months, -float(found.emi.amount), principal - fee)
    assert found.apr_percent is not None
    assert abs(float(found.apr_percent) - expected * 1200) < 0.02


# --- limits ---


def test_obligations_count_and_the_rate_is_shocked() -> None:
    assert answered(monthly_income=50_000).eligible
    burdened = answered(monthly_income=50_000, existing_obligations=3_000)
    assert failed(burdened) == {"foir"}
    assert Decimal(burdened.stressed_foir_percent) > Decimal(burdened.foir_percent)


@pytest.mark.parametrize(
    ("principal", "value", "allowed"),
    [
        (3_000_000, 3_333_334, True),  # 90 percent up to 30 lakh
        (3_000_001, 3_400_000, False),  # 80 percent above it
        (7_500_000, 9_375_000, True),
        (7_500_001, 9_375_001, False),  # 75 percent above 75 lakh
    ],
)
def test_loan_to_value_by_the_size_of_the_loan(principal: int, value: int, allowed: bool) -> None:
    found = answered(principal=principal, purpose="home", property_value=value, monthly_income=10**6, term_months=240)
    assert found.eligible is allowed
    assert failed(found) <= {"ltv"}


def test_what_age_ends_it() -> None:
    assert failed(answered(borrower_age=66)) == {"age_at_end"}
    assert answered(borrower_age=66).most_principal.minor == 0


def test_what_is_missing_is_no_good_news() -> None:
    home = advise(asked(purpose="home"))
    assert isinstance(home, InsufficientData)
    assert [lack.what for lack in home.missing] == ["property_value"]
    poor = advise(asked(monthly_income=0))
    assert isinstance(poor, InsufficientData)
    with pytest.raises(ValidationError):
        asked(monthly_income=None)
    with pytest.raises(ValidationError):
        asked(term_months=0)
    assert answered(fees=None).apr_percent is None
    assert any("no annual percentage rate" in caveat for caveat in answered().grounds.caveats)


def test_a_day_without_rules_is_an_error() -> None:
    with pytest.raises(InputError, match="no edition covers 2015-05-01"):
        advise(asked(purpose="home", property_value=2_000_000, as_of="2015-05-01"))


def test_policy_is_said_to_be_no_law() -> None:
    found = answered()
    assert {check.basis for check in found.checks} == {"policy"}
    assert any("not law" in caveat for caveat in found.grounds.caveats)


# --- what must always hold ---


@given(
    principal=st.integers(1_000, 10**8), rate=st.decimals(0, 30, places=2), months=st.integers(1, 360),
    income=st.integers(10_000, 10**7), owed=st.integers(0, 10**6),
)  # fmt: skip
def test_a_schedule_ends_at_zero_and_the_largest_principal_passes(
    principal: int, rate: Decimal, months: int, income: int, owed: int
) -> None:
    given_ = {
        "annual_rate_percent": rate, "term_months": months, "monthly_income": income, "existing_obligations": owed,
    }  # fmt: skip
    found = answered(principal=principal, **given_)
    assert found.schedule[-1].closing.minor == 0
    assert sum(row.principal.minor for row in found.schedule) == found.schedule[0].opening.minor
    assert found.total_payment.minor == principal * 100 + found.total_interest.minor
    assert found.eligible is all(check.passed for check in found.checks)
    most = found.most_principal
    if most.amount >= 1000:  # below that, half a paisa of the instalment may matter
        assert answered(principal=most.amount - 1, **given_).eligible
    if principal > most.amount + 10:
        assert not found.eligible


@given(rate=st.decimals(1, 30, places=2), more=st.decimals("0.5", 10, places=2))
def test_without_fees_the_annual_percentage_rate_is_the_rate(rate: Decimal, more: Decimal) -> None:
    """At 33.46 % over 182 months the last instalment is 10 % more than the others, which a mean would not bear."""
    assert answered(annual_rate_percent=rate, fees=0).apr_percent == str(rate.quantize(Decimal("0.01")))
    late = answered(principal=10_000, annual_rate_percent="33.46", term_months=182, fees=0)
    assert late.apr_percent == "33.46"
    dearer = answered(annual_rate_percent=rate, fees=more * 100).apr_percent
    assert dearer is not None
    assert Decimal(dearer) >= rate


@given(rate=st.decimals(1, 30, places=2), more=st.decimals("0.5", 10, places=2))
def test_a_higher_rate_costs_more(rate: Decimal, more: Decimal) -> None:
    assert answered(annual_rate_percent=rate).emi.minor < answered(annual_rate_percent=rate + more).emi.minor


@pytest.mark.parametrize(("rate", "months"), [(200, 600), (60, 600), (36, 600)])
def test_a_loan_that_only_a_part_of_a_paisa_would_repay_is_refused_in_words(rate: int, months: int) -> None:
    """The instalment, rounded to the paisa, is the interest itself: the schedule would never end."""
    with pytest.raises(InputError, match="no instalment in whole paise"):
        advise(asked(annual_rate_percent=rate, term_months=months))


def test_fees_that_leave_nothing_to_pay_out_are_refused() -> None:
    with pytest.raises(InputError, match="fees"):
        advise(asked(principal=100_000, fees=100_000))


def test_more_than_an_answer_can_state_is_said_in_words() -> None:
    with pytest.raises(InputError) as caught:
        advise(asked(principal=10**12, monthly_income=10**12, term_months=360))
    assert caught.value.subject == "amounts"
