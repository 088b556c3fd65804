"""Context: everything that a handler may touch."""

from __future__ import annotations

from collections.abc import Callable
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

    from genie.contracts.views import Parts, Views

Port = TypeVar("Port")

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
    def state(self) -> dict[str, Any]:  # scratch of the agent's own making
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

    async def ask(
        self, question: Payload, answer: type[T], *, to: str | None = None, within_s: float | None = None
    ) -> T:
        """Publish a question and wait for one typed answer.

        Raises:
            PartMissingError: It cannot come, or not in time; the reason says why.
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

    def charge(self, *, cost: Cost = 0, tokens: int = 0) -> None:
        """Report what the handler used; it is added up exactly, per agent and in every budget that covers it.

        Raises:
            BudgetExceededError: A budget has not that much left; what was used counts all the same.
        """
        ...

    def progress(self, text: str, *, fraction: float | None = None) -> None:
        """Tell whoever watches the run how far this handler is; never payload text."""
        ...
