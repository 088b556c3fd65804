"""Money between accounts: one record per transfer, regardless of its statement."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from genie.contracts.message import Value
from genie_finance.contracts.money import Money, MoneyBounds

MOST_TRANSFERS = 200_000

Id = Annotated[str, Field(min_length=1, max_length=128)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Channel = Literal["cash", "upi", "imps", "neft", "rtgs", "card", "cheque", "wire", "internal", "other"]
"""Payment channel. ``cash`` only means notes at a counter or a machine."""


Amount = Annotated[Money, MoneyBounds(most=10**17, least=1)]
"""Above 0, up to a thousand lakh crore; a plain number or text is an amount in rupees."""


def _read_moment(value: Any) -> Any:  # whatever JSON or a caller hands over
    if not isinstance(value, str):
        return value
    written = value.strip()
    try:
        if len(written) == 10:
            return datetime.date.fromisoformat(written)
        return datetime.datetime.fromisoformat(written)
    except ValueError:  # whose text would quote what was given
        raise ValueError("is not an ISO 8601 date or time such as 2026-01-05T10:00:00+05:30") from None


Moment = Annotated[datetime.datetime | datetime.date, BeforeValidator(_read_moment)]
"""A moment, or only a day if the time is unknown; a day is never treated as its midnight. A moment without an offset
is in the time zone of the question."""

Zone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$")]
"""Name of a time zone, such as ``Asia/Kolkata``."""


class Place(Value):
    """Where something happened, in degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class Transfer(Value):
    """A transfer between two accounts, listed once regardless of its statement."""

    transaction_id: Id
    timestamp: Moment
    sender: Id | None
    """Account; None if cash was paid in."""
    recipient: Id | None
    """Account, shop or payee; None if cash was withdrawn."""
    amount: Amount
    channel: Channel
    category: Annotated[str, Field(max_length=64)] | None = None
    """Category of the purchase in the catalogue's taxonomy, or a word such as ``crypto``."""
    device_id: Id | None = None
    place: Place | None = None
    """Where the sender was."""
    sender_country: Country | None = None
    recipient_country: Country | None = None

    @model_validator(mode="after")
    def _somebody_is_named(self) -> Self:
        if self.sender is None and self.recipient is None:
            raise ValueError("names neither a sender nor a recipient")
        return self


Transfers = Annotated[tuple[Transfer, ...], Field(max_length=MOST_TRANSFERS)]
