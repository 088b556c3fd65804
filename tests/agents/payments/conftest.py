"""Builders of invoices: a test states what matters, everything else is in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genie_finance.contracts.invoices import InvoicePacket

SUPPLIER, BUYER = "27AAPFU0939F1ZV", "27AABCA1234K1ZY"
ITEM = {"hsn": "8708", "quantity": 10, "unit_price": 100, "gst_pct": 18, "line_total": 1180}


def _packet(invoice: dict[str, Any] | None = None, **reference: Any) -> InvoicePacket:
    """An invoice over 1,180 rupees with which nothing is wrong, but for what is given."""
    document = {
        "irn": "ab" * 32,
        "supplier_gstin": SUPPLIER,
        "buyer_gstin": BUYER,
        "invoice_no": "INV/001",
        "invoice_date": "2025-11-03",
        "items": [ITEM],
        "total": 1180,
        "tax_kind": "central_and_state",
        "po_reference": "PO-1",
        "grn_reference": "GRN-1",
        **(invoice or {}),
    }
    books = {
        "po_total": 1180,
        "po_lines": [{"hsn": "8708", "unit_price": 100, "open_quantity": 10}],
        "grn": [{"hsn": "8708", "quantity": 10}],
        "vendor_active": True,
        "vendor_gstin": SUPPLIER,
        "vendor_class": "none",
        "posted": [],
        **reference,
    }
    return InvoicePacket.model_validate({"invoice": document, "reference": books, "as_of": "2025-11-20"})


@pytest.fixture(scope="session")
def packet() -> Callable[..., InvoicePacket]:
    return _packet
