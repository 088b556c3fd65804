"""The context of a handler: one object per delivery, invalid once the handler ends.

A handler holds only a read-only facade. The trusted state (label and headers of everything that the handler has read)
is in ``genie.execution.handling``, which only the bus reads.
"""

from __future__ import annotations

import math
import random
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio

from genie.backend.clock import EPOCH, MICROSECOND
from genie.contracts.gather import Each
from genie.contracts.headers import copied, exact
from genie.contracts.limits import Cost, exact_cost, exact_seconds
from genie.contracts.message import Envelope, Message, Payload
from genie.contracts.outcome import Reason
from genie.errors import (
    ForgedMessageError,
    HeadersWidenedError,
    UndeclaredMessageError,
    kind_name,
    shown_type,
)
from genie.execution.fragments import Gates
from genie.execution.handling import Handling
from genie.execution.names import kind_of, name_of, topic_name
from genie.execution.streams import checked_s, handler_stream, one_of
from genie.inflight import accounting
from genie.inflight.delivery import MOST_TIMES, seen_by
from genie.inflight.gather import ONE, Gather

if TYPE_CHECKING:
    import datetime
    import logging
    from collections.abc import Awaitable, Callable

    from genie.contracts.context import Stream
    from genie.contracts.gather import Expected, Gathered, Need
    from genie.contracts.headers import Headers
    from genie.inflight.accounting import Scope
    from genie.inflight.mailbox import RoomTicket

FAIRNESS = 64
"""Payloads that a handler publishes in a row before it yields to the loop."""
LONGEST_KEY = 200
"""Maximum length of an effect's key, in characters."""
NO_LONGER_NEEDED = Reason("no_longer_needed", "no longer needed")

T = TypeVar("T", bound=Payload)
U = TypeVar("U", bound=Payload)
Port = TypeVar("Port")
Result = TypeVar("Result")


class HandlerContext:
    """Implements ``genie.contracts.context.Context`` for one delivery."""

    __slots__ = ("_handling", "_message")

    def __init__(self, handling: Handling) -> None:
        _keep(self, handling)

    # --- reading ---

    @property
    def message(self) -> Message[Payload]:
        """The message being handled, as the handler may see it."""
        try:
            return _message_of(self)
        except AttributeError:  # only at first access
            _keep_message(self, message := handling_of(self).delivery.message.shown())
            return message

    @property
    def headers(self) -> Headers:
        """Security context of the message: a copy, so that changes to it do not affect the bus's own."""
        return copied(handling_of(self).delivery.message.headers)  # a consent may have ended since the last access

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices that an egress must attach to the payload."""
        extra = handling_of(self).delivery.extra
        return () if extra is None else extra.notices

    @property
    def deadline(self) -> float:
        """Latest end of the run, on the loop's clock."""
        return handling_of(self).delivery.message.deadline

    @property
    def random(self) -> random.Random:
        """Randomness seeded by runtime, run, agent, and how many handlings of the agent drew in the run before."""
        handling = handling_of(self)
        if handling.random is None:
            run, agent = handling.delivery.message.scope.run, handling.agent
            if run.drawn is None:
                run.drawn = {}
            # Not by message number, which depends on other runs: a run keeps its draws if others are left out.
            ordinal = run.drawn[agent] = run.drawn.get(agent, 0) + 1
            if handling.durable:
                seen_by(handling.delivery).draw = ordinal
            seed = f"{handling.bus.seed}/{run.number if run.seed is None else run.seed}/{agent}/{ordinal}"
            handling.random = random.Random(seed)  # noqa: S311 - repeatable on purpose; no secret is drawn from it
        return handling.random

    @property
    def state(self) -> dict[str, Any]:
        """This agent's scratch for this run."""
        return handling_of(self).scratch()

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Logger that carries the run and the agent."""
        import logging  # noqa: PLC0415 - start-up: for handlers that log

        extra = {"run_id": handling_of(self).delivery.message.correlation_id, "agent": handling_of(self).agent}
        return logging.LoggerAdapter(logging.getLogger("genie.agent"), extra)

    @property
    def settings(self) -> Any:  # an instance of the card's settings model, validated from the pipeline file
        """The frozen settings that the pipeline binds."""
        return handling_of(self).delivery.subscription.subscriber.settings

    def now(self) -> datetime.datetime:
        """Return the date and time in UTC."""
        handling = handling_of(self)
        at = handling.bus.clock.wall()
        if handling.durable and len(times := seen_by(handling.delivery).times) < MOST_TIMES:
            times.append((at - EPOCH) // MICROSECOND)
        return at

    def port(self, kind: Callable[..., Port]) -> Port:
        """Return what is bound to a port."""
        subscriber = handling_of(self).delivery.subscription.subscriber
        found = subscriber.ports.get(cast("type[Port]", kind))
        if found is None:
            name = kind_name(kind if isinstance(kind, type) else type(kind))
            raise UndeclaredMessageError(agent=subscriber.card.id, payload=name, verb="use the port")
        return cast("Port", found)

    # --- acting ---

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Publish at once."""
        handling = handling_of(self)
        worker, bus, delivery = handling.alive("publish"), handling.bus, handling.delivery
        self._declared(payload)
        onward, label = handling.read_so_far()
        onward = onward if headers is None else _narrow(handling, headers)
        if to is not None:
            bus.directed(to, bus.route(type(payload)), type(payload))
        ticket: RoomTicket | None = None
        gates = handling.gates
        if payload.__fragment__ is not None and gates is None:
            gates = handling.gates = Gates(handling)
        for piece, inspection in ((payload, None),) if gates is None else gates.take(payload):
            ticket = handling.send(partial(handling.publish, piece, label, to, onward, inspection)) or ticket
        handling.published += 1
        bus.within_budget(handling.agent, delivery, handling.published)
        gather = delivery.message.scope.gather
        if ticket is not None:
            await bus.overflows.room(ticket, worker)
        elif gather is not None and gather.crowded:
            await gather.room(bus, handling.agent)
        elif handling.published % FAIRNESS == 0:  # a handler that never waits would block the loop
            await anyio.lowlevel.checkpoint()

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Publish later."""
        handling = handling_of(self)
        _ = handling.alive("publish later")
        self._declared(payload)
        if not 0 <= (delay_s := exact_seconds(delay_s)) < math.inf:
            raise ValueError(f"delay_s must be a finite number of seconds, at least 0, not {delay_s}")
        read = handling.read_so_far()

        def send(ticket: RoomTicket | None) -> RoomTicket | None:
            handling.bus.delayed.publish(delay_s, payload, handling.delivery, *read, to)
            return ticket

        handling.send(send)

    async def ask(
        self, question: Payload, answer: type[T] | tuple[type[T], ...], *, to: str | None = None,
        within_s: float | None = None, headers: Headers | None = None,
    ) -> T:  # fmt: skip
        """Publish a question and wait for one answer of one of the given classes."""
        kinds = tuple(answer) if isinstance(answer, tuple) else (answer,)
        need: Need = "all" if len(kinds) == 1 else "first"
        scope = await _asked(
            self, question, kinds, need=need, within_s=within_s, cancel_rest=False, to=to, headers=headers
        )
        for kind in kinds:  # if an answer has arrived, no list of missing parts is needed
            parts = scope.gather.kinds.get(kind)  # type: ignore[union-attr]  # a scope that a handler opens has one
            found = None if parts is None else parts.get(ONE)
            if found is not None:
                return cast("T", found)
        return one_of(kinds, _gathered(handling_of(self), scope), handling_of(self))

    def stream(
        self, question: Payload, *, parts: type[U] | tuple[type[U], ...], end: type[T] | tuple[type[T], ...],
        to: str | None = None, within_s: float | None = None,
    ) -> Stream[U | T]:  # fmt: skip
        """Publish a question; return its parts as they come, and then its answer."""
        made = handler_stream(handling_of(self), question, (parts, end), to, within_s, _may_ask, _question)
        return cast("Stream[U | T]", made)

    async def gather(
        self,
        payload: Payload,
        *,
        expect: tuple[Expected, ...] | Expected,
        need: Need = "all",
        within_s: float | None = None,
        cancel_rest: bool = False,
    ) -> Gathered:
        """Publish and wait for typed answers."""
        parts = tuple(expect) if isinstance(expect, (tuple, list)) else (expect,)
        scope = await _asked(self, payload, parts, need=need, within_s=within_s, cancel_rest=cancel_rest, to=None)
        return _gathered(handling_of(self), scope)

    async def once(
        self, key: str, effect: Callable[[str], Awaitable[Result]], *,
        probe: Callable[[str], Awaitable[Result]] | None = None,
    ) -> Result:  # fmt: skip
        """Perform an outside effect once for this agent and run."""
        handling = handling_of(self)
        _ = handling.alive("do something once")
        if not (isinstance(cast("object", key), str) and 0 < len(key) <= LONGEST_KEY and key.isprintable()):
            raise ValueError(f"the key of an effect must be 1 to {LONGEST_KEY} visible characters")
        effects = handling.bus.effects
        if effects is None:  # a bus without a runtime
            raise RuntimeError("effects need a runtime")
        return cast("Result", await effects.once(handling.delivery, key, effect, probe))

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used."""
        tokens = int.__pos__(tokens) if isinstance(cast("object", tokens), int) else -1
        if tokens < 0:
            raise ValueError("cost and tokens must be finite and at least 0, and tokens whole numbers")
        exact = exact_cost(cost)
        delivery = handling_of(self).delivery
        accounting.charge(delivery.subscription, exact, tokens)
        for interceptor in handling_of(self).bus.interceptors:
            interceptor.charge(delivery, exact, tokens)

    def reserve(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Reserve what the handler has used and will charge later."""
        exact = exact_cost(cost)
        delivery = handling_of(self).delivery
        for interceptor in handling_of(self).bus.interceptors:
            interceptor.reserve(delivery, exact, tokens)

    def wanted(self, kind: type[Payload]) -> bool:
        """Return True if anyone would receive a payload of that class."""
        if not isinstance(cast("object", kind), type) or Payload not in kind.__mro__:
            raise TypeError(f"wanted takes a Payload class, not {shown_type(kind)}")
        gather, route = handling_of(self).delivery.message.scope.gather, handling_of(self).bus.route(kind)
        return (gather is not None and kind in gather.kinds) or bool(route.subscriptions or route.sinks or route.taps)

    @property
    def policy_set(self) -> str:
        """SHA-256 of the policies in force."""
        return handling_of(self).bus.policies.sha256

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Report the progress of this handler to watchers of the run."""
        handling = handling_of(self)
        message, bus = handling.delivery.message, handling.bus
        if message.scope.run.observed:
            text = str.__getitem__(text, slice(None))  # a subclass of str may return another text later
            shown = text if fraction is None else f"{text} ({fraction:.0%})"
            label = handling.read_so_far()[1]
            shows = bus.may_read(shown, message, label) and bus.judging.askers_may_read(message)
            said = shown[:200] if shows else "withheld"
            bus.emit_event(message, "progress", handling.agent, Reason("progress", "", said))

    def _declared(self, payload: object) -> None:
        handling = handling_of(self)
        card = handling.delivery.subscription.subscriber.card
        if isinstance(payload, (Message, Envelope)):
            handling.refuse(ForgedMessageError(agent=card.id))
        kind = type(payload)
        for declared in card.publishes or card.produces:  # a class may override equality, so do not use `in`
            if kind is declared:
                return
        for declared in card.produces:
            if kind is declared:
                return
        handling.refuse(UndeclaredMessageError(agent=card.id, payload=name_of(payload)))


def _narrow(handling: Handling, given: Headers) -> Headers:
    """Return the headers to send: no wider than those given, nor than those of what the handler has read."""
    own = handling.delivery.message.headers
    headers = exact(given)
    widened = ("headers",) if headers is None else headers.widened_beyond(own)
    if headers is None or widened:
        handling.refuse(HeadersWidenedError(agent=handling.agent, widened=widened))
    return headers.met(handling.read_so_far()[0])


def _may_ask(handling: Handling, question: Payload, expect: tuple[Expected, ...]) -> None:
    declared = handling.delivery.subscription.subscriber.card.asks.get(type(question))
    if declared is None:
        handling.refuse(UndeclaredMessageError(agent=handling.agent, payload=name_of(question), verb="ask"))
    for part in expect:
        kind = kind_of(part)
        if not isinstance(cast("object", kind), type) or not (part is kind or type(part) is Each):
            raise TypeError(f"an answer must be a Payload class or Each(...) of one, not {shown_type(kind)}")
        for one in declared:  # a class may override equality, so do not use `in`
            if kind is kind_of(one):
                break
        else:
            shown = f"{topic_name(kind)} in answer to {name_of(question)}"
            handling.refuse(UndeclaredMessageError(agent=handling.agent, payload=shown, verb="expect"))


def _question(
    handling: Handling, payload: Payload, scope: Scope, to: str | None, narrowed: Headers | None = None
) -> RoomTicket | None:
    bus, message = handling.bus, handling.delivery.message
    headers, label = handling.read_so_far()
    headers = narrowed or headers
    accounting.enter(scope)  # keeps the scope from being at rest before its question is published
    try:
        return bus.publish(
            payload, handling.delivery.subscription.subscriber.card, scope, message.number, message.hops + 1,
            headers, label, None, to, asked=True, reject=True,
        )  # fmt: skip
    finally:
        accounting.leave(scope)
        if not scope.in_flight:
            bus.correlator.at_rest(scope)


async def _asked(
    context: HandlerContext, payload: Payload, expect: tuple[Expected, ...], *, need: Need, within_s: float | None,
    cancel_rest: bool, to: str | None, headers: Headers | None = None,
) -> Scope:  # fmt: skip
    """Publish a question, wait for its answers, and return their scope, which handlers must not access."""
    handling = handling_of(context)
    worker, bus = handling.alive("ask"), handling.bus
    within_s = checked_s(within_s)
    _may_ask(handling, payload, expect)
    narrowed = None if headers is None else _narrow(handling, headers)
    scope, asked_before = bus.correlator.ask(handling.delivery, payload, expect, need)
    gather: Gather = scope.gather  # type: ignore[assignment]  # a scope that a handler opens has one
    opened = handling.opened
    if opened is None:
        opened = handling.opened = []
    opened.append(scope)
    timer = None
    try:
        ticket = None if asked_before else _question(handling, payload, scope, to, narrowed)
        if within_s is not None and (ticket is not None or not gather.done):
            gather.until = bus.now() + within_s
            timer = bus.timers.at(gather.until, "gather", (gather, ticket))
        if ticket is not None:
            await bus.overflows.room(ticket, worker)
            scope.may_deadlock = True  # nobody has checked what the mailboxes of its deliveries now wait for
        if not gather.done:
            waits = handling.worker is not None
            if waits:
                bus.deadlocks.begin(worker, scope)
            try:
                while not gather.done:
                    gather.waiter = waiter = bus.make_future()
                    await waiter
            finally:
                if waits and scope in worker.waits:
                    bus.deadlocks.end(worker, scope)
    finally:
        if timer is not None:
            timer.cancel()
        opened.remove(scope)
        cancelled = not gather.done
        gather.closed = True
        if cancelled or need == "first" or cancel_rest:
            bus.runs.cut_scope(scope, NO_LONGER_NEEDED)
        bus.correlator.close(scope)
    handling.reads(gather.label, gather.headers or handling.read_so_far()[0])
    return scope


def _gathered(handling: Handling, scope: Scope) -> Gathered:
    """Return the answers to a question, and the missing ones."""
    bus, run_id = handling.bus, scope.correlation_id
    gather: Gather = scope.gather  # type: ignore[assignment]  # as above
    held = bus.approvals.held_parts(scope) if scope.held and bus.approvals is not None else None
    return gather.result(run_id, bus.failures.of(run_id) if bus.failures.debug else (), held)


# Only these functions reach the trusted state: a handler that follows the attributes of its context, even private ones,
# finds no envelope, no run and no record of what it has read.
_slots = {name: vars(HandlerContext)[name] for name in HandlerContext.__slots__}
handling_of: Callable[[HandlerContext], Handling] = _slots["_handling"].__get__
_keep = _slots["_handling"].__set__
_message_of: Callable[[HandlerContext], Message[Payload]] = _slots["_message"].__get__
_keep_message = _slots["_message"].__set__
for _slot in _slots:
    delattr(HandlerContext, _slot)
