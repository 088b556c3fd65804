"""The report on a ledger: rings, accounts that pass money on, due reports, and unusual transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, bars, card, facts, lines, rows, section, tiles
from genie_finance.contracts.fraud import FraudRingReport
from genie_finance.renderers.described import Described, Parts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_KINDS = {
    "CTR": "cash transactions (CTR)",
    "CBWTR": "cross-border transfers (CBWTR)",
    "NTR": "non-profit receipts (NTR)",
}
_SIGNAL = (F("pattern", unit="words"), F("severity"), F("reason", "what was seen", "text"), F("account_id", "account"),
           F("transaction_ids", "transfers", "text"))  # fmt: skip
_UNCHECKED = (F("check", unit="words"), F("needs", unit="text"))


class FraudReport(Described[FraudRingReport]):
    """Renders ``fraud.ring_report``."""

    topics: ClassVar[tuple[str, ...]] = ("fraud.ring_report",)
    kind = FraudRingReport
    parts: ClassVar[Parts] = (("Accounts", "mules.grounds"), ("Reports", "aml.grounds"), ("Transfers", "fraud.grounds"))

    def sections(self, payload: FraudRingReport) -> Iterable[Section | None]:
        """Return what to decide, then rings, accounts, reports and transfers."""
        yield section(
            "Decisions to make next",
            card("", lines(payload.proposals), wide=True),
            tiles(payload, F("transfers", "Transfers read"), F("accounts", "Accounts"), F("amount", "Moved"),
                  F("mules.examined", "Accounts judged")),
            card("The ledger", facts(payload, F("first", "from"), F("last", "to"))),
            vital=True,
        )  # fmt: skip
        yield section(
            "Rings and accounts that pass money on",
            card("Rings", rows(
                "Rings", payload.mules.rings if payload.mules else (), F("ring_id", "ring", "text"),
                F("account_ids", "accounts", "text"), F("transfers"), F("amount"), F("reason", "why", "text"),
            ), wide=True),
            bars("mules", "Accounts by score", payload.mules.accounts if payload.mules else (),
                 F("account_id", "account", "text"), F("score", "score, 0 to 1"), F("label", "risk"), F("received"),
                 F("passed_on"), F("pass_through_ratio", "passed on, share", "share"), F("payers"), F("payees"),
                 F("patterns", unit="words")),
        )  # fmt: skip
        aml = payload.aml
        yield section(
            "Reports and suspicions",
            card("Reports due to FIU-IND", rows(
                "Reports due", aml.reports if aml else (), F("kind", "report", words=_KINDS), F("customer_id",
                    "customer", "text"),
                F("month", "month from"), F("due"), F("amount"), F("clause", unit="text"),
                F("transaction_ids", "transfers", "text"),
            ), wide=True),
            card("Suspicions, as drafts", rows(
                "Drafts for the principal officer", aml.suspicions if aml else (), F("typology", unit="words"),
                F("severity"),
                F("customer_ids", "customers", "text"), F("first", "from"), F("last", "to"), F("amount"),
                F("narrative", unit="text"),
            ), wide=True),
        )  # fmt: skip
        yield section(
            "Signals",
            card(
                "On accounts",
                rows("Signals on accounts", payload.mules.signals if payload.mules else (), *_SIGNAL),
                wide=True,
            ),
            card(
                "On transfers",
                rows("Signals on transfers", payload.fraud.signals if payload.fraud else (), *_SIGNAL),
                wide=True,
            ),
        )
        parts = (payload.mules, payload.aml, payload.fraud)
        yield section(
            "Not checked",
            card("", rows("Checks that could not be made", [one for part in parts if part for one in part.unchecked],
                          *_UNCHECKED), wide=True),
        )  # fmt: skip
