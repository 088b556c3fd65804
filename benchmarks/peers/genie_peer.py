"""Genie under the shared peer harness: the same work as every other peer, governed, with eight policies on."""

from __future__ import annotations

from typing import Any

from common import SERIES, Counter, Hook, Peer, main

from genie import Each, Mailbox, Payload, Runtime, agent
from genie.benchmark import CALLER, eight_policies

LANES = 2048


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


class Tally(Payload, topic="bench.one_way"):
    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class GeniePeer(Peer):
    """The question goes to an analyser, whose work goes to n agents; their results are gathered by correlation id."""

    name = "genie"
    dists = ("genie-bus",)
    imports = "from genie import Payload, agent, Runtime"
    notes = (
        "typed routing by payload class; eight policies judge every delivery; FIFO per sender and recipient; bounded "
        "mailboxes; account per run; cancellation by run; a copy of the context variables per handler"
    )

    def __init__(self, n: int, hook: Hook = None) -> None:
        super().__init__(n, hook)
        self.runtime: Runtime

    def _agents(self) -> list[Any]:
        hook = self.hook

        @agent("analyser", concurrency=LANES, mailbox=Mailbox(capacity=LANES))
        async def analyser(question: Question) -> Work:
            return Work(
                corr=question.corr, tenant=question.tenant, kind="work", text=question.text, limit=question.limit,
                series=question.series,
            )  # fmt: skip

        def worker(name: str) -> Any:
            @agent(name, concurrency=LANES if hook else 1, mailbox=Mailbox(capacity=LANES))
            async def answer(work: Work) -> Result:
                if hook is not None:
                    await hook()
                return Result(corr=work.corr, agent=name, kind="result", score=0.5, note="ok", series=SERIES)

            return answer

        return [analyser, *(worker(f"a{k}") for k in range(self.n))]

    async def _open(self, agents: list[Any]) -> None:
        self.runtime = Runtime(agents, policies=eight_policies(), caller=CALLER)
        await self.runtime.__aenter__()

    async def start(self) -> None:
        await self._open(self._agents())

    async def stop(self) -> None:
        await self.runtime.__aexit__(None, None, None)

    async def ask(self, i: int, slot: int = 0) -> Reply:  # noqa: ARG002 - the harness's signature
        gathered = await self.runtime.gather(
            Question(corr=f"r{i}", tenant="t1", kind="ask", text="how am I doing?", limit=10.0, series=SERIES),
            expect=EACH,
        )
        results = gathered[EACH]
        return Reply(corr=f"r{i}", count=len(results), results=tuple(results.values()))

    async def oneway_start(self) -> None:
        @agent("one", mailbox=Mailbox(capacity=LANES))
        async def one(_message: Tally) -> None:
            self.counter.hit()

        await self._open([one])

    async def oneway(self, count: int) -> None:
        self.counter = Counter(count)
        for i in range(count):
            await self.runtime.publish(
                Tally(corr=f"r{i}", tenant="t1", kind="work", text="one way", limit=1.0, series=SERIES)
            )
        await self.counter.done

    async def oneway_stop(self) -> None:
        await self.stop()


EACH = Each(Result, of=Work)

if __name__ == "__main__":
    main(GeniePeer)
