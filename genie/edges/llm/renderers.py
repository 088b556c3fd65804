"""Reports of answers of assistants and loops: the answer first, then its basis and its cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from genie.contracts.loop_call import Judgement, LoopAnswer, StopReason
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelReply, Text
from genie.contracts.rendering import Facts, Notice, Report
from genie.contracts.report_parts import F, Named, card, facts, letter, note, rows, section, sections, words_of
from genie.edges.llm.assistant import AssistantAnswer
from genie.edges.llm.auditor import AuditReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar

    from genie.contracts.rendering import Block

P = TypeVar("P", bound=Payload)
_USAGE = (
    F("usage.input", "tokens read"), F("usage.output", "tokens written"),
    F("usage.cache_read", "tokens read from the provider's cache"),
)  # fmt: skip
_DIGITS = 10
_STOPS = {
    StopReason.BUDGET: "Its budget was used up before there was an answer.",
    StopReason.DEADLINE: "Its time limit passed before there was an answer.",
    StopReason.LOOP: "It repeated calls with the same results and was stopped.",
    StopReason.REFUSED: "No answer was given: the model refused, or a check refused its answer.",
    StopReason.DENIED: "A policy denied a call to the model.",
    StopReason.HELD: "The remaining calls wait for a person.",
    StopReason.MAX_STEPS: "It reached its limit of steps without an answer.",
    StopReason.MALFORMED: "The answer does not have the form that was asked for.",
    StopReason.FAILED: "No model answered, or a step did not reach its goal.",
}


class _Rendered(ABC, Generic[P]):
    """A renderer of one payload class."""

    topics: ClassVar[tuple[str, ...]]
    kind: type[P]

    def render(self, payload: Payload) -> Report:
        """Return the report of a payload.

        Raises:
            TypeError: The payload belongs to another topic.
        """
        if not isinstance(payload, self.kind):
            raise TypeError(f"expected {self.kind.__qualname__}, got {type(payload).__qualname__}")
        return self.report(payload)

    @abstractmethod
    def report(self, payload: P) -> Report:
        """Return the report of a payload of this class."""


class AssistantReport(_Rendered[AssistantAnswer]):
    """Renders ``assistant.answer``."""

    topics: ClassVar[tuple[str, ...]] = ("assistant.answer",)
    kind = AssistantAnswer

    def report(self, payload: AssistantAnswer) -> Report:
        """Return the report of an answer."""
        lead = (Notice(payload.note),) if payload.note else ()
        return Report(
            sections(section("Where it comes from", card("Model", facts(payload, F("model", unit="text"), *_USAGE)))),
            payload.text, lead=lead,
        )  # fmt: skip


class LoopReport(_Rendered[LoopAnswer]):
    """Renders ``loop.answer``."""

    topics: ClassVar[tuple[str, ...]] = ("loop.answer",)
    kind = LoopAnswer

    def report(self, payload: LoopAnswer) -> Report:
        """Return the report of a loop's answer."""
        lead: tuple[Block, ...] = ()
        headline = payload.text
        if not payload.answered:
            headline = _STOPS[payload.stop] if payload.stop in _STOPS else words_of(payload.stop.value)
            last = letter(payload.text)
            lead = () if last is None else (Notice("The latest draft; it was not checked.", (last,)),)
        tools = {call.id: call.tool for call in payload.calls}
        links = [Named(_origin(link.call, tools), link) for link in payload.links]
        calls = rows("Tools", payload.calls, F("tool", "tool", "text"), F("code", "came to", words=_outcome))
        numbers = rows(
            "Links of the answer", links, F("value.text", "what it says", "text"), F("name", "comes from", "text"),
            F("value.path", "where", words=_place),
        )  # fmt: skip
        found = sections(
            section("What the answer is based on", numbers),
            section("Calls of tools", calls),
            section("Cost", card("Model", facts(payload, F("model", unit="text"), F("steps", "model calls"), F("cost"),
                                                *_USAGE))),
        )  # fmt: skip
        return Report(found, headline, lead=lead)


class JudgementReport(_Rendered[Judgement]):
    """Renders ``loop.judgement``."""

    topics: ClassVar[tuple[str, ...]] = ("loop.judgement",)
    kind = Judgement

    def report(self, payload: Judgement) -> Report:
        """Return the report of a judgement."""
        reason = letter(payload.reason) if payload.reason else note("The judge gave no reason.")
        said = "The judge accepts the answer." if payload.accepted else "The judge refuses the answer."
        return Report(sections(section("What the judge says", reason)), said)


class AgreementReport(_Rendered[AuditReport]):
    """Renders ``audit.agreement``."""

    topics: ClassVar[tuple[str, ...]] = ("audit.agreement",)
    kind = AuditReport

    def report(self, payload: AuditReport) -> Report:
        """Return the report of an audit of answers."""
        judged = facts(
            payload, F("answers", "answers with a label"), F("judged", "judged of them"),
            F("agreed", "as people judged"), F("low", "lowest rate of agreement in 95 of 100 cases", "share"),
            F("high", "highest rate in 95 of 100 cases", "share"),
            F("too_lenient", "accepted although people refused"), F("too_strict", "refused although people accepted"),
        )  # fmt: skip
        if judged is not None and payload.kappa is not None:
            judged = Facts((*judged.pairs, ("agreement beyond chance (kappa)", f"{payload.kappa:.2f}")))
        return Report(sections(section("Agreement with people", card("Answers", judged))), payload.text)


class ReplyReport(_Rendered[ModelReply]):
    """Renders ``model.reply``."""

    topics: ClassVar[tuple[str, ...]] = ("model.reply",)
    kind = ModelReply

    def report(self, payload: ModelReply) -> Report:
        """Return the report of a model's reply."""
        text = "\n".join(part.text for part in payload.parts if isinstance(part, Text))
        told = facts(payload, F("model", unit="text"), F("stop", "end of the reply", unit="words"), F("cost"), *_USAGE)
        return Report(
            sections(section("Where it comes from", card("Model", told))), text or "The model returned no text."
        )


def _origin(call: str, tools: Mapping[str, str]) -> str:
    """Return the name of a link's source: a document, a tool, or the question."""
    document = call.removeprefix("document:")
    return document if document != call else tools.get(call, "the question")


def _place(path: str) -> str:
    """Return the place in a document or a tool's answer that a link points to."""
    return f"character {int(path):,}" if path.isdecimal() and len(path) < _DIGITS else path


def _outcome(code: str) -> str:
    return words_of(code) if code else "answered"
