"""Figures of a receivables book: debtors, age and concentration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from genie_finance.contracts.invoices import AgeingBucket, BookInvoice, BuyerSlice
from genie_finance.contracts.money import INR, Money
from genie_finance.contracts.numbers import shown_percent

_BUCKETS = ((30, "0-30"), (45, "31-45"), (60, "46-60"), (90, "61-90"), (180, "91-180"), (10**6, "over 180"))


def rupees(minor: int) -> Money:
    """Return paise as money."""
    return Money(minor=minor, currency=INR)


def slices(book: Iterable[BookInvoice], total: int, late: set[str]) -> tuple[BuyerSlice, ...]:
    """Return each buyer's debt as part of a total in paise, largest first.

    Args:
        book: Open receivables.
        total: Their sum, above 0.
        late: Ids of the overdue ones.
    """
    by_buyer: defaultdict[str, list[BookInvoice]] = defaultdict(list)
    for one in book:
        by_buyer[one.buyer_id].append(one)
    found = [
        BuyerSlice(
            buyer_id=buyer,
            total=rupees(owes := sum(one.amount.minor for one in held)),
            share_pct=shown_percent(owes, total),
            invoices=len(held),
            worst_days_outstanding=max(one.days_outstanding for one in held),
            overdue=rupees(sum(one.amount.minor for one in held if one.invoice_id in late)),
            buyer_rating=", ".join(sorted({one.buyer_rating for one in held if one.buyer_rating})) or "unrated",
        )
        for buyer, held in by_buyer.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.total.minor, one.buyer_id)))


def concentration(owed: Iterable[BuyerSlice], total: int) -> int:
    """Return the Herfindahl-Hirschman index, the sum of the squared shares in percent: 10,000 for a single buyer."""
    index = sum((Decimal(one.total.minor) * 100 / total) ** 2 for one in owed)
    return int(Decimal(index).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def ageing(book: Iterable[BookInvoice], total: int) -> tuple[AgeingBucket, ...]:
    """Return the receivables by days outstanding, including empty buckets."""
    sums: defaultdict[str, list[int]] = defaultdict(list)
    for one in book:
        name = next(name for most, name in _BUCKETS if one.days_outstanding <= most)
        sums[name].append(one.amount.minor)
    return tuple(
        AgeingBucket(
            days=name, total=rupees(sum(sums[name])), share_pct=shown_percent(sum(sums[name]), total),
            invoices=len(sums[name]),
        )
        for _, name in _BUCKETS
    )  # fmt: skip


def days_of_sales(total: int, sales: Money | None) -> str | None:
    """Return the days of sales outstanding: ``total / sales * 365``."""
    if sales is None or sales.minor == 0:
        return None
    return str((Decimal(total) * 365 / sales.minor).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))
