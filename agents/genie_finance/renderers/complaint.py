"""The desk for a complaint, its due dates, and the customer's options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, card, dated, facts, letter, lines, rows, section, words_of
from genie_finance.contracts.complaints import ComplaintTriage
from genie_finance.renderers.described import Described

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section


class ComplaintReport(Described[ComplaintTriage]):
    """Renders ``complaints.triage``."""

    topics: ClassVar[tuple[str, ...]] = ("complaints.triage",)
    kind = ComplaintTriage

    def headline(self, payload: ComplaintTriage) -> str:
        """Return the subject, the urgency, and the due date of the answer."""
        read = " A person must read it first." if payload.needs_human_review else ""
        return (
            f"{words_of(payload.category).capitalize()}, {payload.severity} severity: the first answer is due by "
            f"{payload.first_response_due}.{read}"
        )

    def sections(self, payload: ComplaintTriage) -> Iterable[Section | None]:
        """Return the next steps, the reader, and the customer's options."""
        yield section(
            "What to do",
            letter(payload.suggested_action),
            card("Complaint", facts(
                payload, F("complaint_id", "complaint", "text"), F("category", unit="words"), F("nature", unit="words"),
                F("severity", unit="words"), F("first_response_due", "first answer by"),
                F("resolution_due", "resolved by"),
            )),
        )  # fmt: skip
        yield section("Points for a person to check", lines(payload.review_reasons))
        yield section("Text of the complaint", letter(payload.redacted_summary))
        yield section(
            "Words found",
            rows("Words", payload.grounds_found, F("category", unit="words"), F("weight"), F("words")),
        )
        yield section(
            "The ombudsman",
            card("Complaint to the ombudsman", facts(
                payload.ombudsman, F("eligible", "possible"), F("from_day", "from"), F("until_day", "until"),
                F("compensation_limit", "maximum for the loss"), F("distress_limit", "maximum for distress"),
            ), wide=True),
            letter(dated(payload.ombudsman.reason)),
        )  # fmt: skip
        if payload.liability is not None:
            yield section(
                "Customer's liability",
                card("Unauthorised transaction", facts(
                    payload.liability, F("bears", unit="words"), F("most", "maximum"),
                    F("delay_working_days", "working days until the report"), F("credit_due", "credited by"),
                    F("resolution_due", "resolved by"),
                ), wide=True),
                letter(dated(payload.liability.reason)),
            )  # fmt: skip
