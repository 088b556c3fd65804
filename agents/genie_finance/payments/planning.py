"""The plan of an order: a refusal with reasons, or an instruction for one rail with the points to review."""

from __future__ import annotations

import datetime
import hashlib
import json
from decimal import Decimal

from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.payment_books import BookEntry
from genie_finance.contracts.payments import (
    PaymentCase,
    PaymentIncident,
    PaymentInstruction,
    PaymentOrder,
    PaymentStatus,
    RailChoice,
)
from genie_finance.payments.findings import PaymentSettings, addresses, objections
from genie_finance.payments.rails import PaymentRules, choices, in_force


def fingerprint(order: PaymentOrder) -> str:
    """Return the SHA-256 of an order without its key; it must be equal for all orders with one key."""
    content = order.model_dump(mode="json", exclude={"idempotency_key"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def malformed(order: PaymentOrder) -> tuple[Reason, ...]:
    """Return the invalid parts of an order, independent of the checks."""
    found = list(addresses(order)[1])
    if not order.idempotency_key.strip():
        found.append(
            Reason(code="payments.no_key", text="The order has no idempotency key, so it could be paid twice.")
        )
    if order.amount.currency != "INR":
        found.append(Reason(code="payments.currency", text=f"These rails only carry INR, not {order.amount.currency}."))
    if order.beneficiary_account and order.beneficiary_account == order.payer_account:
        found.append(Reason(code="payments.same_account", text="Payer and beneficiary are one account."))
    if order.amount.minor <= 0:
        found.append(Reason(code="payments.amount", text="The amount is not above 0."))
    return tuple(found)


def plan(
    case: PaymentCase, sent: tuple[BookEntry, ...], settings: PaymentSettings, *, now: datetime.datetime
) -> PaymentInstruction | PaymentStatus:
    """Return the instruction and its rail, or the reasons against sending.

    Args:
        case: The order and the results of the checks.
        sent: Amount that the payer's account has sent today, by the books.
        settings: The bank's own limits.
        now: The moment of the order.

    Raises:
        InputError: No edition of the rails' rules covers the day.
    """
    order, found = case.payment.order, in_force(now)
    wrong = malformed(order)
    if wrong:
        return refused(case, wrong, found.said)
    said = objections(case, sent, settings, now=now)
    refusals = (*said.refusals, *_funds(case, sent, settings))
    if refusals:
        return refused(case, refusals, found.said, incident=said.incident)
    rails = _rails(order, sent, found.rules)
    rail = next((one.rail for one in rails if one.fits), None)
    if rail is None:
        text = "No rail can carry it: " + "; ".join(f"{one.rail}: {one.reason}" for one in rails) + "."
        return refused(case, (Reason(code="payments.no_rail", text=text),), found.said)
    chosen = Reason(code="payments.rail", text=f"It is sent by {rail.upper()}.")
    return PaymentInstruction(
        idempotency_key=order.idempotency_key,
        fingerprint=fingerprint(order),
        order=order,
        rail=rail,
        needs_approval=bool(said.approvals),
        approval_reasons=tuple(one.text for one in said.approvals),
        rails=rails,
        missing=case.missing,
        grounds=_grounds(case, (chosen, *said.approvals), found.said),
    )


def refused(
    case: PaymentCase,
    reasons: tuple[Reason, ...],
    said: RuleEdition,
    *,
    incident: PaymentIncident | None = None,
) -> PaymentStatus:
    """Return the status of an order that is not sent."""
    order = case.payment.order
    return PaymentStatus(
        headline=f"{order.amount} to {order.beneficiary_name}: refused. {reasons[0].text}",
        idempotency_key=order.idempotency_key,
        state="refused",
        rail=None,
        amount=order.amount,
        reference=None,
        replayed=False,
        expected_by=None,
        reasons=tuple(one.text for one in reasons),
        incident=incident,
        missing=case.missing,
        grounds=_grounds(case, reasons, said),
    )


def _funds(case: PaymentCase, sent: tuple[BookEntry, ...], settings: PaymentSettings) -> tuple[Reason, ...]:
    amount, found = case.payment.order.amount, []
    balance = case.payment.available_balance
    if balance is not None and (balance.currency != amount.currency or balance.minor < amount.minor):
        found.append(Reason(code="payments.balance", text=f"The account has {balance}, less than {amount}."))
    total = sum((one.amount.amount for one in sent), Decimal(0)) + amount.amount
    if total > settings.daily_limit:
        text = f"The account would send {total:,} rupees today; {settings.daily_limit:,} are allowed."
        found.append(Reason(code="payments.daily_limit", text=text))
    return tuple(found)


def _rails(order: PaymentOrder, sent: tuple[BookEntry, ...], rules: PaymentRules) -> tuple[RailChoice, ...]:
    by_upi = [one for one in sent if one.rail == "upi" and one.purpose == order.purpose]
    return choices(order, addresses(order)[0], sum((one.amount.amount for one in by_upi), Decimal(0)), rules)


def _grounds(case: PaymentCase, reasons: tuple[Reason, ...], said: RuleEdition) -> Grounds:
    payment = case.payment
    come = [
        name
        for name, found in (
            ("fraud", case.fraud), ("session", case.session), ("mule", case.mule), ("phishing", case.phishing),
            ("screening", case.screening),
        )
        if found is not None
    ]  # fmt: skip
    balance = payment.available_balance
    unknown_balance = () if balance is not None else ("The balance is unknown; the payer's bank checks it.",)
    return Grounds(
        reasons=reasons,
        inputs=(
            Evidence(name="amount", value=str(payment.order.amount)),
            Evidence(name="purpose", value=payment.order.purpose),
            Evidence(name="urgency", value=payment.order.urgency),
            Evidence(name="trusted_beneficiary", value="yes" if payment.order.is_trusted_beneficiary else "no"),
            Evidence(name="balance", value="not known" if balance is None else str(balance)),
            Evidence(name="findings", value=", ".join(come) or "none"),
        ),
        editions=(said,),
        uncertainty="Limits of the rails; the payer's bank may have lower ones. Score cards prove nothing.",
        caveats=(*caveats_of((said,)), *unknown_balance),
    )
