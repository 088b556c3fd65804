"""Payloads of model calls and tool calls, which every wire, loop, tool and policy shares.

A request is one provider-neutral transcript. Each provider's wire renders it in its own format, and each recipient gets
its own judged view.
"""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from genie.contracts import json_text
from genie.contracts.classification import Classification
from genie.contracts.message import Fragment, Payload, Value
from genie.contracts.picture_text import PictureText

JsonText = json_text.JsonText
"""Text that contains JSON, at most ``MOST_JSON`` characters."""
MOST_JSON = 262_144
"""Largest JSON text of one tool call, tool result or schema, in characters."""
MOST_TEXT = 4_000_000
"""Largest text of one part, in characters."""
MOST_PARTS = 4_096
"""Maximum number of parts of a turn, and of turns of a request."""

PartText = Annotated[str, Field(max_length=MOST_TEXT)]
Json = Annotated[JsonText, Field(max_length=MOST_JSON)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Role(enum.StrEnum):
    """The speaker of a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Trust(enum.StrEnum):
    """Whether the text of a turn may contain instructions; text from outside is ``untrusted``."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Stop(enum.StrEnum):
    """Why a model stopped."""

    ANSWERED = "answered"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    STOP_SEQUENCE = "stop_sequence"
    FILTERED = "filtered"
    REFUSED = "refused"


class FailureClass(enum.StrEnum):
    """Why a model call failed, by status and body code of the provider."""

    OUT_OF_MONEY = "out_of_money"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVALID_REQUEST = "invalid_request"
    CONTEXT_TOO_LONG = "context_too_long"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    FILTERED = "filtered"
    UNREACHABLE = "unreachable"
    REFUSED_ADDRESS = "refused_address"
    CIRCUIT_OPEN = "circuit_open"
    CASSETTE_MISS = "cassette_miss"


class Text(Value):
    """Text of a turn."""

    kind: Literal["text"] = "text"
    text: PartText


class Image(Value):
    """A picture, as base64 text."""

    kind: Literal["image"] = "image"
    media_type: Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
    data: Annotated[PictureText, Field(max_length=28_000_000)]


class Document(Value):
    """A document that was converted to text; the text is untrusted."""

    kind: Literal["document"] = "document"
    name: Annotated[str, Field(max_length=256)]
    text: PartText


class Thought(Value):
    """A model's reasoning: visible text, and opaque state that is sent back only to its own provider."""

    kind: Literal["thought"] = "thought"
    text: PartText = ""
    opaque: Annotated[str, Field(max_length=1_000_000)] = ""
    """The provider's JSON, byte for byte; dropped when the next call goes to another provider or model family."""
    made_by: Annotated[str, Field(max_length=128)] = ""
    """``provider/family`` that made ``opaque``."""


class ToolCall(Value):
    """A call that a model requests; its arguments are not yet checked."""

    kind: Literal["tool_call"] = "tool_call"
    id: Annotated[str, Field(max_length=128)]
    """Our id, unique in the transcript; each wire stores the provider's id beside it."""
    name: Annotated[str, Field(max_length=128)]
    arguments: Json
    opaque: Annotated[str, Field(max_length=1_000_000)] = ""
    """Provider state that must be sent back with the call, for example a signature."""
    made_by: Annotated[str, Field(max_length=128)] = ""


class ToolResult(Value):
    """The result of a call; ``code`` is empty on success."""

    kind: Literal["tool_result"] = "tool_result"
    id: Annotated[str, Field(max_length=128)]
    """Id of the call."""
    name: Annotated[str, Field(max_length=128)]
    text: PartText
    """Canonical JSON of the answer, or what the model may learn of the failure."""
    code: Annotated[str, Field(max_length=64)] = ""
    """Reason of a failure, for example ``denied``, ``held``, ``invalid_arguments``."""


Part = Annotated[Text | Image | Document | Thought | ToolCall | ToolResult, Field(discriminator="kind")]


class Turn(Value):
    """One turn of a transcript."""

    __slots__ = ("_tokens",)
    """Estimated number of tokens, computed once for all requests that contain the turn."""
    __carried__: ClassVar[bool] = True
    role: Role
    parts: Annotated[tuple[Part, ...], Field(max_length=MOST_PARTS)]
    trust: Trust = Trust.TRUSTED
    label: Classification = Classification.PUBLIC
    """Classification of the sources of the turn's text; a request has the highest of its turns."""
    source: Annotated[str, Field(max_length=128)] = ""
    """The agent, tool or user that wrote it."""
    pinned: bool = False
    """Compaction never drops a pinned turn."""


class ToolSpec(Value):
    """A tool as a model sees it."""

    __slots__ = ("_tokens",)
    """An estimate of its tokens, made once however many requests carry it."""
    __carried__: ClassVar[bool] = True
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: Annotated[str, Field(max_length=4_096)]
    parameters: Json
    """JSON Schema of the arguments."""
    version: Annotated[int, Field(ge=1)] = 1
    hash: Annotated[str, Field(max_length=64)] = ""
    """SHA-256 of name, description and parameters; pinned in the lock file."""


class Sampling(Value):
    """Sampling settings of a model; None leaves a setting to the provider."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: Annotated[tuple[str, ...], Field(max_length=8)] = ()


class Usage(Value):
    """Token counts of one call. ``input`` includes cached tokens, ``output`` includes reasoning tokens."""

    input: Count = 0
    output: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    reasoning: Count = 0
    estimated: bool = False
    """True if the provider stated no usage and these are our own upper bounds."""

    def plus(self, other: Usage) -> Usage:
        """Return the sum of both."""
        return Usage(
            input=self.input + other.input, output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read, cache_write=self.cache_write + other.cache_write,
            reasoning=self.reasoning + other.reasoning, estimated=self.estimated or other.estimated,
        )  # fmt: skip


class ModelRequest(Payload, topic="model.request", key=None):
    """A question to a model. Questions of one run are not kept in order, so they are answered in parallel."""

    turns: Annotated[tuple[Turn, ...], Field(min_length=1, max_length=MOST_PARTS)]
    tools: Annotated[tuple[ToolSpec, ...], Field(max_length=256)] = ()
    choice: Annotated[str, Field(max_length=64)] = "auto"
    """``auto``, ``none``, ``required``, or the name of the tool that must be called."""
    parallel: bool = True
    """Whether the model may ask for several calls in one turn."""
    answer_schema: Json | None = None
    """JSON Schema that the answer's text must satisfy."""
    answer_name: Annotated[str, Field(max_length=64)] = ""
    max_output: Annotated[int, Field(ge=1, le=1_000_000)] = 1_024
    """Upper limit of generated tokens, including reasoning; a budget reserves this amount."""
    effort: Literal["none", "low", "medium", "high"] | None = None
    sampling: Sampling = Sampling()
    cache: bool = False
    """Whether an equal request of the same tenant may be answered from the cache."""
    conversation: Annotated[str, Field(max_length=128)] = ""
    purpose: Annotated[str, Field(max_length=128)] = ""


class ModelDelta(Payload, topic="model.delta"):
    """A piece of a streamed reply; provisional until the reply is complete."""

    __fragment__: ClassVar[Fragment | None] = Fragment("text", ("index", "kind"))
    index: Count
    """Position of the part in the reply."""
    kind: Literal["text", "thought", "call"]
    text: PartText


class ModelRestarted(Payload, topic="model.restarted"):
    """True if the call was restarted after deltas had been sent; a reader that shows them must drop what it has."""

    __fragment__: ClassVar[Fragment | None] = Fragment(drops=True)
    index: Count = 0


class ModelReply(Payload, topic="model.reply"):
    """A complete reply; only complete replies enter a transcript."""

    parts: Annotated[tuple[Part, ...], Field(max_length=MOST_PARTS)]
    stop: Stop
    usage: Usage
    """Usage of all attempts that were charged, including those of earlier models; zero if ``cached``."""
    model: Annotated[str, Field(max_length=256)]
    """The model that answered, as the provider names it."""
    provider: Annotated[str, Field(max_length=128)] = ""
    """``provider/family``, as in ``made_by``."""
    cost: Decimal | None = None
    """Cost in the price table's currency; None if no price is known."""
    attempts: Annotated[int, Field(ge=1)] = 1
    cached: bool = False
    first_token_s: Seconds | None = None
    total_s: Seconds | None = None


class ModelFailed(Payload, topic="model.failed"):
    """A call that no model answered; it contains codes, never quotations."""

    failure: FailureClass
    code: Annotated[str, Field(max_length=64)] = ""
    """The provider's own code, if it is one that we know."""
    retry_after_s: Seconds | None = None
    model: Annotated[str, Field(max_length=256)] = ""
    attempts: Annotated[int, Field(ge=0)] = 1
    usage: Usage = Usage()
    cost: Decimal | None = None
    """Cost of ``usage``; None if no price is known."""
