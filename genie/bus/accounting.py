"""The account: what was accepted, how each delivery ended, and what is still in flight, per run and per scope.

At any moment ``accepted = handled + denied + expired + cancelled + dead_lettered + in flight``. The counters here are
plain integers that the bus raises at the two ends of a delivery; everything else is worked out when somebody asks.
"""

from __future__ import annotations

import enum
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.backend.ids import IdSource
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Message, Payload


class Outcome(enum.StrEnum):
    """How a delivery ended; each ends in exactly one of these."""

    HANDLED = "handled"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD_LETTERED = "dead_lettered"


class Failure(NamedTuple):
    """A delivery that was not handled."""

    agent: str
    topic: str
    outcome: Outcome
    reason: str
    message: int
    """Number of the message that was to be delivered."""
    instead_of: str
    """The agent for whom this one stood in as a fallback; its own id otherwise."""

    def __str__(self) -> str:
        return f"{self.outcome}({self.reason})" if self.reason else str(self.outcome)


class Counts(NamedTuple):
    """Deliveries by how they ended, with those still in flight."""

    accepted: int = 0
    handled: int = 0
    denied: int = 0
    expired: int = 0
    cancelled: int = 0
    dead_lettered: int = 0
    in_flight: int = 0
    redacted: int = 0
    """Deliveries (and answers) whose recipient got a masked copy."""
    unrouted: int = 0
    """Payloads that nobody subscribes to and nobody asked for."""
    late: int = 0
    """Answers that came after their scope was closed, or twice."""

    @property
    def balanced(self) -> bool:
        """The law: every accepted delivery is in exactly one outcome or in flight."""
        ended = self.handled + self.denied + self.expired + self.cancelled + self.dead_lettered
        return self.accepted == ended + self.in_flight

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]  # adds counts, where tuples would be joined
        return Counts(*map(operator.add, self, other))


HISTOGRAM_BUCKETS = 64
"""Handler times are counted by the bit length of their microseconds: bucket n holds times below 2**n us."""


class Ends:
    """How deliveries of one payload class to one agent ended; what an agent did in all is their sum."""

    __slots__ = ("cancelled", "dead_lettered", "denied", "expired", "handled")

    def __init__(self) -> None:
        self.handled = self.denied = self.expired = self.cancelled = self.dead_lettered = 0


class Tally:
    """The other counters of one agent; plain integers, read when somebody asks."""

    __slots__ = ("accepted", "charged", "failed", "held", "redacted", "refused", "retried", "times", "tokens")

    def __init__(self) -> None:
        self.accepted = self.failed = self.retried = self.redacted = self.held = self.refused = self.tokens = 0
        self.charged = Decimal(0)
        self.times = [0] * HISTOGRAM_BUCKETS


class Scope:
    """One open question: the run's own, or a gather inside a handler. Messages carry the innermost one.

    Its fields have their first values on the class: a scope is made for every question, and setting twenty zeros
    would cost more than the counting.
    """

    accepted = in_flight = handled = denied = expired = cancelled = dead_lettered = 0
    redacted = unrouted = late = 0
    held = 0
    """Deliveries and answers of this scope and those below it that wait for a person."""
    timed = 0
    """Payloads that will be published later."""
    expectation: Any = None
    """What the asker waits for; the correlator's."""
    children: list[Scope] | None = None
    joins: dict[str, Any] | None = None
    failures: list[Failure] | None = None
    entangled = False
    """Some of it lies with handlers that wait, so that the end of the rest may leave a wait that cannot end."""
    done = False
    """Nothing of it is in flight any more, and its asker has what it gets."""

    def __init__(self, run: RunState, number: int, parent: Scope | None, owner: Any) -> None:
        self.run = run
        self.ids = run.ids
        self.number = number
        self.parent = parent
        self.owner = owner
        """The delivery whose handler opened it; None for the run's own scope."""

    @property
    def id(self) -> str:
        """The scope's own id; the run's for its outermost scope."""
        return self.ids.name(self.number)

    @property
    def correlation_id(self) -> str:
        """Id of the run."""
        return self.run.id

    @property
    def deadline(self) -> float:
        """When the run ends at the latest."""
        return self.run.deadline

    def within(self, other: Scope) -> bool:
        """Return True for ``other`` itself and every scope opened below it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is other:
                return True
            scope = scope.parent
        return False

    def tree(self) -> Iterator[Scope]:
        """Yield this scope and every one below it that is still remembered."""
        yield self
        for child in self.children or ():
            yield from child.tree()

    def counts(self) -> Counts:
        """Return this scope's own account."""
        return Counts(
            self.accepted, self.handled, self.denied, self.expired, self.cancelled, self.dead_lettered,
            self.in_flight, self.redacted, self.unrouted, self.late,
        )  # fmt: skip


class RunState:
    """One request tree: everything that one question causes. First values are on the class, as for ``Scope``."""

    alive = True
    ended: tuple[Outcome, str] | None = None
    """Outcome and reason of whatever was cut off, once the run is not alive."""
    closed = False
    """Nothing of it is in flight any more."""
    published = 0
    held = 0
    held_since = 0.0
    noisy = False
    """Somebody watches, or something is held: deliveries take the slower path that tells of it."""
    expiry: Any = None
    """The alarm's entry for the deadline."""
    lapse: Any = None
    """The alarm's entry for the end of its first consent to end."""
    expires_as = "deadline"
    """What its end by the clock is called: a budget of wall time may be what sets the deadline."""
    budgets: dict[object, Any] | None = None
    """What it has used, by budget of runs; the turnstile's."""
    parker: Any = None
    """Where the asker waits."""
    watchers: tuple[Any, ...] = ()
    agents: dict[str, AgentRun] | None = None
    state: dict[str, dict[str, Any]] | None = None
    stains: dict[str, Stain] | None = None
    seed: object = None
    """Replaces the run's number in the seed of its handlers' randomness; the simulation sets the arrival's number."""
    drawn: dict[str, int] | None = None
    """Agent -> handlings that drew randomness."""
    folded = Counts()
    """Accounts of scopes that have ended."""
    missing: list[Failure] | None = None

    def __init__(
        self, number: int, ids: IdSource, asker: Asker, headers: Headers, deadline: float, started: float
    ) -> None:
        self.number = number
        self.ids = ids
        self.asker = asker
        self.headers = headers
        self.deadline = deadline
        self.started = started
        self.root = Scope(self, number, None, None)

    @property
    def id(self) -> str:
        """The correlation id."""
        return self.ids.name(self.number)

    def counts(self) -> Counts:
        """Return the account of the whole run."""
        return sum((scope.counts() for scope in self.root.tree()), self.folded)


class Stain:
    """What went into an agent's scratch of one run: the highest label and the narrowest headers of its handlings."""

    __slots__ = ("headers", "label")

    def __init__(self, label: Classification, headers: Headers) -> None:
        self.label = label
        self.headers = headers


class Asker:
    """An outside caller: the card that answers are judged for, and the headers of its runs."""

    __slots__ = ("__weakref__", "card", "gates", "headers")

    def __init__(self, card: AgentCard, headers: Headers) -> None:
        self.card = card
        self.headers = headers
        self.gates: dict[type[Payload], Any] = {}
        """Compiled judges of answers to it, by payload class."""


class AgentRun:
    """What one agent did for one watched run."""

    __slots__ = ("failed", "handled", "times")

    MOST_TIMES = 1024

    def __init__(self) -> None:
        self.handled = 0
        self.failed = 0
        self.times: list[float] = []


class Delivery:
    """One message meeting one subscriber."""

    __slots__ = ("epoch", "extra", "lane", "message")

    def __init__(self, message: Message[Any], lane: Any, epoch: int, extra: Extra | None = None) -> None:
        self.message = message
        self.lane = lane
        self.epoch = epoch
        self.extra = extra


class Extra:
    """What only an unusual delivery carries: a masked one, a retried one, a fallback's, a held one."""

    __slots__ = ("approved", "attempt", "instead_of", "notices", "original", "tried")

    def __init__(self) -> None:
        self.original: Message[Any] | None = None
        """The unmasked message, when the recipient got a masked copy."""
        self.attempt = 1
        self.instead_of: str | None = None
        self.tried: tuple[str, ...] = ()
        """Agents that this delivery's message was given to before, in order."""
        self.approved: frozenset[str] = frozenset()
        self.notices: tuple[str, ...] = ()
        """What an egress must write beside the payload."""
