"""Questions and answers of the triage of customer complaints."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.payments import Amount

Category = Literal[
    "digital_banking_upi_imps", "cards", "loans_and_advances", "charges_and_fees", "mis_selling", "staff_conduct",
    "remittance", "deposit_accounts", "other",
]  # fmt: skip
Nature = Literal["unauthorised_transaction", "failed_transaction", "deficiency_in_service"]
"""What happened: an unauthorised payment; a failed payment whose money is gone; or anything else."""
Severity = Literal["low", "medium", "high"]


AccountKind = Literal["basic_savings", "standard", "other"]
"""By the Reserve Bank's limits of liability. ``basic_savings``: a basic savings bank deposit account. ``standard``: any
other savings account, prepaid instruments and gift cards; current, cash credit and overdraft accounts of micro, small
and medium enterprises, and of individuals up to 25 lakh rupees; credit cards up to 5 lakh. ``other``: the rest."""


class ComplaintFiled(Payload, topic="complaints.filed", classification="confidential"):
    """What is this complaint about, how urgent is it, and what happens when?"""

    complaint_id: Annotated[str, Field(min_length=1, max_length=128)]
    user_id: Annotated[str, Field(min_length=1, max_length=128)]
    complaint_text: Annotated[str, Field(min_length=1, max_length=20_000)]
    received_on: datetime.date
    """Day on which the bank received it; all periods start here."""
    as_of: datetime.date | None = None
    """Day of the question; today by default."""
    occurred_on: datetime.date | None = None
    reported_on: datetime.date | None = None
    """Day on which the customer first told the bank of an unauthorised transaction; the complaint's by default."""
    amount: Amount | None = None
    """Disputed amount; None if the complaint names none."""
    product_hint: Annotated[str, Field(max_length=100)] | None = None
    channel_hint: Annotated[str, Field(max_length=100)] | None = None
    replied_on: datetime.date | None = None
    """Day of the bank's last reply; None if it has not replied."""
    rejected: bool | None = None
    """True if the bank refused, in whole or in part; None if it has not replied."""
    account_kind: AccountKind | None = None
    """Type of the debited account; None if unknown, so that the highest limit is stated."""
    vulnerable_customer: bool | None = None
    """Senior citizen, disabled, or otherwise in need of care; None if unknown."""


class Ground(Value):
    """A category that fits the text, with the words that indicate it."""

    category: Category
    weight: Annotated[int, Field(ge=0)]
    words: tuple[str, ...]


class OmbudsmanView(Value):
    """Whether the complaint may go to the Reserve Bank's ombudsman."""

    eligible: bool | None
    """None if a person must decide: the text names no deficiency, or the scheme's figures were not verified."""
    from_day: datetime.date | None
    """First day on which it is possible."""
    until_day: datetime.date | None
    """Last day on which it is possible."""
    compensation_limit: Amount
    """Maximum compensation for consequential loss; the disputed amount itself has no limit."""
    distress_limit: Amount
    reason: str


class LiabilityView(Value):
    """Liability of the customer for an unauthorised electronic transaction under the Reserve Bank's rules."""

    delay_working_days: int | None
    """Days between the bank's message and the report, in bank working days; None if unknown."""
    bears: Literal["nothing", "limited", "by_policy", "undetermined"]
    most: Amount | None
    """Maximum that the customer bears: the account's limit, or the disputed amount if that is less.

    None if the rules have no limit. If the account is unknown, the highest limit.
    """
    reason: str
    credit_due: datetime.date
    """Day by which the amount must be provisionally credited."""
    resolution_due: datetime.date


class ComplaintTriage(Payload, topic="complaints.triage", classification="confidential"):
    """Where a complaint goes, its deadlines, and the customer's rights."""

    complaint_id: str
    category: Category
    nature: Nature
    severity: Severity
    grounds_found: tuple[Ground, ...]
    """All categories that the text indicates, strongest first."""
    needs_human_review: bool
    review_reasons: tuple[str, ...]
    redacted_summary: Annotated[str, Field(max_length=400)]
    """The beginning of the complaint without numbers and addresses that could identify a person."""
    suggested_action: str
    first_response_due: datetime.date
    resolution_due: datetime.date
    ombudsman: OmbudsmanView
    liability: LiabilityView | None
    """Only if a transaction is reported as unauthorised."""
    grounds: Grounds
