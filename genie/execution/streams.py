"""Streams: a scope that receives parts and then one answer.

Parts are ordinary answers: each is judged for its asker. At most ``MOST_PARTS`` are queued, in order; a handler that
publishes more waits until its asker has read some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import anyio

from genie.contracts.limits import exact_seconds
from genie.contracts.outcome import Reason
from genie.errors import PartMissingError, shown_number
from genie.errors.tracebacks import cause_among

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from genie.backend.timers import Timer
    from genie.contracts.gather import Gathered, Need
    from genie.contracts.message import Payload
    from genie.execution.handling import Handling
    from genie.inflight.accounting import Scope
    from genie.inflight.mailbox import RoomTicket
    from genie.inflight.streams import StreamGather

T = TypeVar("T", bound="Payload")

BEING_READ = "a stream can have one reader at a time, and another task is reading this one"
STREAM_CLOSED = Reason("stream_closed", "its asker has closed the stream")


def classes(given: object) -> tuple[object, ...]:
    """Return one class or several as a tuple."""
    return given if isinstance(given, tuple) else (given,)


def checked_s(within_s: float | None) -> float | None:
    """Return the duration of a wait as a float, in seconds.

    Raises:
        ValueError: The duration is negative, or not a number.
    """
    if within_s is None:
        return None
    exact = exact_seconds(within_s)
    if not exact >= 0:
        raise ValueError(f"within_s must be a number of seconds, at least 0, not {shown_number(within_s)}")
    return exact


def one_of(kinds: tuple[type[T], ...], gathered: Gathered, handling: Handling) -> T:
    """Return the answer, whichever class it has; raise if there is none."""
    for kind in kinds:
        found = gathered.get(kind)
        if found is not None:
            return found
    missing = next(iter(gathered.missing.values()))
    reason = _named(missing.agent, missing.reason)
    cause = cause_among(handling.bus.failures.of(gathered.run_id), missing.agent)
    raise PartMissingError(run_id=gathered.run_id, part=missing.part, reason=reason, why=missing.code) from cause


def _named(agent: str | None, reason: str) -> str:
    return reason if agent is None else f"{agent}: {reason}"


def handler_stream(
    handling: Handling,
    question: Payload,
    form: tuple[object, object],
    to: str | None,
    within_s: float | None,
    may_ask: Callable[[Handling, Payload, tuple[type[Payload], ...]], None],
    put: Callable[[Handling, Payload, Scope, str | None], RoomTicket | None],
) -> HandlerStream:
    """Return the stream of a handler's question.

    Args:
        handling: The handling of the handler.
        question: The question.
        form: Class or classes of the parts, and of the answer.
        to: One agent.
        within_s: Seconds until the wait ends.
        may_ask: Raises for questions that the card does not declare.
        put: Publishes the question in a scope.
    """
    _ = handling.alive("ask")
    pieces, kinds = (cast("tuple[type[Payload], ...]", classes(part)) for part in form)
    may_ask(handling, question, (*kinds, *pieces))
    return HandlerStream(
        handling, (question, kinds, pieces), lambda scope: put(handling, question, scope, to), checked_s(within_s),
        lambda gathered: one_of(kinds, gathered, handling),
    )  # fmt: skip


class HandlerStream:
    """The result of ``context.stream``: parts in the order in which they were sent, the answer last.

    The scope stays open until the answer has arrived; ``aclose``, leaving its ``async with`` block, or the end of the
    handler cancels the work that is still done for it.
    """

    def __init__(
        self,
        handling: Handling,
        form: tuple[Payload, tuple[type[Payload], ...], tuple[type[Payload], ...]],
        asked: Callable[[Scope], RoomTicket | None],
        within_s: float | None,
        answer: Callable[[Gathered], Payload],
    ) -> None:
        self._handling = handling
        self._form = form
        if not form[2] or set(form[1]) & set(form[2]):
            raise ValueError("a stream has parts of one class and an answer of another")
        self._asked = asked
        self._within_s = within_s
        self._answer = answer
        self._scope: Scope | None = None
        self._timer: Timer | None = None
        self._over = False
        self._read = False
        """True while a task reads it."""

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def __anext__(self) -> Payload:
        """Return the next part, then the answer."""
        if self._over:
            raise StopAsyncIteration
        if self._read:
            raise RuntimeError(BEING_READ)
        handling = self._handling
        worker, bus = handling.alive("read a stream"), handling.bus
        self._read = True
        try:
            if self._scope is None:
                await self._begin()
            scope: Scope = self._scope  # type: ignore[assignment]  # `_begin` has opened it
            gather: StreamGather = scope.gather  # type: ignore[assignment]  # of a stream
            if not gather.came_parts and not gather.done:
                bus.deadlocks.begin(worker, scope)
                try:
                    while not gather.came_parts and not gather.done:
                        gather.waiter = waiter = bus.make_future()
                        await waiter
                finally:
                    if scope in worker.waits:
                        bus.deadlocks.end(worker, scope)
            handling.reads(gather.label, gather.headers or handling.read_so_far()[0])
            if gather.came_parts:
                return gather.take()
        except BaseException:  # whatever ended the wait, nobody waits for the rest any more
            await self.aclose()
            raise
        finally:
            self._read = False
        await self.aclose()
        run_id = scope.correlation_id
        return self._answer(gather.result(run_id, bus.failures.of(run_id)))

    async def _begin(self) -> None:
        handling, bus = self._handling, self._handling.bus
        question, kinds, parts = self._form
        need: Need = "all" if len(kinds) == 1 else "first"
        scope, _ = bus.correlator.ask(handling.delivery, question, kinds, need, parts)
        self._scope = scope
        gather = scope.gather
        if handling.opened is None:
            handling.opened = []
        handling.opened.append(scope)
        ticket = self._asked(scope)
        if self._within_s is not None and gather is not None and not gather.done:
            gather.until = bus.now() + self._within_s
            self._timer = bus.timers.at(gather.until, "gather", (gather, ticket))
        if ticket is not None:
            await bus.overflows.room(ticket, handling.worker)
            scope.may_deadlock = True
        await anyio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """End the stream, and cancel the work that is still done for it."""
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        scope, bus = self._scope, self._handling.bus
        if scope is None or scope.gather is None:
            return
        gather = scope.gather
        if self._handling.opened is not None:
            self._handling.opened.remove(scope)
        gather.closed = True
        gather.finish()
        if not gather.came:
            bus.runs.cut_scope(scope, STREAM_CLOSED)
        bus.correlator.close(scope)
