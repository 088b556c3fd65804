"""Reports of what assistants and loops answer: the answer first, then what it rests on and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.loop_call import LoopAnswer, StopReason
from genie.contracts.rendering import Notice, Report
from genie.contracts.report_parts import F, Named, card, facts, letter, note, rows, section, sections, words_of
from genie.edges.llm.assistant import AssistantAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar

    from genie.contracts.message import Payload
    from genie.contracts.rendering import Block

_USAGE = (
    F("usage.input", "tokens read", "tokens"), F("usage.output", "tokens written", "tokens"),
    F("usage.cache_read", "of them from the provider's cache", "tokens"),
)  # fmt: skip
_STOPS = {
    StopReason.BUDGET: "Its budget was used up before there was an answer.",
    StopReason.DEADLINE: "Its time was over before there was an answer.",
    StopReason.LOOP: "It repeated calls with the same results and was stopped.",
    StopReason.REFUSED: "No answer was given: the model refused, or a check refused what it said.",
    StopReason.DENIED: "A policy denied a call to the model.",
    StopReason.HELD: "What is left waits for a person.",
    StopReason.MAX_STEPS: "It took as many steps as it may, without an answer.",
    StopReason.MALFORMED: "The answer does not have the form that was asked for.",
    StopReason.FAILED: "No model answered, or a step did not reach its goal.",
}


class AssistantReport:
    """Renders ``assistant.answer``."""

    topics: ClassVar[tuple[str, ...]] = ("assistant.answer",)
    kind = AssistantAnswer

    def render(self, payload: Payload) -> Report:
        """Return the report of an answer.

        Raises:
            TypeError: The payload belongs to another topic.
        """
        if not isinstance(payload, AssistantAnswer):
            raise TypeError(f"expected {self.kind.__qualname__}, got {type(payload).__qualname__}")
        lead = (Notice(payload.note),) if payload.note else ()
        return Report(
            sections(section("Where it comes from", card("Model", facts(payload, F("model", unit="text"), *_USAGE)))),
            payload.text, lead=lead,
        )  # fmt: skip


class LoopReport:
    """Renders ``loop.answer``."""

    topics: ClassVar[tuple[str, ...]] = ("loop.answer",)
    kind = LoopAnswer

    def render(self, payload: Payload) -> Report:
        """Return the report of a loop's answer.

        Raises:
            TypeError: The payload belongs to another topic.
        """
        if not isinstance(payload, LoopAnswer):
            raise TypeError(f"expected {self.kind.__qualname__}, got {type(payload).__qualname__}")
        lead: tuple[Block, ...] = ()
        headline = payload.text
        if not payload.answered:
            headline = _STOPS[payload.stop] if payload.stop in _STOPS else words_of(payload.stop.value)
            last = letter(payload.text)
            lead = () if last is None else (Notice("What there was last; nobody has checked it.", (last,)),)
        tools = {call.id: call.tool for call in payload.calls}
        links = [Named(_origin(link.call, tools), link) for link in payload.links]
        calls = rows("Tools", payload.calls, F("tool", "tool", "text"), F("code", "came to", words=_outcome))
        numbers = rows(
            "Links of the answer", links, F("value.text", "what it says", "text"), F("name", "comes from", "text"),
            F("value.path", "where", "text"),
        )  # fmt: skip
        found = sections(
            section("What the answer rests on", numbers),
            section("What was asked of tools", calls, None if payload.calls else note("No tool was called.")),
            section("Cost", card("Model", facts(payload, F("model", unit="text"), F("steps", "model calls"), F("cost"),
                                                *_USAGE))),
        )  # fmt: skip
        return Report(found, headline, lead=lead)


def _origin(call: str, tools: Mapping[str, str]) -> str:
    """Return what a link names: a document, a tool, or the question."""
    document = call.removeprefix("document:")
    return document if document != call else tools.get(call, "the question")


def _outcome(code: str) -> str:
    return words_of(code) if code else "answered"
