"""Running handlers, as the bus and the mailboxes see them; ``genie.execution`` implements both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.outcome import Outcome, Reason
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.mailbox import RoomTicket, Subscriber

Call = tuple["Callable[..., Any]", int, bool]
"""A handler, its kind of arguments (``PAYLOAD``, ``CONTEXT`` or ``MESSAGE``), and whether its result type can vary."""


class Handling(Protocol):
    """One handling of a delivery."""

    def narrow(self) -> None:
        """A consent has ended: later outputs of the handler are sent without it."""


class Worker(Protocol):
    """The worker that runs a handler."""

    subscriber: Subscriber
    delivery: Delivery | None
    """The delivery being handled."""
    started: float
    """Start of the handling."""
    until: float
    """When the handling exceeds its card's timeout."""
    coroutine: Any
    """The suspended handler: a coroutine of the agent's author."""
    waits: tuple[Scope | RoomTicket, ...]
    """What its handler waits for."""
    ended: Ending | None
    """Why the handling was cut off."""
    yielded: int
    """Number of payloads that its handler's async iterator has yielded."""

    def cut(self, outcome: Outcome, reason: Reason) -> None:
        """Stop the handler; its delivery ends with this outcome."""

    def time_out(self) -> None:
        """The handling exceeds its card's timeout."""

    def abandon(self) -> None:
        """The handler has not stopped in time: abandon it."""

    @property
    def workers(self) -> Workers:
        """The workers of its runtime."""
        ...

    @property
    def handling(self) -> Handling | None:
        """The trusted record of the handling; None if nothing is handled."""


class Workers(Protocol):
    """All workers of one runtime."""

    ready: Any  # a deque of subscribers, or its replacement in a simulation
    """Agents with mail and a free slot, in order of their turn."""
    attended: bool
    """A worker processes ``ready``, or has been woken to do so."""

    @property
    def stepping(self) -> Worker | None:
        """The worker whose handler runs now and has not yet suspended."""

    def in_handler(self) -> bool:
        """Return True if the running task belongs to a handler of this runtime, or one waits for it through others."""
        ...

    @property
    def of_handler(self) -> Callable[[], Worker | None]:
        """Return the worker whose handler, of whatever runtime, the running task belongs to."""

    def attend(self) -> None:
        """Wake a worker to process ``ready``; the caller has checked that no worker does."""

    def sweep(self, now: float) -> float:
        """Cut off handlers that exceed their card's timeout; return the time of the next timeout."""
        ...

    def close(self) -> None:
        """The runtime closes: handlers now have a limited time to end."""

    def abandon(self) -> None:
        """Abandon every handler that has not stopped."""
