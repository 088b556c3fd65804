"""Payment desk: has an order checked by five agents at the same time, and collects the findings."""

from __future__ import annotations

import datetime

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.message import Payload, topic_of
from genie_finance.contracts.fraud import (
    FraudCheck,
    FraudVerdict,
    MuleCheck,
    MuleVerdict,
    PhishingCheck,
    PhishingVerdict,
    SessionCheck,
    SessionVerdict,
)
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.payments import Payment, PaymentCase, PaymentOrder, PaymentQuestion
from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.contracts.transfers import Transfer
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="payment_desk",
    asks={
        FraudCheck: (FraudVerdict, InsufficientData),
        SessionCheck: (SessionVerdict, InsufficientData),
        MuleCheck: (MuleVerdict, InsufficientData),
        PhishingCheck: (PhishingVerdict,),
        ScreeningRequest: (ScreeningResult,),
    },
    within_s=10.0,
)
_HISTORY = Lack(what="history", needed="earlier transfers of payer and beneficiary")
_SESSION = Lack(what="session", needed="sign-ins of the payer up to this order")


def beneficiary_of(order: PaymentOrder) -> str:
    """Return the id of the beneficiary in transfers: the account, else the UPI address, else the name."""
    return order.beneficiary_account or order.beneficiary_vpa or order.beneficiary_name


def fraud_check(payment: Payment, *, now: datetime.datetime) -> FraudCheck | None:
    """Return the question whether the payer gave this order; None if the amount is not above 0."""
    order, session = payment.order, payment.session
    if order.amount.minor <= 0:
        return None
    meant = Transfer(
        transaction_id=order.idempotency_key or "order",
        timestamp=now,
        sender=order.payer_account,
        recipient=beneficiary_of(order),
        amount=order.amount,
        channel="upi" if order.beneficiary_vpa and not order.beneficiary_account else "other",
        category=order.purpose,
        device_id=None if session is None else session.device_id,
    )
    earlier = tuple(one for one in payment.history or () if one.transaction_id != meant.transaction_id)
    known = None if session is None else session.known_devices
    return FraudCheck(transfers=(*earlier, meant), candidates=(meant.transaction_id,), known_devices=known)


def mule_check(payment: Payment) -> MuleCheck | None:
    """Return the question whether the beneficiary passes money on; None without transfers."""
    if not payment.history:
        return None
    return MuleCheck(transfers=payment.history, account_ids=(beneficiary_of(payment.order),))


def session_check(payment: Payment) -> SessionCheck | None:
    """Return the question whether the payer's account was taken over; None without a session."""
    found = payment.session
    if found is None:
        return None
    return SessionCheck(user_id=payment.order.payer_id, events=found.events, known_devices=found.known_devices)


def phishing_check(payment: Payment) -> PhishingCheck | None:
    """Return the question whether the message or the address is phishing; None without either."""
    vpa, text = payment.order.beneficiary_vpa or None, payment.invitation or payment.order.remark or None
    return None if vpa is None and text is None else PhishingCheck(upi_vpa=vpa, text=text)


@agent(
    id=DESK.id,
    capabilities=("payments.collect",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def payment_desk(question: PaymentQuestion, context: Context) -> PaymentCase:
    """Has an order checked for fraud, session, mules, phishing and watch lists at once, and collects the findings."""
    payment, order, asking = question.payment, question.payment.order, DESK.open(context)
    screening = ScreeningRequest(subject_id=beneficiary_of(order)[:128], name=order.beneficiary_name)
    await asking.ask_all(
        (fraud_check(payment, now=context.now()), FraudVerdict),
        (mule_check(payment) or _lacking(MuleVerdict, _HISTORY), MuleVerdict),
        (session_check(payment) or _lacking(SessionVerdict, _SESSION), SessionVerdict),
        (phishing_check(payment), PhishingVerdict),
        (screening, ScreeningResult),
    )
    return PaymentCase(
        payment=payment,
        fraud=asking.get(FraudVerdict),
        session=asking.get(SessionVerdict),
        mule=asking.get(MuleVerdict),
        phishing=asking.get(PhishingVerdict),
        screening=asking.get(ScreeningResult),
        insufficient=tuple(sorted(asking.insufficient, key=lambda one: (one.agent, one.question))),
        missing=tuple(sorted(asking.missing, key=lambda one: one.agent)),
    )


def _lacking(answer: type[Payload], lack: Lack) -> InsufficientData:
    return DESK.lacking(topic_of(answer).name, lack)
