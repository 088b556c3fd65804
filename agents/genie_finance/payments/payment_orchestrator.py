"""Payment orchestrator: limits, idempotency and rail of an order; its result is an instruction, not a payment."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Reason
from genie_finance.contracts.money import Money
from genie_finance.contracts.payment_books import BookEntry, BooksQuestion, BooksView, EntryOpened, EntryOpening
from genie_finance.contracts.payments import PaymentCase, PaymentInstruction, PaymentStatus
from genie_finance.payments.findings import PaymentSettings
from genie_finance.payments.ledger import lapsed
from genie_finance.payments.payment_desk import beneficiary_of
from genie_finance.payments.planning import fingerprint, malformed, plan, refused
from genie_finance.payments.rails import INDIA, in_force
from genie_finance.payments.status import replay

ID = "payment_orchestrator"
_WITHIN_S = 5.0


@agent(
    id=ID,
    capabilities=("payments.decide",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    settings=PaymentSettings,
    asks={BooksQuestion: BooksView, EntryOpening: EntryOpened},
    rules=("payment_rails_in",),
)
async def payment_orchestrator(case: PaymentCase, context: Context) -> PaymentInstruction | PaymentStatus:
    """Decides on limits, idempotency and rail; the answer to a known key is the state of its order."""
    order, now, settings = case.payment.order, context.now(), context.settings
    found = in_force(now)
    wrong = malformed(order)
    if wrong:
        return refused(case, wrong, found.said)
    start = _day_start(now)
    asked = BooksQuestion(
        payer_id=order.payer_id,
        idempotency_key=order.idempotency_key,
        payer_account=order.payer_account,
        since=start,
    )
    books = await context.ask(asked, BooksView, within_s=_WITHIN_S)
    if books.known is not None and not lapsed(books.known, now):
        return replay(case, books.known, fingerprint(order), found.said)
    planned = plan(case, books.sent, settings, now=now)
    if isinstance(planned, PaymentStatus):
        return planned
    opening = EntryOpening(
        entry=_entry(planned, settings, now), most=Money.of(settings.daily_limit, "INR"), since=start
    )
    opened = await context.ask(opening, EntryOpened, within_s=_WITHIN_S)
    if opened.outcome == "known" and opened.entry is not None:
        return replay(case, opened.entry, planned.fingerprint, found.said)
    if opened.outcome == "over_limit":
        reason = Reason(
            code="payments.daily_limit", text="Another order has just used up the account's limit for today."
        )
        return refused(case, (reason,), found.said)
    return planned


def _entry(planned: PaymentInstruction, settings: PaymentSettings, now: datetime.datetime) -> BookEntry:
    order = planned.order
    return BookEntry(
        payer_id=order.payer_id,
        idempotency_key=order.idempotency_key,
        fingerprint=planned.fingerprint,
        payer_account=order.payer_account,
        beneficiary=beneficiary_of(order),
        purpose=order.purpose,
        amount=order.amount,
        rail=planned.rail,
        opened_at=now,
        lapses_at=now + datetime.timedelta(hours=settings.approval_h),
    )


def _day_start(now: datetime.datetime) -> datetime.datetime:
    return datetime.datetime.combine(now.astimezone(INDIA).date(), datetime.time(), tzinfo=INDIA)
