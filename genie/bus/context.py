"""The context that a handler is given: one object per delivery, dead when the handler ends."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import anyio

from genie.bus.accounting import Stain
from genie.contracts.gather import Each
from genie.contracts.limits import EXACT, Cost, exact_cost
from genie.contracts.message import Message, Payload, topic_of
from genie.errors import (
    ForgedMessageError,
    GenieError,
    HeadersWidenedError,
    PartMissingError,
    UndeclaredMessageError,
)

if TYPE_CHECKING:
    import datetime
    import logging

    from genie.bus.accounting import Delivery, Scope
    from genie.bus.exchange import Exchange, Handling
    from genie.bus.mailbox import Ticket
    from genie.contracts.classification import Classification
    from genie.contracts.gather import Expected, Gathered, Need
    from genie.contracts.headers import Headers

FAIRNESS = 64
"""Payloads a handler publishes in a row before it lets the loop turn."""

T = TypeVar("T", bound=Payload)
Port = TypeVar("Port")


class HandlerContext:
    """Implements ``genie.contracts.context.Context`` for one delivery."""

    __slots__ = ("_bus", "_delivery", "_opened", "_published", "_random", "_worker", "label", "onward", "stain")

    def __init__(self, bus: Exchange, worker: Handling, delivery: Delivery) -> None:
        self._bus = bus
        self._worker: Handling | None = worker
        self._delivery = delivery
        self._opened: list[Scope] | None = None
        self._published = 0
        self._random: random.Random | None = None
        self.label: Classification = delivery.message.label
        """Highest declared label of what the handler has read so far."""
        self.onward: Headers = delivery.message.headers
        """Narrowest headers of what the handler has read so far: what it sends carries them."""
        self.stain: Stain | None = None
        """What others have put into the scratch that the handler has had in its hands."""

    # --- reading ---

    @property
    def message(self) -> Message[Payload]:
        """The envelope being handled."""
        return self._delivery.message

    @property
    def headers(self) -> Headers:
        """Security context of the message."""
        return self._delivery.message.headers

    @property
    def notices(self) -> tuple[str, ...]:
        """What an egress must write beside the payload."""
        extra = self._delivery.extra
        return () if extra is None else extra.notices

    @property
    def deadline(self) -> float:
        """When the run ends at the latest."""
        return self._delivery.message.deadline

    @property
    def random(self) -> random.Random:
        """Randomness seeded by runtime, run, agent, and how many handlings of the agent drew in the run before."""
        if self._random is None:
            run, agent = self._delivery.message.scope.run, self._agent
            if run.drawn is None:
                run.drawn = {}
            # No message number: it depends on other runs, and a run keeps its draws when others are left out.
            ordinal = run.drawn[agent] = run.drawn.get(agent, 0) + 1
            seed = f"{self._bus.seed}/{run.number if run.seed is None else run.seed}/{agent}/{ordinal}"
            self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose; no secret is drawn from it
        return self._random

    @property
    def state(self) -> dict[str, Any]:
        """This agent's scratch for this run."""
        run = self._delivery.message.scope.run
        if run.state is None:
            run.state, run.stains = {}, {}
        if self.stain is None:
            self.stain = run.stains.setdefault(self._agent, Stain(self.label, self.onward))
            self._reads(self.label, self.onward)
        state: dict[str, Any] = run.state.setdefault(self._agent, {})
        return state

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Logger that carries the run and the agent."""
        message = self._delivery.message
        import logging  # noqa: PLC0415 - start-up: for handlers that log

        extra = {"run_id": message.correlation_id, "agent": self._agent}
        return logging.LoggerAdapter(logging.getLogger("genie.agent"), extra)

    @property
    def settings(self) -> Any:
        """The frozen settings that the pipeline binds."""
        return self._delivery.lane.subscriber.settings

    def now(self) -> datetime.datetime:
        """Return the date and time in UTC."""
        return self._bus.clock.wall()

    def port(self, kind: type[Port]) -> Port:
        """Return what is bound to a port."""
        subscriber = self._delivery.lane.subscriber
        if kind not in subscriber.ports:
            raise UndeclaredMessageError(agent=self._agent, payload=kind.__name__, verb="use the port")
        bound: Port = subscriber.ports[kind]
        return bound

    # --- acting ---

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Publish at once."""
        worker = self._alive("publish")
        self._declared(payload)
        message, extra = self._delivery.message, self._delivery.extra
        onward, label = self.read_so_far()
        ticket = self._bus.emit(
            payload, self._delivery.lane.subscriber.card, message.scope, message.number, message.hops + 1,
            onward if headers is None else self._narrow(headers).met(onward), label, None, to,
            None if extra is None else extra.instead_of, reject=True,
        )  # fmt: skip
        self._published += 1
        self._bus.within_budget(self._agent, self._delivery, self._published)
        if ticket is not None:
            await self._bus.room(ticket, worker)
        elif self._published % FAIRNESS == 0:  # a handler that never waits would keep the loop for itself
            await anyio.lowlevel.checkpoint()

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Publish later."""
        _ = self._alive("publish later")
        self._declared(payload)
        if not (delay_s >= 0 and math.isfinite(delay_s)):
            raise ValueError(f"delay_s is a finite number from 0, not {delay_s}")
        self._bus.output_later(delay_s, payload, self._delivery, *self.read_so_far(), to)

    async def ask(
        self, question: Payload, answer: type[T], *, to: str | None = None, within_s: float | None = None
    ) -> T:
        """Publish a question and wait for one answer."""
        gathered = await self._gather(question, (answer,), need="all", within_s=within_s, cancel_rest=False, to=to)
        found = gathered.get(answer)
        if found is not None:
            return found
        missing = next(iter(gathered.missing.values()))
        raise PartMissingError(run_id=gathered.run_id, part=missing.part, reason=_named(missing.agent, missing.reason))

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
        parts = expect if isinstance(expect, tuple) else (expect,)
        return await self._gather(payload, parts, need=need, within_s=within_s, cancel_rest=cancel_rest, to=None)

    async def _gather(
        self,
        payload: Payload,
        expect: tuple[Expected, ...],
        *,
        need: Need,
        within_s: float | None,
        cancel_rest: bool,
        to: str | None,
    ) -> Gathered:
        worker = self._alive("ask")
        if within_s is not None and not within_s >= 0:
            raise ValueError(f"within_s is a number of seconds from 0, not {within_s}")
        bus, delivery = self._bus, self._delivery
        self._may_ask(payload, expect)
        scope = bus.correlator.open(delivery)
        parker = bus.make_parker()
        try:
            expectation = bus.correlator.expect(scope, expect, need, parker.wake, type(payload))
        except BaseException:  # a question that never left closes what it opened, then the error goes on
            bus.correlator.close(scope)
            raise
        if self._opened is None:
            self._opened = []
        self._opened.append(scope)
        timer = None
        try:
            ticket = self._question(payload, scope, to)
            if within_s is not None and (ticket is not None or not expectation.done):
                expectation.until = bus.now() + within_s
                timer = bus.alarm.at(expectation.until, expectation.limit(ticket))
            if ticket is not None:
                await bus.room(ticket, worker)
                scope.entangled = True  # where its deliveries lie by now, nobody has looked
            if not expectation.done:
                bus.waits.begin(worker, scope)
                try:
                    while not expectation.done:
                        await parker.park()
                finally:
                    bus.waits.end(worker, scope)
        finally:
            if timer is not None:
                timer.cancel()
            self._opened.remove(scope)
            cancelled = not expectation.done
            expectation.closed = True
            if cancelled or need == "first" or cancel_rest:
                bus.trees.cut_scope(scope, "no longer needed")
            bus.correlator.close(scope)
        self._reads(expectation.label, expectation.headers or self.onward)
        return expectation.result(scope.correlation_id)

    def _may_ask(self, question: Payload, expect: tuple[Expected, ...]) -> None:
        declared = self._delivery.lane.subscriber.card.asks.get(type(question))
        if declared is None:
            self._refuse(UndeclaredMessageError(agent=self._agent, payload=_name(question), verb="ask"))
        for part in expect:
            if part not in declared and _kind(part) not in map(_kind, declared):
                shown = f"{topic_of(_kind(part)).name} in answer to {_name(question)}"
                self._refuse(UndeclaredMessageError(agent=self._agent, payload=shown, verb="expect"))

    def _question(self, payload: Payload, scope: Scope, to: str | None) -> Ticket | None:
        bus, message = self._bus, self._delivery.message
        headers, label = self.read_so_far()
        scope.in_flight += 1  # a token, so that the scope is not at rest before its question is out
        try:
            return bus.emit(
                payload, self._delivery.lane.subscriber.card, scope, message.number, message.hops + 1,
                headers, label, None, to, asked=True, reject=True,
            )  # fmt: skip
        finally:
            scope.in_flight -= 1
            if not scope.in_flight:
                bus.correlator.at_rest(scope)

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used."""
        if not (isinstance(cast("object", tokens), int) and tokens >= 0):
            raise ValueError(f"cost and tokens are finite numbers from 0, tokens whole ones, not {tokens}")
        exact = exact_cost(cost)
        tally = self._delivery.lane.subscriber.tally
        tally.charged = EXACT.add(tally.charged, exact)
        tally.tokens += tokens
        if self._bus.turnstile is not None:
            self._bus.turnstile.charge(self._delivery, exact, tokens)

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Tell whoever watches the run how far this handler is."""
        message = self._delivery.message
        if message.scope.run.noisy:
            shown = text if fraction is None else f"{text} ({fraction:.0%})"
            said = shown[:200] if self._bus.may_hear(shown, message, self.label) else "withheld"
            self._bus.tell(message, "progress", self._agent, said)

    # --- the bus's side ---

    def read_so_far(self) -> tuple[Headers, Classification]:
        """Return the narrowest headers and the highest label of what the handler has read, its scratch included."""
        if self.stain is not None:
            self._reads(self.stain.label, self.stain.headers)
        return self.onward, self.label

    def _reads(self, label: Classification, headers: Headers) -> None:
        """Note what the handler has read; whatever it may put into its scratch is as sensitive, and as narrow."""
        self.label = max(self.label, label)
        self.onward = self.onward.met(headers)
        stain = self.stain
        if stain is not None:
            stain.label = self.label = max(self.label, stain.label)
            stain.headers = self.onward = self.onward.met(stain.headers)

    def close(self) -> None:
        """Make the context dead, and cancel the scopes that its handler left open."""
        self._worker = None
        for scope in tuple(self._opened or ()):
            self._bus.trees.cut_scope(scope, "its asker ended")

    @property
    def _agent(self) -> str:
        agent: str = self._delivery.lane.subscriber.card.id
        return agent

    def _alive(self, verb: str) -> Handling:
        if self._worker is None or self._worker.ended is not None:  # a handler may outlive its cancellation a little
            raise RuntimeError(f"{self._agent!r} tried to {verb} after its handling had ended")
        return self._worker

    def _declared(self, payload: object) -> None:
        card = self._delivery.lane.subscriber.card
        if isinstance(payload, Message):
            self._refuse(ForgedMessageError(agent=self._agent))
        if type(payload) not in card.produces and type(payload) not in card.publishes:
            self._refuse(UndeclaredMessageError(agent=self._agent, payload=_name(payload)))

    def _narrow(self, headers: Headers) -> Headers:
        widened = headers.widened_beyond(self.headers)
        if widened:
            self._refuse(HeadersWidenedError(agent=self._agent, widened=widened))
        return headers

    def _refuse(self, error: GenieError) -> NoReturn:
        self._bus.refused(self._delivery, error)
        raise error


def _kind(part: Expected) -> type[Payload]:
    return part.payload if isinstance(part, Each) else part


def _name(payload: object) -> str:
    return topic_of(payload).name if isinstance(payload, Payload) else type(payload).__name__


def _named(agent: str | None, reason: str) -> str:
    return reason if agent is None else f"{agent}: {reason}"
