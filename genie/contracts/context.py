"""Context: everything that a handler may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import (
    TYPE_CHECKING,
    Any,
    Protocol,
    TypeVar,
    overload,
)

from genie.contracts.gather import Expected, Gathered, Need, T
from genie.contracts.headers import Headers
from genie.contracts.limits import Cost
from genie.contracts.message import Message, Payload

if TYPE_CHECKING:
    import datetime
    import logging
    import random
    from types import TracebackType

    from genie.contracts.views import Parts, Views

Port = TypeVar("Port")
Result = TypeVar("Result")
U = TypeVar("U", bound=Payload)
S_co = TypeVar("S_co", bound=Payload, covariant=True)


class Stream(Protocol[S_co]):
    """A stream of the parts of an answer; its last item is the answer.

    If you do not read it to its end, close it with ``async with`` or ``aclose``: this cancels the work that is still
    done for it. The end of the handler closes it too. Only one task at a time may read it.
    """

    def __aiter__(self) -> Stream[S_co]:
        """Return itself."""
        ...

    async def __anext__(self) -> S_co:
        """Return the next part, or the answer.

        Raises:
            GenieError: No answer can come; the errors are those of ``ask``.
        """
        ...

    async def aclose(self) -> None:
        """Cancel the work that is still done for the stream."""
        ...

    async def __aenter__(self) -> Stream[S_co]:
        """Return itself."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        ...


# --- what a handler may use ---


class Context(Protocol):
    """Everything that a handler may use. It belongs to one delivery and is valid until the handler ends."""

    @property
    def message(self) -> Message[Payload]:
        """The envelope being handled, masked as the handler is allowed to see it."""
        ...

    @property
    def headers(self) -> Headers:
        """Security context of the message."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices that an egress must attach to the payload, such as a disclosure; empty for every other agent."""
        ...

    @property
    def deadline(self) -> float:
        """Latest end of the run, on the loop's clock; infinity if unbounded."""
        ...

    @property
    def random(self) -> random.Random:
        """Random generator seeded by runtime, run and agent, so that simulations are repeatable."""
        ...

    @property
    def state(self) -> dict[str, Any]:  # the agent may store anything here
        """This agent's scratch for this run; dropped with the run."""
        ...

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Logger that adds the run id and the agent to each line; never log a payload."""
        ...

    @property
    def settings(self) -> Any:  # an instance of the card's settings model, validated from the pipeline file
        """The frozen settings from the pipeline, of the model that the card declares."""
        ...

    def now(self) -> datetime.datetime:
        """Return the date and time, in UTC, on the bus's clock."""
        ...

    def port(self, kind: Callable[..., Port]) -> Port:
        """Return the implementation that the pipeline binds to a port.

        Raises:
            UndeclaredMessageError: The card does not declare the port.
        """
        ...

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Publish at once, before the handler returns; ``publishes`` or the return annotation must contain the type.

        Args:
            payload: What to send to every subscriber of its class.
            to: One agent instead of all subscribers; such a message does not answer a scope.
            headers: Narrower headers than the message's own.

        Raises:
            UndeclaredMessageError: The card does not declare the type.
            HeadersWidenedError: The headers give more than the message's.
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        ...

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Publish after a delay, without waiting for it; the message is in flight as ``timed`` until then.

        Declared as for ``publish``.
        """
        ...

    @overload
    async def ask(
        self,
        question: Payload,
        answer: type[T],
        *,
        to: str | None = None,
        within_s: float | None = None,
        headers: Headers | None = None,
    ) -> T: ...
    @overload
    async def ask(
        self, question: Payload, answer: tuple[type[Payload], ...], *, to: str | None = None,
        within_s: float | None = None, headers: Headers | None = None,
    ) -> Payload: ...  # fmt: skip
    async def ask(
        self, question: Payload, answer: type[Payload] | tuple[type[Payload], ...], *, to: str | None = None,
        within_s: float | None = None, headers: Headers | None = None,
    ) -> Payload:  # fmt: skip
        """Publish a question and wait for one typed answer.

        Args:
            question: Goes to every subscriber of its class, or to ``to`` alone.
            answer: The class of the answer; of several classes the first answer counts.
            to: One agent.
            within_s: Longest wait, in seconds.
            headers: Headers for the question and everything that it causes; narrower than those of what the handler has
                read.

        Raises:
            PartMissingError: The answer cannot come, or not in time; ``why`` and the reason say why.
            HeadersWidenedError: The headers give more than the message's.
        """
        ...

    @overload
    async def gather(
        self,
        payload: Payload,
        *,
        expect: Parts,
        need: Need = ...,
        within_s: float | None = ...,
        cancel_rest: bool = ...,
    ) -> Views[Parts]: ...
    @overload
    async def gather(
        self, payload: Payload, *, expect: tuple[Expected, ...], need: Need = ..., within_s: float | None = ...,
        cancel_rest: bool = ...,
    ) -> Gathered: ...  # fmt: skip
    async def gather(
        self,
        payload: Payload,
        *,
        expect: tuple[Expected, ...] | Expected,
        need: Need = "all",
        within_s: float | None = None,
        cancel_rest: bool = False,
    ) -> Gathered:
        """Publish and wait for typed answers; return when each part has arrived or is known to be missing.

        Args:
            payload: What to send to every subscriber of its class.
            expect: Payload classes, or ``Each(T)``.
            need: End the wait earlier: ``"first"`` or a number of parts.
            within_s: End the wait after that many seconds; later answers count as late.
            cancel_rest: Cancel what still runs when a number of parts is reached; ``"first"`` always does.
        """
        ...

    def stream(
        self, question: Payload, *, parts: type[U] | tuple[type[U], ...], end: type[T] | tuple[type[T], ...],
        to: str | None = None, within_s: float | None = None,
    ) -> Stream[U | T]:  # fmt: skip
        """Publish a question; read its parts as they come, and then its answer.

        Args:
            question: Goes to every subscriber of its class, or to ``to`` alone.
            parts: Class or classes of the parts. They come in order; a sender waits while 256 are unread.
            end: Class of the answer; of several classes, the first answer ends the stream.
            to: One agent.
            within_s: End the wait after that many seconds.
        """
        ...

    async def once(
        self,
        key: str,
        effect: Callable[[str], Awaitable[Result]],
        *,
        probe: Callable[[str], Awaitable[Result]] | None = None,
    ) -> Result:
        """Perform an outside effect once for this agent, run and key, even if the handler runs again.

        The log stores the intent before the effect and the result after it; a handler that runs again gets that result.
        If it is unknown whether the effect happened (the process was killed, the effect raised or was cut off),
        ``probe`` finds out. Without a probe, or if the probe fails, the delivery waits for a person, and the effect is
        not repeated.

        Args:
            key: Names the effect within the agent and the run.
            effect: Performs the effect and returns JSON values. Its argument is a token that is the same for every
                attempt, so that the receiver can recognise repetitions. It raises ``NotDoneError`` if the effect has
                certainly not happened.
            probe: Asks the receiver with the token: returns the result, or raises ``NotDoneError``.

        Raises:
            NotDoneError: The effect has not happened; it may be tried again.
            IndeterminateEffectError: A person must decide what happened. Do not catch it.
            TypeError: The result is not made of JSON values; the effect has happened.
        """
        ...

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used. Amounts are added exactly, per agent and in every budget that covers it.

        Raises:
            BudgetExceededError: A budget has less left; the amount is counted anyway.
        """
        ...

    def reserve(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Reserve in every budget what the handler has used so far and will charge once it knows the exact amount.

        Each call states the whole uncharged amount; the reservation of the delivery is part of it.

        Raises:
            BudgetExceededError: A budget has less left; stop working, and charge what was used.
        """
        ...

    def wanted(self, kind: type[Payload]) -> bool:
        """Return True if a subscriber, an observer or the asker would receive a payload of that class."""
        ...

    @property
    def policy_set(self) -> str:
        """SHA-256 hash of the policies in force."""
        ...

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Report the handler's progress to watchers of the run; must not contain payload text."""
        ...
