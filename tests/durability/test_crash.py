"""A process that is killed after any batch of its log ends every run as if it had not been killed."""

from __future__ import annotations

import anyio
import pytest

from genie import Payload, Runtime, agent
from genie.contracts.limits import Mailbox
from genie.errors import JournalError
from genie.journal.history import History
from genie.testing import settled
from genie.testing.recorders import RecordingLog
from tests.durability.world import Answer, Question, World

pytestmark = pytest.mark.anyio


async def whole() -> tuple[World, Answer]:
    world = World()
    async with world.runtime() as runtime:
        answer = await runtime.ask(Question(size=3), Answer)
        await settled(runtime)
    return world, answer


async def test_a_run_that_ends_leaves_nothing_open() -> None:
    world, answer = await whole()
    assert answer.total == (4 + 30 + 300) * 1000 + 1
    assert list(History(world.log.records)) == []
    assert world.log.closed


async def test_a_crash_after_any_batch_gives_the_same_answer() -> None:
    world, answer = await whole()
    cuts = sorted(set(world.log.batches))
    assert len(cuts) >= 8
    resumed = 0
    for cut in cuts:
        again = World(world.log.records[:cut])
        async with again.runtime() as runtime:
            open_runs = [run.id for run in runtime.bus.runs.open_runs.values()]
            for run in open_runs:
                resumed += 1
                assert await runtime.run(run).result() == answer, cut
            counts = (await settled(runtime)).totals
        assert counts.in_flight == 0, cut
        ended = (counts.handled, counts.denied, counts.dead_lettered, counts.expired, counts.cancelled)
        assert counts.accepted == sum(ended)
        assert list(History(again.log.records)) == [], cut
    assert resumed >= 8


async def test_a_second_crash_while_a_run_is_resumed_loses_nothing() -> None:
    world, answer = await whole()
    cuts = sorted(set(world.log.batches))
    resumed = 0
    for cut in cuts[::2]:
        first = World(world.log.records[:cut])
        async with first.runtime() as runtime:
            await settled(runtime)
        for later in sorted({one for one in first.log.batches if one > cut})[:-1]:
            second = World(first.log.records[:later])
            async with second.runtime() as runtime:
                for run in [run.id for run in runtime.bus.runs.open_runs.values()]:
                    resumed += 1
                    assert await runtime.run(run).result() == answer, (cut, later)
                await settled(runtime)
            assert list(History(second.log.records)) == [], (cut, later)
    assert resumed >= 6


async def test_a_runtime_that_closes_leaves_its_runs_for_the_next() -> None:
    world = World()
    async with world.runtime() as runtime:
        run = runtime.start(Question(size=3), Answer).id
    again = World(world.log.records)
    async with again.runtime() as runtime:
        assert (await runtime.run(run).result()).total == (4 + 30 + 300) * 1000 + 1


async def test_a_runtime_that_closes_handles_nothing_that_its_log_does_not_hold() -> None:
    """While the last batch is written everything goes on, and is kept: else the next process would do it again."""

    class Parcel(Payload, topic="crash.parcel"):
        number: int

    class SlowLog(RecordingLog):
        async def append(self, records: object) -> None:
            await anyio.sleep(1.0)
            await super().append(records)  # type: ignore[arg-type]  # what it was given

    handled: list[int] = []

    @agent("sorter", mailbox=Mailbox(capacity=100))
    async def sorter(parcel: Parcel) -> None:
        await anyio.sleep(0.1)
        handled.append(parcel.number)

    log = SlowLog()
    async with Runtime([sorter], log=log) as runtime:
        for number in range(100):
            await runtime.publish(Parcel(number=number))
        await anyio.sleep(0.55)  # in the middle of a batch
    ended = [one for one in log.records if one["kind"] == "ended"]
    assert len(handled) == len(ended) < 100
    log.closed = False
    async with Runtime([sorter], log=log) as runtime:
        await runtime.drain(60)
    assert sorted(handled) == list(range(100))


async def test_a_run_without_a_deadline_is_kept() -> None:
    world = World(deadline_s=None)
    async with world.runtime() as runtime:
        run = runtime.start(Question(size=3), Answer).id
    again = World(world.log.records, deadline_s=None)
    async with again.runtime() as runtime:
        assert (await runtime.run(run).result()).total == (4 + 30 + 300) * 1000 + 1


async def test_a_run_whose_deadline_passed_while_no_process_ran_expires() -> None:
    world = World(deadline_s=5)
    async with world.runtime() as runtime:
        runtime.start(Question(size=3), Answer)
    late = World([{**one, "deadline": 0.0} if one["kind"] == "run" else one for one in world.log.records])
    async with late.runtime() as runtime:
        await settled(runtime)
    assert list(History(late.log.records)) == []
    assert {one["outcome"] for one in late.log.records if one["kind"] == "ended"} == {"expired"}
    assert late.seen == {}


async def test_a_log_that_fails_stops_admission_and_is_named() -> None:
    world = World()
    async with world.runtime() as runtime:
        world.log.failure = "the disk is full"
        with pytest.raises(JournalError):
            await runtime.ask(Question(size=1), Answer)
        with pytest.raises(JournalError):
            runtime.start(Question(size=1), Answer)
        assert "journal_failed" in [one.kind for one in runtime.operations.incidents()]


async def test_an_agent_that_is_gone_ends_its_mail_by_name() -> None:
    world = World()
    async with world.runtime() as runtime:
        runtime.start(Question(size=3), Answer)
    again = World(world.log.records)
    again.agents = again.agents[1:]
    async with again.runtime() as runtime:
        await settled(runtime)
    assert list(History(again.log.records)) == []
    assert ("dead_lettered", "removed") in {(one.get("outcome"), one.get("code")) for one in again.log.records}


async def test_numbers_go_on_after_a_crash() -> None:
    world = World()
    async with world.runtime() as runtime:
        first = runtime.start(Question(size=1), Answer).id
    again = World(world.log.records)
    async with again.runtime() as runtime:
        resumed, second = runtime.run(first), runtime.start(Question(size=2), Answer)
        assert first != second.id
        assert (await second.result()).total == (3 + 20 + 200) * 1000 + 1
        assert isinstance(await resumed.result(), Answer)
