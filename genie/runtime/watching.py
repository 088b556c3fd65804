"""Watching an open runtime: taps with a clearance of their own, and the events of every run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from genie.inflight.events import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Payload
    from genie.inflight.events import Event
    from genie.observation.taps import Observation


@asynccontextmanager
async def observing(
    bus: Bus, topics: tuple[type[Payload], ...], card: AgentCard, capacity: int
) -> AsyncIterator[AsyncIterator[Observation]]:
    """Yield a tap that is open for as long as the block lasts."""
    from genie.observation.taps import Tap  # noqa: PLC0415 - start-up: for those who watch

    tap = Tap(card, topics, capacity, bus.make_waiter)
    bus.taps.append(tap)
    bus.reroute()
    try:
        yield tap
    finally:
        bus.taps.remove(tap)
        bus.reroute()
        tap.close()


async def events_of(bus: Bus) -> AsyncGenerator[Event]:
    """Yield what happens in every run, until the runtime closes."""
    watcher = Watcher(bus.make_waiter, keeps=True)
    bus.observers.watch(watcher, on=True)
    try:
        events = watcher.events
        while events is not None and not bus.closing:
            while events:
                yield events.popleft()
            await watcher.wait()
    finally:
        bus.observers.watch(watcher, on=False)
