"""Common parts of the client dialects: parsed requests, and written replies."""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

from genie.contracts.model_call import JsonText, ModelRequest, Role, Text, Thought, ToolCall, Trust
from genie.contracts.problems import problem_of
from genie.server.proxy.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from genie.contracts.model_call import ModelDelta, ModelReply

MOST_PLACE = 200
_DATA_URL = re.compile(r"data:(image/(?:png|jpeg|webp|gif));base64,([A-Za-z0-9+/=]+)\Z")


class Asked(NamedTuple):
    """A call of a client."""

    request: ModelRequest
    model: str
    stream: bool
    usage: bool
    """True if the usage is sent at the end of a stream."""
    limited: bool
    """True if the client limits the length of a reply; otherwise the model's own limit applies."""


class Mark(NamedTuple):
    """Ids of a reply."""

    name: str
    created: int
    """Time of the reply, in seconds since the epoch."""


class Part(BaseModel):
    """A part of a request; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)


class Whole(BaseModel):
    """A request; unknown fields are refused, because they may change the reply."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class Speaking(ABC):
    """Writer of one streamed reply."""

    @abstractmethod
    def begin(self) -> bytes:
        """Return the events before the text."""

    @abstractmethod
    def delta(self, delta: ModelDelta) -> bytes:
        """Return the events of some text; empty for text that this dialect sends at the end."""

    @abstractmethod
    def end(self, reply: ModelReply) -> bytes:
        """Return the events after the text: tool calls, stop reason, usage."""

    @abstractmethod
    def cut(self, refusal: Refusal) -> bytes:
        """Return the event that ends a truncated reply, so that the client's library raises its own error."""


class Dialect(ABC):
    """One family of client APIs."""

    @abstractmethod
    def asked(self, body: Any) -> Asked:
        """Return a request.

        Raises:
            Refusal: The request is not valid, or asks for something unsupported.
        """

    @abstractmethod
    def refused(self, refusal: Refusal) -> tuple[int, bytes]:
        """Return the status and body of a refusal."""

    @abstractmethod
    def whole(self, reply: ModelReply, mark: Mark) -> bytes:
        """Return a reply that is not streamed."""

    @abstractmethod
    def speaking(self, asked: Asked, mark: Mark) -> Speaking:
        """Return the writer of a streamed reply."""


M = TypeVar("M", bound=BaseModel)


def read(kind: type[M], body: Any) -> M:
    """Return a request as its model.

    Raises:
        Refusal: The request is not valid; the refusal names the place, never its content.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:MOST_PLACE]
        if first["type"] == "extra_forbidden":
            raise Refusal("unsupported", f"field {place!r}") from None
        raise Refusal("invalid", f"{place}: {problem_of(first)}"[: 2 * MOST_PLACE]) from None


def built(**fields: Any) -> ModelRequest:
    """Return the neutral request.

    Raises:
        Refusal: A value is out of its range.
    """
    try:
        return ModelRequest(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:MOST_PLACE]
        raise Refusal("invalid", f"{place}: {problem_of(first)}"[: 2 * MOST_PLACE]) from None


def harmless(body: Any, names: Mapping[str, Any]) -> Any:
    """Return a body without fields that have no effect, or that have their default value.

    Raises:
        Refusal: The body is not an object.
    """
    if not isinstance(body, dict):
        raise Refusal("invalid", "the body is not an object")
    return {
        name: value for name, value in body.items()
        if value is not None and not (name in names and (names[name] is ANY or value in names[name]))
    }  # fmt: skip


ANY: Any = object()
"""Stands for any value of a field that has no effect."""


# --- parts of a neutral request, as plain values that ``built`` validates together ---

Fields = dict[str, Any]


def turn(role: Role, parts: Iterable[Fields]) -> Fields:
    """Return a turn. Text of the client itself is trusted; text of its users and tools may come from anywhere."""
    trust = Trust.UNTRUSTED if role in {Role.USER, Role.TOOL} else Trust.TRUSTED
    return {"role": role, "parts": tuple(parts), "trust": trust, "source": role.value}


def text_of(text: str) -> Fields:
    """Return a text part."""
    return {"kind": "text", "text": text}


def image_of(media_type: str, data: str) -> Fields:
    """Return a picture part."""
    return {"kind": "image", "media_type": media_type, "data": data}


def picture_at(url: str) -> Fields:
    """Return the picture in a data URL.

    Raises:
        Refusal: The URL is of another kind; nothing is fetched for a client.
    """
    match = _DATA_URL.match(url)
    if match is None:
        raise Refusal("unsupported", "pictures by address; send them as data:image/...;base64,...")
    return image_of(match[1], match[2])


def signature_of(thought: Thought) -> str:
    """Return the opaque form of a thought for a client: its owner, and its provider's own state."""
    return base64.b64encode(to_json([thought.made_by, thought.opaque])).decode()


def thought_of(text: str, signature: str) -> Fields | None:
    """Return a thought that a client sends back; None if its state does not come from us."""
    try:
        made_by, opaque = from_json(base64.b64decode(signature, validate=True))
    except (ValueError, TypeError):
        return None
    return {"kind": "thought", "text": text, "opaque": opaque, "made_by": made_by}


def call_of(id: str, name: str, arguments: str) -> Fields:  # noqa: A002 - the field's own name
    """Return a call of a tool."""
    return {"kind": "tool_call", "id": id, "name": name, "arguments": arguments}


def result_of(id: str, names: Mapping[str, str], text: str, *, failed: bool = False) -> Fields:  # noqa: A002 - as above
    """Return the result of a call; the tool's name is taken from the earlier call."""
    name = names.get(id, "")[:128]
    return {"kind": "tool_result", "id": id, "name": name, "text": text, "code": "failed" if failed else ""}


def tool_of(name: str, description: str, parameters: Any) -> Fields:
    """Return a tool."""
    return {"name": name, "description": description, "parameters": json_text(parameters)}


def json_text(value: Any) -> JsonText:
    """Return a value as JSON text."""
    return JsonText(to_json(value).decode())


def words(reply: ModelReply) -> str:
    """Return the text of a reply."""
    return "".join(part.text for part in reply.parts if isinstance(part, Text))


def tool_calls(reply: ModelReply) -> tuple[ToolCall, ...]:
    """Return the tool calls of a reply."""
    return tuple(part for part in reply.parts if isinstance(part, ToolCall))
