"""Findings about an order: reasons for refusal, and reasons for approval by people."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from genie_finance.contracts.grounds import Reason
from genie_finance.contracts.payment_books import BookEntry
from genie_finance.contracts.payments import PaymentCase, PaymentIncident, PaymentOrder
from genie_finance.domain.identifiers import account, ifsc, vpa
from genie_finance.payments.payment_desk import beneficiary_of
from genie_finance.payments.rails import Addresses

_Rupees = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 12)]
_Kind = Literal["sanctions_match", "suspected_fraud", "suspected_mule", "phishing", "duplicate_key"]


class PaymentSettings(BaseModel):
    """The bank's own limits, below those of the rails. Amounts in rupees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approval_from: _Rupees = Decimal(50_000)
    """Amount from which people must approve a payment, also as the total of today's payments to one beneficiary."""
    untrusted_approval_from: _Rupees = Decimal(10_000)
    """The same for a beneficiary that the payer has not confirmed."""
    daily_limit: _Rupees = Decimal(1_000_000)
    """Maximum that one account may send in a day, over all rails."""
    cooling_off_h: Annotated[int, Field(ge=0, le=720)] = 24
    """Hours for which a new beneficiary counts as not confirmed."""
    approval_h: Annotated[int, Field(gt=0, le=720)] = 24
    """Hours after which an order without approval lapses."""


class Objections(NamedTuple):
    """A finding against an order."""

    refusals: tuple[Reason, ...]
    approvals: tuple[Reason, ...]
    """People must approve it first."""
    incident: PaymentIncident | None


def addresses(order: PaymentOrder) -> tuple[Addresses, tuple[Reason, ...]]:
    """Return the usable addresses of the beneficiary, and the problems of the others."""
    wrong = []
    has_vpa = bool(order.beneficiary_vpa)
    if has_vpa and (fault := vpa(order.beneficiary_vpa or "").fault):
        wrong.append(Reason(code="payments.vpa_malformed", text=f"The UPI address cannot be used: {fault}."))
    has_account = bool(order.beneficiary_account or order.beneficiary_ifsc)
    if has_account and (fault := ifsc(order.beneficiary_ifsc or "").fault):
        wrong.append(Reason(code="payments.ifsc_malformed", text=f"The branch cannot be used: {fault}."))
    if has_account and (fault := account(order.beneficiary_account or "").fault):
        wrong.append(Reason(code="payments.account_malformed", text=f"The account cannot be used: {fault}."))
    if not has_vpa and not has_account:
        wrong.append(Reason(code="payments.no_address", text="Neither a UPI address nor an account is given."))
    return Addresses(vpa=has_vpa, account=has_account), tuple(wrong)


def objections(
    case: PaymentCase, sent: tuple[BookEntry, ...], settings: PaymentSettings, *, now: datetime.datetime
) -> Objections:
    """Return the findings against an order, worst first.

    Args:
        case: The order and what the checks found; a missing check never counts as a good sign.
        sent: Amount that the account has sent today.
        settings: The bank's own limits.
        now: The moment of the order.
    """
    kind, refusals = _refusals(case)
    incident = None
    if kind is not None:
        action = (
            "Store the order and the results of its checks; find other transfers of the same beneficiary and payer."
        )
        severity: Literal["medium", "high"] = "medium" if kind == "phishing" else "high"
        incident = PaymentIncident(kind=kind, severity=severity, action=action)
    return Objections(refusals, (*_limits(case, sent, settings, now), *_doubts(case), *_gaps(case)), incident)


def _refusals(case: PaymentCase) -> tuple[_Kind | None, tuple[Reason, ...]]:
    found: list[tuple[_Kind, Reason]] = []
    if case.screening is not None and case.screening.status == "strong" and _listed(case, "sanctions"):
        text = "The beneficiary matches an entry of a sanctions list in name and number."
        found.append(("sanctions_match", Reason(code="payments.sanctions", text=text)))
    if case.fraud is not None and case.fraud.label == "high":
        found.append(
            ("suspected_fraud", Reason(code="payments.fraud", text="The payer possibly did not give this order."))
        )
    if case.session is not None and case.session.recommended_action == "block":
        text = "The payer's account may have been taken over."
        found.append(("suspected_fraud", Reason(code="payments.session", text=text)))
    if case.mule is not None and case.mule.label == "high":
        text = "The beneficiary passes on its receipts, like a mule account."
        found.append(("suspected_mule", Reason(code="payments.mule", text=text)))
    if case.phishing is not None and case.phishing.label == "phishing":
        text = "The request for the payment, or the address, appears to be fraudulent."
        found.append(("phishing", Reason(code="payments.phishing", text=text)))
    return (found[0][0] if found else None), tuple(reason for _, reason in found)


def _limits(
    case: PaymentCase, sent: tuple[BookEntry, ...], settings: PaymentSettings, now: datetime.datetime
) -> tuple[Reason, ...]:
    order = case.payment.order
    added = order.beneficiary_added_at
    cool = datetime.timedelta(hours=settings.cooling_off_h)
    fresh = added is None or now - added < cool  # an unknown day does not count as past
    trusted = order.is_trusted_beneficiary and not fresh
    limit = settings.approval_from if trusted else min(settings.untrusted_approval_from, settings.approval_from)
    whom = beneficiary_of(order)
    earlier = sum((one.amount.amount for one in sent if one.beneficiary == whom), Decimal(0))
    total = earlier + order.amount.amount
    if total < limit:
        return ()
    kind = "a beneficiary" if trusted else "a beneficiary who is new, not confirmed, or added at an unknown time"
    text = f"{total:,} rupees today to {kind}: people must approve from {limit:,}."
    return (Reason(code="payments.large" if trusted else "payments.unconfirmed_beneficiary", text=text),)


def _doubts(case: PaymentCase) -> tuple[Reason, ...]:
    labels = (
        ("fraud", None if case.fraud is None else case.fraud.label),
        ("session", None if case.session is None else case.session.label),
        ("mule", None if case.mule is None else case.mule.label),
        ("phishing", None if case.phishing is None else case.phishing.label),
    )
    fine = {"low", "safe", "unverified"}
    found = [
        Reason(code=f"payments.{name}_{label}", text=f"Result of the check for {name}: {label}.")
        for name, label in labels
        if label is not None and label not in fine and label not in {"high", "phishing"}
    ]
    if case.session is not None and case.session.recommended_action == "step_up":
        text = "The payer should authenticate again."
        found.append(Reason(code="payments.step_up", text=text))
    if case.screening is not None and case.screening.status == "undetermined":
        text = "The beneficiary's name could not be compared with the watch lists; a person must do so."
        if "sanctions" not in case.screening.searched:
            text = "No real list of sanctions is configured, so nobody is cleared. A person must compare the name."
        found.append(Reason(code="payments.screening_undetermined", text=text))
    elif case.screening is not None and case.screening.status != "clear":
        text = "The beneficiary's name is similar to one on a watch list; a person must clear or confirm it."
        found.append(Reason(code="payments.screening_match", text=text))
    return tuple(found)


def _gaps(case: PaymentCase) -> tuple[Reason, ...]:
    lost = [Reason(code="payments.check_missing", text=f"{one.agent}: {one.reason}.") for one in case.missing]
    lacking = [
        Reason(
            code="payments.not_known", text=f"{one.agent} has too little data: {lack.what} is needed ({lack.needed})."
        )
        for one in case.insufficient
        for lack in one.missing
    ]
    order, asked = case.payment.order, case.payment.invitation
    checks: list[tuple[str, object]] = [
        ("fraud", case.fraud),
        ("session", case.session),
        ("mule accounts", case.mule),
        ("watch lists", case.screening),
    ]
    if order.beneficiary_vpa or order.remark or asked:
        checks.append(("phishing", case.phishing))
    if case.payment.available_balance is None:
        lost.append(Reason(code="payments.balance_unknown", text="The balance of the payer's account is unknown."))
    silent = [name for name, found in checks if found is None]
    if silent:
        text = f"These checks gave no result: {', '.join(silent)}."
        lost.append(Reason(code="payments.check_missing", text=text))
    return (*lost, *lacking)


def _listed(case: PaymentCase, kind: str) -> bool:
    matches = () if case.screening is None else case.screening.matches
    return any(one.kind == kind and one.strength == "strong" for one in matches)
