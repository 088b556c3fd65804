"""Decides before delivery whether a recipient may run, and after a failure what happens.

Everything here is a decision; the bus carries it out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie.account import Delivery, Extra

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from genie.limits import RunLimits
    from genie.mailbox import Subscriber
    from genie.message import Message


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that ended without being handled; ``redrive(id)`` publishes its payload to the agent again."""

    id: str
    """Id of the message and the agent that did not handle it."""
    agent: str
    topic: str
    reason: str
    at: float
    """On the loop's clock."""
    message: Message[Any]


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after a wait."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Fallback:
    """Hand the message to another agent."""

    agent: str


@dataclass(frozen=True, slots=True)
class Dead:
    """The delivery ends; its message is kept as a dead letter."""


class Supervisor:
    """States of agents, restart budgets and dead letters.

    Args:
        limits: Bounds of runs.
        now: The loop's clock.
        random_source: For the jitter of retries.
    """

    def __init__(self, limits: RunLimits, now: Callable[[], float], random_source: random.Random) -> None:
        self.limits = limits
        self._now = now
        self._random = random_source
        self._letters: deque[DeadLetter] = deque(maxlen=limits.dead_letters)
        self._recent: dict[str, deque[float]] = {}

    def refusal(self, message: Message[Any]) -> str | None:
        """Return why a message may go to nobody: its run's budget or its chain of causes is exhausted."""
        limits = self.limits
        if message.hops > limits.max_hops:
            return f"loop: more than {limits.max_hops} hops"
        if message.scope.run.published > limits.max_messages:
            return f"budget: more than {limits.max_messages} messages in one run"
        return None

    def takes_over(self, subscriber: Subscriber, tried: tuple[str, ...]) -> str | None:
        """Return the fallback of an agent, unless this message has been there already."""
        fallback = subscriber.card.fallback
        return None if fallback is None or fallback in tried or fallback == subscriber.card.id else fallback

    def after_failure(self, subscriber: Subscriber, extra: Extra | None, *, final: bool) -> Retry | Fallback | Dead:
        """Decide what happens after a handler failed.

        Args:
            subscriber: Whose handler it was.
            extra: What the delivery carries; None for an ordinary first attempt.
            final: A retry would repeat what has left already, or cannot help.
        """
        card = subscriber.card
        attempt = 1 if extra is None else extra.attempt
        if not final and attempt < card.retry.attempts:
            return Retry(card.retry.wait_s(attempt, self._random))
        fallback = self.takes_over(subscriber, () if extra is None else extra.tried)
        return Dead() if fallback is None else Fallback(fallback)

    def exhausted(self, subscriber: Subscriber) -> bool:
        """Count a failure against the agent's restart budget; True when it is used up."""
        budget = subscriber.card.restarts
        if budget.failures < 1:
            return False
        now = self._now()
        recent = self._recent.setdefault(subscriber.card.id, deque(maxlen=budget.failures + 1))
        recent.append(now)
        return len(recent) > budget.failures and now - recent[0] <= budget.within_s

    def forgive(self, agent: str) -> None:
        """Start an agent's restart budget anew."""
        self._recent.pop(agent, None)

    def bury(self, delivery: Delivery, agent: str, topic: str, reason: str) -> None:
        """Keep a dead letter; the oldest goes when there are too many."""
        message = delivery.message
        if delivery.extra is not None and delivery.extra.original is not None:
            message = delivery.extra.original
        self._letters.append(DeadLetter(f"{message.id}@{agent}", agent, topic, reason, self._now(), message))

    def letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters that are kept, oldest first."""
        return tuple(self._letters)

    def exhume(self, letter_id: str) -> DeadLetter | None:
        """Remove and return a dead letter, or None if it is not kept (any more)."""
        for letter in self._letters:
            if letter.id == letter_id:
                self._letters.remove(letter)
                return letter
        return None


