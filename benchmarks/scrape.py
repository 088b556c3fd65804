"""What a scrape takes: the page of metrics of a busy runtime. ``python -m benchmarks.scrape`` prints it."""

from __future__ import annotations

import time
import types
from collections.abc import Iterator
from typing import Any

import anyio

from benchmarks.figures import Figure, Limit, printed
from genie.edges.metrics import Metrics
from genie.message import Message, Payload
from genie.protocol import AgentCard, Context
from genie.runtime import Runtime

AGENTS, TOPICS = 60, 40
SCRAPE_LIMIT = Limit(20)


class Reader:
    """Takes everything."""

    def __init__(self, number: int, topics: tuple[type[Payload], ...]) -> None:
        self.card = AgentCard(id=f"reader{number}", consumes=topics)

    async def handle(self, message: Message[Any], context: Context) -> None:
        """Read it."""


def figures(rounds: int = 20) -> Iterator[Figure]:
    """Yield how long the page takes once every agent has had a message of every topic.

    Args:
        rounds: Of which the fastest counts.

    Raises:
        ValueError: The page does not tell of every agent and topic.
    """
    name = f"scrape of {AGENTS} agents and {TOPICS} topics"
    yield Figure(name, anyio.run(_scraped, rounds), "ms", limit=SCRAPE_LIMIT)


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


if __name__ == "__main__":
    printed(figures())
