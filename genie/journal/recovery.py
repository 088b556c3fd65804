"""Puts back in flight what a log says is open, before the runtime admits anything new.

A handler is the step: one that was at work runs again from its beginning. What it asked then is not asked a second
time: its scope is put back, and the first equal question of the handler takes it up, with the answers that came.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from genie.bus.delayed import Delayed
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.message import stamp
from genie.contracts.outcome import Outcome, Reason
from genie.inflight import accounting
from genie.inflight.delivery import Extra
from genie.inflight.gather import Gather, GatherSpec
from genie.inflight.pending import DELAYED, RETRY
from genie.inflight.scope import Asker, RunState, Scope, Taint
from genie.journal.facts import caller_of, headers_of, kinds_of, payload_of
from genie.journal.history import OpenDelivery, waits

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.journal.facts import Kinds
    from genie.journal.history import History, OpenRun
    from genie.journal.recorder import Recorder

TO_BE_JUDGED = -3
"""Epoch of a delivery that no policy in force has judged."""
VERSION = Reason("version", "no agent of today takes this version of its payload")
GONE = Reason("removed", "its agent is not there any more")


def resume(bus: Bus, recorder: Recorder, history: History) -> int:
    """Put every open run of a log back in flight; returns how many."""
    kinds = kinds_of(bus.registry.cards())
    runs = [_Resumed(bus, recorder, run, kinds) for run in history]
    for run in runs:
        run.rebuild()
    for run in runs:
        run.go_on()
    return len(runs)


class _Resumed:
    """One run on its way back into flight."""

    def __init__(self, bus: Bus, recorder: Recorder, record: OpenRun, kinds: Kinds) -> None:
        self._bus = bus
        self._recorder = recorder
        self._open = record
        self._kinds = kinds
        self._scopes: dict[int, Scope] = {}
        self._messages: dict[int, Envelope[Any]] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._run = self._run_state()

    def _run_state(self) -> RunState:
        bus, record = self._bus, self._open.record
        caller = caller_of(record["caller"]) if record["caller"] is not None else Caller()
        asker = Asker(caller.card(), caller.headers(), caller)
        offset = bus.clock.offset
        deadline = math.inf if record["deadline"] is None else record["deadline"] - offset
        return RunState(record["run"], bus.runs.ids, asker, asker.headers, deadline, record["started"] - offset)

    # --- the same objects as before ---

    def rebuild(self) -> None:
        """Make the run's scopes, messages and open deliveries again; nothing moves yet."""
        run, bus = self._run, self._bus
        bus.runs.reopen(run)
        self._scopes[run.root.number] = run.root
        for number in sorted(self._open.messages):
            self._message(self._open.messages[number])
        for opened in self._open.deliveries.values():
            self._delivery(opened)
        run.drawn = dict(self._open.drawn)
        for agent, state in self._open.states.items():
            run.state, run.taints = run.state or {}, run.taints or {}
            run.state[agent] = json.loads(state["values"])
            run.taints[agent] = Taint(Classification.parse(state["label"]), headers_of(state["headers"]))
        for number, scope in self._scopes.items():
            self._recorder.known(scope)
            record = self._open.scopes.get(number)
            if record is not None and record["expect"] is not None and (scope is run.root or scope.owner is not None):
                scope.gather = self._gather(record)

    def _scope(self, number: int) -> Scope:
        scope = self._scopes.get(number)
        if scope is None:
            record = self._open.scopes[number]
            parent = self._scope(record["parent"])
            owner = self._owner(record["owner"])
            scope = self._scopes[number] = Scope(self._run, number, parent, owner)
            parent.children = parent.children or {}
            parent.children[scope] = None
        return scope

    def _owner(self, delivery: str) -> Delivery | None:
        """Return the delivery whose handler opened a scope; one that has ended needs the scope no longer."""
        opened = self._open.deliveries.get(delivery)
        return None if opened is None else self._delivery(opened)

    def _message(self, record: LogRecord) -> Envelope[Any] | None:
        number: int = record["number"]
        message = self._messages.get(number)
        payload = payload_of(record, self._kinds) if message is None else None
        if message is None and payload is not None:
            bus = self._bus
            message = self._messages[number] = stamp(
                number, payload, record["sender"], record["to"], self._scope(record["scope"]), record["cause"],
                record["hops"], headers_of(record["headers"]), Classification.parse(record["label"]),
                bus.policies.inspectors.inspect(payload),
            )  # fmt: skip
        return message

    def _delivery(self, opened: OpenDelivery) -> Delivery | None:
        delivery = self._deliveries.get(opened.id)
        if delivery is not None:
            return delivery
        bus, record = self._bus, self._open.messages[opened.message]
        message = self._message(record)
        if message is None:
            topic = record["topic"].partition("@")[0]
            known = any(name.partition("@")[0] == topic for name in self._kinds)
            self._lose(opened, record, VERSION if known else GONE)
            return None
        subscription = bus.route(type(message.payload)).fallbacks.get(opened.agent)
        if subscription is None:
            self._lose(opened, record, GONE)
            return None
        delivery = self._deliveries[opened.id] = accounting.accept(message, subscription, TO_BE_JUDGED)
        extra = delivery.extra = Extra()
        extra.attempt = self._open.attempts.get(opened.id, 1)
        extra.instead_of, extra.tried = opened.instead_of, opened.tried
        extra.reopened = []
        return delivery

    def _lose(self, opened: OpenDelivery, record: LogRecord, reason: Reason) -> None:
        """A delivery that nobody can take any more ends by name, in the log as well."""
        self._recorder.start([{
            "kind": "ended", "run": record["run"], "delivery": opened.id, "outcome": Outcome.DEAD_LETTERED.value,
            "code": reason.code, "drawn": {},
        }])  # fmt: skip
        self._bus.observers.note_incident("dead_lettered", reason.code, opened.agent, None)

    def _gather(self, record: LogRecord) -> Gather | None:
        kinds, members = self._kinds, {}
        expect: list[Any] = []
        for part in record["expect"]:
            kind = kinds.get(part["topic"])
            if kind is None:
                return None
            each = Each(kind, None if part.get("of") is None else kinds[part["of"]]) if part["each"] else None
            members[kind] = part.get("members", ())
            expect.append(each or kind)
        asked: type[Payload] | None = kinds.get(record["asked"] or "")
        spec = GatherSpec(tuple(expect), record["need"], lambda each: members[each.payload], asked)
        return Gather(spec, lambda: self._bus.runs.notice(self._run))

    # --- back in flight ---

    def go_on(self) -> None:
        """Give answers that had come, and let deliveries go on in the order of their messages."""
        run, bus = self._run, self._bus
        accounting.enter(run.root)
        self._answers()
        for delivery in sorted(self._deliveries.values(), key=lambda one: one.message.number):
            self._put_back(delivery)
        for record in tuple(self._open.parked.values()):
            if record["kind"] == DELAYED:
                self._delayed(record)
        for scope in sorted(self._scopes.values(), key=lambda one: -one.number):
            if scope is not run.root and not scope.in_flight:
                bus.correlator.at_rest(scope)
        bus.runs.expire(run)  # where its deadline has passed meanwhile
        accounting.leave(run.root)
        bus.at_rest_if_empty(run.root)

    def _answers(self) -> None:
        """Give each scope's asker, and its joins, the messages that had come; what had been joined is in the log."""
        bus = self._bus
        first: set[int] = set()
        for number in sorted(self._open.messages):
            message = self._messages.get(number)
            if message is None:
                continue
            scope: Scope = message.scope
            question = scope.number not in first
            first.add(scope.number)
            sender = bus.judging.card_of(message)
            for sink in bus.sinks:
                if type(message.payload) in sink.kinds and not self._joined(sink.id, scope.number):
                    sink.accept(message, sender, bus.policies.evaluator(type(message.payload), sink.card).judge(
                        message, sender))  # fmt: skip
            gather = scope.gather
            if question:
                owner = scope.owner
                if owner is not None and owner.extra is not None and owner.extra.reopened is not None:
                    owner.extra.reopened.append((message.payload, scope))
            elif gather is not None and type(message.payload) in gather.kinds and message.recipient is None:
                agent = self._open.stands_for.get((message.cause, message.sender), message.sender)
                bus.answers.give(message, sender, scope, gather, agent, None)

    def _joined(self, join: str, scope: int) -> bool:
        return any(one["sender"] == join and one["scope"] == scope for one in self._open.messages.values())

    def _put_back(self, delivery: Delivery) -> None:
        bus = self._bus
        retry = waits(self._open, delivery.id)
        if retry is not None:
            subscriber = delivery.subscription.subscriber
            subscriber.retrying += 1
            subscriber.keep_key(delivery)
            due = max(bus.now(), retry["due"] - bus.clock.offset)
            bus.pending.park(RETRY, delivery.message.scope, delivery, due)
            self._recorder.start([{"kind": "taken", "run": retry["run"], "id": retry["id"]}])
            return
        if bus.judging.admitted(delivery) and bus.judging.judge_again(delivery):
            bus.overflows.enqueue(delivery)

    def _delayed(self, record: LogRecord) -> None:
        bus = self._bus
        payload = payload_of(record, self._kinds)
        delivery = self._source(record["delivery"])
        if payload is None or delivery is None:
            return
        scope = self._scope(record["scope"])
        later = Delayed(
            payload, delivery, headers_of(record["headers"]), Classification.parse(record["label"]), record["to"]
        )
        accounting.park(scope)
        accounting.delayed(scope, 1)
        due = max(bus.now(), record["due"] - bus.clock.offset)
        bus.pending.park(DELAYED, scope, None, due, later)
        self._recorder.start([{"kind": "taken", "run": record["run"], "id": record["id"]}])

    def _source(self, delivery: str) -> Delivery | None:
        """Return the delivery whose handler gave a delayed payload, which has ended or runs again."""
        found = self._deliveries.get(delivery)
        if found is not None:
            return found
        number, _, rest = delivery.partition("@")
        agent = rest.partition("<")[0]
        message = self._messages.get(int(number.rpartition("-")[2], 16))
        subscription = None if message is None else self._bus.route(type(message.payload)).fallbacks.get(agent)
        if message is None or subscription is None:
            return None
        return accounting.ended(message, subscription)
