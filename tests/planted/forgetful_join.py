"""A desk that waits two seconds for its parts, and answers without the late one as if it had them all."""

from __future__ import annotations

from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.message import Payload


class Ask(Payload, topic="sum.ask"):
    number: int


class Split(Payload, topic="sum.split"):
    number: int


class Term(Payload, topic="sum.term"):
    value: int


class Total(Payload, topic="sum.total"):
    value: int
    missing: tuple[str, ...] = ()


@agent("desk", asks={Split: Each(Term)}, concurrency=16)
async def desk(ask: Ask, context: Context) -> Total:
    """Add what comes in time."""
    terms = await context.gather(Split(number=ask.number), expect=Each(Term), within_s=2.0)
    # The bug: terms.missing is forgotten, so a part that comes late is missing in silence.
    return Total(value=sum(term.value for term in terms[Each(Term)].values()))


def _adder(name: str, factor: int):  # type: ignore[no-untyped-def]  # whatever the decorator makes of it
    @agent(name, concurrency=4)
    async def add(split: Split) -> Term:
        return Term(value=split.number * factor)

    return add


CATALOGUE = Plugins(
    agents={"desk": desk, **{name: _adder(name, at) for at, name in enumerate(("one", "two", "three"), 1)}}
)
PIPELINE = """
version: 1
id: sum
agents: [desk, one, two, three]
input: sum.ask
output: sum.total
"""
SCENARIO = """
version: 1
id: forgetful-join
pipeline: pipeline.yaml
duration: 1h
workload:
  arrivals: [{poisson: 60}]
  questions: [{fields: {number: "{number}"}}]
work: {one: {uniform: [0.1, 0.5]}, two: {uniform: [0.1, 0.5]}, three: {uniform: [0.1, 0.5]}}
trouble:
  - {kind: slow, agent: one, rate: 0.1, takes: 1}
  - {kind: slow, agent: three, rate: 0.05, takes: {lognormal: [1, 20]}}
  - {kind: raise, agent: two, rate: 0.01, from: 59m}
invariants: [same_answers]
"""
BROKEN = "same_answers"
