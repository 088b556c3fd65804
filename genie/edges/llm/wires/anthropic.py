"""Anthropic Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import to_json

from genie.contracts.model_call import FailureClass, Role, Stop, Thought, ToolCall, ToolResult, Usage
from genie.contracts.ports.provider import ProviderError, WireUsage
from genie.edges.llm.failures import failure_of
from genie.edges.llm.wires.assembly import MOST_OF_OPAQUE, tokens
from genie.edges.llm.wires.openai_chat import drawn
from genie.edges.llm.wires.rendering import digest, merged, opaque_of, system_text, words_of
from genie.edges.llm.wires.wire import Reading, Wire, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.model_call import ModelRequest, Turn
    from genie.contracts.ports.provider import WirePart
    from genie.edges.llm.wires.assembly import Assembly, Draft
    from genie.edges.llm.wires.settings import WireSettings
    from genie.edges.llm.wires.stream import Event

STOPS = {
    "end_turn": Stop.ANSWERED,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "max_tokens": Stop.LENGTH,
    "tool_use": Stop.TOOL_CALLS,
    "refusal": Stop.REFUSED,
    "model_context_window_exceeded": Stop.LENGTH,
}
"""An unknown reason counts as a reply that was cut off."""
BUDGETS = {"low": 2_048, "medium": 8_192, "high": 16_384}
"""Thinking tokens for models that take a number instead of a level."""
LEAST_BUDGET = 1_024
NO_SAMPLING_FROM = "2026-10-21"
"""First version that refuses temperature and top_p."""


class Anthropic(Wire):
    """The wire of ``POST /messages``."""

    vendor: ClassVar[str] = "anthropic"
    base: ClassVar[str] = "https://api.anthropic.com/v1"

    def path(self) -> str:
        """See ``Wire.path``."""
        return "/messages"

    def headers(self) -> Mapping[str, str]:
        """See ``Wire.headers``."""
        key = self.settings.key
        own = {} if key is None else {"x-api-key": key.get_secret_value()}
        return {"anthropic-version": self.settings.version, **own}

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """See ``Wire.body``."""
        sampling, schema = self.sampling(request), self.answer_schema(request)
        chosen = drawn(sampling.temperature, sampling.top_p)
        if sampling.seed is not None or (chosen and self.settings.version >= NO_SAMPLING_FROM):
            raise ProviderError(FailureClass.INVALID_REQUEST, code="sampling_unsupported")
        spoken = (
            ("assistant" if turn.role is Role.ASSISTANT else "user", list(self._blocks(turn)))
            for turn in request.turns
            if turn.role is not Role.SYSTEM
        )
        body: dict[str, Any] = {
            "model": self.settings.model,
            "max_tokens": request.max_output,
            "messages": [{"role": role, "content": content} for role, content in merged(spoken)],
            "stream": True,
            **chosen,
            **self._thinking(request),
        }
        system = system_text(request.turns)
        if system:
            body["system"] = system
        if request.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": parsed(tool.parameters)}
                for tool in request.tools
            ]
            body["tool_choice"] = self._choice(request)
        if schema is not None:
            body.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": schema}
        if sampling.stop:
            body["stop_sequences"] = list(sampling.stop)
        if self.settings.inference_region:
            body["inference_geo"] = self.settings.inference_region
        if self.settings.dialect.prompt_cache and request.conversation:
            body["cache_control"] = {"type": "ephemeral"}
        return body

    def _thinking(self, request: ModelRequest) -> dict[str, Any]:
        how, effort = self.settings.dialect.thinking, request.effort
        if effort is None or how == "none":
            return {}
        if effort == "none":
            return {"thinking": {"type": "disabled"}}
        if how == "adaptive":
            return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}
        budget = min(BUDGETS[effort], request.max_output - LEAST_BUDGET)
        return {"thinking": {"type": "enabled", "budget_tokens": budget}} if budget >= LEAST_BUDGET else {}

    @staticmethod
    def _choice(request: ModelRequest) -> dict[str, Any]:
        known = {"auto": "auto", "none": "none", "required": "any"}
        if request.choice == "none":
            return {"type": "none"}
        chosen = (
            {"type": known[request.choice]} if request.choice in known else {"type": "tool", "name": request.choice}
        )
        return chosen if request.parallel else {**chosen, "disable_parallel_tool_use": True}

    def _blocks(self, turn: Turn) -> Iterator[dict[str, Any]]:
        results = [part for part in turn.parts if isinstance(part, ToolResult)]
        for result in results:  # results come first in their turn
            block = {"type": "tool_result", "tool_use_id": result.id, "content": result.text}
            yield {**block, "is_error": True, "content": f"{result.code}: {result.text}"} if result.code else block
        for part in turn.parts:
            if isinstance(part, ToolCall):
                yield {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_of(part)}
            elif isinstance(part, Thought):
                state = opaque_of(part, self.family)
                if state is not None:
                    yield {**state, "thinking": part.text} if state.get("type") == "thinking" else state
            elif part.kind == "image":
                source = {"type": "base64", "media_type": part.media_type, "data": part.data}
                yield {"type": "image", "source": source}
            elif words := words_of(part):
                yield {"type": "text", "text": words}

    def reading(self, assembly: Assembly) -> Reading:
        """See ``Wire.reading``."""
        return _MessagesReading(assembly, self.settings)


class _MessagesReading(Reading):
    def __init__(self, assembly: Assembly, settings: WireSettings) -> None:
        super().__init__(assembly, settings)
        self._stated: dict[str, Any] = {}
        self._kinds: dict[int, str] = {}
        """The blocks in progress, by index."""

    def take(self, event: Event) -> Iterable[WirePart]:
        """See ``Reading.take``."""
        reply, found = self.reply, parsed(event.data)
        name = found.get("type")
        if name == "content_block_delta":
            yield from self._delta(int(found["index"]), found["delta"])
        elif name == "content_block_start":
            yield from self._start(int(found["index"]), found["content_block"])
        elif name == "message_start":
            message = found["message"]
            reply.model = str(message.get("model") or reply.model)
            yield from self._usage(message.get("usage"))
        elif name == "message_delta":
            reason = found["delta"].get("stop_reason")
            if reason is not None:
                reply.stop = STOPS.get(reason, Stop.LENGTH)
            yield from self._usage(found.get("usage"))
        elif name == "message_stop":
            yield reply.end()
        elif name == "error":
            raise failure_of(None, found)

    def _start(self, index: int, block: Mapping[str, Any]) -> Iterator[WirePart]:
        kind = block.get("type")
        if kind == "text":
            self._kinds[index] = "text"
            if block.get("text"):
                yield self.reply.draft(index, "text").add(block["text"])
        elif kind == "tool_use":
            self._kinds[index] = "call"
            draft = self.reply.draft(index, "call")
            draft.name = str(block["name"])[:128]
            if block.get("input"):
                yield draft.add(to_json(block["input"]).decode())
        elif kind == "thinking":
            self._kinds[index] = "thought"
            draft = self.reply.draft(index, "thought")
            if block.get("thinking"):
                yield draft.add(block["thinking"])
            if block.get("signature"):
                self._sign(draft, block["signature"])
        elif kind == "redacted_thinking":
            opaque = to_json(block).decode()
            if len(opaque) <= MOST_OF_OPAQUE:
                self.reply.draft(index, "thought").opaque = opaque

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[WirePart]:
        kind, reply = delta.get("type"), self.reply
        if kind == "text_delta":
            yield reply.draft(index, "text").add(delta["text"])
        elif kind == "input_json_delta" and self._kinds.get(index) == "call":
            yield reply.draft(index, "call").add(delta["partial_json"])
        elif kind == "thinking_delta":
            yield reply.draft(index, "thought").add(delta["thinking"])
        elif kind == "signature_delta":
            self._sign(reply.draft(index, "thought"), delta["signature"])

    @staticmethod
    def _sign(draft: Draft, signature: str) -> None:
        """Store a signature with the digest of the text that it covers; it comes after the text."""
        if len(signature) <= MOST_OF_OPAQUE - 256:
            state = {"type": "thinking", "signature": signature, "genie_words": digest(draft.text)}
            draft.opaque = to_json(state).decode()

    def _usage(self, usage: Any) -> Iterator[WirePart]:
        """Take reported usage: counts are cumulative, so a later one replaces an earlier one."""
        if not isinstance(usage, dict):
            return
        self._stated |= {name: value for name, value in usage.items() if value is not None}
        region = self._stated.get("inference_geo")
        wanted = self.settings.inference_region
        if wanted and region is not None and region != wanted:
            raise ProviderError(FailureClass.FORBIDDEN, code="inference_geo")
        found = usage_of(self._stated)
        if found is not None and found != self.reply.usage:
            self.reply.usage = found
            yield WireUsage(found)


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """Return the arguments of a call as an object; other values are sent as text in an object.

    A model whose call was refused as malformed must see its own text, and these dialects only accept objects.
    """
    try:
        return parsed(call.arguments)
    except ValueError:
        return {"malformed_arguments": call.arguments}


def usage_of(usage: Mapping[str, Any]) -> Usage | None:
    """Return the usage of a message; None if invalid. Its input counts exclude cached tokens."""
    try:
        read, written = tokens(usage.get("cache_read_input_tokens")), tokens(usage.get("cache_creation_input_tokens"))
        details = usage.get("output_tokens_details") or {}
        return Usage(
            input=tokens(usage.get("input_tokens"), needed=True) + read + written,
            output=tokens(usage.get("output_tokens"), needed=True),
            cache_read=read, cache_write=written, reasoning=tokens(details.get("thinking_tokens")),
        )  # fmt: skip
    except (ValueError, AttributeError):
        return None
