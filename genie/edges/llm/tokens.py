"""Token estimate of a request: by classes of bytes, corrected by a model's own counts.

The factors are fitted against the larger of two public encodings (o200k, cl100k). Times ``MARGIN`` they bound prose,
code, ledgers and JSON from above; long runs that look random (base64, keys, digests) are counted by bytes. Short random
words are under-estimated until the model's own counts correct it; ``certain`` bounds those too.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.model_call import ToolSpec, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from genie.contracts.model_call import ModelRequest

MARGIN = 1.3
"""Factor on the estimate until a model has counted: covers everything except random-looking text."""
BYTES_OF_RANDOM = 1.4
"""Bytes per token in random-looking text; no text of either encoding has fewer on average."""
PER_TURN, PER_PART, PER_TOOL = 6, 3, 16
"""Overhead in tokens of a turn, a part and a tool."""
PER_IMAGE = 1_800
"""Tokens of a picture; the most that providers charge for one of usual size."""
LEAST_RATIO, MOST_RATIO = 0.5, 3.0
OBSERVED = 64
"""Number of counts of a model that are kept."""
LEAST_OBSERVED = 8
"""Number of counts before they are used."""

_CLASSES = bytes(
    76 if 97 <= byte <= 122 or byte in b" \t\n\r"  # L
    else 85 if 65 <= byte <= 90  # U
    else 68 if 48 <= byte <= 57  # D
    else 78 if 128 <= byte < 240  # N
    else 67 if byte < 32 or byte == 127  # C
    else 79  # O: punctuation, and the first byte of an emoji
    for byte in range(256)
)  # fmt: skip
_known: Callable[[Turn], float] = vars(Turn)["_tokens"].__get__
"""Return the cached estimate of a turn; a copy of the turn has none."""
_know = vars(Turn)["_tokens"].__set__
_known_tool: Callable[[ToolSpec], float] = vars(ToolSpec)["_tokens"].__get__
_know_tool = vars(ToolSpec)["_tokens"].__set__
_RANDOM = re.compile(rb"[A-Za-z0-9+/=_-]{32,}+")
"""A run without spaces that is not a word: base64, digests, keys, identifiers."""
_HEX = re.compile(rb"[0-9a-fA-F-]{20,}+")


def tokens_of(text: str) -> float:
    """Return the estimate of a text: lower case, upper case, digits, other scripts and the rest, each by its factor."""
    data = text.encode(errors="surrogatepass")
    size = len(data)
    random = 0
    if size >= 20 and max(map(len, data.split()), default=0) >= 20:
        random = sum(len(run) for run in _RANDOM.findall(data))
        random = max(random, sum(len(run) for run in _HEX.findall(data)))
    count = data.translate(_CLASSES).count
    lower, upper, digits, other_script, control = count(b"L"), count(b"U"), count(b"D"), count(b"N"), count(b"C")
    rest = size - lower - upper - digits - other_script - control
    found = lower / 3.6 + upper / 1.9 + digits / 1.75 + other_script / 2.2 + control + rest / 1.25
    return found + random / BYTES_OF_RANDOM / MARGIN if random else found


class Ratio(NamedTuple):
    """Ratios of a model's counts to our estimates; immutable, so that it may be shared."""

    seen: tuple[float, ...] = ()
    """The newest last."""
    ranked: tuple[float, ...] = ()
    """The same, the smallest first."""

    def after(self, estimated: float, counted: int) -> Ratio:
        """Return the ratio with one more count; a count of zero is ignored."""
        if estimated <= 0 or counted <= 0:
            return self
        new = min(max(counted / estimated, LEAST_RATIO), MOST_RATIO)
        seen, ranked = self.seen, list(self.ranked)
        if len(seen) == OBSERVED:
            if seen[0] == new:  # the one replaces the other
                return Ratio((*seen[1:], new), self.ranked)
            del ranked[bisect_left(ranked, seen[0])]
            seen = seen[1:]
        insort(ranked, new)
        return Ratio((*seen, new), tuple(ranked))

    @property
    def bound(self) -> float:
        """Factor on an estimate: the 95th percentile of the observed ratios, ``MARGIN`` until there are enough."""
        ranked = self.ranked
        if len(ranked) < LEAST_OBSERVED:
            return max(MARGIN, ranked[-1]) if ranked else MARGIN
        return ranked[math.ceil(0.95 * len(ranked)) - 1]


def estimate(request: ModelRequest) -> float:
    """Return the estimate of a request's input, before the ratio of its model."""
    return beside_turns(request) + of_turns(request.turns)


def of_turns(turns: Iterable[Turn]) -> float:
    """Return the estimate of some turns."""
    total = 0.0
    for turn in turns:
        try:
            total += _known(turn)
        except AttributeError:  # not estimated yet
            estimated = _frame(turn)
            for part in turn.parts:  # written out: a generator costs as much as a short text
                if part.kind == "tool_call":
                    estimated += tokens_of(part.name) + tokens_of(part.arguments)
                elif part.kind != "image":
                    estimated += tokens_of(part.text)
            _know(turn, estimated)
            total += estimated
    return total


def beside_turns(request: ModelRequest) -> float:
    """Return the estimate of tools and of the schema of the answer."""
    schema = request.answer_schema
    total = 0.0 if schema is None else tokens_of(schema)
    for tool in request.tools:
        try:
            total += _known_tool(tool)
        except AttributeError:  # the first time
            estimated = PER_TOOL + sum(map(tokens_of, _tool_texts(tool)))
            _know_tool(tool, estimated)
            total += estimated
    return total


def most_input(request: ModelRequest, ratio: Ratio = Ratio(), *, certain: bool = False) -> int:  # noqa: B008 - an immutable value
    """Return the upper bound of a request's input, in tokens.

    Args:
        request: The request.
        ratio: The model's ratios.
        certain: Count one token per byte, which no byte encoding exceeds.
    """
    if certain:
        frame = math.ceil(sum(map(_frame, request.turns)) + PER_TOOL * len(request.tools))
        return sum(len(part.encode()) for part in _texts(request)) + frame
    return math.ceil(estimate(request) * ratio.bound)


def _frame(turn: Turn) -> float:
    """Return the overhead of a turn, with pictures and opaque state."""
    frame: float = PER_TURN
    for part in turn.parts:
        frame += PER_PART
        if part.kind == "image":
            frame += PER_IMAGE
        elif part.kind in {"thought", "tool_call"}:
            frame += len(part.opaque) / BYTES_OF_RANDOM
    return frame


def _texts(request: ModelRequest) -> Iterator[str]:
    for turn in request.turns:
        yield from _turn_texts(turn)
    yield from _other_texts(request)


def _turn_texts(turn: Turn) -> Iterator[str]:
    for part in turn.parts:
        if part.kind == "tool_call":
            yield part.name
            yield part.arguments
        elif part.kind != "image":
            yield part.text


def _other_texts(request: ModelRequest) -> Iterator[str]:
    for tool in request.tools:
        yield from _tool_texts(tool)
    if request.answer_schema is not None:
        yield request.answer_schema


def _tool_texts(tool: ToolSpec) -> Iterator[str]:
    yield tool.name
    yield tool.description
    yield tool.parameters
