"""A world of agents that use everything that a crash could tear: gathers, joins, retries, fallbacks, state, timers."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from anyio.lowlevel import checkpoint

from genie import Each, Payload, Retry, RunLimits, Runtime, agent
from genie.contracts.agent import Join
from genie.contracts.context import Context
from genie.testing.recorders import RecordingLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.contracts.ports.journal import EventLog, LogRecord


class Question(Payload, topic="durable.question"):
    size: int


class Work(Payload, topic="durable.work"):
    number: int


class Result(Payload, topic="durable.result"):
    number: int
    by: str


class Check(Payload, topic="durable.check"):
    number: int


class Checked(Payload, topic="durable.checked"):
    number: int


class Note(Payload, topic="durable.note"):
    number: int


class Left(Payload, topic="durable.left"):
    total: int


class Right(Payload, topic="durable.right"):
    total: int


class Both(Payload, topic="durable.both"):
    left: Left
    right: Right


class Answer(Payload, topic="durable.answer"):
    total: int
    draws: float


class World:
    """One process: its agents, and what they have done outside the bus."""

    def __init__(
        self, records: Sequence[LogRecord] = (), *, log: EventLog | None = None, deadline_s: float | None = 60.0,
        deaths: int = 0,
    ) -> None:  # fmt: skip
        self.log = RecordingLog()
        self.log.records.extend(records)
        self._log = log or self.log
        self._limits = RunLimits(deadline_s=deadline_s, deaths=deaths)
        self.seen: Counter[str] = Counter()
        seen = self.seen

        @agent("asker", asks={Work: Each(Result)}, publishes=(Note, Left, Right))
        async def asker(question: Question, ctx: Context) -> None:
            views = await ctx.gather(Work(number=question.size), expect=Each(Result))
            total = sum(one.number for one in views[Each(Result)].values())
            ctx.state["asked"] = ctx.state.get("asked", 0) + 1
            for number in range(2):
                await ctx.publish(Note(number=number))
                await checkpoint()
            await ctx.publish(Left(total=total))
            ctx.after(0.01, Right(total=ctx.state["asked"]))

        @agent("first", asks={Check: Checked})
        async def first(work: Work, ctx: Context) -> Result:
            await checkpoint()
            checked = await ctx.ask(Check(number=work.number), Checked)
            return Result(number=checked.number, by="first")

        @agent("second", retry=Retry(attempts=9, first_s=0.001))
        async def second(work: Work) -> Result:
            await checkpoint()
            seen["second"] += 1
            if seen["second"] < 2:
                raise OSError("not yet")
            return Result(number=work.number * 10, by="second")

        @agent("third", fallback="spare")
        async def third(work: Work) -> Result:
            await checkpoint()
            raise ValueError("never")

        @agent("spare")
        async def spare(work: Work) -> Result:
            await checkpoint()
            return Result(number=work.number * 100, by="spare")

        @agent("checker")
        async def checker(check: Check) -> AsyncIterator[Checked]:
            await checkpoint()
            yield Checked(number=check.number + 1)

        @agent("notes")
        async def notes(note: Note) -> None:
            await checkpoint()
            seen[f"note {note.number}"] += 1

        @agent("answerer")
        async def answerer(both: Both, ctx: Context) -> Answer:
            await checkpoint()
            return Answer(total=both.left.total * 1000 + both.right.total, draws=ctx.random.random())

        self.agents = (asker, first, second, third, spare, checker, notes, answerer)

    def runtime(self) -> Runtime:
        """Return a runtime over this process's agents and log."""
        join = Join(id="both", parts={"left": Left, "right": Right}, into=Both)
        return Runtime(self.agents, joins=(join,), log=self._log, seed=7, prefix="w", limits=self._limits)
