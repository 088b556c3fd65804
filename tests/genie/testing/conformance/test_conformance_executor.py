"""The suite of executors: threads and processes pass, and each check catches an executor that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from genie.edges.executors.default import DefaultExecutor
from genie.testing.conformance import check_executor
from genie.testing.conformance.executor import CHECKS, Number

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genie.contracts.message import Payload
    from genie.contracts.ports.executor import Executor, Job
    from genie.contracts.signature import ExecutorName, Signature

pytestmark = pytest.mark.anyio
Function = Callable[[Any], object]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["thread", "process"])
async def test_ours_pass(place: ExecutorName) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Executor]:
        yield DefaultExecutor(processes=2)

    await check_executor(make, place)


class Wrapped:
    """A job of ours that does one thing otherwise."""

    def __init__(self, job: Job, function: Function) -> None:
        self.job = job
        self.function = function

    @property
    def abandoned(self) -> int:
        return self.job.abandoned

    async def call(self, payload: Payload) -> object:
        return await self.job.call(payload)

    def close(self) -> None:
        self.job.close()


class Numb(Wrapped):
    """Does not pass on what it is given."""

    async def call(self, payload: Payload) -> object:
        given = payload.model_copy(update={"value": 0}) if isinstance(payload, Number) else payload
        return await super().call(given)


class Inlined(Wrapped):
    async def call(self, payload: Payload) -> object:
        try:
            return self.function(payload)
        except SystemExit:
            raise RuntimeError from None


class Renaming(Wrapped):
    async def call(self, payload: Payload) -> object:
        try:
            return await super().call(payload)
        except Exception as error:
            raise RuntimeError from error


class Exiting(Wrapped):
    async def call(self, payload: Payload) -> object:
        try:
            return await super().call(payload)
        except RuntimeError as error:
            raise SystemExit from error


class Shielding(Wrapped):
    async def call(self, payload: Payload) -> object:
        with anyio.CancelScope(shield=True):
            return await super().call(payload)


class Thoughtless(Wrapped):
    """Says that it kills, and takes every function."""

    abandoned = 0


class Broken:
    """Threads of ours, with jobs of one kind.

    Args:
        kind: Of the jobs.
        slots: Added to those of each job.
        patient: ``close`` waits for every call.
    """

    def __init__(self, kind: type[Wrapped], slots: int, *, patient: bool) -> None:
        self.kind = kind
        self.slots = slots
        self.patient = patient
        self.jobs: list[Job] = []
        self.places = DefaultExecutor()

    def job(self, place: ExecutorName, agent: str, function: Function, signature: Signature, slots: int) -> Job:
        found = self.places.job("thread", agent, function, signature, slots + self.slots)
        self.jobs.append(found)
        return self.kind(found, function)

    async def close(self) -> None:
        while self.patient and any(job.abandoned for job in self.jobs):
            await anyio.lowlevel.checkpoint()
        await self.places.close()


BROKEN: dict[str, tuple[type[Wrapped], dict[str, Any]]] = {
    "returns_the_output": (Numb, {}),
    "leaves_the_loop_free": (Inlined, {"patience_s": 1.0}),
    "raises_what_the_function_raises": (Renaming, {}),
    "contains_an_exit": (Exiting, {}),
    "keeps_to_its_slots": (Wrapped, {"slots": 1}),
    "returns_at_once_when_cancelled": (Shielding, {"patience_s": 1.0}),
    "closes_at_once": (Wrapped, {"patient": True, "patience_s": 1.0}),
    "refuses_what_it_cannot_call": (Thoughtless, {"place": "process"}),
}


@pytest.mark.parametrize("check", BROKEN)
async def test_a_broken_executor_is_caught(check: str, caught: Any) -> None:
    kind, options = BROKEN[check]

    @asynccontextmanager
    async def make() -> AsyncIterator[Executor]:
        yield Broken(kind, options.get("slots", 0), patient=options.get("patient", False))

    patience_s = options.get("patience_s", 5.0)  # short where it runs out
    suite = check_executor(make, options.get("place", "thread"), patience_s=patience_s)
    assert await caught(suite) == check


def test_every_check_has_a_double_that_it_catches() -> None:
    assert [check.__name__ for check in CHECKS] == list(BROKEN)
