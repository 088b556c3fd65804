"""Cost of a scrape: the page of metrics of a busy runtime. ``python -m benchmarks.scrape`` prints it."""

from __future__ import annotations

import statistics
import time
import types
from collections.abc import Iterator
from typing import Any

import anyio

from benchmarks.figures import Figure, Limit, printed
from genie.benchmark import timing
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.message import Message, Payload
from genie.edges.telemetry.prometheus import Metrics
from genie.runtime.runtime import Runtime

AGENTS, TOPICS = 60, 40
SCRAPE_LIMIT = Limit(20)
_BETWEEN = 200
"""Round trips between two scrapes."""


class Reader:
    """Takes everything."""

    def __init__(self, number: int, topics: tuple[type[Payload], ...]) -> None:
        self.card = AgentCard(id=f"reader{number}", consumes=topics)

    async def handle(self, message: Message[Any], context: Context) -> None:
        """Read it."""


def figures(rounds: int = 20) -> Iterator[Figure]:
    """Yield the duration of the page after every agent has received a message of every topic.

    Args:
        rounds: Number of rounds; the fastest counts.

    Raises:
        ValueError: The page does not list every agent and topic.
    """
    name = f"scrape of {AGENTS} agents and {TOPICS} topics"
    yield Figure(name, anyio.run(_scraped, rounds), "ms", limit=SCRAPE_LIMIT)
    plain, beside = anyio.run(_asked, rounds)
    yield Figure("fan-out 3 while it is scraped", beside, "us", plain, beside / plain)


async def _scraped(rounds: int) -> float:
    topics = tuple(types.new_class(f"Topic{n}", (Payload,), {"topic": f"scrape.topic{n}"}) for n in range(TOPICS))
    async with Runtime([Reader(n, topics) for n in range(AGENTS)]) as runtime:
        for topic in topics:
            await runtime.start(topic(), topic).settled()
        metrics = Metrics(runtime.statistics)
        if metrics.page().count(b'outcome="handled"} 1\n') != AGENTS * TOPICS:
            raise ValueError(f"the page does not tell of {AGENTS} agents and {TOPICS} topics")
        best = float("inf")
        for _ in range(rounds):
            start = time.perf_counter()
            metrics.page()
            best = min(best, time.perf_counter() - start)
    return best * 1e3


async def _asked(rounds: int) -> tuple[float, float]:
    """Return the median round trip in microseconds of a runtime by itself, and of one that is scraped in between."""
    found: dict[bool, list[float]] = {False: [], True: []}
    async with timing.governed(3) as contender:
        metrics = Metrics(contender.statistics)
        for number in range(rounds * 2):
            times = []
            for request in range(_BETWEEN):
                start = time.perf_counter()
                await contender.ask(number * _BETWEEN + request)
                times.append(time.perf_counter() - start)
            found[number % 2 == 1].append(statistics.median(times))
            if number % 2 == 0:
                metrics.page()  # so that every second stretch follows a scrape
    return statistics.median(found[False]) * 1e6, statistics.median(found[True]) * 1e6


if __name__ == "__main__":
    printed(figures())
