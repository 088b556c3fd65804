"""Aggregator desk: has an account fetched under a consent, and its cash flow computed; passes on no transactions."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.report_parts import IST
from genie_finance.contracts.bulk import BulkAnalysis, BulkRow, BulkStatementRequest
from genie_finance.contracts.consent import AaFetchRequest, AaFetchResult, AaQuestion, AaReport, Fetched
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.statements import Transaction
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="aggregator_desk",
    asks={
        AaFetchRequest: (AaFetchResult,),
        BulkStatementRequest: (BulkAnalysis, InsufficientData),
    },
    within_s=50.0,
)
_REFERENCE = 64
"""Maximum length of a row's reference."""


@agent(
    id=DESK.id,
    capabilities=("statements.fetch_and_report",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=8,
    asks=DESK.asks,
)
async def aggregator_desk(question: AaQuestion, context: Context) -> AaReport:
    """Fetches an account under a consent, states the limits of the consent, and computes the cash flow."""
    asking, wanted = DESK.open(context), question.fetch
    result = await asking.ask(AaFetchRequest(**wanted.model_dump()), AaFetchResult)
    cashflow = None
    rows = tuple(_row(one) for one in _transactions(result) if one.amount.minor)
    if rows:
        request = BulkStatementRequest(applicant_id=wanted.customer_id[:64], transactions=rows)
        cashflow = await asking.ask(request, BulkAnalysis)
    else:
        asking.lost(BulkAnalysis, "not asked: nothing was fetched")
    return AaReport(
        headline=_headline(question, result, cashflow),
        fetched=None if result is None else _fetched(result),
        cashflow=cashflow,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _transactions(result: AaFetchResult | None) -> tuple[Transaction, ...]:
    return () if result is None or result.statement is None else result.statement.transactions


def _row(one: Transaction) -> BulkRow:
    return BulkRow(
        account_id=one.account[:_REFERENCE],
        date=one.date,
        description=one.narration,
        amount=abs(one.amount),
        type="credit" if one.amount.minor > 0 else "debit",
        reference=one.reference[:_REFERENCE],
        balance=one.balance,
    )


def _fetched(result: AaFetchResult) -> Fetched:
    return Fetched(
        status=result.status,
        consent_id=result.consent_id,
        masked_account=result.masked_account,
        transactions=len(_transactions(result)),
        unread=result.unread,
        refusals=result.refusals,
        delete_by=result.delete_by,
        grounds=result.grounds,
    )


def _headline(question: AaQuestion, result: AaFetchResult | None, cashflow: BulkAnalysis | None) -> str:
    consent = question.fetch.consent_id
    if result is None:
        return f"Consent {consent}: the aggregator did not answer."
    if result.status == "refused":
        return f"Consent {consent} does not cover this: {' '.join(one.text for one in result.refusals)}"
    if result.status != "fetched":
        state = "the bank has not delivered yet" if result.status == "pending" else "there is no data for these days"
        return f"Consent {consent}: {state}."
    said = f"Consent {consent}: {len(_transactions(result))} transactions of {result.start} to {result.end}"
    if result.delete_by is not None:
        said += f", to be deleted by {result.delete_by.astimezone(IST):%Y-%m-%d}"
    if cashflow is not None:
        said += f"; {cashflow.monthly_average_inflow} in and {cashflow.monthly_average_outflow} out per month"
    return f"{said}."
