"""A structured answer while it streams: its certain part so far, and the whole answer at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from genie.contracts.message import Payload
from genie.contracts.model_call import ModelDelta, ModelFailed, ModelReply, ModelRestarted, Text
from genie.edges.llm.output.partial import Prefixes
from genie.edges.llm.output.pipeline import Read, answer

if TYPE_CHECKING:
    from genie.contracts.context import Stream

P = TypeVar("P", bound=Payload)


class Prefix(NamedTuple):
    """The certain fields of an answer so far, by name; each was validated as it closed."""

    fields: Mapping[str, Any]


class Whole(NamedTuple, Generic[P]):
    """The answer, read from the whole reply."""

    read: Read[P]
    reply: ModelReply


async def into(stream: Stream[Any], kind: type[P]) -> AsyncIterator[Prefix | Whole[P] | ModelFailed]:
    """Yield the certain part of an answer as it grows, then the answer, or the reason why there is none.

    Args:
        stream: Of ``ModelDelta`` and ``ModelRestarted``, ended by ``ModelReply`` or ``ModelFailed``; closed at the end.
        kind: Requested class.

    Raises:
        MalformedAnswerError: A field that is closed, or the whole, does not fit.
    """
    prefixes, last = Prefixes(kind), 0
    async with stream:
        async for part in stream:
            if isinstance(part, ModelRestarted):
                prefixes, last = Prefixes(kind), 0
                yield Prefix({})
            elif isinstance(part, ModelDelta) and part.kind == "text":
                fields = prefixes.feed(part.text)
                size = sum(len(value) + 1 if isinstance(value, tuple) else 1 for value in fields.values())
                if size > last:
                    last = size
                    yield Prefix(fields)
            elif isinstance(part, ModelReply):
                text = "".join(piece.text for piece in part.parts if isinstance(piece, Text))
                yield Whole(await answer(text, kind, stop=part.stop), part)
            elif isinstance(part, ModelFailed):
                yield part
