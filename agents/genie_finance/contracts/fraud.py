"""Questions and answers of the fraud family: transfers, accounts, messages, identities, sessions."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Money
from genie_finance.contracts.transfers import MOST_TRANSFERS, Id, Name, Place, Transfers, Zone

MOST_EVENTS = 10_000

Score = Annotated[Decimal, Field(ge=0, le=1)]
"""Points of a score card between 0 and 1, added up and capped. They rank cases; they are not a probability."""
Level = Literal["low", "medium", "high", "undetermined"]
"""``undetermined``: no sign of fraud, but too little is known to call it low."""
Severity = Literal["low", "medium", "high"]


class Signal(Value):
    """One finding."""

    pattern: str
    """Stable name: ``velocity_burst``, ``impossible_travel``, ``pass_through`` and so on."""
    severity: Severity
    weight: Score
    """Points that it adds to a score; an expert judgement, not measured."""
    reason: str
    account_id: str | None = None
    transaction_ids: tuple[str, ...] = ()
    """In order of time, at most fifty."""


class Unchecked(Value):
    """A check that could not be made; it never counts as a good sign."""

    check: str
    needs: str


# --- transfers: fraud ---


class FraudCheck(Payload, topic="fraud.transfer_check", classification="confidential"):
    """Were these transfers possibly made by someone other than the account holder?"""

    transfers: Transfers
    """The transfers in question and, as far as known, earlier ones."""
    candidates: tuple[Id, ...] | None = None
    """Ids of the transfers to judge; None means all. The others are history."""
    known_devices: tuple[Id, ...] | None = None
    """Sender's age; None if unknown."""
    timezone: Zone = "Asia/Kolkata"
    """Time zone of the senders: determines the night hours, and times without an offset."""


class FraudVerdict(Payload, topic="fraud.transfer_verdict", classification="confidential"):
    """Unusual features of the transfers."""

    examined: int
    score: Score
    """Risk of the worst transfer."""
    label: Level
    signals: tuple[Signal, ...]
    """Worst first."""
    unchecked: tuple[Unchecked, ...]
    grounds: Grounds


# --- transfers: mules and rings ---


def _not_zero(day: datetime.date | None) -> datetime.date | None:
    """Return None for placeholder dates, which spreadsheets and programs write if no date is known."""
    return None if day is not None and day <= datetime.date(1970, 1, 1) else day


class AccountFacts(Value):
    """The bank's data on an account."""

    account_id: Id
    opened: Annotated[datetime.date | None, AfterValidator(_not_zero)] = None
    is_business: bool | None = None
    """Merchants have many payers and payees, so fan-in and fan-out mean less for them."""


class MuleCheck(Payload, topic="fraud.mule_check", classification="confidential"):
    """Which accounts pass on other people's money?"""

    transfers: Transfers
    account_ids: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    """Accounts to judge; None means all that both receive and send."""
    accounts: Annotated[tuple[AccountFacts, ...], Field(max_length=MOST_TRANSFERS)] = ()
    timezone: Zone = "Asia/Kolkata"


class MuleAccount(Value):
    """Findings on one account."""

    account_id: str
    score: Score
    label: Level
    received: Money
    passed_on: Money
    """Fraction of the receipts sent on within the window; each rupee counts once."""
    pass_through_ratio: Annotated[Decimal, Field(ge=0, le=1)]
    payers: int
    payees: int
    patterns: tuple[str, ...]
    """Signals that name this account, worst first."""


class Ring(Value):
    """Accounts among which money circulates."""

    ring_id: str
    account_ids: tuple[str, ...]
    transfers: int
    amount: Money
    """Total of the transfers between its accounts."""
    cycle: tuple[str, ...]
    """Accounts of one round trip, in the order of the money flow; empty if there is none."""
    reason: str


class MuleVerdict(Payload, topic="fraud.mule_verdict", classification="confidential"):
    """Mule accounts and rings, worst first."""

    examined: int
    """Accounts judged."""
    score: Score
    """Risk of the worst account."""
    label: Level
    accounts: tuple[MuleAccount, ...]
    """Accounts with a finding, and those requested by name."""
    signals: tuple[Signal, ...]
    rings: tuple[Ring, ...]
    unchecked: tuple[Unchecked, ...]
    grounds: Grounds


# --- money laundering: reports required by law ---


class AccountOwner(Value):
    """Customer of an account: cash of one customer is added up over all accounts."""

    account_id: Id
    customer_id: Id
    is_non_profit: bool | None = None


class ScreeningHit(Value):
    """A match of a name on a list, from a screening."""

    account_id: Id
    list_name: Name
    score: Annotated[Decimal, Field(ge=0, le=1)]


class AmlCheck(Payload, topic="fraud.aml_check", classification="confidential"):
    """Which reports do these transfers require, and which look like laundering?"""

    transfers: Transfers
    owners: Annotated[tuple[AccountOwner, ...], Field(max_length=MOST_TRANSFERS)] = ()
    """Owners; an account that is not listed counts as a separate customer."""
    screening_hits: Annotated[tuple[ScreeningHit, ...], Field(max_length=10_000)] | None = None
    """None if names were not screened; empty if there were no hits."""
    timezone: Zone = "Asia/Kolkata"


class ReportDue(Value):
    """A monthly report of facts that the law requires, with or without suspicion."""

    kind: Literal["CTR", "CBWTR", "NTR"]
    """Cash transactions; cross-border wire transfers; receipts of non-profit organisations."""
    customer_id: str
    month: datetime.date
    """First day of the month."""
    due: datetime.date
    amount: Money
    transaction_ids: tuple[str, ...]
    clause: str


class SuspicionDraft(Value):
    """A draft for the principal officer, who alone decides whether something is suspicious."""

    typology: str
    """``structuring``, ``round_trip``, ``rapid_movement``, ``high_risk_country``, ``screening_hit``."""
    severity: Severity
    customer_ids: tuple[str, ...]
    transaction_ids: tuple[str, ...]
    amount: Money
    first: datetime.date
    last: datetime.date
    narrative: str


class AmlReport(Payload, topic="fraud.aml_report", classification="restricted"):
    """Reports due and drafts of suspicions. The customer must not be told, hence the label."""

    examined: int
    reports: tuple[ReportDue, ...]
    suspicions: tuple[SuspicionDraft, ...]
    unchecked: tuple[Unchecked, ...]
    grounds: Grounds


# --- messages ---


class PhishingCheck(Payload, topic="fraud.phishing_check", classification="confidential"):
    """Is this link, text or payment address phishing?"""

    url: Annotated[str, Field(min_length=1, max_length=4_096)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    upi_vpa: Annotated[str, Field(min_length=1, max_length=320)] | None = None

    @model_validator(mode="after")
    def _something_is_given(self) -> Self:
        if self.url is None and self.text is None and self.upi_vpa is None:
            raise ValueError("give a url, a text or a upi_vpa")
        return self


class PhishingVerdict(Payload, topic="fraud.phishing_verdict", classification="confidential"):
    """Signs of phishing."""

    score: Score
    label: Literal["safe", "unverified", "suspicious", "phishing"]
    """``safe``: a known official source with no warning signs. ``unverified``: no warning signs, but not a known
    official source."""
    signals: tuple[Signal, ...]
    grounds: Grounds


# --- identities ---

_Count = Annotated[int, Field(ge=0, le=10**6)]


class SyntheticIdentityCheck(Payload, topic="fraud.synthetic_check", classification="confidential"):
    """Is this applicant a synthetic identity? An unknown fact is None and never counts as good."""

    applicant_id: Id
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    """Stated age in years."""
    bureau_tenure_months: _Count | None = None
    """Age of the oldest account known to a credit bureau, in months; 0 if the bureau has none."""
    pan_number: Annotated[str, Field(max_length=32)] | None = None
    name_on_pan: Name | None = None
    name_on_aadhaar: Name | None = None
    email_domain: Annotated[str, Field(max_length=253)] | None = None
    phone_age_days: _Count | None = None
    """Days since the number was first seen in use."""
    address_velocity: _Count | None = None
    """Number of other applicants with this address within ninety days."""
    phone_shared_with: _Count | None = None
    """Other applicants or customers with the same phone."""
    device_shared_with: _Count | None = None
    bank_account_shared_with: _Count | None = None


class SyntheticIdentityVerdict(Payload, topic="fraud.synthetic_verdict", classification="confidential"):
    """Signs of a synthetic identity."""

    applicant_id: str
    score: Score
    """Score from the known facts."""
    worst_score: Score
    """Score if all unknown facts had their worst value."""
    label: Level
    recommendation: Literal["proceed", "ask_for_more", "enhanced_diligence", "manual_review"]
    signals: tuple[Signal, ...]
    unchecked: tuple[Unchecked, ...]
    grounds: Grounds


# --- sessions ---


def _with_offset(value: datetime.datetime) -> datetime.datetime:
    if value.utcoffset() is None:
        raise ValueError("needs an offset from UTC, such as 2026-01-05T10:00:00+05:30")
    return value


Instant = Annotated[datetime.datetime, AfterValidator(_with_offset)]


class SessionEvent(Value):
    """One attempt to sign in."""

    timestamp: Instant
    successful_auth: bool
    place: Place | None = None
    ip: Annotated[str, Field(max_length=64)] | None = None
    device_id: Id | None = None


class SessionCheck(Payload, topic="fraud.session_check", classification="confidential", key="user_id"):
    """Was this user's account taken over?"""

    user_id: Id
    events: Annotated[tuple[SessionEvent, ...], Field(max_length=MOST_EVENTS)]
    """In any order."""
    known_devices: tuple[Id, ...] | None = None
    """Devices of earlier sessions; None if unknown, empty if there were none."""


class SessionVerdict(Payload, topic="fraud.session_verdict", classification="confidential", key="user_id"):
    """Unusual features of the sessions, and the recommended action."""

    user_id: str
    score: Score
    label: Level
    recommended_action: Literal["allow", "step_up", "block"]
    signals: tuple[Signal, ...]
    unchecked: tuple[Unchecked, ...]
    grounds: Grounds


# --- the pipeline over many accounts ---


class FraudRingQuestion(Payload, topic="fraud.ring_question", classification="confidential"):
    """Which accounts of this ledger belong to a ring, and which reports are required?"""

    filename: Annotated[str, Field(max_length=255)]
    content: Annotated[bytes, Field(max_length=64 * 1024 * 1024)]
    """CSV in UTF-8 with a header of the fields of a transfer; ``currency`` and ``timezone`` are optional columns."""


class FraudRingReport(Payload, topic="fraud.ring_report", classification="restricted"):
    """A ledger on one page: rings, mules, unusual transfers, due reports, and missing data."""

    headline: str
    proposals: tuple[str, ...]
    """Decisions that people should make next; this report blocks or files nothing."""
    transfers: int
    accounts: int
    amount: tuple[Money, ...]
    """By currency."""
    first: datetime.date | None
    last: datetime.date | None
    mules: MuleVerdict | None
    aml: AmlReport | None
    fraud: FraudVerdict | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
