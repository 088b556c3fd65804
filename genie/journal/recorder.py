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
from genie.journal.facts import NotKeptError, caller_record, kind_name, message_record, payload_text, scope_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.backend.asyncio_trio import Waiter
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Reason
    from genie.contracts.ports.journal import EventLog, LogRecord
    from genie.inflight.delivery import Delivery
    from genie.inflight.pending import Parked
    from genie.inflight.scope import RunState, Scope

_LOGGER = logging.getLogger("genie.journal")
MOST_WAITING = 50_000
"""Records that may wait for the log; with more of them no run is admitted."""
LONGEST_S = 30.0
"""Seconds that one batch may take; then the log has failed."""
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
        self._states: dict[tuple[int, str], str] = {}
        self._wake: Waiter = bus.make_waiter()
        self._barriers: list[tuple[int, Waiter]] = []
        self._stopped = False
        self.failure: str | None = None
        """Why nothing is kept any more: the class of the log's error."""

    # --- what the bus tells ---

    def opened(self, run: RunState) -> None:
        """A run begins."""
        clock = self._bus.clock
        self._scopes[run.number] = set()
        caller = run.asker.caller
        self._tell({
            "kind": "run", "run": run.number, "caller": None if caller is None else caller_record(caller),
            "started": clock.offset + run.started,
            "deadline": clock.offset + run.deadline if math.isfinite(run.deadline) else None,
        })  # fmt: skip

    def closed(self, run: RunState) -> None:
        """A run is at rest."""
        self._scopes.pop(run.number, None)
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
            self._tell({
                "kind": "ended", "run": message.scope.run.number, "delivery": delivery.id, "outcome": kind,
                "code": "" if reason is None else reason.code, "drawn": _drawn(message.scope.run, delivery),
            })  # fmt: skip

    def _accepted(self, message: Envelope[Any]) -> None:
        scope: Scope = message.scope
        known = self._scopes.setdefault(scope.run.number, set())
        if scope.number not in known:
            known.add(scope.number)
            self._tell(scope_record(scope))
        if message.recipient is not None:
            plan = [message.recipient]
        else:
            plan = [one.subscriber.card.id for one in self._bus.route(type(message.payload)).subscriptions]
        try:
            self._tell(message_record(message, plan))
        except NotKeptError as error:
            self._not_durable(message, str(error))

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
        return {"kind": parked.kind, "run": parked.scope.run.number, "id": parked.id, "due": clock.offset + due}

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

    def stop(self) -> None:
        """Take nothing more in; what was told is still written."""
        self._stopped = True

    def _tell(self, record: LogRecord) -> None:
        if self.failure is None and not self._stopped:
            self._told += 1
            self._waiting.append(record)
            self._wake.wake()

    # --- writing ---

    async def write(self) -> None:
        """Write batches until the log fails or the task is cancelled."""
        while self.failure is None:
            if not self._waiting:
                await self._wake.park()
                continue
            await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        batch, self._waiting = self._waiting, []
        told = self._told
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
        self._release()

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


def _json(value: object) -> str | None:
    """Return a value as JSON text; None where reading it again would give something else."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text if json.loads(text) == value else None
    except (TypeError, ValueError):
        return None
