"""Gates of an account: the catalogue's cases kept or corrected, and what must always hold."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.errors import InputError
from genie_finance.contracts.kyc import Applicant, KycCase, KycRecommendation
from genie_finance.domain.screening import parse
from genie_finance.service.gates import DOCUMENTS, RANK, worst
from genie_finance.service.identity_verifier import IdentitySettings, verify
from genie_finance.service.kyc_desk import screening_request
from genie_finance.service.kyc_gates import recommend
from genie_finance.service.party_screener import screen

Build = Callable[..., KycCase]
TODAY = datetime.date(2025, 11, 3)
DONE = {
    "source_of_wealth_verified": True, "source_of_funds_verified": True, "senior_approval": "SM-12",
    "done_on": "2025-10-31",
}  # fmt: skip


def came(case: Build, **changed: Any) -> KycRecommendation:
    return recommend(case(**changed), today=TODAY)


def open_gates(found: KycRecommendation) -> set[str]:
    return {gate.name for gate in found.gates if gate.outcome != "approve"}


# --- the catalogue's cases, kept or corrected ---


def test_an_applicant_in_order_is_approved_as_low_risk_for_ten_years(case: Build) -> None:
    found = came(case)
    assert (found.outcome, found.tier, found.senior_approval) == ("approve", "low", False)
    assert found.next_kyc_update == datetime.date(2035, 11, 3)
    assert open_gates(found) == set()


def test_an_empty_application_is_incomplete_and_says_what_is_missing() -> None:
    """The prior system approved it with a score of 0.60."""
    empty = Applicant(customer_id="c1")
    identity = verify(empty, IdentitySettings(), today=TODAY)
    found = recommend(KycCase(applicant=empty, identity=identity, synthetic=None, screening=None), today=TODAY)
    assert (found.outcome, found.tier, found.next_kyc_update) == ("incomplete", None, None)
    assert {"pan_form", "aadhaar", "sanctions", "synthetic_identity", "channel"} <= open_gates(found)


@pytest.mark.parametrize("number", ["ABCPI1234", "ABCCI1234K", "1234567890"])
def test_an_invalid_pan_is_not_approved_whatever_else_is_in_order(case: Build, number: str) -> None:
    """The prior system approved it with simplified diligence, as 0.30 was below its limit."""
    assert came(case, pan_number=number).outcome == "reject"


def test_a_pan_of_another_surname_is_looked_into(case: Build) -> None:
    found = came(case, pan_number="ABCPZ1234K")
    assert (found.outcome, open_gates(found)) == ("enhanced_diligence", {"pan_initial"})


@pytest.mark.parametrize("changed", [{"pep_declared": True}, {"name": "Devyani Pillai", "date_of_birth": "1958-06-21"}])
def test_exposed_persons_get_enhanced_diligence_and_senior_consent(case: Build, changed: dict[str, Any]) -> None:
    """The prior system approved a declared one with standard diligence."""
    found = came(case, **changed)
    assert (found.outcome, found.tier, found.senior_approval) == ("enhanced_diligence", "high", True)


def test_a_confirmed_sanctions_match_is_refused_and_an_incident(case: Build) -> None:
    names = dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), "Zoravar Khazanchi")
    found = came(case, date_of_birth="1971-03-14", pan_number="ABCPK1234K", **names)
    assert found.outcome == "reject"
    assert found.incident is not None
    assert found.incident.kind == "sanctions_match"


def test_a_sanctions_match_by_name_alone_is_for_a_person(case: Build) -> None:
    names = dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), "Viktor Morozenko")
    found = came(case, pan_number="ABCPM1234K", date_of_birth="1969-02-01", **names)
    assert (found.outcome, open_gates(found)) == ("enhanced_diligence", {"sanctions"})


def test_a_namesake_of_another_verified_age_is_approved_and_the_match_stays_in_the_case(case: Build) -> None:
    names = dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), "Viktor Morozenko")
    stated = recommend(case(pan_number="ABCPM1234K", **names), today=TODAY)
    assert (stated.outcome, open_gates(stated)) == ("enhanced_diligence", {"sanctions"})
    found = case(pan_number="ABCPM1234K", date_of_birth_verified=True, **names)
    assert recommend(found, today=TODAY).outcome == "approve"
    assert found.screening is not None
    assert [match.strength for match in found.screening.matches] == ["discounted"]


# --- what else is easily got wrong ---


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"face_match_score": "0.9", "channel": "video", "aadhaar_file_date": "2025-11-02"}, "liveness"),
        ({"aadhaar_offline_kyc": None}, "aadhaar"),
        ({"address_match_score": None}, "address"),
        ({"screened": False}, "sanctions"),
        ({"synthetic": None}, "synthetic_identity"),
        ({"synthetic": "undetermined"}, "synthetic_identity"),
        ({"verified": False}, "pan_form"),
        ({"pep_declared": None}, "political_exposure"),
        ({"country_of_residence": None}, "residence"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_never_good_news(case: Build, changed: dict[str, Any], gate: str) -> None:
    found = came(case, **changed)
    assert found.outcome == "incomplete"
    assert gate in open_gates(found)


@pytest.mark.parametrize(
    ("changed", "outcome", "tier"),
    [
        ({"country_of_residence": "IR"}, "enhanced_diligence", "high"),
        ({"nationality": "KP"}, "enhanced_diligence", "high"),
        ({"occupation_high_risk": True}, "approve", "medium"),
        ({"channel": "digital", "liveness_score": 1, "face_match_score": 1}, "enhanced_diligence", "high"),
        ({"synthetic": "medium"}, "enhanced_diligence", "medium"),
        ({"synthetic": "high"}, "enhanced_diligence", "high"),
        ({"date_of_birth": "2012-06-03"}, "enhanced_diligence", "low"),
        ({"aadhaar_offline_kyc": False}, "reject", "low"),
    ],
)  # fmt: skip
def test_what_a_risk_comes_to(case: Build, changed: dict[str, Any], outcome: str, tier: str) -> None:
    found = came(case, **changed)
    assert (found.outcome, found.tier) == (outcome, tier)


def test_countries_are_those_of_the_list_of_the_day(case: Build) -> None:
    def tier(day: datetime.date) -> str | None:
        return recommend(case(nationality="KW"), today=day).tier

    # Kuwait was added on 13 February 2026: sumsub.com, FATF news of 16 February 2026.
    assert (tier(datetime.date(2026, 2, 12)), tier(datetime.date(2026, 2, 13))) == ("low", "medium")


@pytest.mark.parametrize(("years", "tier"), [(8, {"occupation_high_risk": True}), (10, {})])
def test_updates_are_due_by_category(case: Build, years: int, tier: dict[str, Any]) -> None:
    # Two, eight and ten years: denabank.com, periodic updation; business-standard.com 113072400032.
    assert came(case, **tier).next_kyc_update == datetime.date(2025 + years, 11, 3)


def test_diligence_that_is_done_opens_what_asked_for_it_and_the_category_stays_high(case: Build) -> None:
    found = came(case, pep_declared=True, diligence=DONE)
    assert (found.outcome, found.tier, found.senior_approval) == ("approve", "high", True)
    assert found.next_kyc_update == datetime.date(2027, 11, 3)


@pytest.mark.parametrize(
    "lacking",
    [
        {"senior_approval": None},
        {"source_of_funds_verified": False},
        {"done_on": "2025-11-04"},
        {"done_on": "2023-11-02"},
    ],
)
def test_diligence_that_is_not_whole_opens_nothing(case: Build, lacking: dict[str, Any]) -> None:
    assert came(case, pep_declared=True, diligence={**DONE, **lacking}).outcome == "enhanced_diligence"


def test_names_in_another_script_alone_pass_no_gate_of_the_lists(case: Build) -> None:
    """Was: passed, as nothing that could not be compared was alike."""
    name = "\u0906\u0936\u093e \u0930\u093e\u0935"
    found = came(case, **dict.fromkeys(("name", "name_on_pan", "name_on_aadhaar"), name))
    assert {"sanctions", "adverse_reports", "political_exposure"} <= open_gates(found)
    assert found.outcome != "approve"


def test_diligence_cures_no_document(case: Build) -> None:
    found = came(case, name_on_aadhaar="Somebody Else", diligence=DONE)
    assert (found.outcome, open_gates(found)) == ("enhanced_diligence", {"name_match"})


def test_the_offline_file_of_a_video_process_is_three_days_old_at_most(case: Build) -> None:
    video = {"channel": "video", "liveness_score": "0.9", "face_match_score": "0.95"}
    assert came(case, **video, aadhaar_file_date="2025-10-31").outcome == "approve"
    assert came(case, **video, aadhaar_file_date="2025-10-30").outcome == "incomplete"
    assert came(case, **video, aadhaar_file_date="2025-11-04").outcome == "incomplete"


def test_a_day_that_no_edition_covers_is_an_error(case: Build) -> None:
    with pytest.raises(InputError):
        recommend(case(), today=datetime.date(2019, 1, 1))


@given(st.lists(st.sampled_from(RANK), min_size=1))
def test_an_application_comes_to_its_worst_gate_and_no_gate_makes_it_better(outcomes: list[Any]) -> None:
    came_to = worst(tuple(outcomes))
    assert came_to in outcomes
    assert all(RANK.index(came_to) >= RANK.index(one) for one in outcomes)


FIELDS = (
    "pan_number", "name_on_pan", "pan_verified", "aadhaar_offline_kyc", "name_on_aadhaar", "address_match_score",
    "channel", "country_of_residence", "nationality", "occupation_high_risk", "pep_declared", "date_of_birth",
)  # fmt: skip


@given(st.sets(st.sampled_from(FIELDS), min_size=1))
def test_leaving_anything_out_never_leads_to_approval(case: Build, left_out: set[str]) -> None:
    assert came(case, **dict.fromkeys(left_out)).outcome != "approve"


def test_every_check_of_the_verifier_has_a_gate(case: Build) -> None:
    identity = case().identity
    assert identity is not None
    assert {check.name for check in identity.checks} == set(DOCUMENTS)


def test_an_answer_names_its_editions_and_says_which_were_not_verified(case: Build) -> None:
    later = recommend(case(invented=True), today=datetime.date(2026, 11, 20)).grounds
    assert {one.table for one in later.editions} == {"kyc_in", "fatf_call_for_action", "fatf_monitored"}
    assert any("kyc_in@2025-11-28" in caveat for caveat in later.caveats)
    assert any("invented" in caveat for caveat in later.caveats)


@pytest.mark.parametrize(
    ("kinds", "unknown"),
    [
        (("pep",), {"sanctions", "adverse_reports", "political_exposure"}),
        (("adverse",), {"sanctions", "adverse_reports", "political_exposure"}),
        (("sanctions",), {"adverse_reports", "political_exposure"}),
        (("sanctions", "pep"), {"adverse_reports"}),
        (("sanctions", "pep", "adverse"), set()),
    ],
)
def test_a_list_clears_nobody_of_what_it_has_no_entries_of(
    case: Build, kinds: tuple[str, ...], unknown: set[str]
) -> None:
    """Was: a list of exposed persons alone said "no entry of a sanctions list", and the applicant was approved."""
    rows = "".join(f"{kind},{kind},Nobody Known Here\n" for kind in kinds)
    mine = parse(f"id,kind,name\n{rows}".encode(), list_id="mine", version="1", as_of=TODAY)
    asked = case()
    request = screening_request(asked.applicant)
    assert request is not None
    found = recommend(asked.model_copy(update={"screening": screen(request, (mine,))}), today=TODAY)
    assert {gate.name for gate in found.gates if gate.status == "unknown"} == unknown
    assert found.outcome == ("incomplete" if unknown else "approve")


def test_a_blank_reference_is_no_approval(case: Build) -> None:
    with pytest.raises(ValidationError):
        came(case, pep_declared=True, diligence={**DONE, "senior_approval": " "})


def test_a_date_of_birth_that_nobody_can_have_is_not_known(case: Build) -> None:
    found = came(case, date_of_birth="1850-01-01")
    assert (found.outcome, open_gates(found)) == ("incomplete", {"adult"})
