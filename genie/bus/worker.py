"""One worker of one subscriber: takes a delivery, runs its handler, publishes what it returns, settles the account.

One cancel scope serves a worker for as long as nothing is cancelled: a scope round every handler costs a third more,
and entering one only when a handler suspends is wrong, because the handler's own scopes are open by then. Each handler
runs in its own copy of the context variables.
"""

from __future__ import annotations

import math
import types
from typing import TYPE_CHECKING, Any

import anyio

from genie.bus.accounting import Outcome
from genie.bus.context import HandlerContext
from genie.bus.mailbox import Lane
from genie.contracts.message import Message, topic_of
from genie.errors import EdgeError, ForgedMessageError, GenieError, ImmutableMessageError, WrongOutputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator
    from contextvars import Context as Variables

    from genie.bus.accounting import Delivery, Scope
    from genie.bus.exchange import Exchange
    from genie.bus.mailbox import Subscriber, Ticket

HANDLED = Outcome.HANDLED
FAIRNESS = 64
"""Deliveries a worker handles in a row before it lets the loop turn."""
STALL_S = 1.0
"""Seconds without a suspension from which a handler is named as blocking the loop."""
KEPT_IDLE = 64
"""Idle workers that one subscriber keeps; more of them end."""

_SENT: Any = object()
"""The first thing that a handler waits for has been handed to the loop; it may be None, so None cannot say so."""
_OF_THE_LOOP = (KeyboardInterrupt, SystemExit, GeneratorExit, BaseExceptionGroup)
"""What no delivery contains, beside a cancellation."""


class Worker:
    """Runs handlers one after the other; the bus starts it when mail waits and nobody is idle."""

    __slots__ = (
        "_base", "_bus", "_parker", "_pending", "_row", "_running", "_scope", "_suspended", "_variables", "context",
        "delivery", "ended", "started", "subscriber", "task", "until", "waits", "wake",
    )  # fmt: skip

    def __init__(self, bus: Exchange, subscriber: Subscriber, variables: Variables) -> None:
        self._bus = bus
        self.subscriber = subscriber
        self.task: object = None
        """The crew's name for its task."""
        self._parker: Any = None
        self.wake: Callable[[], None]
        """Let it look at the mailbox; it has been taken off the idle stack."""
        self._base = variables
        self._variables = variables
        self._running: Any = None
        self._pending: Any = _SENT
        self._scope: anyio.CancelScope
        self._row = 0
        self._suspended = False
        """The handler has waited, so that the time it took says nothing of the time it blocked the loop."""
        self.delivery: Delivery | None = None
        """What is being handled."""
        self.context: HandlerContext | None = None
        self.started = 0.0
        self.until = 0.0
        """When the handling is out of time."""
        self.ended: tuple[Outcome, str] | None = None
        """Why the handling was cut off."""
        self.waits: tuple[Scope | Ticket, ...] = ()
        """What its handler waits for."""

    async def run(self) -> None:  # noqa: C901 - as for _begin: each call more costs on every message
        """Serve the mailbox until the subscriber is gone."""
        subscriber = self.subscriber
        try:
            while True:
                try:
                    with anyio.CancelScope() as self._scope:
                        while self.ended is None:
                            delivery = subscriber.take()
                            if delivery is None:
                                # While the bus closes, it may be here because a handler swallowed the cancellation.
                                if subscriber.removed or self._bus.closing or len(subscriber.idle) >= KEPT_IDLE:
                                    return
                                try:
                                    await self._idle()
                                except BaseException:  # it leaves the idle stack, then the cancellation goes on
                                    self._not_idle()
                                    raise
                                continue
                            rest = self._begin(delivery)
                            if rest is not None:
                                self._suspends()
                                while rest is not None:  # after the handler, its outputs may have to wait for room
                                    rest = await rest
                                self._suspended = False
                            elif self._row == FAIRNESS:
                                self._row = 0
                                await anyio.lowlevel.cancel_shielded_checkpoint()
                            else:
                                self._row += 1
                except Exception as error:  # what a handler raised beside the cancellation that was meant for it
                    if self.ended is None:
                        raise
                    self._bus.log_failure(subscriber.card.id, error)
                self.ended = None
                self._suspended = False
        finally:
            subscriber.workers.remove(self)
            if subscriber.left is not None and not subscriber.workers:
                subscriber.left.wake()
            self._bus.crew.left(self.task)
            if (subscriber.queue or subscriber.ready) and not self._bus.closing:
                subscriber.signal()

    def _suspends(self) -> None:
        self._row = 0
        self._suspended = True
        if self.subscriber.laned:
            self._look()
        seconds = self._bus.now() - self.started
        if seconds >= STALL_S:
            self._stalled(seconds)

    def _look(self) -> None:
        """Mail that lies behind a key may have come to lie behind that of a handler that waits."""
        if self.subscriber.waiting:
            self._bus.waits.look_later()

    def _stalled(self, seconds: float) -> None:
        """The handler kept the loop that long: ``STALL_S`` or more."""
        self._bus.blocked(self.subscriber, seconds)

    def _idle(self) -> Awaitable[None]:
        """Lie down on the idle stack; what it returns waits until ``wake``."""
        parker = self._parker
        if parker is None:
            parker = self._parker = self._bus.make_parker()
            self.wake = parker.wake
        self.subscriber.idle.append(self)
        if self.subscriber.laned:
            self._look()
        waiting: Awaitable[None] = parker.park()
        return waiting

    def _not_idle(self) -> None:
        """It was cancelled while idle: a wake must not be lost on it."""
        if self in self.subscriber.idle:
            self.subscriber.idle.remove(self)
        elif not self._bus.closing:
            self.subscriber.signal()

    def cut(self, outcome: Outcome, reason: str) -> None:
        """Cancel the handling; its delivery ends with that outcome."""
        if self.ended is None:
            self.ended = (outcome, reason)
            self._scope.cancel()

    # --- one delivery ---

    def _begin(  # noqa: C901, PLR0912 - the hot path: each call more costs a tenth of a delivery
        self, delivery: Delivery
    ) -> Awaitable[Any] | None:
        """Run a handler up to its first suspension; return the rest of it, or None when it is over."""
        bus = self._bus
        run = delivery.message.scope.run
        now = self.started = bus.now()
        if (delivery.epoch != bus.epoch or not run.alive or now >= run.deadline) and not bus.take_out(delivery):
            return None
        message, lane = delivery.message, delivery.lane
        timeout_s = self.subscriber.timeout_s
        if timeout_s is not None:
            self.until = until = now + timeout_s
            if until < bus.alarm.watched:
                bus.alarm.watch(until)
        self.delivery = delivery
        if run.noisy:
            bus.tell(message, "started", self.subscriber.card.id)
        variables = self._base.copy()
        try:
            if lane.wants == Lane.PAYLOAD:
                running = lane.call(message.payload)
            else:
                self.context = context = HandlerContext(bus, self, delivery)
                if lane.wants == Lane.CONTEXT:
                    running = lane.call(message.payload, context)
                else:  # a third party's `handle` may be a plain function that runs code before it returns
                    running = variables.run(lane.call, message, context)
            if type(running) is not types.CoroutineType:
                return self._stream(running)
            pending = variables.run(running.send, None)
        except StopIteration as stop:
            output = stop.value
        except BaseException as error:  # settled here, unless it belongs to the loop or a scope
            if not self._stopped(error):
                raise
            return None
        else:
            self._running, self._variables, self._pending = running, variables, pending
            return self
        if self.ended is None and type(output) in self.subscriber.card.produces:  # the ordinary end
            extra = delivery.extra
            read = self.context
            headers, label = (message.headers, message.label) if read is None else read.read_so_far()
            ticket = bus.emit(
                output, self.subscriber.card, message.scope, message.number, message.hops + 1, headers, label,
                None, None, None if extra is None else extra.instead_of,
            )  # fmt: skip
            if ticket is not None:
                return self._wait_for_room(ticket)
            self._close(delivery)
            if self.subscriber.busy:
                self.subscriber.release(delivery)
            bus.settle(delivery, HANDLED)
            return None
        return self._complete(output)

    # A worker is itself the awaitable rest of the handler that it runs: an object with ``send`` and ``throw`` in the
    # place of a generator, whose frame would weigh 270 bytes on every blocked handler.

    def __await__(self) -> Worker:
        return self

    def __next__(self) -> object:
        pending, self._pending = self._pending, _SENT
        return self.send(None) if pending is _SENT else pending

    def __iter__(self) -> Worker:
        return self

    def send(self, value: object) -> object:
        """Let the handler go on, inside its own context variables."""
        return self._step(self._running.send, value)

    def throw(self, kind: Any, value: Any = None, _traceback: Any = None) -> object:
        """Hand an exception of the loop's on to the handler, to which it belongs."""
        error = value if isinstance(value, BaseException) else kind() if isinstance(kind, type) else kind
        return self._step(self._running.throw, error)

    def close(self) -> None:
        """The loop is gone."""
        self._running.close()

    def _step(self, step: Callable[[Any], Any], value: object) -> object:
        now = self._bus.now
        before = now()
        try:
            return self._variables.run(step, value)
        except StopIteration as stop:
            rest = self._complete(stop.value)
        except BaseException as error:  # settled here, unless it belongs to the loop or a scope
            if not self._stopped(error):
                raise
            rest = None
        finally:
            seconds = now() - before
            if seconds >= STALL_S:
                self._stalled(seconds)
        self._running = None
        raise StopIteration(rest)

    def _stopped(self, error: BaseException, *, final: bool = False) -> bool:
        """Settle a handling that ended with an exception; False when the exception belongs to somebody else."""
        if self.ended is not None:
            self._over(*self.ended, final=final)
            return isinstance(error, Exception)  # a cancellation goes on to the scope that caused it
        if isinstance(error, Exception) or not isinstance(error, (*_OF_THE_LOOP, anyio.get_cancelled_exc_class())):
            self._failed(error, final=final)
            return True
        self._over(Outcome.CANCELLED, "closed" if self._bus.closing else "handler was cancelled")
        return False

    def _complete(self, output: object) -> Awaitable[Any] | None:
        """Publish what a handler returned, then settle its delivery."""
        if self.ended is not None:  # it swallowed its cancellation, or ended first; its outputs are dropped
            self._over(*self.ended)
            return None
        if output is not None:
            try:
                ticket = self._publish(output)
            except _Streams as streams:
                return self._stream(streams.iterator)
            except GenieError as error:
                self._failed(error, final=True)
                return None
            if ticket is not None:
                return self._wait_for_room(ticket)
        self._over(HANDLED, "")
        return None

    async def _wait_for_room(self, ticket: Ticket) -> None:
        self.until = math.inf  # the handler is over in time; its outputs have left and may not leave twice
        try:
            await self._bus.room(ticket, self)
        except BaseException as error:  # settled here, unless it belongs to the loop or a scope
            if not self._stopped(error):
                raise
            return
        self._over(*(self.ended or (HANDLED, "")))

    def _publish(self, output: object) -> Ticket | None:
        delivery = self.delivery
        if delivery is None:
            return None
        card = self.subscriber.card
        message, extra = delivery.message, delivery.extra
        headers, label = (message.headers, message.label) if self.context is None else self.context.read_so_far()
        ticket: Ticket | None = None
        if type(output) in card.produces:  # looked at first: a model takes microseconds to say what it lacks
            outputs: Any = (output,)
        else:
            outputs = self._several(delivery, output)
        for payload in outputs:
            ticket = self._bus.emit(
                payload, card, message.scope, message.number, message.hops + 1, headers, label, ticket, None,
                None if extra is None else extra.instead_of,
            )  # fmt: skip
        return ticket

    def _several(self, delivery: Delivery, output: object) -> tuple[Any, ...]:
        """Return what is published of an output that is no single payload."""
        card = self.subscriber.card
        if hasattr(output, "__aiter__"):
            raise _Streams(output)
        outputs = output if isinstance(output, tuple) else (output,)
        for part in outputs:
            if type(part) not in card.produces:
                raise self._wrong(delivery, part)
        self._bus.within_budget(card.id, None, len(outputs))
        return outputs

    def _wrong(self, delivery: Delivery, output: object) -> GenieError:
        card = self.subscriber.card
        error: GenieError
        if isinstance(output, Message):
            error = ForgedMessageError(agent=card.id)
        else:
            names = tuple(topic_of(kind).name for kind in card.produces)
            error = WrongOutputError(agent=card.id, got=type(output).__name__, declared=names)
        self._bus.refused(delivery, error)
        return error

    async def _stream(self, iterator: AsyncIterator[object]) -> None:
        """Publish what an async iterator yields, as it yields; it is closed however it ends."""
        yielded = 0

        async def consume() -> None:
            nonlocal yielded
            try:
                async for payload in iterator:
                    if self.ended is not None:
                        break
                    ticket = self._publish(payload)
                    yielded += 1
                    self._bus.within_budget(self.subscriber.card.id, self.delivery, yielded)
                    self._row += 1
                    if ticket is not None:
                        await self._bus.room(ticket, self)
                    elif self._row % FAIRNESS == 0:  # an iterator that never waits would keep the loop for itself
                        await anyio.lowlevel.checkpoint()
            finally:
                close = getattr(iterator, "aclose", None)
                if close is not None:
                    await close()

        try:
            await _Inside(consume(), self._base.copy(), self._stalled, self._bus.now)
        except BaseException as error:  # settled here, unless it belongs to the loop or a scope
            if not self._stopped(error, final=yielded > 0):
                raise
            return
        self._over(*(self.ended or (HANDLED, "")), final=yielded > 0)

    # --- the end of one ---

    def _failed(self, error: BaseException, *, final: bool = False) -> None:
        if self.ended is not None:
            self._over(*self.ended, final=final)
            return
        if isinstance(error, ImmutableMessageError) and self.delivery is not None:
            self._bus.refused(self.delivery, error)
        run_id, why = None, type(error).__name__
        if self.delivery is not None:
            message = self.delivery.message
            run_id = message.correlation_id
            why = self._bus.words(error, message, message.label if self.context is None else self.context.label)
        self._bus.log_failure(self.subscriber.card.id, error, run_id)
        again_s = error.again_s if isinstance(error, EdgeError) else None if isinstance(error, GenieError) else 0.0
        self._failed_as(why, final=final or again_s is None, again_s=again_s or 0.0)

    def _failed_as(self, reason: str, *, final: bool = False, again_s: float = 0.0) -> None:
        delivery = self.delivery
        if delivery is not None:
            self._close(delivery)
            self._bus.supervisor.failed(delivery, reason, final=final, again_s=again_s)

    def _over(self, outcome: Outcome, reason: str, *, final: bool = False) -> None:
        if outcome is Outcome.DEAD_LETTERED:  # out of time: a failure like any other
            self._failed_as(reason, final=final)
            return
        delivery = self.delivery
        if delivery is not None:
            self._close(delivery)
            if self.subscriber.busy:
                self.subscriber.release(delivery)
            self._bus.settle(delivery, outcome, reason)

    def _close(self, delivery: Delivery) -> None:
        self.delivery = None
        elapsed = self._bus.now() - self.started
        self.subscriber.tally.times[int(elapsed * 1e6).bit_length()] += 1
        if elapsed >= STALL_S and not self._suspended:
            self._stalled(elapsed)
        if delivery.message.scope.run.noisy:
            self._bus.took(delivery, elapsed)
        context = self.context
        if context is not None:
            self.context = None
            context.close()


class _Streams(Exception):  # noqa: N818 - a signal within this file
    """The output is an async iterator."""

    def __init__(self, iterator: Any) -> None:
        super().__init__()
        self.iterator = iterator


class _Inside:
    """Awaits a coroutine with each step inside given context variables."""

    def __init__(
        self, running: Any, variables: Variables, stalled: Callable[[float], None], now: Callable[[], float]
    ) -> None:
        self._running = running
        self._variables = variables
        self._stalled = stalled
        self._now = now

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[Any], Any] = self._running.send
        value: Any = None
        while True:
            before = self._now()
            try:
                pending = self._variables.run(step, value)
            except StopIteration as stop:
                return stop.value
            finally:
                seconds = self._now() - before
                if seconds >= STALL_S:
                    self._stalled(seconds)
            try:
                value = yield pending
                step = self._running.send
            except BaseException as error:  # noqa: BLE001 - thrown in by the loop; it belongs to the coroutine
                step, value = self._running.throw, error
