"""Streams: a scope that takes parts as they come, and then one answer.

Parts are answers like any other: each is judged for its asker. They wait in order, at most ``MOST_PARTS`` of them; a
handler that publishes more waits until its asker has read some.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from genie.bus.gather import Gather, GatherSpec
from genie.contracts.outcome import Reason
from genie.errors import PartMissingError, SlowStreamError, cause_among

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from genie.backend.asyncio_trio import Waiter
    from genie.bus.bus import Bus
    from genie.bus.context import Handling
    from genie.bus.scope import Scope
    from genie.contracts.gather import Gathered, Need
    from genie.contracts.message import Payload

T = TypeVar("T", bound="Payload")

MOST_PARTS = 256
"""Parts that wait for an asker; then whoever sends them waits."""
ROOM_S = 30.0
"""Seconds that a sender waits for a slow asker; then its handling fails."""
STREAM_CLOSED = Reason("stream_closed", "its asker has closed the stream")


class StreamGather(Gather):
    """A gather that takes parts besides, as many as come.

    Args:
        spec: The answers that end the stream.
        wake: Called for every part, and when the wait is over.
        parts: Payload classes of the parts.
    """

    def __init__(self, spec: GatherSpec, wake: Callable[[], None], parts: tuple[type[Payload], ...]) -> None:
        self.came_parts: deque[Payload] = deque()
        self._senders: list[Waiter] = []
        super().__init__(spec, wake)
        self._parts = frozenset(parts)
        self.kinds |= {kind: {} for kind in parts}  # no part of it is ever outstanding

    def put(self, kind: type[Payload], agent: str, payload: Payload) -> bool:
        """Take a part or an answer."""
        if kind not in self._parts:
            return super().put(kind, agent, payload)
        if self.done:
            return False
        self.came_parts.append(payload)
        self.wake()
        return True

    @property
    def crowded(self) -> bool:
        """Whoever sends parts has to wait."""
        return len(self.came_parts) >= MOST_PARTS and not self.done

    def finish(self) -> None:
        """End the wait; senders that wait go on."""
        super().finish()
        self._let_go()

    def take(self) -> Payload:
        """Return the oldest part."""
        part = self.came_parts.popleft()
        if self._senders and len(self.came_parts) <= MOST_PARTS // 2:
            self._let_go()
        return part

    def _let_go(self) -> None:
        senders, self._senders = self._senders, []
        for waiter in senders:
            waiter.wake()

    async def room(self, bus: Bus, agent: str) -> None:
        """Wait until the asker has read some of the parts.

        Raises:
            SlowStreamError: It did not for half a minute.
        """
        over = False

        def give_up() -> None:
            nonlocal over
            over = True
            waiter.wake()

        waiter = bus.make_waiter()
        timer = bus.timers.at(bus.now() + ROOM_S, "gather", give_up)
        try:
            while self.crowded:
                if over:
                    raise SlowStreamError(agent=agent, parts=MOST_PARTS, seconds=ROOM_S)
                self._senders.append(waiter)
                await waiter.park()
        finally:
            timer.cancel()
            if waiter in self._senders:
                self._senders.remove(waiter)


def classes(given: type[T] | tuple[type[T], ...]) -> tuple[type[T], ...]:
    """Return one class or several as a tuple."""
    return given if isinstance(given, tuple) else (given,)


def checked_s(within_s: float | None) -> float | None:
    """Return the seconds of a wait; raises where they are none."""
    if within_s is not None and not within_s >= 0:
        raise ValueError(f"within_s is a number of seconds from 0, not {within_s}")
    return within_s


def one_of(kinds: tuple[type[T], ...], gathered: Gathered, handling: Handling) -> T:
    """Return the answer of whichever class came; raises where none did."""
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


class HandlerStream:
    """What ``context.stream`` returns: parts in the order in which they were sent, the answer last.

    The scope is open while it is read, and until the answer has come; ``aclose``, leaving its ``async with`` block, or
    the end of the handler cancels what still works for it.
    """

    def __init__(
        self,
        handling: Handling,
        form: tuple[Payload, tuple[type[Payload], ...], tuple[type[Payload], ...]],
        asked: Callable[[Scope], Any],
        within_s: float | None,
        answer: Callable[[Gathered], Any],
    ) -> None:
        self._handling = handling
        self._form = form
        if not form[2] or set(form[1]) & set(form[2]):
            raise ValueError("a stream has parts of one class and an answer of another")
        self._asked = asked
        self._within_s = within_s
        self._answer = answer
        self._scope: Scope | None = None
        self._timer: Any = None
        self._over = False
        self._waiter = handling.bus.make_waiter()

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def __anext__(self) -> Any:
        """Return the next part, then the answer."""
        if self._over:
            raise StopAsyncIteration
        handling = self._handling
        worker, bus = handling.alive("read a stream"), handling.bus
        try:
            if self._scope is None:
                await self._begin()
            scope: Scope = self._scope  # type: ignore[assignment]  # `_begin` has opened it
            gather: StreamGather = scope.gather  # type: ignore[assignment]  # of a stream
            if not gather.came_parts and not gather.done:
                bus.deadlocks.begin(worker, scope)
                try:
                    while not gather.came_parts and not gather.done:
                        await self._waiter.park()
                finally:
                    if scope in worker.waits:
                        bus.deadlocks.end(worker, scope)
            handling.reads(gather.label, gather.headers or handling.read_so_far()[0])
            if gather.came_parts:
                return gather.take()
        except BaseException:  # whatever ended the wait, nobody waits for the rest any more
            await self.aclose()
            raise
        await self.aclose()
        run_id = scope.correlation_id
        return self._answer(gather.result(run_id, bus.failures.of(run_id)))

    async def _begin(self) -> None:
        handling, bus = self._handling, self._handling.bus
        question, kinds, parts = self._form
        need: Need = "all" if len(kinds) == 1 else "first"
        scope, _ = bus.correlator.ask(handling.delivery, question, kinds, need, self._waiter.wake, parts)
        self._scope = scope
        gather = scope.gather
        if handling.opened is None:
            handling.opened = []
        handling.opened.append(scope)
        ticket = self._asked(scope)
        if self._within_s is not None and gather is not None and not gather.done:
            gather.until = bus.now() + self._within_s
            self._timer = bus.timers.at(gather.until, "gather", gather.limit(ticket))
        if ticket is not None:
            await bus.overflows.room(ticket, handling.worker)
            scope.may_deadlock = True
        await anyio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """End the stream; what still works for it is cancelled."""
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        scope, bus = self._scope, self._handling.bus
        if scope is None or scope.gather is None:
            return
        gather = scope.gather
        if self._handling.opened is not None and scope in self._handling.opened:
            self._handling.opened.remove(scope)
        gather.closed = True
        gather.finish()
        if not gather.came:
            bus.runs.cut_scope(scope, STREAM_CLOSED)
        bus.correlator.close(scope)
