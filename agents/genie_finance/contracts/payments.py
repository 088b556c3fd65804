"""Payloads of payment orders: rupees from an account to a beneficiary over a rail."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.fraud import (
    FraudVerdict,
    MuleVerdict,
    PhishingVerdict,
    SessionEvent,
    SessionVerdict,
)
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Money, MoneyBounds
from genie_finance.contracts.screening import ScreeningResult
from genie_finance.contracts.transfers import Transfer

Id = Annotated[str, Field(min_length=1, max_length=128)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
MOST_HISTORY = 20_000
Amount = Annotated[Money, MoneyBounds(most=10**14)]
"""An amount, up to a lakh crore; a plain number or text is an amount in rupees."""


def _aware(value: datetime.datetime) -> datetime.datetime:
    if value.tzinfo is None:
        raise ValueError("needs the offset of its timezone, as +05:30")
    return value


AwareMoment = Annotated[datetime.datetime, AfterValidator(_aware)]
Rail = Literal["upi", "imps", "neft", "rtgs"]
Purpose = Literal[
    "person", "merchant", "tax", "hospital", "education", "ipo", "capital_market", "insurance", "travel", "credit_card",
    "collection", "jewellery", "government_market",
]  # fmt: skip
"""Purpose, by the categories for which UPI has separate limits. All but ``person`` are verified merchants; ``person``
has the lowest limits."""
State = Literal["refused", "held", "submitted", "settled", "failed", "returned", "unknown"]
"""``held``: an earlier order with the same key is waiting. ``submitted``: sent to the provider, result unknown.
``unknown``:
the provider did not answer; query it, never send again under another key."""


class SessionFacts(Value):
    """The session in which the order was given."""

    events: Annotated[tuple[SessionEvent, ...], Field(max_length=1_000)]
    device_id: Id | None = None
    known_devices: tuple[Id, ...] | None = None


class PaymentOrder(Value):
    """Pay this amount to this beneficiary."""

    idempotency_key: Annotated[str, Field(max_length=128)]
    """Key chosen by the sender, one per intended payment; the same key means the same payment."""
    payer_id: Id
    payer_account: Annotated[str, Field(min_length=1, max_length=34)]
    beneficiary_name: Name
    beneficiary_vpa: Annotated[str, Field(max_length=320)] | None = None
    beneficiary_ifsc: Annotated[str, Field(max_length=16)] | None = None
    beneficiary_account: Annotated[str, Field(max_length=34)] | None = None
    amount: Amount
    purpose: Purpose
    remark: Annotated[str, Field(max_length=140)] = ""
    urgency: Literal["now", "today", "any"]
    is_trusted_beneficiary: bool
    """True if the payer has added and confirmed the beneficiary, and the cooling-off period has passed."""
    beneficiary_added_at: AwareMoment | None = None
    """With its offset; None if unknown or never added."""


class Payment(Value):
    """An order with its known context. None means unknown, which never counts as good."""

    order: PaymentOrder
    available_balance: Amount | None = None
    """Balance of the payer's account."""
    session: SessionFacts | None = None
    history: Annotated[tuple[Transfer, ...], Field(max_length=MOST_HISTORY)] | None = None
    """Earlier transfers of payer and beneficiary, in any order."""
    invitation: Annotated[str, Field(max_length=20_000)] | None = None
    """The message that requested the payment; None if there was none."""


class PaymentQuestion(Payload, topic="payments.question", classification="confidential"):
    """May this payment be made, over which rail, and what is its outcome?"""

    payment: Payment


class PaymentCase(Payload, topic="payments.case", classification="confidential"):
    """An order with the results of its checks."""

    payment: Payment
    fraud: FraudVerdict | None
    session: SessionVerdict | None
    mule: MuleVerdict | None
    phishing: PhishingVerdict | None
    screening: ScreeningResult | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()


class RailChoice(Value):
    """A rail and whether it can carry the order."""

    rail: Rail
    fits: bool
    reason: str


class PaymentInstruction(Payload, topic="payments.instruction", classification="confidential"):
    """The instruction to the provider, after approval."""

    idempotency_key: str
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the order: only the judged order can be submitted."""
    order: PaymentOrder
    rail: Rail
    needs_approval: bool
    approval_reasons: tuple[str, ...]
    rails: tuple[RailChoice, ...]
    missing: tuple[MissingAnswer, ...]
    grounds: Grounds


class PaymentIncident(Value):
    """A fact about an order that must be recorded in addition to refusing it."""

    kind: Literal["sanctions_match", "suspected_fraud", "suspected_mule", "phishing", "duplicate_key"]
    severity: Literal["medium", "high"]
    action: str


class PaymentStatus(Payload, topic="payments.status", classification="confidential"):
    """Outcome or present state of an order."""

    headline: str
    idempotency_key: str
    state: State
    rail: Rail | None
    amount: Money
    reference: str | None
    """The provider's reference; None if it has none."""
    replayed: bool
    """True if this is the outcome of an earlier order with the same key; nothing was sent this time."""
    expected_by: datetime.datetime | None
    """When the beneficiary should receive the money, from the rail's cycle; None if nothing is in progress."""
    reasons: tuple[str, ...]
    incident: PaymentIncident | None
    missing: tuple[MissingAnswer, ...]
    grounds: Grounds
