"""One worker of one subscriber: takes a delivery, runs its handler, publishes what it returns, settles the account.

One cancel scope serves a worker for as long as nothing is cancelled: a scope round every handler costs a third more,
and entering one only when a handler suspends is wrong, because the handler's own scopes are open by then. Each handler
runs in its own copy of the context variables.
"""

from __future__ import annotations

import types
from contextvars import Context as Variables
from typing import TYPE_CHECKING, Any

import anyio

from genie.account import Delivery, Outcome
from genie.context import HandlerContext
from genie.errors import ForgedMessageError, GenieError, WrongOutputError
from genie.mailbox import Lane
from genie.message import Message, Payload, topic_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Generator

    from genie.bus import Bus
    from genie.mailbox import Subscriber, Ticket
    from genie.wake import Parker

HANDLED = Outcome.HANDLED
FAIRNESS = 64
"""Deliveries a worker handles in a row before it lets the loop turn."""
KEPT_IDLE = 64
"""Idle workers that one subscriber keeps; more of them end."""


class Worker:
    """Runs handlers one after the other; the bus starts it when mail waits and nobody is idle."""

    __slots__ = (
        "_bus", "_row", "_scope", "_subscriber", "context", "delivery", "ended", "parker", "started", "until",
        "variables", "waits",
    )  # fmt: skip

    def __init__(self, bus: Bus, subscriber: Subscriber, parker: Parker, variables: Variables) -> None:
        self._bus = bus
        self._subscriber = subscriber
        self.parker = parker
        self.variables = variables
        self._scope: anyio.CancelScope
        self.delivery: Delivery | None = None
        """What is being handled."""
        self.context: HandlerContext | None = None
        self.started = 0.0
        self.until = 0.0
        """When the handling is out of time: the card's timeout."""
        self.ended: tuple[Outcome, str] | None = None
        """Why the handling was cut off."""
        self.waits: Any = None
        """What its handler waits for: a scope it gathers in, or a ticket."""
        self._row = 0

    async def run(self) -> None:
        """Serve the mailbox until the subscriber is gone."""
        subscriber = self._subscriber
        try:
            while True:
                with anyio.CancelScope() as self._scope:
                    while self.ended is None:
                        delivery = subscriber.take()
                        if delivery is None:
                            if subscriber.removed or len(subscriber.idle) >= KEPT_IDLE:
                                return
                            await self._idle()
                            continue
                        rest = self._begin(delivery)
                        if rest is not None:
                            self._row = 0
                            await rest
                        elif self._row == FAIRNESS:
                            self._row = 0
                            await anyio.lowlevel.cancel_shielded_checkpoint()
                        else:
                            self._row += 1
                self.ended = None
        finally:
            subscriber.workers.remove(self)
            if subscriber.queue or subscriber.ready:
                self._bus.respawn(subscriber)

    async def _idle(self) -> None:
        idle = self._subscriber.idle
        idle.append(self)
        try:
            await self.parker.park()
        except BaseException:
            if self in idle:  # cancelled while idle: a wake must not be lost on it
                idle.remove(self)
            else:
                self._subscriber.signal()
            raise

    def cut(self, outcome: Outcome, reason: str) -> None:
        """Cancel the handling; its delivery ends with that outcome."""
        if self.ended is None:
            self.ended = (outcome, reason)
            self._scope.cancel()

    # --- one delivery ---

    def _begin(self, delivery: Delivery) -> Coroutine[Any, Any, None] | None:
        """Run a handler up to its first suspension; return the rest of it, or None when it is over."""
        bus = self._bus
        message = delivery.message
        run = message.scope.run
        now = self.started = bus.now()
        if delivery.epoch != bus.epoch or not run.alive or (now >= run.deadline and not run.held):
            kept = bus.take_out(delivery)
            if kept is None:
                return None
            delivery = kept
            message = delivery.message
        lane = delivery.lane
        timeout_s = self._subscriber.timeout_s
        if timeout_s is not None:
            self.until = until = now + timeout_s
            if until < bus.alarm.watched:
                bus.alarm.watch(until)
        self.delivery = delivery
        if run.noisy:
            bus.tell(message, "started", self._subscriber.card.id)
        variables = self.variables.copy()
        try:
            if lane.wants == Lane.PAYLOAD:
                running = lane.call(message.payload)
            else:
                self.context = context = HandlerContext(bus, self, delivery)
                running = lane.call(message.payload if lane.wants == Lane.CONTEXT else message, context)
            if type(running) is not types.CoroutineType:
                return self._stream(running, variables)
            pending = variables.run(running.send, None)
        except StopIteration as stop:
            return self._complete(stop.value, variables)
        except Exception as error:  # noqa: BLE001 - the boundary: a failure is contained to its delivery
            self._failed(error)
            return None
        return self._finish_later(running, variables, pending)

    async def _finish_later(self, running: Any, variables: Variables, pending: object) -> None:
        try:
            output = await _resumed(running, variables, pending)
        except BaseException as error:
            if not self._stopped(error):
                raise
            return
        rest = self._complete(output, variables)
        if rest is not None:
            await rest

    def _stopped(self, error: BaseException) -> bool:
        """Settle a handling that ended with an exception; False when the exception belongs to somebody else."""
        if self.ended is not None:
            self._over(*self.ended)
            return isinstance(error, Exception)  # a cancellation goes on to the scope that caused it
        if isinstance(error, Exception):
            self._failed(error)
            return True
        self._over(Outcome.CANCELLED, "closed" if self._bus.closing else "handler was cancelled")
        return False

    def _complete(self, output: object, variables: Variables) -> Coroutine[Any, Any, None] | None:
        """Publish what a handler returned, then settle its delivery."""
        if self.ended is not None:  # it swallowed its cancellation, or ended first; its outputs are dropped
            self._over(*self.ended)
            return None
        if output is not None:
            try:
                ticket = self._publish(output)
            except _Streams as streams:
                return self._stream(streams.iterator, variables)
            except GenieError as error:
                self._failed(error, final=True)
                return None
            if ticket is not None:
                return self._wait_for_room(ticket)
        self._over(HANDLED, "")
        return None

    async def _wait_for_room(self, ticket: Ticket) -> None:
        try:
            await self._bus.room(ticket, self)
        except BaseException as error:
            if not self._stopped(error):
                raise
            return
        self._over(*(self.ended or (HANDLED, "")))

    def _publish(self, output: object) -> Ticket | None:
        bus, delivery = self._bus, self.delivery
        card = self._subscriber.card
        produces = card.produces
        if type(output) in produces:
            outputs: tuple[Any, ...] = (output,)
        elif isinstance(output, tuple):
            outputs = output
            for part in outputs:
                if type(part) not in produces:
                    raise _wrong(card.id, part, produces)
        elif hasattr(output, "__aiter__"):
            raise _Streams(output)
        else:
            raise _wrong(card.id, output, produces)
        assert delivery is not None  # noqa: S101 - narrows; a worker publishes only while it handles
        ticket: Ticket | None = None
        for payload in outputs:
            ticket = bus.output(payload, delivery, self._label(), ticket)
        return ticket

    def _label(self) -> int:
        return self.delivery.message.label if self.context is None else self.context.label  # type: ignore[union-attr] - while handling

    async def _stream(self, iterator: AsyncIterator[object], variables: Variables) -> None:
        """Publish what an async iterator yields, as it yields; it is closed however it ends."""
        yielded = False

        async def consume() -> None:
            nonlocal yielded
            try:
                async for payload in iterator:
                    if self.ended is not None:
                        break
                    ticket = self._publish(payload)
                    yielded = True
                    if ticket is not None:
                        await self._bus.room(ticket, self)
            finally:
                close = getattr(iterator, "aclose", None)
                if close is not None:
                    await close()

        running = consume()
        try:
            pending = variables.run(running.send, None)
        except StopIteration:
            self._over(*(self.ended or (HANDLED, "")))
            return
        except Exception as error:  # noqa: BLE001 - the boundary: a failure is contained to its delivery
            self._failed(error, final=yielded)
            return
        try:
            await _resumed(running, variables, pending)
        except BaseException as error:
            if self.ended is None and isinstance(error, Exception):
                self._failed(error, final=yielded)
            elif not self._stopped(error):
                raise
            return
        self._over(*(self.ended or (HANDLED, "")))

    # --- the end of one ---

    def _failed(self, error: BaseException, *, final: bool = False) -> None:
        if self.ended is not None:
            self._over(*self.ended)
            return
        final = final or isinstance(error, GenieError)
        self._bus.report_failure(self._subscriber, error)
        self._failed_as(reason_of(error), final=final)

    def _failed_as(self, reason: str, *, final: bool = False) -> None:
        delivery = self._close()
        if delivery is not None:
            self._bus.failed(delivery, reason, final=final)

    def _over(self, outcome: Outcome, reason: str) -> None:
        if outcome is Outcome.DEAD_LETTERED:  # out of time: a failure like any other
            self._failed_as(reason)
            return
        delivery = self._close()
        if delivery is not None:
            if self._subscriber.busy:
                self._subscriber.release(delivery)
            self._bus.settle(delivery, outcome, reason)

    def _close(self) -> Delivery | None:
        delivery = self.delivery
        if delivery is None:
            return None
        self.delivery = None
        bus = self._bus
        elapsed = bus.now() - self.started
        self._subscriber.tally.times[min(int(elapsed * 1e6).bit_length(), 31)] += 1
        if delivery.message.scope.run.noisy:
            bus.timed(delivery, elapsed)
        context = self.context
        if context is not None:
            self.context = None
            context.close()
        return delivery


class _Streams(Exception):  # noqa: N818 - a signal within this file
    """The output is an async iterator."""

    def __init__(self, iterator: Any) -> None:
        super().__init__()
        self.iterator = iterator


def _wrong(agent: str, output: object, declared: tuple[type[Payload], ...]) -> GenieError:
    if isinstance(output, Message):
        return ForgedMessageError(agent=agent)
    names = tuple(topic_of(kind).name for kind in declared)
    return WrongOutputError(agent=agent, got=type(output).__name__, declared=names)


def reason_of(error: BaseException) -> str:
    """Return how a failure is named: our own errors say what happened; others only their class, never their text."""
    return str(error) if isinstance(error, GenieError) else type(error).__name__


@types.coroutine
def _resumed(running: Any, variables: Variables, pending: object) -> Generator[Any, Any, Any]:
    """Drive a coroutine that has suspended, each step inside its own context variables."""
    while True:
        try:
            sent = yield pending
        except BaseException as error:  # noqa: BLE001 - thrown in by the loop; it belongs to the coroutine
            step: Callable[[Any], Any] = running.throw
            value: Any = error
        else:
            step, value = running.send, sent
        try:
            pending = variables.run(step, value)
        except StopIteration as stop:
            return stop.value


