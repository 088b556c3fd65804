"""The canonical work, governed: question → analyser → n agents → gathered answer, on the bus's full path."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, Self

from genie.benchmark.policies import CALLER, TENANT, TENANTS
from genie.contracts.agent import agent
from genie.contracts.gather import Each
from genie.contracts.limits import Mailbox
from genie.contracts.message import Payload
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from genie.contracts.agent import FunctionAgent
    from genie.contracts.card import Caller
    from genie.contracts.ports.journal import EventLog
    from genie.contracts.statistics import Statistics
    from genie.policy.policy import PolicySet

SERIES = tuple(float(number) for number in range(12))
YIELD_EVERY = 100
"""Number of one-way messages after which a publisher yields, in both contenders."""
LANES = 1024
"""Concurrency of an agent whose handler waits: effectively unlimited, like bare tasks."""


class Answer(Protocol):
    """The result of a round trip, for both contenders."""

    @property
    def corr(self) -> str:
        """The question's name."""
        ...

    @property
    def results(self) -> Sequence[object]:
        """One result an agent."""
        ...


class Contender(Protocol):
    """One implementation of the work; opened as an async context manager."""

    async def __aenter__(self) -> Self:
        """Start."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        ...

    async def ask(self, number: int) -> Answer:
        """Make one round trip."""
        ...

    async def send(self, count: int) -> None:
        """Send messages one way, and return when all were handled."""
        ...


class Question(Payload, topic="bench.question"):
    """What is asked."""

    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Work(Payload, topic="bench.work"):
    """The message from the analyser to every agent."""

    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Result(Payload, topic="bench.result"):
    """The answer of one agent."""

    corr: str
    agent: str
    kind: str
    score: float
    note: str
    series: tuple[float, ...]


class Reply(Payload, topic="bench.reply"):
    """The gathered answer."""

    corr: str
    count: int
    results: tuple[Result, ...]


class Parcel(Payload, topic="bench.parcel"):
    """A one-way message."""

    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


EACH = Each(Result, of=Work)


def question(number: int) -> Question:
    """Return the question of that number."""
    return Question(corr=f"r{number}", tenant=TENANT, kind="ask", text="how am I doing?", limit=10.0, series=SERIES)


def analyser() -> FunctionAgent[..., Any]:
    """Return the agent that turns a question into work."""

    @agent("analyser", mailbox=Mailbox(capacity=LANES), tenants=TENANTS)
    async def analyse(asked: Question) -> Work:
        return Work(
            corr=asked.corr, tenant=asked.tenant, kind="work", text=asked.text, limit=asked.limit, series=asked.series
        )

    return analyse


def worker(name: str, hook: Callable[[], Awaitable[None]] | None) -> FunctionAgent[..., Any]:
    """Return one of the n agents; it waits for the hook, if there is one."""

    @agent(name, concurrency=LANES if hook else 1, mailbox=Mailbox(capacity=LANES), tenants=TENANTS)
    async def answer(work: Work) -> Result:
        if hook is not None:
            await hook()
        return Result(corr=work.corr, agent=name, kind="result", score=0.5, note="ok", series=SERIES)

    return answer


class Governed:
    """The work over a runtime: typed, inspected, judged, admitted, accounted and cancellable.

    Args:
        n: Agents that answer.
        policies: The policies that judge every delivery.
        hook: Awaited by each of the n agents.
        caller: The caller.
        log: Stores all facts; without it nothing is stored.
    """

    def __init__(
        self, n: int, *, policies: PolicySet, hook: Callable[[], Awaitable[None]] | None = None,
        caller: Caller = CALLER, log: EventLog | None = None,
    ) -> None:  # fmt: skip
        self._left = 0
        self._done: asyncio.Future[None]

        @agent("sink", mailbox=Mailbox(capacity=LANES), tenants=TENANTS)
        async def sink(parcel: Parcel) -> None:  # noqa: ARG001 - its annotation is the contract
            self._left -= 1
            if not self._left:
                self._done.set_result(None)

        agents = [analyser(), *(worker(f"a{k}", hook) for k in range(n)), sink]
        self._runtime = Runtime(agents, policies=policies, caller=caller, log=log)

    async def __aenter__(self) -> Self:
        """Open the runtime."""
        await self._runtime.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._runtime.__aexit__(None, None, None)

    def statistics(self) -> Statistics:
        """Return the runtime's counters."""
        return self._runtime.statistics()

    async def ask(self, number: int) -> Reply:
        """Make one round trip."""
        gathered = await self._runtime.gather(question(number), expect=EACH)
        results = gathered[EACH]
        return Reply(corr=f"r{number}", count=len(results), results=tuple(results.values()))

    async def send(self, count: int) -> None:
        """Send messages one way, and return when all were handled."""
        self._left = count
        self._done = asyncio.get_running_loop().create_future()
        publish = self._runtime.publish
        for number in range(count):
            await publish(
                Parcel(corr=f"r{number}", tenant=TENANT, kind="work", text="one way", limit=1.0, series=SERIES)
            )
            if number % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
        await self._done
