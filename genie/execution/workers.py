"""Workers of the runtime: tasks that run handlers, shared by all agents.

Agents that have something to do stand in one queue. One worker at a time attends to it: it runs each handler up to its
first suspension, so a message that passes through five agents costs one wake-up, not five. A worker whose handler
suspends hands the queue on and becomes that handler's home, because the handler's own cancel scopes are entered there.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING

from genie.contracts.signature import IN_HANDLER
from genie.execution.worker import attend

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Future, Tasks
    from genie.bus.bus import Bus
    from genie.execution.worker import Worker
    from genie.inflight.mailbox import Subscriber

BURST = 128
"""Workers that are woken together when handlers suspend."""

_HANDLING: ContextVar[object] = ContextVar("genie_handling", default=None)  # the workers of the running handler


class Workers:
    """All workers of one runtime.

    Args:
        bus: The bus.
        tasks: Where their tasks run.
    """

    def __init__(self, bus: Bus, tasks: Tasks) -> None:
        self.bus = bus
        self.tasks = tasks
        self.ready: deque[Subscriber] = deque()
        """Agents that have something to do and a free slot, in turn."""
        self.attended = False
        """A worker attends to ``ready``, or has been woken to do so."""
        self.idle: list[Future] = []
        """What workers without work await, the last to come first."""
        self.woken = 0
        """Workers that have been woken or started and have not run yet."""
        self.all: dict[Worker, None] = {}
        self.stepping: Worker | None = None
        """The worker whose handler runs now, before its first suspension."""
        self.closing_since = math.inf
        self.variables = copy_context()
        self.variables.run(IN_HANDLER.set, True)  # noqa: FBT003 - a flag's value
        self.variables.run(_HANDLING.set, self)
        self.of_handler: Callable[[], object] = _HANDLING.get
        """Returns the workers whose handler the running task belongs to."""

    attend = attend

    def hand_over(self) -> None:
        """The attending worker has something else to do: another one attends if agents are ready."""
        if not self.ready:
            self.attended = False
            return
        # Handlers that suspend need a worker each: they are woken together, not one in each turn of the loop.
        wanted = 1
        for subscriber in itertools.islice(self.ready, BURST):
            if subscriber.suspends:
                mail = len(subscriber.queue) + len(subscriber.due)
                wanted += min(mail, subscriber.concurrency - subscriber.active)
        for _ in range(min(wanted, BURST) - self.woken):
            self.attend()
        self.attended = True

    def sweep(self, now: float) -> float:
        """Cut handlers that exceed their card's timeout; return when the next one will."""
        soonest = math.inf
        for subscriber in self.bus.subscribers.values():
            if subscriber.timeout_s is None:
                continue
            for worker in tuple(subscriber.running):
                if worker.ended is not None or worker.until == math.inf:
                    continue
                if worker.until > now:
                    soonest = min(soonest, worker.until)
                    if worker.until == worker.started + subscriber.timeout_s:
                        break  # they started in this order, and those behind it have the same timeout
                    continue  # it began before its agent was replaced
                worker.time_out()
        return soonest

    def close(self) -> None:
        """The runtime closes: handlers have ``STOP_S`` from now on."""
        self.closing_since = self.bus.now()

    def abandon(self) -> None:
        """Abandon every handler that has not stopped."""
        for worker in tuple(self.all):
            if worker.delivery is not None:
                worker.abandon()
