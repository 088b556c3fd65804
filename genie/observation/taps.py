"""Taps: observers with a clearance of their own. No run waits for them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.headers import copied
from genie.contracts.message import topic_of
from genie.inflight.delivery import disclose

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Waiter
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.policy.evaluator import Evaluator


class Observation(NamedTuple):
    """An observation of one message by a tap."""

    id: str
    run_id: str
    topic: str
    sender: str
    """``caller`` if the tap may not see the payload, because a caller's name is that of its user."""
    recipient: str | None
    at: float
    """On the loop's clock."""
    payload: Payload | None
    """Masked as the tap's clearance requires; None if the tap may not see it, and then without headers."""
    headers: Headers | None
    withheld: str | None = None
    """Why the payload is not shown."""
    gap: int = 0
    """Observations dropped before this one, because the tap did not keep up."""
    notices: tuple[str, ...] = ()
    """Notices that must be shown with the payload."""


class Tap:
    """A bounded queue of observations that drops the oldest."""

    __slots__ = ("_gap", "_kinds", "_make_waiter", "_queue", "_waiters", "card", "closed", "evaluators", "seen", "shed")

    def __init__(
        self, card: AgentCard, kinds: tuple[type[Payload], ...], capacity: int, make_waiter: Callable[[], Waiter]
    ) -> None:
        self.card = card
        self._kinds = kinds
        self._queue: deque[tuple[Observation, str | None]] = deque(maxlen=capacity)
        """Each with its tenant, which an observation without payload does not show."""
        self._make_waiter = make_waiter
        self._waiters: deque[Waiter] = deque()
        self._gap = 0
        self.evaluators: dict[type[Payload], Evaluator] = {}
        self.closed = False
        self.seen = 0
        self.shed = 0

    def wants(self, kind: type[Payload]) -> bool:
        """Return True if it observes that class; without named classes it observes all."""
        return not self._kinds or kind in self._kinds

    def show(self, message: Envelope[Payload], sender: AgentCard, at: float) -> None:
        """Show a message as the tap's clearance allows; a full queue drops its oldest and marks the gap."""
        decision = self.evaluators[type(message.payload)].judge(message, sender)
        # Nothing is parked for an observer: a held message is not shown.
        payload, why, notices = disclose(message, decision, self.card, carries=True)
        if len(self._queue) == self._queue.maxlen:
            self._queue.popleft()
            self._gap += 1
            self.shed += 1
        shown = message.sender if payload is not None or not message.sender.startswith("caller:") else "caller"
        observation = Observation(
            message.id, message.correlation_id, topic_of(message.payload).name, shown, message.recipient, at,
            payload, None if payload is None else copied(message.headers), why or None, notices=notices,
        )  # fmt: skip
        self._queue.append((observation, message.headers.tenant))
        self.seen += 1
        if self._waiters:
            self._waiters[0].wake()

    def forget(self, tenant: str | None) -> None:
        """Drop unread observations of a killed tenant, or all; the gap is marked."""
        kept = [one for one in self._queue if tenant is not None and one[1] != tenant]
        dropped = len(self._queue) - len(kept)
        self._queue.clear()
        self._queue.extend(kept)
        self._gap += dropped
        self.shed += dropped

    def close(self) -> None:
        """End the stream after the queued observations."""
        self.closed = True
        for waiter in self._waiters:
            waiter.wake()

    def __aiter__(self) -> Tap:
        return self

    async def __anext__(self) -> Observation:
        while not self._queue:
            if self.closed:
                raise StopAsyncIteration
            waiter = self._make_waiter()
            self._waiters.append(waiter)
            try:
                await waiter.park()
            finally:
                self._waiters.remove(waiter)
        gap, self._gap = self._gap, 0  # the lost ones came before the oldest remaining one
        observation = self._queue.popleft()[0]._replace(gap=gap)
        if self._queue and self._waiters:
            self._waiters[0].wake()
        return observation


def show(
    taps: tuple[Tap, ...],
    message: Envelope[Payload],
    sender: AgentCard,
    at: float,
    failed: Callable[[str, Exception], None],
) -> None:
    """Show a message to taps; one that raises is closed, and ``failed`` is called with its id and the error."""
    for tap in taps:
        try:
            tap.show(message, sender, at)
        except Exception as error:  # noqa: BLE001 - an observer cannot stop a delivery
            tap.close()
            failed(tap.card.id, error)
