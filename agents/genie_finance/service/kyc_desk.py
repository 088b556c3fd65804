"""KYC desk: has an application checked by three agents at the same time, and collects the findings."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.fraud import SyntheticIdentityCheck, SyntheticIdentityVerdict
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.kyc import (
    Applicant,
    IdentityCheckRequest,
    IdentityEvidence,
    KycApplication,
    KycCase,
)
from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="kyc_desk",
    asks={
        IdentityCheckRequest: (IdentityEvidence,),
        SyntheticIdentityCheck: (SyntheticIdentityVerdict, InsufficientData),
        ScreeningRequest: (ScreeningResult,),
    },
    within_s=10.0,
)


def synthetic_check(applicant: Applicant, *, today: datetime.date) -> SyntheticIdentityCheck:
    """Return the question whether this applicant is a synthetic identity; unknown facts stay unknown."""
    born = applicant.date_of_birth
    age = None
    if born is not None and born <= today:
        age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return SyntheticIdentityCheck(
        applicant_id=applicant.customer_id,
        age=None if age is None or age > 130 else age,
        bureau_tenure_months=applicant.bureau_tenure_months,
        pan_number=applicant.pan_number,
        name_on_pan=applicant.name_on_pan,
        name_on_aadhaar=applicant.name_on_aadhaar,
        email_domain=applicant.email_domain,
        phone_age_days=applicant.phone_age_days,
        address_velocity=applicant.address_velocity,
        phone_shared_with=applicant.phone_shared_with,
        device_shared_with=applicant.device_shared_with,
        bank_account_shared_with=applicant.bank_account_shared_with,
    )


def screening_request(applicant: Applicant) -> ScreeningRequest | None:
    """Return the question whether the applicant is on a list, under every known name; None without a name."""
    names = [one for one in (applicant.name, applicant.name_on_pan, applicant.name_on_aadhaar) if one is not None]
    if not names:
        return None
    countries = (applicant.country_of_residence, applicant.nationality)
    return ScreeningRequest(
        subject_id=applicant.customer_id,
        name=names[0],
        aliases=tuple(dict.fromkeys(one for one in names[1:] if one != names[0])),
        date_of_birth=applicant.date_of_birth,
        date_of_birth_verified=applicant.date_of_birth_verified is True,
        countries=tuple(dict.fromkeys(one for one in countries if one is not None)),
        identifiers=() if applicant.pan_number is None else (applicant.pan_number,),
    )


@agent(
    id=DESK.id,
    capabilities=("kyc.collect",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def kyc_desk(application: KycApplication, context: Context) -> KycCase:
    """Has identity, synthetic identity and watch lists of an application checked at once, and collects the findings."""
    applicant = application.applicant
    asking = DESK.open(context)
    named = Lack(what="name", needed="a name: stated, on the PAN or on Aadhaar")
    await asking.ask_all(
        (IdentityCheckRequest(applicant=applicant), IdentityEvidence),
        (synthetic_check(applicant, today=context.now().date()), SyntheticIdentityVerdict),
        (screening_request(applicant) or DESK.lacking("screening", named), ScreeningResult),
    )
    return KycCase(
        applicant=applicant,
        identity=asking.get(IdentityEvidence),
        synthetic=asking.get(SyntheticIdentityVerdict),
        screening=asking.get(ScreeningResult),
        insufficient=tuple(sorted(asking.insufficient, key=lambda one: one.agent)),
        missing=tuple(sorted(asking.missing, key=lambda one: one.agent)),
    )
