"""Bulk statement analyzer: many accounts and years of one applicant, consolidated into a monthly cash flow."""

from __future__ import annotations

from collections.abc import Sequence

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.bulk import BulkAnalysis, BulkRow, BulkStatementRequest
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.statements import Statement, StatementReading, Transaction
from genie_finance.domain.collecting import uncollected
from genie_finance.insights.bulk.denomination import denominated
from genie_finance.insights.bulk.summary import Consolidation
from genie_finance.insights.categoriser import CategoriserSettings, categorise
from genie_finance.insights.keywords import keyword_table
from genie_finance.insights.merchants import merchant_master
from genie_finance.insights.movements import category_of
from genie_finance.insights.normaliser import normalise
from genie_finance.insights.reader import read_files

ID = "bulk_statement_analyzer"


def consolidate(request: BulkStatementRequest) -> BulkAnalysis | InsufficientData:
    """Return the combined cash flow of an applicant's statements, or the missing data.

    Raises:
        InputError: None of the files can be read.
    """
    with uncollected():
        return _consolidated(request)


def _consolidated(request: BulkStatementRequest) -> BulkAnalysis | InsufficientData:
    reading = read_files(request.files) if request.files else _reading(request.transactions)
    stated = denominated(reading.statement.transactions, request.currency)
    statement = _understood(Statement(transactions=stated.transactions))
    consolidation = Consolidation(
        statement.transactions, request.currency, assumed=stated.assumed, from_rows=not request.files
    )
    if not consolidation.read:
        lack = Lack(what="transactions", needed=f"movements in {request.currency}")
        return InsufficientData(agent=ID, question="consolidated cash flow", missing=(lack,))
    return consolidation.analysis(request.applicant_id, reading)


def _understood(statement: Statement) -> Statement:
    named = {one.id: one.category for one in statement.transactions if one.category}
    normalised = normalise(statement, merchant_master())
    settings = CategoriserSettings()
    found = categorise(normalised, settings=settings, master=merchant_master(), keywords=keyword_table()).statement
    if not named:
        return found
    # A value that a person decided is kept.
    kept = (
        one.model_copy(update={"category": named[one.id], "confidence": 1.0}) if one.id in named else one
        for one in found.transactions
    )
    return found.model_copy(update={"transactions": tuple(kept)})


def _reading(rows: Sequence[BulkRow]) -> StatementReading:
    transactions = tuple(
        Transaction(
            id=f"row-{number}",
            line=number,
            account=row.account_id,
            date=row.date,
            narration=row.description,
            amount=row.amount if row.type == "credit" else -row.amount,
            balance=row.balance,
            category=category_of(row.category),
            reference=row.reference,
        )
        for number, row in enumerate(rows, start=1)
    )
    return StatementReading(statement=Statement(transactions=transactions))


@agent(
    id=ID,
    capabilities=("statements.consolidate",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="restricted",
    executor="thread",
    concurrency=2,
)
def bulk_statement_analyzer(request: BulkStatementRequest) -> BulkAnalysis | InsufficientData:
    """Consolidates an applicant's statements: cash flow by month, own transfers netted, obligations, returns."""
    return consolidate(request)
