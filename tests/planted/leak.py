"""A bus that forgets on a retry that the recipient was given a masked copy, and hands out the original."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from genie.bus.retries import Retries
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.limits import Retry
from genie.contracts.message import Payload
from genie.inflight.pending import Parked
from genie.policies.index import POLICIES


class Letter(Payload, topic="post.letter"):
    text: str


class Sorted(Payload, topic="post.sorted"):
    length: int


@agent("sorter", retry=Retry(attempts=2, first_s=1.0))
async def sorter(letter: Letter) -> Sorted:
    """Sort a letter, whose addresses it may not see."""
    return Sorted(length=len(letter.text))


@contextmanager
def planted() -> Iterator[None]:
    """Plant the bug."""
    sound = Retries._again

    def again(self: Retries, parked: Parked) -> None:
        delivery = parked.delivery
        if delivery is not None and delivery.extra is not None and delivery.extra.original is not None:
            delivery.message = delivery.extra.original  # the bug
        sound(self, parked)

    Retries._again = again  # type: ignore[method-assign]  # planted
    try:
        yield
    finally:
        Retries._again = sound  # type: ignore[method-assign]  # dug out


CATALOGUE = Plugins(agents={"sorter": sorter}, policies=dict(POLICIES))
PIPELINE = """
version: 1
id: post
agents: [sorter]
policies: [pii, clearance]
input: post.letter
output: post.sorted
"""
SCENARIO = """
version: 1
id: leak
pipeline: pipeline.yaml
duration: 1d
workload:
  arrivals: [{poisson: 2, rhythm: daily}]
  questions:
    - {weight: 4, fields: {text: "Greetings from {customer}"}}
    - {weight: 1, fields: {text: "Write to ann.miller@example.org please"}}
trouble:
  - {kind: slow, agent: sorter, rate: 0.5, takes: {exponential: 5}}
  - {kind: raise, agent: sorter, rate: 0.1}
invariants: []
"""
BROKEN = "nothing_denied_is_seen"
