"""Pipelines that are open in this process, and their runs: those in flight, and the latest that have ended."""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

import anyio

from genie.contracts.serialization import as_wire
from genie.errors import RunError, RunHeld

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from genie.config.pipeline import Pipeline
    from genie.contracts.card import Caller
    from genie.contracts.message import Payload
    from genie.inflight.events import Event
    from genie.runtime.run import Run
    from genie.runtime.runtime import Runtime
    from genie.server.principals import Principal

MOST_RUNS = 1_000
"""Runs of one pipeline that are remembered; the oldest that have ended are forgotten."""
MOST_EVENTS = 1_000
"""Events of one run that are kept for streams that resume."""


class HostedRun:
    """One run, in flight or over.

    Args:
        pipeline: Id of its pipeline.
        run: The live run.
        caller: Who asked.
    """

    def __init__(self, pipeline: str, run: Run[Payload], caller: Caller, at: float) -> None:
        self.pipeline = pipeline
        self.run = run
        self.id = run.id
        self.caller = caller
        self.at = at
        """Seconds since the epoch at its start."""
        self.status = "running"
        self.code = ""
        """Code of the error that ended it."""
        self.answer: dict[str, Any] | None = None
        """As its caller may see it."""
        self.events: deque[tuple[int, Event]] = deque(maxlen=MOST_EVENTS)
        self.numbers = itertools.count(1)
        self.over = False
        self.changed = anyio.Event()

    def visible_to(self, principal: Principal) -> bool:
        """Return True for its owner, and for whoever may audit in its tenant."""
        same = principal.caller.tenant == self.caller.tenant
        return same and (principal.caller.user == self.caller.user or "audit" in principal.rights)

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        changed, self.changed = self.changed, anyio.Event()
        changed.set()

    def record(self) -> dict[str, Any]:
        """Return it as JSON values."""
        counts = self.run.messages()
        return {
            "id": self.id, "pipeline": self.pipeline, "user": self.caller.user, "tenant": self.caller.tenant,
            "at": self.at, "status": self.status, "code": self.code, "answer": self.answer,
            "messages": counts._asdict(), "missing": [str(one) for one in self.run.failures()],
        }  # fmt: skip


class Hosted:
    """One open pipeline.

    Args:
        pipeline: What it is.
        runtime: Its open runtime.
        tasks: Where its runs are followed.
    """

    def __init__(self, pipeline: Pipeline, runtime: Runtime, tasks: TaskGroup) -> None:
        self.pipeline = pipeline
        self.runtime = runtime
        self.runs: OrderedDict[str, HostedRun] = OrderedDict()
        self._tasks = tasks

    def start(self, question: Payload, caller: Caller) -> HostedRun:
        """Ask the pipeline a question and follow its run."""
        run = self.runtime.start(question, self.pipeline.answer, deadline_s=self.pipeline.within_s, caller=caller)
        at = self.runtime.bus.clock.wall().timestamp()
        hosted = self.runs[run.id] = HostedRun(self.pipeline.id, run, caller, at)
        for old in [one for one in self.runs.values() if one.over][: max(0, len(self.runs) - MOST_RUNS)]:
            del self.runs[old.id]
        self._tasks.start_soon(self._follow, hosted)
        self._tasks.start_soon(self._end, hosted)
        return hosted

    async def _follow(self, hosted: HostedRun) -> None:
        async for event in hosted.run.events():
            hosted.events.append((next(hosted.numbers), event))
            hosted.tell()

    async def _end(self, hosted: HostedRun) -> None:
        while not hosted.over:
            try:
                answer = await hosted.run.result()
                hosted.status, hosted.answer = "complete", as_wire(answer)
                await hosted.run.settled()
                hosted.over = True
            except RunHeld:
                hosted.status = "held"
                hosted.tell()
                await hosted.run.decided()
                hosted.status = "running"
            except RunError as error:
                hosted.status, hosted.code, hosted.over = "failed", error.code, True
        hosted.tell()
