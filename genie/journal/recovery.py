"""Puts everything that is open in a log back in flight, before the runtime admits anything new.

An interrupted handler runs again from its beginning. Its earlier questions are not asked again: their scopes are
restored, and the first equal question of the handler takes over such a scope, with the answers that have arrived.
"""

from __future__ import annotations

import functools
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from genie.bus.delayed import Delayed
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.gather import Each
from genie.contracts.message import stamp, topic_of
from genie.contracts.outcome import Failure, Outcome, Reason
from genie.inflight import accounting
from genie.inflight.accounting import RunState, Scope, Taint
from genie.inflight.dead_letters import DeadLetter
from genie.inflight.delivery import Extra
from genie.inflight.gather import Asker, Gather, GatherSpec
from genie.inflight.pending import DELAYED, RATE, RETRY
from genie.journal.facts import (
    caller_of,
    caller_record,
    headers_of,
    kinds_of,
    letter_of,
    letter_record,
    message_number,
    payload_of,
)
from genie.journal.history import OpenDelivery, waits
from genie.journal.suspects import Suspect

if TYPE_CHECKING:
    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.headers import Headers
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.ports.journal import LogRecord
    from genie.inflight.delivery import Delivery
    from genie.journal.facts import Kinds
    from genie.journal.history import History, OpenRun
    from genie.journal.recorder import Recorder

TO_BE_JUDGED = -3
"""Epoch of a delivery that no present policy has judged."""
VERSION = Reason("version", "no present agent takes this version of its payload")
GONE = Reason("removed", "its agent no longer exists")
SENDER_GONE = Reason("removed", "the agent that sends it later no longer exists")
POISON = Reason("poison", "processes died while it was being handled")


async def resume(bus: Bus, recorder: Recorder, history: History) -> list[Suspect]:
    """Put every open run of a log back in flight, except deliveries that are suspected of killing processes.

    Returns:
        Deliveries that were being handled when a process ended, to be released one at a time.
    """
    kinds = kinds_of(bus.registry.cards())
    shared = _Shared(kinds)
    for record in history.letters.values():
        bus.dead_letters.restore(shared.letter(bus, record))
    if bus.keys is not None:
        for record in history.keys.values():
            bus.keys.restore(record)
    _foresee(bus, recorder, history)
    await recorder.flush()  # nothing is in flight yet, and nothing waits from here on
    for interceptor in bus.interceptors if history.prefix is not None else ():
        interceptor.resumed(bus.now())
    runs = [_Resumed(bus, recorder, run, shared) for run in history]
    recorder.resuming = True
    for run in runs:
        run.rebuild()
    recorder.resuming = False
    for run in runs:
        run.go_on()
    for subscriber in bus.subscribers.values():  # older runs may have later messages, and joins may have new ones
        subscriber.in_order()
    return [suspect for run in runs for suspect in run.suspects]


def _foresee(bus: Bus, recorder: Recorder, history: History) -> None:
    """Record which deliveries may kill this process before anything else is recorded: the first ones of each agent."""
    first: Counter[str] = Counter()
    opened = ((run, one) for run in history for one in run.deliveries.values())
    for run, one in sorted(opened, key=lambda pair: pair[1].message) if bus.limits.deaths else ():
        subscriber = bus.subscribers.get(one.agent)
        waiting = one.id in run.holds or waits(run, one.id) is not None
        if subscriber is None or waiting or run.deaths.get(one.id, 0):
            continue  # a delivery that was being handled at a crash is released separately
        if first[one.agent] < subscriber.concurrency:
            first[one.agent] += 1
            recorder.begin(run.record["run"], one.id)


class _Shared:
    """Objects that the runs of one recovery share. Successive runs mostly have the same caller and tenant.

    Args:
        kinds: Present payload classes.
    """

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self._askers: dict[Caller, Asker] = {}  # per bus: an asker caches compiled policies
        self._asker: tuple[LogRecord | None, Asker] | None = None
        self._headers: tuple[LogRecord, Headers] | None = None

    def asker(self, record: LogRecord | None) -> Asker:
        """Return the asker of a caller's record."""
        if self._asker is None or self._asker[0] != record:
            caller = Caller() if record is None else caller_of(record)
            asker = self._askers.setdefault(caller, Asker(caller.card(), caller.headers(), caller))
            self._asker = (record, asker)
        return self._asker[1]

    def headers(self, record: LogRecord) -> Headers:
        """Return the headers of a record."""
        if self._headers is None or self._headers[0] != record:
            self._headers = (record, headers_of(record))
        return self._headers[1]

    def kind(self, name: str) -> type[Payload] | None:
        """Return the class of a name, or of the nearest later version that can read it."""
        found = self.kinds.get(name)
        topic, _, version = name.partition("@")
        if found is None and topic:
            later = (one for one in map(topic_of, self.kinds.values()) if one.name == topic)
            number = min((one.version for one in later if one.version > int(version)), default=0)
            found = self.kinds.get(f"{topic}@{number}")
        return found

    def letter(self, bus: Bus, record: LogRecord) -> DeadLetter:
        """Return the dead letter of a record."""
        return letter_of(record, self.kinds, bus.runs.ids, bus.policies.inspectors.inspect, bus.clock.offset)


class _Resumed:
    """Restores one run."""

    def __init__(self, bus: Bus, recorder: Recorder, record: OpenRun, shared: _Shared) -> None:
        self._bus = bus
        self._recorder = recorder
        self._open = record
        self._shared = shared
        self._scopes: dict[int, Scope] = {}
        self._messages: dict[int, Envelope[Any]] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._asked: dict[int, bool] = {}
        """Scope -> whether its question can be read; otherwise no question can take it over."""
        self.suspects: list[Suspect] = []
        self._run = self._run_state()

    def _run_state(self) -> RunState:
        bus, record = self._bus, self._open.record
        asker = self._shared.asker(record["caller"])
        offset = bus.clock.offset
        deadline = math.inf if record["deadline"] is None else record["deadline"] - offset
        return RunState(record["run"], bus.runs.ids, asker, asker.headers, deadline, record["started"] - offset)

    # --- restoring the objects ---

    def rebuild(self) -> None:
        """Restore the run's scopes, messages and open deliveries; nothing runs yet."""
        run, bus = self._run, self._bus
        bus.runs.reopen(run)
        run.published = len(self._open.messages)
        for interceptor in bus.interceptors if self._open.used else ():
            interceptor.use(run, self._open.used)
        if bus.keys is not None and self._open.key is not None:
            bus.keys.reopen(run, self._open.key)
        if bus.effects is not None and self._open.effects:
            bus.effects.reopen(run, self._open.effects.values())
        if bus.approvals is not None and self._open.holds:
            bus.approvals.reopen(self._open.holds)
        self._scopes[run.root.number] = run.root
        for number in sorted(self._open.messages):
            record = self._open.messages[number]
            read = self._message(record) is not None
            self._asked.setdefault(record["scope"], read)
        for delivery in self._open.deliveries.values():
            self._delivery(delivery)
        run.drawn = dict(self._open.drawn)
        for agent, state in self._open.states.items():
            run.state, run.taints = run.state or {}, run.taints or {}
            run.state[agent] = json.loads(state["values"])
            run.taints[agent] = Taint(Classification.parse(state["label"]), headers_of(state["headers"]))
        for number, scope in self._scopes.items():
            self._recorder.known(scope)
            opened = self._open.scopes.get(number)
            waits_for = scope is run.root or (scope.owner is not None and self._asked.get(number, False))
            if opened is not None and opened["expect"] is not None and waits_for:
                scope.gather = self._gather(opened)

    def _scope(self, number: int) -> Scope:
        scope = self._scopes.get(number)
        if scope is None:
            record = self._open.scopes.get(number)  # None if its question was not stored: nobody waits for its answers
            parent = self._run.root if record is None else self._scope(record["parent"])
            owner = None if record is None else self._owner(record["owner"])
            scope = self._scopes[number] = Scope(self._run, number, parent, owner)
            parent.children = parent.children or {}
            parent.children[scope] = None
        return scope

    def _owner(self, delivery: str) -> Delivery | None:
        """Return the delivery whose handler opened a scope; None if it has ended and no longer needs the scope."""
        opened = self._open.deliveries.get(delivery)
        return None if opened is None else self._delivery(opened)

    def _message(self, record: LogRecord) -> Envelope[Any] | None:
        number: int = record["number"]
        message = self._messages.get(number)
        payload = payload_of(record, self._shared.kinds) if message is None else None
        if message is None and payload is not None:
            bus = self._bus
            message = self._messages[number] = stamp(
                number, payload, record["sender"], record["to"], self._scope(record["scope"]), record["cause"],
                record["hops"], self._shared.headers(record["headers"]), Classification.parse(record["label"]),
                bus.route(type(payload)).inspect(payload) or bus.policies.inspectors.inspect(payload),
            )  # fmt: skip
        return message

    def _delivery(self, opened: OpenDelivery) -> Delivery | None:
        delivery = self._deliveries.get(opened.id)
        if delivery is not None:
            return delivery
        bus, record = self._bus, self._open.messages.get(opened.message)
        if record is None:
            return None  # the approver's replacement could not be stored, which was reported then
        message = self._message(record)
        if message is None:
            self._lose(opened, record, self._unread(record))
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
        decided = self._open.decided.get(opened.id)
        if decided is not None and decided["outcome"] is None:
            extra.approved, extra.sealed = frozenset(decided["policies"]), decided["payload_sha256"]
        return delivery

    def _unread(self, record: LogRecord) -> Reason:
        """Return why no present class reads the payload of a record."""
        topic = record["topic"].partition("@")[0]
        return VERSION if any(name.partition("@")[0] == topic for name in self._shared.kinds) else GONE

    def _lose(self, opened: OpenDelivery, record: LogRecord, reason: Reason) -> None:
        """Settle a delivery that no agent can take any more, with its reason, also in the log."""
        self._recorder.start([{
            "kind": "ended", "run": record["run"], "delivery": opened.id, "outcome": Outcome.DEAD_LETTERED.value,
            "code": reason.code, "drawn": {},
        }])  # fmt: skip
        self._keep_letter(opened.id, opened.agent, record, reason, self._open.attempts.get(opened.id, 1))
        self._fail(opened.agent, record, reason, opened.message, opened.instead_of)

    def _lose_delayed(self, record: LogRecord, payload: Payload | None) -> None:
        """End a payload that can no longer be published at its time; its subscribers get it when it is redriven."""
        by = _agent_of(record["delivery"])
        reason = SENDER_GONE if payload is not None else self._unread(record)
        self._recorder.start([{"kind": "taken", "run": record["run"], "id": record["id"]}])
        letter_id = f"{record['delivery']}+{record['id']}"
        self._keep_letter(letter_id, record["to"] or "", {**record, "sender": by}, reason, 0)
        self._fail(by, record, reason, message_number(record["delivery"]), None)

    def _keep_letter(self, id_: str, agent: str, record: LogRecord, reason: Reason, attempts: int) -> None:
        bus, run = self._bus, self._run
        topic = record["topic"].partition("@")[0]
        effects = () if bus.effects is None else bus.effects.of(run, agent)
        letter = DeadLetter(
            id_, agent, topic, str(reason), bus.now(), None, reason.code, attempts, (str(reason),), (), effects
        )
        caller = run.asker.caller
        told = letter_record(letter, at=bus.clock.offset + letter.at) | {
            name: record[name] for name in ("topic", "payload", "sender", "headers", "label")
        }
        told |= {"of": run.id, "caller": None if caller is None else caller_record(caller)}
        self._recorder.stand(told)
        bus.dead_letters.restore(self._shared.letter(bus, told))

    def _fail(self, agent: str, record: LogRecord, reason: Reason, message: int, instead_of: str | None) -> None:
        """Tell the askers in a scope why a part will not come."""
        topic = record["topic"].partition("@")[0]
        failure = Failure(agent, topic, Outcome.DEAD_LETTERED, reason, message, instead_of or agent)
        accounting.remember(self._scope(record["scope"]), failure)
        self._bus.observers.note_incident("dead_lettered", reason.code, agent, None)

    def _gather(self, record: LogRecord) -> Gather | None:
        kind_of, members = self._shared.kind, {}
        expect: list[Any] = []
        for part in record["expect"]:
            kind, of = kind_of(part["topic"]), part.get("of")
            if kind is None or kind in members:
                return None
            members[kind] = part.get("members", ())
            expect.append(Each(kind, None if of is None else kind_of(of)) if part["each"] else kind)
        asked = kind_of(record["asked"] or "")
        spec = GatherSpec(tuple(expect), record["need"], lambda each: members[each.payload], asked)
        return Gather(spec, lambda: self._bus.runs.notice(self._run))

    # --- back in flight ---

    def go_on(self) -> None:
        """Restore answers, and continue deliveries in the order of their messages."""
        run, bus = self._run, self._bus
        accounting.enter(run.root)
        self._answers()
        for delivery in sorted(self._deliveries.values(), key=lambda one: one.message.number):
            if 0 < self._open.deaths.get(delivery.id, 0) < bus.limits.deaths:
                bus.pending.park(RATE, delivery.message.scope, delivery, None)  # it waits for its turn
                delivery.subscription.subscriber.keep_key(delivery)  # and what has its key waits for it, as for a retry
                self.suspects.append(Suspect(delivery, functools.partial(self._put_back, delivery)))
            else:
                self._put_back(delivery)
        for record in sorted(self._open.parked.values(), key=lambda one: one["due"]):
            if record["kind"] == DELAYED:
                self._delayed(record)
        for scope in sorted(self._scopes.values(), key=lambda one: -one.number):
            if scope is not run.root and not scope.in_flight:
                bus.correlator.at_rest(scope)
        bus.runs.expire(run)  # if its deadline has passed meanwhile
        accounting.leave(run.root)
        bus.at_rest_if_empty(run.root)

    def _answers(self) -> None:
        """Give each scope's asker and joins the messages that had arrived; joined payloads are in the log."""
        bus = self._bus
        first: set[int] = set()
        for number in sorted(self._open.messages):
            record, message = self._open.messages[number], self._messages.get(number)
            question = record["scope"] not in first
            first.add(record["scope"])
            if message is None:
                if not question:
                    self._unread_answer(record)
                continue
            scope: Scope = message.scope
            sender = bus.judging.card_of(message)
            for sink in () if record.get("edit") else bus.sinks:
                if type(message.payload) in sink.kinds and not self._joined(sink.id, scope.number):
                    sink.accept(message, sender, bus.policies.evaluator(type(message.payload), sink.card).judge(
                        message, sender))  # fmt: skip
            gather = scope.gather
            if question:
                owner = scope.owner
                if owner is not None and owner.extra is not None and owner.extra.reopened is not None:
                    owner.extra.reopened.append((message.payload, scope))
            elif gather is not None and type(message.payload) in gather.kinds and message.recipient is None:
                self._answer(message, sender, scope, gather)

    def _unread_answer(self, record: LogRecord) -> None:
        """An answer that no present class can read is missing, with its reason."""
        scope = self._scopes.get(record["scope"])
        gather = None if scope is None else scope.gather
        topic = record["topic"].partition("@")[0]
        if gather is not None and not gather.done and topic in {topic_of(kind).name for kind in gather.kinds}:
            self._fail(record["sender"], record, self._unread(record), record["cause"], None)

    def _answer(self, message: Envelope[Any], sender: AgentCard, scope: Scope, gather: Gather) -> None:
        """Give one answer to its asker as before: decisions of people on it count."""
        agent = self._open.stands_for.get((message.cause, message.sender), message.sender)
        asker = scope.run.asker.card if scope.owner is None else scope.owner.subscription.subscriber.card
        place = f"{message.id}>{asker.id}"
        decided = self._open.decided.get(place)
        if place in self._open.edited:
            return  # the approver's replacement is a separate message
        if decided is None or decided["outcome"] is None:
            approved = frozenset(() if decided is None else decided["policies"])
            self._bus.answers.give(message, sender, scope, gather, agent, None, approved)
        else:
            outcome, reason = Outcome(decided["outcome"]), Reason(decided["code"], decided["detail"])
            self._bus.answers.refuse(message, scope, gather, agent, outcome, reason)

    def _joined(self, join: str, scope: int) -> bool:
        return any(one["sender"] == join and one["scope"] == scope for one in self._open.messages.values())

    def _put_back(self, delivery: Delivery) -> None:
        bus = self._bus
        if 0 < bus.limits.deaths <= self._open.deaths.get(delivery.id, 0):
            handed_over = bus.retries.hand_over(delivery, Outcome.DEAD_LETTERED)
            bus.settle(delivery, Outcome.DEAD_LETTERED, POISON, handed_over=handed_over)
            return
        if bus.effects is not None and bus.effects.park(delivery, known=True):
            delivery.subscription.subscriber.release(delivery)
            return
        retry = waits(self._open, delivery.id)
        if retry is not None:
            subscriber = delivery.subscription.subscriber
            subscriber.retrying += 1
            subscriber.keep_key(delivery)
            due = retry["due"] - bus.clock.offset
            bus.pending.park(RETRY, delivery.message.scope, delivery, due)
            self._late(delivery.message, subscriber.card.id, due)
            self._recorder.start([{"kind": "taken", "run": retry["run"], "id": retry["id"]}])
            return
        if bus.judging.admitted(delivery) and bus.judging.judge_again(delivery):
            subscriber = delivery.subscription.subscriber
            if subscriber.holders.get(subscriber.key_of(delivery)) is delivery:
                subscriber.again(delivery)
            else:  # an earlier process accepted it, so it is not shed here, whatever the capacity of the mailbox
                subscriber.put(delivery)
            bus.deadlocks.queued(delivery)
        elif delivery.subscription.subscriber.holders:
            delivery.subscription.subscriber.release(delivery)

    def _delayed(self, record: LogRecord) -> None:
        bus = self._bus
        payload = payload_of(record, self._shared.kinds)
        delivery = self._source(record["delivery"])
        if payload is None or delivery is None:
            self._lose_delayed(record, payload)
            return
        scope = self._scope(record["scope"])
        later = Delayed(
            payload, delivery, headers_of(record["headers"]), Classification.parse(record["label"]), record["to"]
        )
        accounting.park(scope)
        accounting.delayed(scope, 1)
        due = record["due"] - bus.clock.offset
        bus.pending.park(DELAYED, scope, None, due, later)
        self._late(delivery.message, delivery.subscription.subscriber.card.id, due)
        self._recorder.start([{"kind": "taken", "run": record["run"], "id": record["id"]}])

    def _late(self, message: Envelope[Any], agent: str, due: float) -> None:
        """Log the delay of an item that became due while no process ran; it is due now, in the order of due times."""
        late_s = self._bus.now() - due
        if late_s > 0:
            reason = Reason("late", f"{late_s:.3f} s late: no process ran")
            self._bus.emit_event(message, "timed", agent, reason, {"late_s": late_s})

    def _source(self, delivery: str) -> Delivery | None:
        """Return the delivery whose handler published a delayed payload; it has ended or runs again."""
        found = self._deliveries.get(delivery)
        if found is not None:
            return found
        message = self._messages.get(message_number(delivery))
        route = None if message is None else self._bus.route(type(message.payload))
        subscription = None if route is None else route.fallbacks.get(_agent_of(delivery))
        if message is None or subscription is None:
            return None
        return accounting.ended(message, subscription)


def _agent_of(delivery: str) -> str:
    """Return the agent of a delivery by its id."""
    return delivery.partition("@")[2].partition("<")[0]
