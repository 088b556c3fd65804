"""Clients of OpenAI's Chat Completions API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, JsonValue
from pydantic_core import to_json

from genie.contracts.model_call import Role, Stop, Thought, ToolCall
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
    json_text,
    picture_at,
    read,
    result_of,
    text_of,
    tool_calls,
    tool_of,
    turn,
    words,
)
from genie.server.proxy.refusals import Refusal

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelDelta, ModelReply, Usage

HARMLESS: dict[str, Any] = {
    **dict.fromkeys(
        ("user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention",
         "safety_identifier"), ANY,
    ),
    "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "logit_bias": ({},), "frequency_penalty": (0,),
    "presence_penalty": (0,), "modalities": (["text"],),
}  # fmt: skip
"""Fields without an effect on the reply, or values of fields that have none."""
REASONS = {
    Stop.ANSWERED: "stop", Stop.STOP_SEQUENCE: "stop", Stop.LENGTH: "length", Stop.TOOL_CALLS: "tool_calls",
    Stop.FILTERED: "content_filter", Stop.REFUSED: "stop",
}  # fmt: skip
MOST_MESSAGES = 4_096


class _TextPart(Part):
    type: Literal["text"]
    text: str


class _Url(Part):
    url: str


class _ImagePart(Part):
    type: Literal["image_url"]
    image_url: _Url


class _RefusalPart(Part):
    type: Literal["refusal"]
    refusal: str


class _Function(Part):
    name: str
    arguments: str = "{}"


class _Call(Part):
    id: str
    type: Literal["function"] = "function"
    function: _Function


_Content = str | list[Annotated[_TextPart | _ImagePart | _RefusalPart, Field(discriminator="type")]] | None


class _Message(Part):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: _Content = None
    tool_calls: list[_Call] = Field(default=[], max_length=256)
    tool_call_id: str = ""


class _Declared(Part):
    name: str
    description: str = ""
    parameters: dict[str, JsonValue] = Field(default={"type": "object", "properties": {}})


class _Tool(Part):
    type: Literal["function"]
    function: _Declared


class _Named(Part):
    type: Literal["function"]
    function: _Function


class _Schema(Part):
    name: str = "answer"
    schema_: dict[str, JsonValue] = Field(alias="schema")


class _Format(Part):
    type: Literal["text", "json_schema"]
    json_schema: _Schema | None = None


class _StreamOptions(Part):
    include_usage: bool = False


class Request(Whole):
    """The body of ``POST /v1/chat/completions``."""

    model: str = Field(min_length=1, max_length=256)
    messages: list[_Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] = Field(default=[])
    tools: list[_Tool] = Field(default=[], max_length=256)
    tool_choice: Literal["auto", "none", "required"] | _Named = "auto"
    parallel_tool_calls: bool = True
    response_format: _Format | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None


class ChatCompletions(Dialect):
    """See ``Dialect``."""

    def asked(self, body: Any) -> Asked:
        """See ``Dialect.asked``."""
        found = read(Request, harmless(body, HARMLESS))
        most = found.max_completion_tokens or found.max_tokens
        form, choice = found.response_format, found.tool_choice
        schema = form.json_schema if form is not None and form.type == "json_schema" else None
        if form is not None and form.type == "json_schema" and schema is None:
            raise Refusal("invalid", "response_format.json_schema: is missing")
        names = {call.id: call.function.name for message in found.messages for call in message.tool_calls}
        request = built(
            turns=tuple(turn for message in found.messages for turn in _turns(message, names)),
            tools=tuple(
                tool_of(tool.function.name, tool.function.description, tool.function.parameters)
                for tool in found.tools
            ),
            choice=choice if isinstance(choice, str) else choice.function.name, parallel=found.parallel_tool_calls,
            answer_schema=None if schema is None else json_text(schema.schema_),
            answer_name="" if schema is None else schema.name,
            max_output=most or 1, effort="low" if found.reasoning_effort == "minimal" else found.reasoning_effort,
            sampling={
                "temperature": found.temperature, "top_p": found.top_p, "seed": found.seed,
                "stop": (found.stop,) if isinstance(found.stop, str) else tuple(found.stop),
            },
        )  # fmt: skip
        return Asked(request, found.model, found.stream, found.stream_options.include_usage, most is not None)

    def refused(self, refusal: Refusal) -> tuple[int, bytes]:
        """See ``Dialect.refused``."""
        return refusal.kind.status, to_json({"error": error_of(refusal)})

    def whole(self, reply: ModelReply, mark: Mark) -> bytes:
        """See ``Dialect.whole``."""
        text = words(reply)
        message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
        if reply.stop is Stop.REFUSED:
            message |= {"content": None, "refusal": text}
        thoughts = "".join(part.text for part in reply.parts if isinstance(part, Thought))
        if thoughts:
            message["reasoning_content"] = thoughts
        calls = [_call(call) for call in tool_calls(reply)]
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": REASONS[reply.stop]}
        return to_json(
            {
                "id": f"chatcmpl-{mark.name}", "object": "chat.completion", "created": mark.created,
                "model": reply.model, "choices": [choice], "usage": _usage(reply.usage),
            }
        )  # fmt: skip

    def speaking(self, asked: Asked, mark: Mark) -> Speaking:
        """See ``Dialect.speaking``."""
        return _Chunks(asked, mark)


def _turns(message: _Message, names: dict[str, str]) -> Iterator[Fields]:
    if message.role == "tool":
        texts = []
        for part in _parts(message.content):
            if part["kind"] != "text":
                raise Refusal("unsupported", "pictures in results of tools")
            texts.append(part["text"])
        yield turn(Role.TOOL, (result_of(message.tool_call_id, names, "".join(texts)),))
        return
    parts = [*_parts(message.content)]
    parts += [call_of(one.id, one.function.name, one.function.arguments or "{}") for one in message.tool_calls]
    if parts:
        yield turn(Role.SYSTEM if message.role == "developer" else Role(message.role), parts)


def _parts(content: _Content) -> Iterator[Fields]:
    if isinstance(content, str):
        yield text_of(content)
        return
    for part in content or ():
        if isinstance(part, _TextPart):
            yield text_of(part.text)
        elif isinstance(part, _RefusalPart):
            yield text_of(part.refusal)
        else:
            yield picture_at(part.image_url.url)


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input, "completion_tokens": usage.output, "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }  # fmt: skip


def error_of(refusal: Refusal) -> dict[str, Any]:
    """Return a refusal in the form that OpenAI's clients read."""
    return {"message": refusal.text, "type": refusal.kind.type, "param": None, "code": f"genie_{refusal.code}"}


class _Chunks(Speaking):
    """A streamed reply as chunks.

    Args:
        asked: The call.
        mark: Ids of the reply.
    """

    def __init__(self, asked: Asked, mark: Mark) -> None:
        self._told = asked.usage
        head = {
            "id": f"chatcmpl-{mark.name}", "object": "chat.completion.chunk", "created": mark.created,
            "model": asked.model,
        }  # fmt: skip
        # The head of every chunk is the same; only the delta differs.
        self._head = b"data: " + to_json(head)[:-1]
        self._open = self._head + b',"choices":[{"index":0,"delta":'
        self._close = b',"logprobs":null,"finish_reason":null}]}\n\n'

    def begin(self) -> bytes:
        """See ``Speaking.begin``."""
        return self._open + b'{"role":"assistant","content":""}' + self._close

    def delta(self, delta: ModelDelta) -> bytes:
        """See ``Speaking.delta``."""
        if delta.kind == "text":
            return self._open + b'{"content":' + to_json(delta.text) + b"}" + self._close
        if delta.kind == "thought":
            return self._open + b'{"reasoning_content":' + to_json(delta.text) + b"}" + self._close
        return b""

    def end(self, reply: ModelReply) -> bytes:
        """See ``Speaking.end``."""
        out = b""
        calls = [{"index": at, **_call(call)} for at, call in enumerate(tool_calls(reply))]
        if calls:
            out = self._open + to_json({"tool_calls": calls}) + self._close
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": REASONS[reply.stop]}
        out += self._head + b',"choices":' + to_json([choice]) + b"}\n\n"
        if self._told:
            out += self._head + b',"choices":[],"usage":' + to_json(_usage(reply.usage)) + b"}\n\n"
        return out + b"data: [DONE]\n\n"

    def cut(self, refusal: Refusal) -> bytes:
        """See ``Speaking.cut``."""
        return b"data: " + to_json({"error": error_of(refusal)}) + b"\n\n"
