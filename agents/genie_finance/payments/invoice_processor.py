"""Invoice processor: post, hold or reject a supplier's invoice, from order, receipt, tax and books."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.invoices import (
    Invoice,
    InvoiceDecision,
    InvoiceIssue,
    InvoicePacket,
    InvoiceReference,
    TaxSplit,
)
from genie_finance.contracts.money import INR, rounded_money
from genie_finance.domain.rulebook import edition
from genie_finance.payments import matching
from genie_finance.payments.delayed import PROTECTED, days_allowed
from genie_finance.payments.matching import Tolerance
from genie_finance.payments.tables import GST, MSMED

ID = "invoice_processor"
_TOLERANCE = Tolerance()
_UNCERTAINTY = (
    "Exact for the figures given. The documents themselves, the portal's signature of the reference number and the "
    "supplier's returns were not checked."
)


def decide(packet: InvoicePacket, *, today: datetime.date) -> InvoiceDecision:
    """Return the recommendation for an invoice.

    A block rejects it; any other error and any unknown fact holds it; it is posted only if every check was made and
    passed.

    Raises:
        InputError: No edition of the tax rules covers the invoice's day.
    """
    invoice, reference = packet.invoice, packet.reference
    day = packet.as_of or today
    rules = edition(GST, on=invoice.invoice_date)
    checks = (
        tuple(matching.parties(invoice, reference, day)),
        tuple(matching.document(invoice, rules.rules, day)),
        tuple(matching.duplicate(invoice, reference)),
        tuple(matching.arithmetic(invoice, rules.rules, _TOLERANCE)),
        tuple(matching.place(invoice)),
        tuple(matching.order(invoice, reference, _TOLERANCE)),
        tuple(matching.receipt(invoice, reference, _TOLERANCE)),
    )
    found = sorted((issue for check in checks for issue in check), key=lambda issue: issue.severity)
    blocked = any(issue.severity == "block" for issue in found)
    pay_by, editions = _pay_by(reference), [rules.said]
    if pay_by is not None:
        editions.append(pay_by[1])
    return InvoiceDecision(
        invoice_no=invoice.invoice_no,
        irn=invoice.irn,
        action="reject" if blocked else "hold" if found else "post",
        issues=tuple(found),
        checks_passed=sum(not check for check in checks),
        checks_made=len(checks),
        tax=_tax(invoice),
        computed_total=rounded_money(sum(map(matching.computed, invoice.items), Decimal(0)), INR),
        pay_by=None if pay_by is None else pay_by[0],
        posting_hints=tuple(_hints(invoice, pay_by and pay_by[0], day)),
        grounds=_grounds(invoice, reference, found, tuple(editions)),
    )


def _pay_by(reference: InvoiceReference) -> tuple[datetime.date, RuleEdition] | None:
    if reference.vendor_class not in PROTECTED or reference.accepted_on is None:
        return None
    rules = edition(MSMED, on=reference.accepted_on)
    allowed = days_allowed(rules.rules, reference.agreed_days)
    return reference.accepted_on + datetime.timedelta(days=allowed), rules.said


def _tax(invoice: Invoice) -> TaxSplit:
    taxable = sum((item.quantity * item.unit_price for item in invoice.items), Decimal(0))
    tax = sum((item.quantity * item.unit_price * item.gst_pct / 100 for item in invoice.items), Decimal(0))
    nothing, worth = rounded_money(Decimal(0), INR), rounded_money(taxable, INR)
    if matching.interstate(invoice):
        return TaxSplit(taxable=worth, central=nothing, state=nothing, integrated=rounded_money(tax, INR))
    half = rounded_money(tax / 2, INR)
    return TaxSplit(taxable=worth, central=half, state=half, integrated=nothing)


def _hints(invoice: Invoice, pay_by: datetime.date | None, today: datetime.date) -> Iterator[str]:
    for item in invoice.items:
        value = rounded_money(item.quantity * item.unit_price, INR)
        yield f"Book {value} of code {item.hsn} before tax, and its {item.gst_pct} % as input tax."
    if pay_by is not None:
        late = "is over" if pay_by < today else "ends"
        yield (
            f"The time to pay {late} on {pay_by}; afterwards interest accrues, and section 43B(h) of the Income-tax "
            "Act, 1961, allows the expense only when paid."
        )
    if invoice.place_of_supply is None:
        yield "The place of supply is not given; the buyer's state is assumed."


def _grounds(
    invoice: Invoice, reference: InvoiceReference, found: list[InvoiceIssue], editions: tuple[RuleEdition, ...]
) -> Grounds:
    reasons = tuple(Reason(code=f"invoice.{issue.code}", text=issue.text) for issue in found)
    if not reasons:
        reasons = (Reason(code="invoice.matched", text="Invoice, order and receipt agree, and nothing is missing."),)
    inputs = (
        Evidence(name="invoice.total", value=str(invoice.total)),
        Evidence(name="invoice.items", value=str(len(invoice.items))),
        Evidence(name="reference.po_total", value=str(reference.po_total or "not given")),
        Evidence(name="reference.grn", value="not given" if reference.grn is None else f"{len(reference.grn)} codes"),
    )
    return Grounds(
        reasons=reasons,
        inputs=inputs,
        editions=editions,
        uncertainty=_UNCERTAINTY,
        caveats=caveats_of(editions),
    )


@agent(
    id=ID,
    capabilities=("invoice.check",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    rules=("gst_in", "msmed_in"),
)
async def invoice_processor(packet: InvoicePacket, context: Context) -> InvoiceDecision:
    """Checks an invoice against order, receipt, tax rules and books: post, hold or reject, and the last day to pay."""
    return decide(packet, today=context.now().date())
