"""The larger transfers of fifty neighbouring customers as one table, each movement once."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from genie_finance.synthetic.countries import COUNTRIES
from genie_finance.synthetic.rings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.rings import Party, Ring
    from genie_finance.synthetic.transaction import Rail, Transaction
    from genie_finance.synthetic.truth import Label

HEADER = ("transaction_id", "timestamp", "sender", "recipient", "amount", "currency", "channel", "category")
_CHANNELS: Final[Mapping[Rail, str]] = {
    "card": "card", "instant": "upi", "transfer": "neft", "debit": "other", "order": "neft", "cash": "cash",
    "deposit": "cash", "check": "cheque", "bank": "internal",
}  # fmt: skip
"""How money moved -> the word of a ledger of transfers."""
_WATCHED = 10
"""A movement below this share of its country's threshold is left out."""
_BANK = "bank"
"""The other party of fees and interest."""


class Life(NamedTuple):
    """A customer and the history."""

    customer: Customer
    transactions: Sequence[Transaction]
    truth: Sequence[Label]


class Row(NamedTuple):
    """One transfer; None means cash."""

    date: datetime.date
    id: str
    sender: str | None
    recipient: str | None
    minor: int
    currency: str
    channel: str
    category: str


def block_of(number: int) -> range:
    """Return the numbers of a customer's block, fifty neighbours; the members of a ring are in one block."""
    first = number // BLOCK * BLOCK
    return range(first, first + BLOCK)


def transfers_csv(lives: Iterable[Life], ring: Ring | None) -> bytes:
    """Return the neighbours' transfers of at least a tenth of their country's threshold: CSV in UTF-8, by day.

    Customers are named by their ids, others by name. A ring's transfer between two customers is in both histories, and
    in the table once.

    Args:
        lives: Each customer with the history.
        ring: The ring among them.
    """
    rows = [row for life in lives for row in _life(life)]
    if ring is not None:
        rows += _ring(ring)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row in sorted(rows, key=lambda one: (one.date, one.id)):
        amount = Decimal(row.minor).scaleb(-2)
        writer.writerow((row.id, row.date, row.sender, row.recipient, amount, row.currency, row.channel, row.category))
    return text.getvalue().encode()


def _life(life: Life) -> Iterator[Row]:
    """Yield a customer's transfers without those of the ring."""
    customer, transactions, truth = life
    least = COUNTRIES[customer.country].threshold // _WATCHED
    own = {id_ for label in truth if label.kind == "mule" for id_ in label.transactions}
    for one in transactions:
        if one.id in own or abs(one.minor) < least:
            continue
        other = None if one.rail in {"cash", "deposit"} else _BANK if one.rail == "bank" else one.payee
        sender, recipient = (other, customer.id) if one.minor > 0 else (customer.id, other)
        yield Row(
            one.date, one.id, sender, recipient, abs(one.minor), one.currency, _CHANNELS[one.rail], one.category
        )  # fmt: skip


def _ring(ring: Ring) -> Iterator[Row]:
    currency = COUNTRIES[ring.country].currency
    for place, one in enumerate(ring.transfers, 1):
        if one.minor < ring.threshold // _WATCHED:
            continue
        cash = not (one.sender.name and one.recipient.name)
        yield Row(
            one.date, f"{ring.id}/{place}", _id(one.sender), _id(one.recipient), one.minor, currency,
            "cash" if cash else "upi", "cash.withdrawal" if cash and one.recipient.number is None else "",
        )  # fmt: skip


def _id(party: Party) -> str | None:
    return f"customer-{party.number}" if party.number is not None else party.name or None
