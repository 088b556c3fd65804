"""A gather that receives parts until an answer ends it.

Parts are ordinary answers: each is judged for its asker. At most ``MOST_PARTS`` are queued, in order; a handler that
publishes more waits until its asker has read some.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from genie.errors import SlowStreamError
from genie.errors.safe_text import keep_safe_text
from genie.inflight.gather import Gather, GatherSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.message import Payload
    from genie.inflight.gather import Clockwork

MOST_PARTS = 256
"""Parts queued for an asker; beyond that their senders wait."""
ROOM_S = 30.0
"""Longest wait of a sender for a slow asker, in seconds; then its handling fails."""


class StreamGather(Gather):
    """A gather that also receives any number of parts.

    Args:
        spec: The answers that end the stream.
        on_end: Called for every part, and when the wait is over.
        parts: Payload classes of the parts.
    """

    def __init__(self, spec: GatherSpec, on_end: Callable[[], None] | None, parts: tuple[type[Payload], ...]) -> None:
        self.came_parts: deque[Payload] = deque()
        self._senders: list[Waiter] = []
        super().__init__(spec, on_end)
        self._parts = frozenset(parts)
        self.kinds |= {kind: {} for kind in parts}  # parts are never outstanding

    def put(self, kind: type[Payload], agent: str, payload: Payload) -> bool:
        """Add a part or an answer."""
        if kind not in self._parts:
            return super().put(kind, agent, payload)
        if self.done:
            return False
        self.came_parts.append(payload)
        self.wake()
        if self._on_end is not None:
            self._on_end()
        return True

    @property
    def crowded(self) -> bool:
        """True if senders of parts must wait."""
        return len(self.came_parts) >= MOST_PARTS and not self.done

    def finish(self) -> None:
        """End the wait, and resume waiting senders."""
        super().finish()
        self._let_go()

    def take(self) -> Payload:
        """Return the oldest part."""
        part = self.came_parts.popleft()
        if self._senders and len(self.came_parts) <= MOST_PARTS // 2:
            self._let_go()
        return part

    def _let_go(self) -> None:
        senders, self._senders = self._senders, []
        for waiter in senders:
            waiter.wake()

    async def room(self, bus: Clockwork, agent: str) -> None:
        """Wait until the asker has read some of the parts.

        Raises:
            SlowStreamError: It did not read any for half a minute.
        """
        waiter = bus.make_waiter()
        timer = bus.timers.at(bus.now() + ROOM_S, "wake", waiter)
        try:
            while self.crowded:
                if timer.over:
                    raise keep_safe_text(SlowStreamError(agent=agent, parts=MOST_PARTS, seconds=ROOM_S))
                self._senders.append(waiter)
                await waiter.park()
        finally:
            timer.cancel()
            if waiter in self._senders:
                self._senders.remove(waiter)
