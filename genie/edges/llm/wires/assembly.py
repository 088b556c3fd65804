"""Assembles a streamed reply: pieces arrive for parts, and the complete reply is returned at the end of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from genie.contracts.model_call import (
    MOST_JSON,
    MOST_PARTS,
    MOST_TEXT,
    FailureClass,
    JsonText,
    Part,
    Stop,
    Text,
    Thought,
    ToolCall,
    Usage,
)
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from genie.contracts.model_call import ModelRequest

MOST_OF_OPAQUE = 1_000_000
"""Characters of a part's opaque state."""
MOST_TOKENS = 1 << 53


class Draft:
    """One part of the reply in progress."""

    __slots__ = ("_size", "kind", "name", "opaque", "pieces", "position")

    def __init__(self, position: int, kind: Literal["text", "thought", "call"]) -> None:
        self.position, self.kind = position, kind
        self.pieces: list[str] = []
        self._size = 0
        self.name = ""
        self.opaque = ""
        """Of a thought or a call; JSON text."""

    def add(self, text: str) -> WireDelta:
        """Keep a piece, and return it as a part of the stream.

        Raises:
            ProviderError: The part is too large.
            TypeError: It is not text.
        """
        if type(text) is not str:
            raise TypeError
        self._size += len(text)
        if self._size > (MOST_JSON if self.kind == "call" else MOST_TEXT):
            raise ProviderError(FailureClass.MALFORMED, code="part_too_large")
        self.pieces.append(text)
        return WireDelta(self.position, self.kind, text)

    @property
    def text(self) -> str:
        """Text so far."""
        return "".join(self.pieces)


class Assembly:
    """The reply to one request.

    Args:
        request: The request; ids of tool calls continue after its own.
        family: Family of the opaque parts.
        model: Name of the model until the provider states another.
    """

    def __init__(self, request: ModelRequest, family: str, model: str) -> None:
        self.request, self._family, self.model = request, family, model
        self._drafts: list[Draft] = []
        self._by_key: dict[Hashable, Draft] = {}
        self.stop: Stop | None = None
        self.usage: Usage | None = None

    def draft(self, key: Hashable, kind: Literal["text", "thought", "call"]) -> Draft:
        """Return the part of a key; a new part is added at the end.

        Consecutive texts are one part, however a provider splits them: readers join them, so inspectors must see them
        as one.
        """
        found = self._by_key.get(key)
        if found is None and kind == "text" and self._drafts and self._drafts[-1].kind == "text":
            found = self._by_key[key] = self._drafts[-1]
        if found is None:
            if len(self._drafts) >= MOST_PARTS:
                raise ProviderError(FailureClass.MALFORMED, code="too_many_parts")
            found = self._by_key[key] = Draft(len(self._drafts), kind)
            self._drafts.append(found)
        elif found.kind != kind:
            raise ProviderError(FailureClass.MALFORMED, code="event")
        return found

    def last(self, kind: Literal["text", "thought", "call"]) -> Draft:
        """Return the last part if it is of a kind, otherwise a new one."""
        if self._drafts and self._drafts[-1].kind == kind:
            return self._drafts[-1]
        return self.draft(len(self._drafts), kind)

    def new(self, kind: Literal["text", "thought", "call"]) -> Draft:
        """Return a new part."""
        return self.draft(len(self._drafts), kind)

    @property
    def has_calls(self) -> bool:
        """True if a tool was requested."""
        return any(draft.kind == "call" for draft in self._drafts)

    def end(self) -> WireEnd:
        """Return the whole reply.

        Raises:
            ProviderError: The stream has not said why it stopped.
        """
        if self.stop is None:
            raise ProviderError(FailureClass.TRUNCATED, usage=self.usage)
        stop = Stop.TOOL_CALLS if self.stop is Stop.ANSWERED and self.has_calls else self.stop
        return WireEnd(tuple(self._parts()), stop, self._believed(), self.model[:256])

    def _believed(self) -> Usage | None:
        """Return the reported usage; None if it claims that text costs nothing, as some gateways report."""
        used = self.usage
        spoke = any(draft.pieces for draft in self._drafts)
        return None if used is None or not used.input or (spoke and not used.output) else used

    def _parts(self) -> Iterator[Part]:
        number = next_call(self.request)
        for draft in self._drafts:
            made_by = self._family if draft.opaque else ""
            if draft.kind == "call":
                yield ToolCall(
                    id=f"{CALL}{number}", name=draft.name, arguments=JsonText(draft.text.strip() or "{}"),
                    opaque=draft.opaque, made_by=made_by,
                )  # fmt: skip
                number += 1
            elif draft.kind == "thought":
                yield Thought(text=draft.text, opaque=draft.opaque, made_by=made_by)
            else:
                yield Text(text=draft.text)


CALL = "call_"
"""Start of our ids of tool calls."""


def next_call(request: ModelRequest) -> int:
    """Return the first unused number for tool calls of a transcript, so that ids are unique."""
    highest = 0
    for turn in request.turns:
        for part in turn.parts:
            if part.kind in {"tool_call", "tool_result"}:
                digits = part.id.removeprefix(CALL)
                if digits != part.id and digits.isascii() and digits.isdigit() and len(digits) < 16:
                    highest = max(highest, int(digits))
    return highest + 1


def tokens(value: Any, *, needed: bool = False) -> int:
    """Return a count of tokens as a provider states it; 0 if it states none.

    Args:
        value: What is stated.
        needed: Whether a count that is not stated is unknown, rather than 0.

    Raises:
        ValueError: It is not a count.
    """
    if value is None and not needed:
        return 0
    if type(value) is not int or not 0 <= value <= MOST_TOKENS:
        raise ValueError
    return value
