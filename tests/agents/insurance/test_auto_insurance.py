"""Motor insurance: the catalogue's figures kept or corrected, tables from outside, and what must always hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.insurance import (
    MotorAssessment,
    MotorClaimRequest,
    MotorQuote,
    MotorQuoteRequest,
    RoadsideAnswer,
    RoadsideRequest,
)
from genie_finance.insurance.auto_insurance import nearest
from genie_finance.insurance.motor_claim import assess
from genie_finance.insurance.premium import quote

CAR = {"kind": "private_car", "fuel": "petrol", "registered": "2021-03-15", "cubic_capacity": 1_197}
SCOOTER = {"kind": "two_wheeler", "fuel": "electric", "registered": "2025-01-10", "kilowatts": 4}
RENEWAL: dict[str, Any] = {
    "starts": "2025-03-16", "vehicle": CAR, "zone": "A", "cover": "comprehensive", "third_party_years": 1,
    "idv": 500_000, "showroom_price": None,
    "own_damage_rate_percent": 3, "discount_percent": 0, "voluntary_deductible": 0,
    "no_claim_bonus_percent": 20, "claimed": False, "expired": "2025-03-15", "owner_driver_premium": 0, "add_ons": (),
}  # fmt: skip


def asked(**change: Any) -> MotorQuote | InsufficientData:
    return quote(MotorQuoteRequest.model_validate({**RENEWAL, **change}))


def quoted(**change: Any) -> MotorQuote:
    found = asked(**change)
    assert isinstance(found, MotorQuote)
    return found


def car(**change: Any) -> dict[str, Any]:
    return {**CAR, **change}


# --- no claim bonus ---


@pytest.mark.parametrize(("now", "then"), [(0, 20), (20, 25), (25, 35), (35, 45), (45, 50), (50, 50)])
def test_a_year_without_a_claim_is_a_step_of_the_ladder(now: int, then: int) -> None:
    """Kept; carinsurancelit.info lists the same ladder."""
    assert quoted(no_claim_bonus_percent=now).no_claim_bonus_percent == then


def test_a_claim_takes_the_bonus() -> None:
    """Kept: from 35 to 0."""
    assert quoted(no_claim_bonus_percent=35, claimed=True).no_claim_bonus_percent == 0


@pytest.mark.parametrize(("expired", "bonus"), [("2024-12-16", 25), ("2024-12-15", 0)])
def test_the_bonus_lapses_ninety_days_after_the_policy(expired: str, bonus: int) -> None:
    """Ninety days to 16 March 2025 begin on 16 December 2024; nothing lapsed before."""
    assert quoted(expired=expired).no_claim_bonus_percent == bonus


def test_a_bonus_of_a_policy_that_ends_after_the_new_one_starts_is_refused() -> None:
    with pytest.raises(InputError, match="expired"):
        quoted(expired="2999-01-01")


@pytest.mark.parametrize("change", [{"no_claim_bonus_percent": 30}, {"expired": None}])
def test_a_bonus_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        asked(**change)


# --- premium ---


def test_a_renewal_by_hand() -> None:
    """Corrected: 13,612.50 split one rate into 70 and 30 per cent, and loaded liability for zero depreciation.

    3 % of 5,00,000 is 15,000, less 25 % is 11,250; zero depreciation at 10 % of 15,000 is 1,500; liability is the
    tariff's 3,416; 16,166 and 18 per cent of tax are 19,075.88.
    """
    found = quoted(add_ons=({"code": "zero_depreciation", "basis": "percent_of_own_damage", "value": 10},))
    assert (found.own_damage.amount, found.add_ons.amount, found.third_party.amount) == (11_250, 1_500, 3_416)
    assert (found.net.amount, found.tax.amount) == (16_166, Decimal("2909.88"))
    assert found.total.amount == Decimal("19075.88")


def test_premiums_worked_out_by_others() -> None:
    """quikcalctools.com: 3 % of eight lakh, 3,416 and tax are 32,351. delvesoft.com: a small
    car of four lakh, between one and two years old, is worth 3,20,000; at 3.127 %, half off and a bonus of a fifth,
    4,002.56 remain (it rounds the 10,006.40)."""
    assert round(quoted(idv=800_000, claimed=True).total.amount) == 32_351
    found = quoted(
        vehicle=car(cubic_capacity=796, registered="2023-10-01"), idv=None, showroom_price=400_000,
        own_damage_rate_percent=None, discount_percent=50, no_claim_bonus_percent=0,
    )  # fmt: skip
    assert (found.idv.amount, found.own_damage.amount) == (320_000, Decimal("4002.56"))


@pytest.mark.parametrize(
    ("vehicle", "years", "premium"),
    # domain-b.com 20220603 and thenfapost.com of 2022-05-26.
    [
        (car(cubic_capacity=1_000), 1, 2_094), (car(cubic_capacity=1_001), 1, 3_416),
        (car(cubic_capacity=1_500), 1, 3_416),
        (car(cubic_capacity=1_501), 1, 7_897), (car(cubic_capacity=1_501), 3, 24_596),
        (car(fuel="electric", cubic_capacity=None, kilowatts=30), 1, 1_780),
        (car(fuel="electric", cubic_capacity=None, kilowatts=65), 3, 9_044),
        (car(fuel="electric", cubic_capacity=None, kilowatts=100), 1, 6_712),
        ({**CAR, "kind": "two_wheeler", "cubic_capacity": 110}, 1, 714),
        ({**CAR, "kind": "two_wheeler", "cubic_capacity": 350}, 5, 7_365),
        (SCOOTER, 1, 607), (SCOOTER, 5, 3_273),
        (car(fuel="hybrid"), 1, "3159.80"),  # 7.5 per cent less
    ],
)  # fmt: skip
def test_liability_is_the_tariff_of_2022(vehicle: dict[str, Any], years: int, premium: Any) -> None:
    found = quoted(cover="third_party", vehicle=vehicle, third_party_years=years)
    assert found.third_party.amount == Decimal(premium)
    assert (found.idv.amount, found.own_damage.amount) == (0, 0)


def test_no_other_term_is_sold() -> None:
    with pytest.raises(InputError, match="give 1 or 3"):
        asked(third_party_years=5)


@pytest.mark.parametrize(
    ("starts", "percent"),
    # cholainsurance.com: to 6 months, 1 year, 2, 3, 4 and 5 years.
    [
        ("2022-06-15", 5), ("2022-12-15", 5), ("2022-12-16", 15), ("2023-06-15", 15), ("2023-06-16", 20),
        ("2024-06-15", 20), ("2024-06-16", 30), ("2025-06-16", 40), ("2026-06-16", 50), ("2027-03-31", 50),
    ],
)  # fmt: skip
def test_the_declared_value_follows_age(starts: str, percent: int) -> None:
    first = {"expired": None, "no_claim_bonus_percent": 0, "vehicle": car(registered="2022-06-15")}
    found = quoted(starts=starts, idv=None, showroom_price=800_000, **first)
    assert found.depreciation_percent == percent
    assert found.idv.amount == 8_000 * (100 - percent)


def test_beyond_five_years_the_value_is_agreed() -> None:
    found = asked(starts="2026-03-16", expired="2026-03-15", idv=None, showroom_price=800_000)
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["idv"]


@pytest.mark.parametrize(
    ("vehicle", "zone", "rate"),
    # National Insurance, Motor Premium Guide Rates 2023-24.
    [
        (car(cubic_capacity=998), "A", "3.127"), (CAR, "B", "3.191"), (car(cubic_capacity=2_000), "A", "3.440"),
        (car(registered="2019-01-01"), "A", "3.447"), (car(registered="2010-01-01", cubic_capacity=998), "B", "3.267"),
        ({**CAR, "kind": "two_wheeler", "cubic_capacity": 125}, "A", "1.708"),
        ({**CAR, "kind": "two_wheeler", "cubic_capacity": 125, "registered": "2017-01-01"}, "B", "1.802"),
    ],
)  # fmt: skip
def test_guide_rates_go_by_zone_age_and_engine(vehicle: dict[str, Any], zone: str, rate: str) -> None:
    found = quoted(vehicle=vehicle, zone=zone, own_damage_rate_percent=None, claimed=True, idv=100_000)
    assert found.own_damage.amount == 1_000 * Decimal(rate)
    assert any("guide rate" in caveat for caveat in found.grounds.caveats)


def test_an_electric_vehicle_has_no_guide_rate() -> None:
    found = asked(vehicle=SCOOTER, own_damage_rate_percent=None)
    assert isinstance(found, InsufficientData)


@pytest.mark.parametrize(("deductible", "off"), [(2_500, 750), (5_000, 1_500), (7_500, 2_000), (15_000, 2_500)])
def test_a_voluntary_deductible_is_worth_what_the_table_says(deductible: int, off: int) -> None:
    """apnapaisa.com, tables of 2007: at a premium of 15,000 the most applies everywhere."""
    assert quoted(claimed=True, voluntary_deductible=deductible).own_damage.amount == 15_000 - off


def test_a_deductible_that_is_not_offered_is_refused() -> None:
    with pytest.raises(InputError, match="2,500"):
        asked(voluntary_deductible=3_000)


def test_a_date_before_the_tariff_is_an_error() -> None:
    with pytest.raises(InputError, match="editions cover"):
        asked(starts="2022-05-31", expired=None, no_claim_bonus_percent=0)


def test_an_edition_that_is_not_verified_says_so() -> None:
    assert any("third_party_premium_in@2024-04-01 is not verified" in text for text in quoted().grounds.caveats)


# --- claims ---

TERMS: dict[str, Any] = {
    "policy_number": "MOT-1", "starts": "2025-03-16", "ends": "2026-03-15", "cover": "comprehensive", "idv": 500_000,
    "zero_depreciation": False, "voluntary_deductible": 0,
}  # fmt: skip


def claimed(*parts: tuple[str, int], terms: dict[str, Any] | None = None, **change: Any) -> MotorAssessment:
    found = assess(claim_of(*parts, terms=terms, **change))
    assert isinstance(found, MotorAssessment)
    return found


def claim_of(*parts: tuple[str, int], terms: dict[str, Any] | None = None, **change: Any) -> MotorClaimRequest:
    repair = tuple({"text": f"{material} part", "material": material, "amount": amount} for material, amount in parts)
    return MotorClaimRequest.model_validate(
        {
            "claim_id": "C-1", "terms": {**TERMS, **(terms or {})}, "vehicle": CAR, "event": "accident",
            "on": "2025-06-01", "repair": repair or None, "wreck_kept": 0, **change,
        }
    )  # fmt: skip


def test_repair_above_three_quarters_is_a_total_loss() -> None:
    """Corrected: 5,00,000 were hinted at; the compulsory deductible of 1,000 comes off."""
    found = claimed(("metal_or_wood", 400_000))
    assert (found.outcome, found.payable.amount, found.repair_percent_of_idv) == (
        "constructive_total_loss", 499_000, 80,
    )  # fmt: skip
    assert claimed(("metal_or_wood", 375_000)).outcome == "repair"
    assert claimed(("metal_or_wood", 400_000), wreck_kept=90_000).payable.amount == 409_000


def test_a_stolen_car_is_a_total_loss() -> None:
    """Corrected: a theft without a repair cost was an ordinary claim of nothing."""
    found = claimed(event="theft")
    assert (found.outcome, found.payable.amount) == ("total_loss", 499_000)


@pytest.mark.parametrize(
    ("material", "amount", "payable"),
    # myinsuranceclub.com: 10,000 of fibre glass pay 7,000; paint for 3,000 pays 1,500. community.hdfcergo.com 3661.
    [
        ("fibre_glass", 10_000, 7_000), ("paint_material", 3_000, 1_500), ("rubber_nylon_plastic", 10_000, 5_000),
        ("tyre_tube_battery_airbag", 10_000, 5_000), ("glass", 10_000, 10_000), ("labour", 10_000, 10_000),
        ("paint", 10_000, 8_750), ("metal_or_wood", 10_000, 6_500),
    ],
)  # fmt: skip
def test_parts_depreciate_by_what_they_are_made_of(material: str, amount: int, payable: int) -> None:
    """The car is four years and two months old; the deductible of 1,000 comes off as well."""
    assert claimed((material, amount)).payable.amount == payable - 1_000
    assert claimed((material, amount), terms={"zero_depreciation": True}).payable.amount == amount - 1_000


@pytest.mark.parametrize(
    ("on", "rate"),
    [("2021-09-15", 0), ("2021-09-16", 5), ("2022-03-16", 10), ("2023-03-16", 15), ("2024-03-16", 25),
     ("2025-03-16", 35),      ("2026-03-16", 40), ("2027-03-15", 40)],
)  # fmt: skip
def test_metal_depreciates_by_age(on: str, rate: int) -> None:
    """acko.com, community.hdfcergo.com 3661."""
    found = claimed(("metal_or_wood", 10_000), terms={"starts": "2021-03-16", "ends": "2027-03-31"}, on=on)
    assert found.depreciation.amount == 100 * rate


@pytest.mark.parametrize(("capacity", "deductible"), [(1_500, 1_000), (1_501, 2_000)])
def test_the_compulsory_deductible_follows_the_engine(capacity: int, deductible: int) -> None:
    found = claimed(("glass", 10_000), vehicle=car(cubic_capacity=capacity), terms={"voluntary_deductible": 2_500})
    assert (found.deductible.amount, found.payable.amount) == (deductible + 2_500, 7_500 - deductible)


@pytest.mark.parametrize("change", [{"on": "2026-03-16"}, {"terms": {"cover": "third_party"}}])
def test_what_is_not_covered_pays_nothing_and_says_why(change: dict[str, Any]) -> None:
    found = claimed(("glass", 10_000), **change)
    assert (found.outcome, found.payable.amount) == ("not_covered", 0)


def test_an_accident_without_an_estimate_cannot_be_assessed() -> None:
    """Nothing given was an ordinary claim before."""
    assert isinstance(assess(claim_of()), InsufficientData)


def test_every_field_is_asked_for() -> None:
    with pytest.raises(ValueError, match="Field required"):
        MotorClaimRequest.model_validate({})


# --- roadside ---

CITIES = {"Mumbai": (19.0760, 72.8777), "Delhi": (28.6139, 77.2090), "New York": (40.7128, -74.0060)}


def place(name: str) -> dict[str, float]:
    return {"latitude": CITIES[name][0], "longitude": CITIES[name][1]}


def test_garages_are_sorted_by_distance_and_not_by_boxes() -> None:
    """Kept: Mumbai to Delhi are 1,148.27 km, to New York 12,539.27 km; a box of degrees stood for a city."""
    garages = tuple({"name": name, "place": place(name), "cashless": True} for name in ("New York", "Delhi", "Mumbai"))
    found = nearest(RoadsideRequest.model_validate({"place": place("Mumbai"), "garages": garages, "most": 3}))
    assert isinstance(found, RoadsideAnswer)
    assert [one.name for one in found.nearest] == ["Mumbai", "Delhi", "New York"]
    for one, expected in zip(found.nearest, (0, 1148.27, 12539.27), strict=True):
        assert abs(float(one.distance_km) - expected) < 2  # the catalogue does not say where in the cities


def test_without_garages_none_is_invented() -> None:
    request = RoadsideRequest.model_validate({"place": place("Mumbai"), "garages": ()})
    assert isinstance(nearest(request), InsufficientData)


# --- laws ---

values = st.integers(10_000, 5_000_000)
parts = st.lists(
    st.tuples(
        st.sampled_from(["rubber_nylon_plastic", "fibre_glass", "glass", "metal_or_wood", "paint", "labour"]),
        st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(
    idv=values, more=st.integers(1, 100_000), bonus=st.sampled_from([0, 20, 25, 35, 45, 50]), off=st.integers(0, 100)
)
def test_a_premium_is_the_sum_of_its_lines_and_rises_with_the_value(idv: int, more: int, bonus: int, off: int) -> None:
    change = {"no_claim_bonus_percent": bonus, "discount_percent": off, "add_ons": (
        {"code": "engine", "basis": "percent_of_idv", "value": "0.2"},
        {"code": "keys", "basis": "amount", "value": 300},
    )}  # fmt: skip
    found, larger = quoted(idv=idv, **change), quoted(idv=idv + more, **change)
    assert found.total.amount == sum(Decimal(one.amount) for one in found.lines)
    assert found.net.amount == found.own_damage.amount + found.add_ons.amount + found.third_party.amount
    assert larger.total.minor >= found.total.minor


@given(given_parts=parts, idv=values, voluntary=st.integers(0, 10_000))
def test_no_claim_pays_more_than_the_loss_or_the_value(
    given_parts: list[tuple[str, int]], idv: int, voluntary: int
) -> None:
    terms = {"idv": idv, "voluntary_deductible": voluntary}
    found = claimed(*given_parts, terms=terms)
    assert 0 <= found.payable.amount <= idv
    if found.outcome == "repair":
        assert found.payable.minor == found.repair_cost.minor - found.depreciation.minor - found.deductible.minor
        assert claimed(*given_parts, terms={**terms, "zero_depreciation": True}).payable.minor >= found.payable.minor


def test_a_repair_line_entered_twice_pays_nothing_yet() -> None:
    found = assess(claim_of(("glass", 5_000), ("paint", 2_000), ("glass", 5_000)))
    assert isinstance(found, InsufficientData)


@given(given_parts=parts)
def test_order_of_repair_lines_does_not_matter(given_parts: list[tuple[str, int]]) -> None:
    assert claimed(*given_parts).payable == claimed(*given_parts[::-1]).payable
