"""Questions and answers of the receipt reader."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie.contracts.model_call import Image
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.money import Money

MOST_TEXT = 20_000
"""Maximum characters of a receipt."""
MOST_LINES = 500
"""Maximum lines of a receipt."""

ReadingStatus = Literal["read", "needs_person", "refused"]


class ReceiptGiven(Payload, topic="receipts.given", classification="confidential"):
    """What does this receipt say?"""

    text: Annotated[str, Field(min_length=0, max_length=MOST_TEXT)] = ""
    """The receipt, line by line; untrusted. Its ``min_length`` makes policies deny it instead of masking it."""
    picture: Image | None = None
    """A picture of the receipt, if there is no text. A person compares the reading with the picture."""
    filename: Annotated[str, Field(max_length=256)] = ""
    as_of: datetime.date | None = None
    """Day of the question; today by default."""

    @model_validator(mode="after")
    def _text_or_picture(self) -> Self:
        if bool(self.text.strip()) == (self.picture is not None):
            raise ValueError("give a receipt as text or as a picture")
        return self


class Link(Value):
    """The line of the receipt that a value comes from."""

    line: Annotated[int, Field(ge=1)]
    """Counted from 1."""
    text: str
    """The value as written in the line."""


class ReceiptAmount(Value):
    """An amount and its line."""

    name: str = ""
    """The item or charge, as written in the line."""
    amount: Money
    link: Link


class Receipt(Value):
    """A receipt; each value has its line."""

    merchant: str
    merchant_link: Link
    date: datetime.date
    date_link: Link
    currency: str
    currency_link: Link
    lines: tuple[ReceiptAmount, ...]
    taxes: tuple[ReceiptAmount, ...]
    tax: Money
    """Sum of ``taxes``; 0 if no line of the receipt names a tax."""
    tax_included: bool
    """True if the receipt states that its prices include the tax."""
    total: ReceiptAmount


class Problem(Value):
    """A reason why a reading is not accepted as a receipt."""

    code: str
    """Stable label, such as ``sum_differs``."""
    text: str


class ReceiptReading(Payload, topic="receipts.reading", classification="confidential"):
    """The content of a receipt, or the reason why a person must read it."""

    status: ReadingStatus
    receipt: Receipt | None = None
    """Set only if every check passes."""
    unconfirmed: Receipt | None = None
    """The reading if a check fails; for a person, never for a booking."""
    problems: tuple[Problem, ...] = ()
    insufficient: tuple[InsufficientData, ...] = ()
    transcript: Annotated[tuple[str, ...], Field(max_length=MOST_LINES)] = ()
    """Lines of a picture as read by the model, to which the links of ``unconfirmed`` refer."""
    filename: str = ""
    model: str = ""
    """The model that read it, as its provider names it; empty if none did."""
    note: str = ""
    """A note for readers about the model."""

    @model_validator(mode="after")
    def _read_alone_has_a_receipt(self) -> Self:
        bad = bool(self.problems or self.insufficient or self.unconfirmed)
        if (self.status == "read") != (self.receipt is not None) or (self.receipt is not None and bad):
            raise ValueError("receipt may only be set in a reading without problems")
        return self
