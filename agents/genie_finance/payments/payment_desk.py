"""Payment desk: takes an order, has it checked from five sides at once, and lays the findings on one table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

import anyio

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
from genie_finance.contracts.payments import MissingCheck, Payment, PaymentCase, PaymentOrder, PaymentQuestion
from genie_finance.contracts.screening import ScreeningRequest, ScreeningResult
from genie_finance.contracts.transfers import Transfer
from genie_finance.domain.asking import reply_to

ID = "payment_desk"
P = TypeVar("P", bound=Payload)
_WITHIN_S = 10.0
ASKS: Mapping[type[Payload], tuple[type[Payload], ...]] = MappingProxyType(
    {
        FraudCheck: (FraudVerdict, InsufficientData),
        SessionCheck: (SessionVerdict, InsufficientData),
        MuleCheck: (MuleVerdict, InsufficientData),
        PhishingCheck: (PhishingVerdict,),
        ScreeningRequest: (ScreeningResult,),
    }
)
"""What the desk asks; each is answered with one of these."""


def beneficiary_of(order: PaymentOrder) -> str:
    """Return what stands for the beneficiary in transfers: the account, else the UPI address, else the name."""
    return order.beneficiary_account or order.beneficiary_vpa or order.beneficiary_name


def fraud_check(payment: Payment, *, now: datetime.datetime) -> FraudCheck | None:
    """Return the question whether the payer gave this order; None for an amount that is no payment."""
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
    """Return the question whether the beneficiary passes money on; None without transfers to tell from."""
    if not payment.history:
        return None
    return MuleCheck(transfers=payment.history, account_ids=(beneficiary_of(payment.order),))


def session_check(payment: Payment) -> SessionCheck | None:
    """Return the question whether somebody else is in the payer's account; None without a session."""
    found = payment.session
    if found is None:
        return None
    return SessionCheck(user_id=payment.order.payer_id, events=found.events, known_devices=found.known_devices)


def phishing_check(payment: Payment) -> PhishingCheck | None:
    """Return the question whether the message or the address is after the payer's money; None without either."""
    vpa, text = payment.order.beneficiary_vpa or None, payment.invitation or payment.order.remark or None
    return None if vpa is None and text is None else PhishingCheck(upi_vpa=vpa, text=text)


class _Checks:
    """What has come so far, and what has not."""

    def __init__(self, context: Context, payment: Payment) -> None:
        self._context, self._payment = context, payment
        self._came: dict[type[Payload], Payload] = {}
        self.insufficient: list[InsufficientData] = []
        self.missing: list[MissingCheck] = []

    def get(self, kind: type[P]) -> P | None:
        found = self._came.get(kind)
        return found if isinstance(found, kind) else None

    async def ask(self, question: Payload | None, answer: type[Payload], needed: tuple[str, str] | None) -> None:
        """Ask, unless there is nothing to ask with: that is lacking where something is needed, else not concerned."""
        if question is None:
            if needed is not None:
                lack = Lack(what=needed[0], needed=needed[1])
                self.insufficient.append(InsufficientData(agent=ID, question=topic_of(answer).name, missing=(lack,)))
            return
        reply = await reply_to(self._context, question, answer, ASKS[type(question)], within_s=_WITHIN_S)
        if reply.found is not None:
            self._came[answer] = reply.found
        elif reply.insufficient is not None:
            self.insufficient.append(reply.insufficient)
        elif reply.silence is not None:
            self.missing.append(MissingCheck(agent=reply.silence.agent, reason=reply.silence.reason))

    async def all(self, now: datetime.datetime) -> None:
        payment, order = self._payment, self._payment.order
        screening = ScreeningRequest(subject_id=beneficiary_of(order)[:128], name=order.beneficiary_name)
        history = ("history", "earlier transfers of payer and beneficiary")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.ask, fraud_check(payment, now=now), FraudVerdict, None)
            tasks.start_soon(self.ask, mule_check(payment), MuleVerdict, history)
            session = ("session", "sign-ins of the payer up to this order")
            tasks.start_soon(self.ask, session_check(payment), SessionVerdict, session)
            tasks.start_soon(self.ask, phishing_check(payment), PhishingVerdict, None)
            tasks.start_soon(self.ask, screening, ScreeningResult, None)


@agent(
    id=ID,
    capabilities=("payments.collect",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=ASKS,
)
async def payment_desk(question: PaymentQuestion, context: Context) -> PaymentCase:
    """Has an order checked for fraud, session, mules, phishing and watch lists at once, and gathers what came."""
    checks = _Checks(context, question.payment)
    await checks.all(context.now())
    return PaymentCase(
        payment=question.payment,
        fraud=checks.get(FraudVerdict),
        session=checks.get(SessionVerdict),
        mule=checks.get(MuleVerdict),
        phishing=checks.get(PhishingVerdict),
        screening=checks.get(ScreeningResult),
        insufficient=tuple(sorted(checks.insufficient, key=lambda one: (one.agent, one.question))),
        missing=tuple(sorted(checks.missing, key=lambda one: one.agent)),
    )
