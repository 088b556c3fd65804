"""Watching an open runtime: taps, each with its own clearance, and the events of every run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from genie.contracts.card import AgentCard, Risk, Tier
from genie.inflight.events import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.message import Payload
    from genie.inflight.events import Event
    from genie.observation.taps import Observation


def tap_card(name: str, clearance: Classification, tenants: frozenset[str] | None, region: str | None) -> AgentCard:
    """Return the card of an observer."""
    return AgentCard(
        id=name, risk=Risk.LOW, tier=Tier.PRODUCTION, clearance=clearance, tenants=tenants, region=region,
        egress=True, notices=True,
    )  # fmt: skip


def observing(
    bus: Bus, topics: tuple[type[Payload], ...], card: AgentCard, capacity: int
) -> AbstractAsyncContextManager[AsyncIterator[Observation]]:
    """Return a tap that is open for the duration of the block.

    Raises:
        ValueError: ``capacity`` is less than 1.
    """
    if capacity < 1:
        raise ValueError(f"the capacity of a tap must be at least 1 observation, not {capacity}")
    return _observing(bus, topics, card, capacity)


@asynccontextmanager
async def _observing(
    bus: Bus, topics: tuple[type[Payload], ...], card: AgentCard, capacity: int
) -> AsyncIterator[AsyncIterator[Observation]]:
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
    """Yield the events of every run, until the runtime closes."""
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
