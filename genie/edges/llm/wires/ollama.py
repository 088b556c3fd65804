"""Ollama's ``/api/chat``: JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import to_json

from genie.contracts.model_call import Role, Stop, ToolCall, ToolResult, Usage
from genie.edges.llm.failures import failure_of
from genie.edges.llm.wires.anthropic import arguments_of
from genie.edges.llm.wires.assembly import tokens
from genie.edges.llm.wires.rendering import result_text, words_of
from genie.edges.llm.wires.stream import LineSplitter
from genie.edges.llm.wires.wire import Reading, Wire, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.model_call import ModelRequest, Turn
    from genie.contracts.ports.provider import WirePart
    from genie.edges.llm.wires.assembly import Assembly
    from genie.edges.llm.wires.stream import Event, Splitter

STOPS = {"stop": Stop.ANSWERED, "length": Stop.LENGTH}
"""An unknown reason counts as a reply that was cut off."""


class Ollama(Wire):
    """The wire of ``POST /api/chat``."""

    vendor: ClassVar[str] = "ollama"
    base: ClassVar[str] = "http://127.0.0.1:11434"
    accepts: ClassVar[str] = "application/x-ndjson"

    def path(self) -> str:
        """See ``Wire.path``."""
        return "/api/chat"

    def headers(self) -> Mapping[str, str]:
        """See ``Wire.headers``."""
        key = self.settings.key
        return {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}

    def splitter(self) -> Splitter:
        """See ``Wire.splitter``."""
        return LineSplitter()

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """See ``Wire.body``."""
        sampling, schema = self.sampling(request), self.answer_schema(request)
        # Without num_ctx the server silently truncates a longer prompt.
        options: dict[str, Any] = {"num_ctx": self.settings.window, "num_predict": request.max_output}
        chosen = (
            ("temperature", sampling.temperature), ("top_p", sampling.top_p), ("seed", sampling.seed),
            ("stop", list(sampling.stop) or None),
        )  # fmt: skip
        options |= {name: value for name, value in chosen if value is not None}
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": [message for turn in request.turns for message in self._messages(turn)],
            "stream": True,
            "options": options,
        }
        if request.tools and request.choice != "none":  # the dialect can only include the tools or not
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name, "description": tool.description, "parameters": parsed(tool.parameters),
                    },
                }
                for tool in request.tools
            ]  # fmt: skip
        if schema is not None:
            body["format"] = schema
        if request.effort is not None:
            body["think"] = request.effort != "none"
        return body

    @staticmethod
    def _messages(turn: Turn) -> Iterator[dict[str, Any]]:
        texts: list[str] = []
        message: dict[str, Any] = {"role": "user" if turn.role is Role.TOOL else str(turn.role)}
        for part in turn.parts:
            if isinstance(part, ToolResult):
                yield {"role": "tool", "tool_name": part.name, "content": result_text(part)}
            elif isinstance(part, ToolCall):
                function = {"name": part.name, "arguments": arguments_of(part)}
                message.setdefault("tool_calls", []).append({"function": function})
            elif part.kind == "image":
                message.setdefault("images", []).append(part.data)
            elif (words := words_of(part)) is not None:
                texts.append(words)
        if texts or len(message) > 1:
            yield {**message, "content": "\n\n".join(texts)}

    def reading(self, assembly: Assembly) -> Reading:
        """See ``Wire.reading``."""
        return _OllamaReading(assembly, self.settings)


class _OllamaReading(Reading):
    def take(self, event: Event) -> Iterable[WirePart]:
        """See ``Reading.take``."""
        reply, line = self.reply, parsed(event.data)
        if line.get("error"):
            raise failure_of(None, line)
        message = line.get("message") or {}
        if message.get("thinking"):
            yield reply.last("thought").add(message["thinking"])
        if message.get("content"):
            yield reply.last("text").add(message["content"])
        for call in message.get("tool_calls") or ():
            draft = reply.new("call")
            draft.name = str(call["function"]["name"])[:128]
            yield draft.add(to_json(call["function"].get("arguments") or {}).decode())
        reply.model = str(line.get("model") or reply.model)
        if line.get("done"):
            reply.stop = STOPS.get(line.get("done_reason", "stop"), Stop.LENGTH)
            reply.usage = usage_of(line) or reply.usage
            yield reply.end()


def usage_of(line: Mapping[str, Any]) -> Usage | None:
    """Return the usage in the last line; None if there is none."""
    try:
        return Usage(
            input=tokens(line.get("prompt_eval_count"), needed=True), output=tokens(line.get("eval_count"), needed=True)
        )
    except ValueError:
        return None
