"""Claims: the catalogue's figures kept or corrected, worked examples from outside, and what must always hold."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.insurance import (
    ClaimRecommendation,
    ClaimRequest,
    PreauthRecommendation,
    PreauthRequest,
)
from genie_finance.insurance.claim_adjudicator import SHARED, adjudicate
from genie_finance.insurance.health_preauth import recommend

COSMETIC = {"code": "Excl08", "text": "cosmetic or plastic surgery", "diagnoses": ("Z41.1",)}
TERMS: dict[str, Any] = {
    "policy_number": "P-1", "product_code": "HLT", "starts": "2026-04-01", "ends": "2027-03-31",
    "covered_since": "2022-04-01", "sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "deductible": 5_000,
    "copay_percent": 10, "initial_waiting_days": 30, "exclusions": (COSMETIC,), "sub_limits": (),
    "sub_limits_apply": "after_sharing", "network_only": (), "perils": ("hospitalisation", "day_care"),
    "pre_existing": ("E11",), "specific_diseases": ("H25", "K40"),
}  # fmt: skip
PLAN: dict[str, Any] = {
    "product_code": "HLT", "sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "room_limit_per_day": 5_000,
    "icu_limit_per_day": 10_000, "deductible": 5_000, "copay_percent": 10, "initial_waiting_days": 30,
    "pre_existing_waiting_months": 36, "specific_waiting_months": 24, "excluded_procedures": ("Refractive surgery",),
    "packages": ({"procedure": "Cataract", "most": 30_000},), "network_only": True,
}  # fmt: skip
CLAIM: dict[str, Any] = {
    "claim_id": "C-1", "policy_number": "P-1", "incurred": 50_000, "peril": "hospitalisation", "on": "2026-06-01",
    "caused_by_accident": False, "diagnoses": ("K35.8",), "in_network": True, "procedure": "Appendicectomy",
    "pre_existing": False, "specific_disease": False, "bills_by_room": True,
}  # fmt: skip
TODAY = datetime.date(2027, 2, 1)
CLEAN = {"claim_id": "C-1", "score": 0.05, "by": "fraud desk"}


def asked(
    terms: dict[str, Any] | None = None, screening: Any = CLEAN, **claim: Any
) -> ClaimRecommendation | InsufficientData:
    given = {**CLAIM, **claim}
    given.setdefault("bill", ({"text": "surgery", "category": "associated", "amount": given["incurred"]},))
    said = {**TERMS, **(terms or {})}
    plan = {**PLAN, **{name: said[name] for name in SHARED}}
    request = {"claim": given, "terms": said, "plan": plan, "screening": screening}
    return adjudicate(ClaimRequest.model_validate(request), today=TODAY)


def answered(terms: dict[str, Any] | None = None, screening: Any = CLEAN, **claim: Any) -> ClaimRecommendation:
    found = asked(terms, screening, **claim)
    assert isinstance(found, ClaimRecommendation)
    return found


def codes(found: ClaimRecommendation) -> list[str]:
    return [reason.code for reason in found.grounds.reasons]


# --- the catalogue's vectors ---


def test_deductible_then_co_payment() -> None:
    """Kept: 50,000 less 5,000, less a tenth."""
    found = answered()
    assert (found.action, found.payable.amount) == ("approve_partial", 40_500)


def test_a_limit_caps_what_is_paid() -> None:
    """Kept: 3,00,000 of 4,00,000, where the wording applies the limit to the payment. It was a string "hitl" at a fixed
    amount; who decides is the pipeline's rule now."""
    limits = {"sub_limits": ({"peril": "hospitalisation", "most": 300_000},)}
    assert answered(limits, incurred=400_000).payable.amount == 300_000


def test_or_the_loss_where_the_wording_says_so() -> None:
    limits = {"sub_limits": ({"peril": "hospitalisation", "most": 300_000},), "sub_limits_apply": "before_sharing"}
    assert answered(limits, incurred=400_000).payable.amount == 265_500


def test_below_the_deductible_nothing_is_payable() -> None:
    """Corrected: it was approved in part, at 0."""
    found = answered(incurred=3_000)
    assert (found.action, found.payable.amount) == ("nothing_payable", 0)


def test_words_exclude_nothing_and_codes_do() -> None:
    """Corrected: "non-cosmetic burn surgery" was denied for a word within it."""
    assert answered(diagnoses=("T31.2",)).action == "approve_partial"
    found = answered(diagnoses=("K35.8", "Z411"))
    assert (found.action, found.payable.amount) == ("deny", 0)
    assert codes(found) == ["claim.excluded.Excl08"]


def test_an_empty_claim_is_refused() -> None:
    """Corrected: it was approved."""
    with pytest.raises(ValueError, match="Field required"):
        ClaimRequest.model_validate({"claim": {}, "terms": {}})


# --- from outside ---


def test_a_deductible_of_twenty_five_thousand() -> None:
    """winsurehealth.com, co-pay, deductible and sub-limits: 1,20,000 pay 85,500, and 85,000 pay 60,000 without a
    co-payment."""
    terms = {"deductible": 25_000}
    assert answered(terms, incurred=120_000).payable.amount == 85_500
    assert answered({**terms, "copay_percent": 0}, incurred=85_000).payable.amount == 60_000


# --- rules that are easily got wrong ---


@pytest.mark.parametrize("on", ["2026-03-31", "2027-01-01"])
def test_a_claim_outside_the_policy_is_denied(on: str) -> None:
    """Corrected: a claim was never checked against the policy's dates."""
    assert codes(answered({"ends": "2026-12-31"}, on=on)) == ["claim.not_in_force"]


def test_a_claim_on_another_policy_is_no_verdict() -> None:
    """Corrected: nor against its number."""
    found = asked(policy_number="P-2")
    assert isinstance(found, InsufficientData)


def test_an_accident_needs_no_initial_waiting() -> None:
    """Corrected: it was denied like an illness."""
    terms = {"covered_since": "2026-05-20"}
    assert codes(answered(terms)) == ["claim.initial_waiting"]
    assert answered(terms, caused_by_accident=True).action == "approve_partial"
    assert answered({"covered_since": "2026-05-02"}).action == "approve_partial"


def test_a_peril_of_the_network_alone() -> None:
    terms = {"network_only": ("day_care",)}
    assert answered(terms, peril="day_care", in_network=False).action == "deny"
    assert answered(terms, in_network=False).action == "approve_partial"


def test_the_way_a_peril_is_written_escapes_no_limit() -> None:
    """Was: ``Hospitalisation`` had no limit where the policy limits ``hospitalisation``."""
    terms = {"sub_limits": ({"peril": "hospitalisation", "most": 10_000},), "network_only": ("hospitalisation",)}
    assert answered(terms, peril="Hospitalisation").payable.amount == 10_000
    assert answered(terms, peril="HOSPITALISATION", in_network=False).action == "deny"


def test_earlier_claims_use_up_the_sum_insured() -> None:
    """Corrected: nothing was remembered."""
    assert answered({"paid_this_year": 480_000, "bonus": 10_000}).payable.amount == 30_000


def test_without_a_diagnosis_exclusions_cannot_be_judged() -> None:
    found = asked(diagnoses=())
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["claim.diagnoses"]


@pytest.mark.parametrize(
    ("screening", "code"),
    [
        (None, "claim.not_screened"),
        ({**CLEAN, "score": 0.5}, "claim.suspicious"),
        ({**CLEAN, "claim_id": "C-2"}, "claim.not_screened"),
    ],
)
def test_a_claim_that_nobody_vouches_for_is_referred(screening: Any, code: str) -> None:
    found = answered(screening=screening)
    assert (found.action, found.payable.amount) == ("refer", 40_500)
    assert codes(found)[0] == code


@pytest.mark.parametrize("peril", ["hospitalization", "hospitalisaton", "theft", "x"])
def test_a_peril_that_is_none_of_the_policy_is_insufficient(peril: str) -> None:
    """It escaped every sub-limit and was paid without one."""
    terms = {"sub_limits": ({"peril": "hospitalisation", "most": 10_000},)}
    found = asked(terms, peril=peril)
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["claim.peril"]
    assert answered(terms, peril="Hospitalisation", incurred=90_000).payable.amount == 10_000
    assert answered({"sub_limits": ({"peril": "day_care", "most": 9},)}, peril="Day-care").payable.amount == 9


@pytest.mark.parametrize(
    "terms",
    [{"sub_limits": ({"peril": "hospitalization", "most": 1},)}, {"network_only": ("maternity",)}, {"perils": ()}],
)
def test_terms_that_limit_what_they_do_not_cover_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="does not cover|at least 1"):
        asked(terms)


BILL = (
    {"text": "room", "category": "room", "amount": 30_000, "days": 3},
    {"text": "surgeon", "category": "associated", "amount": 50_000},
    {"text": "medicines", "category": "pharmacy", "amount": 10_000},
    {"text": "registration", "category": "non_payable", "amount": 700},
)


@pytest.mark.parametrize("bills_by_room", [True, False])
@pytest.mark.parametrize("procedure", ["Appendicectomy", "Cataract, left eye"])
def test_reimbursement_pays_what_cashless_treatment_pays(procedure: str, bills_by_room: bool) -> None:
    """It knew no limit of rent, no proportionate deduction and no package."""
    treatment = {"procedure": procedure, "bills_by_room": bills_by_room, "bill": BILL}
    preauth = {
        "preauth_id": "PA-1", "policy_number": "P-1", "product_code": "HLT", "patient": "A", "hospital_code": "H-1",
        "in_network": True, "admitted": CLAIM["on"], "covered_since": TERMS["covered_since"], "estimate": None,
        "caused_by_accident": False, "pre_existing": False, "specific_disease": False, **treatment,
    }  # fmt: skip
    cashless = recommend(PreauthRequest.model_validate({"preauth": preauth, "plan": PLAN}))
    found = answered(incurred=90_700, **treatment)
    assert isinstance(cashless, PreauthRecommendation)
    assert found.payable == cashless.payable
    assert [one.code for one in found.deductions] == [one.code for one in cashless.deductions]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pre_existing": True}, "claim.pre_existing_waiting"),
        ({"specific_disease": True}, "claim.specific_waiting"),
        ({"diagnoses": ("E11.9",)}, "claim.pre_existing_waiting"),  # the policy knows of it, whatever the claim says
        ({"diagnoses": ("H251",)}, "claim.specific_waiting"),
        ({"procedure": "Refractive surgery"}, "claim.excluded"),
    ],
)
def test_waiting_periods_and_exclusions_hold_for_reimbursement(change: dict[str, Any], code: str) -> None:
    young = {"covered_since": "2025-04-01"}
    assert answered(young).action == "approve_partial"
    found = answered(young, **change)
    assert (found.action, codes(found)) == ("deny", [code])


@pytest.mark.parametrize(
    "procedure",
    ["Rhinoplasty (cosmetic)", "COSMETICS of the nose", "Cosmtic surgery", "Surgery, plastic"],
)
def test_a_procedure_of_the_stem_of_an_exclusion_is_for_a_person(procedure: str) -> None:
    """It was paid, as no diagnosis was on the list."""
    found = asked(procedure=procedure)
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["procedure"]
    assert answered(procedure=procedure, diagnoses=("Z41.1",)).action == "deny"
    assert isinstance(asked(procedure="LASIK (refractive)", diagnoses=("Z41.1",)), InsufficientData)


@pytest.mark.parametrize(
    ("procedure", "person"),
    [
        ("Rehabilitation for alcoholism", True), ("Therapy of drug abuse", True),
        ("Angioplasty with drug eluting stent", False), ("Kidney transplant", False), ("Hair transplants", True),
    ],
)  # fmt: skip
def test_of_a_list_of_exclusions_any_one_is_enough(procedure: str, person: bool) -> None:
    exclusions = (
        {"code": "Excl12", "text": "alcoholism, drug or substance abuse", "diagnoses": ("F10",)},
        {"code": "Excl99", "text": "Hair transplant", "diagnoses": ("L65",)},
    )
    assert isinstance(asked({"exclusions": exclusions}, procedure=procedure), InsufficientData) is person


@pytest.mark.parametrize("change", [{"bill": ()}, {"incurred": 60_000, "bill": BILL}, {"procedure": "4711"}])
def test_a_claim_without_its_bill_or_procedure_is_insufficient(change: dict[str, Any]) -> None:
    assert isinstance(asked(**change), InsufficientData)


def test_after_the_moratorium_only_fraud_is_left() -> None:
    young, old = answered({"covered_since": "2021-06-02"}), answered({"covered_since": "2021-06-01"})
    assert any("within the moratorium" in text for text in young.grounds.caveats)
    assert any("After the moratorium" in text for text in old.grounds.caveats)


# --- laws ---

terms = st.fixed_dictionaries(
    {
        "deductible": st.integers(0, 50_000), "copay_percent": st.integers(0, 100),
        "sum_insured": st.integers(1, 500_000), "paid_this_year": st.integers(0, 400_000),
        "sub_limits_apply": st.sampled_from(["before_sharing", "after_sharing"]),
        "sub_limits": st.lists(
            st.fixed_dictionaries({"peril": st.just("hospitalisation"), "most": st.integers(0, 300_000)}), max_size=2
        ).map(tuple),
    }
)  # fmt: skip


@given(terms, st.integers(1, 800_000), st.integers(0, 100_000))
def test_more_loss_never_pays_less_and_at_most_itself(given_terms: dict[str, Any], incurred: int, more: int) -> None:
    found, larger = answered(given_terms, incurred=incurred), answered(given_terms, incurred=incurred + more)
    assert 0 <= found.payable.amount <= incurred
    assert found.payable.amount <= max(given_terms["sum_insured"] - given_terms["paid_this_year"], 0)
    assert larger.payable.minor >= found.payable.minor
    assert found.payable.amount == incurred + sum(Decimal(one.amount) for one in found.deductions)


@given(terms, st.integers(1, 800_000))
def test_a_limit_on_the_loss_never_pays_more_than_one_on_the_payment(
    given_terms: dict[str, Any], incurred: int
) -> None:
    before = answered({**given_terms, "sub_limits_apply": "before_sharing"}, incurred=incurred)
    after = answered({**given_terms, "sub_limits_apply": "after_sharing"}, incurred=incurred)
    assert before.payable.minor <= after.payable.minor


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"sum_insured": 5_000_000}, "terms.sum_insured"),
        ({"bonus": 100_000}, "terms.bonus"),
        ({"initial_waiting_days": 0}, "terms.initial_waiting_days"),
    ],
)
def test_terms_and_plan_that_contradict_each_other_are_no_ground_to_pay(change: dict[str, Any], what: str) -> None:
    request = {
        "claim": {**CLAIM, "incurred": sum(one["amount"] for one in BILL), "bill": BILL},
        "terms": {**TERMS, **change},
        "plan": PLAN,
        "screening": CLEAN,
    }
    found = adjudicate(ClaimRequest.model_validate(request), today=TODAY)
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == [what]


@pytest.mark.parametrize(
    "procedure",
    [
        "Aesthetic correction of the nose",
        "Liposuction",
        "कॉस्मेटिक सर्जरी",
        "\u0421osmetic surgery",
        "Rhinoplasty (\u043a\u043e\u0441\u043c)",
    ],
)
def test_an_exclusion_in_other_words_or_another_script_is_not_escaped(procedure: str) -> None:
    found = asked(procedure=procedure)
    assert isinstance(found, InsufficientData)
    assert {lack.what for lack in found.missing} == {"procedure"}


def test_an_admission_in_the_future_is_none() -> None:
    found = asked(on="2027-02-02")
    assert isinstance(found, InsufficientData)
    assert [lack.what for lack in found.missing] == ["claim.on"]
