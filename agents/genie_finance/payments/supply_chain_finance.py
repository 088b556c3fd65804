"""Supply chain finance: buyers and age of a receivables book, and the statutory interest on late payment."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, unverified
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.invoices import (
    BookInvoice,
    BuyerSlice,
    OverdueInterest,
    ScfRecommendation,
    ScfRequest,
)
from genie_finance.contracts.money import INR, rounded_money
from genie_finance.contracts.numbers import shown_percent
from genie_finance.domain.counting import counted
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.payments.delayed import PROTECTED, days_allowed, interest
from genie_finance.payments.receivables import ageing, concentration, days_of_sales, rupees, slices
from genie_finance.payments.tables import MSMED, TREDS, MsmedRules, TredsRules

ID = "supply_chain_finance"
MOST_SHARE = 40
"""Percent of the book owed by one buyer above which it counts as concentrated; a convention of lenders."""
MOST_HHI = 2_500
"""Index from which a market counts as highly concentrated: US merger guidelines of 2010, section 5.3."""


_MOST_NAMED = 50


class _Owed(NamedTuple):
    lines: tuple[OverdueInterest, ...]
    editions: tuple[RuleEdition, ...]
    problems: tuple[str, ...]


def assess(request: ScfRequest) -> ScfRecommendation | InsufficientData:
    """Return concentration, ageing, candidates for a platform, and interest on overdue invoices.

    Raises:
        InputError: No edition of the rules covers the day, or an invoice is listed twice.
    """
    book = sorted(request.invoices, key=lambda one: (-one.days_outstanding, one.invoice_id))
    if not book:
        lack = Lack(what="invoices", needed="the open receivables, at least one")
        return InsufficientData(agent=ID, question="supply chain finance", missing=(lack,))
    if len({one.invoice_id for one in book}) < len(book):
        raise InputError("invoices", "contain one invoice_id twice", "give each receivable once")
    if unknown := tuple(_without_terms(book)):
        return InsufficientData(agent=ID, question="supply chain finance", missing=unknown)
    rules, treds = edition(MSMED, on=request.as_of), edition(TREDS, on=request.as_of)
    late = {one.invoice_id for one in book if _overdue_days(one, request, rules) > 0}
    total = sum(one.amount.minor for one in book)
    owed_by = slices(book, total, late)
    hhi = concentration(owed_by, total)
    top = Decimal(owed_by[0].total.minor) * 100 / total
    owed = _owed(book, request, rules)
    candidates, questions = _treds(book, request, late, treds)
    warnings = (*_concentration(owed_by[0], top, hhi), *owed.problems)
    editions = tuple({one.id: one for one in (treds.said, rules.said, *owed.editions)}.values())
    return ScfRecommendation(
        supplier_id=request.supplier_id,
        total_receivables=rupees(total),
        concentration_ok=top <= MOST_SHARE and hhi <= MOST_HHI,
        top_share_pct=shown_percent(top, 100),
        hhi=hhi,
        buyer_slices=owed_by,
        ageing=ageing(book, total),
        dso_days=days_of_sales(total, request.sales_last_12_months),
        treds_candidates=candidates,
        treds_questions=questions,
        overdue=owed.lines,
        overdue_interest=rupees(sum(one.interest.minor for one in owed.lines)),
        warn_reasons=warnings,
        next_steps=tuple(_steps(candidates, owed.lines, request)),
        grounds=_grounds(request, editions, warnings, owed, candidates),
    )


def _without_terms(book: Sequence[BookInvoice]) -> Iterator[Lack]:
    """Yield the missing data of invoices without a due date, on which interest and platform depend."""
    unknown = [one for one in book if one.agreed_days is None and one.written_agreement is not False]
    for one in unknown[:_MOST_NAMED]:
        needed = "days for payment by the written agreement, or written_agreement false where there is none"
        yield Lack(what=f"invoices.{one.invoice_id}.agreed_days", needed=needed)
    if rest := len(unknown[_MOST_NAMED:]):
        yield Lack(what="invoices", needed=f"the same for {rest} more invoices")


def _overdue_days(invoice: BookInvoice, request: ScfRequest, rules: Edition[MsmedRules]) -> int:
    """Return the days since the last day for payment in time, which the Act limits for protected suppliers."""
    agreed = None if invoice.written_agreement is False else invoice.agreed_days
    if request.supplier_class in PROTECTED:
        return invoice.days_outstanding - days_allowed(rules.rules, agreed)
    return 0 if agreed is None else invoice.days_outstanding - agreed


def _owed(book: Iterable[BookInvoice], request: ScfRequest, rules: Edition[MsmedRules]) -> _Owed:
    lines, editions, problems = [], dict[str, RuleEdition](), []
    if request.supplier_class in PROTECTED:
        for one in book:
            days = _overdue_days(one, request, rules)
            if days <= 0 or one.disputed is not False:
                continue
            due = request.as_of - datetime.timedelta(days=days)
            try:
                grown = interest(one.amount.amount, due, request.as_of, bank_rate=request.bank_rate_percent)
            except InputError as error:
                problems.append(f"Interest on {one.invoice_id} was not computed: {error.problem}.")
                continue
            editions.update({said.id: said for said in grown.editions})
            lines.append(
                OverdueInterest(
                    invoice_id=one.invoice_id,
                    buyer_id=one.buyer_id,
                    amount=one.amount,
                    due_on=due,
                    days_overdue=days,
                    rate_percent=f"{grown.rate_percent:.2f}",
                    interest=rounded_money(grown.amount, INR),
                )
            )
    return _Owed(tuple(lines), tuple(editions.values()), tuple(problems))


def _treds(
    book: Iterable[BookInvoice], request: ScfRequest, late: set[str], rules: Edition[TredsRules]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if request.supplier_class not in rules.rules.sellers:
        return (), ()
    fit = [
        one for one in book
        if one.gst_e_invoiced and one.disputed is not True and one.invoice_id not in late
        and one.accepted is not False and one.buyer_on_treds is not False
    ]  # fmt: skip
    questions = []
    unaccepted = [one.invoice_id for one in fit if one.accepted is None]
    if unaccepted:
        questions.append(f"Have the buyers accepted {_named(unaccepted)}? A platform only takes accepted invoices.")
    undisputed = [one.invoice_id for one in fit if one.disputed is None]
    if undisputed:
        questions.append(f"Do the buyers dispute {_named(undisputed)}? A platform does not take disputed invoices.")
    unregistered = sorted({one.buyer_id for one in fit if one.buyer_on_treds is None})
    if unregistered:
        most = rules.rules.buyer_turnover_crore
        questions.append(
            f"Are these buyers registered on a platform: {_named(unregistered)}? Companies with a turnover above "
            f"{most} crore rupees must be."
        )
    known = (one for one in fit if None not in {one.accepted, one.disputed, one.buyer_on_treds})
    return tuple(one.invoice_id for one in known), tuple(questions)


def _named(names: Sequence[str]) -> str:
    rest = len(names[_MOST_NAMED:])
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest else "")


def _concentration(first: BuyerSlice, top: Decimal, hhi: int) -> Iterator[str]:
    if top > MOST_SHARE:
        yield f"{first.buyer_id} owes {first.share_pct} % of the book, more than {MOST_SHARE} %."
    if hhi > MOST_HHI:
        yield f"The concentration index is {hhi:,}, above {MOST_HHI:,}."


def _steps(candidates: tuple[str, ...], owed: tuple[OverdueInterest, ...], request: ScfRequest) -> Iterator[str]:
    if owed:
        total = rupees(sum(one.interest.minor for one in owed))
        invoices = counted(len(owed), "overdue invoice")
        yield f"Claim {total} of interest on {invoices}; the facilitation council hears such claims."
        yield "Tell these buyers that section 43B(h) of the Income-tax Act, 1961, defers their expense until they pay."
    if candidates:
        yield f"Offer {counted(len(candidates), 'invoice')} on a platform before the due date."
    if request.supplier_class == "none":
        yield "The supplier is not a registered micro, small or medium enterprise: Act and platform do not apply."


def _grounds(
    request: ScfRequest,
    editions: tuple[RuleEdition, ...],
    warnings: tuple[str, ...],
    owed: _Owed,
    candidates: tuple[str, ...],
) -> Grounds:
    reasons = [Reason(code="scf.warning", text=text) for text in warnings]
    if owed.lines:
        reasons.append(Reason(code="scf.overdue", text=f"Invoices overdue under section 15: {len(owed.lines)}."))
    reasons.append(Reason(code="scf.treds", text=f"Invoices that fit a platform's rules: {len(candidates)}."))
    if any(one.disputed for one in request.invoices):
        reasons.append(Reason(code="scf.disputed", text="Disputed invoices are neither offered nor charged interest."))
    inputs = (
        Evidence(name="as_of", value=str(request.as_of)),
        Evidence(name="supplier_class", value=request.supplier_class),
        Evidence(name="invoices", value=str(len(request.invoices))),
    )
    caveats = [*unverified(editions)]
    if any(one.disputed is None for one in request.invoices):
        caveats.append("Invoices without information on a dispute are not charged interest.")
    if owed.lines:
        caveats.append(
            "Days outstanding are counted from acceptance; a partial month of interest counts by days over 365."
        )
    return Grounds(
        reasons=tuple(reasons),
        inputs=inputs,
        editions=editions,
        uncertainty="Shares are exact. Interest under the Act assumes that there were no partial payments.",
        caveats=tuple(caveats),
    )


@agent(
    id=ID,
    capabilities=("receivables.assess",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("msmed_in", "treds_in"),
)
async def supply_chain_finance(request: ScfRequest) -> ScfRecommendation | InsufficientData:
    """Analyses a supplier's receivables: concentration, age, invoices for a platform, interest on overdue ones."""
    return assess(request)
