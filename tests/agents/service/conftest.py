"""An applicant in order; a test says what differs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from genie_finance.contracts.fraud import SyntheticIdentityVerdict
from genie_finance.contracts.grounds import Grounds, Reason
from genie_finance.contracts.kyc import Applicant, KycCase
from genie_finance.contracts.screening import ScreeningRequest
from genie_finance.domain.screening import Watchlist, shipped
from genie_finance.service.identity_verifier import IdentitySettings, verify
from genie_finance.service.kyc_desk import screening_request
from genie_finance.service.party_screener import screen

TODAY = datetime.date(2025, 11, 3)
IN_ORDER: dict[str, Any] = {
    "customer_id": "c1", "name": "Meera Krishnan Iyer", "date_of_birth": "1991-08-04", "pan_number": "ABCPI1234K",
    "name_on_pan": "MEERA KRISHNAN IYER", "pan_verified": True, "aadhaar_last4": "4821", "aadhaar_offline_kyc": True,
    "name_on_aadhaar": "Meera K Iyer", "address_match_score": "0.93", "channel": "face_to_face",
    "country_of_residence": "IN", "nationality": "IN", "occupation_high_risk": False, "pep_declared": False,
}  # fmt: skip


def grounds() -> Grounds:
    return Grounds(reasons=(Reason(code="t.t", text="test"),), inputs=(), editions=(), uncertainty="none")


def verdict(label: str = "low") -> SyntheticIdentityVerdict:
    return SyntheticIdentityVerdict.model_validate(
        {"applicant_id": "c1", "score": "0.8" if label == "high" else 0, "worst_score": 1, "label": label,
         "recommendation": "proceed", "signals": (), "unchecked": (), "grounds": grounds()}
    )  # fmt: skip


INVENTED = shipped()
REAL = Watchlist("real", INVENTED.version, INVENTED.as_of, INVENTED.entries)


def _case(
    *,
    synthetic: str | None = "low",
    screened: bool = True,
    verified: bool = True,
    invented: bool = False,
    **changed: Any,
) -> KycCase:
    applicant = Applicant.model_validate({**IN_ORDER, **changed})
    request = screening_request(applicant)
    assert request is None or isinstance(request, ScreeningRequest)
    return KycCase(
        applicant=applicant,
        identity=verify(applicant, IdentitySettings(), today=TODAY) if verified else None,
        synthetic=None if synthetic is None else verdict(synthetic),
        screening=screen(request, (INVENTED if invented else REAL,)) if screened and request is not None else None,
    )


@pytest.fixture(scope="session")
def case() -> Callable[..., KycCase]:
    return _case


@pytest.fixture(scope="session")
def today() -> datetime.date:
    return TODAY
