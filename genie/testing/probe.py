"""Agents for tests: one that stores what it gets, one that returns prepared outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import anyio

from genie.contracts.card import make_card

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.contracts.card import CardOptions
    from genie.contracts.context import Context
    from genie.contracts.message import Message, Payload

P = TypeVar("P", bound="Payload")


class Probe:
    """An agent that stores every message it gets, masked as it may see it, and answers nothing.

    Args:
        consumes: Payload classes that it subscribes to.
        id: Its id on cards and in reasons.
        **options: Fields of ``AgentCard``, for example ``clearance``.
    """

    def __init__(self, *consumes: type[Payload], id: str = "probe", **options: Unpack[CardOptions]) -> None:  # noqa: A002 - the card's own word
        self.card = make_card(id, consumes=consumes, produces=(), doc=type(self).__doc__, **options)
        self.messages: list[Message[Any]] = []
        self._came = anyio.Event()

    async def handle(self, message: Message[Any], context: Context) -> None:
        """Store the message."""
        self.messages.append(message)
        self._came.set()
        self._came = anyio.Event()

    def payloads(self, kind: type[P]) -> tuple[P, ...]:
        """Return the payloads of a class so far, in order."""
        return tuple(message.payload for message in self.messages if type(message.payload) is kind)

    async def wait_for(self, count: int) -> tuple[Message[Any], ...]:
        """Wait until that many messages have arrived; use ``anyio.fail_after`` if they may not."""
        while len(self.messages) < count:
            await self._came.wait()
        return tuple(self.messages)


class Scripted:
    """An agent that returns prepared outputs, one per message, and raises those that are exceptions.

    Args:
        consumes: The payload class that it subscribes to.
        outputs: The outputs in order: a payload, a tuple of payloads, None, or an exception.
        id: Its id on cards and in reasons.
        **options: Fields of ``AgentCard``, for example ``retry`` or ``timeout_s``.

    Raises:
        AssertionError: In the handler, if more messages arrive than outputs were prepared.
    """

    def __init__(
        self,
        consumes: type[Payload],
        outputs: Iterable[Payload | tuple[Payload, ...] | Exception | None],
        *,
        id: str = "scripted",  # noqa: A002 - the card's own word
        **options: Unpack[CardOptions],
    ) -> None:
        self._outputs = list(outputs)
        given = [part for output in self._outputs for part in (output if isinstance(output, tuple) else (output,))]
        produces = dict.fromkeys(type(part) for part in given if part is not None and not isinstance(part, Exception))
        self.card = make_card(id, consumes=(consumes,), produces=tuple(produces), doc=type(self).__doc__, **options)
        self.handled = 0

    async def handle(self, message: Message[Any], context: Context) -> object:
        """Return the next output."""
        if self.handled >= len(self._outputs):
            raise AssertionError(f"{self.card.id!r} was prepared for {len(self._outputs)} messages, and got one more")
        output = self._outputs[self.handled]
        self.handled += 1
        if isinstance(output, Exception):
            raise output
        return output
