"""The log on a PostgreSQL server: it conforms, one process owns it, and a restart of the server loses nothing."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import anyio
import pytest

from genie import Payload, RunLimits, Runtime, agent
from genie.errors import LogError
from genie.journal import postgres
from genie.journal.postgres import PostgresDatabase, PostgresLog
from genie.testing.conformance import LogUnderTest, check_event_log
from tests.durability.server import Server, programs
from tests.durability.world import Answer, Question, World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from genie.contracts.ports.journal import LogRecord

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,  # makes and starts a server
    pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed"),
]
_NUMBERS = itertools.count()


class Asked(Payload, topic="postgres.asked"):
    number: int


class Said(Payload, topic="postgres.said"):
    number: int


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def dsn(server: Server) -> str:
    return server.dsn(f"log_{next(_NUMBERS)}")


async def read(dsn: str) -> Sequence[LogRecord]:
    log = PostgresLog(dsn)
    records = await log.open()
    await log.close()
    return records


def run(number: int) -> list[LogRecord]:
    return [{"kind": "run", "run": number, "caller": None}]


async def test_it_conforms(server: Server) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[LogUnderTest]:
        dsn = server.dsn(f"log_{next(_NUMBERS)}")
        log = PostgresLog(dsn)
        await log.open()

        async def reopened() -> Sequence[LogRecord]:
            await log.close()
            return await read(dsn)

        @contextmanager
        def other() -> Iterator[Callable[[str], object]]:
            """A second connection; its loop cannot run in the thread of another one."""
            database = PostgresDatabase(dsn)
            with ThreadPoolExecutor(1) as thread:
                thread.submit(database.connect).result()
                try:
                    yield lambda sql: thread.submit(database.execute, sql).result()
                finally:
                    thread.submit(database.close).result()

        def fail() -> None:
            with other() as execute:
                execute("ALTER TABLE batches ADD CONSTRAINT full_up CHECK (number < 2) NOT VALID")

        @contextmanager
        def stalled() -> Iterator[None]:
            with other() as execute:
                execute("BEGIN")
                execute("LOCK TABLE batches IN EXCLUSIVE MODE")
                yield
                execute("COMMIT")

        yield LogUnderTest(log, reopened, fail, stalled, most=40, another=lambda: PostgresLog(dsn))
        await log.close()

    await check_event_log(make)


async def test_after_a_takeover_the_old_ones_commits_fail(dsn: str) -> None:
    old, new = PostgresLog(dsn), PostgresLog(dsn)
    await old.open()
    await old.append(run(1))
    assert [one["run"] for one in await new.take_over()] == [1]
    with pytest.raises(LogError) as refused:
        await old.append(run(2))
    assert refused.value.state == "fenced"
    await new.append(run(3))
    await old.close()
    await new.close()
    assert [one["run"] for one in await read(dsn)] == [1, 3]


async def test_a_server_that_crashes_and_comes_back_loses_nothing(server: Server, dsn: str) -> None:
    log = PostgresLog(dsn)
    await log.open()
    acknowledged: list[int] = []
    restarted = anyio.Event()

    async def write() -> None:
        for number in itertools.count(1):
            await log.append(run(number))
            acknowledged.append(number)
            if restarted.is_set() and len(acknowledged) > 50:
                return

    def restart() -> None:
        server.stop("immediate")
        server.start()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await anyio.to_thread.run_sync(restart)
        restarted.set()
    await log.close()
    assert [one["run"] for one in await read(dsn)] == acknowledged


async def test_a_runtime_whose_server_crashes_in_the_middle_answers_everything_once(server: Server, dsn: str) -> None:
    handled: list[int] = []
    back = anyio.Event()

    @agent("answerer")
    async def answerer(asked: Asked) -> Said:
        handled.append(asked.number)
        return Said(number=asked.number)

    def opened() -> Runtime:
        return Runtime([answerer], log=PostgresLog(dsn), durability="every_message", limits=RunLimits(deadline_s=None))

    def restart() -> None:
        server.stop("immediate")
        server.start()

    answered = 0
    async with opened() as runtime, anyio.create_task_group() as tasks:

        async def ask() -> None:
            nonlocal answered
            for number in itertools.count(1):
                assert (await runtime.ask(Asked(number=number), Said, key=f"{number}")).number == number
                answered = number
                if back.is_set() and number > 50:
                    return

        tasks.start_soon(ask)
        await anyio.to_thread.run_sync(restart)
        back.set()
    assert handled == list(range(1, answered + 1))
    async with opened() as runtime:
        for number in range(1, answered + 1):
            assert (await runtime.ask(Asked(number=number), Said, key=f"{number}")).number == number
    assert len(handled) == answered  # what was answered is in the log, so it is not handled again


async def test_a_server_that_stays_away_is_named(server: Server, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "RECONNECT_S", 0.0)  # the length of a wait, which a test does not wait for
    log = PostgresLog(dsn)
    await log.open()
    await log.append(run(1))
    server.stop()
    try:
        with pytest.raises(LogError) as refused:
            await log.append(run(2))
        assert refused.value.state == "unreachable"
        assert refused.value.remedy
        await log.close()
        with pytest.raises(LogError) as closed:
            await PostgresLog(dsn).open()
        assert closed.value.state == "unreachable"
    finally:
        server.start()
    assert [one["run"] for one in await read(dsn)] == [1]


async def test_a_runtime_takes_a_run_up_where_it_was(dsn: str) -> None:
    async with World(log=PostgresLog(dsn)).runtime() as runtime:
        run_id = runtime.start(Question(size=3), Answer).id
    async with World(log=PostgresLog(dsn)).runtime() as runtime:
        assert (await runtime.run(run_id).result()).total == (4 + 30 + 300) * 1000 + 1


async def test_passwords_are_in_no_error() -> None:
    log = PostgresLog("postgresql://user:wordofpass@/none?host=/nowhere")
    with pytest.raises(LogError) as refused:
        await log.open()
    assert refused.value.state == "unreachable"
    assert "wordofpass" not in f"{refused.value}{refused.value!r}{log.database.place}"
