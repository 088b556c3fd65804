"""Records every fact that a runtime needs to go on after its process was killed, in batches, beside the bus.

The bus tells the recorder in its own steps, which never wait. A task writes what was told since its last batch. The
outputs of a handler and the outcome of its delivery are told in one step, so a log holds both of them or neither.
"""

from __future__ import annotations

import json
import logging
import math
from typing import TYPE_CHECKING, Any

import anyio

from genie.bus.delayed import Delayed
from genie.bus.scans import Publication
from genie.contracts.outcome import Outcome
from genie.errors import JournalError, LogError, class_name
from genie.errors.tracebacks import place_of
from genie.inflight.interceptors import Interceptor
from genie.inflight.pending import DELAYED, RETRY
from genie.journal.facts import (
    NotKeptError,
    caller_record,
    kind_name,
    letter_record,
    message_record,
    payload_text,
    scope_record,
)
from genie.policy.verdicts import coded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from genie.backend.asyncio_trio import Waiter
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.contracts.ports.journal import EventLog, LogRecord
    from genie.inflight.dead_letters import DeadLetter
    from genie.inflight.delivery import Delivery, Extra
    from genie.inflight.pending import Parked
    from genie.inflight.scope import RunState, Scope
    from genie.journal.history import History
    from genie.policy.policy import Decision

_LOGGER = logging.getLogger("genie.journal")
MOST_WAITING = 50_000
"""Records that may wait for the log; with more of them no run is admitted."""
LONGEST_S = 30.0
"""Seconds that one batch may take; then the log has failed."""
RETOLD_AFTER = 10_000
"""Records after which what outlives its run is told again, so that a log need not be read from far back."""
OUTCOMES = frozenset(outcome.value for outcome in Outcome)


class Recorder(Interceptor):
    """The writer of one runtime's log.

    Args:
        bus: The bus.
        log: Where facts are kept.
        chatter: Payload classes whose messages are not kept.
    """

    def __init__(self, bus: Bus, log: EventLog, chatter: frozenset[type[Payload]] = frozenset()) -> None:
        self._bus = bus
        self._log = log
        self._chatter = chatter
        self._waiting: list[LogRecord] = []
        self._told = 0
        self._kept = 0
        self._scopes: dict[int, set[int]] = {}
        self._began: dict[int, float] = {}
        """Open run -> when it began, on the loop's clock."""
        self._states: dict[tuple[int, str], str] = {}
        self._wake: Waiter = bus.make_waiter()
        self._barriers: list[tuple[int, Waiter]] = []
        self._stopped = self._writing = False
        self._begun: set[str] = set()
        self._used: dict[int, dict[str, list[int]]] = {}
        self._edits: set[int] = set()
        self._standing: dict[tuple[str, str], LogRecord] = {}
        """What outlives its run, by kind and id."""
        self._ledger: int | None = None
        """Number under which that stands in the log."""
        self._retold = 0
        self.worked_s: float | None = None
        self.failure: str | None = None
        """Why nothing is kept any more: the class of the log's error."""

    # --- what the bus tells ---

    def opened(self, run: RunState) -> None:
        """A run begins."""
        clock = self._bus.clock
        self._scopes[run.number] = set()
        self._began[run.number] = run.started
        caller = run.asker.caller
        self._tell({
            "kind": "run", "run": run.number, "caller": None if caller is None else caller_record(caller),
            "started": clock.offset + run.started,
            "deadline": clock.offset + run.deadline if math.isfinite(run.deadline) else None,
        })  # fmt: skip

    def closed(self, run: RunState) -> None:
        """A run is at rest."""
        self._scopes.pop(run.number, None)
        self._began.pop(run.number, None)
        self._used.pop(run.number, None)
        if run.state is not None:
            for agent in run.state:
                self._states.pop((run.number, agent), None)
        self._tell({"kind": "closed", "run": run.number})

    def note(self, message: Envelope[Any], kind: str, reason: Reason | None, delivery: Delivery | None) -> None:
        """Something happened to a message, or to a delivery of it."""
        if self._chatter and type(message.payload) in self._chatter:
            return
        if kind == "accepted":
            self._accepted(message)
        elif delivery is not None and kind in OUTCOMES:
            if kind == Outcome.HANDLED:
                self._state(delivery)
            self._begun.discard(delivery.id)
            if message.scope.run.budgets:
                self._budgets(message.scope.run)
            run = message.scope.run
            record = {
                "kind": "ended", "run": run.number, "delivery": delivery.id, "outcome": kind,
                "code": "" if reason is None else reason.code, "drawn": _drawn(run, delivery), "us": self._us(run),
            }  # fmt: skip
            if self.worked_s is not None:
                record["took"], self.worked_s = int(self.worked_s * 1e6), None
            self._tell(record if delivery.extra is None else record | _seen(delivery.extra))

    def _accepted(self, message: Envelope[Any]) -> None:
        scope: Scope = message.scope
        known = self._scopes.setdefault(scope.run.number, set())
        if scope.number not in known:
            known.add(scope.number)
            self._tell(scope_record(scope))
        edit = message.number in self._edits
        if edit:  # it goes on as the delivery whose payload it replaces
            self._edits.discard(message.number)
            plan = []
        elif message.recipient is not None:
            plan = [message.recipient]
        else:
            plan = [one.subscriber.card.id for one in self._bus.route(type(message.payload)).subscriptions]
        try:
            record = message_record(message, plan)
            record["us"] = self._us(scope.run)
            self._tell(record | {"edit": True} if edit else record)
        except NotKeptError as error:
            self._not_durable(message, str(error))

    def _us(self, run: RunState) -> int:
        """Return the time in microseconds since a run began: shorter than a date in every record."""
        return int((self._bus.now() - run.started) * 1e6)

    def judged(self, message: Envelope[Any], recipient: str, decision: Decision) -> None:
        """Policies decided something that is more than a plain allow: codes and paths, never what was matched."""
        if self._chatter and type(message.payload) in self._chatter:
            return
        self._tell({
            "kind": "verdict", "run": message.scope.run.number, "message": message.number, "agent": recipient,
            "verdict": decision.verdict, "policy_set": decision.policy_set, "us": self._us(message.scope.run),
            "reasons": [[one.policy, one.version, one.verdict, coded(one.code)] for one in decision.reasons],
            "paths": sorted(".".join(map(str, path)) for path in decision.paths),
        })  # fmt: skip

    def handed_over(self, delivery: Delivery) -> None:
        """A fallback gets a message in the place of another agent."""
        extra, message = delivery.extra, delivery.message
        if self._chatter and type(message.payload) in self._chatter:
            return
        self._tell({
            "kind": "delivery", "run": message.scope.run.number, "delivery": delivery.id, "message": message.number,
            "agent": delivery.subscription.subscriber.card.id,
            "instead_of": None if extra is None else extra.instead_of, "tried": list(extra.tried) if extra else [],
        })  # fmt: skip

    def parked(self, parked: Parked) -> None:
        """Something waits for its time."""
        delivery, bus = parked.delivery, self._bus
        if parked.kind == RETRY and delivery is not None:
            attempt = 1 if delivery.extra is None else delivery.extra.attempt
            self._tell(self._parked(parked) | {"delivery": delivery.id, "attempt": attempt})
        elif isinstance(parked.data, Delayed):
            later = parked.data
            self._later(parked, later.delivery.id, later.payload, later.headers, later.read, later.to)
        elif (
            isinstance(parked.data, Publication) and parked.data.sent[1].id in bus.subscribers and not parked.data.asked
        ):
            # A large output is published after the outcome of its delivery. A question is asked again; so is a join.
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
        """Tell what will be published later."""
        try:
            text = payload_text(payload)
        except NotKeptError as error:
            _LOGGER.warning("a delayed payload is not durable: %s", error, extra={"run_id": parked.scope.run.id})
            self._bus.observers.note_incident("not_durable", "payload", delivery.partition("@")[2], None)
            return
        self._tell(self._parked(parked) | {
            "delivery": delivery, "scope": parked.scope.number, "topic": kind_name(type(payload)), "payload": text,
            "headers": headers.record(), "label": read.label, "to": to,
        })  # fmt: skip

    def taken(self, parked: Parked) -> None:
        """What waited goes on, or has ended."""
        if parked.kind in {RETRY, DELAYED}:
            self._tell({"kind": "taken", "run": parked.scope.run.number, "id": parked.id})

    def fact(self, record: LogRecord) -> None:
        """A part of the runtime tells a fact whose meaning it knows."""
        if record["kind"] == "edited":
            self._edits.add(record["message"])
        began = self._began.get(record["run"])
        self._tell(record if began is None else {**record, "us": int((self._bus.now() - began) * 1e6)})

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
            self._tell({"kind": "used", "run": run.number, "budgets": used})

    # --- what outlives its run ---

    def letter(self, letter: DeadLetter, message: Envelope[Any]) -> None:
        """A delivery has become a dead letter."""
        try:
            text = payload_text(message.payload)
        except NotKeptError as error:
            self._not_durable(message, str(error))
            return
        run: RunState = message.scope.run
        caller = run.asker.caller
        self.stand(letter_record(letter, at=self._bus.clock.offset + letter.at) | {
            "topic": kind_name(type(message.payload)), "payload": text, "sender": message.sender, "of": run.id,
            "headers": message.headers.record(), "label": message.label.label,
            "caller": None if caller is None else caller_record(caller),
        })  # fmt: skip

    def letter_gone(self, letter_id: str) -> None:
        """A dead letter was redriven or dropped."""
        self.fall("letter", letter_id)
        self.fall("redrive", letter_id)

    def stand(self, record: LogRecord) -> None:
        """Keep a fact beyond its run; it has a kind and an id."""
        if self._ledger is None:
            self._open_ledger()
        self._standing[record["kind"], record["id"]] = record
        self._tell({**record, "run": self._ledger})

    def fall(self, kind: str, id_: str) -> None:
        """Keep no longer what outlived its run."""
        if self._standing.pop((kind, id_), None) is not None:
            self._tell({"kind": "gone", "run": self._ledger, "of": kind, "id": id_})

    def take_over(self, history: History) -> None:
        """Tell again what outlives its run, so that the log need not read it at its old place any more."""
        for record in (*history.letters.values(), *history.keys.values(), *history.redrives.values()):
            self._standing[record["kind"], record["id"]] = record
        self._ledger = history.standing
        self._tell({"kind": "life", "run": 0, "policy_set": self._bus.policies.sha256})
        self._retell()

    def _open_ledger(self) -> None:
        self._ledger = self._bus.next_number()
        self._retold = self._told
        self._tell({
            "kind": "run", "run": self._ledger, "standing": True, "caller": None, "deadline": None,
            "started": self._bus.clock.offset + self._bus.now(),
        })  # fmt: skip

    def _retell(self) -> None:
        before = self._ledger
        if self._standing:
            self._open_ledger()
            for record in self._standing.values():
                self._tell({**record, "run": self._ledger})
        else:
            self._ledger = None
        if before is not None:
            self._tell({"kind": "closed", "run": before})

    # --- who is at work ---

    def begin(self, run: int, delivery: str) -> None:
        """Keep that a delivery is at work, or is about to be: should the process die now, it may be to blame."""
        if delivery not in self._begun:
            self._begun.add(delivery)
            self._tell({"kind": "begun", "run": run, "delivery": delivery})

    def _at_work(self) -> None:
        """Tell which handlers are at work; one that waits for answers kills nobody."""
        for subscriber in self._bus.subscribers.values():
            for worker in subscriber.running:
                delivery = worker.delivery
                if delivery is not None and not worker.waits and worker.ended is None:
                    self.begin(delivery.message.scope.run.number, delivery.id)

    def _state(self, delivery: Delivery) -> None:
        """Keep an agent's scratch of the run beside the outcome of the delivery that may have changed it."""
        run, agent = delivery.message.scope.run, delivery.subscription.subscriber.card.id
        if run.state is None or agent not in run.state or run.taints is None:
            return
        text = _json(run.state[agent])
        if text is None:
            self._not_durable(delivery.message, f"the state of {agent} is not made of JSON values")
        elif self._states.get((run.number, agent)) != text:
            self._states[run.number, agent] = text
            taint = run.taints[agent]
            self._tell({
                "kind": "state", "run": run.number, "agent": agent, "values": text, "label": taint.label.label,
                "headers": taint.headers.record(),
            })  # fmt: skip

    def _not_durable(self, message: Envelope[Any], why: str) -> None:
        """A fact cannot be kept, so a crash would lose it: it is named, and the run goes on."""
        _LOGGER.warning("message %s is not durable: %s", message.id, why, extra={"run_id": message.correlation_id})
        self._bus.observers.note_incident("not_durable", "payload", message.sender, message)

    def _failed(self, error: BaseException) -> None:
        """The log failed: what runs may end, and no run is admitted."""
        _LOGGER.error("the log failed: %s; no run is admitted", place_of(error))
        self._bus.observers.note_incident("journal_failed", self.failure or class_name(error), "", None)

    def start(self, records: Sequence[LogRecord]) -> None:
        """Keep facts of the runtime itself."""
        for record in records:
            self._tell(record)

    def known(self, scope: Scope) -> None:
        """A scope was read from the log, so it is not written again."""
        self._scopes.setdefault(scope.run.number, set()).add(scope.number)
        self._began[scope.run.number] = scope.run.started

    def stop(self) -> None:
        """Take nothing more in; what was told is still written."""
        self._tell({"kind": "left", "run": 0})
        self._stopped = True

    def _tell(self, record: LogRecord) -> None:
        if self.failure is None and not self._stopped:
            self._told += 1
            waiting = self._waiting
            if not waiting:  # the writer parks only where nothing waits
                self._wake.wake()
            waiting.append(record)

    # --- writing ---

    async def write(self) -> None:
        """Write batches until the log fails, or nothing more is taken in."""
        while self.failure is None and not self._stopped:
            if not self._waiting:
                await self._wake.park()
                continue
            await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        self._at_work()
        if self._standing and self._told - self._retold > max(RETOLD_AFTER, 8 * len(self._standing)):
            self._retell()
        batch, self._waiting = self._waiting, []
        told, self._writing = self._told, True
        try:
            with anyio.fail_after(
                LONGEST_S, shield=True
            ):  # the runtime may close meanwhile, and the batch is kept whole
                await self._log.append(batch)
        except Exception as error:  # noqa: BLE001 - whatever the log raises: nothing is kept from here on, which is stated
            self.failure = error.state if isinstance(error, LogError) else class_name(error)
            self._waiting.clear()
            self._failed(error)
        else:
            self._kept = told
        self._writing = False
        self._release()

    async def rest(self) -> None:
        """Wait until the batch on its way is kept: a writer that is cancelled in it may lose it."""
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

    async def barrier(self) -> None:
        """Wait until everything told so far is kept: before an answer leaves the process.

        Raises:
            JournalError: The log has failed, so nobody may rely on what would leave.
        """
        told = self._told
        while self._kept < told and self.failure is None:
            waiter = self._bus.make_waiter()
            self._barriers.append((told, waiter))
            await waiter.park()
        if self.failure is not None:
            raise JournalError(problem=self.failure)

    @property
    def refusal(self) -> str | None:
        """Why no run is admitted; None while the log keeps up."""
        if self.failure is not None:
            return f"the log failed ({self.failure})"
        if len(self._waiting) > MOST_WAITING:
            return f"more than {MOST_WAITING} records wait for the log"
        return None


def _drawn(run: RunState, delivery: Delivery) -> dict[str, int]:
    """Return how many handlings of a delivery's agent drew randomness in its run, so that the next draws differ."""
    agent = delivery.subscription.subscriber.card.id
    return {agent: run.drawn[agent]} if run.drawn and agent in run.drawn else {}


def _seen(extra: Extra) -> LogRecord:
    """Return what the last attempt of a handler has read of the clock, and which randomness it drew."""
    seen = extra.seen
    if seen is None or seen.attempt != extra.attempt:
        return {}
    found: LogRecord = {"times": seen.times} if seen.times else {}
    return found | {"draw": seen.draw} if seen.draw else found


def _json(value: object) -> str | None:
    """Return a value as JSON text; None where reading it again would give something else."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text if json.loads(text) == value else None
    except (TypeError, ValueError):
        return None
