"""Interceptors: what stands before a delivery, plugged into the bus: kill switches, consents, rates and budgets.

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
"""What is done outside: it gets a token that is the same for every try, for the receiver to tell repetitions by."""


class Check(Protocol):
    """One message at an interceptor: what its deliveries have in common is looked up once."""

    def admit(self, delivery: Delivery) -> bool:
        """Let a delivery pass, once; False when it has ended, or is parked."""
        ...


class Interceptor:
    """Base of interceptors: every method does nothing, so each overrides what it is about."""

    active: bool = False
    """Messages are shown to it."""

    def refuse(self, message: Envelope[Payload]) -> Ending | None:  # noqa: ARG002 - for those that override it
        """Return how every delivery of a message ends, or None when it may go on."""
        return None

    def check(self, message: Envelope[Payload]) -> Check | None:  # noqa: ARG002 - as above
        """Return what admits the deliveries of a message, or None when nothing of it is checked."""
        return None

    def narrowed(self, headers: Headers) -> Headers:
        """Return headers without revoked parts; the same object when nothing was revoked."""
        return headers

    def revoke(self, consent: str) -> None:
        """A consent is revoked."""

    def opened(self, run: RunState) -> None:
        """A run begins."""

    def consented(self, run: RunState) -> None:
        """A run begins whose headers carry consents."""

    def expired(self, run: RunState) -> None:
        """A run is ended by the clock."""

    def closed(self, run: RunState) -> None:
        """A run is at rest."""

    def settled(self, delivery: Delivery, outcome: Outcome) -> None:
        """A delivery ends."""

    def failed(self, delivery: Delivery) -> None:
        """A handling of a delivery failed."""

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """A handler reports what it used; raises ``BudgetExceededError`` where a budget has less than that left."""

    def reserve(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """A handler has used that much and will report it later; raises as ``charge`` does, and takes nothing then."""

    def used(self, run: RunState) -> dict[str, list[int]]:  # noqa: ARG002 - for those that override it
        """Return what a run has used, by budget, as a log keeps it."""
        return {}

    def resumed(self, now: float) -> None:
        """The runtime goes on where an earlier process has ended: what that had left of a rate is not known."""

    def use(self, run: RunState, used: Mapping[str, list[int]]) -> None:
        """Count what a resumed run has used before."""


class Planned(Protocol):
    """Where messages of a class go; another object when agents come or go."""

    @property
    def subscriptions(self) -> Iterable[Subscription]:
        """The deliveries of a message that names nobody."""
        ...


class Recorder(Protocol):
    """What keeps the facts from which a runtime goes on after its process was killed."""

    @property
    def refusal(self) -> str | None:
        """Why no run is admitted; None while facts are kept."""
        ...

    def note(self, message: Envelope[Payload], kind: str, reason: Reason | None, delivery: Delivery | None) -> None:
        """Something happened to a message, or to a delivery of it."""
        ...

    def accepted(self, message: Envelope[Payload], route: Planned) -> None:
        """A message is on its way to the subscribers of its route."""
        ...

    def handled(self, delivery: Delivery, run: RunState, seconds: float) -> None:
        """A handler has handled a delivery, in that time."""
        ...

    def record_verdict(self, message: Envelope[Payload], recipient: str, decision: Decision) -> None:
        """Policies decided something that is more than a plain allow."""
        ...

    def handed_over(self, delivery: Delivery) -> None:
        """A fallback gets a message in the place of another agent."""
        ...

    def parked(self, parked: Parked) -> None:
        """Something waits for its time."""
        ...

    def taken(self, parked: Parked) -> None:
        """A delivery that waited continues or has ended."""
        ...

    def fact(self, record: LogRecord) -> None:
        """Keep a fact of a run whose meaning its teller knows; ``run`` is the run's number."""
        ...

    def letter(self, letter: DeadLetter, message: Envelope[Payload]) -> None:
        """A delivery has become a dead letter."""
        ...

    def stand(self, record: LogRecord) -> None:
        """Keep a fact beyond its run; it has a kind and an id."""
        ...

    def fall(self, kind: str, id_: str) -> None:
        """Keep no longer what outlived its run."""
        ...

    def letter_gone(self, letter_id: str) -> None:
        """A dead letter was redriven or dropped."""
        ...

    async def barrier(self) -> None:
        """Wait until everything so far is kept; raises ``JournalError`` when it cannot be."""
        ...


class Approvals(Protocol):
    """What parks deliveries and answers for a person."""

    def hold(self, delivery: Delivery, decision: Decision) -> None:
        """Park a delivery until a person decides, or settle it where it cannot be put to anybody."""
        ...

    def hold_answer(
        self, message: Envelope[Payload], asker: AgentCard, agent: str, decision: Decision, approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:  # fmt: skip
        """Park an answer on its way to its asker."""
        ...

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End what is held, because its run or scope ends."""
        ...

    def reopen(self, facts: Mapping[str, LogRecord]) -> None:
        """Take over what an earlier process held, by place, with the votes so far."""
        ...

    def held_parts(self, scope: Scope) -> Mapping[Part, str]:
        """Return the parts of a scope's gather that wait for a person, each with the id of the hold."""
        ...

    def intact(self, delivery: Delivery) -> bool:
        """Return True where the payload of an approved delivery is the one that was approved."""
        ...


class Consultations(Protocol):
    """What asks slow policies, and parks meanwhile what they judge."""

    def ask(self, delivery: Delivery) -> None:
        """Park a delivery whose turn has come until a policy has answered."""
        ...

    def ask_answer(
        self, message: Envelope[Payload], agent: str, decision: Decision, approved: frozenset[str],
        heard: Mapping[str, Verdict],
    ) -> None:  # fmt: skip
        """Park an answer on its way to its asker."""
        ...

    def ask_part(self, message: Envelope[Payload], sink: Sink, decision: Decision) -> None:
        """Park a message on its way to a sink."""
        ...

    def take(self, parked: Parked) -> None:
        """Stop asking of a delivery that will not be handled; its key goes to the next."""
        ...

    def withdraw(self, parked: Parked, outcome: Outcome, reason: Reason) -> None:
        """End what a policy judges, because its run or scope ends."""
        ...


class Keys(Protocol):
    """What keeps which run an idempotency key stands for."""

    def reopen(self, run: RunState, fact: LogRecord) -> None:
        """A run goes on that an earlier process began under a key."""
        ...

    def restore(self, record: LogRecord) -> None:
        """Keep a key whose run ended in an earlier process."""
        ...


class Effects(Protocol):
    """What keeps the fate of outside effects."""

    async def once(self, delivery: Delivery, key: str, effect: Effect, probe: Effect | None) -> object:
        """Let an effect happen once for an agent and a run."""
        ...

    def park(self, delivery: Delivery, *, known: bool = False) -> bool:
        """Park a delivery whose effect nobody knows the fate of; False where it has none.

        Args:
            delivery: Which one.
            known: Only where it is known already that nobody knows, so that no handler could find out.
        """
        ...

    def of(self, run: RunState, agent: str) -> tuple[LogRecord, ...]:
        """Return what is known of the effects of an agent in a run."""
        ...

    def reopen(self, run: RunState, facts: Iterable[LogRecord]) -> None:
        """Take over what an earlier process, or an earlier run, knows."""
        ...


class Sink(Protocol):
    """A recipient beside subscribers and askers, such as a declared join: it gets messages in place."""

    @property
    def id(self) -> str:
        """Its name in policies and reasons."""
        ...

    @property
    def card(self) -> AgentCard:
        """What messages are judged for."""
        ...

    @property
    def kinds(self) -> tuple[type[Payload], ...]:
        """The payload classes that it takes."""
        ...

    def accept(self, message: Envelope[Payload], sender: AgentCard, decision: Decision | None) -> None:
        """Take a message that was judged; ``decision`` is None for a plain allow."""
        ...

    def at_rest(self, scope: Scope) -> bool:
        """Nothing else of a scope is in flight; return True when the sink has published something because of it."""
        ...

    def may_bring(self, scope: Scope) -> frozenset[type[Payload]]:
        """Return the payload classes that may still follow from what it holds of a scope."""
        ...

    def give_up(self, scope: Scope, kinds: set[type[Payload]]) -> None:
        """Only ``kinds`` can still come in a scope: end what waits for others."""
        ...

    def waits(self, scope: Scope) -> bool:
        """Return True when a timer of its own will end what it holds of a scope."""
        ...

    def close(self, scope: Scope) -> None:
        """A scope is cut off: publish nothing of it any more."""
        ...
