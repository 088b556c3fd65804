"""A receivables book: shares, age, what is overdue by law and what it bears, and what a platform takes."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import pyxirr
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.invoices import ScfRecommendation, ScfRequest
from genie_finance.payments.delayed import interest
from genie_finance.payments.supply_chain_finance import assess

FIRST = {"invoice_id": "i1", "buyer_id": "b1", "amount": 700_000, "days_outstanding": 60, "gst_e_invoiced": True,
         "agreed_days": 45, "disputed": False, "accepted": True, "buyer_on_treds": True}  # fmt: skip
SECOND = {"invoice_id": "i2", "buyer_id": "b2", "amount": 300_000, "days_outstanding": 30, "gst_e_invoiced": False,
          "agreed_days": 45, "disputed": False}  # fmt: skip


def assessed(*invoices: dict[str, Any], supplier_class: str = "small", **more: Any) -> ScfRecommendation:
    request = {"supplier_id": "s", "as_of": "2025-11-30", "supplier_class": supplier_class, "invoices": invoices}
    found = assess(ScfRequest.model_validate({**request, **more}))
    assert isinstance(found, ScfRecommendation)
    return found


# --- the catalogue's vectors, kept or corrected ---


def test_the_catalogues_book() -> None:
    """Kept: 70 % and concentrated. Corrected: after 60 days i1 is no candidate for a platform, it is overdue by law."""
    found = assessed(FIRST, SECOND)
    assert (found.top_share_pct, found.concentration_ok, found.hhi) == ("70.00", False, 5_800)
    assert found.treds_candidates == ()
    assert [(one.invoice_id, one.days_overdue) for one in found.overdue] == [("i1", 15)]
    assert found.overdue_interest.minor > 0


def test_a_single_buyer_is_a_warning() -> None:
    found = assessed({**FIRST, "amount": 100, "days_outstanding": 5})
    assert (found.hhi, found.concentration_ok) == (10_000, False)
    assert found.warn_reasons


def test_an_empty_book_says_nothing_good() -> None:
    request = {"supplier_id": "s", "as_of": "2025-11-30", "supplier_class": "small", "invoices": []}
    assert isinstance(assess(ScfRequest.model_validate(request)), InsufficientData)


# --- interest, by libraries of others ---


@pytest.mark.parametrize("months", [1, 7, 24])
def test_whole_months_compound_as_a_future_value_does(months: int) -> None:
    # pyxirr 0.10.8, fv: 6.75 % three times is 20.25 % a year.
    due = datetime.date(2023, 2, 28)
    until = datetime.date(2023 + (1 + months) // 12, (1 + months) % 12 + 1, 28)
    found = interest(Decimal(100_000), due, until, bank_rate=Decimal("6.75"))
    grown = pyxirr.fv(0.2025 / 12, months, 0, -100_000)
    assert float(found.amount) == pytest.approx(grown - 100_000, abs=0.01)


def test_a_begun_month_bears_its_days() -> None:
    # numpy 2.4.6, prod: two whole months, and 16 days over 365.
    found = interest(Decimal(50_000), datetime.date(2025, 6, 10), datetime.date(2025, 8, 26), bank_rate=Decimal("5.75"))
    expected = 50_000 * np.prod([1 + 0.1725 / 12, 1 + 0.1725 / 12, 1 + 0.1725 * 16 / 365]) - 50_000
    assert float(found.amount) == pytest.approx(float(expected), abs=0.01)


def test_the_rate_follows_the_banks_and_every_edition_is_named() -> None:
    found = interest(Decimal(100_000), datetime.date(2025, 5, 20), datetime.date(2025, 12, 20), bank_rate=None)
    rates = [Decimal("6.25"), *[Decimal("5.75")] * 5, Decimal("5.75")]  # the seventh month begins on 21 November
    grown = Decimal(100_000)
    for rate in rates:
        grown *= 1 + 3 * rate / 1200
    assert abs(found.amount - (grown - 100_000)) < Decimal("0.01")
    assert [one.id for one in found.editions][:2] == ["msmed_in@2025-04-09", "msmed_in@2025-06-06"]


# --- rules ---


@pytest.mark.parametrize(
    ("about", "overdue"),
    [
        ({"agreed_days": 30}, 30),
        ({"agreed_days": 90}, 15),
        ({}, 15),
        ({"agreed_days": None, "written_agreement": False}, 45),
    ],
)
def test_time_to_pay(about: dict[str, Any], overdue: int) -> None:
    assert assessed({**FIRST, **about}).overdue[0].days_overdue == overdue


def test_terms_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="written agreement"):
        assessed({**FIRST, "written_agreement": False})


def test_only_micro_and_small_suppliers_are_protected() -> None:
    assert assessed(FIRST, supplier_class="medium").overdue == ()
    assert assessed(FIRST, supplier_class="none").overdue == ()


@pytest.mark.parametrize(
    ("about", "fits"),
    [({}, True), ({"accepted": False}, False), ({"disputed": True}, False), ({"gst_e_invoiced": False}, False),
     ({"accepted": None}, False), ({"disputed": None}, False), ({"buyer_on_treds": None}, False),
     ({"buyer_on_treds": False}, False), ({"days_outstanding": 46}, False)],
)  # fmt: skip
def test_what_a_platform_takes(about: dict[str, Any], fits: bool) -> None:
    found = assessed({**FIRST, "days_outstanding": 20, **about})
    assert (found.treds_candidates == ("i1",)) == fits


def test_what_is_not_known_of_a_candidate_is_asked() -> None:
    unknown = dict.fromkeys(("accepted", "disputed", "buyer_on_treds"))
    assert len(assessed({**FIRST, "days_outstanding": 20, **unknown}).treds_questions) == 3
    assert assessed({**FIRST, "days_outstanding": 20}).treds_questions == ()


@pytest.mark.parametrize("about", [{"agreed_days": None}, {"agreed_days": None, "written_agreement": True}])
def test_terms_that_are_not_known_are_insufficient(about: dict[str, Any]) -> None:
    """Forty-five days were taken, so an invoice without an agreement was no overdue one after forty."""
    request = {"supplier_id": "s", "as_of": "2025-11-30", "supplier_class": "small"}
    found = assess(ScfRequest.model_validate({**request, "invoices": [{**FIRST, **about}, SECOND]}))
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["invoices.i1.agreed_days"]


def test_a_disputed_invoice_bears_no_interest_here() -> None:
    assert assessed({**FIRST, "disputed": True}).overdue == assessed({**FIRST, "disputed": None}).overdue == ()


def test_interest_before_the_first_edition_is_said_and_not_guessed() -> None:
    found = assessed({**FIRST, "days_outstanding": 3_000}, SECOND)
    assert found.overdue == ()
    assert any("i1 was not computed" in text for text in found.warn_reasons)


def test_an_invoice_that_is_listed_twice_is_an_error() -> None:
    with pytest.raises(InputError, match="twice"):
        assessed(FIRST, FIRST)


def test_days_of_sales() -> None:
    assert assessed(FIRST, SECOND, sales_last_12_months=7_300_000).dso_days == "50.0"


# --- laws ---

receivables = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(1, 10**8), st.integers(0, 400)), min_size=1, max_size=12
)


@given(receivables, st.randoms(use_true_random=False))
def test_parts_are_the_whole_in_any_order(rows: list[tuple[str, int, int]], shuffle: Any) -> None:
    book = [
        {"invoice_id": f"i{at}", "buyer_id": buyer, "amount": str(Decimal(paise) / 100), "days_outstanding": days,
         "gst_e_invoiced": True, "agreed_days": 45}
        for at, (buyer, paise, days) in enumerate(rows)
    ]  # fmt: skip
    found = assessed(*book)
    assert sum(one.total.minor for one in found.buyer_slices) == found.total_receivables.minor
    assert sum(one.total.minor for one in found.ageing) == found.total_receivables.minor
    assert 10_000 / len(found.buyer_slices) - 1 <= found.hhi <= 10_000
    assert found.overdue_interest.minor == sum(one.interest.minor for one in found.overdue)
    shuffle.shuffle(book)
    assert assessed(*book) == found


@given(st.integers(0, 700), st.integers(0, 30))
def test_interest_never_falls_with_time(days: int, more: int) -> None:
    due = datetime.date(2023, 3, 31)

    def owed(count: int) -> Decimal:
        return interest(Decimal(1000), due, due + datetime.timedelta(days=count), bank_rate=Decimal("6.5")).amount

    assert owed(days) <= owed(days + more)
    assert owed(0) == 0
