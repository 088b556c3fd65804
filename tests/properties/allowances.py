"""Fields of which less may lead to a more favourable answer, by agent: because it is meant, or because it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANOTHER_NAME = "another name is another person"
_ANOTHER_CODE = "another well-formed code is another diagnosis"
_ANOTHER_PROCEDURE = "another name is another procedure; a misspelt one is still found"
_NO_LIMIT = "null says that the policy has no limit"
_NOT_ASKED = "what is not given is not asked about"
_BY_ACCOUNT = "an order without this address is paid to the account"

_COMPLAINT = {
    "amount": "a complaint that names no amount disputes none; where it may, a person reads it",
    "vulnerable_customer": "left out, nobody has said that the customer needs care",
    "complaint_text": "another text is another complaint; a person reads one without a known word",
}

MEANT: Final[Mapping[str, Mapping[str, str]]] = {
    "auto_insurance": {"idv": "left out, it asks for the value by price and age"},
    "claim_adjudicator": {
        "claim.diagnoses.*": _ANOTHER_CODE,
        "terms.ends": "a policy may end on a day that has not come",
        "plan.room_limit_per_day": _NO_LIMIT,
        "terms.specific_diseases.*": _ANOTHER_CODE,
        "terms.exclusions.*.diagnoses.*": _ANOTHER_CODE,
    },
    "complaint_triage": _COMPLAINT,
    "complaint_triage_with_model": _COMPLAINT,
    "goal_planner": {"annual_inflation": "left out, the target is in the money of its day"},
    "health_preauth": {
        "plan.excluded_procedures.*": _ANOTHER_PROCEDURE,
        "plan.packages.*.procedure": _ANOTHER_PROCEDURE,
        "plan.room_limit_per_day": _NO_LIMIT,
        "preauth.procedure": _ANOTHER_PROCEDURE,
    },
    "invoice_processor": {"as_of": "left out, it is today"},
    "party_screener": {"name": _ANOTHER_NAME, "aliases.*": _ANOTHER_NAME},
    "payment_orchestrator": {"payment.order.beneficiary_vpa": _BY_ACCOUNT},
    "payment_submitter": {"order.beneficiary_vpa": _BY_ACCOUNT},
    "phishing_classifier": {"url": _NOT_ASKED, "upi_vpa": _NOT_ASKED},
    "prepayment_advisor": {"loans.*.instalment": "left out, it is worked out from balance, rate and term"},
}
"""Agent -> field -> why less is not less known there. An exception that is not needed any more fails a test."""

OPEN: Final[Mapping[str, Mapping[str, str]]] = {}
"""Agent -> field -> what is wrong. Whoever mends one takes it out: the test of what is open is strict."""
