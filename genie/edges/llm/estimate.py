"""Upper bounds of tokens before a call: from classes of bytes, corrected by what each model really counted."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from genie.contracts.model_call import Document, Image, Text, Thought, ToolCall, ToolResult

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelRequest, Part, ToolSpec, Turn

MARGIN = 1.3
"""Times the estimate at the beginning: it covers prose, JSON and ledgers in ten languages."""
MOST_MARGIN = 4.0
OBSERVED = 256
"""Calls from which a model's own margin is taken."""
LEAST_OBSERVED = 8
PER_TURN = 8
"""Tokens that a turn costs beside its words."""
PER_IMAGE = 1_600
"""Tokens of a picture; larger ones are scaled down by the providers."""

_LOWER, _UPPER, _DIGIT, _FOREIGN, _OTHER = range(5)
_WEIGHTS = (1 / 3.6, 1 / 1.9, 1 / 1.75, 1 / 2.2, 1 / 1.25)


def _table() -> bytes:
    classes = bytearray([_OTHER]) * 256
    for byte in range(256):
        letter = chr(byte)
        if "a" <= letter <= "z" or letter == " ":
            classes[byte] = _LOWER
        elif "A" <= letter <= "Z":
            classes[byte] = _UPPER
        elif "0" <= letter <= "9":
            classes[byte] = _DIGIT
        elif byte > 127:
            classes[byte] = _FOREIGN
    return bytes(classes)


_CLASSES = _table()


def tokens_in(text: str) -> float:
    """Return about how many tokens a text has; multiply by a margin for a bound."""
    classes = text.encode(errors="surrogatepass").translate(_CLASSES)
    return sum(classes.count(kind) * weight for kind, weight in enumerate(_WEIGHTS))


def tokens_of_part(part: Part) -> float:
    """Return about how many tokens one part of a turn has."""
    match part:
        case Text(text=text):
            return tokens_in(text)
        case Document(name=name, text=text):
            return tokens_in(name) + tokens_in(text)
        case Thought(text=text, opaque=opaque):
            return tokens_in(text) + tokens_in(opaque)
        case ToolCall(name=name, arguments=arguments, opaque=opaque):
            return tokens_in(name) + tokens_in(arguments) + tokens_in(opaque)
        case ToolResult(name=name, text=text):
            return tokens_in(name) + tokens_in(text)
        case Image():
            return PER_IMAGE


def tokens_of_turn(turn: Turn) -> float:
    """Return about how many tokens a turn has."""
    return PER_TURN + sum(map(tokens_of_part, turn.parts))


def tokens_of_tool(tool: ToolSpec) -> float:
    """Return about how many tokens the description of a tool has."""
    return PER_TURN + tokens_in(tool.name) + tokens_in(tool.description) + tokens_in(tool.parameters)


def tokens_beside_turns(request: ModelRequest) -> float:
    """Return about how many tokens tools and the schema of the answer have."""
    return sum(map(tokens_of_tool, request.tools)) + tokens_in(request.answer_schema or "")


def tokens_asked(request: ModelRequest) -> float:
    """Return about how many tokens a request has."""
    return tokens_beside_turns(request) + sum(map(tokens_of_turn, request.turns))


class Margin:
    """How much more a model counts than the estimate: the 95th percentile of what was observed, and never below 1."""

    def __init__(self) -> None:
        self._observed: deque[float] = deque(maxlen=OBSERVED)
        self.value = MARGIN

    def observe(self, estimated: float, counted: int) -> None:
        """A call's request was estimated and counted."""
        if estimated < 1 or counted < 1:
            return
        self._observed.append(counted / estimated)
        if len(self._observed) >= LEAST_OBSERVED:
            ordered = sorted(self._observed)
            highest = ordered[-(-95 * len(ordered) // 100) - 1]
            self.value = min(MOST_MARGIN, max(1.0, highest * 1.05))
