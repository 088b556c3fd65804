"""The events of a run, as its watchers see them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.message import topic_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason


class Event(NamedTuple):
    """An event of one message; contains names, never payload text."""

    at: float
    """Seconds on the loop's clock."""
    kind: str
    """``accepted``, ``started``, ``handled``, ``denied``, ``redacted``, ``held``, ``released``, ``retrying``,
    ``timed``, ``expired``, ``cancelled``, ``dead_lettered``, ``answered``, ``late``, ``unrouted``, ``refused``,
    ``progress``."""
    message_id: str
    topic: str
    sender: str
    recipient: str | None
    reason: str | None
    code: str = ""
    """Stable label of the reason."""

    @classmethod
    def of(
        cls, at: float, kind: str, message_id: str, topic: str, sender: str, recipient: str | None,
        reason: Reason | None,
    ) -> Event:  # fmt: skip
        """Return an event for watchers of the run, who may read the text of an agent's progress."""
        if reason is None:
            return cls(at, kind, message_id, topic, sender, recipient, None)
        text = reason.said if kind == "progress" else str(reason)
        return cls(at, kind, message_id, topic, sender, recipient, text, reason.code)


class Watcher:
    """A bounded queue of the events of one run, which wakes its readers; when full, the oldest are dropped."""

    CAPACITY = 4096
    takes: tuple[type[Payload], ...] = ()
    """Payload classes of the answer's parts; the watcher reads them with ``Run.parts``."""

    __slots__ = ("_make_waiter", "_waiting", "events")

    def __init__(self, make_waiter: Callable[[], Waiter], *, keeps: bool) -> None:
        self._make_waiter = make_waiter
        self._waiting: tuple[Waiter, ...] = ()
        self.events: deque[Event] | None = deque(maxlen=self.CAPACITY) if keeps else None

    def note(
        self, at: float, kind: str, message: Envelope[Payload], recipient: str | None, reason: Reason | None
    ) -> None:
        """Add an event of a message."""
        self.put(Event.of(at, kind, message.id, topic_of(message.payload).name, message.sender, recipient, reason))

    def put(self, event: Event) -> None:
        """Store an event."""
        if self.events is not None:
            self.events.append(event)
            self.look()

    def look(self) -> None:
        """Wake readers because the run's state may have changed."""
        for waiter in self._waiting:
            waiter.wake()

    async def wait(self) -> None:
        """Wait for the next event or change."""
        waiter = self._make_waiter()
        self._waiting = (*self._waiting, waiter)
        try:
            await waiter.park()
        finally:
            rest = self._waiting
            self._waiting = () if len(rest) == 1 else tuple(other for other in rest if other is not waiter)
