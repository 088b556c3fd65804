"""The status of an order from its books: the answer to a repeated order, and the result of a sent one."""

from __future__ import annotations

import datetime

from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie_finance.contracts.payment_books import BookEntry, EntryState
from genie_finance.contracts.payments import PaymentCase, PaymentIncident, PaymentInstruction, PaymentStatus, State
from genie_finance.payments.provider import Receipt
from genie_finance.payments.rails import PaymentRules, expected_by

STATES: dict[EntryState, State] = {
    "open": "held",
    "claimed": "unknown",
    "submitted": "submitted",
    "settled": "settled",
    "failed": "failed",
    "returned": "returned",
    "unknown": "unknown",
}
"""Claimed without an answer yet: it may have been sent."""


def replay(case: PaymentCase, entry: BookEntry, fingerprint: str, said: RuleEdition) -> PaymentStatus:
    """Return the answer to a repeated key: the state of the first order, or that it belongs to another order."""
    order = case.payment.order
    if entry.fingerprint != fingerprint:
        text = "This key was used for another order; every order needs its own key."
        reason = Reason(code="payments.key_reused", text=text)
        action = "Find out why the ordering system used one key for two orders."
        incident = PaymentIncident(kind="duplicate_key", severity="medium", action=action)
        state: State = "refused"
        headline = f"{order.amount} to {order.beneficiary_name}: refused. {text}"
    else:
        state, incident = STATES[entry.state], None
        text = (
            f"The order with this key was received on {entry.opened_at:%Y-%m-%d at %H:%M} UTC; nothing is sent again."
        )
        reason = Reason(code="payments.replayed", text=text)
        headline = f"{order.amount} to {order.beneficiary_name}: {state}, as ordered before. {text}"
    known = state != "refused"
    return PaymentStatus(
        headline=headline,
        idempotency_key=order.idempotency_key,
        state=state,
        rail=entry.rail if known else None,
        amount=order.amount,
        reference=entry.reference if known else None,
        replayed=known,
        expected_by=None,
        reasons=(text,),
        incident=incident,
        missing=case.missing,
        grounds=Grounds(
            reasons=(reason,),
            inputs=(Evidence(name="amount", value=str(order.amount)),),
            editions=(said,),
            uncertainty="As recorded in the books.",
            caveats=unverified((said,)),
        ),
    )


def sent(
    instruction: PaymentInstruction, receipt: Receipt, rules: PaymentRules, *, at: datetime.datetime
) -> PaymentStatus:
    """Return the status of an order after the provider's answer."""
    due = expected_by(instruction.rail, at, rules) if receipt.state == "submitted" else None
    text = f"{instruction.rail.upper()} {receipt.reference}: {receipt.state}, {receipt.detail}."
    return _status(
        instruction, receipt.state, Reason(code=f"payments.{receipt.state}", text=text), receipt.reference, due
    )


def unsent(
    instruction: PaymentInstruction, state: State, reason: Reason, reference: str | None = None
) -> PaymentStatus:
    """Return the status of an instruction that was not sent, or whose state is unknown."""
    return _status(instruction, state, reason, reference, None)


def _status(
    instruction: PaymentInstruction, state: State, reason: Reason, reference: str | None, due: datetime.datetime | None
) -> PaymentStatus:
    order, grounds = instruction.order, instruction.grounds
    headline = f"{order.amount} to {order.beneficiary_name} by {instruction.rail.upper()}: {state}."
    headline += f" The money should arrive by {due:%Y-%m-%d %H:%M}, Indian time." if due is not None else ""
    return PaymentStatus(
        headline=headline,
        idempotency_key=instruction.idempotency_key,
        state=state,
        rail=instruction.rail,
        amount=order.amount,
        reference=reference,
        replayed=False,
        expected_by=due,
        reasons=(reason.text, *instruction.approval_reasons),
        incident=None,
        missing=instruction.missing,
        grounds=grounds.model_copy(update={"reasons": (reason, *grounds.reasons)}),
    )
