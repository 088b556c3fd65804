"""A gate at which handlers wait until the test opens it."""

from __future__ import annotations

import anyio


class Gate:
    """Stops handlers in the middle of a delivery, so that a test can observe the bus meanwhile."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        """Set when the first handler waits."""
        self.open = anyio.Event()
        """Set by the test to release every handler."""
        self.entered = 0
        """Number of handlers that have arrived."""
        self.cancelled = 0
        """Handlers that were cancelled while they waited."""

    async def wait(self) -> None:
        """Wait until the gate is open."""
        self.entered += 1
        self.reached.set()
        try:
            await self.open.wait()
        except BaseException:  # a cancellation is counted and re-raised
            self.cancelled += 1
            raise
