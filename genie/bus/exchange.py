"""What the machines of floor four ask of one another.

The correlator, the supervisor, holds and runs know the bus by this protocol alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from genie.backend.asyncio_trio import Crew, Parker
    from genie.backend.clock import Clock
    from genie.backend.timers import Alarm
    from genie.bus.accounting import Delivery, Failure, Outcome, RunState, Scope
    from genie.bus.expectation import Expectation
    from genie.bus.mailbox import Lane, Subscriber, Ticket
    from genie.bus.registry import Registry
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.gather import Expected, Need
    from genie.contracts.headers import Headers
    from genie.contracts.limits import RunLimits
    from genie.contracts.message import Message, Payload
    from genie.errors import GenieError
    from genie.joins.agent import JoinPoint
    from genie.policy.policy import Decision


class Route(Protocol):
    """Where one payload class goes."""

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """One for each subscriber."""
        ...


class FanIn(Protocol):
    """The correlator."""

    def open(self, delivery: Delivery) -> Scope:
        """Open a scope for what a handler asks."""
        ...

    def expect(
        self, scope: Scope, expect: tuple[Expected, ...], need: Need, wake: Callable[[], None], kind: type[Payload]
    ) -> Expectation:
        """Set what a scope waits for."""
        ...

    def close(self, scope: Scope) -> None:
        """The asker has what it gets."""
        ...

    def at_rest(self, scope: Scope) -> None:
        """Nothing of a scope is in flight."""
        ...


class Rescue(Protocol):
    """The supervisor."""

    def failed(self, delivery: Delivery, reason: str, *, final: bool, again_s: float = 0.0) -> None:
        """A handler failed: try again, hand over, or bury."""
        ...

    def take_retries(self, belongs: Callable[[Delivery], bool]) -> list[Delivery]:
        """Remove and return deliveries that wait for another attempt."""
        ...


class WaitGraph(Protocol):
    """Who waits for whom."""

    def begin(self, worker: Any, what: Scope | Ticket) -> None:
        """A handler begins to wait."""
        ...

    def end(self, worker: Any, what: Scope | Ticket) -> None:
        """A handler does not wait any more."""
        ...

    def look_later(self) -> None:
        """Mail came to lie with handlers that wait."""
        ...


class Trees(Protocol):
    """The runs."""

    def over(self, run: RunState) -> None:
        """Nothing of a run is in flight any more."""
        ...

    def current(self, message: Message[Any]) -> Message[Any]:
        """Return a message without the consents that are not in force any more."""
        ...

    def granted(self, headers: Headers) -> Headers:
        """Return headers without the consents that are not in force any more."""
        ...

    def expire(self, run: RunState) -> None:
        """The deadline of a run has come."""
        ...

    def end(self, run: RunState, outcome: Outcome, reason: str) -> None:
        """Cut a run off."""
        ...

    def notice(self, run: RunState) -> None:
        """Let whoever waits for a run look at it."""
        ...

    def cut_scope(self, scope: Scope, reason: str) -> None:
        """Cancel everything of a scope and of those below it."""
        ...


class Handling(Protocol):
    """The worker, as the context of its handler sees it."""

    ended: tuple[Outcome, str] | None
    """Why the handling was cut off."""


class Gatekeeper(Protocol):
    """The turnstile: rates and budgets."""

    def opened(self, run: RunState) -> None:
        """A run begins; a budget of wall time bounds its deadline."""
        ...

    def expired(self, run: RunState) -> None:
        """A run was ended by the clock."""
        ...

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:
        """A handler has used something."""
        ...


class Exchange(Protocol):
    """The bus, as the other machines see it. Everything runs on the loop's thread; nothing here waits."""

    clock: Clock
    now: Callable[[], float]
    seed: int
    closing: bool
    late: int
    alarm: Alarm
    epoch: int
    limits: RunLimits
    registry: Registry
    subscribers: dict[str, Subscriber]
    joins: list[JoinPoint]
    runs: dict[int, RunState]
    retrying: dict[Delivery, Any]
    timers: dict[int, tuple[Any, Scope, type[Payload]]]
    make_parker: Callable[[], Parker]
    crew: Crew
    next_number: Callable[[], int]

    @property
    def turnstile(self) -> Gatekeeper | None:
        """Rates and budgets; None where there are none."""
        ...

    @property
    def waits(self) -> WaitGraph:
        """Who waits for whom."""
        ...

    @property
    def correlator(self) -> FanIn:
        """Scopes and what they expect."""
        ...

    @property
    def supervisor(self) -> Rescue:
        """What happens after a failure."""
        ...

    @property
    def trees(self) -> Trees:
        """The runs in flight."""
        ...

    def emit(  # noqa: PLR0913, PLR0917 - as the bus has it: the hot path
        self,
        payload: Payload,
        sender: AgentCard,
        scope: Scope,
        cause: int,
        hops: int,
        headers: Headers,
        read: Classification,
        ticket: Ticket | None = None,
        to: str | None = None,
        answers_as: str | None = None,
        *,
        asked: bool = False,
        reject: bool = False,
    ) -> Ticket | None:
        """Send one payload on its way."""
        ...

    def route(self, kind: type[Payload]) -> Route:
        """Return where a payload class goes."""
        ...

    def settle(self, delivery: Delivery, outcome: Outcome, reason: str = "") -> None:
        """End a delivery."""
        ...

    def decided(self, delivery: Delivery, decision: Decision) -> bool:
        """Carry out a decision; True when the delivery goes on."""
        ...

    def judge_again(self, delivery: Delivery) -> bool:
        """Judge a delivery in the present epoch; True when it goes on."""
        ...

    def enqueue(self, delivery: Delivery) -> None:
        """Put a judged delivery into its mailbox where no publisher waits for room."""
        ...

    def answer(
        self,
        message: Message[Any],
        sender: AgentCard,
        scope: Scope,
        expectation: Expectation,
        agent: str,
        refusal: tuple[Outcome, str] | None,
        approved: frozenset[str] = frozenset(),
    ) -> None:
        """Judge an answer for its asker, and give it to the scope."""
        ...

    def no_answer(
        self, message: Message[Any], scope: Scope, expectation: Expectation, agent: str, outcome: Outcome, reason: str
    ) -> None:
        """An answer ended on its way."""
        ...

    def remember(self, scope: Scope, message: Message[Any], agent: str, outcome: Outcome, reason: str, *,
                 instead_of: str | None = None, topic: str | None = None) -> Failure:  # fmt: skip
        """Keep the failure of a scope by name, and return it."""
        ...

    def card_of(self, message: Message[Any]) -> AgentCard:
        """Return the card of a message's sender."""
        ...

    def deliveries(self) -> Iterable[Delivery]:
        """Yield every delivery in flight."""
        ...

    def tell(
        self,
        message: Message[Any],
        kind: str,
        recipient: str | None,
        reason: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write the journal and tell whoever watches the run."""
        ...

    def within_budget(self, agent: str, delivery: Delivery | None, published: int) -> None:
        """Raise ``BudgetExceededError`` when a handling has published its share, or its run all its messages."""
        ...

    def take_out(self, delivery: Delivery) -> bool:
        """Look again at a delivery about to be handled; False when it has ended."""
        ...

    def output_later(
        self, delay_s: float, payload: Payload, delivery: Delivery, headers: Headers, read: Classification,
        to: str | None,
    ) -> None:  # fmt: skip
        """Publish what a handler gave after a while."""
        ...

    async def room(self, ticket: Ticket, worker: Any = None) -> None:
        """Wait until full mailboxes have taken what the ticket stands for."""
        ...

    def judged(self, message: Message[Any], recipient: str, decision: Decision) -> None:
        """Record a decision with its evidence."""
        ...

    def governed(
        self,
        kind: str,
        subject: str,
        *,
        by: str = "operator",
        reason: str = "",
        message: Message[Any] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write an act of governance to the audit."""
        ...

    def words(self, error: BaseException, message: Message[Any], label: Classification) -> str:
        """Return how a failure is named to whoever asked."""
        ...

    def may_hear(self, text: str, message: Message[Any], label: Classification) -> bool:
        """Return True where an agent's words may reach whoever watches the run."""
        ...

    def took(self, delivery: Delivery, elapsed: float) -> None:
        """Note how long a handler took."""
        ...

    def refused(self, delivery: Delivery, error: GenieError) -> None:
        """A handler tried what its card does not allow."""
        ...

    def blocked(self, subscriber: Subscriber, seconds: float) -> None:
        """A handler kept the loop to itself."""
        ...

    def log_failure(self, agent: str, error: BaseException, run_id: str | None = None) -> None:
        """Log that a handler failed."""
        ...
