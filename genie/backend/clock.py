"""The only clock: that of the event loop. Wall time is an offset to it; nothing else in Genie reads time.

Under a simulated loop both follow the loop, so a run in virtual time has virtual dates.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime.fromtimestamp(0, UTC)
MICROSECOND = timedelta(microseconds=1)


def system_time() -> float:
    """Return the system's seconds since the epoch, for code without a loop, such as a writer thread."""
    return time.time()


class Clock:
    """Reads the running event loop's time.

    Args:
        now: The loop's own clock, in seconds; ``genie.backend.asyncio_trio.loop_time()`` finds it.
        wall: Seconds since the epoch now; the system's by default, a fixed value for repeatable runs.
        system: Reads the system's time, in seconds since the epoch.
    """

    __slots__ = ("_system", "now", "offset")

    def __init__(
        self, now: Callable[[], float], *, wall: float | None = None, system: Callable[[], float] = time.time
    ) -> None:
        self.now = now
        self._system = system if wall is None else None
        self.offset = (system() if wall is None else wall) - now()
        """Seconds since the epoch when ``now()`` is zero."""

    def wall(self) -> datetime:
        """Return the UTC date and time of ``now()``."""
        return EPOCH + timedelta(seconds=self.now() + self.offset)

    def resynchronise(self) -> None:
        """Read the system's time again, after a suspended machine or a clock correction; a fixed wall time stays."""
        if self._system is not None:
            self.offset = self._system() - self.now()
