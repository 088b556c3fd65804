"""Deliveries that were at work when a process died, handed out one after the other: the next death names the one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.bus.bus import Bus
    from genie.inflight.delivery import Delivery
    from genie.inflight.pending import Parked
    from genie.journal.recorder import Recorder

ALONE_S = 0.05
"""Seconds in which a suspected delivery runs alone before the next one is released."""


class Suspect(NamedTuple):
    """A delivery that was being handled when a process ended."""

    delivery: Delivery
    put_back: Callable[[], None]
    """Releases it."""


async def hand_out(bus: Bus, recorder: Recorder, suspects: Sequence[Suspect]) -> None:
    """Release suspects one at a time; the start of each is logged before it begins."""
    for delivery, put_back in suspects:
        if delivery.parked is None:
            continue  # it has ended meanwhile, with its run
        recorder.begin(delivery.message.scope.run.number, delivery.id)
        try:
            await recorder.barrier()
        except JournalError:
            return  # nothing is stored any more, and nothing depends on what is handled
        waits: Parked | None = delivery.parked  # it may have ended while the barrier waited
        if waits is None or not bus.pending.take(waits):
            continue
        put_back()
        waiter = bus.make_waiter()
        bus.timers.at(bus.now() + ALONE_S, "wake", waiter)
        await waiter.park()
