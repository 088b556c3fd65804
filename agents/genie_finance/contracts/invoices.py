"""Payloads on invoices between businesses in India: posting, discounting, and receivables books."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData, MissingAnswer
from genie_finance.contracts.money import Money, PaidRupees, Rupees
from genie_finance.contracts.numbers import Exact, Percent, Quantity

MOST_INVOICES = 500
Id = Annotated[str, Field(min_length=1, max_length=64)]
Rating = Annotated[str, Field(max_length=16)]
"""``AAA``, ``AA``, ``A``, ``BBB`` or lower, with or without a sign; empty or another text is unrated."""
EnterpriseClass = Literal["micro", "small", "medium", "none"]
"""By the MSMED Act; ``none`` is larger, or not registered."""


class InvoiceItem(Value):
    """One line of an invoice."""

    hsn: Annotated[str, Field(max_length=16)]
    """HSN or SAC code."""
    description: Annotated[str, Field(max_length=300)] = ""
    quantity: Quantity
    unit_price: Annotated[Exact, Field(ge=0)]
    """Rupees per unit before tax; may have more decimals than paise."""
    gst_pct: Percent
    """Total tax rate: 18 is 9 central and 9 state, or 18 integrated."""
    line_total: Rupees
    """With tax."""


class Invoice(Value):
    """A tax invoice."""

    irn: Annotated[str, Field(max_length=128)] = ""
    """Invoice reference number of the e-invoice portal: 64 hexadecimal digits."""
    supplier_gstin: Annotated[str, Field(max_length=20)]
    buyer_gstin: Annotated[str, Field(max_length=20)]
    invoice_no: Annotated[str, Field(min_length=1, max_length=32)]
    invoice_date: datetime.date
    items: Annotated[tuple[InvoiceItem, ...], Field(max_length=1_000)]
    total: Rupees
    """As stated in the invoice, with tax."""
    place_of_supply: Annotated[str, Field(pattern=r"^\d\d$")] | None = None
    """Code of the state; None means the buyer's."""
    tax_kind: Literal["integrated", "central_and_state"] | None = None
    """Amount that the invoice charges; None if unknown."""
    po_reference: Annotated[str, Field(max_length=64)] = ""
    grn_reference: Annotated[str, Field(max_length=64)] = ""


class OrderLine(Value):
    """One line of a purchase order."""

    hsn: Annotated[str, Field(max_length=16)]
    unit_price: Annotated[Exact, Field(ge=0)]
    """Rupees, before tax."""
    open_quantity: Quantity
    """Quantity ordered and not yet invoiced."""


class Received(Value):
    """Goods receipt of one code."""

    hsn: Annotated[str, Field(max_length=16)]
    quantity: Quantity
    """Accepted, not only delivered."""


class Earlier(Value):
    """An invoice that was already posted."""

    supplier_gstin: Annotated[str, Field(max_length=20)]
    invoice_no: Annotated[str, Field(max_length=32)]
    invoice_date: datetime.date


class InvoiceReference(Value):
    """The buyer's records; None means unknown, which never counts in favour of an invoice."""

    po_total: Rupees | None = None
    """Open amount of the purchase order, with tax."""
    po_lines: Annotated[tuple[OrderLine, ...], Field(max_length=1_000)] | None = None
    grn: Annotated[tuple[Received, ...], Field(max_length=1_000)] | None = None
    vendor_active: bool | None = None
    vendor_gstin: Annotated[str, Field(max_length=20)] | None = None
    """GSTIN of the supplier in the vendor master."""
    vendor_class: EnterpriseClass | None = None
    """Micro and small suppliers must be paid within the period of section 15 of the MSMED Act."""
    accepted_on: datetime.date | None = None
    """Day on which goods or services were accepted."""
    agreed_days: Annotated[int, Field(ge=0, le=3_650)] | None = None
    """Payment days of a written agreement; None if there is none."""
    posted: Annotated[tuple[Earlier, ...], Field(max_length=20_000)] | None = None
    """Posted invoices of this supplier; None if not looked up."""


class InvoicePacket(Payload, topic="payments.invoice_packet", classification="confidential"):
    """Should this invoice be posted?"""

    invoice: Invoice
    reference: InvoiceReference
    as_of: datetime.date | None = None
    """Day of the question; None: today."""


class InvoiceIssue(Value):
    """One problem of an invoice."""

    code: str
    """``gstin.supplier``, ``duplicate``, ``po.missing``, ``line.arithmetic`` and so on."""
    severity: Literal["block", "hold"]
    """A person cannot clear a block: the supplier must issue a corrected document."""
    text: str


class TaxSplit(Value):
    """The tax of all lines, split by the places of supplier and supply."""

    taxable: Money
    central: Money
    state: Money
    integrated: Money


class InvoiceDecision(Payload, topic="payments.invoice_decision", classification="confidential"):
    """Post, hold for a person, or reject; a recommendation to the accountant."""

    invoice_no: str
    irn: str
    action: Literal["post", "hold", "reject"]
    issues: tuple[InvoiceIssue, ...]
    """Blocks first."""
    checks_passed: int
    checks_made: int
    tax: TaxSplit
    computed_total: Money
    """Sum of the lines, from quantity, price and rate."""
    pay_by: datetime.date | None
    """Last day under section 15 of the MSMED Act; None if it does not apply or the acceptance date is unknown."""
    posting_hints: tuple[str, ...]
    grounds: Grounds


class DiscountInvoice(Value):
    """An invoice offered for sale before it is due."""

    id: Id
    counterparty: Annotated[str, Field(max_length=200)]
    counterparty_rating: Rating = ""
    face_value: PaidRupees
    issued_on: datetime.date | None = None
    due_on: datetime.date


class InvoiceDiscountRequest(Payload, topic="payments.discount_request", classification="confidential"):
    """Which invoices raise this much cash at the lowest cost?"""

    invoices: Annotated[tuple[DiscountInvoice, ...], Field(max_length=MOST_INVOICES)]
    target_cash: PaidRupees
    as_of_date: datetime.date
    annualised_rate_bp: Annotated[Exact, Field(gt=0, le=100_000)]
    """Yearly discount rate for the best rating, in basis points of the face value, actual days over 365."""
    advance_percent: Annotated[Percent, Field(gt=0, le=100)] = Decimal(100)
    """Fraction of the face value that is advanced; the rest is paid without discount after the buyer has paid."""
    fee_percent: Percent = Decimal(0)
    """One-time fee on the advance."""
    overdraft_rate_percent: Percent | None = None
    """Yearly cost of the credit line that could be drawn instead; None if unknown."""


class DiscountLine(Value):
    """One invoice with its discount."""

    invoice_id: str
    face_value: Money
    advance: Money
    discount_cost: Money
    fee: Money
    net_cash: Money
    """``advance - discount_cost - fee``."""
    effective_apr_pct: str
    """``(discount + fee) / net_cash * 365 / days``, in percent with two digits."""
    effective_annual_pct: str
    """With compounding: ``(1 + cost / net_cash) ^ (365 / days) - 1``."""
    days_to_maturity: int
    rating: str
    dearer_than_overdraft: bool | None


class ExcludedInvoice(Value):
    """An invoice that should not be discounted, with the reason."""

    invoice_id: str
    reason: str


class InvoiceDiscountPlan(Payload, topic="payments.discount_plan", classification="confidential"):
    """The cheapest invoices that reach the target; a recommendation only."""

    selected: tuple[DiscountLine, ...]
    """Cheapest first."""
    total_net_cash: Money
    total_discount_cost: Money
    """With fees."""
    unfunded_gap: Money
    surplus: Money
    """Cash above the target, since only whole invoices are sold."""
    optimal: bool
    """True if no cheaper set of whole invoices exists; False if the search was stopped early."""
    excluded: tuple[ExcludedInvoice, ...]
    note: str
    grounds: Grounds


class BookInvoice(Value):
    """One open receivable."""

    invoice_id: Id
    buyer_id: Id
    buyer_rating: Rating = ""
    amount: PaidRupees
    days_outstanding: Annotated[int, Field(ge=0, le=36_500)]
    """Days since the buyer accepted goods or services, or since the invoice if that is unknown."""
    agreed_days: Annotated[int, Field(ge=0, le=3_650)] | None = None
    """Payment days of a written agreement; None if unknown, unless ``written_agreement`` is False."""
    written_agreement: bool | None = None
    """False if there is none, so that section 15 allows 15 days."""
    gst_e_invoiced: bool
    accepted: bool | None = None
    """True if the buyer has accepted it; None if unknown."""
    disputed: bool | None = None
    """None: unknown; such an invoice is neither offered nor charged interest."""
    buyer_on_treds: bool | None = None
    """True if the buyer is registered on a platform; None if unknown."""

    @model_validator(mode="after")
    def _terms_agree(self) -> Self:
        if self.agreed_days is not None and self.written_agreement is False:
            raise ValueError("agreed_days require a written agreement, but written_agreement is false")
        return self


class ScfRequest(Payload, topic="payments.scf_request", classification="confidential"):
    """Analyse a supplier's receivables: financing options, and amounts due."""

    supplier_id: Id
    as_of: datetime.date
    supplier_class: EnterpriseClass
    invoices: Annotated[tuple[BookInvoice, ...], Field(max_length=10_000)]
    sales_last_12_months: Rupees | None = None
    """Credit sales, for the days of sales outstanding."""
    bank_rate_percent: Percent | None = None
    """Bank rate to be used instead of the table's."""


class BuyerSlice(Value):
    """One buyer's share of the receivables."""

    buyer_id: str
    total: Money
    share_pct: str
    invoices: int
    worst_days_outstanding: int
    overdue: Money
    buyer_rating: str


class AgeingBucket(Value):
    """Receivables by days outstanding."""

    days: str
    """``0-30``, ``31-45``, ``46-60``, ``61-90``, ``91-180``, ``over 180``."""
    total: Money
    share_pct: str
    invoices: int


class OverdueInterest(Value):
    """Interest that a buyer owes on an invoice under section 16 of the MSMED Act."""

    invoice_id: str
    buyer_id: str
    amount: Money
    due_on: datetime.date
    """Last day for payment in time."""
    days_overdue: int
    rate_percent: str
    """Three times the bank rate on the last day."""
    interest: Money
    """Compound, with monthly rests, from the day after ``due_on``."""


class ScfRecommendation(Payload, topic="payments.scf_recommendation", classification="confidential"):
    """Concentration, ageing, platform candidates, and legally overdue amounts."""

    supplier_id: str
    total_receivables: Money
    concentration_ok: bool
    top_share_pct: str
    hhi: int
    """Herfindahl-Hirschman index of the buyers' shares, 0 to 10,000."""
    buyer_slices: tuple[BuyerSlice, ...]
    """Largest first."""
    ageing: tuple[AgeingBucket, ...]
    dso_days: str | None
    """Receivables over a year's sales times 365; None if the sales are unknown."""
    treds_candidates: tuple[str, ...]
    """Invoices eligible for a platform, oldest first: from a registered enterprise, e-invoiced, accepted, not disputed,
    not overdue, to a buyer on a platform.
    """
    treds_questions: tuple[str, ...]
    """Unknown facts of further invoices that may be candidates."""
    overdue: tuple[OverdueInterest, ...]
    """Most overdue first; only for suppliers protected by the Act."""
    overdue_interest: Money
    warn_reasons: tuple[str, ...]
    next_steps: tuple[str, ...]
    grounds: Grounds


class CashInvoice(Value):
    """An issued invoice of a supplier, with its payment status."""

    invoice: Invoice
    reference: InvoiceReference
    buyer_id: Id
    buyer_rating: Rating = ""
    due_on: datetime.date
    disputed: bool | None = None
    """None if unknown; such an invoice is not offered."""
    buyer_on_treds: bool | None = None


class InvoicesToCash(Value):
    """A supplier's open invoices and the required cash."""

    supplier_id: Id
    supplier_class: EnterpriseClass
    as_of: datetime.date
    invoices: Annotated[tuple[CashInvoice, ...], Field(min_length=1, max_length=MOST_INVOICES)]
    target_cash: PaidRupees
    annualised_rate_bp: Annotated[Exact, Field(gt=0, le=100_000)]
    advance_percent: Annotated[Percent, Field(gt=0, le=100)] = Decimal(100)
    fee_percent: Percent = Decimal(0)
    overdraft_rate_percent: Percent | None = None
    sales_last_12_months: Rupees | None = None


class InvoiceToCashQuestion(Payload, topic="payments.invoice_to_cash_question", classification="confidential"):
    """Which of these invoices are correct, and which of them should be discounted?"""

    book: InvoicesToCash


class CheckedInvoice(Value):
    """Result of one invoice's check."""

    invoice_no: str
    action: Literal["post", "hold", "reject"]
    computed_total: Money
    pay_by: datetime.date | None
    why: str
    """The issues, blocks first; empty if there are none."""


class InvoiceToCashPlan(Payload, topic="payments.invoice_to_cash_plan", classification="confidential"):
    """Invoices to cash on one page; a recommendation only."""

    headline: str
    checked: tuple[CheckedInvoice, ...]
    book: ScfRecommendation | None
    discount: InvoiceDiscountPlan | None
    left_out: tuple[ExcludedInvoice, ...]
    """Invoices that were not offered for discounting, and why."""
    insufficient: tuple[InsufficientData, ...] = ()
    missing: tuple[MissingAnswer, ...] = ()
