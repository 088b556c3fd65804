"""Questions to the records of payment orders, and their answers; each key has one entry."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.payments import Amount, Id, Purpose, Rail

Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of an order without its key."""
EntryState = Literal["open", "claimed", "submitted", "settled", "failed", "returned", "unknown"]
"""``open``: judged, not sent.

``claimed``: about to be sent, by one submitter. The other states come from the provider.
"""
OutcomeState = Literal["submitted", "settled", "failed", "returned", "unknown"]


class BookEntry(Value):
    """Record of one order."""

    payer_id: Id
    idempotency_key: Id
    fingerprint: Fingerprint
    payer_account: Annotated[str, Field(min_length=1, max_length=34)]
    beneficiary: Annotated[str, Field(min_length=1, max_length=320)]
    purpose: Purpose
    amount: Amount
    rail: Rail
    opened_at: datetime.datetime
    lapses_at: datetime.datetime
    """Deadline for approval; after it the order is not sent and no longer counts."""
    state: EntryState = "open"
    reference: str | None = None
    detail: str = ""


class BooksQuestion(Payload, topic="payments.books_question", classification="confidential"):
    """What is the state of this key, and what has the account sent since?"""

    payer_id: Id
    idempotency_key: Id
    payer_account: Annotated[str, Field(min_length=1, max_length=34)]
    since: datetime.datetime


class BooksView(Payload, topic="payments.books_view", classification="confidential"):
    """The entry of a key, and those of an account."""

    known: BookEntry | None
    sent: tuple[BookEntry, ...]
    """Entries that count towards limits, sent or still to be sent; oldest first."""


class EntryOpening(Payload, topic="payments.entry_opening", classification="confidential"):
    """Store this entry, unless its key is known or the account would exceed its limit."""

    entry: BookEntry
    most: Amount
    """Limit for the account from ``since`` on, including this entry."""
    since: datetime.datetime


class EntryOpened(Payload, topic="payments.entry_opened", classification="confidential"):
    """Result of storing an entry; look-up, count and storage are one step."""

    outcome: Literal["opened", "known", "over_limit"]
    entry: BookEntry | None
    """The entry stored under the key; None if over the limit."""


class EntryClaim(Payload, topic="payments.entry_claim", classification="confidential"):
    """Claim an order for sending."""

    payer_id: Id
    idempotency_key: Id
    fingerprint: Fingerprint


class EntryClaimed(Payload, topic="payments.entry_claimed", classification="confidential"):
    """Whether the order may be sent; granted once, in time, and only for the order that was judged."""

    granted: bool
    entry: BookEntry | None


class EntryOutcome(Payload, topic="payments.entry_outcome", classification="confidential"):
    """Record the provider's outcome of the order."""

    payer_id: Id
    idempotency_key: Id
    state: OutcomeState
    reference: Annotated[str, Field(max_length=128)] | None
    detail: Annotated[str, Field(max_length=500)]


class EntryKept(Payload, topic="payments.entry_kept", classification="confidential"):
    """The entry after an outcome; a final state does not change."""

    entry: BookEntry | None
