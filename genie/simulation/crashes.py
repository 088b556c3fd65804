"""Simulates processes that end without notice: the next process knows only what the simulated disk has stored."""

from __future__ import annotations

import random
from typing import IO, TYPE_CHECKING, Any

import anyio

from genie.errors import (
    RunHeld,
    RuntimeDrainingError,
)
from genie.simulation.arrivals import Arrival
from genie.simulation.disk import SimulatedDisk
from genie.simulation.instrumentation import ShuffledQueue

if TYPE_CHECKING:
    from genie.contracts.message import Payload
    from genie.runtime.runtime import Runtime
    from genie.simulation.scenario import Scenario

from genie.simulation.simulation import Simulation, Subset


class CrashingSimulation(Simulation):
    """Simulates processes that end without notice, each of which continues from the simulated disk."""

    def __init__(
        self, scenario: Scenario, seed: int, part: Subset, journal: IO[str] | None, follow: int | None = None
    ) -> None:  # fmt: skip
        super().__init__(scenario, seed, part, journal, follow)
        self._disk = SimulatedDisk(random.Random(f"{seed}/disk"))  # noqa: S311 - repeatable on purpose
        self._up = anyio.Event()
        self._alive = False
        self._down_s = 0.0
        self._asking: set[anyio.CancelScope] = set()

    async def _main(self) -> None:
        arriving = self._loop.create_task(self._arriving())
        operations = self._operations.scheduled(self._living, self._crash)
        beside = [self._loop.create_task(work) for work in (self._sample(), *operations)]
        try:
            while not await self._live(arriving):
                self._check(over=False)
                await anyio.sleep(self._down_s)
        finally:
            for task in (arriving, *beside):
                task.cancel()
        await arriving
        self._check(over=not self._stopped)
        self._observed.totals = self._disk.story().totals()

    async def _live(self, arriving: Any) -> bool:
        """Run one process; return True if it ended by itself, with everything done."""
        runtime = self._runtime = self._process(self._disk.log())
        async with runtime:
            bus = self._instrumentation.bus = runtime.bus
            bus.workers.ready = ShuffledQueue(self._turns, bus.workers.ready)
            self._journal.reopen(bus.runs.open_runs.values())
            for journal in self._operations.journals():
                bus.observers.add_journal(journal)
            self._alive = True
            self._up.set()
            while self._alive and not self._stopped and (self._left or not arriving.done()):
                self._done = anyio.Event()
                await self._done.wait()
            while self._alive and self._section.approvals is not None and runtime.approvals.holds():
                await self._decision.wait()
            if self._alive and not self._stopped:
                await runtime.drain(self._section.limits.drain)
            ended, self._alive = self._alive, False
            if not ended:
                bus.observers.journals = ()  # events of a dead process reach nobody
            statistics = runtime.statistics()
            self._observed.verdicts, self._observed.budgets = statistics.verdicts, statistics.budgets
        return ended

    def _living(self) -> Runtime | None:
        return self._runtime if self._alive else None

    def _crash(self, kind: str, down_s: float) -> None:
        """End the process: its callers lose their connections, and its later writes are not stored."""
        self._disk.crash(kind)
        self._alive, self._down_s, self._up = False, down_s, anyio.Event()
        self._runtime.bus.observers.journals = ()
        self._observed.crashes += 1
        for scope in self._asking:
            scope.cancel()
        self._done.set()
        self._decision.set()
        self._decision = anyio.Event()

    def _check(self, *, over: bool) -> None:
        for problem in self._disk.problems(over=over):
            self._journal.add_violation("survives_crashes", problem)

    async def _arriving(self) -> None:
        await self._up.wait()
        await self._arrive(self._runtime)
        self._done.set()

    async def _answer(self, _runtime: Runtime, arrival: Arrival, question: Payload) -> Payload:
        """Ask, and repeat the question with the same key after the process has died, as a caller does."""
        while True:
            await self._up.wait()
            self._journal.number = arrival.number
            with anyio.CancelScope() as scope:
                self._asking.add(scope)
                try:
                    return await self._asked(arrival, question)
                finally:
                    self._asking.discard(scope)
            if self._alive or not scope.cancelled_caught:
                raise RuntimeDrainingError

    async def _asked(self, arrival: Arrival, question: Payload) -> Payload:
        key, answer = f"arrival {arrival.number}", self._scenario.pipeline.answer
        while True:
            try:
                return await self._runtime.ask(question, answer, within_s=self._within, notices=[], key=key)
            except RunHeld:
                if self._section.approvals is None:
                    raise
                await self._decision.wait()

    def _look(self) -> None:
        if self._alive:
            super()._look()

    def _decide(self, approve: bool) -> None:  # noqa: FBT001 - as above
        if self._alive:
            super()._decide(approve)
        else:
            self._loop.call_later(self._down_s, self._decide, approve)
