"""One scripted reply in the form of five dialects: as a stream of events, and as a whole."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from genie.contracts.model_call import Part, Stop, Text, Thought, ToolCall, Usage

Json = dict[str, Any]


class ScriptedReply(NamedTuple):
    """Content of a server's answer."""

    parts: tuple[Part, ...]
    stop: Stop = Stop.ANSWERED
    usage: Usage | None = None
    model: str = "fake-1"
    piece: int = 5
    """Characters of a delta."""
    noise: bool = False
    """Whether unknown fields, events and parts are mixed in between the known ones."""
    signature: str = "c2lnbmF0dXJl"
    """Opaque state with thoughts and calls, in the dialects that support it."""


def pieces_of(text: str, size: int) -> list[str]:
    """Return a text in pieces."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Speaker(ABC):
    """Server side of one dialect."""

    kind: ClassVar[str] = "text/event-stream"
    unknown: ClassVar[Json] = {"x_unknown": {"deep": [1, None, "é"]}, "obfuscation": "a1b2"}

    @abstractmethod
    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """Yield the events of a stream; a text is sent as it is."""

    @abstractmethod
    def whole(self, reply: ScriptedReply) -> Json:
        """Return a reply that is not streamed."""

    @abstractmethod
    def error(self, code: str, status: int) -> Json:
        """Return the body of an error."""

    def framed(self, event: Json | str, *, noise: bool) -> bytes:
        """Return an event as bytes."""
        if isinstance(event, dict):
            name = self.named(event)
            body = _dump({**event, **self.unknown} if noise else event).decode()
        else:
            name, body = "", event
        head = f"event: {name}\n" if name else ""
        comment = ": keep-alive\nretry: 10\n" if noise else ""
        return f"{comment}{head}data: {body}\n\n".encode()

    def named(self, event: Json) -> str:
        """Return the name of an event."""
        return ""

    def stream(self, reply: ScriptedReply) -> list[bytes]:
        """Return the events of a reply as bytes, one an entry."""
        return [self.framed(event, noise=reply.noise) for event in self.events(reply)]


class ChatSpeaker(Speaker):
    """OpenAI Chat Completions."""

    reasons: ClassVar[Mapping[Stop, str]] = {
        Stop.ANSWERED: "stop", Stop.STOP_SEQUENCE: "stop", Stop.LENGTH: "length", Stop.TOOL_CALLS: "tool_calls",
        Stop.FILTERED: "content_filter", Stop.REFUSED: "stop",
    }  # fmt: skip

    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """See ``Speaker.events``."""
        yield self._chunk(reply, {"role": "assistant", "content": ""})
        if reply.noise:
            yield {"object": "chat.completion.surprise", "choices": []}
        calls = 0
        for part in reply.parts:
            if isinstance(part, Text):
                field = "refusal" if reply.stop is Stop.REFUSED else "content"
                yield from (self._chunk(reply, {field: piece}) for piece in pieces_of(part.text, reply.piece))
            elif isinstance(part, Thought):
                for piece in pieces_of(part.text, reply.piece):
                    yield self._chunk(reply, {"reasoning_content": piece})
            elif isinstance(part, ToolCall):
                first = {"index": calls, "id": f"call_x{calls}", "type": "function"}
                opened = {**first, "function": {"name": part.name, "arguments": ""}}
                yield self._chunk(reply, {"tool_calls": [opened]})
                for piece in pieces_of(part.arguments, reply.piece):
                    yield self._chunk(reply, {"tool_calls": [{"index": calls, "function": {"arguments": piece}}]})
                calls += 1
        yield self._chunk(reply, {}, self.reasons[reply.stop])
        if reply.usage is not None:
            yield {**self._head(reply), "choices": [], "usage": self.usage(reply.usage)}
        yield "[DONE]"

    @staticmethod
    def _head(reply: ScriptedReply) -> Json:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": reply.model}

    def _chunk(self, reply: ScriptedReply, delta: Json, reason: str | None = None) -> Json:
        return {**self._head(reply), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    @staticmethod
    def usage(usage: Usage) -> Json:
        """Return a usage."""
        return {
            "prompt_tokens": usage.input, "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        }  # fmt: skip

    def whole(self, reply: ScriptedReply) -> Json:
        """See ``Speaker.whole``."""
        text = "".join(part.text for part in reply.parts if isinstance(part, Text))
        calls = [
            {"id": f"call_x{at}", "type": "function", "function": {"name": part.name, "arguments": part.arguments}}
            for at, part in enumerate(part for part in reply.parts if isinstance(part, ToolCall))
        ]
        message: Json = {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "finish_reason": self.reasons[reply.stop]}
        usage = {} if reply.usage is None else {"usage": self.usage(reply.usage)}
        return {**self._head(reply), "object": "chat.completion", "choices": [choice], **usage}

    def error(self, code: str, status: int) -> Json:
        """See ``Speaker.error``."""
        return {"error": {"message": "the server's words", "type": code, "param": None, "code": code}}


class ResponsesSpeaker(Speaker):
    """OpenAI Responses."""

    def named(self, event: Json) -> str:
        """See ``Speaker.named``."""
        return str(event["type"])

    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """See ``Speaker.events``."""
        for number, event in enumerate(self._events(reply)):
            yield {**event, "sequence_number": number}

    def _events(self, reply: ScriptedReply) -> Iterator[Json]:
        begun = {**self.whole(reply), "status": "in_progress", "output": [], "usage": None}
        yield {"type": "response.created", "response": begun}
        if reply.noise:
            yield {"type": "response.web_search_call.searching", "output_index": 99, "item_id": "ws_1"}
            yield {
                "type": "response.output_item.added", "output_index": 99, "item": {"type": "web_search_call"},
            }  # fmt: skip
        for at, item in enumerate(self._items(reply)):
            where = {"output_index": at, "item_id": item["id"]}
            if item["type"] == "message":
                yield {"type": "response.output_item.added", "output_index": at, "item": {**item, "content": []}}
                content = item["content"][0]
                empty = {**content, "text": ""} if "text" in content else {**content, "refusal": ""}
                yield {"type": "response.content_part.added", **where, "content_index": 0, "part": empty}
                kind = "output_text" if "text" in content else "refusal"
                for piece in pieces_of(content.get("text") or content.get("refusal", ""), reply.piece):
                    yield {
                        "type": f"response.{kind}.delta", **where, "content_index": 0, "delta": piece, "logprobs": [],
                    }  # fmt: skip
                yield {"type": "response.content_part.done", **where, "content_index": 0, "part": content}
            elif item["type"] == "function_call":
                yield {"type": "response.output_item.added", "output_index": at, "item": {**item, "arguments": ""}}
                for piece in pieces_of(item["arguments"], reply.piece):
                    yield {"type": "response.function_call_arguments.delta", **where, "delta": piece}
            else:
                partial = {**item, "encrypted_content": item["encrypted_content"][:2], "summary": []}
                yield {"type": "response.output_item.added", "output_index": at, "item": partial}
                for piece in pieces_of(item["summary"][0]["text"] if item["summary"] else "", reply.piece):
                    yield {
                        "type": "response.reasoning_summary_text.delta", **where, "summary_index": 0, "delta": piece,
                    }  # fmt: skip
            yield {"type": "response.output_item.done", "output_index": at, "item": item}
        ended = self.whole(reply)
        yield {"type": f"response.{ended['status']}", "response": ended}

    @staticmethod
    def _items(reply: ScriptedReply) -> list[Json]:
        items: list[Json] = []
        for at, part in enumerate(reply.parts):
            if isinstance(part, ToolCall):
                call = {"call_id": f"call_x{at}", "name": part.name, "arguments": part.arguments}
                items.append({"type": "function_call", "id": f"fc_{at}", "status": "completed", **call})
            elif isinstance(part, Thought):
                summary = [{"type": "summary_text", "text": part.text}] if part.text else []
                sealed = {"encrypted_content": reply.signature, "summary": summary}
                items.append({"type": "reasoning", "id": f"rs_{at}", **sealed})
            elif isinstance(part, Text):
                content: Json = {"type": "output_text", "text": part.text, "annotations": []}
                if reply.stop is Stop.REFUSED:
                    content = {"type": "refusal", "refusal": part.text}
                head = {"id": f"msg_{at}", "role": "assistant", "status": "completed"}
                items.append({"type": "message", **head, "content": [content]})
        return items

    def whole(self, reply: ScriptedReply) -> Json:
        """See ``Speaker.whole``."""
        reason = {Stop.LENGTH: "max_output_tokens", Stop.FILTERED: "content_filter"}.get(reply.stop)
        usage = None
        if reply.usage is not None:
            usage = {
                "input_tokens": reply.usage.input, "output_tokens": reply.usage.output,
                "total_tokens": reply.usage.input + reply.usage.output,
                "input_tokens_details": {
                    "cached_tokens": reply.usage.cache_read, "cache_write_tokens": reply.usage.cache_write,
                },
                "output_tokens_details": {"reasoning_tokens": reply.usage.reasoning},
            }  # fmt: skip
        return {
            "id": "resp_1", "object": "response", "created_at": 1, "model": reply.model, "usage": usage,
            "status": "incomplete" if reason else "completed", "output": self._items(reply), "error": None,
            "incomplete_details": {"reason": reason} if reason else None, "instructions": None, "metadata": {},
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        }  # fmt: skip

    def error(self, code: str, status: int) -> Json:
        """See ``Speaker.error``."""
        if status == 200:
            return {"type": "error", "code": code, "message": "the server's words", "param": None}
        return {"error": {"message": "the server's words", "type": code, "param": None, "code": code}}


class MessagesSpeaker(Speaker):
    """Anthropic Messages."""

    reasons: ClassVar[Mapping[Stop, str]] = {
        Stop.ANSWERED: "end_turn", Stop.STOP_SEQUENCE: "stop_sequence", Stop.LENGTH: "max_tokens",
        Stop.TOOL_CALLS: "tool_use", Stop.REFUSED: "refusal", Stop.FILTERED: "refusal",
    }  # fmt: skip

    def named(self, event: Json) -> str:
        """See ``Speaker.named``."""
        return str(event["type"])

    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """See ``Speaker.events``."""
        usage = self._usage(reply.usage)
        begun = {**self.whole(reply), "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        yield {"type": "message_start", "message": begun}
        yield {"type": "ping"}
        if reply.noise:
            yield {"type": "weather_report", "index": 0}
            yield {"type": "content_block_start", "index": 70, "content_block": {"type": "server_surprise"}}
            yield {"type": "content_block_delta", "index": 70, "delta": {"type": "surprise_delta", "x": 1}}
            yield {"type": "content_block_stop", "index": 70}
        for at, part in enumerate(reply.parts):
            start, deltas = self._block(part, reply)
            yield {"type": "content_block_start", "index": at, "content_block": start}
            yield from ({"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas)
            yield {"type": "content_block_stop", "index": at}
        delta = {"stop_reason": self.reasons[reply.stop], "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage["output_tokens"]}}
        yield {"type": "message_stop"}

    @staticmethod
    def _block(part: Part, reply: ScriptedReply) -> tuple[Json, list[Json]]:
        if isinstance(part, ToolCall):
            start: Json = {"type": "tool_use", "id": "toolu_x", "name": part.name, "input": {}}
            pieces = pieces_of(part.arguments, reply.piece)
            return start, [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces]]
        if isinstance(part, Thought):
            thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in pieces_of(part.text, reply.piece)]
            signed = {"type": "signature_delta", "signature": reply.signature}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
        text = part.text if isinstance(part, Text) else ""
        return {"type": "text", "text": ""}, [
            {"type": "text_delta", "text": one} for one in pieces_of(text, reply.piece)
        ]

    @staticmethod
    def _usage(usage: Usage | None) -> Json:
        usage = usage or Usage()
        return {
            "input_tokens": usage.input - usage.cache_read - usage.cache_write, "output_tokens": usage.output,
            "cache_read_input_tokens": usage.cache_read, "cache_creation_input_tokens": usage.cache_write,
            "output_tokens_details": {"thinking_tokens": usage.reasoning},
        }  # fmt: skip

    def whole(self, reply: ScriptedReply) -> Json:
        """See ``Speaker.whole``."""
        content: list[Json] = []
        for part in reply.parts:
            if isinstance(part, ToolCall):
                content.append(
                    {"type": "tool_use", "id": "toolu_x", "name": part.name, "input": json.loads(part.arguments)}
                )
            elif isinstance(part, Thought):
                content.append({"type": "thinking", "thinking": part.text, "signature": reply.signature})
            elif isinstance(part, Text):
                content.append({"type": "text", "text": part.text})
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": reply.model, "content": content,
            "stop_reason": self.reasons[reply.stop], "stop_sequence": None, "usage": self._usage(reply.usage),
        }  # fmt: skip

    def error(self, code: str, status: int) -> Json:
        """See ``Speaker.error``."""
        return {"type": "error", "error": {"type": code, "message": "the server's words"}}


class GeminiSpeaker(Speaker):
    """Gemini's ``generateContent``."""

    reasons: ClassVar[Mapping[Stop, str]] = {
        Stop.ANSWERED: "STOP", Stop.STOP_SEQUENCE: "STOP", Stop.LENGTH: "MAX_TOKENS", Stop.TOOL_CALLS: "STOP",
        Stop.FILTERED: "SAFETY", Stop.REFUSED: "PROHIBITED_CONTENT",
    }  # fmt: skip

    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """See ``Speaker.events``."""
        if reply.noise:
            yield {"candidates": [{"content": {"parts": [{"surprise": {"x": 1}}], "role": "model"}, "index": 0}]}
        if reply.stop is Stop.REFUSED:
            yield {"promptFeedback": {"blockReason": "SAFETY"}, **self._tail(reply)}
            return
        for part in reply.parts:
            for piece in self._parts(part, reply, reply.piece):
                yield {
                    "candidates": [{"content": {"parts": [piece], "role": "model"}, "index": 0}],
                    **self._tail(reply),
                }
        last = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": self.reasons[reply.stop]}
        yield {"candidates": [{**last, "index": 0}], **self._tail(reply)}

    @staticmethod
    def _parts(part: Part, reply: ScriptedReply, size: int) -> list[Json]:
        if isinstance(part, ToolCall):
            call = {"name": part.name, "args": json.loads(part.arguments)}
            return [{"functionCall": call, "thoughtSignature": reply.signature}]
        if isinstance(part, Thought):
            found: list[Json] = [{"text": piece, "thought": True} for piece in pieces_of(part.text, size)]
            return [*found[:-1], {**found[-1], "thoughtSignature": reply.signature}] if found else []
        return [{"text": piece} for piece in pieces_of(part.text if isinstance(part, Text) else "", size)]

    @staticmethod
    def _tail(reply: ScriptedReply) -> Json:
        tail: Json = {"modelVersion": reply.model, "responseId": "r1"}
        if reply.usage is not None:
            usage = reply.usage
            tail["usageMetadata"] = {
                "promptTokenCount": usage.input, "candidatesTokenCount": usage.output - usage.reasoning,
                "thoughtsTokenCount": usage.reasoning, "cachedContentTokenCount": usage.cache_read,
                "totalTokenCount": usage.input + usage.output,
            }  # fmt: skip
        return tail

    def whole(self, reply: ScriptedReply) -> Json:
        """See ``Speaker.whole``."""
        parts = [piece for part in reply.parts for piece in self._parts(part, reply, 1 << 20)]
        content = {"content": {"parts": parts, "role": "model"}, "finishReason": self.reasons[reply.stop], "index": 0}
        return {"candidates": [content], **self._tail(reply)}

    def error(self, code: str, status: int) -> Json:
        """See ``Speaker.error``."""
        return {"error": {"code": status, "message": "the server's words", "status": code.upper()}}


class OllamaSpeaker(Speaker):
    """Ollama's ``/api/chat``."""

    kind: ClassVar[str] = "application/x-ndjson"

    def framed(self, event: Json | str, *, noise: bool) -> bytes:
        """See ``Speaker.framed``."""
        return _dump({**event, **self.unknown} if noise and isinstance(event, dict) else event) + b"\n"

    def events(self, reply: ScriptedReply) -> Iterator[Json | str]:
        """See ``Speaker.events``."""
        if reply.noise:
            yield {"model": reply.model, "done": False}
        for part in reply.parts:
            for message in self._messages(part, reply.piece):
                yield {**self._head(reply), "message": {"role": "assistant", "content": "", **message}, "done": False}
        yield {**self._head(reply), "message": {"role": "assistant", "content": ""}, **self._tail(reply)}

    @staticmethod
    def _messages(part: Part, size: int) -> list[Json]:
        if isinstance(part, ToolCall):
            return [{"tool_calls": [{"function": {"name": part.name, "arguments": json.loads(part.arguments)}}]}]
        field = "thinking" if isinstance(part, Thought) else "content"
        return [{field: piece} for piece in pieces_of(part.text if isinstance(part, Thought | Text) else "", size)]

    @staticmethod
    def _head(reply: ScriptedReply) -> Json:
        return {"model": reply.model, "created_at": "2026-01-01T00:00:00Z"}

    @staticmethod
    def _tail(reply: ScriptedReply) -> Json:
        tail: Json = {"done": True, "done_reason": "length" if reply.stop is Stop.LENGTH else "stop"}
        if reply.usage is not None:
            tail |= {"prompt_eval_count": reply.usage.input, "eval_count": reply.usage.output}
        return {**tail, "total_duration": 1, "load_duration": 1}

    def whole(self, reply: ScriptedReply) -> Json:
        """See ``Speaker.whole``."""
        message: Json = {"role": "assistant", "content": ""}
        for part in reply.parts:
            for found in self._messages(part, 1 << 20):
                for name, value in found.items():
                    message[name] = message[name] + value if message.get(name) else value
        return {**self._head(reply), "message": message, **self._tail(reply)}

    def error(self, code: str, status: int) -> Json:
        """See ``Speaker.error``."""
        return {"error": code}


SPEAKERS: Mapping[str, Speaker] = {
    "openai_chat": ChatSpeaker(),
    "openai_responses": ResponsesSpeaker(),
    "anthropic": MessagesSpeaker(),
    "gemini": GeminiSpeaker(),
    "ollama": OllamaSpeaker(),
}
BASES: Mapping[str, str] = {
    "openai_chat": "/v1", "openai_responses": "/v1", "anthropic": "/v1", "gemini": "/v1beta", "ollama": "",
}  # fmt: skip


def dialect_of(path: str) -> str | None:
    """Return the dialect of a path."""
    plain = path.partition("?")[0]
    if plain.startswith(("/v1beta/models/", "/v1/models/")) and plain.endswith(("enerateContent",)):
        return "gemini"
    return {
        "/v1/chat/completions": "openai_chat", "/v1/responses": "openai_responses", "/v1/messages": "anthropic",
        "/api/chat": "ollama",
    }.get(plain)  # fmt: skip


OVERLOADED: Mapping[str, str] = {
    "openai_chat": "server_error", "openai_responses": "server_error", "anthropic": "overloaded_error",
    "gemini": "unavailable", "ollama": "model is loading",
}  # fmt: skip
"""Name of ``FailureClass.OVERLOADED`` in a dialect."""
