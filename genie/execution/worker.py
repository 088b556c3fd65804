"""One worker: a task that takes deliveries of ready agents and runs their handlers.

A worker uses one cancel scope until something is cancelled: a scope for every handler would cost a third more, and
entering one only when a handler suspends would be wrong, because the handler's own scopes are open by then. Each
handler runs in its own copy of the context variables.
"""

from __future__ import annotations

import math
from collections import deque
from contextvars import ContextVar
from types import CoroutineType
from typing import TYPE_CHECKING, Any

import anyio

from genie.contracts.outcome import Outcome, Reason
from genie.errors import GenieError
from genie.execution import handlers
from genie.execution.context import HandlerContext
from genie.execution.handlers import Streamed, belongs_to_loop, of_the_loop, outputs_of, publish_stream
from genie.execution.handling import Handling
from genie.inflight import accounting
from genie.inflight.accounting import handled
from genie.inflight.delivery import NOWHERE, QUEUED
from genie.inflight.subscription import CONTEXT, PAYLOAD
from genie.observation.observers import STALL_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genie.backend.asyncio_trio import Future
    from genie.backend.timers import Timer
    from genie.execution.workers import Workers
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.mailbox import RoomTicket, Subscriber

CANCELLED, DEAD_LETTERED = Outcome.CANCELLED, Outcome.DEAD_LETTERED
FAIRNESS = 64
"""Deliveries that are handled in a row before the worker yields to the loop."""
KEPT_IDLE = 64
"""Maximum number of idle workers; further ones end."""
STOP_S = 1.0
"""Seconds that a cancelled handler has to stop; then it is abandoned and reported."""
HANDLING: ContextVar[Worker | None] = ContextVar("genie_handling", default=None)  # that of the running task
_REFUSED: deque[Any] = deque(maxlen=256)  # coroutines of handlers that did not stop
_SENT: Any = object()  # the handler's first awaited object has gone to the loop; it may be None, so None cannot say so


class Worker:
    """Runs handlers, one at a time; ``genie.inflight.handlers`` documents what the bus sees of it."""

    __slots__ = (
        "_abandoned", "_attends", "_base", "_bus", "_pending", "_scope", "_stop", "_suspended", "_variables",
        "coroutine", "delivery", "ended", "handling", "started", "subscriber", "task", "until", "waits", "workers",
        "yielded",
    )  # fmt: skip

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self._bus = workers.bus
        self.task: object = None  # the backend's key of its task
        self._base = self._variables = workers.variables.copy()
        self._base.run(HANDLING.set, self)
        self.coroutine: Any = None
        self._pending: Any = _SENT  # the object that the coroutine awaits, from its event loop
        self._scope: anyio.CancelScope
        self._attends, self._abandoned = True, False
        self._suspended = False
        """The handler has suspended, so its duration does not measure how long it blocked the loop."""
        self._stop: Timer | None = None  # time at which a cancelled handler is abandoned
        self.subscriber: Subscriber
        self.delivery: Delivery | None = None
        self.handling: Handling | None = None
        self.started, self.until = 0.0, math.inf
        self.ended: Ending | None = None
        self.waits: tuple[Scope | RoomTicket, ...] = ()
        self.yielded = 0

    async def run(self) -> None:  # noqa: C901, PLR0912, PLR0915 - the loop of a worker, in one frame
        """Serve ready agents until the runtime closes."""
        workers = self.workers
        workers.woken -= 1
        idle: Future | None = None
        try:
            while not self._abandoned:
                try:
                    with anyio.CancelScope() as self._scope:
                        while self.ended is None:
                            if not self._attends or not workers.ready:
                                if self._attends:
                                    workers.attended = False
                                if self._bus.closing or len(workers.idle) >= KEPT_IDLE:
                                    self._attends = False
                                    return
                                idle = self._bus.make_future()
                                workers.idle.append(idle)
                                self._attends = True  # it will, once it wakes
                                await idle
                                idle = None
                                workers.woken -= 1
                                continue
                            rest = self._serve()
                            if rest is None:
                                if workers.ready:
                                    await anyio.lowlevel.cancel_shielded_checkpoint()
                                continue
                            self._suspend()
                            while rest is not None:  # after the handler; its outputs may have to wait for room
                                rest = await rest
                            self._resume()
                except BaseException as error:  # what the scope does not take out: beside it, of the bus, or the loop's
                    if belongs_to_loop(error):
                        raise
                    if not handlers.beside(self, self._bus, error):
                        return
                self._cut_short()  # if the scope has absorbed the cancellation of a handler
                if self._suspended:
                    self._resume()
                self.ended = None
        finally:
            workers.all.pop(self, None)
            self._base = self._variables = workers.variables  # its own refer to it, in a cycle
            if self._suspended:
                self._resume()
            if idle is not None and idle in workers.idle:
                workers.idle.remove(idle)
            elif self._attends and not self._bus.closing:
                workers.woken -= idle is not None  # cancelled after it was woken, so another one has to attend
                workers.hand_over()
            self._bus.tasks.left(self.task)

    # --- suspension of a handler, and its end ---

    def _suspend(self) -> None:
        """The handler suspends: this worker stays with it, and another one takes over the queue."""
        subscriber = self.subscriber
        self._suspended = True
        subscriber.suspends = True
        subscriber.active += 1
        subscriber.running[self] = None
        if subscriber.timeout_s is not None:
            self.until = until = self.started + subscriber.timeout_s
            if until < self._bus.timers.watched:
                self._bus.timers.watch(until)
        self._bus.note_blocking(subscriber, self._bus.now() - self.started)
        self._attends = False
        self.workers.hand_over()

    def _resume(self) -> None:
        """The handling has ended: free its slot, and take over the queue if no worker has it."""
        self._suspended = False
        self.until = math.inf
        workers, subscriber = self.workers, self.subscriber
        if not workers.attended:
            self._attends = workers.attended = True
        if self._abandoned:
            subscriber.abandoned -= 1
        self._free_slot()
        if subscriber.left is not None and not subscriber.running and not subscriber.abandoned:
            subscriber.left.wake()

    def _free_slot(self) -> None:
        subscriber = self.subscriber
        if self in subscriber.running:
            del subscriber.running[self]
            subscriber.active -= 1
        if subscriber.queue or subscriber.due:
            subscriber.ready()

    # --- deliveries ---

    def _serve(self) -> Awaitable[Any] | None:  # noqa: C901, PLR0912, PLR0915 - the road of every message, without calls
        """Run handlers of ready agents; return the remainder of one that suspends, or None."""
        workers, bus, base = self.workers, self._bus, self._base
        ready, now = workers.ready, bus.now
        for _ in range(FAIRNESS):
            if not ready or self.ended is not None:
                return None
            subscriber = ready.popleft()
            subscriber.listed = False
            if subscriber.active >= subscriber.concurrency:
                continue  # queued again when a slot is free
            queue = subscriber.queue
            ordered = subscriber.due or subscriber.keyed or subscriber.holders or subscriber.waiters
            if queue and not ordered and queue[0].place == QUEUED:  # ``take`` written out, like the end below
                delivery = queue.popleft()
                delivery.place = NOWHERE
            elif (found := subscriber.take()) is None:
                continue
            else:
                delivery = found
            if subscriber.queue or subscriber.due:
                subscriber.listed = True
                ready.append(subscriber)  # after the others: no agent starves the rest
            message, subscription = delivery.message, delivery.subscription
            run = message.scope.run
            self.started = started = now()
            if delivery.epoch != bus.epoch or not run.alive or started >= run.deadline:
                if not bus.judging.take_out(delivery):
                    continue
                message, subscription = delivery.message, delivery.subscription
            self.subscriber = subscriber
            self.delivery, delivery.worker = delivery, self
            if run.observed:
                bus.emit_event(message, "started", subscriber.card.id)
            variables = base.copy()
            workers.stepping = self
            try:
                if subscription.wants == PAYLOAD:
                    call = subscription.call  # a local variable: faster in the interpreter
                    running = call(message.payload)
                else:
                    self.handling = handling = Handling(bus, self, delivery)
                    context = HandlerContext(handling)
                    if subscription.wants == CONTEXT:
                        running = subscription.call(message.payload, context)
                    else:  # a third party's ``handle`` may be a plain function that runs code before it returns
                        running = variables.run(subscription.call, context.message, context)
                if type(running) is not CoroutineType:
                    return self._stream(running)
                pending = variables.run(running.send, None)
            except StopIteration as stop:
                if stop.__traceback__ is not None and stop.__traceback__.tb_next is not None:
                    self._failed(stop)  # raised by a plain function; does not mean the end of a coroutine
                    continue
                output = stop.value
            except BaseException as error:  # noqa: BLE001 - settled here, unless it belongs to the loop or a scope
                if not self._stopped(error):
                    raise of_the_loop(error) from None
                continue
            else:
                self.coroutine, self._variables, self._pending = running, variables, pending
                return self
            finally:
                workers.stepping = None
            handling_ = self.handling
            if (handling_ and handling_.later) or type(output) is not subscription.produced or self.ended is not None:
                rest = self._complete(output)
                if rest is not None:
                    return rest
                continue
            # The common end: ``_complete`` written out (benchmarks.instructions: 4 % of a round trip).
            extra = delivery.extra
            headers, label = (message.headers, message.label) if handling_ is None else handling_.read_so_far()
            ticket = bus.publish(
                output, subscriber.card, message.scope, message.number, message.hops + 1, headers, label,
                None, None, None if extra is None else extra.instead_of,
            )  # fmt: skip
            if ticket is not None:
                return self._wait_for_room(ticket)
            self.delivery = delivery.worker = None
            seconds = now() - started
            if seconds >= STALL_S:
                bus.note_blocking(subscriber, seconds)
            if handling_ is not None:
                self.handling = None
                handling_.close()
            if run.observed:
                accounting.time_handler(run, subscriber.card.id, seconds)
            scope = handled(delivery, seconds)
            if scope is not None and (
                not scope.in_flight
                or scope.may_deadlock
                or subscription.branches
                or run.observed
                or bus.intercepting
                or bus.observers.listening
            ):
                bus.after_handled(delivery, scope, seconds)
            if subscriber.holders:
                subscriber.release(delivery)
        return None

    # A worker is itself the awaitable remainder of its handler: an object with ``send`` and ``throw`` instead of a
    # generator, whose frame would use 270 bytes for every blocked handler.

    def __await__(self) -> Worker:
        return self

    __iter__ = __await__

    def __next__(self) -> object:
        pending, self._pending = self._pending, _SENT
        return self.send(None) if pending is _SENT else pending

    def send(self, value: object) -> object:
        """Resume the handler in its own context variables."""
        if self._bus.closing and self._refuses():
            self._drop()
            unwrap = getattr(value, "unwrap", None)  # trio passes a cancellation as a value
            if unwrap is not None:
                unwrap()
            raise StopIteration(None)
        return self._step(self.coroutine.send, value)

    def throw(self, kind: Any, value: Any = None, _traceback: Any = None) -> object:
        """Pass an exception of the loop to the handler; a handler that refuses to stop is dropped instead."""
        error = value if isinstance(value, BaseException) else kind() if isinstance(kind, type) else kind
        if self._bus.closing and self._refuses():
            self._drop()
            raise error
        return self._step(self.coroutine.throw, error)

    def _refuses(self) -> bool:  # its time to stop has passed
        return self._abandoned or self._bus.now() - self.workers.closing_since > STOP_S

    def close(self) -> None:
        """The loop has ended."""
        self.coroutine.close()

    def _step(self, step: Callable[[Any], Any], value: object) -> object:
        bus, workers = self._bus, self.workers
        before = bus.now()
        # What the handler waits for next: this worker runs its end, or another one if it suspends again.
        if not workers.attended:
            self._attends = workers.attended = True
        try:
            pending = self._variables.run(step, value)
        except StopIteration as stop:
            self.coroutine = None  # before the stream that it returned replaces it
            rest = self._complete(stop.value)
        except BaseException as error:  # noqa: BLE001 - settled here, unless it belongs to the loop or a scope
            if not self._stopped(error):
                raise of_the_loop(error) from None
            self.coroutine = rest = None
        else:
            if self._attends:
                self._attends = False
                workers.hand_over()
            return pending
        finally:
            bus.note_blocking(self.subscriber, bus.now() - before)
        raise StopIteration(rest)

    def _stopped(self, error: BaseException) -> bool:
        """Settle a handling that ended with an exception; return False if the exception must reach the loop."""
        cancelled = belongs_to_loop(error)
        if self.ended is not None or cancelled:
            self._cut_short()
        else:
            self._failed(error)
        return not cancelled

    def _cut_short(self) -> None:
        """Settle the delivery of a handler that was cut off or cancelled by the loop."""
        reason = Reason("closed") if self._bus.closing else Reason("cancelled", "handler was cancelled")
        self._finish(self.ended or (CANCELLED, reason))

    def _complete(self, output: object) -> Awaitable[Any] | None:
        """Publish what a handler returned, then settle its delivery."""
        if self.ended is not None:  # it absorbed its cancellation, or ended first; its outputs are dropped
            self._cut_short()
            return None
        if (output is not None or (self.handling is not None and self.handling.later)) and self.delivery is not None:
            try:
                ticket = self.publish(output)
            except Streamed as streamed:
                return self._stream(streamed.iterator)
            except GenieError as error:
                self._failed(error, final=True)
                return None
            if ticket is not None:
                return self._wait_for_room(ticket)
        self._finish(None)
        return None

    async def _wait_for_room(self, ticket: RoomTicket) -> None:
        self.until = math.inf  # the handler ended in time; its outputs were sent and may not be sent twice
        if self._bus.observers.recorder is not None:  # outputs and outcome are logged together, before anything waits
            self._finish(self.ended)
        try:
            await self._bus.overflows.room(ticket, self)
        except BaseException as error:  # noqa: BLE001 - settled here, unless it belongs to the loop or a scope
            if not self._stopped(error):
                raise of_the_loop(error) from None
            return
        self._finish(self.ended)

    def publish(self, output: object) -> RoomTicket | None:
        """Publish the outputs of the handler; return the ticket for ``room`` if a mailbox was full."""
        delivery = self.delivery
        if delivery is None:
            return None
        card, message, extra = self.subscriber.card, delivery.message, delivery.extra
        headers, label = (message.headers, message.label) if self.handling is None else self.handling.read_so_far()
        outputs = () if output is None else outputs_of(self._bus, delivery, output)
        ticket = None if self.handling is None else self.handling.send_later()
        for payload in outputs:
            ticket = self._bus.publish(
                payload, card, message.scope, message.number, message.hops + 1, headers, label, ticket, None,
                None if extra is None else extra.instead_of,
            )  # fmt: skip
        return ticket

    def _stream(self, iterator: Any) -> Worker:
        """Run the handler's async iterator in its place; each payload that it yields is published at once."""
        self.coroutine, self._pending = publish_stream(self, self._bus, iterator), _SENT
        self._variables = self._base.copy()
        return self

    # --- cutting off a handling ---

    def cut(self, outcome: Outcome, reason: Reason) -> None:
        """Cancel the handling; its delivery ends with that outcome."""
        if self.ended is None:
            self.ended = (outcome, reason)
            if self._suspended:
                self._stop = self._bus.timers.at(self._bus.now() + STOP_S, "abandon", self)
            self._scope.cancel()

    def time_out(self) -> None:
        """The handling exceeds its card's timeout, which counts as a failure. Without a retry it is settled at once."""
        delivery = self.delivery
        self.cut(DEAD_LETTERED, Reason("timeout"))
        if delivery is not None and not self._bus.retries.would_retry(delivery):
            self._bus.retries.failed(delivery, Reason("timeout"), final=True)

    def abandon(self) -> None:
        """The handler did not stop when it was cancelled: settle its delivery, free its slot, and report its agent."""
        delivery, subscriber, bus = self.delivery, self.subscriber, self._bus
        if delivery is None:  # it has ended, or was abandoned before
            return
        self._abandoned = True
        self._cut_short()
        bus.suspensions.did_not_stop(subscriber)
        self._free_slot()
        if bus.closing:
            bus.tasks.interrupt(self.task)

    def _drop(self) -> None:
        _REFUSED.append(self.coroutine)  # closing or collecting it would run it again
        self.coroutine = None
        self._cut_short()

    def _failed(self, error: BaseException, *, final: bool = False) -> None:
        delivery = self.delivery
        if self.ended is not None or delivery is None:
            self._cut_short()
            return
        bus = self._bus
        reason, again_s = handlers.failed(bus, delivery, error, self.handling)
        final = final or again_s is None or self.yielded > 0
        accounting.timed(delivery.subscription, self._close(delivery))
        bus.retries.failed(delivery, reason, final=final, again_s=again_s or 0.0)
        if self.subscriber.holders and delivery.parked is None:  # otherwise the key is kept for another attempt
            self.subscriber.release(delivery)

    def _finish(self, ended: Ending | None) -> None:
        """Settle the delivery as handled or as cut off; has no effect if it is settled already."""
        delivery, bus = self.delivery, self._bus
        if delivery is None:
            return
        final = self.yielded > 0
        seconds = self._close(delivery)
        if ended is None:
            bus.handled(delivery, seconds)
        else:
            accounting.timed(delivery.subscription, seconds)
            if ended[0] is not DEAD_LETTERED:
                bus.settle(delivery, *ended)
            else:  # a timeout counts as a failure
                bus.retries.failed(delivery, ended[1], final=final)
        if self.subscriber.holders and delivery.parked is None:
            self.subscriber.release(delivery)

    def _close(self, delivery: Delivery) -> float:
        """Release a delivery, and return its duration in seconds."""
        bus = self._bus
        self.delivery = delivery.worker = None
        self.yielded = 0
        if self._stop is not None:
            self._stop.cancel()
            self._stop = None
        elapsed = bus.now() - self.started
        if not self._suspended:
            bus.note_blocking(self.subscriber, elapsed)
        if delivery.message.scope.run.observed:
            accounting.time_handler(delivery.message.scope.run, self.subscriber.card.id, elapsed)
        handling = self.handling
        if handling is not None:
            self.handling = None
            handling.close()
        return elapsed


def attend(workers: Workers) -> None:
    """Wake a worker for the ready agents; the caller has checked that no worker has the queue."""
    workers.attended = True
    workers.woken += 1
    if workers.idle:
        idle = workers.idle.pop()
        if not idle.done():
            idle.set_result(None)
    else:
        worker = Worker(workers)
        workers.all[worker] = None
        worker.task = workers.tasks.start(worker.run)
