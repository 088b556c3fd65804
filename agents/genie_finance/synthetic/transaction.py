"""A transaction: one booked movement with its true category."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

Rail = Literal["card", "instant", "transfer", "debit", "order", "cash", "deposit", "check", "bank"]
"""How money moved; `debit` is a direct debit or mandate, `order` a standing order, `bank` the bank's own booking."""


class Transaction(NamedTuple):
    """One booked movement of one account."""

    id: str
    """``customer-17/42``: the customer's id and the movement's number from 1 in booking order."""
    date: datetime.date
    minor: int
    """Signed amount in minor units; negative when money went out."""
    balance: int
    """Balance after it, in minor units."""
    currency: str
    payee: str
    """The payee or the payer."""
    category: str
    """True category in the catalogue's taxonomy, which no export contains."""
    rail: Rail
    kind: str
    """The bank's text for the kind of booking; empty if its exports have none."""
    narration: str
    account: str
    """The other party's account; empty if the export has none."""
    reference: str

    @property
    def amount(self) -> Decimal:
        """The signed amount in major units, with two digits after the point."""
        return Decimal(self.minor).scaleb(-2)
