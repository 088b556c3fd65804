"""The result for the model: canonical JSON of the answer, truncated to a size, with the label untrusted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from genie.contracts.model_call import ToolResult
from genie.contracts.serialization import as_wire
from genie.edges.tools.schema import canonical, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.edges.tools.chain.attempt import Attempt


def writer(kinds: tuple[type[Payload], ...]) -> Callable[[Payload], str]:
    """Return the JSON writer for an answer. Bytes are replaced by length and digest."""
    plain = not any('"format":"binary"' in schema_text(kind, "plain") for kind in kinds)

    def write(answer: Payload) -> str:
        if plain:  # ``model_dump_json`` written out: passing its keywords takes twice as long as the writing
            return answer.__pydantic_serializer__.to_json(answer).decode()
        return canonical(as_wire(answer))

    return write


def capped(text: str, most: int) -> str:
    """Shorten a text to about ``most`` characters: its head and its tail, with the digest of the whole."""
    if len(text) <= most:
        return text
    half = max(most // 2 - 128, 64)
    return canonical(
        {
            "truncated": True, "characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "head": text[:half], "tail": text[-half:],
        }
    )  # fmt: skip


def size_layer(attempt: Attempt) -> None:
    """Truncate a long result; if the model can read the rest, the whole is stored."""
    result, store = attempt.result, attempt.run.store
    if result is not None and store is not None:
        store.keep(result.text)
    if result is not None and len(result.text) > attempt.tool.most_result:
        text = capped(result.text, attempt.tool.most_result)
        attempt.result = ToolResult(id=result.id, name=result.name, text=text, code=result.code)
        if store is not None:  # compaction refers to what the model was shown
            store.keep(text)


def trust_layer(attempt: Attempt) -> None:
    """Record that the run has read untrusted text."""
    if attempt.answer is not None and not attempt.tool.trusted:
        attempt.run.untrusted = True
