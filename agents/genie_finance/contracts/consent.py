"""Account aggregator: a person's consent, and the data fetched under it. Field names are those of ReBIT's artefact.

Field names are those of ReBIT's consent artefact, in Python's spelling.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.bulk import BulkAnalysis
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.statements import Statement


def _with_zone(value: datetime.datetime) -> datetime.datetime:
    if value.utcoffset() is None:
        raise ValueError("needs its offset from UTC, such as +05:30")
    return value


Moment = Annotated[datetime.datetime, AfterValidator(_with_zone)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Unit = Literal["HOUR", "DAY", "MONTH", "YEAR", "INF"]
PurposeCode = Literal["101", "102", "103", "104", "105"]
"""101 wealth management, 102 spending patterns, 103 aggregated statement, 104 and 105 monitoring of accounts."""


class Span(Value):
    """A number of units of time; ``INF`` means unlimited."""

    unit: Unit
    value: Annotated[int, Field(ge=0, le=10_000)]


class ConsentAccount(Value):
    """An account that the consent covers."""

    fi_type: Annotated[str, Field(max_length=40)]
    """``DEPOSIT`` and so on."""
    fip_id: Id
    link_ref_number: Id
    masked_acc_number: Annotated[str, Field(max_length=40)] = ""


class ConsentArtefact(Value):
    """A person's consent: accounts, days, purpose, frequency and expiry."""

    consent_id: Id
    status: Literal["ACTIVE", "PAUSED", "REVOKED", "EXPIRED", "PENDING", "REJECTED"]
    customer_id: Id
    data_consumer_id: Id
    purpose_code: PurposeCode
    consent_mode: Literal["VIEW", "STORE", "QUERY", "STREAM"]
    fetch_type: Literal["ONETIME", "PERIODIC"]
    consent_types: Annotated[tuple[Literal["PROFILE", "SUMMARY", "TRANSACTIONS"], ...], Field(max_length=3)]
    fi_types: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=40)]
    accounts: Annotated[tuple[ConsentAccount, ...], Field(max_length=100)]
    consent_start: Moment
    consent_expiry: Moment
    data_from: datetime.date
    data_to: datetime.date
    """Last day of the data range, inclusive."""
    data_life: Span
    """How long fetched data may be stored."""
    frequency: Span
    """Maximum fetches per unit; only for ``PERIODIC``."""
    fetched_at: Annotated[tuple[Moment, ...], Field(max_length=10_000)] = ()
    """Earlier fetches under the consent, as recorded by the aggregator."""
    signature_valid: bool
    """True if the adapter has verified the aggregator's signature with its published key."""


class AaFetchRequest(Payload, topic="insights.aa_fetch_request", classification="restricted"):
    """Fetch the transactions of one account under one consent."""

    customer_id: Id
    """Customer whose data it is."""
    consent_id: Id
    account: Id
    """``link_ref_number`` of the account."""
    purpose_code: PurposeCode
    """Purpose of the request; it must match the consent."""
    start: datetime.date
    end: datetime.date


class Refusal(Value):
    """One reason why nothing was fetched."""

    code: str
    """``consent.expired``, ``consent.purpose``, ``consent.range`` and so on."""
    text: str


class AaFetchResult(Payload, topic="insights.aa_fetch_result", classification="restricted"):
    """Result of a fetch; a refusal names every clause that forbids it."""

    status: Literal["fetched", "refused", "pending", "no_data"]
    consent_id: str
    account: str
    masked_account: str
    start: datetime.date
    end: datetime.date
    refusals: tuple[Refusal, ...]
    statement: Statement | None
    """The transactions, in the form of the statement reader; None unless fetched."""
    unread: int
    """Transactions that could not be read."""
    delete_by: Moment | None
    """Deadline for deleting the fetched data; None for no deadline, or if nothing was fetched."""
    grounds: Grounds


class AaFetch(Value):
    """The fields of a fetch request, from a file."""

    customer_id: Id
    consent_id: Id
    account: Id
    purpose_code: PurposeCode
    start: datetime.date
    end: datetime.date


class AaQuestion(Payload, topic="insights.aa_question", classification="restricted"):
    """Fetch an account's transactions under a consent, and summarise them."""

    fetch: AaFetch


class Fetched(Value):
    """Result of a fetch, without the transactions."""

    status: Literal["fetched", "refused", "pending", "no_data"]
    consent_id: str
    masked_account: str
    transactions: int
    unread: int
    """Transactions that could not be read."""
    refusals: tuple[Refusal, ...]
    delete_by: Moment | None
    grounds: Grounds


class AaReport(Payload, topic="insights.aa_report", classification="restricted"):
    """A fetch, and the cash flow of the fetched data."""

    headline: str
    fetched: Fetched | None
    cashflow: BulkAnalysis | None
    """None unless something was fetched."""
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
