"""Dead letters: deliveries that ended without being handled, kept with their reason until they are redriven."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.message import topic_of
from genie.inflight.delivery import original

if TYPE_CHECKING:
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.inflight.delivery import Delivery


class DeadLetter(NamedTuple):
    """A delivery that ended without being handled; ``redrive(id)`` publishes its payload to the agent again."""

    id: str
    """Id of the delivery."""
    agent: str
    topic: str
    reason: str
    at: float
    """On the loop's clock."""
    message: Envelope[Payload]
    """The original, not a masked copy."""
    code: str = ""
    """Stable label of the reason."""


class DeadLetters:
    """The dead letters of one bus, the oldest dropped first.

    Args:
        capacity: How many are kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._letters: OrderedDict[str, DeadLetter] = OrderedDict()
        self.dropped = 0

    def append(self, delivery: Delivery, reason: Reason, at: float) -> None:
        """Keep a delivery; the oldest is dropped when there are too many."""
        if self._capacity < 1:
            self.dropped += 1
            return
        message = original(delivery)
        agent = delivery.subscription.subscriber.card.id
        letter = DeadLetter(delivery.id, agent, topic_of(message.payload).name, str(reason), at, message, reason.code)
        if len(self._letters) >= self._capacity:
            self._letters.popitem(last=False)
            self.dropped += 1
        self._letters[letter.id] = letter

    def all(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters that are kept, oldest first."""
        return tuple(self._letters.values())

    def get(self, letter_id: str) -> DeadLetter | None:
        """Return a dead letter, or None if it is not kept."""
        return self._letters.get(letter_id)

    def pop(self, letter_id: str) -> DeadLetter | None:
        """Remove and return a dead letter, or None if it is not kept."""
        return self._letters.pop(letter_id, None)

    def __len__(self) -> int:
        return len(self._letters)
