"""Genie under the shared peer harness: the same work as every other peer, governed, with eight policies on."""

from __future__ import annotations

import asyncio
from importlib import metadata
from typing import Any

from common import SERIES, Counter, Hook, Peer, main

from genie import Each, Mailbox, Payload, Runtime, agent
from genie.benchmark import CALLER, TENANTS, eight_policies

LANES = 2048
MAILBOX = Mailbox(capacity=LANES)


class Question(Payload, topic="bench.question"):
    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Work(Payload, topic="bench.work"):
    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Result(Payload, topic="bench.result"):
    corr: str
    agent: str
    kind: str
    score: float
    note: str
    series: tuple[float, ...]


class Reply(Payload, topic="bench.reply"):
    corr: str
    count: int
    results: tuple[Result, ...]


class Parcel(Payload, topic="bench.parcel"):
    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


EACH = Each(Result, of=Work)
TWELVE = tuple(SERIES)


def installed(name: str) -> tuple[str, ...]:
    """Return the name if that distribution is installed: a checkout on PYTHONPATH has no version."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return ()
    return (name,)


class GeniePeer(Peer):
    """The question goes to an analyser, which sends work to n agents and gathers their results by correlation id."""

    name = "genie"
    dists = installed("genie-bus")
    imports = "from genie import Payload, agent, Runtime"
    notes = (
        "typed routing by payload class; eight policies judge every delivery; FIFO per sender and recipient; bounded "
        "mailboxes; account per run; cancellation by run; a copy of the context variables per handler"
    )
    runtime: Runtime
    counter: Counter

    def worker(self, name: str, hook: Hook) -> Any:
        @agent(name, concurrency=LANES if hook else 1, mailbox=MAILBOX, tenants=TENANTS)
        async def answer(work: Work) -> Result:
            if hook is not None:
                await hook()
            return Result(corr=work.corr, agent=name, kind="result", score=0.5, note="ok", series=TWELVE)

        return answer

    async def open(self, *agents: Any) -> None:
        self.runtime = Runtime(agents, policies=eight_policies(), caller=CALLER)
        await self.runtime.__aenter__()

    async def start(self) -> None:
        @agent("analyser", mailbox=MAILBOX, tenants=TENANTS)
        async def analyser(asked: Question) -> Work:
            return Work(
                corr=asked.corr, tenant=asked.tenant, kind="work", text=asked.text, limit=asked.limit,
                series=asked.series,
            )  # fmt: skip

        await self.open(analyser, *(self.worker(f"a{k}", self.hook) for k in range(self.n)))

    async def stop(self) -> None:
        await self.runtime.__aexit__(None, None, None)

    async def ask(self, i: int, slot: int = 0) -> Reply:  # noqa: ARG002 - the base class passes it
        corr = f"r{i}"
        gathered = await self.runtime.gather(
            Question(corr=corr, tenant="t1", kind="ask", text="how am I doing?", limit=10.0, series=TWELVE),
            expect=EACH,
        )
        results = gathered[EACH]
        return Reply(corr=corr, count=len(results), results=tuple(results.values()))

    async def oneway_start(self) -> None:
        @agent("sink", mailbox=MAILBOX, tenants=TENANTS)
        async def sink(parcel: Parcel) -> None:  # noqa: ARG001 - its annotation is the contract
            self.counter.hit()

        await self.open(sink)

    async def oneway(self, count: int) -> None:
        self.counter = Counter(count)
        for i in range(count):
            await self.runtime.publish(
                Parcel(corr=f"r{i}", tenant="t1", kind="work", text="one way", limit=1.0, series=TWELVE)
            )
            if i % 100 == 99:
                await asyncio.sleep(0)
        await self.counter.done

    async def oneway_stop(self) -> None:
        await self.stop()


if __name__ == "__main__":
    main(GeniePeer)
