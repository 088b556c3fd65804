"""Checks of an invoice, one function for each subject; each yields errors and missing data."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from genie_finance.contracts.invoices import Invoice, InvoiceIssue, InvoiceItem, InvoiceReference
from genie_finance.contracts.money import INR, rounded_money
from genie_finance.payments import gstin
from genie_finance.payments.delayed import PROTECTED
from genie_finance.payments.tables import GstRules

_ROUNDED = Decimal("1.00")
"""Rupees by which the sum of an invoice may differ: section 170 of the CGST Act rounds tax to the rupee."""


_NUMBER = re.compile(r"[0-9A-Za-z/-]{1,16}")


class Tolerance(NamedTuple):
    """Deviations of an invoice that need no review by a person."""

    price_percent: Decimal = Decimal(1)
    price_most: Decimal = Decimal(100)
    """Rupees; the smaller of the two applies to the invoice compared with the order."""
    quantity_percent: Decimal = Decimal(2)
    line: Decimal = Decimal("1.00")
    """Tolerance in rupees between a line's total and its figures."""


def blocked(code: str, text: str) -> InvoiceIssue:
    """Return an issue that only a corrected document of the supplier resolves."""
    return InvoiceIssue(code=code, severity="block", text=text)


def held(code: str, text: str) -> InvoiceIssue:
    """Return an issue that a person must review."""
    return InvoiceIssue(code=code, severity="hold", text=text)


def computed(item: InvoiceItem) -> Decimal:
    """Return a line's total with tax, unrounded: ``quantity * unit_price * (1 + rate)``."""
    return item.quantity * item.unit_price * (1 + item.gst_pct / 100)


def parties(invoice: Invoice, reference: InvoiceReference, today: datetime.date) -> Iterator[InvoiceIssue]:
    """Yield issues of supplier and buyer."""
    for who, number in (("supplier", invoice.supplier_gstin), ("buyer", invoice.buyer_gstin)):
        wrong = gstin.problem(number)
        if wrong:
            yield blocked(f"gstin.{who}", f"The {who}'s GSTIN {wrong}.")
    if gstin.compact(invoice.supplier_gstin) == gstin.compact(invoice.buyer_gstin):
        yield blocked("gstin.same", "Supplier and buyer have the same GSTIN.")
    known = reference.vendor_gstin
    if known is None:
        yield held("vendor.gstin_unknown", "The vendor master gives no GSTIN to compare with.")
    elif gstin.compact(known) != gstin.compact(invoice.supplier_gstin):
        yield blocked("vendor.gstin", "The supplier's GSTIN is not the one in the vendor master.")
    if reference.vendor_active is None:
        yield held("vendor.unknown", "Whether the vendor is active is unknown.")
    elif not reference.vendor_active:
        yield held("vendor.inactive", "The vendor is not active.")
    if reference.vendor_class is None:
        yield held("vendor.class_unknown", "Whether the vendor is a micro or small enterprise is unknown.")
    elif reference.vendor_class in PROTECTED and reference.accepted_on is None:
        yield held("vendor.acceptance_unknown", "The day of acceptance is unknown; the periods of the Act start on it.")
    if reference.accepted_on is not None and reference.accepted_on > today:
        yield held("vendor.acceptance_future", f"Acceptance is dated {reference.accepted_on}, after {today}.")


def document(invoice: Invoice, rules: GstRules, today: datetime.date) -> Iterator[InvoiceIssue]:
    """Yield issues of date and number."""
    if invoice.invoice_date > today:
        yield blocked("date.future", f"The invoice is dated {invoice.invoice_date}, after {today}.")
    if credit_until(invoice.invoice_date) < today:
        text = f"The credit for its tax could be taken until {credit_until(invoice.invoice_date)} (section 16(4))."
        yield held("date.credit_over", text)
    if not _NUMBER.fullmatch(invoice.invoice_no):
        text = "The invoice number must have at most 16 letters, digits, hyphens and slashes (rule 46(b))."
        yield held("number.form", text)
    if not invoice.irn:
        yield held(
            "irn.missing", "There is no invoice reference number; whether the supplier must have one is unknown."
        )
    elif len(invoice.irn) != rules.irn_digits or not len(set(invoice.irn.lower())) > 1 or (
        not set(invoice.irn.lower()) <= set("0123456789abcdef")
    ):  # fmt: skip
        yield held("irn.form", f"The invoice reference number does not have {rules.irn_digits} hexadecimal digits.")
    if not invoice.items:
        yield held("lines.missing", "The invoice has no lines, so its total cannot be checked.")


def credit_until(day: datetime.date) -> datetime.date:
    """Return the last day on which credit for the tax of an invoice can be taken: 30 November after its year."""
    return datetime.date(day.year + (day.month > 3), 11, 30)


def duplicate(invoice: Invoice, reference: InvoiceReference) -> Iterator[InvoiceIssue]:
    """Yield an issue if the same number of this supplier was posted in the same financial year."""
    if reference.posted is None:
        yield held("duplicate.unknown", "Earlier invoices of this supplier were not looked up.")
        return
    key = _key(invoice.supplier_gstin, invoice.invoice_no, invoice.invoice_date)
    if any(_key(one.supplier_gstin, one.invoice_no, one.invoice_date) == key for one in reference.posted):
        yield blocked(
            "duplicate", "An invoice of this supplier with this number was posted in the same financial year."
        )


def _key(supplier: str, number: str, date: datetime.date) -> tuple[str, str, int]:
    # "INV/001" and "inv-1" are the same number when typed twice.
    bare = "".join(part.lstrip("0") or "0" for part in _parts(number))
    return gstin.compact(supplier), bare, date.year - (date.month < 4)


def _parts(number: str) -> list[str]:
    parts: list[str] = []
    for c in number.upper():
        if not c.isalnum():
            parts.append("")
        elif parts and parts[-1] and parts[-1][-1].isdigit() == c.isdigit():
            parts[-1] += c
        else:
            parts.append(c)
    return [part for part in parts if part]


def arithmetic(invoice: Invoice, rules: GstRules, tolerance: Tolerance) -> Iterator[InvoiceIssue]:
    """Yield issues of lines, total and tax rates."""
    for number, item in enumerate(invoice.items, start=1):
        due = computed(item)
        if abs(due - item.line_total.amount) > tolerance.line:
            text = f"Line {number} states {item.line_total}; its figures give {rounded_money(due, INR)}."
            yield held("line.arithmetic", text)
        if item.gst_pct not in rules.rates:
            yield held("line.rate", f"Line {number} is taxed at {item.gst_pct} %, which was not a rate on that day.")
        elif not item.hsn.startswith(rules.only_for.get(item.gst_pct, "")):
            text = f"Line {number} is taxed at {item.gst_pct} %, which code {item.hsn} did not have on that day."
            yield held("line.rate", text)
        if not item.quantity or not item.unit_price:
            yield held("line.nothing", f"Line {number} has no amount.")
        if not item.hsn.isdigit() or len(item.hsn) not in rules.hsn_digits:
            yield held("line.hsn", f"Line {number} has no HSN or SAC code.")
    if invoice.items:
        stated = sum((item.line_total.amount for item in invoice.items), Decimal(0))
        if abs(stated - invoice.total.amount) > max(tolerance.line, _ROUNDED):
            yield held(
                "total.arithmetic", f"The total is {invoice.total}; its lines add up to {rounded_money(stated, INR)}."
            )


def place(invoice: Invoice) -> Iterator[InvoiceIssue]:
    """Yield issues of the kind of tax for the two states."""
    if invoice.tax_kind is None:
        yield held("tax.kind_unknown", "Whether the invoice charges integrated, or central and state tax, is unknown.")
        return
    if invoice.place_of_supply is None and invoice.tax_kind == "integrated":
        yield held("place.missing", "Integrated tax is charged, and the place of supply is not stated (rule 46(n)).")
    elif invoice.place_of_supply is not None and invoice.place_of_supply not in gstin.PLACES:
        yield held("place.form", f"{invoice.place_of_supply} is not the code of a state.")
    between = interstate(invoice)
    if between != (invoice.tax_kind == "integrated"):
        due = "integrated tax" if between else "central and state tax"
        yield blocked("tax.kind", f"Supplier and place of supply require {due}, but the invoice charges the other.")


def interstate(invoice: Invoice) -> bool:
    """Return whether the supply goes from one state to another; without a place of supply it is the buyer's state."""
    return gstin.state(invoice.supplier_gstin) != (invoice.place_of_supply or gstin.state(invoice.buyer_gstin))


def order(invoice: Invoice, reference: InvoiceReference, tolerance: Tolerance) -> Iterator[InvoiceIssue]:
    """Yield issues of the purchase order: prices and quantities."""
    if not invoice.po_reference and reference.po_total is None and reference.po_lines is None:
        yield held("po.missing", "There is no purchase order.")
        return
    if reference.po_total is None and reference.po_lines is None:
        yield held("po.unknown", "The purchase order that the invoice names was not found.")
        return
    if reference.po_total is None:
        yield held("po.total_unknown", "The open amount of the purchase order is unknown.")
    else:
        ordered = reference.po_total.amount
        room = min(ordered * tolerance.price_percent / 100, tolerance.price_most)
        if abs(invoice.total.amount - ordered) > room:
            yield held("po.total", f"The invoice is over {invoice.total}, the order over {reference.po_total}.")
    if reference.po_lines is None:
        yield held("po.lines_unknown", "The lines of the purchase order are unknown, so no price was compared.")
        return
    prices: defaultdict[str, list[Decimal]] = defaultdict(list)
    opened: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in reference.po_lines:
        prices[line.hsn].append(line.unit_price)
        opened[line.hsn] += line.open_quantity
    for item in invoice.items:
        ordered_at = prices.get(item.hsn, ())
        if not ordered_at:
            yield held("po.line", f"Code {item.hsn} is not on the order.")
        elif all(abs(item.unit_price - price) > price * tolerance.price_percent / 100 for price in ordered_at):
            said = " and ".join(map(str, sorted(set(ordered_at))[:3]))
            yield held("po.price", f"Code {item.hsn} is charged at {item.unit_price}, but was ordered at {said}.")
    for hsn, quantity in _quantities(invoice).items():
        if hsn in prices and quantity > opened[hsn]:
            yield held("po.quantity", f"Code {hsn}: {quantity} charged, {opened[hsn]} open on the order.")


def receipt(invoice: Invoice, reference: InvoiceReference, tolerance: Tolerance) -> Iterator[InvoiceIssue]:
    """Yield issues of the goods receipt."""
    if reference.grn is None:
        missing = "was not found" if invoice.grn_reference else "is missing"
        yield held("grn.missing", f"A goods receipt {missing}.")
        return
    received: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in reference.grn:
        received[one.hsn] += one.quantity
    for hsn, quantity in _quantities(invoice).items():
        got = received.get(hsn)
        if got is None:
            yield held("grn.line", f"Code {hsn} is not on the goods receipt.")
        elif abs(quantity - got) > got * tolerance.quantity_percent / 100:
            yield held("grn.quantity", f"Code {hsn}: {quantity} charged, {got} received.")


def _quantities(invoice: Invoice) -> dict[str, Decimal]:
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    for item in invoice.items:
        charged[item.hsn] += item.quantity
    return charged
