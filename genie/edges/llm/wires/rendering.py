"""Common parts of the dialects for rendering a transcript."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from genie.contracts.model_call import Document, Role
from genie.edges.llm.wires.wire import parsed

if TYPE_CHECKING:
    from genie.contracts.model_call import Image, Thought, ToolResult, Turn

_CLOSING = re.compile(r"</(?=document)", re.IGNORECASE)


def words_of(part: Any) -> str | None:
    """Return the text of a text or document part, the latter fenced by its name; None for another part."""
    if part.kind == "text":
        return str(part.text)
    if isinstance(part, Document):
        name = re.sub(r"[^\w .@()+-]", "_", part.name)
        body = _CLOSING.sub(r"<\\/", part.text)
        return f'<document name="{name}">\n{body}\n</document>'
    return None


def system_text(turns: tuple[Turn, ...]) -> str:
    """Return the text of the system turns, in order, for dialects with one field for it."""
    texts = (words_of(part) for turn in turns if turn.role is Role.SYSTEM for part in turn.parts)
    return "\n\n".join(text for text in texts if text)


def result_text(result: ToolResult) -> str:
    """Return the text of a tool's result for a model."""
    return f"error {result.code}: {result.text}" if result.code else result.text


def merged(messages: Iterator[tuple[str, list[dict[str, Any]]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Join neighbours of one role: some dialects require alternating roles, and results directly after their calls."""
    joined: list[tuple[str, list[dict[str, Any]]]] = []
    for role, content in messages:
        if not content:
            continue
        if joined and joined[-1][0] == role:
            joined[-1][1].extend(content)
        else:
            joined.append((role, content))
    return joined


# --- opaque parts ---


def digest(text: str) -> str:
    """Return the digest that ties an opaque part to its visible text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def opaque_of(thought: Thought, family: str) -> dict[str, Any] | None:
    """Return the opaque state of a thought for its own family; None for another, or if its text was changed.

    A provider refuses a signature with different text, so a masked thought is not sent.
    """
    if not thought.opaque or thought.made_by != family:
        return None
    state = parsed(thought.opaque)
    words = state.pop("genie_words", None)
    return state if words is None or words == digest(thought.text) else None


def is_strict(schema: Any, depth: int = 0) -> bool:
    """Return whether a schema has the strict form: every property required, and no others allowed."""
    if depth > 32:
        return False
    if isinstance(schema, list):
        return all(is_strict(item, depth + 1) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if "default" in schema:
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        if schema.get("additionalProperties") is not False or set(properties) != set(required):
            return False
        return all(is_strict(item, depth + 1) for item in properties.values()) and is_strict(
            {name: item for name, item in schema.items() if name in {"$defs", "anyOf"}}, depth + 1
        )
    if "$defs" in schema and not all(is_strict(item, depth + 1) for item in schema["$defs"].values()):
        return False
    return all(is_strict(item, depth + 1) for name, item in schema.items() if name in {"anyOf", "items", "allOf"})


def data_url(image: Image) -> str:
    """Return a picture as a data URL."""
    return f"data:{image.media_type};base64,{image.data}"
