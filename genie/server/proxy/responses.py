"""Clients of OpenAI's Responses API. Nothing is stored, so a request cannot refer to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, JsonValue, Tag
from pydantic_core import to_json

from genie.contracts.model_call import ModelDelta, Role, Stop, Text, Thought, ToolCall
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
    signature_of,
    text_of,
    thought_of,
    tool_of,
    turn,
)
from genie.server.proxy.openai import error_of
from genie.server.proxy.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from genie.contracts.model_call import ModelReply, Usage

HARMLESS: dict[str, Any] = {
    **dict.fromkeys(
        ("user", "metadata", "store", "service_tier", "include", "stream_options", "safety_identifier",
         "max_tool_calls", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"), ANY,
    ),
    "background": (False,), "truncation": ("disabled",), "top_logprobs": (0,),
}  # fmt: skip
"""Fields without an effect on the reply, or values of fields that have none."""
INCOMPLETE = {Stop.LENGTH: "max_output_tokens", Stop.FILTERED: "content_filter"}
MOST_ITEMS = 4_096
MOST_SEALED = 2_000_000


class _TextPart(Part):
    type: Literal["input_text", "output_text", "text", "summary_text"]
    text: str


class _ImagePart(Part):
    type: Literal["input_image"]
    image_url: str = ""


class _RefusalPart(Part):
    type: Literal["refusal"]
    refusal: str


_Content = str | list[Annotated[_TextPart | _ImagePart | _RefusalPart, Field(discriminator="type")]]


class _Message(Part):
    role: Literal["system", "developer", "user", "assistant"]
    content: _Content


class _Call(Part):
    call_id: str
    name: str
    arguments: str = "{}"


class _Output(Part):
    call_id: str
    output: str | list[_TextPart]


class _Reasoning(Part):
    summary: list[_TextPart] = Field(default=[])
    encrypted_content: str | None = Field(default=None, max_length=MOST_SEALED)


def _kind(item: Any) -> str:
    return str(item.get("type") or "message") if isinstance(item, dict) else "message"


_Item = Annotated[
    Annotated[_Message, Tag("message")] | Annotated[_Call, Tag("function_call")]
    | Annotated[_Output, Tag("function_call_output")] | Annotated[_Reasoning, Tag("reasoning")],
    Discriminator(_kind),
]  # fmt: skip


class _Tool(Part):
    type: Literal["function"]
    name: str
    description: str | None = None
    parameters: dict[str, JsonValue] | None = None


class _Named(Part):
    type: Literal["function"]
    name: str


class _Format(Part):
    type: Literal["text", "json_schema"]
    name: str = "answer"
    schema_: dict[str, JsonValue] | None = Field(default=None, alias="schema")


class _Text(Part):
    format: _Format = _Format(type="text")


class _Thinking(Part):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None


class Counted(Whole):
    """The body of ``POST /v1/responses/input_tokens``."""

    model: str = Field(min_length=1, max_length=256)
    input: str | Annotated[list[_Item], Field(min_length=1, max_length=MOST_ITEMS)]
    instructions: str = ""
    tools: list[_Tool] = Field(default=[], max_length=256)
    tool_choice: Literal["auto", "none", "required"] | _Named = "auto"
    parallel_tool_calls: bool = True
    text: _Text = _Text()
    reasoning: _Thinking = _Thinking()


class Request(Counted):
    """The body of ``POST /v1/responses``."""

    max_output_tokens: int | None = Field(default=None, ge=1)
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None


class Responses(Dialect):
    """See ``Dialect``.

    Args:
        kind: The body: of a call, or of a call that is only counted.
    """

    def __init__(self, kind: type[Counted] = Request) -> None:
        self._kind = kind

    def asked(self, body: Any) -> Asked:
        """See ``Dialect.asked``."""
        found = read(self._kind, harmless(body, HARMLESS))
        form, choice, most, sampling, stream = found.text.format, found.tool_choice, None, {}, False
        if form.type == "json_schema" and form.schema_ is None:
            raise Refusal("invalid", "text.format.schema: is missing")
        if isinstance(found, Request):
            most, stream = found.max_output_tokens, found.stream
            sampling = {"temperature": found.temperature, "top_p": found.top_p}
        turns = _turns(found.input)
        if found.instructions:
            turns.insert(0, turn(Role.SYSTEM, (text_of(found.instructions),)))
        request = built(
            turns=tuple(turns),
            tools=tuple(
                tool_of(tool.name, tool.description or "", tool.parameters or {"type": "object", "properties": {}})
                for tool in found.tools
            ),
            choice=choice if isinstance(choice, str) else choice.name, parallel=found.parallel_tool_calls,
            answer_schema=None if form.schema_ is None else json_text(form.schema_),
            answer_name="" if form.schema_ is None else form.name, max_output=most or 1, sampling=sampling,
            effort={"minimal": "low", "xhigh": "high"}.get(found.reasoning.effort or "", found.reasoning.effort),
        )  # fmt: skip
        return Asked(request, found.model, stream, usage=True, limited=most is not None)

    def refused(self, refusal: Refusal) -> tuple[int, bytes]:
        """See ``Dialect.refused``."""
        return refusal.kind.status, to_json({"error": error_of(refusal)})

    def whole(self, reply: ModelReply, mark: Mark) -> bytes:
        """See ``Dialect.whole``."""
        items = [
            found for at, part in enumerate(reply.parts)
            if (found := _item(part, at, mark, refused=reply.stop is Stop.REFUSED)) is not None
        ]  # fmt: skip
        return to_json(_response(reply, mark, items))

    def speaking(self, asked: Asked, mark: Mark) -> Speaking:
        """See ``Dialect.speaking``."""
        return _Events(asked, mark)


def _turns(given: str | Sequence[_Message | _Call | _Output | _Reasoning]) -> list[Fields]:
    """Return turns: consecutive output of an assistant forms one, and so do the results of its calls."""
    if isinstance(given, str):
        return [turn(Role.USER, (text_of(given),))]
    names = {item.call_id: item.name for item in given if isinstance(item, _Call)}
    found: list[tuple[Role, list[Fields]]] = []
    for item in given:
        role, parts = _said(item, names)
        if parts and found and found[-1][0] is role and role in {Role.ASSISTANT, Role.TOOL}:
            found[-1][1].extend(parts)
        elif parts:
            found.append((role, parts))
    return [turn(role, parts) for role, parts in found]


def _said(item: _Message | _Call | _Output | _Reasoning, names: dict[str, str]) -> tuple[Role, list[Fields]]:
    match item:
        case _Call():
            return Role.ASSISTANT, [call_of(item.call_id, item.name, item.arguments or "{}")]
        case _Output():
            text = item.output if isinstance(item.output, str) else "".join(part.text for part in item.output)
            return Role.TOOL, [result_of(item.call_id, names, text)]
        case _Reasoning():
            thought = thought_of("".join(part.text for part in item.summary), item.encrypted_content or "")
            return Role.ASSISTANT, [] if thought is None else [thought]
        case _:
            role = Role.SYSTEM if item.role == "developer" else Role(item.role)
            return role, [*_parts(item.content)]


def _parts(content: _Content) -> Iterable[Fields]:
    if isinstance(content, str):
        return (text_of(content),)
    return tuple(
        picture_at(part.image_url) if isinstance(part, _ImagePart)
        else text_of(part.refusal if isinstance(part, _RefusalPart) else part.text)
        for part in content
    )  # fmt: skip


def _item(part: Any, at: int, mark: Mark, *, refused: bool = False) -> dict[str, Any] | None:
    """Return a part of a reply as an item of its output."""
    name = f"{mark.name}_{at}"
    if isinstance(part, ToolCall):
        return {
            "type": "function_call", "id": f"fc_{name}", "call_id": part.id, "name": part.name,
            "arguments": part.arguments, "status": "completed",
        }  # fmt: skip
    if isinstance(part, Thought):
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        sealed = {"encrypted_content": signature_of(part)} if part.opaque else {}
        return {"type": "reasoning", "id": f"rs_{name}", "summary": summary, **sealed}
    if not isinstance(part, Text):
        return None
    content: dict[str, Any] = {"type": "output_text", "text": part.text, "annotations": [], "logprobs": []}
    if refused:
        content = {"type": "refusal", "refusal": part.text}
    return {
        "type": "message", "id": f"msg_{name}", "role": "assistant", "status": "completed", "content": [content],
    }  # fmt: skip


def _response(reply: ModelReply, mark: Mark, items: list[dict[str, Any]]) -> dict[str, Any]:
    reason = INCOMPLETE.get(reply.stop)
    return {
        **_head(mark, reply.model), "status": "incomplete" if reason else "completed", "output": items,
        "incomplete_details": {"reason": reason} if reason else None, "usage": _usage(reply.usage),
    }  # fmt: skip


def _head(mark: Mark, model: str) -> dict[str, Any]:
    return {
        "id": f"resp_{mark.name}", "object": "response", "created_at": mark.created, "status": "in_progress",
        "model": model, "output": [], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "parallel_tool_calls": True, "previous_response_id": None, "store": False, "temperature": None,
        "tool_choice": "auto", "tools": [], "top_p": None, "usage": None,
    }  # fmt: skip


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }  # fmt: skip


class _Events(Speaking):
    """A reply in events.

    Args:
        asked: The call.
        mark: Of the reply.
    """

    def __init__(self, asked: Asked, mark: Mark) -> None:
        self._asked, self._mark = asked, mark
        self._number = 1
        """Number of the latest event; the first two have fixed numbers."""
        self._positions: list[int] = []
        """Positions in the reply of the started items, in the order of the output."""
        self._open: tuple[int, str] = (-1, "")
        self._pieces: list[str] = []
        """Text of the open item."""
        self._head = b""
        """Common start of its deltas."""

    def _event(self, name: str, /, **body: Any) -> bytes:
        self._number += 1
        return _framed(name, self._number, body)

    def begin(self) -> bytes:
        """See ``Speaking.begin``."""
        head = _head(self._mark, self._asked.model)
        return _framed("response.created", 0, {"response": head}) + _framed(
            "response.in_progress", 1, {"response": head}
        )

    def delta(self, delta: ModelDelta) -> bytes:
        """See ``Speaking.delta``."""
        if delta.kind == "call":
            return b""
        out = b"" if self._open == (delta.index, delta.kind) else self._closed() + self._opened(delta)
        self._pieces.append(delta.text)
        self._number += 1
        return out + self._head + b'%d,"delta":%b}\n\n' % (self._number, to_json(delta.text))

    def _opened(self, delta: ModelDelta) -> bytes:
        self._open, self._pieces = (delta.index, delta.kind), []
        at, name = len(self._positions), f"{self._mark.name}_{delta.index}"
        self._positions.append(delta.index)
        if delta.kind == "text":
            item = {"type": "message", "id": f"msg_{name}", "role": "assistant", "status": "in_progress", "content": []}
            where = {"item_id": item["id"], "output_index": at, "content_index": 0}
            event, added = "response.output_text.delta", "response.content_part.added"
            part: Any = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        else:
            item = {"type": "reasoning", "id": f"rs_{name}", "summary": []}
            where = {"item_id": item["id"], "output_index": at, "summary_index": 0}
            event, added = "response.reasoning_summary_text.delta", "response.reasoning_summary_part.added"
            part = {"type": "summary_text", "text": ""}
        told = to_json({"type": event, **where, **({"logprobs": []} if delta.kind == "text" else {})})
        # The start of every delta of an item is the same; only its number and its text differ.
        self._head = b"event: %b\ndata: %b" % (event.encode(), told[:-1]) + b',"sequence_number":'
        return self._event("response.output_item.added", output_index=at, item=item) + self._event(
            added, **where, part=part
        )

    def _closed(self) -> bytes:
        """Return the end of the open item's text.

        For a thought, the end of the item itself comes with its signature.
        """
        position, kind = self._open
        if position < 0:
            return b""
        self._open = (-1, "")
        at, text = len(self._positions) - 1, "".join(self._pieces)
        if kind != "text":
            where = {"item_id": f"rs_{self._mark.name}_{position}", "output_index": at, "summary_index": 0}
            part = {"type": "summary_text", "text": text}
            return self._event("response.reasoning_summary_text.done", **where, text=text) + self._event(
                "response.reasoning_summary_part.done", **where, part=part
            )
        item = _item(Text(text=text), position, self._mark) or {}
        where = {"item_id": item["id"], "output_index": at, "content_index": 0}
        return (
            self._event("response.output_text.done", **where, text=text, logprobs=[])
            + self._event("response.content_part.done", **where, part=item["content"][0])
            + self._event("response.output_item.done", output_index=at, item=item)
        )

    def end(self, reply: ModelReply) -> bytes:
        """See ``Speaking.end``."""
        out = self._closed()
        for position, part in enumerate(reply.parts):
            if isinstance(part, Text) and part.text and position not in self._positions:
                out += self.delta(ModelDelta(index=position, kind="text", text=part.text)) + self._closed()
        items: list[dict[str, Any]] = []
        rest = [at for at in range(len(reply.parts)) if at not in self._positions]
        for position in (*self._positions, *rest):
            made = reply.parts[position] if position < len(reply.parts) else None
            item = _item(made, position, self._mark)
            if item is None:
                continue
            at = len(items)
            items.append(item)
            if position in rest and not isinstance(made, Text):
                out += self._event("response.output_item.added", output_index=at, item={**item, **_empty(item)})
            if isinstance(made, ToolCall):
                where = {"item_id": item["id"], "output_index": at}
                out += self._event("response.function_call_arguments.delta", **where, delta=made.arguments)
                out += self._event(
                    "response.function_call_arguments.done", **where, name=made.name, arguments=made.arguments
                )
            if not isinstance(made, Text):
                out += self._event("response.output_item.done", output_index=at, item=item)
        response = _response(reply, self._mark, items)
        return out + self._event(f"response.{response['status']}", response=response)

    def cut(self, refusal: Refusal) -> bytes:
        """See ``Speaking.cut``."""
        told = error_of(refusal)  # the vendor's own client looks for it below ``error``
        return self._event("error", code=told["code"], message=told["message"], param=None, error=told)


def _framed(name: str, number: int, body: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), to_json({"type": name, "sequence_number": number, **body}))


def _empty(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "function_call":
        return {"arguments": "", "status": "in_progress"}
    return {"summary": []}
