"""The register: one policy a number, and a number that is not there is asked about."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from genie_finance.contracts.claims import Case, HealthPolicy, PolicyFound, PolicyLookup
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.insurance.policy_register import PolicyRegisterSettings, find


def policy(number: str, terms_of: str | None = None) -> dict[str, Any]:
    amounts = {"sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "deductible": 0, "copay_percent": 0}
    plan = {
        **amounts, "product_code": "HLT", "room_limit_per_day": None, "icu_limit_per_day": None,
        "initial_waiting_days": 30,
        "pre_existing_waiting_months": 36, "specific_waiting_months": 24, "excluded_procedures": (), "packages": (),
        "network_only": True,
    }  # fmt: skip
    terms = {
        **amounts, "policy_number": terms_of or number, "product_code": "HLT", "starts": "2026-04-01",
        "ends": "2027-03-31", "covered_since": "2022-04-01", "initial_waiting_days": 30, "exclusions": (),

        "perils": ("hospitalisation",), "pre_existing": (), "specific_diseases": (),
        "sub_limits": (), "sub_limits_apply": "before_sharing", "network_only": (),
    }  # fmt: skip
    return {"policy_number": number, "holder": "A", "plan": plan, "terms": terms}


def lookup(number: str) -> PolicyLookup:
    return PolicyLookup(policy_number=number, on=datetime.date(2026, 6, 1))


def test_a_policy_is_found_by_its_number() -> None:
    settings = PolicyRegisterSettings.model_validate({"policies": (policy("P-1"), policy("P-2"))})
    found = find(lookup("P-2"), settings)
    assert isinstance(found, PolicyFound)
    assert found.policy.policy_number == "P-2"


@pytest.mark.parametrize("number", ["P-3", "p-1"])
def test_any_other_number_is_asked_about(number: str) -> None:
    settings = PolicyRegisterSettings.model_validate({"policies": (policy("P-1"),)})
    assert isinstance(find(lookup(number), settings), InsufficientData)


@pytest.mark.parametrize("policies", [(policy("P-1"), policy("P-1")), (policy("P-1", terms_of="P-2"),)])
def test_a_register_that_contradicts_itself_is_refused(policies: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(ValueError, match="twice|another policy"):
        PolicyRegisterSettings.model_validate({"policies": policies})


def test_terms_of_another_product_are_refused() -> None:
    given = policy("P-1")
    given["plan"]["product_code"] = "OTHER"
    with pytest.raises(ValueError, match="another policy or product"):
        HealthPolicy.model_validate(given)


def test_a_plan_and_terms_that_differ_are_refused() -> None:
    given = policy("P-1")
    given["plan"]["bonus"] = 1
    with pytest.raises(ValueError, match="differ in bonus"):
        HealthPolicy.model_validate(given)


def test_the_register_brings_the_screening_and_a_case_has_none() -> None:
    """A claimant could bring a score for fraud with the claim."""
    screened = {"claim_id": "C-1", "score": "0.1", "by": "claims screening"}
    settings = PolicyRegisterSettings.model_validate({"policies": (policy("P-1"),), "screenings": (screened,)})
    found = [find(lookup("P-1").model_copy(update={"claim_id": one}), settings) for one in ("C-1", "C-2", None)]
    assert [one.screening is not None for one in found if isinstance(one, PolicyFound)] == [True, False, False]
    with pytest.raises(ValueError, match="screening"):
        Case.model_validate({"screening": screened})
    with pytest.raises(ValueError, match="two screening results"):
        PolicyRegisterSettings.model_validate({"screenings": (screened, screened)})
