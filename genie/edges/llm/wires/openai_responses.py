"""OpenAI Responses, without server-side state: ``store`` is always false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from genie.contracts.model_call import Stop, Thought, ToolCall, ToolResult
from genie.edges.llm.failures import failure_of
from genie.edges.llm.wires.assembly import MOST_OF_OPAQUE
from genie.edges.llm.wires.openai_chat import OpenAIChat, choice_of, drawn, strictly, usage_of
from genie.edges.llm.wires.rendering import data_url, digest, opaque_of, result_text, words_of
from genie.edges.llm.wires.wire import Reading, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.model_call import ModelRequest, Turn
    from genie.contracts.ports.provider import WirePart
    from genie.edges.llm.wires.assembly import Assembly, Draft
    from genie.edges.llm.wires.stream import Event


class OpenAIResponses(OpenAIChat):
    """The wire of ``POST /responses``."""

    def path(self) -> str:
        """See ``Wire.path``."""
        return "/responses"

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """See ``Wire.body``."""
        sampling, schema = self.sampling(request), self.answer_schema(request)
        body: dict[str, Any] = {
            "model": self.settings.model,
            "input": [item for turn in request.turns for item in self._items(turn)],
            "max_output_tokens": request.max_output,
            "stream": True,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function", "name": tool.name, "description": tool.description,
                    "strict": False, **strictly("parameters", parsed(tool.parameters)),
                }
                for tool in request.tools
            ]  # fmt: skip
            body["tool_choice"] = choice_of(request, {"type": "function", "name": request.choice})
            body["parallel_tool_calls"] = request.parallel
        if schema is not None:
            named = {"name": request.answer_name or "answer", "strict": False, **strictly("schema", schema)}
            body["text"] = {"format": {"type": "json_schema", **named}}
        if request.effort is not None:
            body["reasoning"] = {"effort": request.effort}
        return body | drawn(sampling.temperature, sampling.top_p)

    def _items(self, turn: Turn) -> Iterator[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        role = self.role(turn)
        for part in turn.parts:
            item: dict[str, Any] | None = None
            if isinstance(part, ToolResult):
                item = {"type": "function_call_output", "call_id": part.id, "output": result_text(part)}
            elif isinstance(part, ToolCall):
                item = {
                    "type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments,
                }  # fmt: skip
            elif isinstance(part, Thought):
                item = opaque_of(part, self.family)
            elif part.kind == "image":
                content.append({"type": "input_image", "image_url": data_url(part), "detail": "auto"})
            elif (words := words_of(part)) is not None:
                content.append({"type": "output_text" if role == "assistant" else "input_text", "text": words})
            if item is not None:
                if content:  # text before the item stays before it
                    yield {"type": "message", "role": role, "content": content}
                    content = []
                yield item
        if content:
            yield {"type": "message", "role": role, "content": content}

    def reading(self, assembly: Assembly) -> Reading:
        """See ``Wire.reading``."""
        return _ResponsesReading(assembly, self.settings)


_PIECES = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "text",
    "response.reasoning_summary_text.delta": "thought",
    "response.reasoning_text.delta": "thought",
    "response.function_call_arguments.delta": "call",
}


class _ResponsesReading(Reading):
    def take(self, event: Event) -> Iterable[WirePart]:
        """See ``Reading.take``."""
        reply, found = self.reply, parsed(event.data)
        name = str(found.get("type"))
        kind = _PIECES.get(name)
        if kind is not None:
            if name == "response.refusal.delta":
                reply.stop = Stop.REFUSED
            yield reply.draft(int(found["output_index"]), kind).add(found["delta"])  # type: ignore[arg-type] # the values of _PIECES are its three words
        elif name in {"response.output_item.added", "response.output_item.done"}:
            yield from self._item(int(found["output_index"]), found["item"], done=name.endswith("done"))
        elif name in {"response.completed", "response.incomplete"}:
            self._ended(found["response"])
            yield reply.end()
        elif name == "response.failed":
            self._usage(found["response"])
            raise failure_of(None, found["response"])
        elif name == "error":
            # Its code is in the event itself, or one level below it; its type is that of the event.
            raise failure_of(None, {**found, "type": None})
        elif name == "response.created" and found.get("response", {}).get("model"):
            reply.model = str(found["response"]["model"])

    def _item(self, index: int, item: Mapping[str, Any], *, done: bool) -> Iterator[WirePart]:
        kind = item.get("type")
        if kind == "function_call":
            draft = self.reply.draft(index, "call")
            draft.name = str(item.get("name") or draft.name)[:128]
            yield from _completed(draft, item.get("arguments"), done=done)
        elif kind == "reasoning":
            draft = self.reply.draft(index, "thought")
            if done:
                summary = item.get("summary") or ()
                yield from _completed(draft, "".join(part.get("text", "") for part in summary), done=True)
                self._keep(draft, item)
        elif kind == "message" and done:
            texts = [part.get("text") or part.get("refusal") or "" for part in item.get("content") or ()]
            if any(part.get("type") == "refusal" for part in item.get("content") or ()):
                self.reply.stop = Stop.REFUSED
            yield from _completed(self.reply.draft(index, "text"), "".join(texts), done=True)

    @staticmethod
    def _keep(draft: Draft, item: Mapping[str, Any]) -> None:
        """Store the state that must be sent back; the visible text is kept once, as the thought's text."""
        sealed = item.get("encrypted_content")
        if sealed:
            state = {"type": "reasoning", "id": item.get("id"), "summary": [], "encrypted_content": sealed}
            opaque = to_json({**state, "genie_words": digest(draft.text)}).decode()
            if len(opaque) <= MOST_OF_OPAQUE:
                draft.opaque = opaque

    def _ended(self, response: Mapping[str, Any]) -> None:
        self._usage(response)
        self.reply.model = str(response.get("model") or self.reply.model)
        if self.reply.stop is Stop.REFUSED:
            return
        if response.get("status") == "completed":
            self.reply.stop = Stop.ANSWERED
        else:
            reason = (response.get("incomplete_details") or {}).get("reason")
            self.reply.stop = Stop.FILTERED if reason == "content_filter" else Stop.LENGTH

    def _usage(self, response: Mapping[str, Any]) -> None:
        stated = response.get("usage")
        if isinstance(stated, dict):
            self.reply.usage = usage_of(stated, "input", "output") or self.reply.usage


def _completed(draft: Draft, whole: Any, *, done: bool) -> Iterator[WirePart]:
    """Yield the content of an item beyond its deltas: some servers send none."""
    if done and isinstance(whole, str) and whole and not draft.pieces:
        yield draft.add(whole)
