"""Context: everything that a handler may touch."""

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
    """Parts of an answer as they come, and the answer as the last item.

    Close it where it is not read to its end: with ``async with``, or ``aclose``. What still works for it is cancelled.
    The end of the handler closes it too. One task at a time reads it.
    """

    def __aiter__(self) -> Stream[S_co]:
        """Return itself."""
        ...

    async def __anext__(self) -> S_co:
        """Return the next part, or the answer.

        Raises:
            GenieError: No answer can come; as ``ask`` raises it.
        """
        ...

    async def aclose(self) -> None:
        """Cancel what still works for it."""
        ...

    async def __aenter__(self) -> Stream[S_co]:
        """Return itself."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        ...


# --- what a handler may touch ---


class Context(Protocol):
    """All that a handler may touch. It is valid until its handler ends; it belongs to one delivery."""

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
        """What an egress must write beside the payload, such as a disclosure; empty for every other agent."""
        ...

    @property
    def deadline(self) -> float:
        """When the run ends at the latest, on the loop's clock; infinity when unbounded."""
        ...

    @property
    def random(self) -> random.Random:
        """Randomness seeded by runtime, run and agent, so that a simulation repeats it."""
        ...

    @property
    def state(self) -> dict[str, Any]:  # the agent puts in what it likes
        """This agent's scratch for this run; dropped with the run."""
        ...

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """Logger that adds the run's id and the agent; never log a payload."""
        ...

    @property
    def settings(self) -> Any:  # of the card's settings model; the pipeline file validated it
        """The frozen settings that the pipeline binds, of the model that the card declares."""
        ...

    def now(self) -> datetime.datetime:
        """Return the date and time, in UTC, on the bus's clock."""
        ...

    def port(self, kind: Callable[..., Port]) -> Port:
        """Return what the pipeline binds to that port.

        Raises:
            UndeclaredMessageError: The card does not declare the port.
        """
        ...

    async def publish(self, payload: Payload, *, to: str | None = None, headers: Headers | None = None) -> None:
        """Publish at once, before the handler returns; the type is in ``publishes`` or the return annotation.

        Args:
            payload: What to send to every subscriber of its class.
            to: One agent instead of all subscribers; answers no scope.
            headers: Narrower headers than the message's own.

        Raises:
            UndeclaredMessageError: The card does not declare the type.
            HeadersWidenedError: The headers give more than the message's.
            UnknownAgentError, NotConsumedError: ``to`` cannot take it.
            MailboxFullError: A mailbox that rejects is full.
        """
        ...

    def after(self, delay_s: float, payload: Payload, *, to: str | None = None) -> None:
        """Publish later, without waiting; in flight as ``timed`` until then. Same declarations as ``publish``."""
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
        """Publish a question and wait for one typed answer; of several classes, the first that comes.

        Args:
            question: Goes to every subscriber of its class, or to ``to`` alone.
            answer: The class of the answer; of several classes the first answer counts.
            to: One agent.
            within_s: Longest wait, in seconds.
            headers: Narrower headers than what the handler has read, for the question and all that it causes.

        Raises:
            PartMissingError: It cannot come, or not in time; ``why`` and the reason say why.
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
        """Publish and wait for typed answers; returns when each part is in or known to be missing.

        Args:
            payload: What to send to every subscriber of its class.
            expect: Payload classes, or ``Each(T)``.
            need: End the wait earlier: ``"first"`` or a number of parts.
            within_s: End the wait after that many seconds; what comes later counts as late.
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
            end: Class of the answer, or several of which the first that comes ends the stream.
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
        """Let an outside effect happen once for this agent, run and key, even if the handler runs again.

        The intent is kept before the effect, the result after it. A handler that runs again gets that result. Where the
        fate of the effect is unknown (the process was killed, the effect raised or was cut off), ``probe`` finds it
        out. Without a probe, or where it fails, the delivery waits for a person, and nothing is done a second time.

        Args:
            key: Names the effect within the agent and the run.
            effect: Does it, and returns JSON values. It gets a token that is the same for every try, so the receiver
                can tell repetitions. It raises ``NotDoneError`` where it has certainly not happened.
            probe: Asks the receiver by the token: returns the result, or raises ``NotDoneError``.

        Raises:
            NotDoneError: The effect said so; it may be tried again.
            IndeterminateEffectError: A person has to say what has happened. Let it leave the handler.
            TypeError: The result is not made of JSON values; the effect has happened.
        """
        ...

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used; it is added up exactly, per agent and in every budget that covers it.

        Raises:
            BudgetExceededError: A budget has not that much left; what was used counts all the same.
        """
        ...

    def reserve(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Keep in every budget what the handler has used so far and will charge when it knows the exact amount.

        Each call states the whole amount that is not yet charged; what was reserved for the delivery counts.

        Raises:
            BudgetExceededError: A budget has not that much left; stop working, and charge what was used.
        """
        ...

    def wanted(self, kind: type[Payload]) -> bool:
        """Return True where a subscriber, an observer or the asker would get a payload of that class."""
        ...

    @property
    def policy_set(self) -> str:
        """SHA-256 of the policies in force."""
        ...

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Report the progress of this handler to watchers of the run; never payload text."""
        ...
