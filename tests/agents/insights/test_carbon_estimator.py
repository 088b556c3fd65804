"""Carbon of spending: the earlier system's figures under its own factors, physical quantities, laws."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.household import CarbonFootprint, CarbonRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.insights.carbon_estimator import footprint

FUEL = {"date": "2026-01-05", "amount": -5_000, "category": "fuel"}
GROCERIES = {"date": "2026-01-09", "amount": -2_000, "category": "groceries"}


def estimated(*rows: dict[str, Any], **more: Any) -> CarbonFootprint:
    found = footprint(CarbonRequest.model_validate({"transactions": rows, **more}))
    assert isinstance(found, CarbonFootprint)
    return found


# --- the catalogue's vectors, kept or corrected ---


def test_the_earlier_factors_give_the_earlier_figures() -> None:
    found = estimated(FUEL, GROCERIES, factors="legacy")
    assert found.total_kg_co2e == "12.60"
    assert [one.share_percent for one in found.by_category] == ["95.24", "4.76"]
    assert found.suggestions[0].kg_saved_per_year == "28.80"
    assert any("carbon_legacy" in caveat for caveat in found.grounds.caveats)


def test_money_that_came_back_emits_nothing_and_takes_nothing_away() -> None:
    """Was: a refund of fuel alone was a footprint below zero; beside other spending it made their shares too large."""
    back = {"date": "2026-01-07", "amount": 5_000, "category": "fuel"}
    found = estimated(back, GROCERIES, factors="legacy")
    assert (found.total_kg_co2e, [one.share_percent for one in found.by_category]) == ("0.60", ["100.00"])
    assert isinstance(footprint(CarbonRequest.model_validate({"transactions": [back]})), InsufficientData)


def test_categories_of_the_pipeline_find_their_factor_and_months_are_compared() -> None:
    """``transport:ride`` fell through to the average before."""
    rides = [
        {"date": f"2026-0{m}-10", "amount": -a, "category": "transport:ride"} for m, a in ((1, 5_000), (2, 15_000))
    ]
    found = estimated(*rides, factors="legacy")
    assert found.unfactored.minor == 0
    assert found.total_kg_co2e == "12.00"
    assert found.month_over_month_percent == "200.00"


def test_a_saving_for_a_year_is_made_from_a_month_and_not_from_the_period() -> None:
    rows = [{**FUEL, "date": f"2026-0{month}-05"} for month in (1, 2, 3)]
    assert estimated(*rows, factors="legacy").suggestions[0].kg_saved_per_year == "28.80"


def test_months_with_a_gap_between_them_are_not_compared() -> None:
    assert estimated(FUEL, {**FUEL, "date": "2026-03-05"}).month_over_month_percent is None


@pytest.mark.parametrize("days", [("2023-03-31", "2026-01-05"), ("2026-01-05", "2027-04-01")])
def test_spending_on_a_day_that_no_edition_covers_is_an_error(days: tuple[str, str]) -> None:
    """Was: only the last day was looked at, so spending of any earlier year was reckoned with today's prices."""
    spent = [{"date": day, "amount": -100, "category": "fuel"} for day in days]
    with pytest.raises(InputError, match="editions cover"):
        footprint(CarbonRequest.model_validate({"transactions": spent}))


def test_without_spending_there_is_no_footprint() -> None:
    income = {"date": "2026-01-01", "amount": 50_000, "category": "salary"}
    saved = {"date": "2026-01-02", "amount": -9_000, "category": "investment"}
    found = footprint(CarbonRequest.model_validate({"transactions": [income, saved]}))
    assert isinstance(found, InsufficientData)


# --- from documents read for the table: what a litre and a kilowatt-hour emit ---


def test_petrol_is_litres_times_what_a_litre_emits() -> None:
    # GHG Protocol tools as nepselectrical.com quotes them: 2.296 kg a litre; 5,000 rupees at 100 are 50 litres.
    line = estimated(FUEL).by_category[0]
    assert (line.quantity, line.kg_co2e) == ("50.0 litre", "114.80")


def test_power_is_kilowatt_hours_times_the_grid() -> None:
    # CEA's baseline 21.0 for 2024-25 as batchwise.ai quotes it: 0.7117 t a MWh; 1,400 rupees at 7 are 200 kWh.
    line = estimated({**FUEL, "category": "utilities.energy", "amount": -1_400}).by_category[0]
    assert (line.quantity, line.kg_co2e) == ("200.0 kWh", "142.34")


def test_the_total_is_a_product_of_vectors() -> None:
    # numpy 2.4.6, dot.
    spent, factors = [5_000, 2_000, 700], [0.02296, 0.007, 0.018]
    flight = {"date": "2026-01-20", "amount": -700, "category": "flights"}
    assert float(estimated(FUEL, GROCERIES, flight).total_kg_co2e) == pytest.approx(
        float(np.dot(spent, factors)), abs=0.01
    )


# --- laws ---

names = st.sampled_from(["fuel", "groceries", "flights", "rent", "nothing known", None])
spending = st.lists(st.tuples(names, st.integers(1, 10**6), st.integers(1, 28)), min_size=1, max_size=10)


def rows(given_: list[tuple[str | None, int, int]]) -> list[dict[str, Any]]:
    return [{"date": f"2026-01-{day:02}", "amount": -amount, "category": name} for name, amount, day in given_]


@given(spending, st.randoms(use_true_random=False))
def test_parts_are_the_whole_within_its_range_in_any_order(some: list[tuple[str | None, int, int]], mix: Any) -> None:
    found = estimated(*rows(some))
    parts = sum((Decimal(one.kg_co2e) for one in found.by_category), Decimal(0))
    assert abs(parts - Decimal(found.total_kg_co2e)) <= Decimal("0.01") * len(found.by_category)
    assert Decimal(found.low_kg_co2e) <= Decimal(found.total_kg_co2e) <= Decimal(found.high_kg_co2e)
    mix.shuffle(some)
    assert estimated(*rows(some)).by_category == found.by_category


@given(spending)
def test_twice_the_spending_is_twice_the_carbon(some: list[tuple[str | None, int, int]]) -> None:
    once, twice = estimated(*rows(some)), estimated(*rows([(name, 2 * amount, day) for name, amount, day in some]))
    assert abs(Decimal(twice.total_kg_co2e) - 2 * Decimal(once.total_kg_co2e)) <= Decimal("0.02")
