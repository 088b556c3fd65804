"""The report on invoices: valid ones, proceeds of discounting, debtors and age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, Series, bars, card, chart, facts, lines, note, rows, section, tiles
from genie_finance.contracts.invoices import InvoiceToCashPlan
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_ACTIONS = {"post": "valid", "hold": "hold", "reject": "reject"}
_INVOICE = F("invoice_id", "invoice", "text")


class InvoiceToCashReport(Described[InvoiceToCashPlan]):
    """Renders ``payments.invoice_to_cash_plan``."""

    topics: ClassVar[tuple[str, ...]] = ("payments.invoice_to_cash_plan",)
    kind = InvoiceToCashPlan
    parts: ClassVar[Parts] = (("Receivables", "book.grounds"), ("Discounting", "discount.grounds"))

    def sections(self, payload: InvoiceToCashPlan) -> Iterable[Section | None]:
        """Return the next steps, the discount, the book and the invoices."""
        book, discount = payload.book, payload.discount
        yield section(
            "Next steps",
            card("", lines((*(book.next_steps if book else ()), *(book.treds_questions if book else ()))), wide=True),
            card("Warnings", lines(book.warn_reasons if book else ()), wide=True),
            vital=True,
        )
        if discount is not None:
            yield section(
                "Discounting",
                tiles(discount, F("total_net_cash", "Brings"), F("total_discount_cost", "Costs"),
                      F("unfunded_gap", "Still missing"), F("surplus", "More than needed")),
                card("", note(discount.note), rows(
                    "Invoices to discount", discount.selected, _INVOICE, F("face_value"), F("advance"),
                    F("discount_cost", "cost"), F("fee"), F("net_cash", "cash"), F("effective_apr_pct", "rate a year",
                        "%"),
                    F("days_to_maturity", "days"), F("rating"), F("dearer_than_overdraft", "more expensive than the "
                                                                                           "overdraft"),
                ), wide=True),
                card("Not offered", rows("Not offered", (*discount.excluded, *payload.left_out), _INVOICE,
                    F("reason"))),
            )  # fmt: skip
        if book is not None:
            yield section(
                "Receivables",
                tiles(book, F("total_receivables", "Owed"), F("dso_days", "Days until paid"),
                      F("overdue_interest", "Interest to claim"), F("top_share_pct", "Largest buyer", "%")),
                bars("buyers", "Owed by buyer", book.buyer_slices, F("buyer_id", "buyer", "text"), F("total"),
                     F("share_pct", "share", "%"), F("invoices"), F("overdue"), F("worst_days_outstanding",
                         "oldest, days"),
                     F("buyer_rating", "rating"), wide=False),
                chart("ageing", "Owed by age", book.ageing, Series(
                    F("days", unit="text"), (F("total", "owed"),), (), (F("share_pct", "share", "%"), F("invoices")),
                ), wide=False),
                card("Overdue", rows(
                    "Overdue invoices", book.overdue, _INVOICE, F("buyer_id", "buyer", "text"), F("amount"),
                    F("due_on", "due"), F("days_overdue", "days late"), F("rate_percent", "rate", "%"), F("interest"),
                ), wide=True),
                card("Concentration", facts(book, F("concentration_ok", "within the limit"), F("hhi",
                    "Herfindahl index"))),
                card("For a platform (TReDS)", lines(book.treds_candidates)),
            )  # fmt: skip
        yield section("Invoices", card("", rows(
            "Invoices that were checked", payload.checked, F("invoice_no", "invoice", "text"), F("action",
                words=_ACTIONS),
            F("computed_total", "total"), F("pay_by"), F("why", unit="text"),
        ), wide=True))  # fmt: skip
