"""Workers of the runtime: tasks that run handlers, shared by all agents.

Agents with mail are in one queue. One worker at a time processes it: it runs each handler up to its first suspension,
so a message that passes through five agents costs one wake-up, not five. A worker whose handler suspends hands the
queue over and stays with that handler, because the handler's own cancel scopes were entered in its task.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from contextvars import Context as Variables
from contextvars import copy_context
from typing import TYPE_CHECKING

from genie.contracts.signature import IN_HANDLER
from genie.execution.worker import HANDLING, attend

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.backend.asyncio_trio import Future, Tasks
    from genie.bus.bus import Bus
    from genie.execution.worker import Worker
    from genie.inflight import handlers
    from genie.inflight.mailbox import Subscriber

BURST = 128
"""Number of workers that are woken together when handlers suspend."""


class Workers:
    """All workers of one runtime.

    Args:
        bus: The bus.
        tasks: Runs their tasks.
    """

    def __init__(self, bus: Bus, tasks: Tasks) -> None:
        self.bus = bus
        self.tasks = tasks
        self.ready: deque[Subscriber] = deque()
        """Agents with mail and a free slot, in order of their turn."""
        self.attended = False
        """A worker processes ``ready``, or has been woken to do so."""
        self.idle: list[Future] = []
        """Futures of idle workers, the latest last."""
        self.woken = 0
        """Number of workers that have been woken or started and have not run yet."""
        self.all: dict[Worker, None] = {}
        self.stepping: Worker | None = None
        """The worker whose handler runs now and has not yet suspended."""
        self.of_handler: Callable[[], handlers.Worker | None] = HANDLING.get
        """Returns the worker whose handler, of whatever runtime, the running task belongs to."""
        self.closing_since = math.inf
        self.variables: Variables = copy_context()
        self.variables.run(IN_HANDLER.set, True)  # noqa: FBT003 - a flag's value

    attend = attend

    def in_handler(self) -> bool:
        """Return True if the running task belongs to a handler of this runtime, or one waits for it through others."""
        worker = self.of_handler()
        while worker is not None and worker.workers is not self:
            asked_by = None if worker.delivery is None else worker.delivery.message.scope.run.asked_by
            worker = None if asked_by is None else asked_by.worker
        return worker is not None

    def hand_over(self) -> None:
        """The worker with the queue leaves it: another one takes over if agents are ready."""
        if not self.ready:
            self.attended = False
            return
        # Each suspended handler needs a worker: they are woken together, not one in each turn of the loop.
        wanted = 1
        for subscriber in itertools.islice(self.ready, BURST):
            if subscriber.suspends:
                mail = len(subscriber.queue) + len(subscriber.due)
                wanted += min(mail, subscriber.concurrency - subscriber.active)
        for _ in range(min(wanted, BURST) - self.woken):
            self.attend()
        self.attended = True

    def sweep(self, now: float) -> float:
        """Cut off handlers that exceed their card's timeout; return the time of the next timeout."""
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
                        break  # handlers started in this order, and later ones have the same timeout
                    continue  # it began before its agent was replaced
                worker.time_out()
        return soonest

    def close(self) -> None:
        """The runtime closes: handlers now have ``STOP_S`` seconds to end."""
        self.closing_since = self.bus.now()

    def abandon(self) -> None:
        """Abandon every handler that has not stopped."""
        for worker in tuple(self.all):
            if worker.delivery is not None:
                worker.abandon()
