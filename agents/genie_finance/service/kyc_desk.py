"""KYC desk: takes an application, has it checked from three sides at once, and lays the findings on one table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import anyio

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie_finance.contracts.fraud import SyntheticIdentityCheck, SyntheticIdentityVerdict
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.kyc import (
    Applicant,
    IdentityCheckRequest,
    IdentityEvidence,
    KycApplication,
    KycCase,
    MissingCheck,
)
from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.domain.asking import reply_to

ID = "kyc_desk"
P = TypeVar("P", bound=Payload)
_WITHIN_S = 10.0
ASKS: Mapping[type[Payload], tuple[type[Payload], ...]] = MappingProxyType(
    {
        IdentityCheckRequest: (IdentityEvidence,),
        SyntheticIdentityCheck: (SyntheticIdentityVerdict, InsufficientData),
        ScreeningRequest: (ScreeningResult,),
    }
)
"""What the desk asks; each is answered with one of these."""


def synthetic_check(applicant: Applicant, *, today: datetime.date) -> SyntheticIdentityCheck:
    """Return the question whether somebody made this applicant up; what is not known stays unknown."""
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
    """Return the question whether the applicant is on a list, under every name that is known; None without any."""
    names = [one for one in (applicant.name, applicant.name_on_pan, applicant.name_on_aadhaar) if one is not None]
    if not names:
        return None
    countries = (applicant.country_of_residence, applicant.nationality)
    return ScreeningRequest(
        subject_id=applicant.customer_id,
        name=names[0],
        aliases=tuple(dict.fromkeys(one for one in names[1:] if one != names[0])),
        date_of_birth=applicant.date_of_birth,
        countries=tuple(dict.fromkeys(one for one in countries if one is not None)),
        identifiers=() if applicant.pan_number is None else (applicant.pan_number,),
    )


class _Checks:
    """What has come so far, and what has not."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.identity: IdentityEvidence | None = None
        self.synthetic: SyntheticIdentityVerdict | None = None
        self.screening: ScreeningResult | None = None
        self.insufficient: list[InsufficientData] = []
        self.missing: list[MissingCheck] = []

    async def ask_identity(self, applicant: Applicant) -> None:
        self.identity = await self._ask(IdentityCheckRequest(applicant=applicant), IdentityEvidence)

    async def ask_synthetic(self, question: SyntheticIdentityCheck) -> None:
        self.synthetic = await self._ask(question, SyntheticIdentityVerdict)

    async def ask_screening(self, question: ScreeningRequest | None) -> None:
        if question is None:
            lack = Lack(what="name", needed="a name: stated, on the PAN or on Aadhaar")
            self.insufficient.append(InsufficientData(agent=ID, question="screening", missing=(lack,)))
        else:
            self.screening = await self._ask(question, ScreeningResult)

    async def _ask(self, question: Payload, answer: type[P]) -> P | None:
        reply = await reply_to(self._context, question, answer, ASKS[type(question)], within_s=_WITHIN_S)
        if reply.insufficient is not None:
            self.insufficient.append(reply.insufficient)
        if reply.silence is not None:
            self.missing.append(MissingCheck(agent=reply.silence.agent, reason=reply.silence.reason))
        return reply.found


@agent(
    id=ID,
    capabilities=("kyc.collect",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=ASKS,
)
async def kyc_desk(application: KycApplication, context: Context) -> KycCase:
    """Has an application checked for identity, synthetic identity and watch lists at once, and gathers what came."""
    applicant = application.applicant
    checks = _Checks(context)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(checks.ask_identity, applicant)
        tasks.start_soon(checks.ask_synthetic, synthetic_check(applicant, today=context.now().date()))
        tasks.start_soon(checks.ask_screening, screening_request(applicant))
    return KycCase(
        applicant=applicant,
        identity=checks.identity,
        synthetic=checks.synthetic,
        screening=checks.screening,
        insufficient=tuple(sorted(checks.insufficient, key=lambda one: one.agent)),
        missing=tuple(sorted(checks.missing, key=lambda one: one.agent)),
    )
