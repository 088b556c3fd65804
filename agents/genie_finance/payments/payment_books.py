"""Payment books: the only agent that stores orders, so that other agents share no mutable state."""

from __future__ import annotations

from genie.contracts.agent import Handlers, handles
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.payment_books import (
    BooksQuestion,
    BooksView,
    EntryClaim,
    EntryClaimed,
    EntryKept,
    EntryOpened,
    EntryOpening,
    EntryOutcome,
)
from genie_finance.payments.ledger import Key, PaymentLedger, counts


def _key(context: Context, payer_id: str, idempotency_key: str) -> Key:
    """Return the key of an order; payloads cannot refer to keys of other tenants."""
    return Key(context.headers.tenant or "", payer_id, idempotency_key)


def _ledger(context: Context) -> PaymentLedger:
    return context.port(PaymentLedger)


class PaymentBooks(
    Handlers,
    id="payment_books",
    capabilities=("payments.keep_books",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=1,
    ports=(PaymentLedger,),
):
    """Stores orders by key: their state, an account's total, and whether an order may be sent now."""

    @handles
    async def view(self, question: BooksQuestion, context: Context) -> BooksView:
        """Answer a query for a key and an account."""
        key = _key(context, question.payer_id, question.idempotency_key)
        found = await _ledger(context).since(key.tenant, question.payer_account, question.since)
        sent = tuple(entry for entry in found if counts(entry, context.now()))
        return BooksView(known=await _ledger(context).find(key), sent=sent)

    @handles
    async def open_entry(self, opening: EntryOpening, context: Context) -> EntryOpened:
        """Store an entry, at most once."""
        key = _key(context, opening.entry.payer_id, opening.entry.idempotency_key)
        new, entry = await _ledger(context).open(key, opening.entry, most_minor=opening.most.minor, since=opening.since)
        return EntryOpened(outcome="opened" if new else "over_limit" if entry is None else "known", entry=entry)

    @handles
    async def claim(self, claim: EntryClaim, context: Context) -> EntryClaimed:
        """Let one submitter send an order."""
        key = _key(context, claim.payer_id, claim.idempotency_key)
        granted, entry = await _ledger(context).claim(key, claim.fingerprint, context.now())
        return EntryClaimed(granted=granted, entry=entry)

    @handles
    async def keep(self, outcome: EntryOutcome, context: Context) -> EntryKept:
        """Keep what the provider said."""
        key = _key(context, outcome.payer_id, outcome.idempotency_key)
        kept = await _ledger(context).keep(key, outcome.state, outcome.reference, outcome.detail)
        return EntryKept(entry=kept)
