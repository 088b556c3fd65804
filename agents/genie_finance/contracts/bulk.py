"""Statements of one applicant, from many accounts and years, consolidated into a cash flow for lenders.

A request contains either the bank's files, or rows that were read elsewhere. The answer contains sums, never the rows.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insights import Period
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import INR, Currency, Money, PaidRupees, SignedRupees
from genie_finance.contracts.statements import Quarantined, StatementFile, Unproven, UnreadFile

MOST_ROWS = 200_000
MOST_LINKS = 500
"""Maximum number of links of each kind in an answer; their count is always complete."""


class BulkRow(Value):
    """One movement of one account, read by another system; amounts in rupees."""

    account_id: Annotated[str, Field(min_length=1, max_length=64)]
    date: datetime.date
    description: Annotated[str, Field(max_length=500)]
    amount: PaidRupees
    """Positive; ``type`` states the direction."""
    type: Literal["credit", "debit"]
    reference: Annotated[str, Field(max_length=64)] = ""
    """Cheque number, UTR or the bank's reference."""
    balance: SignedRupees | None = None
    """Balance of the account after this movement."""
    category: Annotated[str, Field(max_length=64)] | None = None
    """Category in the catalogue's taxonomy, if already known."""


class BulkStatementRequest(Payload, topic="insights.bulk_request", classification="confidential"):
    """Consolidate these statements. Either ``files`` or ``transactions``."""

    applicant_id: Annotated[str, Field(min_length=1, max_length=64)]
    files: Annotated[tuple[StatementFile, ...], Field(max_length=100)] = ()
    transactions: Annotated[tuple[BulkRow, ...], Field(max_length=MOST_ROWS)] = ()
    currency: Currency = INR
    """Currency of the analysis; movements in other currencies are listed in ``other_currencies`` and left out."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.files) == bool(self.transactions):
            raise ValueError("give the statements as `files`, or their rows as `transactions`")
        return self


class AccountSummary(Value):
    """One account over the days of its statement, including transfers to the applicant's other accounts."""

    account_id: str
    """Id in the statement; empty if the file has none."""
    transactions: int
    period: Period
    credits: Money
    debits: Money
    """Positive."""
    closing_balance: Money | None
    """None if the statement has no balances; the same for the next two."""
    average_balance: Money | None
    """Mean of the end-of-day balances of the period, including days without movement."""
    lowest_balance: Money | None
    """Lowest end-of-day balance."""
    overdrawn_days: int | None
    """Number of days that ended below 0."""


class BulkMonth(Value):
    """One calendar month of all accounts together; months without movement are included, with zeros.

    Transfers between the accounts and reversals are netted out.
    """

    month: str
    """``YYYY-MM``."""
    complete: bool
    """False for a first or last month that the statements only cover in part."""
    inflow: Money
    outflow: Money
    """Positive."""
    net: Money
    own_inflow: Money
    """Part of the inflow that is not income: the applicant's own money from an account that is not among the
    statements, loans, overdrafts, cash paid in, closed deposits, capital and refunds. ``not_income`` has the kinds."""
    own_outflow: Money
    """Part of the outflow that appears to be savings, investments or transfers to such an account."""
    obligations: Money
    """Part of the outflow that repays loans."""
    transactions: int
    returns: int
    """Cheques and mandates of the applicant that their bank returned unpaid."""
    average_balance: Money | None
    """Mean over the month's days of the total balance of all accounts; None unless each account has balances."""


class CategoryTotal(Value):
    """Outflow of one category over the whole period."""

    category: str
    total: Money
    count: int
    share_percent: str
    """Percentage of the total outflow, two decimals."""


class NotIncome(Value):
    """Money received that is not income."""

    kind: Literal[
        "loan", "overdraft", "cash_deposit", "deposit_closure", "capital", "own_transfer", "refund", "asset_sale",
        "gambling", "gift", "insurance", "investment", "grant",
    ]  # fmt: skip
    total: Money
    count: int


class Counterparty(Value):
    """One payer, with the amount and share of the inflow."""

    name: str
    total: Money
    count: int
    share_percent: str
    """Percentage of the total inflow, two decimals."""


class Obligation(Value):
    """A regular payment that the applicant owes."""

    party: str
    kind: Literal["loan", "rent", "insurance"]
    cadence: Literal["weekly", "fortnightly", "monthly", "quarterly", "yearly"]
    amount: Money
    """Latest payment, positive."""
    monthly: Money
    """The latest payment, converted to a monthly amount."""
    occurrences: int
    last: datetime.date
    active: bool
    """False when the next payment is overdue by more than the cadence allows."""


class Linked(Value):
    """Two movements that belong together; both are kept, and both are left out of the sums."""

    kind: Literal["duplicate", "transfer", "refund"]
    """The same booking twice; both sides of a transfer between two accounts; a payment and its reversal."""
    first: str
    """Ids of the transactions; the kept one, the outgoing one or the payment comes first.

    Rows of a request are ``row-1`` and so on.
    """
    second: str
    amount: Money
    """Amount that the link takes out of the sums on each side."""
    why: str
    """Evidence that they belong together."""


class CreditTurnover(Value):
    """Inflow in the definition that lenders compare with declared sales."""

    months: int
    """Calendar months of the period, including partial ones."""
    total: Money
    """Inflow without ``own_inflow``."""
    monthly_average: Money
    """Over all of these months."""
    complete_months: int
    """Number of months that the statements cover completely."""


class BulkAnalysis(Payload, topic="insights.bulk_analysis", classification="confidential"):
    """The consolidated cash flow of one applicant: every month of the period, in one currency."""

    applicant_id: str
    currency: Currency
    period: Period
    account_count: int
    transaction_count_raw: int
    """Number of rows read."""
    transaction_count: int
    """Number of rows without duplicates and transfers between the accounts."""
    duration_months: int
    """Calendar months from the first booking to the last, inclusive."""
    total_credit: Money
    """Sum of the months' inflows."""
    total_debit: Money
    """Sum of the months' outflows, positive."""
    net_cashflow: Money
    monthly_average_inflow: Money
    """``total_credit`` over ``duration_months``."""
    monthly_average_outflow: Money
    turnover: CreditTurnover
    accounts: tuple[AccountSummary, ...]
    months: tuple[BulkMonth, ...]
    """All of them, in order."""
    top_debit_categories: tuple[CategoryTotal, ...]
    """At most five, largest first."""
    top_payers: tuple[Counterparty, ...]
    """At most five, largest first; without non-income."""
    not_income: tuple[NotIncome, ...] = ()
    """Composition of ``own_inflow`` over the whole period, largest first."""
    obligations: tuple[Obligation, ...]
    """Highest monthly amount first."""
    debit_count: int
    """Number of unmatched outgoing movements, for comparison with ``return_count``."""
    return_count: int
    """Cheques and mandates of the applicant that were returned unpaid."""
    deposit_return_count: int
    """Deposited cheques that were returned."""
    duplicate_count: int
    transfer_count: int
    """Pairs."""
    refund_count: int
    links: tuple[Linked, ...]
    """At most ``MOST_LINKS`` of each kind."""
    other_currencies: tuple[Currency, ...] = ()
    quarantined: Annotated[tuple[Quarantined, ...], Field(max_length=MOST_LINKS)] = ()
    """Rows that could not be read, at most ``MOST_LINKS`` of them."""
    quarantined_count: int = 0
    unproven: Annotated[tuple[Unproven, ...], Field(max_length=MOST_LINKS)] = ()
    """Assumptions about sign, debit, amount column or decimal mark that no balance proved, at most ``MOST_LINKS``."""
    unread: tuple[UnreadFile, ...] = ()
    grounds: Grounds


class BulkQuestion(Payload, topic="insights.bulk_question", classification="confidential"):
    """Consolidate these files."""

    applicant_id: Annotated[str, Field(min_length=1, max_length=64)]
    files: Annotated[tuple[StatementFile, ...], Field(min_length=1, max_length=100)]
    currency: Currency = INR


class BulkReport(Payload, topic="insights.bulk_report", classification="confidential"):
    """The cash flow of an applicant's statements, or why there is none."""

    headline: str
    analysis: BulkAnalysis | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
