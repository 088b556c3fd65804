"""A bank statement, from the file's bytes to categorised transactions."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from agents.contracts.money import Currency, Money
from genie.message import Payload, Value


class StatementProfile(Value):
    """How a bank writes its export, where the file itself leaves a choice (``--profile FILE``, YAML).

    Everything is optional: what is given is used as it is, what is not is found out from the file.
    """

    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str | None = None
    skip_rows: int | None = Field(default=None, ge=0)
    """Lines before the header, or before the data when there is no header."""
    header: bool | None = None
    date_format: str | None = None
    """``strptime`` format, for example ``"%d/%m/%Y"``."""
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    decimal_mark: Literal[".", ","] | None = None
    currency: Currency | None = None
    account: str | None = None
    date_column: str | int | None = None
    """Column by header name, or by position from 1; so for the other columns."""
    narration_columns: tuple[str | int, ...] | None = None
    amount_column: str | int | None = None
    debit_column: str | int | None = None
    credit_column: str | int | None = None
    mark_column: str | int | None = None
    """Column that says debit or credit beside an unsigned amount."""
    balance_column: str | int | None = None
    currency_column: str | int | None = None
    positive_is: Literal["credit", "debit"] | None = None
    """What a positive amount means in a single signed column."""


class Transaction(Value):
    """One booked movement."""

    id: str
    """Stable across readings of the same file: a digest of account, date, amount, narration and ordinal."""
    line: int
    """Line of the file, from 1."""
    account: str = ""
    date: datetime.date
    narration: str
    amount: Money
    """Negative: money went out."""
    balance: Money | None = None
    merchant: str | None = None
    """Who was paid or paid, once the normaliser has read the narration."""
    rail: str | None = None
    """How it was paid (``upi``, ``neft``, ``sepa``, ``card``, ``cash``, ``check``), where the narration says."""
    category: str | None = None
    """Name in the catalogue's taxonomy, once the categoriser has decided."""
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    """How sure the categoriser is."""
    nets_with: str | None = None
    """Id of the transaction this one cancels: the other leg of a transfer, or the purchase of a refund."""


class Assumption(Value):
    """A choice that the file left open."""

    field: str
    chosen: str
    why: str
    settle_with: str
    """The line of a statement profile that would settle it."""


class Quarantined(Value):
    """A row that could not be read."""

    line: int
    reason: str


class Statement(Value):
    """The transactions of one file, in the file's order."""

    account: str = ""
    transactions: tuple[Transaction, ...]


class StatementReceived(Payload, topic="insights.statement_received", classification="confidential"):
    """A file to be read."""

    filename: str
    content: bytes
    profile: StatementProfile | None = None


class StatementReading(Payload, topic="insights.statement_reading", classification="confidential"):
    """What the reader made of a file: rows read, rows quarantined, choices made."""

    statement: Statement
    assumptions: tuple[Assumption, ...] = ()
    notices: tuple[str, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


class NormalisedStatement(Payload, topic="insights.normalised_statement", classification="confidential"):
    """The statement with merchants and rails."""

    statement: Statement


class CategorisedStatement(Payload, topic="insights.categorised_statement", classification="confidential"):
    """The statement with categories, transfers and refunds matched."""

    statement: Statement
    uncategorised: int = 0
    """Transactions for which no category is sure enough."""
