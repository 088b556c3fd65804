"""The log of a runtime: read when the runtime opens, written while it is open, closed last."""

from __future__ import annotations

import contextlib
import functools
import gc
from typing import TYPE_CHECKING

from genie.backend.ids import IdSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.backend.asyncio_trio import Tasks
    from genie.bus.bus import Bus
    from genie.contracts.message import Payload
    from genie.contracts.ports.journal import DurabilityMode, EventLog
    from genie.journal.history import History
    from genie.journal.recorder import Recorder


class Durability:
    """The durable state of one runtime; without a log every method does nothing.

    Args:
        log: The log, open.
        history: What is open according to the log.
        prefix: Prefix of ids; random if None; that of the log is continued.
        seed: Seed of randomness, for a log that has none yet.
        mode: When facts must be in the log.
        chatter: Payload classes whose messages are not logged.
    """

    def __init__(
        self, log: EventLog | None, history: History | None, prefix: str | None, seed: int,
        mode: DurabilityMode = "none", chatter: frozenset[type[Payload]] = frozenset(),
    ) -> None:  # fmt: skip
        self._log = log
        self._chatter = chatter
        self.every_message = mode == "every_message"
        """A message is in the log before a handler sees it."""
        self._history = history
        self._recorder: Recorder | None = None
        self.redrives: tuple[tuple[str, float], ...] = ()
        """Dead letters to be redriven, and their rate per second."""
        self.seed = seed
        if history is None or history.prefix is None:
            self.ids = IdSource(prefix)
        else:
            self.ids = IdSource(history.prefix, history.last)
            self.seed = seed if history.seed is None else history.seed

    async def go_on(self, bus: Bus, tasks: Tasks) -> None:
        """Start logging facts, and put back in flight what is open according to the log."""
        if self._log is None or self._history is None:
            return
        from genie.journal.recorder import Recorder  # noqa: PLC0415 - start-up: for durable runtimes alone
        from genie.journal.recovery import resume  # noqa: PLC0415 - as above

        recorder = self._recorder = Recorder(bus, self._log, self._chatter)
        if self._history.prefix is None:
            recorder.start([{"kind": "runtime", "prefix": self.ids.prefix, "seed": self.seed}])
        bus.pending.number_after(self._history.last_parked)
        bus.intercept(recorder)
        bus.observers.keep(recorder)
        bus.pending.recorder = recorder
        from genie.journal.bodies import usable  # noqa: PLC0415 - as above
        from genie.journal.suspects import hand_out  # noqa: PLC0415 - as above

        self._history.died()
        recorder.take_over(self._history)
        bus.dead_letters.recorder = recorder
        with uncollected(), usable("the log"):
            suspects = await resume(bus, recorder, self._history)
        tasks.start(recorder.write)
        if suspects:
            tasks.start(functools.partial(hand_out, bus, recorder, suspects))
        self.redrives = tuple((one["id"], one["per_s"]) for one in self._history.redrives.values())
        self._history = None

    async def published(self) -> None:
        """Wait until a payload that was published from outside is in the log."""
        if self._recorder is not None:
            await self._recorder.barrier()

    def stop(self) -> None:
        """The runtime closes: what it now cuts off has not ended, and continues when a runtime opens the log again."""
        if self._recorder is not None:
            self._recorder.stop()

    async def rest(self) -> None:
        """Wait until the current batch is stored; facts that arrive meanwhile are written at the end."""
        if self._recorder is not None:
            await self._recorder.rest()

    async def close(self) -> None:
        """Write the waiting facts, and close the log."""
        if self._recorder is not None and self._recorder.failure is None:
            await self._recorder.flush()
        if self._log is not None:
            await self._log.close()


async def durability(
    log: EventLog | None, prefix: str | None, seed: int, mode: DurabilityMode, chatter: frozenset[type[Payload]]
) -> Durability:
    """Open a log and read it.

    Raises:
        Exception: The log cannot be read, or another process owns it.
    """
    if log is None or mode == "none":
        return Durability(None, None, prefix, seed)
    from genie.journal.bodies import usable  # noqa: PLC0415 - start-up: for durable runtimes alone
    from genie.journal.history import History  # noqa: PLC0415 - as above

    with uncollected(), usable("the log"):
        history = History(await log.open())
    return Durability(log, history, prefix, seed, mode, chatter)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Disable the cycle collector while many long-lived objects are created.

    It would traverse all of them repeatedly: half of the time of a recovery (benchmarks.durability). Afterwards they
    count as old, so the next collection skips them too. A replay reads a run the same way.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            if not gc.get_freeze_count():  # objects that the program has frozen stay frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()
