"""The report of a receipt: the values with their lines, or the reason why a person must read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, card, facts, lines, note, rows, section
from genie_finance.contracts.receipts import ReceiptReading
from genie_finance.renderers.described import Described

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_HEAD = (
    F("merchant", unit="text"), F("date"), F("currency", unit="text"), F("tax"),
    F("tax_included", "prices include the tax"), F("total.amount", "total"),
)  # fmt: skip
_AMOUNTS = (F("name", unit="text"), F("amount"), F("link.line", "line of the receipt"))


class ReceiptReport(Described[ReceiptReading]):
    """Renders ``receipts.reading``."""

    topics: ClassVar[tuple[str, ...]] = ("receipts.reading",)
    kind = ReceiptReading
    parts: ClassVar[tuple[tuple[str, str], ...]] = ()

    def headline(self, payload: ReceiptReading) -> str:
        """Return the total, or that a person must read the receipt."""
        found = payload.receipt
        if found is None:
            what = "The reading was refused" if payload.status == "refused" else "The receipt was not confirmed"
            return f"{what}; a person must read it."
        return f"{found.merchant}, {found.date}: {found.total.amount}, including tax of {found.tax}."

    def sections(self, payload: ReceiptReading) -> Iterable[Section | None]:
        """Return the problems, the values, and the model that read them."""
        told = [f"{one.text} ({one.code})" for one in payload.problems]
        yield section("Points for a person to check", card("Problems", lines(told)), vital=True)
        found = payload.receipt or payload.unconfirmed
        if found is not None:
            yield section(
                "The receipt" if payload.receipt else "Values read, unconfirmed",
                card("Receipt", facts(found, *_HEAD)),
                card("Lines", rows("What was bought", found.lines, *_AMOUNTS), wide=True),
                card("Taxes", rows("Taxes", found.taxes, *_AMOUNTS), wide=True),
            )  # fmt: skip
        if payload.transcript:
            yield section("The picture, as read by the model", card("Lines", lines(payload.transcript)))
        yield section("Source",
                      card("Model", facts(payload, F("model", unit="text"), F("filename", "file", "text")),
                           note(payload.note)))  # fmt: skip
