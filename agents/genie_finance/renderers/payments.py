"""Reports on a payment: its result, and the order that the treasury approves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, card, facts, lines, rows, section, tiles
from genie_finance.contracts.payments import PaymentInstruction, PaymentStatus
from genie_finance.renderers.described import Described

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_RAIL = F("rail", words=str.upper)


class PaymentReport(Described[PaymentStatus]):
    """Renders ``payments.status``."""

    topics: ClassVar[tuple[str, ...]] = ("payments.status",)
    kind = PaymentStatus

    def sections(self, payload: PaymentStatus) -> Iterable[Section | None]:
        """Return the status of the payment."""
        yield section(
            "The payment",
            tiles(payload, F("amount", "Amount"), F("state", "State"), F("rail", "Rail", words=str.upper)),
            card("Order", facts(
                payload, F("idempotency_key", "order", "text"), F("reference", "reference of the provider", "text"),
                F("replayed", "an earlier order's result"), F("expected_by", unit="IST"),
            )),
            card("What happened", lines(payload.reasons)),
            card("Incident", facts(payload.incident, F("kind"), F("severity"), F("action"))),
            vital=True,
        )  # fmt: skip


class PaymentInstructionPage(Described[PaymentInstruction]):
    """Renders ``payments.instruction`` for its approvers."""

    topics: ClassVar[tuple[str, ...]] = ("payments.instruction",)
    kind = PaymentInstruction

    def headline(self, payload: PaymentInstruction) -> str:
        """Return the question, the sum and the beneficiary."""
        return f"Pay {payload.order.amount} to {payload.order.beneficiary_name} by {payload.rail.upper()}."

    def sections(self, payload: PaymentInstruction) -> Iterable[Section | None]:
        """Return the order, and the reasons for approval by people."""
        yield section(
            "What you decide",
            tiles(
                payload.order, F("amount", "Amount"), F("beneficiary_name", "To"),
                F("purpose", "Kind", words={"person": "to a person"}),
            ),
            card("Reasons for approval by people", lines(payload.approval_reasons)),
            card("Order", facts(
                payload.order, F("payer_id", "payer", "text"), F("payer_account", "from account", "text"),
                F("beneficiary_vpa", "UPI address", "text"), F("beneficiary_account", "to account", "text"),
                F("beneficiary_ifsc", "IFSC", "text"), F("remark"), F("urgency"),
                F("is_trusted_beneficiary", "trusted beneficiary"), F("beneficiary_added_at", "beneficiary added",
                    "IST"),
                F("idempotency_key", "order", "text"),
            )),
            card("Rails", rows("Rails", payload.rails, _RAIL, F("fits"), F("reason", "why"))),
            vital=True,
        )  # fmt: skip
