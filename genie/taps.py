"""Observers: subscribers with a clearance of their own, whom no run waits for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.message import Headers, Payload
    from genie.protocol import AgentCard
    from genie.wake import Parker


@dataclass(frozen=True, slots=True)
class Observation:
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

    def put(self, make: Callable[[int], Observation]) -> None:
        """Append an observation; a full queue loses its oldest and marks the gap."""
        if len(self._queue) == self._queue.maxlen:
            lost = self._queue.popleft()
            self.shed += 1
            self._gap = 1 + lost.gap
            if self._queue:
                first = self._queue.popleft()
                self._queue.appendleft(_with_gap(first, first.gap + self._gap))
                self._gap = 0
        gap, self._gap = self._gap, 0
        self._queue.append(make(gap))
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
        return self._queue.popleft()


def _with_gap(observation: Observation, gap: int) -> Observation:
    return Observation(
        observation.id, observation.run_id, observation.topic, observation.sender, observation.recipient,
        observation.at, observation.payload, observation.headers, observation.withheld, gap,
    )  # fmt: skip
