"""OpenAI Chat Completions, and the many servers that speak it: vLLM, llama.cpp, gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from genie.contracts.model_call import Role, Stop, ToolCall, ToolResult, Usage
from genie.contracts.ports.provider import WireUsage
from genie.edges.llm.failures import failure_of
from genie.edges.llm.wires.assembly import tokens
from genie.edges.llm.wires.rendering import data_url, is_strict, result_text, words_of
from genie.edges.llm.wires.wire import Reading, Wire, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.model_call import ModelRequest, Turn
    from genie.contracts.ports.provider import WireEnd, WirePart
    from genie.edges.llm.wires.assembly import Assembly
    from genie.edges.llm.wires.stream import Event

STOPS = {
    "stop": Stop.ANSWERED,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL_CALLS,
    "function_call": Stop.TOOL_CALLS,
    "content_filter": Stop.FILTERED,
}
"""An unknown reason counts as a truncated reply, because nothing is known of its end."""


class OpenAIChat(Wire):
    """The wire of ``POST /chat/completions``."""

    vendor: ClassVar[str] = "openai"
    base: ClassVar[str] = "https://api.openai.com/v1"

    def path(self) -> str:
        """See ``Wire.path``."""
        return "/chat/completions"

    def headers(self) -> Mapping[str, str]:
        """See ``Wire.headers``."""
        key = self.settings.key
        return {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """See ``Wire.body``."""
        dialect, sampling, schema = self.settings.dialect, self.sampling(request), self.answer_schema(request)
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": [message for turn in request.turns for message in self._messages(turn)],
            dialect.max_tokens_field: request.max_output,
            "stream": True,
        }
        if dialect.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
            if dialect.continuous_usage:
                body["stream_options"]["continuous_usage_stats"] = True
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name, "description": tool.description,
                        **strictly("parameters", parsed(tool.parameters)),
                    },
                }
                for tool in request.tools
            ]  # fmt: skip
            body["tool_choice"] = choice_of(request, {"type": "function", "function": {"name": request.choice}})
            if dialect.parallel_tools:
                body["parallel_tool_calls"] = request.parallel
        if schema is not None:
            named = {"name": request.answer_name or "answer", **strictly("schema", schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if request.effort is not None:
            body["reasoning_effort"] = request.effort
        body |= drawn(sampling.temperature, sampling.top_p)
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        return body

    def role(self, turn: Turn) -> str:
        """Return the role of a turn in this family of dialects."""
        if turn.role is Role.SYSTEM:
            return self.settings.dialect.system_role
        return "user" if turn.role is Role.TOOL else str(turn.role)

    def _messages(self, turn: Turn) -> Iterator[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        for part in turn.parts:
            if isinstance(part, ToolResult):
                yield {"role": "tool", "tool_call_id": part.id, "content": result_text(part)}
            elif isinstance(part, ToolCall):
                function = {"name": part.name, "arguments": part.arguments}
                calls.append({"id": part.id, "type": "function", "function": function})
            elif part.kind == "image":
                content.append({"type": "image_url", "image_url": {"url": data_url(part)}})
            elif (words := words_of(part)) is not None:
                content.append({"type": "text", "text": words})
        if not content and not calls:
            return
        message: dict[str, Any] = {"role": self.role(turn)}
        # A single text is sent as a string, which every server of this dialect accepts.
        message["content"] = content[0]["text"] if len(content) == 1 and "text" in content[0] else content or None
        if calls:
            message["tool_calls"] = calls
        yield message

    def reading(self, assembly: Assembly) -> Reading:
        """See ``Wire.reading``."""
        return _ChatReading(assembly, self.settings)


class _ChatReading(Reading):
    def take(self, event: Event) -> Iterable[WirePart]:
        """See ``Reading.take``."""
        reply = self.reply
        if event.data == b"[DONE]":
            yield reply.end()
            return
        chunk = parsed(event.data)
        choices = chunk.get("choices")
        if chunk.get("error"):
            raise failure_of(None, chunk)
        for choice in choices or ():
            if choice.get("index"):
                continue  # one answer was asked for
            yield from self._delta(choice.get("delta") or {})
            reason = choice.get("finish_reason")
            if reason is not None and reply.stop is None:
                reply.stop = STOPS.get(reason, Stop.LENGTH)
        if chunk.get("usage"):
            reply.usage = usage_of(chunk["usage"]) or reply.usage
            if reply.usage is not None and choices:
                yield WireUsage(reply.usage)
        model = chunk.get("model")
        if model:
            reply.model = str(model)

    def _delta(self, delta: Mapping[str, Any]) -> Iterator[WirePart]:
        reply = self.reply
        text = delta.get("content")
        if text:
            yield reply.draft("text", "text").add(text)
        if len(delta) == 1 and text:
            return
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought:
            yield reply.draft("thought", "thought").add(thought)
        refusal = delta.get("refusal")
        if refusal:
            reply.stop = Stop.REFUSED
            yield reply.draft("text", "text").add(refusal)
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            index, named = call.get("index"), call.get("id")  # some servers send complete calls without numbers
            if index is None and named is None:  # or names: each function name starts a new call
                draft = reply.new("call") if function.get("name") else reply.last("call")
            else:
                draft = reply.draft(("call", named if index is None else int(index)), "call")
            draft.name = draft.name or str(function.get("name") or "")[:128]
            yield draft.add(function.get("arguments") or "")

    def finish(self) -> WireEnd:
        """See ``Reading.finish``."""
        return super().finish() if self.settings.dialect.done_marker else self.reply.end()


def choice_of(request: ModelRequest, named: Mapping[str, Any]) -> Any:
    """Return the tool choice in this family of dialects."""
    return request.choice if request.choice in {"auto", "none", "required"} else named


def strictly(field: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a schema; ``strict`` is only set if the schema has the strict form."""
    return {field: schema, "strict": True} if is_strict(schema) else {field: schema}


def drawn(temperature: float | None, top_p: float | None) -> dict[str, float]:
    """Return the sampling settings; a temperature of 0 is sent explicitly."""
    return {name: value for name, value in (("temperature", temperature), ("top_p", top_p)) if value is not None}


def usage_of(usage: Mapping[str, Any], asked: str = "prompt", given: str = "completion") -> Usage | None:
    """Return the usage that this family of dialects states; None if it is invalid.

    Args:
        usage: The provider's object.
        asked: The dialect's name of the input.
        given: Its name of the output.
    """
    try:
        details = usage.get(f"{asked}_tokens_details") or {}
        out = usage.get(f"{given}_tokens_details") or {}
        return Usage(
            input=tokens(usage.get(f"{asked}_tokens"), needed=True),
            output=tokens(usage.get(f"{given}_tokens"), needed=True),
            cache_read=tokens(details.get("cached_tokens")), cache_write=tokens(details.get("cache_write_tokens")),
            reasoning=tokens(out.get("reasoning_tokens")),
        )  # fmt: skip
    except (ValueError, AttributeError):
        return None
