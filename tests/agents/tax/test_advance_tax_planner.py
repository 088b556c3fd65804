"""Advance tax: the catalogue's dates, interest by hand and from outside, and what must always hold."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.tax import AdvanceTaxPlan, AdvanceTaxRequest
from genie_finance.tax.advance_tax_planner import plan

Paid = Sequence[tuple[str, int]]


def planned(as_of: str, tax: int, payments: Paid = (), **more: Any) -> AdvanceTaxPlan:
    request = {
        "tax_year": "2026-27", "as_of": as_of, "age": 40, "resident": True, "has_business": False,
        "presumptive": False, "total_tax": tax, "credits": 0,
        "payments": tuple({"on": on, "amount": amount} for on, amount in payments), **more,
    }  # fmt: skip
    return plan(AdvanceTaxRequest.model_validate(request))


# --- the catalogue's vectors, kept ---


def test_the_first_instalment_is_fifteen_per_cent_by_june() -> None:
    found = planned("2026-05-15", 100_000)
    assert found.next_instalment is not None
    assert (str(found.next_instalment.due), found.next_instalment.still_due.amount) == ("2026-06-15", 15_000)
    assert [one.days_left for one in found.schedule] == [31, 123, 214, 304]
    assert [one.required.amount for one in found.schedule] == [15_000, 45_000, 75_000, 100_000]


def test_after_the_last_date_nothing_is_next() -> None:
    assert planned("2027-03-31", 100_000).next_instalment is None


def test_what_was_missing_in_june_is_said_and_what_was_paid_is_not() -> None:
    assert planned("2026-07-01", 100_000).schedule[0].shortfall.amount == 15_000
    assert planned("2026-07-01", 100_000, [("2026-06-10", 50_000)]).schedule[0].shortfall.amount == 0


# --- the catalogue's vectors, corrected ---


def test_a_payment_in_september_does_not_cure_june() -> None:
    """Payments had no dates, so whatever was paid by the day of the question counted for every due date."""
    found = planned("2026-10-01", 100_000, [("2026-09-10", 45_000)])
    assert [one.interest.amount for one in found.schedule[:2]] == [450, 0]


@pytest.mark.parametrize(("paid", "interest"), [(12_000, 0), (11_999, 90)])
def test_twelve_per_cent_by_june_is_safe(paid: int, interest: int) -> None:
    """A note came when less than nine tenths of an instalment was paid; section 234C says 12 and 36 per cent."""
    assert planned("2026-07-01", 100_000, [("2026-06-15", paid)]).schedule[0].interest.amount == interest


@pytest.mark.parametrize(("paid", "interest"), [(36_000, 0), (35_999, 270)])
def test_thirty_six_per_cent_by_september_is_safe(paid: int, interest: int) -> None:
    found = planned("2026-10-01", 100_000, [("2026-06-15", 12_000), ("2026-09-15", paid - 12_000)])
    assert found.schedule[1].interest.amount == interest


def test_the_third_and_the_fourth_have_no_such_margin() -> None:
    found = planned("2027-03-31", 100_000, [("2026-06-15", 45_000), ("2026-12-15", 29_900), ("2027-03-15", 25_000)])
    assert [one.interest.amount for one in found.schedule] == [0, 0, 3, 1]


# --- from outside ---


def test_nothing_paid_at_all() -> None:
    """calcnook 0.2.0 gives the same instalments for 1,00,000. The interest is 1 % of 15,000, 45,000 and 75,000 for
    three months each and of 1,00,000 for one, as scribd.com/doc/16996282 adds it up by the percentages of its day."""
    found = planned("2027-03-31", 100_000)
    assert [one.interest.amount for one in found.schedule] == [450, 1_350, 2_250, 1_000]
    assert found.deferment_interest.amount == 5_050


def test_a_year_paid_short_costs_a_per_cent_a_month_from_april() -> None:
    """The forum's case at caclubindia.com 388505: 1,00,000 unpaid to the end of March next year are 12,000."""
    assert planned("2028-03-31", 100_000).default_interest.amount == 12_000
    assert planned("2027-07-31", 100_000).default_interest.amount == 4_000  # as in scribd.com/doc/16996282


# --- who is liable, and what counts ---


@pytest.mark.parametrize(("tax", "liable"), [(9_994, False), (9_995, True), (10_000, True)])
def test_below_ten_thousand_none_is_due(tax: int, liable: bool) -> None:
    """The tax is rounded to ten rupees first."""
    assert planned("2026-05-15", tax).liable is liable


@pytest.mark.parametrize(
    ("age", "resident", "business", "liable"),
    [(60, True, False, False), (59, True, False, True), (60, True, True, True), (60, False, False, True)],
)
def test_older_residents_without_a_business_pay_none_in_advance(
    age: int, resident: bool, business: bool, liable: bool
) -> None:
    found = planned("2027-06-01", 100_000, age=age, resident=resident, has_business=business)
    assert found.liable is liable
    assert bool(found.default_interest.minor or found.deferment_interest.minor) is liable


def test_presumptive_income_has_one_date() -> None:
    found = planned("2027-03-31", 100_000, has_business=True, presumptive=True)
    assert [(str(one.due), one.interest.amount) for one in found.schedule] == [("2027-03-15", 1_000)]


def test_what_is_deducted_at_source_is_not_asked_for_again() -> None:
    assert planned("2026-05-15", 100_000, credits=60_000).assessed_tax.amount == 40_000


def test_ninety_per_cent_by_the_end_of_march_is_enough() -> None:
    assert planned("2027-06-30", 100_000, [("2027-03-31", 90_000)]).default_interest.amount == 0
    assert planned("2027-06-30", 100_000, [("2027-03-31", 89_900)]).default_interest.amount == 303


def test_a_payment_after_the_year_settles_interest_first() -> None:
    """Section 140A: 5,050 and two months of 1,000 go off first, so 42,950 of 50,000 reduce the tax."""
    found = planned("2027-07-01", 100_000, [("2027-05-20", 50_000)])
    assert found.default_interest.amount == 2_000 + 570 * 2


def test_tax_on_a_gain_is_due_from_when_it_arose() -> None:
    late = ({"on": "2027-01-10", "tax": 50_000},)
    early = [("2026-06-15", 7_500), ("2026-09-15", 15_000), ("2026-12-15", 15_000)]
    found = planned("2027-03-31", 100_000, [*early, ("2027-03-15", 62_500)], late_income=late)
    assert found.deferment_interest.amount == 0
    unpaid = planned("2027-03-31", 100_000, early, late_income=late)
    assert unpaid.deferment_interest.amount == 225 + 675 + 1_125 + 625


def test_a_year_without_an_edition_is_an_error() -> None:
    with pytest.raises(InputError, match="editions cover"):
        planned("2018-05-01", 1, tax_year="2018-19")


# --- laws ---

amounts = st.integers(0, 1_000_000).map(lambda ten: ten * 10)
days = st.integers(0, 800).map(lambda more: datetime.date(2026, 4, 1) + datetime.timedelta(days=more))
payments = st.lists(st.tuples(days.map(str), st.integers(1, 500_000)), max_size=5)


@given(as_of=days, tax=amounts, paid=payments)
def test_order_of_payments_does_not_matter(as_of: datetime.date, tax: int, paid: Paid) -> None:
    one, other = planned(str(as_of), tax, paid), planned(str(as_of), tax, paid[::-1])
    assert one.model_copy(update={"grounds": other.grounds}) == other


@given(as_of=days, tax=amounts, paid=payments, more=st.integers(1, 100_000))
def test_paying_more_never_costs_more(as_of: datetime.date, tax: int, paid: Paid, more: int) -> None:
    def cost(payments: Paid) -> Decimal:
        found = planned(str(as_of), tax, payments)
        return found.deferment_interest.amount + found.default_interest.amount

    assert cost([*paid, ("2026-04-01", more)]) <= cost(paid)


@given(as_of=days, tax=amounts, paid=payments)
def test_interest_is_whole_and_adds_up(as_of: datetime.date, tax: int, paid: Paid) -> None:
    found = planned(str(as_of), tax, paid)
    assert found.deferment_interest.minor == sum(one.interest.minor for one in found.schedule)
    assert all(one.interest.minor % 100 == 0 for one in found.schedule)


def test_the_single_date_of_presumptive_income_is_for_those_who_have_some() -> None:
    """`presumptive` without a business says nothing: all of none is declared under 44AD."""
    found = planned("2027-04-01", 100_000, presumptive=True, has_business=False)
    assert len(found.schedule) == 4
    assert found.deferment_interest.amount == 5_050


def test_a_payment_that_is_still_to_come_saves_no_interest_on_late_income() -> None:
    late = [{"on": "2026-10-01", "tax": 20_000}]
    paid = [("2026-06-15", 12_000), ("2026-09-15", 24_000), ("2026-12-20", 64_000)]
    planned_only = planned("2026-11-01", 100_000, paid, late_income=late)
    known = planned("2026-11-01", 100_000, paid[:2], late_income=late)
    assert planned_only.deferment_interest == known.deferment_interest
    assert planned_only.schedule[0].required == known.schedule[0].required
