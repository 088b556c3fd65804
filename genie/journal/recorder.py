"""Records every fact that a runtime needs to resume after its process was killed, in batches, beside the bus.

The bus calls the recorder in its own steps, which never wait. A task writes the facts since its last batch. The outputs
of a handler and the outcome of its delivery are recorded in one step, so a log contains both or neither.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anyio

from genie.bus.delayed import Delayed
from genie.bus.scans import Publication
from genie.contracts.outcome import Outcome
from genie.errors import JournalError, LogError, class_name
from genie.errors.logs import log
from genie.errors.tracebacks import place_of
from genie.inflight.pending import DELAYED, RETRY
from genie.journal.facts import (
    NotKeptError,
    json_text,
    kind_name,
    payload_text,
    seen_record,
    verdict_record,
)
from genie.journal.ledger import Ledger
from genie.journal.lines import (
    Handlers,
    RecordLines,
    Shared,
    Tail,
    ended_line,
    head_of,
    line_of,
    run_line,
    scope_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from genie.backend.asyncio_trio import Waiter
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.contracts.ports.journal import EventLog, LogRecord
    from genie.inflight.accounting import RunState, Scope
    from genie.inflight.delivery import Delivery
    from genie.inflight.interceptors import Planned
    from genie.inflight.pending import Parked
    from genie.policy.policy import Decision

MOST_WAITING = 50_000
"""Records that may wait for the log; beyond that no run is admitted."""
LONGEST_S = 30.0
"""Seconds that one batch may take; after that the log has failed."""
MOST_TAILS = 4_096
"""Number of payload classes whose record parts are cached."""
OUTCOMES = frozenset(outcome.value for outcome in Outcome)
HANDLED = Outcome.HANDLED.value


class Recorder(Ledger):
    """The writer of one runtime's log.

    Args:
        bus: The bus.
        log: Stores the facts.
        chatter: Payload classes whose messages are not logged.
    """

    def __init__(self, bus: Bus, log: EventLog, chatter: frozenset[type[Payload]] = frozenset()) -> None:
        super().__init__(bus)
        self._log = log
        self._chatter = chatter
        self._prefix, self._now, self._route = bus.prefix, bus.now, bus.route
        self._waiting: list[str] = []
        """Lines for the next batch, with their common parts and the runs that begin and end in them:"""
        self._shared = Shared()
        self._opened: list[int] = []
        self._closed: list[int] = []
        self._highest = 0
        """The highest number of a run or a message in any batch."""
        self._written = self._kept = 0
        """Number of lines of earlier batches, and of those that are in the log."""
        self._taking = True
        self._say: Callable[[str], object] = self._first
        """Takes a line: ``_first``, then the list itself, and ``_drop`` once nothing more is taken."""
        self.resuming = False
        """True while runs are restored from the log, which already has them."""
        self._began: dict[int, float] = {}
        """Open run -> its start, on the loop's clock."""
        self._tails: dict[type[Payload], Tail] = {}
        self._handlers = Handlers(bus.prefix)
        self._states: dict[tuple[int, str], str] = {}
        self._wake: Waiter = bus.make_waiter()
        self._barriers: list[tuple[int, Waiter]] = []
        self._resting = self._writing = False
        self._begun: set[str] = set()
        self._used: dict[int, dict[str, list[int]]] = {}
        self._edits: set[int] = set()
        self.failure: str | None = None
        """Why nothing more is stored: the class of the log's error."""

    # --- events from the bus ---

    def opened(self, run: RunState) -> None:
        """A run begins."""
        self._began[run.number] = run.started
        if not self.resuming:
            self._add_of_run(run.number, run_line(run, self._bus.clock.offset, self._shared))

    def closed(self, run: RunState) -> None:
        """A run is at rest."""
        self._began.pop(run.number, None)
        if self._used:
            self._used.pop(run.number, None)
        if run.state is not None:
            for agent in run.state:
                self._states.pop((run.number, agent), None)
        self._add_closed(run.number)

    def note(self, message: Envelope[Any], kind: str, reason: Reason | None, delivery: Delivery | None) -> None:
        """Something happened to a message, or to a delivery of it."""
        if self._chatter and type(message.payload) in self._chatter:
            return
        if kind != "accepted":
            if delivery is not None and kind in OUTCOMES:
                self._ended(message.scope.run, delivery, kind, "" if reason is None else reason.code)
            return
        self.accepted(message, self._route(type(message.payload)))

    def accepted(self, message: Envelope[Any], route: Planned) -> None:
        """A message is on its way."""
        scope, class_ = message.scope, type(message.payload)
        if self._chatter and class_ in self._chatter:
            return
        head = scope.recorded or self._scope(scope)
        tail = self._tails.get(class_)
        if tail is None or tail.route is not route:
            tail = self._tail(class_, route)
        if message.number > self._highest:  # noqa: PLR1730 - max() costs seven times as much
            self._highest = message.number
        edit = self._edits and message.number in self._edits
        if edit:  # it continues as the delivery whose payload it replaces
            self._edits.discard(message.number)
        us = int((self._now() - scope.run.started) * 1e6)
        try:
            self._say(tail.line(message, head, us, self._shared, edit=bool(edit)))
        except NotKeptError as error:
            self._not_durable(message, str(error))

    def handled(self, delivery: Delivery, run: RunState, seconds: float) -> None:
        """A handler has handled a delivery, in that time."""
        if self._chatter and type(delivery.message.payload) in self._chatter:
            return
        if run.state is not None or run.budgets or run.drawn or self._begun or delivery.extra is not None:
            self._ended(run, delivery, HANDLED, "", seconds)
            return
        by = self._handlers[delivery.subscription.subscriber.card.id]
        if by.batch != self._shared.batch:
            self._shared.add(by)
        us = int((self._now() - run.started) * 1e6)
        self._say(f"[2,{run.number},{delivery.message.number},{us},{int(seconds * 1e6)},{by.number}]")

    def _ended(self, run: RunState, delivery: Delivery, outcome: str, code: str, seconds: float | None = None) -> None:
        agent, extra = delivery.subscription.subscriber.card.id, delivery.extra
        if run.state is not None and outcome == HANDLED:
            self._state(delivery)
        if self._begun:
            self._begun.discard(delivery.id)
        if run.budgets:
            self._budgets(run)
        drawn = run.drawn  # stores how many handlings of its agent used randomness, so that the next draws differ
        more: LogRecord = {"drawn": {agent: drawn[agent]} if drawn and agent in drawn else {}, "us": self._us(run)}
        if seconds is not None:
            more["took"] = int(seconds * 1e6)
        if extra is not None:
            more |= seen_record(extra)
        self._say(ended_line(run.number, delivery.id, outcome, code, more))
        if extra is not None and extra.reopened:
            self._bus.correlator.close_reopened(extra.reopened)

    def _scope(self, scope: Scope) -> str:
        """Record a scope, and those above it: a scope whose messages are chatter is not in the log."""
        if scope.parent is not None and scope.parent.recorded is None:
            self._scope(scope.parent)
        head = scope.recorded = head_of(scope)
        if scope.parent is not None or scope.gather is not None:  # a run has a root scope, which needs no record
            self._say(scope_line(scope, self._shared))
        return head

    def _tail(self, kind: type[Payload], route: Planned) -> Tail:
        if len(self._tails) >= MOST_TAILS:
            self._tails.clear()
        agents = (one.subscriber.card.id for one in route.subscriptions)
        found = self._tails[kind] = Tail(kind, agents, route)
        return found

    def _us(self, run: RunState) -> int:
        """Return the time in microseconds since the start of a run: shorter than a date in every record."""
        return int((self._bus.now() - run.started) * 1e6)

    def record_verdict(self, message: Envelope[Any], recipient: str, decision: Decision) -> None:
        """Record a decision that is more than a plain allow: codes and paths, never matched text."""
        if self._chatter and type(message.payload) in self._chatter:
            return
        self._add(verdict_record(message, recipient, decision, self._us(message.scope.run)))

    def handed_over(self, delivery: Delivery) -> None:
        """A fallback gets a message in the place of another agent."""
        extra, message = delivery.extra, delivery.message
        if self._chatter and type(message.payload) in self._chatter:
            return
        self._add({
            "kind": "delivery", "run": message.scope.run.number, "delivery": delivery.id, "message": message.number,
            "agent": delivery.subscription.subscriber.card.id,
            "instead_of": None if extra is None else extra.instead_of, "tried": list(extra.tried) if extra else [],
        })  # fmt: skip

    def parked(self, parked: Parked) -> None:
        """Something waits for its time."""
        delivery, bus = parked.delivery, self._bus
        if parked.kind == RETRY and delivery is not None:
            attempt = 1 if delivery.extra is None else delivery.extra.attempt
            self._add(self._parked(parked) | {"delivery": delivery.id, "attempt": attempt})
        elif isinstance(parked.data, Delayed):
            later = parked.data
            self._later(parked, later.delivery.id, later.payload, later.headers, later.read, later.to)
        elif (
            isinstance(parked.data, Publication) and parked.data.sent[1].id in bus.subscribers and not parked.data.asked
        ):
            # A large output is published after its delivery's outcome. A question will be asked again, and so will a
            # join.
            payload, sender, _, cause, _, headers, read = parked.data.sent
            self._later(parked, f"{bus.prefix}-{cause:x}@{sender.id}", payload, headers, read, parked.data.to)

    def _parked(self, parked: Parked) -> LogRecord:
        clock = self._bus.clock
        due = clock.now() if parked.due is None else parked.due
        run = parked.scope.run
        return {
            "kind": parked.kind, "run": run.number, "id": parked.id, "due": clock.offset + due, "us": self._us(run),
        }  # fmt: skip

    def _later(
        self, parked: Parked, delivery: str, payload: Payload, headers: Headers, read: Classification, to: str | None
    ) -> None:
        """Record what will be published later."""
        try:
            text = payload_text(payload)
        except NotKeptError as error:
            log("genie.journal", "WARNING", f"a delayed payload is not durable: {error}", run_id=parked.scope.run.id)
            self._bus.observers.note_incident("not_durable", "payload", delivery.partition("@")[2], None)
            return
        self._add(self._parked(parked) | {
            "delivery": delivery, "scope": parked.scope.number, "topic": kind_name(type(payload)), "payload": text,
            "headers": headers.record(), "label": read.label, "to": to,
        })  # fmt: skip

    def taken(self, parked: Parked) -> None:
        """A delivery that waited continues or has ended."""
        if parked.kind in {RETRY, DELAYED}:
            self._add({"kind": "taken", "run": parked.scope.run.number, "id": parked.id})

    def fact(self, record: LogRecord) -> None:
        """Record a fact whose meaning only its sender knows."""
        if record["kind"] == "edited":
            self._edits.add(record["message"])
        began = self._began.get(record["run"])
        self._add(record if began is None else {**record, "us": int((self._bus.now() - began) * 1e6)})

    def charge(self, delivery: Delivery, cost: Decimal, tokens: int) -> None:  # noqa: ARG002 - the controller knows them
        """A handler reports what it used."""
        if delivery.message.scope.run.budgets:
            self._budgets(delivery.message.scope.run)

    def _budgets(self, run: RunState) -> None:
        used: dict[str, list[int]] = {}
        for interceptor in self._bus.interceptors:
            used |= interceptor.used(run)
        if self._used.get(run.number, {}) != used:
            self._used[run.number] = used
            self._add({"kind": "used", "run": run.number, "budgets": used})

    # --- deliveries being handled ---

    def begin(self, run: int, delivery: str) -> None:
        """Record that a delivery is, or soon will be, handled: if the process dies now, it may be the cause."""
        if delivery not in self._begun:
            self._begun.add(delivery)
            self._add({"kind": "begun", "run": run, "delivery": delivery})

    def _at_work(self) -> None:
        """Record which handlers run; one that waits for answers cannot kill the process."""
        for subscriber in self._bus.subscribers.values():
            for worker in subscriber.running:
                delivery = worker.delivery
                if delivery is not None and not worker.waits and worker.ended is None:
                    self.begin(delivery.message.scope.run.number, delivery.id)

    def _state(self, delivery: Delivery) -> None:
        """Store an agent's scratch of the run with the outcome of the delivery that may have changed it."""
        run, agent = delivery.message.scope.run, delivery.subscription.subscriber.card.id
        if run.state is None or agent not in run.state or run.taints is None:
            return
        text = json_text(run.state[agent])
        if text is None:
            self._not_durable(delivery.message, f"the state of {agent} is not made of JSON values")
        elif self._states.get((run.number, agent)) != text:
            self._states[run.number, agent] = text
            taint = run.taints[agent]
            self._add({
                "kind": "state", "run": run.number, "agent": agent, "values": text, "label": taint.label.label,
                "headers": taint.headers.record(),
            })  # fmt: skip

    def _not_durable(self, message: Envelope[Any], why: str) -> None:
        """A fact cannot be stored, so a crash would lose it: log that, and continue the run."""
        text = f"message {message.id} is not durable: {why}"
        log("genie.journal", "WARNING", text, run_id=message.correlation_id)
        self._bus.observers.note_incident("not_durable", "payload", message.sender, message)

    def _failed(self, error: BaseException) -> None:
        """The log failed: running runs may end, and no run is admitted."""
        log("genie.journal", "ERROR", f"the log failed: {place_of(error)}; no run is admitted")
        self._bus.observers.note_incident("journal_failed", self.failure or class_name(error), "", None)

    def start(self, records: Sequence[LogRecord]) -> None:
        """Record facts of the runtime itself."""
        for record in records:
            self._add(record)

    def known(self, scope: Scope) -> None:
        """A scope was read from the log, so it is not written again."""
        scope.recorded = head_of(scope)
        self._began[scope.run.number] = scope.run.started

    def stop(self) -> None:
        """Accept no further facts; those accepted are still written."""
        self._add({"kind": "left", "run": 0})
        self._taking, self._say = False, _drop

    def _add(self, record: LogRecord) -> None:
        self._say(line_of(record))

    def _add_of_run(self, number: int, line: str) -> None:
        if self._taking:
            self._opened.append(number)
            self._highest = max(self._highest, number)
            self._say(line)

    def _add_closed(self, number: int) -> None:
        if self._taking:
            self._closed.append(number)
            self._say(f"[0,{number}]")

    def _first(self, line: str) -> None:
        """Take the first line of a batch: the writer parks only if nothing waits."""
        self._wake.wake()
        self._waiting.append(line)
        self._say = self._waiting.append

    @property
    def added(self) -> int:
        """Number of lines recorded so far, including those that are not written yet."""
        return self._written + len(self._waiting)

    def has(self, added: int) -> bool:
        """Return whether the log has the first so many lines, or has failed and gets no more."""
        return self._kept >= added or self.failure is not None

    # --- writing ---

    async def write(self) -> None:
        """Write batches until the log fails, or no more facts are accepted."""
        while self.failure is None and not self._resting:
            if not self._waiting:
                await self._wake.park()
                continue
            await self.flush()

    async def flush(self) -> None:
        """Write the waiting facts."""
        self._at_work()
        self.retell_in_time()
        batch = RecordLines(self._waiting, self._opened, self._closed, self._highest, self._shared.lines)
        told = self._written = self.added
        self._waiting, self._opened, self._closed, self._shared = [], [], [], Shared()
        self._writing, self._say = True, self._first if self._taking else _drop
        try:
            # The runtime may close meanwhile; the batch is written completely.
            with anyio.fail_after(LONGEST_S, shield=True):
                await self._log.append(batch)
        except BaseException as error:  # any error: nothing is stored from here on, and ``failure`` states why
            self.failure = error.state if isinstance(error, LogError) else class_name(error)
            self._taking, self._say = False, _drop
            self._waiting.clear()
            self._failed(error)
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
        else:
            self._kept = told
        finally:
            self._writing = False
            self._release()

    async def rest(self) -> None:
        """Begin no further batch, and wait for the current one: a cancelled writer may lose it."""
        self._resting = True
        while self._writing:
            waiter = self._bus.make_waiter()
            self._barriers.append((0, waiter))
            await waiter.park()

    def _release(self) -> None:
        waiting, self._barriers = self._barriers, []
        for told, waiter in waiting:
            if self.failure is not None or told <= self._kept:
                waiter.wake()
            else:
                self._barriers.append((told, waiter))

    async def barrier(self, until: float = math.inf) -> bool:
        """Wait until all facts so far are stored; called before an answer leaves the process.

        Args:
            until: End of the wait, on the loop's clock; at that time the result is False.

        Raises:
            JournalError: The log has failed, so nothing may leave the process.
        """
        told = self.added
        with anyio.CancelScope(deadline=until):
            while self._kept < told and self.failure is None:
                waiter = self._bus.make_waiter()
                self._barriers.append((told, waiter))
                await waiter.park()
        if self.failure is not None:
            raise JournalError(problem=self.failure)
        return self._kept >= told

    @property
    def refusal(self) -> str | None:
        """Why no run is admitted; None while the log keeps up."""
        if self.failure is not None:
            return f"the log failed ({self.failure})"
        if len(self._waiting) > MOST_WAITING:
            return f"more than {MOST_WAITING} records wait for the log"
        return None


def _drop(_line: str) -> None:
    """Take nothing in any more."""
