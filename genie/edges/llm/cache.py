"""An exact cache of replies: bounded, separate per tenant, with one call at a time for equal questions."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio

from genie.contracts.model_call import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.contracts.headers import Headers
    from genie.contracts.message import Message
    from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest


class _Flight:
    """A question in progress."""

    __slots__ = ("landed", "reply")

    def __init__(self) -> None:
        self.landed = anyio.Event()
        self.reply: ModelReply | None = None


class ReplyCache:
    """Replies of one model, by the judged request and its recipient.

    Args:
        most: Maximum number of replies; the least recently used one is dropped first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, ModelReply] = OrderedDict()
        self._flights: dict[bytes, _Flight] = {}
        self.hits = self.joined = self.misses = 0

    @staticmethod
    def key(request: ModelRequest, message: Message[ModelRequest], policy_set: str) -> bytes:
        """Return the key of equal questions: tenant, region, consents, label, policies, and the judged request."""
        headers: Headers = message.headers
        scope = (
            headers.tenant, headers.region, sorted(headers.consent), sorted(headers.roles), message.label.label,
            headers.classification.label, policy_set,
        )  # fmt: skip
        digest = hashlib.blake2b(repr(scope).encode(), digest_size=32)
        digest.update(request.model_dump_json(exclude={"cache", "conversation", "purpose"}).encode())
        return digest.digest()

    async def get(
        self, key: bytes, ask: Callable[[], Awaitable[ModelReply | ModelFailed]], whole: type[ModelReply]
    ) -> ModelReply | ModelFailed:
        """Return the cached reply, that of an equal question in progress, or ask.

        A hit has zero cost and is marked as cached. If the call that others wait for fails or is cancelled, one of them
        asks.
        """
        while True:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                self.hits += 1
                return _free(kept)
            flight = self._flights.get(key)
            if flight is None:
                break
            await flight.landed.wait()
            if flight.reply is not None:
                self.joined += 1
                return _free(flight.reply)
        flight = self._flights[key] = _Flight()
        self.misses += 1
        try:
            reply = await ask()
            if isinstance(reply, whole):
                flight.reply = self._kept[key] = reply
                if len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        finally:
            del self._flights[key]
            flight.landed.set()
        return reply


def _free(reply: ModelReply) -> ModelReply:
    return reply.model_copy(update={"cached": True, "cost": Decimal(0), "usage": Usage()})
