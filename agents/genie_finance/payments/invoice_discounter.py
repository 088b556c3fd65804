"""Invoice discounter: the cost of selling each invoice early, and the cheapest set that raises the cash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.invoices import (
    DiscountInvoice,
    DiscountLine,
    ExcludedInvoice,
    InvoiceDiscountPlan,
    InvoiceDiscountRequest,
)
from genie_finance.contracts.money import INR, Money, rounded_money
from genie_finance.contracts.numbers import shown_percent
from genie_finance.domain.counting import counted
from genie_finance.payments.cover import Item, cheapest

ID = "invoice_discounter"
_YEAR = 365
MULTIPLES: Mapping[str, Decimal] = MappingProxyType(
    {"AAA": Decimal(1), "AA": Decimal("1.10"), "A": Decimal("1.25"), "BBB": Decimal("1.50")}
)
"""Factor on the rate of the best rating. A convention of this desk; a financier's actual rates apply."""
UNRATED = Decimal(2)
_CAVEAT = (
    "The steps between ratings (AAA 1, AA 1.10, A 1.25, BBB 1.50, others 2) are a convention, not a financier's "
    "tariff; recourse, tax on fees and late payment are not included."
)


def plan(request: InvoiceDiscountRequest) -> InvoiceDiscountPlan | InsufficientData:
    """Return the whole invoices that raise the target at the least cost, and the cost of each.

    Discount is deducted in advance: ``advance * rate * multiple * days / 365``, by actual days to maturity.
    """
    if not request.invoices:
        lack = Lack(what="invoices", needed="at least one invoice that is not yet due")
        return InsufficientData(agent=ID, question="invoices to discount", missing=(lack,))
    offered: list[DiscountLine] = []
    excluded: list[ExcludedInvoice] = []
    seen: set[str] = set()
    for invoice in sorted(request.invoices, key=lambda one: (one.id, one.due_on, one.face_value.minor)):
        line = "is listed twice; only the first counts" if invoice.id in seen else _line(invoice, request)
        seen.add(invoice.id)
        if isinstance(line, str):
            excluded.append(ExcludedInvoice(invoice_id=invoice.id, reason=line))
        else:
            offered.append(line)
    items = [Item(line.net_cash.minor, line.discount_cost.minor + line.fee.minor) for line in offered]
    cover = cheapest(items, request.target_cash.minor)
    chosen = offered if cover is None else [offered[at] for at in cover.chosen]
    chosen = sorted(chosen, key=lambda line: (Decimal(line.effective_apr_pct), line.days_to_maturity, line.invoice_id))
    net = _sum(line.net_cash for line in chosen)
    cost = _sum(line.discount_cost + line.fee for line in chosen)
    short = request.target_cash - net
    nothing = Money(minor=0, currency=INR)
    return InvoiceDiscountPlan(
        selected=tuple(chosen),
        total_net_cash=net,
        total_discount_cost=cost,
        unfunded_gap=short if short.minor > 0 else nothing,
        surplus=-short if short.minor < 0 else nothing,
        optimal=cover is None or cover.optimal,
        excluded=tuple(excluded),
        note=_note(request, net, short),
        grounds=_grounds(request, chosen, excluded, short, optimal=cover is None or cover.optimal),
    )


def multiple_of(rating: str) -> Decimal:
    """Return the factor of a rating on the best rating's rate; signs are ignored, other texts count as unrated."""
    return MULTIPLES.get(rating.strip().upper().rstrip("+-"), UNRATED)


def _line(invoice: DiscountInvoice, request: InvoiceDiscountRequest) -> DiscountLine | str:
    days = (invoice.due_on - request.as_of_date).days
    if days <= 0:
        return "is due or overdue, so it must be collected, not discounted"
    if invoice.issued_on is not None and invoice.issued_on > request.as_of_date:
        return "has not been issued yet"
    advance = rounded_money(invoice.face_value.amount * request.advance_percent / 100, INR)
    rate = request.annualised_rate_bp / 10_000 * multiple_of(invoice.counterparty_rating)
    discount = rounded_money(advance.amount * rate * days / _YEAR, INR)
    fee = rounded_money(advance.amount * request.fee_percent / 100, INR)
    net = advance - discount - fee
    if net.minor <= 0:
        return f"its discount over {days:,} days leaves no cash"
    ratio = (discount + fee).amount / net.amount
    apr = ratio * _YEAR / days * 100
    line = request.overdraft_rate_percent
    return DiscountLine(
        invoice_id=invoice.id,
        face_value=invoice.face_value,
        advance=advance,
        discount_cost=discount,
        fee=fee,
        net_cash=net,
        effective_apr_pct=shown_percent(apr, 100),
        effective_annual_pct=shown_percent((1 + ratio) ** (Decimal(_YEAR) / days) - 1, 1),
        days_to_maturity=days,
        rating=invoice.counterparty_rating or "unrated",
        dearer_than_overdraft=None if line is None else apr > line,
    )


def _sum(amounts: Iterable[Money]) -> Money:
    return Money(minor=sum(amount.minor for amount in amounts), currency=INR)


def _note(request: InvoiceDiscountRequest, net: Money, short: Money) -> str:
    if short.minor > 0:
        return f"All eligible invoices yield {net}, {short} less than needed."
    return f"Yields {net} for {request.target_cash}; only whole invoices are sold, so {-short} is surplus."


def _grounds(
    request: InvoiceDiscountRequest,
    chosen: list[DiscountLine],
    excluded: list[ExcludedInvoice],
    short: Money,
    *,
    optimal: bool,
) -> Grounds:
    reasons = [
        Reason(
            code="discount.selected",
            text=f"{counted(len(chosen), 'invoice')} at the lowest cost of whole invoices."
            if optimal
            else f"{counted(len(chosen), 'invoice')}; the search was stopped early, so a cheaper choice may exist.",
        )
    ]
    if short.minor > 0:
        reasons.append(Reason(code="discount.gap", text=f"{short} stay unfunded."))
    if excluded:
        reasons.append(Reason(code="discount.excluded", text=f"Invoices that cannot be discounted: {len(excluded)}."))
    dear = sum(bool(line.dearer_than_overdraft) for line in chosen)
    if dear:
        text = f"{dear} of them cost more than the credit line at {request.overdraft_rate_percent} % a year."
        reasons.append(Reason(code="discount.overdraft_cheaper", text=text))
    inputs = (
        Evidence(name="target_cash", value=str(request.target_cash)),
        Evidence(name="annualised_rate_bp", value=str(request.annualised_rate_bp)),
        Evidence(name="as_of_date", value=str(request.as_of_date)),
        Evidence(name="advance_percent", value=str(request.advance_percent)),
    )
    return Grounds(
        reasons=tuple(reasons),
        inputs=inputs,
        editions=(),
        uncertainty="Exact for the rates given, if every buyer pays on the due date.",
        caveats=(_CAVEAT,),
    )


@agent(
    id=ID,
    capabilities=("invoice.discount",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
)
async def invoice_discounter(request: InvoiceDiscountRequest) -> InvoiceDiscountPlan | InsufficientData:
    """Selects the invoices that raise the required cash at the lowest cost, with the yearly cost of each."""
    return plan(request)
