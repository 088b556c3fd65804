"""A stream that a caller outside reads: parts as they come, then the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from genie.bus.streams import STREAM_CLOSED, StreamGather
from genie.contracts.message import Payload
from genie.contracts.outcome import Outcome
from genie.errors import RunHeld
from genie.runtime.run import answer_of, holds_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from genie.bus.bus import Bus
    from genie.bus.gather import Gather
    from genie.bus.mailbox import RoomTicket
    from genie.bus.scope import RunState

P = TypeVar("P", bound=Payload)


class RunStream(Generic[P]):
    """What ``runtime.stream`` returns. The run begins with the first read, and ends when the stream is closed.

    Args:
        begin: Admits the run and sends the question.
        answers: Classes that end the stream.
    """

    def __init__(
        self, begin: Callable[[], tuple[Bus, RunState, Gather, RoomTicket | None]], answers: tuple[type[P], ...]
    ) -> None:
        self._begin = begin
        self._answers = answers
        self._bus: Bus | None = None
        self._run: RunState
        self._gather: StreamGather
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def __anext__(self) -> P:
        """Return the next part, then the answer.

        Raises:
            RunStalled, RunExpiredError, RunCancelledError: No answer can come.
            RunHeld: Everything left waits for a person; the stream is closed.
        """
        if self._over:
            raise StopAsyncIteration
        try:
            ticket = None
            if self._bus is None:
                self._bus, self._run, gather, ticket = self._begin()
                self._gather = cast("StreamGather", gather)
            bus, run, stream = self._bus, self._run, self._gather
            if ticket is not None:
                await bus.overflows.room(ticket)
            while not stream.came_parts and not stream.done:
                if run.held and bus.runs.all_held(run.root):
                    raise RunHeld(run_id=run.id, holds=holds_of(run))
                if run.waiter is not None:
                    await run.waiter.park()
            if stream.came_parts:
                return cast("P", stream.take())
        except BaseException:  # whoever was reading has left, then the error goes on
            await self.aclose()
            raise
        await self.aclose()
        return answer_of(run, stream, self._answers, bus.failures)

    async def aclose(self) -> None:
        """End the run, unless its answer has come."""
        if self._over:
            return
        self._over = True
        if self._bus is None:
            return
        self._gather.closed = True
        if not self._gather.done:
            self._gather.finish()
            self._bus.runs.end(self._run, Outcome.CANCELLED, STREAM_CLOSED)
