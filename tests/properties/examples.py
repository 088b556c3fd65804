"""Inputs beside the shipped samples: plain ones, and ones with something bad that hiding must not help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from genie_finance.contracts.complaints import ComplaintFiled
from genie_finance.contracts.fraud import (
    AmlCheck,
    FraudCheck,
    MuleCheck,
    PhishingCheck,
    SessionCheck,
    SyntheticIdentityCheck,
)
from genie_finance.contracts.insurance import ClaimRequest, MotorClaimRequest, MotorQuoteRequest, PreauthRequest
from genie_finance.contracts.kyc import IdentityCheckRequest, KycCase
from genie_finance.contracts.lending import DebtPayoffRequest, LoanRequest, PrepaymentRequest
from genie_finance.contracts.screening import ScreeningRequest
from genie_finance.contracts.sme import UnderwriteRequest, WorkingCapitalRequest
from tests.agents.service.conftest import _case as kyc_case
from tests.agents.service.test_kyc_gates import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.message import Payload

Given = dict[str, Any]

TERMS: Final[Given] = {
    "policy_number": "P-1", "product_code": "HLT", "starts": "2026-04-01", "ends": "2027-03-31",
    "covered_since": "2022-04-01", "sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "deductible": 5_000,
    "copay_percent": 10, "initial_waiting_days": 30,
    "exclusions": [{"code": "Excl08", "text": "cosmetic surgery", "diagnoses": ["Z41.1"]}],
    "sub_limits": [{"peril": "hospitalisation", "most": 60_000}, {"peril": "day_care", "most": 20_000}],
    "sub_limits_apply": "after_sharing", "network_only": ["day_care"], "perils": ["hospitalisation", "day_care"],
    "pre_existing": ["E11"], "specific_diseases": ["H25"],
}  # fmt: skip
CLEAN: Final[Given] = {"claim_id": "C-1", "score": "0.05", "by": "fraud desk"}
CLAIM: Final[Given] = {
    "claim_id": "C-1", "policy_number": "P-1", "incurred": 90_000, "peril": "hospitalisation", "on": "2026-06-01",
    "caused_by_accident": False, "diagnoses": ["K35.8"], "in_network": True, "procedure": "Appendicectomy",
    "bills_by_room": True, "pre_existing": False, "specific_disease": False,
    "bill": [{"text": "room", "category": "room", "amount": 30_000, "days": 3},
             {"text": "surgeon", "category": "associated", "amount": 60_000}],
}  # fmt: skip
PLAN: Final[Given] = {
    "product_code": "HLT", "sum_insured": 500_000, "bonus": 0, "paid_this_year": 0, "room_limit_per_day": 5_000,
    "icu_limit_per_day": 10_000, "deductible": 0, "copay_percent": 10, "initial_waiting_days": 30,
    "pre_existing_waiting_months": 36, "specific_waiting_months": 24, "excluded_procedures": ["Cosmetic surgery"],
    "packages": [{"procedure": "Cataract", "most": 40_000}], "network_only": True,
}  # fmt: skip
PREAUTH: Final[Given] = {
    "preauth_id": "A-1", "policy_number": "P-1", "product_code": "HLT", "patient": "Asha Rao", "hospital_code": "H-1",
    "in_network": True, "bills_by_room": True, "procedure": "Cataract", "admitted": "2026-08-15",
    "covered_since": "2022-04-01", "caused_by_accident": False, "pre_existing": False, "specific_disease": False,
    "bill": [{"text": "single room", "category": "room", "amount": 24_000, "days": 3},
             {"text": "surgeon", "category": "associated", "amount": 62_000}], "estimate": None,
}  # fmt: skip
CAR: Final[Given] = {"kind": "private_car", "fuel": "petrol", "registered": "2023-05-10", "cubic_capacity": 1_197}


def moved(number: int, day: str, sender: str | None, recipient: str | None, amount: int, **more: object) -> Given:
    return {
        "transaction_id": f"t{number}", "timestamp": f"2026-01-{day}+05:30", "sender": sender, "recipient": recipient,
        "amount": amount, "channel": "imps", "sender_country": "IN", "recipient_country": "IN", **more,
    }  # fmt: skip


CASH: Final = [
    moved(one, f"{one + 5:02}T10:00:00", None, "a", 990_000, channel="cash", sender_country=None) for one in range(4)
]
PASSED_ON: Final = [
    *(moved(one, f"05T1{one}:05:00", f"p{one}", "mule", 50_000) for one in range(8)),
    moved(20, "05T18:30:00", "mule", "boss", 390_000),
    moved(21, "20T18:30:00", "a", "b", 900_000, channel="wire", recipient_country="IR"),
]
SESSIONS: Final = [
    {"timestamp": f"2026-01-{day}T09:00:00+05:30", "successful_auth": True, "device_id": "d1", "ip": "203.0.113.5",
     "place": {"latitude": 19.07, "longitude": 72.87}} for day in ("03", "04", "05", "06", "07", "08")
]  # fmt: skip
ABROAD: Final[Given] = {
    "timestamp": "2026-01-08T10:00:00+05:30", "successful_auth": True, "device_id": "d9", "ip": "198.51.100.7",
    "place": {"latitude": 51.5, "longitude": -0.12},
}  # fmt: skip
APPLICANT: Final[Given] = {
    "customer_id": "c1", "name": "Meera Krishnan Iyer", "date_of_birth": "1991-08-04", "pan_number": "ABCPI1234K",
    "name_on_pan": "MEERA KRISHNAN IYER", "pan_verified": True, "aadhaar_last4": "4821", "aadhaar_offline_kyc": True,
    "aadhaar_file_date": "2026-11-19", "name_on_aadhaar": "Meera K Iyer", "address_match_score": "0.93",
    "liveness_score": "0.95", "face_match_score": "0.95", "channel": "video", "country_of_residence": "IN",
    "nationality": "IN", "occupation_high_risk": False, "pep_declared": False,
}  # fmt: skip

EXAMPLES: Final[Mapping[type[Payload], tuple[Given, ...]]] = {
    AmlCheck: ({"transfers": CASH, "screening_hits": []}, {"transfers": PASSED_ON, "screening_hits": []}),
    ClaimRequest: (
        {"claim": CLAIM, "terms": TERMS, "plan": PLAN, "screening": CLEAN},
        {"claim": CLAIM, "terms": TERMS, "plan": PLAN, "screening": {**CLEAN, "score": "0.95"}},
        {"claim": {**CLAIM, "diagnoses": ["Z41.1"]}, "terms": TERMS, "plan": PLAN, "screening": CLEAN},
        {"claim": {**CLAIM, "peril": "day_care", "in_network": False}, "terms": TERMS, "plan": PLAN,
         "screening": CLEAN},
        {"claim": {**CLAIM, "procedure": "Cataract, left eye", "diagnoses": ["H25.1"]}, "plan": PLAN,
         "terms": {**TERMS, "covered_since": "2025-04-01"}, "screening": CLEAN},
    ),
    ComplaintFiled: (
        {"complaint_id": "k1", "user_id": "u1", "received_on": "2026-06-10", "as_of": "2026-06-11",
         "complaint_text": "An unauthorised UPI payment of 9,000 left my savings account. This is fraud.",
         "occurred_on": "2026-05-20", "reported_on": "2026-06-10", "amount": 9_000, "vulnerable_customer": True},
        {"complaint_id": "k2", "user_id": "u1", "received_on": "2026-02-10", "as_of": "2026-06-11",
         "complaint_text": "The branch charged a fee twice and nobody answers.", "replied_on": "2026-02-20",
         "rejected": False, "amount": 900_000},
    ),
    DebtPayoffRequest: (
        {"debts": [{"name": "card", "balance": 100_000, "annual_rate_percent": 42, "minimum_payment": 1_000}],
         "extra_per_month": 500},
    ),
    FraudCheck: ({"transfers": PASSED_ON},),
    IdentityCheckRequest: ({"applicant": APPLICANT},),
    LoanRequest: (
        {"principal": 1_000_000, "annual_rate_percent": 12, "term_months": 60, "purpose": "personal",
         "monthly_income": 100_000, "existing_obligations": 0, "borrower_age": 35, "as_of": "2026-02-01",
         "fees": 5_000},
        {"principal": 5_000_000, "annual_rate_percent": "8.5", "term_months": 240, "purpose": "home",
         "monthly_income": 50_000, "existing_obligations": 20_000, "borrower_age": 55, "as_of": "2026-02-01",
         "property_value": 5_200_000},
    ),
    MotorClaimRequest: (
        {"claim_id": "M-1", "vehicle": CAR, "event": "accident", "on": "2026-06-01", "wreck_kept": 0,
         "terms": {"policy_number": "P-1", "starts": "2026-04-01", "ends": "2027-03-31", "cover": "comprehensive",
                   "idv": 600_000, "zero_depreciation": False, "voluntary_deductible": 2_500},
         "repair": [{"text": "bumper", "material": "rubber_nylon_plastic", "amount": 18_000}]},
    ),
    MotorQuoteRequest: (
        {"starts": "2026-05-10", "vehicle": CAR, "zone": "A", "cover": "comprehensive", "third_party_years": 1,
         "idv": None, "showroom_price": 900_000, "own_damage_rate_percent": None, "discount_percent": 20,
         "voluntary_deductible": 0, "no_claim_bonus_percent": 25, "claimed": False, "expired": "2026-05-09",
         "owner_driver_premium": 275, "add_ons": []},
    ),
    MuleCheck: (
        {"transfers": PASSED_ON, "account_ids": ["mule"],
         "accounts": [{"account_id": "mule", "opened": "2025-12-20", "is_business": False}]},
    ),
    PhishingCheck: (
        {"url": "http://sbi-kyc-update.example.top/login"},
        {"text": "Your electricity will be cut tonight. Call the officer now and pay the bill at http://bit.ly/x1"},
        {"upi_vpa": "refund.sbi@okaxis"},
        {"url": "https://onlinesbi.sbi/", "text": "Your statement is ready.", "upi_vpa": "shop@sbi"},
    ),
    PreauthRequest: (
        {"preauth": PREAUTH, "plan": PLAN},
        {"preauth": {**PREAUTH, "procedure": "Cosmetic surgery"}, "plan": PLAN},
        {"preauth": {**PREAUTH, "pre_existing": True, "covered_since": "2025-04-01"}, "plan": PLAN},
    ),
    PrepaymentRequest: (
        {"loans": [{"name": "home", "outstanding": 3_000_000, "annual_rate_percent": "8.5", "months_remaining": 180,
                    "rate_type": "fixed", "borrower": "individual", "charge_percent": 4, "deductible_interest": 0}],
         "amount": 500_000, "marginal_tax_rate_percent": 0, "as_of": "2026-02-01",
         "alternative_return_percent": 5},
    ),
    KycCase: (
        kyc_case(pep_declared=True, diligence=DONE).model_dump(mode="json"),
        kyc_case(nationality="KP", name_on_pan="Somebody Else").model_dump(mode="json"),
    ),
    ScreeningRequest: (
        {"subject_id": "s1", "name": "Zoravar Khazanchi", "date_of_birth": "1999-01-01", "countries": ["IN"]},
        {"subject_id": "s1", "name": "Zoravar Khazanchi", "date_of_birth": "1971-03-14"},
        {"subject_id": "s2", "name": "Meera Krishnan Iyer", "aliases": ["Meera Iyer"], "identifiers": ["ABCPI1234K"]},
    ),
    SessionCheck: (
        {"user_id": "u1", "events": SESSIONS, "known_devices": ["d1"]},
        {"user_id": "u1", "events": [*SESSIONS, ABROAD], "known_devices": ["d1"]},
    ),
    SyntheticIdentityCheck: (
        {"applicant_id": "a", "age": 41, "bureau_tenure_months": 0, "pan_number": "ABCPI1234K",
         "name_on_pan": "Meera Iyer", "name_on_aadhaar": "Rakesh Gupta", "email_domain": "mailinator.com",
         "phone_age_days": 2, "address_velocity": 9, "phone_shared_with": 4, "device_shared_with": 4,
         "bank_account_shared_with": 3},
    ),
    UnderwriteRequest: (
        {"applicant_id": "b1", "as_of": "2026-02-01", "start": "2025-01-01", "end": "2025-12-31",
         "movements": [
             one
             for month in range(1, 13)
             for one in (
                 {"date": f"2025-{month:02}-03", "narration": "NEFT CUSTOMER", "amount": 200_000, "category": None,
                  "balance": 300_000},
                 {"date": f"2025-{month:02}-05", "narration": "EMI HDFC LOAN", "amount": -90_000, "category": None,
                  "balance": 210_000},
                 {"date": f"2025-{month:02}-15", "narration": "CHQ RETURN CHARGES", "amount": -500, "category": None,
                  "balance": 209_500},
             )
         ]},
    ),
    WorkingCapitalRequest: (
        {"monthly_revenue": 1_000_000, "gross_margin_percent": 20, "operating_costs_monthly": 250_000, "dso_days": 60,
         "dio_days": 45, "dpo_days": 30, "opening_cash": 100_000, "opening_receivables": 500_000,
         "opening_inventory": 300_000, "opening_payables": 200_000, "horizon_months": 12,
         "monthly_growth_percent": -5, "debt_service_monthly": 50_000, "as_of": "2026-02-01"},
    ),
}  # fmt: skip
