"""Reports on the identification of a customer: the decision, and the recommendation that an officer approves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, card, facts, lines, rows, section
from genie_finance.contracts.kyc import KycDecision, KycRecommendation
from genie_finance.renderers.described import Described

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import ClassVar

    from genie.contracts.rendering import Card, Section
    from genie_finance.contracts.kyc import Gate

_OUTCOMES = {
    "approve": "the account may be opened", "enhanced_diligence": "look more closely", "reject": "refuse the account",
    "incomplete": "too little is known",
}  # fmt: skip
_OUTCOME = F("outcome", words=_OUTCOMES)
_SHARED = (
    F("customer_id", "customer", "text"), F("tier", "risk category"), F("senior_approval",
        "senior management must agree"),
    F("next_kyc_update", "update by"),
)  # fmt: skip
_PASSED = "passed"


class KycReport(Described[KycDecision]):
    """Renders ``kyc.decision``."""

    topics: ClassVar[tuple[str, ...]] = ("kyc.decision",)
    kind = KycDecision

    def sections(self, payload: KycDecision) -> Iterable[Section | None]:
        """Return the decision and its checks."""
        yield section(
            "Decision",
            card("The application", facts(payload, _OUTCOME, *_SHARED, F("decided_at", "looked at", "IST"))),
            *_next(payload),
            vital=True,
        )
        yield _checks(payload.gates)


class KycRecommendationPage(Described[KycRecommendation]):
    """Renders ``kyc.recommendation`` for its approvers."""

    topics: ClassVar[tuple[str, ...]] = ("kyc.recommendation",)
    kind = KycRecommendation

    def headline(self, payload: KycRecommendation) -> str:
        """Return the question to the officer."""
        return f"Customer {payload.customer_id}: {_OUTCOMES.get(payload.outcome, payload.outcome)}."

    def sections(self, payload: KycRecommendation) -> Iterable[Section | None]:
        """Return the recommendation and the failed checks."""
        yield section(
            "What you decide", card("The application", facts(payload, _OUTCOME, *_SHARED)), *_next(payload), vital=True
        )
        yield _checks(payload.gates)


def _next(payload: KycDecision | KycRecommendation) -> Iterator[Card | None]:
    yield card("Next steps", lines(payload.next_steps))
    yield card("Incident", facts(payload.incident, F("kind"), F("severity"), F("action")))


def _checks(gates: tuple[Gate, ...]) -> Section | None:
    """Return the checks; failed ones come first."""
    columns = (F("name", "check", "words"), F("status"), F("outcome", "means", words=_OUTCOMES), F("reason", "why"))
    failed = [one for one in gates if one.status != _PASSED]
    told = f"{len(gates) - len(failed)} of {len(gates)} checks were passed."
    return section(
        "Checks",
        card("Not passed", rows("Checks that were not passed", failed, *columns), wide=True),
        card("Passed", rows(told, [one for one in gates if one.status == _PASSED], columns[0], columns[-1]), wide=True),
    )
