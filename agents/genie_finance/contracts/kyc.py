"""Payloads of the identification of customers (KYC): an individual who wants an account in India."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.fraud import SyntheticIdentityVerdict
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.screening import ScreeningResult

Id = Annotated[str, Field(min_length=1, max_length=128)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Score = Annotated[Decimal, Field(ge=0, le=1)]
"""0 to 1, from the checking service."""
_Count = Annotated[int, Field(ge=0, le=10**6)]
Outcome = Literal["approve", "enhanced_diligence", "reject", "incomplete"]
Tier = Literal["low", "medium", "high"]
"""Risk category of a customer, which determines how often the data is updated."""
CheckStatus = Literal["passed", "failed", "unknown"]


class DiligenceEvidence(Value):
    """Result of enhanced due diligence."""

    source_of_wealth_verified: bool
    source_of_funds_verified: bool
    senior_approval: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\w")] | None
    """Reference of the approval by senior management; None if there is none yet."""
    done_on: datetime.date


class Applicant(Value):
    """Data about an applicant. None means unknown, which never counts as good.

    The full Aadhaar number must not be given: its last four digits and the signed offline file are enough.
    """

    customer_id: Id
    name: Name | None = None
    date_of_birth: datetime.date | None = None
    date_of_birth_verified: bool | None = None
    """True if the signed offline file or another official document contains it.

    Only then can it distinguish the applicant from a watch list entry with the same name.
    """
    pan_number: Annotated[str, Field(max_length=32)] | None = None
    name_on_pan: Name | None = None
    pan_verified: bool | None = None
    """True if the tax authority's records have this PAN with this name."""
    aadhaar_last4: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None
    aadhaar_offline_kyc: bool | None = None
    """True if the offline file or the QR code has a valid signature of the issuer."""
    aadhaar_file_date: datetime.date | None = None
    """Day on which the offline file was made; required if it is used in a video process."""
    name_on_aadhaar: Name | None = None
    address_match_score: Score | None = None
    """Match between stated and documented address."""
    liveness_score: Score | None = None
    face_match_score: Score | None = None
    channel: Literal["face_to_face", "video", "digital"] | None = None
    """At a branch; video identification (V-CIP); or neither, which is a non-face-to-face relationship."""
    country_of_residence: Country | None = None
    nationality: Country | None = None
    occupation: Annotated[str, Field(max_length=100)] | None = None
    occupation_high_risk: bool | None = None
    """By the bank's own list: dealers in arms, precious metals, cash-intensive trades and so on."""
    pep_declared: bool | None = None
    """Self-declared politically exposed person, or a relation of one."""
    bureau_tenure_months: _Count | None = None
    email_domain: Annotated[str, Field(max_length=253)] | None = None
    phone_age_days: _Count | None = None
    address_velocity: _Count | None = None
    """Applicants who gave this address within ninety days, this one not counted."""
    phone_shared_with: _Count | None = None
    device_shared_with: _Count | None = None
    bank_account_shared_with: _Count | None = None
    diligence: DiligenceEvidence | None = None
    """None if there is no enhanced due diligence yet."""


class KycApplication(Payload, topic="kyc.application", classification="confidential"):
    """May this applicant have an account, and in which risk category?"""

    applicant: Applicant


class IdentityCheckRequest(Payload, topic="kyc.identity_check", classification="confidential"):
    """Do the documents of this applicant prove the identity?"""

    applicant: Applicant


class Check(Value):
    """One check and its result."""

    name: str
    """``pan_form``, ``pan_verified``, ``pan_name_initial``, ``name_match``, ``aadhaar`` and so on."""
    status: CheckStatus
    detail: str


class IdentityEvidence(Payload, topic="kyc.identity_evidence", classification="confidential"):
    """The checks on an applicant's documents, in a fixed order."""

    customer_id: str
    checks: tuple[Check, ...]
    name_score: Annotated[int, Field(ge=0, le=100)] | None
    """Likeness of the names on PAN and Aadhaar; None if they cannot be compared."""
    grounds: Grounds


class KycCase(Payload, topic="kyc.case", classification="confidential"):
    """An application with all findings."""

    applicant: Applicant
    identity: IdentityEvidence | None
    synthetic: SyntheticIdentityVerdict | None
    screening: ScreeningResult | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()


class Gate(Value):
    """A condition of an account. A failed condition cannot be outweighed by others."""

    name: str
    status: CheckStatus
    outcome: Outcome
    """Decision of this gate alone."""
    reason: str


class Incident(Value):
    """Something that must be reported or recorded besides the application."""

    kind: Literal["sanctions_match", "suspected_synthetic_identity", "forged_document"]
    severity: Literal["medium", "high"]
    action: str


class KycRecommendation(Payload, topic="kyc.recommendation", classification="confidential"):
    """Decision under the rules; if a policy holds it, people decide before it takes effect."""

    customer_id: str
    outcome: Outcome
    tier: Tier | None
    """None if too little is known."""
    senior_approval: bool
    """Senior management must approve before an account is opened."""
    gates: tuple[Gate, ...]
    next_kyc_update: datetime.date | None
    """Deadline for updating the data; None unless approved."""
    next_steps: tuple[str, ...]
    incident: Incident | None
    missing: tuple[MissingAnswer, ...]
    grounds: Grounds


class KycDecision(Payload, topic="kyc.decision", classification="confidential"):
    """The decision on an application."""

    headline: str
    customer_id: str
    outcome: Outcome
    tier: Tier | None
    next_kyc_update: datetime.date | None
    gates: tuple[Gate, ...]
    next_steps: tuple[str, ...]
    incident: Incident | None
    decided_at: datetime.datetime
    missing: tuple[MissingAnswer, ...]
    grounds: Grounds
