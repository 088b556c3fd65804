"""Handlers that run, as the bus and the mailboxes see them; ``genie.execution`` implements both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.outcome import Outcome, Reason
    from genie.inflight.accounting import Scope
    from genie.inflight.delivery import Delivery, Ending
    from genie.inflight.mailbox import RoomTicket, Subscriber

Call = tuple["Callable[..., Any]", int, bool]
"""A handler, what it is called with (``PAYLOAD``, ``CONTEXT`` or ``MESSAGE``), and whether its outcome can differ."""


class Handling(Protocol):
    """One handling of a delivery."""

    def narrow(self) -> None:
        """A consent has ended: what the handler sends from now on goes without it."""


class Worker(Protocol):
    """The worker that runs a handler."""

    subscriber: Subscriber
    delivery: Delivery | None
    """What is being handled."""
    started: float
    """When it began."""
    until: float
    """When the handling exceeds its card's timeout."""
    coroutine: Any
    """The handler that has suspended, a coroutine of the agent's author."""
    waits: tuple[Scope | RoomTicket, ...]
    """What its handler waits for."""
    ended: Ending | None
    """Why the handling was cut off."""
    yielded: int
    """Payloads that its handler's async iterator has yielded."""

    def cut(self, outcome: Outcome, reason: Reason) -> None:
        """Stop the handler; its delivery ends with this outcome."""

    def time_out(self) -> None:
        """The handling exceeds its card's timeout."""

    def abandon(self) -> None:
        """The handler has not stopped in time: leave it behind."""

    @property
    def handling(self) -> Handling | None:
        """What the bus trusts of the handling; None while nothing is handled."""


class Workers(Protocol):
    """All workers of one runtime."""

    ready: Any  # a deque of subscribers, or what a simulation puts in its place
    """Agents that have something to do and a free slot, in turn."""
    attended: bool
    """A worker attends to ``ready``, or has been woken to do so."""

    @property
    def stepping(self) -> Worker | None:
        """The worker whose handler runs now, before its first suspension."""

    @property
    def of_handler(self) -> Callable[[], object]:
        """Returns the workers whose handler the running task belongs to."""

    def attend(self) -> None:
        """Have a worker attend to ``ready``; the caller has seen that nobody does."""

    def sweep(self, now: float) -> float:
        """Cut handlers that exceed their card's timeout; return when the next one will."""
        ...

    def close(self) -> None:
        """The runtime closes: handlers have a stated time from now on."""

    def abandon(self) -> None:
        """Abandon every handler that has not stopped."""
