"""Scopes and runs: the request tree that a message belongs to, with its counters and the index of what is in flight.

Counters are written by ``genie.inflight.accounting`` alone. First values are on the classes: a scope is made for every
question, and setting twenty zeros would cost more than the counting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genie.contracts.outcome import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.backend.ids import IdSource
    from genie.backend.timers import Timer
    from genie.contracts.card import AgentCard, Caller
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Payload
    from genie.contracts.outcome import Failure, Outcome, Reason
    from genie.inflight.delivery import Delivery
    from genie.inflight.events import Watcher
    from genie.inflight.gather import Gather
    from genie.inflight.handlers import Worker
    from genie.inflight.pending import Parked
    from genie.policy.evaluator import Evaluator


class Scope:
    """One open question: the run's own, or a gather inside a handler. A message carries the innermost one.

    Args:
        run: The run that it belongs to.
        number: Its id within the runtime.
        parent: The scope around it; None for the run's own.
        owner: The delivery whose handler opened it; None for the run's own.
    """

    accepted = in_flight = handled = denied = expired = cancelled = dead_lettered = redacted = unrouted = late = 0
    gather: Gather | None = None
    """What the asker waits for."""
    held = 0
    """What waits for a person in this scope and those below it."""
    own_held = 0
    """What waits for a person in this scope itself."""
    delayed = 0
    """Payloads that will be published later."""
    children: dict[Scope, None] | None = None
    sinks: dict[str, Any] | None = None
    """State of other sinks in this scope, by the sink's id; a declared join keeps its parts here."""
    failures: list[Failure] | None = None
    waiter: Worker | None = None
    """The worker whose handler waits for this scope."""
    done = False
    """Nothing of it is in flight, and its asker has its result."""
    recorded: str | None = None
    """How the records of its messages begin in a log; None while the log does not have it."""

    def __init__(self, run: RunState, number: int, parent: Scope | None, owner: Delivery | None) -> None:
        self.run = run
        self.number = number
        self.parent = parent
        self.owner = owner
        self.accepted = self.in_flight = self.handled = 0  # read for every delivery, so set on each scope
        self.gather = None
        self.may_deadlock = False
        """Some of its deliveries lay with handlers that wait, so the end of others may leave a wait that cannot end."""
        self.deliveries: set[Delivery] = set()
        """Deliveries in flight: running, queued, retrying, waiting for a rate, or held."""
        self.parked: dict[int, Parked] | None = None
        """What is parked without a delivery, by id: delayed payloads and held answers."""

    @property
    def ids(self) -> IdSource:
        """Names the numbers of the runtime."""
        return self.run.ids

    @property
    def id(self) -> str:
        """The scope's own id; the run's for its outermost scope."""
        return self.run.ids.name(self.number)

    @property
    def correlation_id(self) -> str:
        """Id of the run."""
        return self.run.id

    @property
    def deadline(self) -> float:
        """Latest end of the run, on the loop's clock."""
        return self.run.deadline

    def tree(self) -> Iterator[Scope]:
        """Yield this scope and every open scope below it."""
        yield self
        for child in tuple(self.children or ()):
            yield from child.tree()

    def counts(self) -> Counts:
        """Return this scope's own account."""
        return Counts(
            self.accepted, self.handled, self.denied, self.expired, self.cancelled, self.dead_lettered,
            self.in_flight, self.redacted, self.unrouted, self.late,
        )  # fmt: skip

    def record(self) -> dict[str, object]:
        """Return the scope as plain values."""
        return {
            "id": self.id, "run_id": self.run.id, "parent": None if self.parent is None else self.parent.id,
            "owner": None if self.owner is None else self.owner.id, "counts": self.counts()._asdict(),
            "done": self.done,
        }  # fmt: skip


class RunState:
    """One request tree: everything that one question causes."""

    ended: tuple[Outcome, Reason] | None = None
    """Outcome and reason of whatever was cut off, once the run is not alive."""
    closed = False
    """Nothing of it is in flight."""
    delayed = 0
    """Payloads that it will publish later."""
    held = 0
    held_since = 0.0
    expiry: Timer | None = None
    """Timer of its deadline."""
    lapse: Timer | None = None
    """Timer of the end of its first consent that ends."""
    expires_as: Reason | None = None
    """Reason of its end by the clock, where that is not its deadline but a budget of wall time."""
    budgets: dict[object, Any] | None = None
    """What it has used, by budget; kept by the admission controller."""
    watchers: tuple[Watcher, ...] = ()
    agents: dict[str, AgentRun] | None = None
    state: dict[str, dict[str, Any]] | None = None
    """Scratch of each agent for this run; its values are the agent's own."""
    taints: dict[str, Taint] | None = None
    seed: int | None = None
    """What the randomness of its handlers is seeded with in place of its number; set by a simulation."""
    drawn: dict[str, int] | None = None
    """Handlings that have drawn randomness, by agent."""
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
        self.alive = True
        self.published = 0
        self.observed = False
        """Somebody watches, or something is held: deliveries take the slower path that emits events."""
        self.root = Scope(self, number, None, None)

    @property
    def id(self) -> str:
        """The correlation id."""
        return self.ids.name(self.number)

    def counts(self) -> Counts:
        """Return the account of the whole run."""
        return sum((scope.counts() for scope in self.root.tree()), self.folded)


class Taint:
    """What went into an agent's scratch of one run: the highest label and the narrowest headers of its handlings."""

    __slots__ = ("headers", "label")

    def __init__(self, label: Classification, headers: Headers) -> None:
        self.label = label
        self.headers = headers


class Asker:
    """An outside caller: the card that answers are judged for, and the headers of its runs."""

    __slots__ = ("__weakref__", "caller", "card", "evaluators", "headers")

    def __init__(self, card: AgentCard, headers: Headers, caller: Caller | None = None) -> None:
        self.card = card
        self.headers = headers
        self.caller = caller
        """The identity that asks, for a log; None where nothing is kept."""
        self.evaluators: dict[type[Payload], Evaluator] = {}
        """Compiled policies for answers to it, by payload class."""


class AgentRun:
    """What one agent did for one watched run."""

    __slots__ = ("failed", "handled", "times")

    MOST_TIMES = 1024

    def __init__(self) -> None:
        self.handled = 0
        self.failed = 0
        self.times: list[float] = []
