"""A gate: handlers wait at it until the test opens it."""

from __future__ import annotations

import anyio


class Gate:
    """Holds handlers in the middle of a delivery, so that a test sees what the bus does meanwhile."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        """Set when the first handler waits."""
        self.open = anyio.Event()
        """The test sets it to let every handler go on."""
        self.entered = 0
        """Handlers that have come so far."""
        self.cancelled = 0
        """Handlers that were cancelled while they waited."""

    async def wait(self) -> None:
        """Wait until the gate is open."""
        self.entered += 1
        self.reached.set()
        try:
            await self.open.wait()
        except BaseException:  # a cancellation is counted, and goes on
            self.cancelled += 1
            raise
