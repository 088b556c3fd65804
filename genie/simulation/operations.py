"""Operations as trouble: callers cancel, an operator kills, pauses, reloads, revokes or drains, the journal fails.

Scheduled operations are drawn from the seed and the entry, cancellations also from the arrival. So neither changes when
other runs or other entries are left out.
"""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import anyio

from genie.errors import InputError, RuntimeClosedError
from genie.simulation.fault_injection import Fault, RandomStreams, SimulatedFailure
from genie.simulation.schema import CRASHES, OPERATIONS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Coroutine, Sequence

    from genie.contracts.ports.journal import Journal, JournalRecord
    from genie.runtime.runtime import Runtime
    from genie.simulation.schema import FaultSection

_BY = "simulation"
"""The operator's name in the audit trail."""
DOWN_S = 1.0
"""Virtual seconds between two processes if the scenario does not state them."""
_SHORTEST_S = 1.0
"""Shortest time between two operations of one entry."""


class Operations:
    """The operations of one simulation.

    Args:
        sections: The scenario's entries with their places; entries of other kinds are ignored.
        seed: The simulation's seed.
        duration: Virtual time after which no operation starts.
        now: Returns virtual seconds.
        injected: Counts operations by kind and target.
    """

    def __init__(
        self,
        sections: Sequence[tuple[int, FaultSection]],
        *,
        seed: int,
        duration: float,
        now: Callable[[], float],
        injected: Counter[str],
    ) -> None:
        self._seed = seed
        self._duration = duration
        self._now = now
        self._injected = injected
        chosen = [(place, section) for place, section in sections if section.kind in OPERATIONS]
        self._cancels = [
            Fault(section, RandomStreams(f"{seed}/trouble/{place}/cancel"))
            for place, section in chosen if section.kind == "cancel"
        ]  # fmt: skip
        self._failing = [(place, section) for place, section in chosen if section.kind == "fail_journal"]
        self._scheduled = [
            (place, section) for place, section in chosen if section.kind not in {"cancel", "fail_journal"}
        ]

    def patience(self, arrival: int) -> float | None:
        """Return the virtual seconds after which the caller of an arrival cancels; None if it does not."""
        drawn = [
            fault.section.takes.draw(source)
            for fault in self._cancels
            if (source := fault.draw(self._now(), arrival)) is not None and fault.section.takes is not None
        ]
        return min(drawn, default=None)

    def cancelled(self) -> None:
        """Count a caller that cancelled."""
        self._injected["cancel"] += 1

    def journals(self) -> list[Journal]:
        """Return a failing journal for each such entry, in addition to the simulation's own."""
        return [_FailingJournal(self._seed, place, section, self._now, self._injected)
                for place, section in self._failing]  # fmt: skip

    def scheduled(
        self, runtime: Callable[[], Runtime | None], crash: Callable[[str, float], None]
    ) -> list[Coroutine[None, None, None]]:
        """Return a coroutine for each entry with scheduled operations.

        Args:
            runtime: Returns the open runtime; None while no process runs, when there are no operations.
            crash: Ends the process with a kind of crash, for a number of virtual seconds.
        """
        return [self._repeat(runtime, crash, place, section) for place, section in self._scheduled]

    async def _repeat(
        self, runtime: Callable[[], Runtime | None], crash: Callable[[str, float], None], place: int,
        section: FaultSection,
    ) -> None:  # fmt: skip
        source = random.Random(f"{self._seed}/trouble/{place}")  # noqa: S311 - repeatable on purpose
        end = self._duration if section.until is None else min(self._duration, section.until)
        at = section.start
        while at < end:
            await anyio.sleep(at - self._now())
            if section.rate >= 1.0 or source.random() < section.rate:
                now = runtime()
                if now is not None:
                    self._injected[section.label] += 1
                    if section.kind in CRASHES:
                        crash(section.kind, DOWN_S if section.takes is None else section.takes.draw(source))
                    else:
                        with contextlib.suppress(RuntimeClosedError):  # the process has ended in the meantime
                            await self._operate(now, section, source)
            if section.every is None:
                return
            at = self._now() + max(_SHORTEST_S, section.every.draw(source))

    async def _operate(self, runtime: Runtime, section: FaultSection, source: random.Random) -> None:
        takes = None if section.takes is None else section.takes.draw(source)
        agent, tenant = section.agent, section.tenant
        if section.kind == "kill":
            everything = agent is None and tenant is None
            runtime.operations.kill(agent, tenant=tenant, everything=everything, by=_BY)
            if takes is not None:
                await anyio.sleep(takes)
                runtime.operations.revive(agent, tenant=tenant, everything=everything, by=_BY)
        elif section.kind == "pause" and agent is not None:
            runtime.operations.pause(agent, by=_BY)
            if takes is not None:
                await anyio.sleep(takes)
                await self._resume(runtime, agent)
        elif section.kind == "reload":
            runtime.operations.replace_policies(runtime.bus.policies, by=_BY)
        elif section.kind == "revoke" and section.consent is not None:
            runtime.operations.revoke(section.consent, by=_BY)
        elif section.kind == "drain":
            await runtime.drain(self._duration if takes is None else takes)

    @staticmethod
    async def _resume(runtime: Runtime, agent: str) -> None:
        while True:
            try:
                runtime.operations.resume(agent, by=_BY)
            except InputError:  # another entry has killed it; only a revived agent can be resumed
                await anyio.sleep(_SHORTEST_S)
            else:
                return


class _FailingJournal:
    """A journal that raises at a record drawn from the seed; the bus then disables it."""

    def __init__(
        self, seed: int, place: int, section: FaultSection, now: Callable[[], float], injected: Counter[str]
    ) -> None:
        self._section = section
        self._random = random.Random(f"{seed}/trouble/{place}/journal")  # noqa: S311 - repeatable on purpose
        self._now = now
        self._injected = injected

    def record(self, _entry: JournalRecord) -> None:
        section, now = self._section, self._now()
        if now < section.start or (section.until is not None and now >= section.until):
            return
        if section.rate >= 1.0 or self._random.random() < section.rate:
            self._injected[section.label] += 1
            raise SimulatedFailure
