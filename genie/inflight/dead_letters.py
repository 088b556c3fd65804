"""Dead letters: deliveries that ended unhandled, kept with their reason until they are redriven."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.message import topic_of
from genie.inflight.delivery import original

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Effects, Recorder


class DeadLetter(NamedTuple):
    """A delivery that ended unhandled; ``redrive(id)`` publishes its payload to the agent again."""

    id: str
    """Id of the delivery."""
    agent: str
    topic: str
    reason: str
    at: float
    """Time on the loop's clock."""
    message: Envelope[Payload] | None
    """The original, not a masked copy; None if no present class can read the payload of an earlier process."""
    code: str = ""
    """Stable label of the reason."""
    attempts: int = 1
    """Total number of attempts."""
    failures: tuple[str, ...] = ()
    """Why each attempt failed, oldest first; the latest ones are kept."""
    cycle: tuple[str, ...] = ()
    """Agents of the loop in which it ended; the first one is repeated at the end."""
    effects: tuple[LogRecord, ...] = ()
    """State of its agent's outside effects in the run, so that a redrive repeats none."""


class DeadLetters:
    """The dead letters of one bus, the oldest dropped first.

    Args:
        capacity: Number of dead letters kept.
        cycle: Returns the cycle of agents that an agent is part of.
    """

    def __init__(self, capacity: int, cycle: Callable[[str], tuple[str, ...]]) -> None:
        self._capacity = capacity
        self._cycle = cycle
        self.effects: Effects | None = None
        """Stores the state of outside effects."""
        self._letters: OrderedDict[str, DeadLetter] = OrderedDict()
        self.dropped = 0
        self.recorder: Recorder | None = None
        """Stores dead letters beyond the life of the process."""

    def append(self, delivery: Delivery, reason: Reason, at: float) -> None:
        """Store a delivery; if there are too many, the oldest is dropped."""
        if self._capacity < 1:
            self.dropped += 1
            return
        message, extra = original(delivery), delivery.extra
        agent = delivery.subscription.subscriber.card.id
        failures = () if extra is None else extra.failures
        cycle = self._cycle(message.sender) if reason.code in {"loop", "budget"} else ()
        effects = () if self.effects is None else self.effects.of(message.scope.run, agent)
        letter = DeadLetter(
            delivery.id, agent, topic_of(message.payload).name, str(reason), at, message, reason.code,
            1 if extra is None else extra.attempt, (*map(str, failures), str(reason)), cycle,
            effects,
        )  # fmt: skip
        self.restore(letter)
        if self.recorder is not None:
            self.recorder.letter(letter, message)

    def restore(self, letter: DeadLetter) -> None:
        """Store a dead letter, also one of an earlier process."""
        while self._letters and len(self._letters) >= self._capacity:
            self._gone(self._letters.popitem(last=False)[0])
            self.dropped += 1
        self._letters[letter.id] = letter

    def all(self) -> tuple[DeadLetter, ...]:
        """Return the stored dead letters, oldest first."""
        return tuple(self._letters.values())

    def get(self, letter_id: str) -> DeadLetter | None:
        """Return a dead letter, or None if it is not stored."""
        return self._letters.get(letter_id)

    def pop(self, letter_id: str) -> DeadLetter | None:
        """Remove and return a dead letter, or None if it is not stored."""
        found = self._letters.pop(letter_id, None)
        if found is not None:
            self._gone(letter_id)
        return found

    def _gone(self, letter_id: str) -> None:
        if self.recorder is not None:
            self.recorder.letter_gone(letter_id)

    def __len__(self) -> int:
        return len(self._letters)
