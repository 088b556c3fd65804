"""The ledger of orders: one entry for each key, so that a repeated order is carried out once.

It is a port. The implementation in the package keeps entries in memory, for one process; a service binds one over its
database, where ``open`` and ``claim`` are one transaction each.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from genie.errors import InputError
from genie_finance.contracts.payment_books import BookEntry, EntryState, OutcomeState

FINAL: frozenset[EntryState] = frozenset(("settled", "failed", "returned"))
_NOT_SPENT: frozenset[EntryState] = frozenset(("failed", "returned"))
MOST_ENTRIES = 100_000
"""Maximum entries of the ledger in memory; a full one rejects orders, since a forgotten order could be paid twice."""


class Key(NamedTuple):
    """The account of an order, and the order's id."""

    tenant: str
    payer_id: str
    idempotency_key: str


def lapsed(entry: BookEntry, now: datetime.datetime) -> bool:
    """Return whether an entry was never sent and is now too old to send."""
    return entry.state == "open" and now >= entry.lapses_at


def counts(entry: BookEntry, now: datetime.datetime) -> bool:
    """Return whether an entry counts towards limits: sent, or still to be sent."""
    return entry.state not in _NOT_SPENT and not lapsed(entry, now)


@runtime_checkable
class PaymentLedger(Protocol):
    """Port of the store of orders."""

    async def find(self, key: Key) -> BookEntry | None:
        """Return the entry of a key."""
        ...

    async def since(self, tenant: str, payer_account: str, start: datetime.datetime) -> tuple[BookEntry, ...]:
        """Return an account's entries from a moment on, oldest first."""
        ...

    async def open(
        self, key: Key, entry: BookEntry, *, most_minor: int, since: datetime.datetime
    ) -> tuple[bool, BookEntry | None]:
        """Look up the key, check the account's total and store a new entry, in one step.

        Args:
            key: Account and id of the order.
            entry: The entry to store.
            most_minor: Maximum paise that the account may send from ``since`` on, including this entry.
            since: Beginning of the day.

        Returns:
            Whether it is new, and the entry stored under the key; None if over the limit.
        """
        ...

    async def claim(self, key: Key, fingerprint: str, now: datetime.datetime) -> tuple[bool, BookEntry | None]:
        """Return whether the caller may send the order, granted to one caller once; and the entry."""
        ...

    async def keep(self, key: Key, state: OutcomeState, reference: str | None, detail: str) -> BookEntry | None:
        """Store the provider's answer, and return the entry. A final state does not change."""
        ...


class MemoryLedger:
    """A ledger in memory: lost when the process ends, so only for trials and tests."""

    def __init__(self) -> None:
        self._entries: dict[Key, BookEntry] = {}

    async def find(self, key: Key) -> BookEntry | None:
        """Return the entry of a key."""
        return self._entries.get(key)

    async def since(self, tenant: str, payer_account: str, start: datetime.datetime) -> tuple[BookEntry, ...]:
        """Return an account's entries from a moment on, oldest first."""
        own = [
            entry
            for key, entry in self._entries.items()
            if (key.tenant, entry.payer_account) == (tenant, payer_account) and entry.opened_at >= start
        ]
        return tuple(sorted(own, key=lambda entry: (entry.opened_at, entry.idempotency_key)))

    async def open(
        self, key: Key, entry: BookEntry, *, most_minor: int, since: datetime.datetime
    ) -> tuple[bool, BookEntry | None]:
        """Store a new entry, or return the earlier one of its key; None if over the limit.

        Raises:
            InputError: The ledger is full.
        """
        known = self._entries.get(key)
        if known is not None and not lapsed(known, entry.opened_at):
            return False, known
        if len(self._entries) >= MOST_ENTRIES:
            raise InputError("ledger", f"holds {MOST_ENTRIES:,} orders", "bind one over a database")
        sent = await self.since(key.tenant, entry.payer_account, since)
        spent = sum(one.amount.minor for one in sent if counts(one, entry.opened_at))
        if spent + entry.amount.minor > most_minor:
            return False, None
        self._entries[key] = entry
        return True, entry

    async def claim(self, key: Key, fingerprint: str, now: datetime.datetime) -> tuple[bool, BookEntry | None]:
        """Return whether the caller may send the order, and the entry."""
        known = self._entries.get(key)
        if known is None or known.fingerprint != fingerprint or known.state != "open" or lapsed(known, now):
            return False, known
        self._entries[key] = known.model_copy(update={"state": "claimed"})
        return True, self._entries[key]

    async def keep(self, key: Key, state: OutcomeState, reference: str | None, detail: str) -> BookEntry | None:
        """Store the provider's answer."""
        known = self._entries.get(key)
        if known is not None and known.state not in FINAL:
            said = {"state": state, "reference": reference, "detail": detail}
            self._entries[key] = known.model_copy(update=said)
        return self._entries.get(key)
