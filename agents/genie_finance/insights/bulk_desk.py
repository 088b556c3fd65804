"""Bulk desk: reports the cash flow of an applicant's statements on one page, with the missing data."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.bulk import BulkAnalysis, BulkQuestion, BulkReport, BulkStatementRequest
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.domain.asking import Desk

DESK = Desk(
    id="bulk_desk",
    asks={
        BulkStatementRequest: (BulkAnalysis, InsufficientData),
    },
    within_s=100.0,
)


_UNNAMED = "applicant"
"""Name of an applicant in the shipped pipeline if none is given."""


@agent(
    id=DESK.id,
    capabilities=("statements.report",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=8,
    asks=DESK.asks,
)
async def bulk_desk(question: BulkQuestion, context: Context) -> BulkReport:
    """Reports the combined cash flow of all of an applicant's accounts, and the missing data."""
    asking = DESK.open(context)
    request = BulkStatementRequest(
        applicant_id=question.applicant_id, files=question.files, currency=question.currency
    )  # fmt: skip
    analysis = await asking.ask(request, BulkAnalysis)
    return BulkReport(
        headline=_headline(question, analysis),
        analysis=analysis,
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _headline(question: BulkQuestion, analysis: BulkAnalysis | None) -> str:
    whose = "" if question.applicant_id == _UNNAMED else f"{question.applicant_id}: "
    if analysis is None:
        return f"{whose or 'Of these statements '}no cash flow can be stated; what is missing is listed below."
    said = (
        f"{whose}{analysis.monthly_average_inflow} in and {analysis.monthly_average_outflow} out per month, over "
        f"{analysis.duration_months} months and {analysis.account_count} accounts."
    )
    if analysis.return_count:
        said += f" Returned unpaid: {analysis.return_count}."
    if analysis.quarantined_count or analysis.unread:
        said += f" Not read: {analysis.quarantined_count} rows and {len(analysis.unread)} files."
    return said
