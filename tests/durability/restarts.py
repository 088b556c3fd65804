"""Processes that end without a word: what the log held then is all that the next one knows."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from genie import Runtime
from genie.testing.recorders import RecordingLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genie.contracts.ports.journal import LogRecord


class Machine:
    """Runs one process after the other over one log.

    Args:
        make: Builds the runtime of a process over a log.
    """

    def __init__(self, make: Callable[[RecordingLog], Runtime]) -> None:
        self._make = make
        self.log = RecordingLog()

    @asynccontextmanager
    async def process(self, *, dies: bool = True) -> AsyncIterator[Runtime]:
        """Run a process; one that ``dies`` leaves in the log what was there at the end of the block."""
        log = RecordingLog()
        log.records.extend(self.log.records)
        kept: list[LogRecord] | None = None
        async with self._make(log) as runtime:
            yield runtime
            if dies:
                kept = list(log.records)
        self.log.records = log.records if kept is None else kept
        self.log.batches += [one for one in log.batches if one <= len(self.log.records)]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the records of a kind."""
        return [record for record in self.log.records if record["kind"] == kind]

    def ended(self) -> list[tuple[str, str, str]]:
        """Return delivery, outcome and code of every delivery that has ended."""
        return [(one["delivery"], one["outcome"], one["code"]) for one in self.of("ended")]
