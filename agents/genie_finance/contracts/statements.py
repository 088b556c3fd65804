"""A bank statement, from the file's bytes to categorised transactions."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.money import Currency, Money


class StatementProfile(Value):
    """The format of a bank's export, where the file itself is ambiguous (``--profile FILE``, YAML).

    All fields are optional: given values are used unchanged, others are detected from the file.
    """

    delimiter: Literal[",", ";", "\t", "|", "~"] | None = None
    encoding: str | None = None
    skip_rows: int | None = Field(default=None, ge=0)
    """Lines before the header, or before the data when there is no header."""
    header: bool | None = None
    date_format: str | None = None
    """``strptime`` format, for example ``"%d/%m/%Y"``, or ``serial`` for the numbers that spreadsheets store."""
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    decimal_mark: Literal[".", ","] | None = None
    currency: Currency | None = None
    account: str | None = None
    date_column: str | int | None = None
    """Column by header name, or by position from 1; the same for the other columns."""
    narration_columns: tuple[str | int, ...] | None = None
    amount_column: str | int | None = None
    debit_column: str | int | None = None
    credit_column: str | int | None = None
    mark_column: str | int | None = None
    """Column that states debit or credit for an unsigned amount."""
    balance_column: str | int | None = None
    currency_column: str | int | None = None
    positive_is: Literal["credit", "debit"] | None = None
    """Meaning of a positive amount in a single signed column."""


class StatementFile(Value):
    """One file of several that are read together."""

    filename: str
    content: bytes
    profile: StatementProfile | None = None


Form = Literal["csv", "ofx", "mt940", "camt", "xlsx", "html", "qif"]
"""Format of a file, detected from its content, never from its name."""


class Transaction(Value):
    """One booked movement."""

    id: str
    """Stable across readings of the same file: a digest of account, date, amount, narration and ordinal."""
    line: int
    """Line of the file, or row of the sheet, from 1."""
    file: str = ""
    """Name of the file among several that were read together; empty if there was only one."""
    account: str = ""
    date: datetime.date
    narration: str
    amount: Money
    """Negative for outgoing money."""
    balance: Money | None = None
    merchant: str | None = None
    """Counterparty, set by the normaliser."""
    rail: str | None = None
    """Payment rail (``upi``, ``sepa``, ``card``, ``cash``, ``check`` and so on), if stated by narration or file."""
    category: str | None = None
    """Name in the catalogue's taxonomy, set by the categoriser."""
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    """Confidence of the category."""
    reference: str = ""
    """The bank's own id of the booking, if its format has one; not every bank keeps it unique."""
    nets_with: str | None = None
    """Id of the transaction that this one cancels: the other side of a transfer, or the purchase of a refund."""


class FromFile(Value):
    """A remark about one file; in JSON it names the file only if there were several."""

    file: str = ""
    """Name of the file among several; empty if there was only one."""

    @model_serializer(mode="wrap")
    def _without_empty_file(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = handler(self)
        return values if self.file else {name: value for name, value in values.items() if name != "file"}


class Assumption(FromFile):
    """An ambiguity in the file."""

    field: str
    chosen: str
    why: str
    settle_with: str
    """The line of a statement profile that would decide it."""


UnprovenCode = Literal[
    "statement.sign_assumed",
    "statement.debit_column_assumed",
    "statement.amount_column_assumed",
    "statement.decimal_mark_assumed",
]
"""An assumption about the amounts; each corresponds to one field of the profile."""


class Unproven(FromFile):
    """An assumption that affects every amount, and that no running balance confirmed."""

    code: UnprovenCode
    why: str
    settle_with: str
    """The line of a statement profile that would decide it."""


class Quarantined(FromFile):
    """A row that could not be read."""

    line: int
    reason: str


class UnreadFile(Value):
    """A file among several of which no row could be read."""

    file: str
    reason: str


class Statement(Value):
    """The transactions of one file or several, each file in its own order."""

    account: str = ""
    """The account of all transactions; empty if there are several, or the file names none."""
    transactions: tuple[Transaction, ...]


def one_or_several(
    filename: str, content: bytes, profile: StatementProfile | None, files: tuple[StatementFile, ...]
) -> tuple[StatementFile, ...]:
    """Return the files of a payload that has either one file in its own fields, or several in ``files``.

    Raises:
        ValueError: The payload has both or neither.
    """
    alone = bool(filename or content or profile)
    if alone == bool(files):
        raise ValueError("give one file as `filename` and `content`, or several as `files`")
    return files or (StatementFile(filename=filename, content=content, profile=profile),)


class StatementReceived(Payload, topic="insights.statement_received", classification="confidential"):
    """A file to be read, or several of one run."""

    filename: str = ""
    content: bytes = b""
    profile: StatementProfile | None = None
    files: tuple[StatementFile, ...] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        self.received()
        return self

    def received(self) -> tuple[StatementFile, ...]:
        """Return the file, or the files; at least one."""
        return one_or_several(self.filename, self.content, self.profile, self.files)


class StatementReading(Payload, topic="insights.statement_reading", classification="confidential"):
    """The reader's report on a file, or on several: rows read, rows quarantined, choices made."""

    statement: Statement
    form: Form | None = None
    """Format of the file; None if there were several."""
    assumptions: tuple[Assumption, ...] = ()
    unproven: tuple[Unproven, ...] = ()
    """Assumptions about sign, debit column, amount column or decimal mark that no balance proved."""
    notices: tuple[str, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    unread: tuple[UnreadFile, ...] = ()


class NormalisedStatement(Payload, topic="insights.normalised_statement", classification="confidential"):
    """The statement with merchants and rails."""

    statement: Statement


class CategorisedStatement(Payload, topic="insights.categorised_statement", classification="confidential"):
    """The statement with categories, transfers and refunds matched."""

    statement: Statement
    uncategorised: int = 0
    """Transactions without a certain category."""
