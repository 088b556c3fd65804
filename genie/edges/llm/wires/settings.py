"""Address and access of a model, and differences of its server from the dialect."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _base(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    else:
        fits = fits and parts.username is None and not parts.query and not parts.fragment
    if not fits:
        raise ValueError("is not a valid base URL; write https://host/path, without user, password, query or fragment")
    return text.rstrip("/")


def _header(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError("is not a valid key; it must be printable ASCII without spaces around it")
    return secret


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


class Dialect(BaseModel):
    """Differences of a server from its dialect."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = Field(
        default="max_completion_tokens", description="Field of the output limit (openai_chat)."
    )
    system_role: Literal["system", "developer"] = Field(
        default="system", description="Role of system text (openai_chat, openai_responses)."
    )
    usage_in_stream: bool = Field(default=True, description="Ask for usage at the end of the stream (openai_chat).")
    continuous_usage: bool = Field(default=False, description="Ask for usage in every event, as vLLM offers.")
    done_marker: bool = Field(
        default=True, description="A stream ends with [DONE]; without it the reply is truncated (openai_chat)."
    )
    parallel_tools: bool = Field(default=True, description="The server knows the switch for parallel tool calls.")
    sampling: bool = Field(default=True, description="The model takes temperature, top_p and seed.")
    native_schema: bool = Field(default=True, description="The model takes a JSON Schema for its answer.")
    thinking: Literal["adaptive", "budget", "none"] = Field(
        default="adaptive", description="How effort is asked for (anthropic, gemini): by level, by tokens, not at all."
    )
    prompt_cache: bool = Field(
        default=True, description="Mark the prefix of a conversation for the provider's cache (anthropic)."
    )
    foreign_signature: str = Field(
        default="", max_length=256, description="Signature for tool calls that another model made (gemini)."
    )


class WireSettings(BaseModel):
    """One model at one provider."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    model: str = Field(
        min_length=1, max_length=256, pattern=r"^[!-~]+$", description="Name of the model at the provider."
    )
    base: Annotated[str, Field(max_length=2_048), AfterValidator(_base)] | None = Field(
        default=None, description="Base URL; the provider's own by default."
    )
    key: Annotated[SecretStr, AfterValidator(_header)] | None = Field(
        default=None, description="Key; ${NAME} takes it from the environment. It is only sent in a header."
    )
    family: str = Field(
        default="", max_length=128,
        description="provider/family; opaque parts of another family are not sent. By default, the model itself.",
    )  # fmt: skip
    window: int = Field(default=128_000, ge=1, le=100_000_000, description="Tokens of context.")
    http: bool = Field(default=False, description="Allow a URL without encryption.")
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), max_length=32, description="Private networks that the server may be in, such as 127.0.0.0/8."
    )
    connect_s: float = Field(default=10.0, gt=0, le=300, description="Longest wait for a connection, in seconds.")
    version: str = Field(default="2023-06-01", max_length=32, pattern=r"^[0-9-]+$", description="anthropic-version.")
    inference_region: str = Field(
        default="", max_length=32, pattern=r"^[a-z-]*$",
        description="Region that must generate the reply (anthropic: inference_geo); another one is refused.",
    )  # fmt: skip
    dialect: Dialect = Dialect()
