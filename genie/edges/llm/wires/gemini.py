"""Gemini's ``generateContent``, which keeps no state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from pydantic_core import to_json

from genie.contracts.model_call import FailureClass, Role, Stop, Thought, ToolCall, ToolResult, Usage
from genie.contracts.ports.provider import ProviderError, WireUsage
from genie.edges.llm.failures import failure_of
from genie.edges.llm.wires.anthropic import BUDGETS, arguments_of
from genie.edges.llm.wires.assembly import MOST_OF_OPAQUE, tokens
from genie.edges.llm.wires.rendering import digest, merged, opaque_of, system_text, words_of
from genie.edges.llm.wires.wire import Reading, Wire, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.model_call import ModelRequest, Turn
    from genie.contracts.ports.provider import WireEnd, WirePart
    from genie.edges.llm.wires.assembly import Assembly, Draft
    from genie.edges.llm.wires.settings import WireSettings
    from genie.edges.llm.wires.stream import Event

STOPS = {
    "STOP": Stop.ANSWERED,
    "MAX_TOKENS": Stop.LENGTH,
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII", "BLOCKLIST", "MODEL_ARMOR", "LANGUAGE"), Stop.FILTERED
    ),
}
"""An unknown reason counts as a reply that was cut off."""
BROKEN = {
    "MALFORMED_FUNCTION_CALL": FailureClass.MALFORMED,
    "MALFORMED_RESPONSE": FailureClass.MALFORMED,
    "UNEXPECTED_TOOL_CALL": FailureClass.MALFORMED,
    "TOO_MANY_TOOL_CALLS": FailureClass.MALFORMED,
    "MISSING_THOUGHT_SIGNATURE": FailureClass.INVALID_REQUEST,
}
"""Reasons that leave no reply."""


class Gemini(Wire):
    """The wire of ``POST /models/NAME:streamGenerateContent``; the key is sent in a header, never in the URL."""

    vendor: ClassVar[str] = "google"
    base: ClassVar[str] = "https://generativelanguage.googleapis.com/v1beta"

    def path(self) -> str:
        """See ``Wire.path``."""
        return f"/models/{quote(self.settings.model.removeprefix('models/'), safe='')}:streamGenerateContent?alt=sse"

    def headers(self) -> Mapping[str, str]:
        """See ``Wire.headers``."""
        key = self.settings.key
        return {} if key is None else {"x-goog-api-key": key.get_secret_value()}

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """See ``Wire.body``."""
        spoken = (
            ("model" if turn.role is Role.ASSISTANT else "user", list(self._parts(turn)))
            for turn in request.turns
            if turn.role is not Role.SYSTEM
        )
        body: dict[str, Any] = {
            "contents": [{"role": role, "parts": parts} for role, parts in merged(spoken)],
            "generationConfig": self._generation(request),
        }
        system = system_text(request.turns)
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if request.tools:
            declared = [
                {
                    "name": tool.name, "description": tool.description,
                    "parametersJsonSchema": parsed(tool.parameters),
                }
                for tool in request.tools
            ]  # fmt: skip
            body["tools"] = [{"functionDeclarations": declared}]
            known = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
            config: dict[str, Any] = {"mode": known.get(request.choice, "ANY")}
            if request.choice not in known:
                config["allowedFunctionNames"] = [request.choice]
            body["toolConfig"] = {"functionCallingConfig": config}
        return body

    def _generation(self, request: ModelRequest) -> dict[str, Any]:
        sampling, schema = self.sampling(request), self.answer_schema(request)
        config: dict[str, Any] = {"maxOutputTokens": request.max_output}
        chosen = (
            ("temperature", sampling.temperature), ("topP", sampling.top_p), ("seed", sampling.seed),
            ("stopSequences", list(sampling.stop) or None),
        )  # fmt: skip
        config |= {name: value for name, value in chosen if value is not None}
        if schema is not None:
            config |= {"responseMimeType": "application/json", "responseJsonSchema": schema}
        effort, how = request.effort, self.settings.dialect.thinking
        if effort is not None and how != "none":
            if how == "budget" or effort == "none":
                config["thinkingConfig"] = {"thinkingBudget": BUDGETS.get(effort, 0)}
            else:
                config["thinkingConfig"] = {"thinkingLevel": effort, "includeThoughts": True}
        return config

    def _parts(self, turn: Turn) -> Iterator[dict[str, Any]]:
        for part in turn.parts:
            if isinstance(part, ToolResult):
                answer = {"error": f"{part.code}: {part.text}"} if part.code else {"output": part.text}
                yield {"functionResponse": {"id": part.id, "name": part.name, "response": answer}}
            elif isinstance(part, ToolCall):
                call = {"id": part.id, "name": part.name, "args": arguments_of(part)}
                yield {"functionCall": call, **self._signature(part)}
            elif isinstance(part, Thought):
                state = opaque_of(part, self.family)
                if state is not None:
                    yield {"text": part.text, **({"thought": True} if part.text else {}), **state}
            elif part.kind == "image":
                yield {"inlineData": {"mimeType": part.media_type, "data": part.data}}
            elif words := words_of(part):
                yield {"text": words}

    def _signature(self, call: ToolCall) -> dict[str, Any]:
        if call.opaque and call.made_by == self.family:
            return {"thoughtSignature": parsed(call.opaque)["thoughtSignature"]}
        foreign = self.settings.dialect.foreign_signature
        return {"thoughtSignature": foreign} if foreign else {}

    def reading(self, assembly: Assembly) -> Reading:
        """See ``Wire.reading``."""
        return _GeminiReading(assembly, self.settings)


class _GeminiReading(Reading):
    def __init__(self, assembly: Assembly, settings: WireSettings) -> None:
        super().__init__(assembly, settings)
        self._stated: Any = None

    def take(self, event: Event) -> Iterable[WirePart]:
        """See ``Reading.take``."""
        reply, chunk = self.reply, parsed(event.data)
        if chunk.get("error"):
            raise failure_of(None, chunk)
        for candidate in chunk.get("candidates") or ():
            if candidate.get("index"):
                continue  # one answer was requested
            for part in (candidate.get("content") or {}).get("parts") or ():
                yield from self._part(part)
            reason = candidate.get("finishReason")
            if reason in BROKEN:
                raise ProviderError(BROKEN[reason], code=str(reason).lower())
            if reason:
                reply.stop = STOPS.get(reason, Stop.LENGTH)
        if (chunk.get("promptFeedback") or {}).get("blockReason"):
            reply.stop = Stop.REFUSED  # there is no candidate, and an empty reply is not an answer
        reply.model = str(chunk.get("modelVersion") or reply.model)
        stated = chunk.get("usageMetadata")
        if isinstance(stated, dict) and stated != self._stated:  # most events repeat it
            self._stated = stated
            reply.usage = usage_of(stated)
            if reply.usage is not None:
                yield WireUsage(reply.usage)

    def _part(self, part: Mapping[str, Any]) -> Iterator[WirePart]:
        reply = self.reply
        signature, text, call = part.get("thoughtSignature"), part.get("text"), part.get("functionCall")
        if call is not None:
            draft = reply.new("call")
            draft.name = str(call["name"])[:128]
            self._sign(draft, signature)
            yield draft.add(to_json(call.get("args") or {}).decode())
        elif part.get("thought"):
            draft = reply.last("thought")
            if text:
                yield draft.add(text)
            self._sign(draft, signature)
        else:
            if text:
                yield reply.last("text").add(text)
            if signature:  # state in or after text, which must be sent back at its place
                self._sign(reply.new("thought"), signature)

    @staticmethod
    def _sign(draft: Draft, signature: Any) -> None:
        if isinstance(signature, str) and 0 < len(signature) <= MOST_OF_OPAQUE - 256:
            state = {"thoughtSignature": signature}
            bound = {} if draft.kind == "call" else {"genie_words": digest(draft.text)}
            draft.opaque = to_json({**state, **bound}).decode()

    def finish(self) -> WireEnd:
        """See ``Reading.finish``."""
        return self.reply.end()  # this dialect has no final event other than the one with the reason


def usage_of(usage: Mapping[str, Any]) -> Usage | None:
    """Return the usage of a chunk; None if invalid. Thinking tokens are billed as output, and counted separately."""
    try:
        thoughts = tokens(usage.get("thoughtsTokenCount"))
        asked = tokens(usage.get("promptTokenCount"), needed=True) + tokens(usage.get("toolUsePromptTokenCount"))
        made = tokens(usage.get("candidatesTokenCount")) + thoughts
        return Usage(
            input=asked, output=max(made, tokens(usage.get("totalTokenCount")) - asked), reasoning=thoughts,
            cache_read=tokens(usage.get("cachedContentTokenCount")),
        )  # fmt: skip
    except ValueError:
        return None
