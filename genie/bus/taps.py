"""Observers: subscribers with a clearance of their own, whom no run waits for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.message import topic_of
from genie.policy.disclosure import seen

if TYPE_CHECKING:
    from genie.backend.asyncio_trio import Parker
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Message, Payload


class Observation(NamedTuple):
    """What a tap sees of one message."""

    id: str
    run_id: str
    topic: str
    sender: str
    recipient: str | None
    at: float
    """On the loop's clock."""
    payload: Payload | None
    """Masked as the tap's clearance demands; None where the tap may not see it, and then no headers either."""
    headers: Headers | None
    withheld: str | None = None
    """Why the payload is not shown."""
    gap: int = 0
    """Observations dropped before this one, because the tap did not keep up."""
    notices: tuple[str, ...] = ()
    """What must be shown beside the payload wherever it is shown."""


class Tap:
    """A bounded queue of observations that sheds the oldest."""

    __slots__ = ("_gap", "_kinds", "_parker", "_queue", "card", "closed", "gates", "seen", "shed")

    def __init__(self, card: AgentCard, kinds: tuple[type[Payload], ...], capacity: int, parker: Parker) -> None:
        self.card = card
        self._kinds = kinds
        self._queue: deque[Observation] = deque(maxlen=capacity)
        self._parker = parker
        self._gap = 0
        self.gates: dict[type[Payload], Any] = {}
        self.closed = False
        self.seen = 0
        self.shed = 0

    def wants(self, kind: type[Payload]) -> bool:
        """True when it observes that class; no classes named means all."""
        return not self._kinds or kind in self._kinds

    def show(self, message: Message[Any], sender: AgentCard, at: float) -> None:
        """Show a message as the tap's clearance allows; a full queue loses its oldest and marks the gap."""
        decision = self.gates[type(message.payload)].judge(message, sender)
        # Nothing is parked for an observer: what would be held is not shown.
        payload, why, notices = seen(message, decision, self.card, carries=True)
        if len(self._queue) == self._queue.maxlen:
            self._queue.popleft()
            self._gap += 1
            self.shed += 1
        observation = Observation(
            message.id, message.correlation_id, topic_of(message.payload).name, message.sender, message.recipient, at,
            payload, None if payload is None else message.headers, why or None, notices=notices,
        )  # fmt: skip
        self._queue.append(observation)
        self.seen += 1
        self._parker.wake()

    def close(self) -> None:
        """End the stream after what is queued."""
        self.closed = True
        self._parker.wake()

    def __aiter__(self) -> Tap:
        return self

    async def __anext__(self) -> Observation:
        while not self._queue:
            if self.closed:
                raise StopAsyncIteration
            await self._parker.park()
        gap, self._gap = self._gap, 0  # what was lost lay before the oldest that is left
        return self._queue.popleft()._replace(gap=gap)
