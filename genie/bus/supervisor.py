"""Says before delivery whether a recipient may run, and after a failure what happens: retry, fallback, dead letter."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.bus.accounting import AgentRun, Delivery, Extra, Outcome

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from genie.admission.limiter import Turnstile
    from genie.bus.exchange import Exchange
    from genie.bus.mailbox import Subscriber
    from genie.contracts.admission import Admission
    from genie.contracts.message import Message


EVERYTHING = object()
"""Stands among the tenants that are shut for all of them, and for runs without one."""


class DeadLetter(NamedTuple):
    """A delivery that ended without being handled; ``redrive(id)`` publishes its payload to the agent again."""

    id: str
    """Id of the message and the agent that did not handle it."""
    agent: str
    topic: str
    reason: str
    at: float
    """On the loop's clock."""
    message: Message[Any]


class _NeverEmpty(set[object]):
    """With a turnstile every message is looked at, and without one the bus asks no more than it did."""

    def __bool__(self) -> bool:
        return True


class Supervisor:
    """States of agents, restart budgets, retries, fallbacks and dead letters.

    Args:
        bus: The bus.
        random_source: For the jitter of retries.
        admission: Rates and budgets.
    """

    def __init__(self, bus: Exchange, random_source: random.Random, admission: Admission | None = None) -> None:
        self._bus = bus
        self._random = random_source
        self.turnstile: Turnstile | None = None
        """Where deliveries pay; None where nothing has to."""
        if admission is not None and (admission.rates or admission.budgets):
            from genie.admission.limiter import Turnstile  # noqa: PLC0415 - start-up: for those who set rates or budgets

            self.turnstile = Turnstile(bus, admission)
        self._letters: deque[DeadLetter] = deque(maxlen=bus.limits.dead_letters)
        self._recent: dict[str, deque[float]] = {}
        self.shut_tenants: set[object] = set() if self.turnstile is None else _NeverEmpty()
        """Tenants for whom nothing is delivered, or ``EVERYTHING``; while true, the bus looks closer at messages."""

    # --- before delivery ---

    def refusal(self, message: Message[Any]) -> tuple[Outcome, str] | None:
        """Return why a message may go to nobody: its run is over, its budget spent, its tenant killed, or it loops."""
        run, limits = message.scope.run, self._bus.limits
        if EVERYTHING in self.shut_tenants:
            return Outcome.DENIED, "everything is killed"
        if message.headers.tenant in self.shut_tenants:
            return Outcome.DENIED, f"tenant {message.headers.tenant!r} is killed"
        if not run.alive:
            ended: tuple[Outcome, str] = run.ended
            return ended
        if message.hops > limits.max_hops:
            return Outcome.DEAD_LETTERED, f"loop: more than {limits.max_hops} hops; {self._named_cycle(message)}"
        if run.published > limits.max_messages:
            why = f"budget: more than {limits.max_messages} messages in one run; {self._named_cycle(message)}"
            return Outcome.DEAD_LETTERED, why
        return None

    def _named_cycle(self, message: Message[Any]) -> str:
        cycle = self._bus.registry.cycle(message.sender)
        return " -> ".join(cycle) if cycle else f"last {message.sender}"

    def turn_away(self, delivery: Delivery) -> None:
        """The recipient may not run: its fallback takes over, or the delivery is denied at once."""
        subscriber = delivery.lane.subscriber
        fallback = self._fallback(delivery)
        if fallback is not None and self._hand_over(delivery, fallback, Outcome.DENIED):
            self._bus.settle(delivery, Outcome.DENIED, f"{subscriber.barred}; handed to {fallback}")
        else:
            self._bus.settle(delivery, Outcome.DENIED, subscriber.barred or "removed")

    def bar(self, subscriber: Subscriber, reason: str) -> None:
        """Deliver nothing to an agent from now on; what waits for it goes to its fallback, or is denied at once."""
        subscriber.barred = reason
        self._bus.epoch += 1
        waiting = subscriber.purge(lambda _: True)
        waiting += self.take_retries(lambda delivery: delivery.lane.subscriber is subscriber)
        for delivery in waiting:
            self.turn_away(delivery)

    def unbar(self, subscriber: Subscriber) -> None:
        """Deliver to an agent again, with a new restart budget."""
        subscriber.barred = None
        self._recent.pop(subscriber.card.id, None)
        self._bus.epoch += 1

    # --- after a failure ---

    def failed(self, delivery: Delivery, reason: str, *, final: bool, again_s: float = 0.0) -> None:
        """A handler failed: try again, hand over, or bury.

        Args:
            delivery: What it was handling.
            reason: The failure by name.
            final: A retry would repeat what has left already, or cannot help.
            again_s: Seconds before which a retry cannot help.
        """
        bus, subscriber = self._bus, delivery.lane.subscriber
        subscriber.tally.failed += 1
        if self.turnstile is not None:
            self.turnstile.ran(delivery)
        run = delivery.message.scope.run
        if run.agents is not None:
            run.agents.setdefault(subscriber.card.id, AgentRun()).failed += 1
        exhausted = self._exhausted(subscriber)
        attempt = 1 if delivery.extra is None else delivery.extra.attempt
        again = not (final or exhausted) and run.alive and attempt < subscriber.card.retry.attempts
        if again and subscriber.retrying < subscriber.capacity:
            self._retry(delivery, attempt, reason, again_s)
        else:
            if again:
                reason = f"{reason}; {subscriber.capacity} wait for a retry already"
            fallback = self._fallback(delivery) if run.alive else None
            if fallback is not None and self._hand_over(delivery, fallback, Outcome.DEAD_LETTERED):
                reason = f"fallback: {reason}"
            if subscriber.busy:
                subscriber.release(delivery)
            bus.settle(delivery, Outcome.DEAD_LETTERED, reason)
        if exhausted and subscriber.barred is None:
            budget = subscriber.card.restarts
            why = f"more than {budget.failures} failures within {budget.within_s:g} s"
            self.bar(subscriber, f"quarantined: {why}")
            bus.governed("quarantined", subscriber.card.id, by="supervisor", reason=why, message=delivery.message)

    def _retry(self, delivery: Delivery, attempt: int, reason: str, again_s: float) -> None:
        bus, subscriber = self._bus, delivery.lane.subscriber
        extra = delivery.extra = delivery.extra or Extra()
        extra.attempt = attempt + 1
        subscriber.tally.retried += 1
        subscriber.retrying += 1
        subscriber.keep_key(delivery)
        due = bus.now() + max(again_s, subscriber.card.retry.wait_s(attempt, self._random))
        bus.retrying[delivery] = bus.alarm.at(due, lambda: self._again(delivery))
        bus.tell(delivery.message, "retrying", subscriber.card.id, reason)

    def _again(self, delivery: Delivery) -> None:
        del self._bus.retrying[delivery]
        subscriber = delivery.lane.subscriber
        subscriber.retrying -= 1
        subscriber.ready.append(delivery)
        subscriber.signal()
        if subscriber.waiting:
            self._bus.waits.look_later()

    def take_retries(self, belongs: Callable[[Delivery], bool]) -> list[Delivery]:
        """Remove and return the deliveries that wait for another attempt, or for a rate, and that ``belongs`` picks."""
        retrying = self._bus.retrying
        taken = [delivery for delivery in retrying if belongs(delivery)]
        for delivery in taken:
            retrying.pop(delivery).cancel()
            delivery.lane.subscriber.retrying -= 1
            delivery.lane.subscriber.release(delivery)
        return taken if self.turnstile is None else taken + self.turnstile.take(belongs)

    def _exhausted(self, subscriber: Subscriber) -> bool:
        """Count a failure against the agent's restart budget; True when it is used up."""
        budget = subscriber.card.restarts
        if budget.failures < 1:
            return False
        now = self._bus.now()
        recent = self._recent.setdefault(subscriber.card.id, deque(maxlen=budget.failures + 1))
        recent.append(now)
        return len(recent) > budget.failures and now - recent[0] <= budget.within_s

    def _fallback(self, delivery: Delivery) -> str | None:
        """Return who takes over, unless the message has been there already."""
        card = delivery.lane.subscriber.card
        tried = () if delivery.extra is None else delivery.extra.tried
        return None if card.fallback is None or card.fallback in (*tried, card.id) else card.fallback

    def _hand_over(self, delivery: Delivery, fallback: str, outcome: Outcome) -> bool:
        """Give a message to a fallback as a new delivery, judged for its own card; False when it cannot take it.

        Args:
            delivery: The first delivery, which ends with ``outcome``.
            fallback: Who takes over.
            outcome: What is still reserved for the first delivery is returned by it before the other reserves.
        """
        bus, extra = self._bus, delivery.extra
        message = delivery.message if extra is None or extra.original is None else extra.original
        lanes = bus.route(type(message.payload)).lanes
        lane = next((lane for lane in lanes if lane.subscriber.card.id == fallback), None)
        if lane is None:
            return False
        if self.turnstile is not None:
            self.turnstile.settle(delivery, outcome)
        own = delivery.lane.subscriber.card.id
        onward = Extra()
        onward.instead_of = own if extra is None or extra.instead_of is None else extra.instead_of
        onward.tried = (*(() if extra is None else extra.tried), own)
        again = Delivery(message, lane, bus.epoch, onward)
        message.scope.accepted += 1
        message.scope.in_flight += 1
        lane.subscriber.tally.accepted += 1
        if lane.subscriber.barred is not None:
            self.turn_away(again)
            return True
        if self.turnstile is not None and not self.turnstile.visit(message).admit(again):
            return True
        decision = lane.gate.judge(message, bus.card_of(message))
        if decision is None or bus.decided(again, decision):
            bus.enqueue(again)
        return True

    # --- dead letters ---

    def bury(self, delivery: Delivery, topic: str, reason: str) -> None:
        """Keep a dead letter; the oldest goes when there are too many."""
        agent = delivery.lane.subscriber.card.id
        message = delivery.message
        if delivery.extra is not None and delivery.extra.original is not None:
            message = delivery.extra.original
        self._letters.append(DeadLetter(f"{message.id}@{agent}", agent, topic, reason, self._bus.now(), message))

    def letters(self) -> tuple[DeadLetter, ...]:
        """Return the dead letters that are kept, oldest first."""
        return tuple(self._letters)

    def exhume(self, letter_id: str) -> DeadLetter | None:
        """Remove and return a dead letter, or None if it is not kept (any more)."""
        letter = next((letter for letter in self._letters if letter.id == letter_id), None)
        if letter is not None:
            self._letters.remove(letter)
        return letter
