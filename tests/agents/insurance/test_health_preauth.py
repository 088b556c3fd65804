"""Pre-authorisation: the catalogue's figures kept or corrected, worked bills from outside, and laws."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.insurance import PreauthRecommendation, PreauthRequest
from genie_finance.insurance.health_preauth import recommend

PLAN: dict[str, Any] = {
    "product_code": "HLT", "sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "room_limit_per_day": 5_000,
    "icu_limit_per_day": 10_000, "deductible": 0, "copay_percent": 0, "initial_waiting_days": 30,
    "pre_existing_waiting_months": 36, "specific_waiting_months": 24, "excluded_procedures": ("Cosmetic surgery",),
    "packages": ({"procedure": "Cataract", "most": 30_000},), "network_only": True,
}  # fmt: skip
PREAUTH: dict[str, Any] = {
    "preauth_id": "PA-1", "policy_number": "P-1", "product_code": "HLT", "patient": "A", "hospital_code": "H-1",
    "in_network": True, "bills_by_room": True, "procedure": "Appendicectomy", "admitted": "2026-05-10",
    "covered_since": "2022-04-01", "caused_by_accident": False, "pre_existing": False, "specific_disease": False,
    "bill": None, "estimate": None,
}  # fmt: skip
Line = tuple[str, int] | tuple[str, int, int]


def bill(*lines: Line) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"text": one[0], "category": one[0], "amount": one[1], "days": one[2] if len(one) > 2 else None}
        for one in lines
    )  # fmt: skip


def asked(*lines: Line, plan: dict[str, Any] | None = None, **change: Any) -> PreauthRecommendation | InsufficientData:
    preauth = {**PREAUTH, "bill": bill(*lines) if lines else None, **change}
    return recommend(PreauthRequest.model_validate({"preauth": preauth, "plan": {**PLAN, **(plan or {})}}))


def answered(*lines: Line, plan: dict[str, Any] | None = None, **change: Any) -> PreauthRecommendation:
    found = asked(*lines, plan=plan, **change)
    assert isinstance(found, PreauthRecommendation)
    return found


# --- the catalogue's vectors ---


def test_a_sum_without_lines_is_approximated_and_says_so() -> None:
    """Kept as the approximation that it is: 15,000 of rent and 30,000 of the rest off 1,00,000."""
    estimate = {"total": 100_000, "room_per_day": 10_000, "room_days": 3, "icu_per_day": 0, "icu_days": 0}
    found = answered(estimate=estimate)
    assert (found.payable.amount, found.patient_share.amount, found.itemised) == (55_000, 45_000, False)
    assert any("approximation" in text for text in found.grounds.caveats)


def test_the_package_comes_before_the_co_payment() -> None:
    """Kept: a cataract of 60,000, at most 30,000, of which the patient pays a tenth."""
    found = answered(("associated", 60_000), plan={"copay_percent": 10}, procedure="cataract")
    assert found.payable.amount == 27_000


def test_intensive_care_does_not_lower_the_rent_of_the_room() -> None:
    """Corrected: with more days in intensive care than in hospital the excess of the room turned negative."""
    found = answered(("room", 10_000, 1), ("icu", 60_000, 4))
    assert [(one.code, one.amount) for one in found.deductions] == [
        ("room_limit", "-5000.00"), ("icu_limit", "-20000.00"),
    ]  # fmt: skip


def test_a_procedure_is_excluded_by_its_name_alone() -> None:
    """The stem of an excluded one is for a person to judge; it was approved where the words stood apart."""
    assert answered(("associated", 1_000), procedure="cosmetic surgery").action == "deny"
    for procedure in ("Surgery after burns, not cosmetic", "Rhinoplasty (cosmetic)", "Cosmetically led surgery"):
        assert isinstance(asked(("associated", 1_000), procedure=procedure), InsufficientData)
    assert answered(("associated", 1_000), procedure="Surgery of the hip").action == "approve"


@pytest.mark.parametrize("procedure", ["Cataract surgery", "Phaco (cataract), left eye", "CATARACTS", "Catarct"])
def test_a_package_caps_its_procedure_however_it_is_written(procedure: str) -> None:
    """Only the plan's own spelling was capped."""
    assert answered(("associated", 60_000), procedure=procedure).payable.amount == 30_000


def test_a_procedure_that_may_be_an_excluded_one_is_for_a_person_to_name() -> None:
    """Was: authorised, as the name was longer than that of the exclusion."""
    found = asked(("associated", 1_000), procedure="Cosmetic surgery of nose")
    assert isinstance(found, InsufficientData)
    assert [one.what for one in found.missing] == ["procedure"]


# --- worked bills from outside ---


def test_a_room_at_twice_its_limit_halves_what_follows_the_room() -> None:
    """gameofinsurance.com, proportionate deduction: 6,000, 50,000 and 5,000 are halved, medicines of 10,000 are not."""
    found = answered(("room", 30_000, 3), ("associated", 6_000), ("associated", 50_000), ("associated", 5_000),
                     ("pharmacy", 10_000))  # fmt: skip
    assert found.payable.amount == 15_000 + 3_000 + 25_000 + 2_500 + 10_000


def test_a_bill_of_twenty_thousand() -> None:
    """mymedpolicy.com: 2,000 a day of 4,000 pay 13,500 of 20,000. It halves investigations too, which the circular of
    2020 has ended: as diagnostics they are paid in full, 15,600."""
    plan = {"room_limit_per_day": 2_000, "sum_insured": 200_000}
    common: tuple[Line, ...] = (("room", 8_000, 2), ("associated", 800), ("pharmacy", 7_000))
    assert answered(*common, ("associated", 4_200), plan=plan).payable.amount == 13_500
    assert answered(*common, ("diagnostics", 4_200), plan=plan).payable.amount == 15_600


# --- rules that are easily got wrong ---


@pytest.mark.parametrize("category", ["pharmacy", "consumables", "implants", "diagnostics"])
def test_what_costs_the_same_in_every_room_is_never_cut(category: str) -> None:
    assert answered(("room", 20_000, 2), (category, 50_000)).payable.amount == 10_000 + 50_000


def test_nothing_follows_the_room_where_the_hospital_does_not_charge_by_room() -> None:
    assert answered(("room", 20_000, 2), ("associated", 50_000), bills_by_room=False).payable.amount == 60_000


def test_what_is_not_payable_is_left_to_the_patient() -> None:
    assert answered(("associated", 10_000), ("non_payable", 700)).patient_share.amount == 700


def test_what_earlier_claims_used_up_is_not_paid_again() -> None:
    """Corrected: nothing remembered earlier claims of the year."""
    plan = {"paid_this_year": 450_000, "bonus": 20_000}
    assert answered(("associated", 100_000), plan=plan).payable.amount == 70_000
    used = answered(("associated", 100_000), plan={"paid_this_year": 500_000})
    assert (used.action, used.payable.amount) == ("nothing_payable", 0)


def test_a_deductible_comes_before_the_co_payment() -> None:
    """winsurehealth.com: 1,20,000 less 25,000, less a tenth, are 85,500."""
    plan = {"deductible": 25_000, "copay_percent": 10}
    assert answered(("associated", 120_000), plan=plan).payable.amount == 85_500


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"in_network": False}, "insurance.not_in_network"),
        ({"pre_existing": True, "covered_since": "2023-05-11"}, "insurance.pre_existing_waiting"),
        ({"specific_disease": True, "covered_since": "2024-05-11"}, "insurance.specific_waiting"),
        ({"covered_since": "2026-04-11"}, "insurance.initial_waiting"),
    ],
)
def test_what_stands_against_cover_denies_with_its_reason(change: dict[str, Any], code: str) -> None:
    found = answered(("associated", 1_000), **change)
    assert (found.action, found.payable.amount) == ("deny", 0)
    assert [reason.code for reason in found.grounds.reasons] == [code]


@pytest.mark.parametrize(
    "change",
    [
        {"pre_existing": True, "covered_since": "2023-05-10"},
        {"specific_disease": True, "covered_since": "2024-05-10"},
        {"covered_since": "2026-04-10"},
        {"covered_since": "2026-05-01", "caused_by_accident": True},
    ],
)
def test_a_day_later_or_after_an_accident_it_is_covered(change: dict[str, Any]) -> None:
    assert answered(("associated", 1_000), **change).action == "approve"


def test_a_waiting_period_beyond_the_longest_allowed_counts_as_that() -> None:
    plan = {"pre_existing_waiting_months": 48}
    assert answered(("associated", 1), plan=plan, pre_existing=True, covered_since="2023-05-10").action == "approve"


@pytest.mark.parametrize("change", [{}, {"product_code": "OTHER"}, {"covered_since": "2026-05-11"}])
def test_too_little_is_no_verdict(change: dict[str, Any]) -> None:
    """Corrected: an empty request was approved."""
    lines: tuple[Line, ...] = (("associated", 1_000),) if change else ()
    assert isinstance(asked(*lines, **change), InsufficientData)


def test_an_empty_bill_hides_no_estimate_and_a_bill_of_nothing_is_no_verdict() -> None:
    """Was: nothing payable, and covered in full."""
    estimate = {"total": 60_000, "room_per_day": 0, "room_days": 0, "icu_per_day": 0, "icu_days": 0}
    found = asked(bill=(), estimate=estimate)
    assert isinstance(found, PreauthRecommendation)
    assert (found.action, str(found.payable.amount), found.itemised) == ("approve", "60000.00", False)
    assert isinstance(asked(("associated", 0)), InsufficientData)


def test_every_field_is_asked_for() -> None:
    with pytest.raises(ValueError, match="Field required"):
        PreauthRequest.model_validate({"preauth": {}, "plan": {}})


def test_a_day_without_an_edition_is_an_error() -> None:
    with pytest.raises(InputError, match="editions cover"):
        answered(("associated", 1_000), admitted="2019-01-01", covered_since="2015-01-01")


# --- laws ---

rents = st.lists(
    st.tuples(st.sampled_from(["room", "icu"]), st.integers(1, 90_000), st.integers(1, 9)), max_size=3, unique=True
)
others = st.lists(
    st.tuples(
        st.sampled_from(["associated", "pharmacy", "consumables", "implants", "diagnostics", "non_payable"]),
        st.integers(0, 300_000),
    ),
    min_size=1, max_size=6, unique=True,
).filter(lambda lines: any(one[1] for one in lines))  # fmt: skip
plans = st.fixed_dictionaries(
    {
        "sum_insured": st.integers(1, 600_000), "paid_this_year": st.integers(0, 300_000),
        "copay_percent": st.integers(0, 100), "deductible": st.integers(0, 50_000),
        "room_limit_per_day": st.none() | st.integers(1, 20_000),
        "icu_limit_per_day": st.none() | st.integers(1, 20_000),
    }
)  # fmt: skip


@given(rents, others, plans)
def test_what_is_paid_and_what_is_not_are_the_bill(rent: list[Line], rest: list[Line], plan: dict[str, Any]) -> None:
    found = answered(*rent, *rest, plan=plan)
    assert found.payable.minor + found.patient_share.minor == found.asked.minor
    assert found.payable.amount <= max(plan["sum_insured"] - plan["paid_this_year"], 0)
    taken = sum(Decimal(one.amount) for one in found.deductions)
    assert found.payable.amount == max(found.asked.amount + taken, Decimal(0))


@pytest.mark.parametrize(
    "lines",
    [[("room", 9_000, 3), ("pharmacy", 500), ("pharmacy", 500)], [("room", 0, 3), ("associated", 90_000)]],
    ids=["twice", "a free room"],
)
def test_a_line_entered_twice_or_a_room_for_nothing_decides_nothing(lines: list[Line]) -> None:
    """Was: a line more was paid, and a rent of 0 left out the proportionate deduction."""
    assert isinstance(asked(*lines), InsufficientData)


@given(rents, others, plans)
def test_order_of_lines_does_not_matter(rent: list[Line], rest: list[Line], plan: dict[str, Any]) -> None:
    lines = [*rent, *rest]
    assert answered(*lines, plan=plan).payable == answered(*lines[::-1], plan=plan).payable


@given(rents, others, plans, st.integers(1, 20_000))
def test_a_higher_room_limit_never_pays_less(
    rent: list[Line], rest: list[Line], plan: dict[str, Any], more: int
) -> None:
    limit = plan["room_limit_per_day"]
    higher = {**plan, "room_limit_per_day": None if limit is None else limit + more}
    assert answered(*rent, *rest, plan=higher).payable.minor >= answered(*rent, *rest, plan=plan).payable.minor - 6
