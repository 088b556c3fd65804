"""The answer to a question about finance, and its routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.report_parts import F, bars, card, facts, section
from genie_finance.contracts.control import RouteAnswer
from genie_finance.renderers.described import Described

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from genie.contracts.rendering import Section

_STATES = {
    "answered": "answered", "clarify": "a clearer question is needed", "needs_input": "more input is needed",
    "no_answer": "asked, without an answer",
}  # fmt: skip


class EnquiryAnswer(Described[RouteAnswer]):
    """Renders ``control.route_answer``."""

    topics: ClassVar[tuple[str, ...]] = ("control.route_answer",)
    kind = RouteAnswer

    def headline(self, payload: RouteAnswer) -> str:
        """Return the answer itself."""
        return payload.text

    def sections(self, payload: RouteAnswer) -> Iterable[Section | None]:
        """Return who answered, and which routes were considered."""
        yield section(
            "How the question was routed",
            card("Route", facts(payload, F("status", words=_STATES), F("route", unit="words"), F("topic", "message")),
                 wide=True),
            bars("routes", "Routes considered", payload.scores, F("route", unit="words"), F("score", "fit, 0 to 1"),
                 remark="How well the question fits each route."),
        )  # fmt: skip
