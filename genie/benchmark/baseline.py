"""The baseline: the same work with only tasks and futures, as the denominator of ratios.

It uses a task per handler, a dict of subscribers and a dict of futures. Nothing is judged, ordered, bounded, counted or
cancellable; messages are plain pydantic models with the same six fields.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from genie.benchmark.workload import SERIES, YIELD_EVERY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Handler = Callable[[Any], Coroutine[Any, Any, None]]


class Question(BaseModel):
    """The question."""

    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Work(BaseModel):
    """The message from the analyser, and the one-way message."""

    corr: str
    tenant: str
    kind: str
    text: str
    limit: float
    series: tuple[float, ...]


class Result(BaseModel):
    """The answer of one handler."""

    corr: str
    agent: str
    kind: str
    score: float
    note: str
    series: tuple[float, ...]


class Reply(BaseModel):
    """The gathered answer."""

    corr: str
    count: int
    results: tuple[Result, ...]


class Bare:
    """The work in bare asyncio.

    Args:
        n: Number of answering handlers.
        hook: Awaited by each of them.
    """

    def __init__(self, n: int, *, hook: Callable[[], Awaitable[None]] | None = None) -> None:
        self._n = n
        self._hook = hook
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, tuple[asyncio.Future[Reply], list[Result]]] = {}
        self._left = 0
        self._done: asyncio.Future[None]
        self._subscribers: dict[str, list[Handler]] = {
            "question": [self._analyse],
            "work": [self._worker(f"a{k}") for k in range(n)],
            "parcel": [self._sink],
        }

    async def __aenter__(self) -> Self:
        """Do nothing; there is nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing; there is nothing to close."""

    async def ask(self, number: int) -> Reply:
        """Make one round trip."""
        asked = Question(corr=f"r{number}", tenant="t1", kind="ask", text="how am I doing?", limit=10.0, series=SERIES)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[asked.corr] = (future, [])
        self._publish("question", asked)
        return await future

    async def send(self, count: int) -> None:
        """Send one-way messages, and return when all are handled."""
        self._left = count
        self._done = asyncio.get_running_loop().create_future()
        for number in range(count):
            self._publish(
                "parcel", Work(corr=f"r{number}", tenant="t1", kind="work", text="one way", limit=1.0, series=SERIES)
            )
            if number % YIELD_EVERY == YIELD_EVERY - 1:
                await asyncio.sleep(0)
        await self._done

    def _publish(self, topic: str, message: BaseModel) -> None:
        for handler in self._subscribers[topic]:
            task = asyncio.create_task(handler(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _analyse(self, asked: Question) -> None:
        work = Work(
            corr=asked.corr, tenant=asked.tenant, kind="work", text=asked.text, limit=asked.limit, series=asked.series
        )
        self._publish("work", work)

    def _worker(self, name: str) -> Handler:
        async def answer(work: Work) -> None:
            if self._hook is not None:
                await self._hook()
            self._gather(Result(corr=work.corr, agent=name, kind="result", score=0.5, note="ok", series=SERIES))

        return answer

    def _gather(self, result: Result) -> None:
        future, results = self._waiting[result.corr]
        results.append(result)
        if len(results) == self._n:
            del self._waiting[result.corr]
            future.set_result(Reply(corr=result.corr, count=self._n, results=tuple(results)))

    async def _sink(self, _parcel: Work) -> None:
        self._left -= 1
        if not self._left:
            self._done.set_result(None)
