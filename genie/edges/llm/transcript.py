"""A transcript for one provider: without opaque parts of others or parts broken by a mask, with a stable prefix."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

from genie.contracts.model_call import ModelRequest, Part, Thought, ToolCall, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

_name_of = operator.attrgetter("name")
_MASK = re.compile(r"\[[a-z][a-z0-9_.]{0,63}(?::[^\]\s]{1,64})?\]")
"""Placeholder that a policy writes for a masked value."""


def for_family(request: ModelRequest, family: str) -> ModelRequest:
    """Return a request for a provider of one family.

    Opaque parts are only sent back to the family that created them. A masked thought is dropped, because its signature
    no longer fits. Tools are in the order of their names, so that equal prefixes are equal bytes.
    """
    turns = request.turns if _plain(request.turns) else tuple(_kept(request.turns, family))
    tools = tuple(sorted(request.tools, key=_name_of)) if len(request.tools) > 1 else request.tools
    if turns == request.turns and tools == request.tools:
        return request
    return request.model_copy(update={"turns": turns or request.turns[:1], "tools": tools})


def _plain(turns: tuple[Turn, ...]) -> bool:
    """Return True if no part has the state of a provider."""
    for turn in turns:
        for part in turn.parts:  # written-out loops: a generator costs as much as all the rest for a short transcript
            if part.kind == "thought" or (part.kind == "tool_call" and part.opaque):
                return False
    return True


def _kept(turns: Iterable[Turn], family: str) -> Iterable[Turn]:
    for turn in turns:
        parts = tuple(part for part in (_own(part, family) for part in turn.parts) if part is not None)
        if parts == turn.parts:
            yield turn
        elif parts:
            yield turn.model_copy(update={"parts": parts})


def _own(part: Part, family: str) -> Part | None:
    if isinstance(part, Thought):
        foreign = bool(part.opaque) and part.made_by != family
        return None if foreign or _MASK.search(part.text) or _MASK.search(part.opaque) else part
    if isinstance(part, ToolCall) and part.opaque and part.made_by != family:
        return part.model_copy(update={"opaque": "", "made_by": ""})
    return part
