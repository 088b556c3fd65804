"""Clients of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, JsonValue
from pydantic_core import from_json, to_json

from genie.contracts.model_call import Role, Stop, Text, Thought, ToolCall
from genie.server.proxy.dialect import (
    ANY,
    Asked,
    Dialect,
    Fields,
    Mark,
    Part,
    Speaking,
    Whole,
    built,
    call_of,
    harmless,
    image_of,
    json_text,
    read,
    result_of,
    signature_of,
    text_of,
    thought_of,
    tool_of,
    turn,
)
from genie.server.proxy.refusals import Refusal

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelDelta, ModelReply, Usage

HARMLESS: dict[str, Any] = {"metadata": ANY, "service_tier": ANY, "cache_control": ANY, "inference_geo": ANY}
"""Fields without an effect on the text of a reply; the card states where the model runs."""
REASONS = {
    Stop.ANSWERED: "end_turn", Stop.STOP_SEQUENCE: "stop_sequence", Stop.LENGTH: "max_tokens",
    Stop.TOOL_CALLS: "tool_use", Stop.FILTERED: "refusal", Stop.REFUSED: "refusal",
}  # fmt: skip
MOST_MESSAGES = 4_096
MOST_SIGNATURE = 2_000_000
EFFORTS = ((4_096, "low"), (12_288, "medium"))
"""Budget of thinking tokens -> reasoning effort; above the last one, ``high``."""


class _TextBlock(Part):
    type: Literal["text"]
    text: str


class _Base64(Part):
    type: Literal["base64"]
    media_type: Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
    data: str


class _ImageBlock(Part):
    type: Literal["image"]
    source: _Base64


class _PlainText(Part):
    type: Literal["text"]
    data: str


class _DocumentBlock(Part):
    type: Literal["document"]
    source: _PlainText
    title: str | None = None


class _UseBlock(Part):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, JsonValue] = Field(default={})


class _ResultBlock(Part):
    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[_TextBlock] = ""
    is_error: bool = False


class _ThinkingBlock(Part):
    type: Literal["thinking"]
    thinking: str = ""
    signature: str = Field(default="", max_length=MOST_SIGNATURE)


class _RedactedBlock(Part):
    type: Literal["redacted_thinking"]
    data: str = Field(default="", max_length=MOST_SIGNATURE)


_Block = Annotated[
    _TextBlock | _ImageBlock | _DocumentBlock | _UseBlock | _ResultBlock | _ThinkingBlock | _RedactedBlock,
    Field(discriminator="type"),
]


class _Message(Part):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


class _Tool(Part):
    type: Literal["custom"] = "custom"
    name: str
    description: str = ""
    input_schema: dict[str, JsonValue]


class _Choice(Part):
    type: Literal["auto", "any", "none", "tool"]
    name: str = ""
    disable_parallel_tool_use: bool = False


class _Thinking(Part):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int = 8_192


class _Format(Part):
    type: Literal["json_schema"]
    schema_: dict[str, JsonValue] = Field(alias="schema")


class _Output(Part):
    effort: Literal["low", "medium", "high", "max"] | None = None
    format: _Format | None = None


class Counted(Whole):
    """The body of ``POST /v1/messages/count_tokens``."""

    model: str = Field(min_length=1, max_length=256)
    messages: list[_Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    system: str | list[_TextBlock] = ""
    tools: list[_Tool] = Field(default=[], max_length=256)
    tool_choice: _Choice = _Choice(type="auto")
    thinking: _Thinking | None = None
    output_config: _Output = _Output()
    max_tokens: int = Field(default=1, ge=1)


class Request(Counted):
    """The body of ``POST /v1/messages``."""

    max_tokens: int = Field(ge=1)
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] = Field(default=[])


class Messages(Dialect):
    """See ``Dialect``.

    Args:
        kind: Class of the body: of a call, or of a count.
    """

    def __init__(self, kind: type[Counted] = Request) -> None:
        self._kind = kind

    def asked(self, body: Any) -> Asked:
        """See ``Dialect.asked``."""
        found = read(self._kind, harmless(body, HARMLESS))
        system = found.system if isinstance(found.system, str) else "\n\n".join(block.text for block in found.system)
        names = {
            block.id: block.name for message in found.messages if not isinstance(message.content, str)
            for block in message.content if isinstance(block, _UseBlock)
        }  # fmt: skip
        turns = [one for message in found.messages for one in _turns(message, names)]
        if system:
            turns.insert(0, turn(Role.SYSTEM, (text_of(system),)))
        choice, schema = found.tool_choice, found.output_config.format
        sampling = {}
        if isinstance(found, Request):
            sampling = {
                "temperature": found.temperature, "top_p": found.top_p, "stop": tuple(found.stop_sequences),
            }  # fmt: skip
        request = built(
            turns=tuple(turns),
            tools=tuple(tool_of(tool.name, tool.description, tool.input_schema) for tool in found.tools),
            choice={"any": "required", "tool": choice.name}.get(choice.type, choice.type),
            parallel=not choice.disable_parallel_tool_use,
            answer_schema=None if schema is None else json_text(schema.schema_),
            max_output=found.max_tokens, effort=_effort(found), sampling=sampling,
        )  # fmt: skip
        return Asked(request, found.model, isinstance(found, Request) and found.stream, usage=True, limited=True)

    def refused(self, refusal: Refusal) -> tuple[int, bytes]:
        """See ``Dialect.refused``."""
        return refusal.kind.other_status, to_json(_error(refusal))

    def whole(self, reply: ModelReply, mark: Mark) -> bytes:
        """See ``Dialect.whole``."""
        blocks = [block for part in reply.parts if (block := _block(part)) is not None]
        return to_json(
            {
                "id": f"msg_{mark.name}", "type": "message", "role": "assistant", "model": reply.model,
                "content": blocks,
                "stop_reason": REASONS[reply.stop], "stop_sequence": None, "usage": _usage(reply.usage),
            }
        )  # fmt: skip

    def speaking(self, asked: Asked, mark: Mark) -> Speaking:
        """See ``Dialect.speaking``."""
        return _Events(asked, mark)


def _effort(found: Counted) -> str | None:
    asked = found.output_config.effort
    if asked is not None:
        return "high" if asked == "max" else asked
    thinking = found.thinking
    if thinking is None:
        return None
    if thinking.type == "disabled":
        return "none"
    if thinking.type == "adaptive":
        return "medium"
    return next((effort for most, effort in EFFORTS if thinking.budget_tokens <= most), "high")


def _turns(message: _Message, names: dict[str, str]) -> Iterator[Fields]:
    """Yield the turns of a message: tool results form a separate turn, before the user's text."""
    blocks = [_TextBlock(type="text", text=message.content)] if isinstance(message.content, str) else message.content
    parts = [part for block in blocks if (part := _part(block, names)) is not None]
    results = [part for part in parts if part["kind"] == "tool_result"]
    others = [part for part in parts if part["kind"] != "tool_result"]
    if results:
        yield turn(Role.TOOL, results)
    if others:
        yield turn(Role(message.role), others)


def _part(block: _Block, names: dict[str, str]) -> Fields | None:
    match block:
        case _TextBlock():
            return text_of(block.text) if block.text else None
        case _ImageBlock():
            return image_of(block.source.media_type, block.source.data)
        case _DocumentBlock():
            return {"kind": "document", "name": (block.title or "document")[:256], "text": block.source.data}
        case _UseBlock():
            return call_of(block.id, block.name, json_text(block.input))
        case _ResultBlock():
            text = block.content if isinstance(block.content, str) else "".join(one.text for one in block.content)
            return result_of(block.tool_use_id, names, text, failed=block.is_error)
        case _ThinkingBlock():
            return thought_of(block.thinking, block.signature)
        case _RedactedBlock():
            return thought_of("", block.data)


def _block(part: Any) -> dict[str, Any] | None:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text, "citations": None}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": _arguments(part)}
    if isinstance(part, Thought):
        if not part.text and part.opaque:
            return {"type": "redacted_thinking", "data": signature_of(part)}
        return {"type": "thinking", "thinking": part.text, "signature": signature_of(part)}
    return None


def _arguments(call: ToolCall) -> Any:
    try:
        found = from_json(call.arguments)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"malformed_arguments": call.arguments}


def _usage(usage: Usage) -> dict[str, Any]:
    plain = max(0, usage.input - usage.cache_read - usage.cache_write)
    return {
        "input_tokens": plain, "output_tokens": usage.output, "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
    }  # fmt: skip


def _error(refusal: Refusal) -> dict[str, Any]:
    detail = {"error_code": f"genie_{refusal.code}"}
    return {"type": "error", "error": {"type": refusal.kind.other_type, "message": refusal.text, "details": detail}}


class _Events(Speaking):
    """A streamed reply as events.

    Args:
        asked: The call.
        mark: Ids of the reply.
    """

    def __init__(self, asked: Asked, mark: Mark) -> None:
        self._asked, self._name = asked, mark.name
        self._block = -1
        """Position of the open block, which is also the number of closed ones."""
        self._part = (-1, "")
        self._sent: set[int] = set()
        """Positions of parts whose text was sent."""

    def begin(self) -> bytes:
        """See ``Speaking.begin``."""
        message: Fields = {
            "id": f"msg_{self._name}", "type": "message", "role": "assistant", "model": self._asked.model,
            "content": [], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 0, "output_tokens": 0},
        }  # fmt: skip
        return _event("message_start", {"message": message})

    def delta(self, delta: ModelDelta) -> bytes:
        """See ``Speaking.delta``."""
        if delta.kind == "call":
            return b""
        out = b""
        if self._part != (delta.index, delta.kind):
            out = self._opened(delta)
        name = b"text" if delta.kind == "text" else b"thinking"
        return (
            out + b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"'
            % self._block + name + b'_delta","' + name + b'":' + to_json(delta.text) + b"}}\n\n"
        )  # fmt: skip

    def _opened(self, delta: ModelDelta) -> bytes:
        out = self._closed()
        self._block += 1
        self._part = (delta.index, delta.kind)
        self._sent.add(delta.index)
        block = (
            {"type": "text", "text": ""}
            if delta.kind == "text"
            else {"type": "thinking", "thinking": "", "signature": ""}
        )
        return out + _event("content_block_start", {"index": self._block, "content_block": block})

    def _closed(self) -> bytes:
        if self._part[0] < 0:
            return b""
        self._part = (-1, "")
        return _event("content_block_stop", {"index": self._block})

    def end(self, reply: ModelReply) -> bytes:
        """See ``Speaking.end``."""
        out = b""
        open_at = self._part[0]
        for position, part in enumerate(reply.parts):
            if isinstance(part, Thought) and position == open_at and part.opaque:
                signed = {"type": "signature_delta", "signature": signature_of(part)}
                out += _event("content_block_delta", {"index": self._block, "delta": signed})
        out += self._closed()
        for position, part in enumerate(reply.parts):
            if isinstance(part, ToolCall) or (isinstance(part, Thought) and position not in self._sent):
                out += self._whole(part)
        out += _event(
            "message_delta",
            {"delta": {"stop_reason": REASONS[reply.stop], "stop_sequence": None}, "usage": _usage(reply.usage)},
        )
        return out + _event("message_stop", {})

    def _whole(self, part: ToolCall | Thought) -> bytes:
        """Return a part whose text did not come before the end: a call, or a thought without text."""
        block = _block(part)
        if block is None or (isinstance(part, Thought) and not part.opaque):
            return b""
        self._block += 1
        at = self._block
        if not isinstance(part, ToolCall):
            return _event("content_block_start", {"index": at, "content_block": block}) + _event(
                "content_block_stop", {"index": at}
            )
        delta = {"type": "input_json_delta", "partial_json": to_json(block["input"]).decode()}
        return (
            _event("content_block_start", {"index": at, "content_block": {**block, "input": {}}})
            + _event("content_block_delta", {"index": at, "delta": delta})
            + _event("content_block_stop", {"index": at})
        )

    def cut(self, refusal: Refusal) -> bytes:
        """See ``Speaking.cut``."""
        return b"event: error\ndata: " + to_json(_error(refusal)) + b"\n\n"


def _event(name: str, body: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), to_json({"type": name, **body}))
