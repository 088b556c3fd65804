"""Statements of one applicant, from many accounts and years, consolidated into a cash flow for lenders.

A request brings either the bank's files, or rows that were read elsewhere. The answer holds sums, never the rows.
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
"""Links that an answer carries of each kind; their count is always whole."""


class BulkRow(Value):
    """One movement of one account, as another system read it; amounts in rupees."""

    account_id: Annotated[str, Field(min_length=1, max_length=64)]
    date: datetime.date
    description: Annotated[str, Field(max_length=500)]
    amount: PaidRupees
    """Positive; ``type`` says which way it went."""
    type: Literal["credit", "debit"]
    reference: Annotated[str, Field(max_length=64)] = ""
    """Cheque number, UTR or the bank's own mark."""
    balance: SignedRupees | None = None
    """Of the account, after this movement."""
    category: Annotated[str, Field(max_length=64)] | None = None
    """Name in the catalogue's taxonomy, if it is already known."""


class BulkStatementRequest(Payload, topic="insights.bulk_request", classification="confidential"):
    """What do these statements say together? Either ``files`` or ``transactions``."""

    applicant_id: Annotated[str, Field(min_length=1, max_length=64)]
    files: Annotated[tuple[StatementFile, ...], Field(max_length=100)] = ()
    transactions: Annotated[tuple[BulkRow, ...], Field(max_length=MOST_ROWS)] = ()
    currency: Currency = INR
    """What is analysed; movements of other currencies are named in ``other_currencies`` and left out."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.files) == bool(self.transactions):
            raise ValueError("give the statements as `files`, or their rows as `transactions`")
        return self


class AccountSummary(Value):
    """One account over the days of its statement, transfers to the applicant's other accounts included."""

    account_id: str
    """As the statement names it; empty where the file names none."""
    transactions: int
    period: Period
    credits: Money
    debits: Money
    """Positive."""
    closing_balance: Money | None
    """None where the statement states no balances; so are the other two."""
    average_balance: Money | None
    """Mean of the balances at the end of each day of the period, days without movement included."""
    lowest_balance: Money | None
    """Least balance at the end of a day."""
    overdrawn_days: int | None
    """Days that ended below 0."""


class BulkMonth(Value):
    """One calendar month of all accounts together; months without movement are there, with zeros.

    Transfers between the accounts and what was taken back again are netted out.
    """

    month: str
    """``YYYY-MM``."""
    complete: bool
    """False for a first or last month that the statements cover only in part."""
    inflow: Money
    outflow: Money
    """Positive."""
    net: Money
    own_inflow: Money
    """Part of the inflow that reads like the applicant's own money from an account that is not among the statements.
    It is not income."""
    own_outflow: Money
    """Part of the outflow that reads like savings, investments or transfers to such an account."""
    obligations: Money
    """Part of the outflow that pays loans."""
    transactions: int
    returns: int
    """Cheques and mandates of the applicant that their bank returned unpaid."""
    average_balance: Money | None
    """Mean over the month's days of all accounts' balances together; None unless each account states them."""


class CategoryTotal(Value):
    """Outflow of one category over the whole period."""

    category: str
    total: Money
    count: int
    share_percent: str
    """Of the whole outflow, with two digits."""


class Counterparty(Value):
    """One payer and how much of the inflow came from them."""

    name: str
    total: Money
    count: int
    share_percent: str
    """Of the whole inflow, with two digits."""


class Obligation(Value):
    """A regular payment that the applicant owes."""

    party: str
    kind: Literal["loan", "rent", "insurance"]
    cadence: Literal["weekly", "fortnightly", "monthly", "quarterly", "yearly"]
    amount: Money
    """Latest payment, positive."""
    monthly: Money
    """The latest payment, spread over months."""
    occurrences: int
    last: datetime.date
    active: bool
    """False when the next payment is overdue by more than the cadence allows."""


class Linked(Value):
    """Two movements that belong together; neither is deleted, both are left out of the sums."""

    kind: Literal["duplicate", "transfer", "refund"]
    """The same booking twice; both legs between two of the accounts; a payment and what came back of it."""
    first: str
    """Ids of transactions: the kept one, the money out, the payment. Rows of a request are ``row-1`` and so on."""
    second: str
    amount: Money
    """What the link takes out of the sums on each side that it touches."""
    why: str
    """What shows that they belong together."""


class CreditTurnover(Value):
    """What came in, as lenders compare it with declared sales."""

    months: int
    """Calendar months of the period, the ones in part included."""
    total: Money
    """Inflow without what reads like own money."""
    monthly_average: Money
    """Over all of these months."""
    complete_months: int
    """Of them, those that the statements cover wholly."""


class BulkAnalysis(Payload, topic="insights.bulk_analysis", classification="confidential"):
    """The consolidated cash flow of one applicant: every month of the period, in one currency."""

    applicant_id: str
    currency: Currency
    period: Period
    account_count: int
    transaction_count_raw: int
    """Rows that were read."""
    transaction_count: int
    """Rows without duplicates and without the legs of transfers between the accounts."""
    duration_months: int
    """Calendar months from the first booking to the last, both included."""
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
    """At most five, largest first; own money left out."""
    obligations: tuple[Obligation, ...]
    """Dearest per month first."""
    debit_count: int
    """Movements that are money out, matched ones left out: what ``return_count`` may be compared with."""
    return_count: int
    """Cheques and mandates of the applicant that were returned unpaid."""
    deposit_return_count: int
    """Cheques that the applicant had deposited and that came back."""
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
    """What do these files say together?"""

    applicant_id: Annotated[str, Field(min_length=1, max_length=64)]
    files: Annotated[tuple[StatementFile, ...], Field(min_length=1, max_length=100)]
    currency: Currency = INR


class BulkReport(Payload, topic="insights.bulk_report", classification="confidential"):
    """The cash flow of an applicant's statements, or why there is none."""

    headline: str
    analysis: BulkAnalysis | None
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
