"""Reports on health claims: the result of the case, and the order that an officer must approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, card, facts, lines, rows, section, tiles
from genie_finance.contracts.claims import CaseReport, SettlementOrder
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_ACTIONS = {
    "approve": "pay in full", "approve_partial": "pay in part", "nothing_payable": "nothing is payable",
    "deny": "deny", "refer": "refer to a claims officer",
}  # fmt: skip
_KINDS = {"preauth": "pre-authorisation", "claim": "claim"}


class ClaimReport(Described[CaseReport]):
    """Renders ``insurance.case_report``."""

    topics: ClassVar[tuple[str, ...]] = ("insurance.case_report",)
    kind = CaseReport
    parts: ClassVar[Parts] = (("", "preauth.grounds"), ("", "claim.grounds"))

    def sections(self, payload: CaseReport) -> Iterable[Section | None]:
        """Return the decision, then the deductions."""
        found = payload.preauth or payload.claim
        yield section(
            "Decision",
            tiles(found, F("asked", "Asked"), F("incurred", "Claimed"), F("payable", "Payable"),
                  F("patient_share", "The patient pays")),
            card("Recommendation", facts(
                found, F("action", words=_ACTIONS), F("preauth_id", "case"), F("claim_id", "case"),
                F("itemised", "bill has lines"), F("decide_within_minutes", "decide within", "minutes"),
            )),
            card("Settlement", facts(
                payload.settlement, F("outcome"), F("kind", words=_KINDS), F("payable"), F("settled_on", "on"),
            )),
            vital=True,
        )  # fmt: skip
        if found is not None:
            table = rows("Deductions", found.deductions, F("text", "deduction"), F("amount", unit="INR"),
                         F("code", "rule", "words"))  # fmt: skip
            yield section("Deductions", card("", table, wide=True))


class SettlementOrderPage(Described[SettlementOrder]):
    """Renders ``insurance.settlement_order`` for its approvers."""

    topics: ClassVar[tuple[str, ...]] = ("insurance.settlement_order",)
    kind = SettlementOrder

    def headline(self, payload: SettlementOrder) -> str:
        """Return the question, and the sum."""
        return (
            f"{_KINDS[payload.kind].capitalize()} {payload.case_id}: {_ACTIONS[payload.action]}, "
            f"{payload.payable} of {payload.asked}."
        )

    def sections(self, payload: SettlementOrder) -> Iterable[Section | None]:
        """Return the figures that decide, and the reasons."""
        yield section(
            "What you decide",
            tiles(payload, F("asked", "Asked"), F("payable", "To be paid")),
            card("The case", facts(
                payload, F("case_id", "case"), F("policy_number", "policy"), F("kind", words=_KINDS),
                F("action", "recommendation", words=_ACTIONS), F("itemised", "bill has lines"),
            )),
            card("Why", lines(one.text for one in payload.reasons)),
            vital=True,
        )  # fmt: skip
