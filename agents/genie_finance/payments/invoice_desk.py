"""Invoice desk: checks the open invoices of a supplier, analyses the book, and finds the cheapest way to raise cash."""

from __future__ import annotations

from collections.abc import Mapping

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.invoices import (
    BookInvoice,
    CashInvoice,
    CheckedInvoice,
    DiscountInvoice,
    ExcludedInvoice,
    InvoiceDecision,
    InvoiceDiscountPlan,
    InvoiceDiscountRequest,
    InvoicePacket,
    InvoicesToCash,
    InvoiceToCashPlan,
    InvoiceToCashQuestion,
    ScfRecommendation,
    ScfRequest,
)
from genie_finance.domain.asking import Desk
from genie_finance.domain.counting import counted

DESK = Desk(
    id="invoice_desk",
    asks={
        InvoicePacket: (InvoiceDecision,),
        ScfRequest: (ScfRecommendation, InsufficientData),
        InvoiceDiscountRequest: (InvoiceDiscountPlan, InsufficientData),
    },
    within_s=10.0,
)


@agent(
    id=DESK.id,
    capabilities=("invoice.to_cash",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    asks=DESK.asks,
)
async def invoice_desk(question: InvoiceToCashQuestion, context: Context) -> InvoiceToCashPlan:
    """Plans cash from a supplier's open invoices: valid invoices, amounts owed, invoices to discount.

    Raises:
        InputError: Two invoices have the same number.
    """
    book = question.book
    if len({one.invoice.invoice_no for one in book.invoices}) < len(book.invoices):
        raise InputError("invoices", "contain one invoice_no twice", "give each invoice once")
    asking = DESK.open(context)
    decisions: dict[str, InvoiceDecision] = {}
    for one in book.invoices:
        packet = InvoicePacket(invoice=one.invoice, reference=one.reference, as_of=book.as_of)
        decision = await asking.ask(packet, InvoiceDecision, about=f" of {one.invoice.invoice_no}")
        if decision is not None:
            decisions[one.invoice.invoice_no] = decision
    scf = await asking.ask(_book(book, decisions), ScfRecommendation)
    offered, left_out = _sorted_out(book, decisions, scf)
    discount = None
    if offered:
        request = InvoiceDiscountRequest(
            invoices=tuple(offered),
            target_cash=book.target_cash,
            as_of_date=book.as_of,
            annualised_rate_bp=book.annualised_rate_bp,
            advance_percent=book.advance_percent,
            fee_percent=book.fee_percent,
            overdraft_rate_percent=book.overdraft_rate_percent,
        )
        discount = await asking.ask(request, InvoiceDiscountPlan)
    return InvoiceToCashPlan(
        headline=_headline(book, decisions, scf, discount),
        checked=tuple(map(_checked, decisions.values())),
        book=scf,
        discount=discount,
        left_out=tuple(left_out),
        insufficient=asking.insufficient,
        missing=asking.missing,
    )


def _checked(decision: InvoiceDecision) -> CheckedInvoice:
    return CheckedInvoice(
        invoice_no=decision.invoice_no,
        action=decision.action,
        computed_total=decision.computed_total,
        pay_by=decision.pay_by,
        why=" ".join(issue.text for issue in decision.issues),
    )


def _book(book: InvoicesToCash, decisions: Mapping[str, InvoiceDecision]) -> ScfRequest:
    return ScfRequest(
        supplier_id=book.supplier_id,
        as_of=book.as_of,
        supplier_class=book.supplier_class,
        invoices=tuple(_receivable(one, book, decisions.get(one.invoice.invoice_no)) for one in book.invoices),
        sales_last_12_months=book.sales_last_12_months,
    )


def _receivable(one: CashInvoice, book: InvoicesToCash, decision: InvoiceDecision | None) -> BookInvoice:
    sound = decision is not None and decision.action == "post"
    since = one.reference.accepted_on or one.invoice.invoice_date
    return BookInvoice(
        invoice_id=one.invoice.invoice_no,
        buyer_id=one.buyer_id,
        buyer_rating=one.buyer_rating,
        amount=one.invoice.total,
        days_outstanding=max(0, (book.as_of - since).days),
        agreed_days=one.reference.agreed_days,
        written_agreement=one.reference.agreed_days is not None,
        gst_e_invoiced=bool(one.invoice.irn),
        accepted=True if sound and one.reference.accepted_on is not None else None,
        disputed=one.disputed,
        buyer_on_treds=one.buyer_on_treds,
    )


def _sorted_out(
    book: InvoicesToCash, decisions: Mapping[str, InvoiceDecision], scf: ScfRecommendation | None
) -> tuple[list[DiscountInvoice], list[ExcludedInvoice]]:
    """Return the invoices to offer (checked, valid, not overdue by law), and the others with reasons."""
    overdue = {line.invoice_id for line in scf.overdue} if scf is not None else set()
    offered, left_out = [], []
    for one in book.invoices:
        number = one.invoice.invoice_no
        decision = decisions.get(number)
        if decision is None:
            why = "it was not checked"
        elif decision.action != "post":
            why = f"to {decision.action}: {decision.issues[0].text}"
        elif scf is None:
            why = "whether it is overdue is unknown"
        elif one.disputed is not False:
            why = "its buyer disputes it" if one.disputed else "whether its buyer disputes it is unknown"
        elif number in overdue:
            why = "it is overdue; claim it with interest"
        else:
            offered.append(
                DiscountInvoice(
                    id=number,
                    counterparty=one.buyer_id,
                    counterparty_rating=one.buyer_rating,
                    face_value=one.invoice.total,
                    issued_on=one.invoice.invoice_date,
                    due_on=one.due_on,
                )
            )
            continue
        left_out.append(ExcludedInvoice(invoice_id=number, reason=why))
    return offered, left_out


def _headline(
    book: InvoicesToCash,
    decisions: Mapping[str, InvoiceDecision],
    scf: ScfRecommendation | None,
    discount: InvoiceDiscountPlan | None,
) -> str:
    sound = sum(one.action == "post" for one in decisions.values())
    said = f"{sound} of {len(book.invoices)} invoices are valid."
    if discount is None:
        said += " Nothing can be offered for discounting."
    else:
        names = ", ".join(line.invoice_id for line in discount.selected)
        said += f" Discounting {names} brings {discount.total_net_cash} for {discount.total_discount_cost}."
        if discount.unfunded_gap.minor:
            said += f" {discount.unfunded_gap} remains unfunded."
    if scf is not None and scf.overdue:
        said += f" {scf.overdue_interest} of interest is due on {counted(len(scf.overdue), 'overdue invoice')}."
    return said
