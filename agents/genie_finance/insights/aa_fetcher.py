"""Account aggregator fetcher: transactions of an account, if a consent covers exactly this request."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.consent import AaFetchRequest, AaFetchResult, ConsentArtefact, Refusal, Span
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.money import INR, Money
from genie_finance.contracts.statements import Statement, Transaction
from genie_finance.domain.months import add_months
from genie_finance.insights.aggregator import AccountAggregator, AggregatorData
from genie_finance.insights.reading.identity import identity

ID = "aa_fetcher"
MAX_BYTES = 20_000_000
MOST = 100_000


def refusals(request: AaFetchRequest, consent: ConsentArtefact, now: datetime.datetime) -> Iterator[Refusal]:
    """Yield every clause of a consent that forbids this request; nothing if it covers the request."""
    if not consent.signature_valid:
        yield Refusal(code="consent.signature", text="The aggregator's signature of the consent was not verified.")
    if consent.status != "ACTIVE":
        yield Refusal(code="consent.status", text=f"The consent is {consent.status.lower()}.")
    if now < consent.consent_start:
        yield Refusal(code="consent.not_yet", text="The consent is not valid yet.")
    if now >= consent.consent_expiry:
        yield Refusal(code="consent.expired", text="The consent has expired.")
    if consent.customer_id != request.customer_id:
        yield Refusal(code="consent.customer", text="The consent is from another person.")
    if consent.purpose_code != request.purpose_code:
        text = f"Consent was given for purpose {consent.purpose_code}, not for {request.purpose_code}."
        yield Refusal(code="consent.purpose", text=text)
    if "TRANSACTIONS" not in consent.consent_types:
        yield Refusal(code="consent.type", text="The consent does not cover transactions.")
    held = next((one for one in consent.accounts if one.link_ref_number == request.account), None)
    if held is None:
        yield Refusal(code="consent.account", text="The consent does not cover this account.")
    elif held.fi_type != "DEPOSIT" or "DEPOSIT" not in consent.fi_types:
        yield Refusal(code="consent.fi_type", text="The consent does not cover deposits of this account.")
    if request.start > request.end:
        yield Refusal(code="request.range", text="The range ends before it starts.")
    elif request.start < consent.data_from or request.end > consent.data_to:
        text = f"The consent covers {consent.data_from} to {consent.data_to}."
        yield Refusal(code="consent.range", text=text)
    yield from _too_often(consent, now)


def _too_often(consent: ConsentArtefact, now: datetime.datetime) -> Iterator[Refusal]:
    if consent.fetch_type == "ONETIME":
        if consent.fetched_at:
            yield Refusal(code="consent.frequency", text="The consent allowed one fetch, which has been made.")
        return
    if consent.frequency.unit == "INF":
        return
    since = later(now, Span(unit=consent.frequency.unit, value=1), back=True)
    recent = sum(since is None or one > since for one in consent.fetched_at)
    if recent >= consent.frequency.value:
        text = f"The consent allows {consent.frequency.value} fetches in a {consent.frequency.unit.lower()}."
        yield Refusal(code="consent.frequency", text=text)


def later(start: datetime.datetime, span: Span, *, back: bool = False) -> datetime.datetime | None:
    """Return a time one span later or earlier; None if the span has no end."""
    count = -span.value if back else span.value
    try:
        if span.unit == "INF":
            return None
        if span.unit == "HOUR":
            return start + datetime.timedelta(hours=count)
        if span.unit == "DAY":
            return start + datetime.timedelta(days=count)
        day = add_months(start.date(), count * (12 if span.unit == "YEAR" else 1))
        return datetime.datetime.combine(day, start.timetz())
    except (OverflowError, ValueError):
        return None


def result(
    request: AaFetchRequest, consent: ConsentArtefact, data: AggregatorData, now: datetime.datetime
) -> AaFetchResult:
    """Return the fetched data as typed transactions.

    Raises:
        InputError: The data is too large, or is not a list of transactions.
    """
    masked = next((one.masked_acc_number for one in consent.accounts if one.link_ref_number == request.account), "")
    if data.state != "ready":
        why = Reason(code=f"aa.{data.state}", text="The aggregator has no data for these days."
                     if data.state == "no_data" else "The bank has not delivered yet; ask again.")  # fmt: skip
        return _answer(request, data.state, masked, (why,))
    found, unread = _transactions(request, data.content)
    reason = Reason(code="aa.fetched", text=f"{len(found)} transactions under consent {consent.consent_id}.")
    if not found:
        return _answer(request, "no_data", masked, (reason,), unread=unread)
    delete_by = later(now, consent.data_life)
    return _answer(request, "fetched", masked, (reason,), Statement(transactions=found), unread, delete_by)


def refused(request: AaFetchRequest, why: tuple[Refusal, ...]) -> AaFetchResult:
    """Return the answer to a request that the consent does not cover."""
    reasons = tuple(Reason(code=f"aa.{one.code}", text=one.text) for one in why)
    return _answer(request, "refused", "", reasons).model_copy(update={"refusals": why})


def _answer(
    request: AaFetchRequest,
    status: str,
    masked: str,
    reasons: tuple[Reason, ...],
    statement: Statement | None = None,
    unread: int = 0,
    delete_by: datetime.datetime | None = None,
) -> AaFetchResult:
    inputs = (
        Evidence(name="consent_id", value=request.consent_id),
        Evidence(name="purpose_code", value=request.purpose_code),
        Evidence(name="range", value=f"{request.start} to {request.end}"),
    )
    said = Grounds(
        reasons=reasons, inputs=inputs, editions=(), uncertainty="As delivered by the bank, without additions."
    )
    return AaFetchResult.model_validate(
        {
            "status": status, "consent_id": request.consent_id, "account": request.account, "masked_account": masked,
            "start": request.start, "end": request.end, "refusals": (), "statement": statement, "unread": unread,
            "delete_by": delete_by, "grounds": said,
        }
    )  # fmt: skip


def _transactions(request: AaFetchRequest, content: bytes) -> tuple[tuple[Transaction, ...], int]:
    if len(content) > MAX_BYTES:
        raise InputError("aggregator", f"delivered more than {MAX_BYTES:,} bytes", "ask for fewer days")
    try:
        rows = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise InputError("aggregator", "delivered no JSON", "ask again, or check the adapter") from None
    if not isinstance(rows, list) or len(rows) > MOST:
        raise InputError("aggregator", f"did not deliver a list of at most {MOST:,} transactions", "ask for fewer days")
    seen: Counter[str] = Counter()
    found = []
    for number, row in enumerate(rows, start=1):
        one = _transaction(row, number, request, seen)
        if one is not None and request.start <= one.date <= request.end:
            found.append(one)
    return tuple(found), len(rows) - len(found)


def _transaction(row: Any, number: int, request: AaFetchRequest, seen: Counter[str]) -> Transaction | None:
    """Return one row of the bank's JSON as a transaction, None if it is not one."""
    try:
        sign = {"CREDIT": 1, "DEBIT": -1}[row["type"]]
        date = datetime.date.fromisoformat(str(row["valueDate"])[:10])
        amount = Money.of(abs(Decimal(str(row["amount"]))) * sign, INR)
        stated = row.get("currentBalance")
        balance = None if stated is None else Money.of(Decimal(str(stated)), INR)
        narration = str(row["narration"])[:500]
        return Transaction(
            id=identity(request.account, date, narration, amount, seen),
            line=number,
            account=request.account,
            date=date,
            narration=narration,
            amount=amount,
            balance=balance,
            rail=str(row["mode"]).lower()[:20] if row.get("mode") in {"UPI", "CASH"} else None,
            reference=str(row.get("reference") or "")[:64],
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
        return None


@agent(
    id=ID,
    capabilities=("statements.fetch",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=4,
    ports=(AccountAggregator,),
)
async def aa_fetcher(request: AaFetchRequest, context: Context) -> AaFetchResult:
    """Fetches an account's transactions from an account aggregator, if the person's consent covers exactly that."""
    aggregator = context.port(AccountAggregator)
    consent = await aggregator.consent(request.consent_id)
    if consent is None or consent.consent_id != request.consent_id:
        return refused(request, (Refusal(code="consent.unknown", text="The consent is unknown."),))
    now = context.now()
    why = tuple(refusals(request, consent, now))
    if why:
        return refused(request, why)
    return result(request, consent, await aggregator.fetch(consent, request.account, request.start, request.end), now)
