"""Interceptors run in the bus before each delivery: kill switches, consents, rates and budgets.

The bus asks each interceptor in order, once per message and once per delivery, before policies judge. An interceptor
that is not ``active`` costs a message nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Outcome, Reason
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.dead_letters import DeadLetter
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.gather import Part
    from genie.inflight.pending import Parked
    from genie.inflight.subscription import Subscription
    from genie.policy.policy import Decision, Verdict


Effect = Callable[[str], Awaitable[object]]
"""The outside action: it gets a token that is the same for every attempt, so that the receiver can recognise
repetitions."""


class Check(Protocol):
    """A message at an interceptor; what its deliveries have in common is looked up once."""

    def admit(self, delivery: Delivery) -> bool:
        """Admit a delivery; return False if it has ended or is parked."""
        ...


class Interceptor:
    """Base of interceptors: every method does nothing, so that subclasses override only what they need."""

    active: bool = False
    """Messages are shown to it only while True."""

    def refuse(self, message: Envelope[Payload]) -> Ending | None:  # noqa: ARG002 - for those that override it
        """Return the outcome of every delivery of a message, or None if it may continue."""
        return None

    def check(self, message: Envelope[Payload]) -> Check | None:  # noqa: ARG002 - as above
        """Return what admits the deliveries of a message, or None if it checks nothing of it."""
        return None

    def narrowed(self, headers: Headers) -> Headers:
        """Return headers without revoked parts; the same object if nothing was revoked."""
        return headers

    def revoke(self, consent: str) -> None:
        """A consent was revoked."""

    def opened(self, run: RunState) -> None:
        """A run begins."""

    def consented(self, run: RunState) -> None:
        """A run begins whose headers contain consents."""

    def expired(self, run: RunState) -> None:
        """The clock ends a run."""

    def closed(self, run: RunState) -> None:
        """A run is at rest."""

    def settled(self, delivery: Delivery, outcome: Outcome) -> None:
        """A delivery ends."""

    def failed(self, delivery: Delivery) -> None:
        """A handling of a delivery failed."""

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """A handler reports consumption; raises ``BudgetExceededError`` if a budget has less left."""

    def reserve(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """Reserve what a handler has used and will charge later; raises like ``charge``, and then reserves nothing."""

    def used(self, run: RunState) -> dict[str, list[int]]:  # noqa: ARG002 - for those that override it
        """Return the consumption of a run, by budget, as a log stores it."""
        return {}

    def resumed(self, now: float) -> None:
        """The runtime resumes after an earlier process, whose remaining rates are unknown."""

    def use(self, run: RunState, used: Mapping[str, list[int]]) -> None:
        """Count the earlier consumption of a resumed run."""


class Planned(Protocol):
    """The recipients of a class; replaced when agents are added or removed."""

    @property
    def subscriptions(self) -> Iterable[Subscription]:
        """The deliveries of an undirected message."""
        ...


class Recorder(Protocol):
    """Stores the facts from which a runtime resumes after its process was killed."""

    @property
    def refusal(self) -> str | None:
        """Why no run is admitted; None while facts can be stored."""
        ...

    def note(self, message: Envelope[Payload], kind: str, reason: Reason | None, delivery: Delivery | None) -> None:
        """Record an event of a message, or of one of its deliveries."""
        ...

    def accepted(self, message: Envelope[Payload], route: Planned) -> None:
        """Record that a message goes to the subscribers of its route."""
        ...

    def handled(self, delivery: Delivery, run: RunState, seconds: float) -> None:
        """Record that a handler has handled a delivery, with its duration."""
        ...

    def record_verdict(self, message: Envelope[Payload], recipient: str, decision: Decision) -> None:
        """Record a decision that is more than a plain allow."""
        ...

    def handed_over(self, delivery: Delivery) -> None:
        """Record that a fallback gets a message instead of another agent."""
        ...

    def parked(self, parked: Parked) -> None:
        """Record that an item waits for its time."""
        ...

    def taken(self, parked: Parked) -> None:
        """Record that a waiting delivery continues or has ended."""
        ...

    def fact(self, record: LogRecord) -> None:
        """Store a fact of a run, whose meaning only its sender knows; ``run`` is the run's number."""
        ...

    def letter(self, letter: DeadLetter, message: Envelope[Payload]) -> None:
        """Record that a delivery has become a dead letter."""
        ...

    def stand(self, record: LogRecord) -> None:
        """Store a fact beyond its run; it has a kind and an id."""
        ...

    def fall(self, kind: str, id_: str) -> None:
        """Delete a fact that outlived its run."""
        ...

    def letter_gone(self, letter_id: str) -> None:
        """Record that a dead letter was redriven or dropped."""
        ...

    @property
    def added(self) -> int:
        """Number of lines recorded so far, including those that are not written yet."""
        ...

    def has(self, added: int) -> bool:
        """Return whether the log has the first so many lines, or has failed and gets no more."""
        ...

    async def barrier(self, until: float = ...) -> bool:
        """Wait until everything so far is stored, or ``until`` (False); raises ``JournalError`` if it cannot be."""
        ...


class Approvals(Protocol):
    """Parks deliveries and answers for a person."""

    def hold(self, delivery: Delivery, decision: Decision) -> None:
        """Park a delivery until a person decides; settle it if nobody can be asked."""
        ...

    def hold_answer(
        self, message: Envelope[Payload], asker: AgentCard, agent: str, decision: Decision, approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:  # fmt: skip
        """Park an answer before it reaches its asker."""
        ...

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End holds, because their run or scope ends."""
        ...

    def reopen(self, facts: Mapping[str, LogRecord]) -> None:
        """Restore the holds of an earlier process, with their votes."""
        ...

    def held_parts(self, scope: Scope) -> Mapping[Part, str]:
        """Return the parts of a scope's gather that wait for a person, each with the id of the hold."""
        ...

    def intact(self, delivery: Delivery) -> bool:
        """Return True if the payload of an approved delivery is still the approved one."""
        ...


class Consultations(Protocol):
    """Asks slow policies, and parks the deliveries that they judge."""

    def ask(self, delivery: Delivery) -> None:
        """Park a delivery at its turn until a policy has answered."""
        ...

    def ask_answer(
        self, message: Envelope[Payload], agent: str, decision: Decision, approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:  # fmt: skip
        """Park an answer on its way to its asker."""
        ...

    def ask_part(self, message: Envelope[Payload], sink: Sink, decision: Decision) -> None:
        """Park a message before it reaches a sink."""
        ...

    def take(self, parked: Parked) -> None:
        """Stop asking about a delivery that will not be handled; its key goes to the next."""
        ...

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End pending questions to policies, because their run or scope ends."""
        ...


class Keys(Protocol):
    """Stores the run of each idempotency key."""

    def reopen(self, run: RunState, fact: LogRecord) -> None:
        """Restore a run that an earlier process began under a key."""
        ...

    def restore(self, record: LogRecord) -> None:
        """Restore a key whose run ended in an earlier process."""
        ...


class Effects(Protocol):
    """Stores the state of outside effects."""

    async def once(self, delivery: Delivery, key: str, effect: Effect, probe: Effect | None) -> object:
        """Perform an effect once for an agent and a run."""
        ...

    def park(self, delivery: Delivery, *, known: bool = False) -> bool:
        """Park a delivery with an effect of unknown result; return False if it has none.

        Args:
            delivery: The delivery.
            known: Only for effects already known to be indeterminate, which no handler can resolve.
        """
        ...

    def of(self, run: RunState, agent: str) -> tuple[LogRecord, ...]:
        """Return the state of the effects of an agent in a run."""
        ...

    def reopen(self, run: RunState, facts: Iterable[LogRecord]) -> None:
        """Restore the effects of an earlier process or an earlier run."""
        ...


class Sink(Protocol):
    """A recipient other than subscribers and askers, such as a declared join: it receives messages in place."""

    @property
    def id(self) -> str:
        """Its name in policies and reasons."""
        ...

    @property
    def card(self) -> AgentCard:
        """The card that messages are judged for."""
        ...

    @property
    def kinds(self) -> tuple[type[Payload], ...]:
        """The payload classes that it takes."""
        ...

    def accept(self, message: Envelope[Payload], sender: AgentCard, decision: Decision | None) -> None:
        """Take a judged message; ``decision`` is None for a plain allow."""
        ...

    def at_rest(self, scope: Scope) -> bool:
        """Nothing else of a scope is in flight; return True if the sink has therefore published something."""
        ...

    def may_bring(self, scope: Scope) -> frozenset[type[Payload]]:
        """Return the payload classes that may still follow from its state of a scope."""
        ...

    def give_up(self, scope: Scope, kinds: set[type[Payload]]) -> None:
        """Only ``kinds`` can still arrive in a scope: end joins that wait for others."""
        ...

    def waits(self, scope: Scope) -> bool:
        """Return True if one of its timers will end its state of a scope."""
        ...

    def close(self, scope: Scope) -> None:
        """A scope was cut off: publish nothing more for it."""
        ...
