"""Fields of which less may lead to a more favourable answer, by agent: because it is meant, or because it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANOTHER_NAME = "another name is another person"
_ANOTHER_CODE = "another well-formed code is another diagnosis"
_NOT_ASKED = "what is not given is not asked about"
_BY_ACCOUNT = "an order without this address is paid to the account"

MEANT: Final[Mapping[str, Mapping[str, str]]] = {
    "auto_insurance": {"idv": "left out, it asks for the value by price and age"},
    "claim_adjudicator": {
        "claim.diagnoses.*": _ANOTHER_CODE,
        "terms.exclusions.*.diagnoses.*": _ANOTHER_CODE,
    },
    "complaint_triage": {
        "complaint_text": "another text is another complaint; a person reads one without a known word"
    },
    "goal_planner": {"annual_inflation": "left out, the target is in the money of its day"},
    "health_preauth": {"plan.room_limit_per_day": "null says that the policy has no limit"},
    "invoice_processor": {"as_of": "left out, it is today"},
    "party_screener": {"name": _ANOTHER_NAME, "aliases.*": _ANOTHER_NAME},
    "payment_orchestrator": {"payment.order.beneficiary_vpa": _BY_ACCOUNT},
    "payment_submitter": {"order.beneficiary_vpa": _BY_ACCOUNT},
    "phishing_classifier": {"url": _NOT_ASKED, "text": _NOT_ASKED, "upi_vpa": _NOT_ASKED},
    "prepayment_advisor": {"loans.*.instalment": "left out, it is worked out from balance, rate and term"},
}
"""Agent -> field -> why less is not less known there. An exception that is not needed any more fails a test."""

OPEN: Final[Mapping[str, Mapping[str, str]]] = {
    "aml_monitor": {
        "transfers.*.sender_country": "a transfer of unknown country is neither suspected nor named as unchecked",
        "transfers.*.recipient_country": "a transfer of unknown country is neither suspected nor named as unchecked",
    },
    "claim_adjudicator": {
        "claim.peril": "a peril that the policy does not have is paid without a limit",
        "terms.sub_limits.*.peril": "a peril that the policy does not have is paid without a limit",
        "terms.network_only.*": "a peril that the policy does not have is paid outside the network",
    },
    "complaint_triage": {
        "amount": "an unknown amount counts as a small one",
        "vulnerable_customer": "a customer of whom nothing is known counts as one in no need of care",
    },
    "cyber_guardian": {"events.*.device_id": "an unknown device counts for less than a new one"},
    "health_preauth": {
        "plan.excluded_procedures.*": "a procedure is compared by its whole text",
        "plan.packages.*.procedure": "a procedure is compared by its whole text",
        "preauth.procedure": "a procedure is compared by its whole text",
    },
    "invoice_processor": {"reference.vendor_gstin": "the number of a vendor that is not known is not compared"},
    "lcr_projector": {"other_outflows": "further outflows that are left out count as none"},
    "mule_detector": {
        "accounts": "an account of unknown age counts as an old one",
        "accounts.*.account_id": "an account of unknown age counts as an old one",
        "accounts.*.opened": "an account of unknown age counts as an old one",
    },
    "supply_chain_finance": {
        "invoices.*.agreed_days": "unknown terms count as 45 days",
        "invoices.*.disputed": "an invoice of which nothing is said counts as undisputed",
        "invoices.*.written_agreement": "unknown terms count as 45 days",
    },
    "synthetic_identity_detector": {"name_on_pan": "an unknown name counts for less than one that differs"},
    "working_capital_forecaster": {"monthly_growth_percent": "a growth that is left out counts as none"},
}
"""Agent -> field -> what is wrong. Whoever mends one takes it out: the test of what is open is strict."""
