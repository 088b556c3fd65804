"""A stream for an outside caller: parts as they come, then the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from genie.contracts.message import Payload
from genie.contracts.outcome import Outcome
from genie.errors import RunHeld
from genie.execution.streams import BEING_READ, STREAM_CLOSED
from genie.runtime.arguments import addressed, answers_asked
from genie.runtime.asking import answer_of, holds_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from genie.bus.bus import Bus
    from genie.contracts.card import Caller
    from genie.contracts.gather import Need
    from genie.contracts.outcome import Failure
    from genie.inflight.accounting import RunState
    from genie.inflight.gather import Gather
    from genie.inflight.mailbox import RoomTicket
    from genie.inflight.streams import StreamGather
    from genie.runtime.asking import Questions

    Begun = tuple[Bus, RunState, Gather, RoomTicket | None]

P = TypeVar("P", bound=Payload)


def opened(
    open_bus: Callable[[], Bus], questions: Questions, question: Payload, parts: object, end: object,
    options: tuple[str | None, float | None, Caller | None],
) -> RunStream[Payload]:  # fmt: skip
    """Return the stream of a question; its run is admitted at the first read.

    Args:
        open_bus: Returns the bus, or raises if it is not open.
        questions: Opens the run.
        question: The question.
        parts: Class or classes of the parts.
        end: Class or classes of the answer.
        options: Recipient, deadline and caller.
    """
    answers, pieces = answers_asked(end), answers_asked(parts)
    addressed(options[0], options[2])
    if set(answers) & set(pieces):
        raise ValueError("a stream has parts of one class and an answer of another")

    def begin() -> Begun:
        bus = open_bus()
        need: Need = "all" if len(answers) == 1 else 1
        return bus, *questions.begin(bus, question, answers, need, *options, mute=True, parts=pieces)

    return RunStream(begin, answers)


class RunStream(Generic[P]):
    """The result of ``runtime.stream``. The run begins with the first read, and ends when the stream is closed.

    Args:
        begin: Admits the run and sends the question.
        answers: Classes that end the stream.
    """

    def __init__(self, begin: Callable[[], Begun], answers: tuple[type[P], ...]) -> None:
        self._begin = begin
        self._answers = answers
        self._bus: Bus | None = None
        self._run: RunState
        self._gather: StreamGather
        self._over = False
        self._read = False

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
        if self._read:
            raise RuntimeError(BEING_READ)
        self._read = True
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
                stream.waiter = waiter = bus.make_future()
                await waiter
            recorder = bus.observers.recorder
            if recorder is not None and not await recorder.barrier(run.deadline):
                return answer_of(run, stream, self._answers, bus.failures, stored=False)
            if stream.came_parts:
                return cast("P", stream.take())
        except BaseException:  # the reader has left; the error is re-raised
            await self.aclose()
            raise
        finally:
            self._read = False
        await self.aclose()
        return answer_of(run, stream, self._answers, bus.failures)

    def failures(self) -> tuple[Failure, ...]:
        """Return the deliveries of the run that were not handled so far, oldest first."""
        return () if self._bus is None else tuple(self._run.missing or ())

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
