"""The log in a SQLite file: it conforms, one process owns it, and damage is named."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from genie import Payload, Runtime, agent
from genie.errors import LogError
from genie.journal import bodies, facts, lines, segments
from genie.journal.history import History
from genie.journal.memory import MemoryLog
from genie.journal.segments import FLOOR_EVERY
from genie.journal.sqlite import SqliteLog
from genie.testing.conformance import LogUnderTest, check_event_log
from tests.durability.modes import Said
from tests.durability.world import Answer, Question, World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from genie.contracts.ports.journal import LogRecord

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


async def test_it_conforms(tmp_path: Path) -> None:
    made = 0

    @asynccontextmanager
    async def make() -> AsyncIterator[LogUnderTest]:
        nonlocal made
        made += 1
        path = tmp_path / f"{made}.log"
        log = SqliteLog(path)
        await log.open()

        async def read() -> Sequence[LogRecord]:
            await log.close()
            second = SqliteLog(path)
            records = await second.open()
            await second.close()
            return records

        def fail() -> None:
            with sqlite3.connect(path) as other:
                other.execute("CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'full'); END")

        @contextmanager
        def stalled() -> Iterator[None]:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("COMMIT")
                other.close()

        yield LogUnderTest(log, read, fail, stalled, most=40, another=lambda: SqliteLog(path))
        await log.close()

    await check_event_log(make)


async def test_damage_is_named_and_the_runtime_does_not_open(tmp_path: Path) -> None:
    world = World(log=SqliteLog(tmp_path / "log"))
    async with world.runtime() as runtime:
        runtime.start(Question(size=1), Answer)
    with sqlite3.connect(tmp_path / "log") as other:
        (body,) = other.execute("SELECT body FROM batches").fetchone()
        other.execute("UPDATE batches SET body = ?", (body[:-1] + bytes([body[-1] ^ 1]),))
    with pytest.raises(LogError, match=r"batch \d+ is damaged"):
        async with World(log=SqliteLog(tmp_path / "log")).runtime():
            pass


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
async def test_a_file_that_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)
    log = SqliteLog(tmp_path / "log")
    if content:
        with pytest.raises(LogError):
            await log.open()
    else:
        assert list(await log.open()) == []
        await log.close()


async def test_what_is_over_is_not_read_again(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    run: dict[str, Any] = {"caller": None, "started": 0.0, "deadline": 1.0}
    await log.append([{"kind": "runtime", "prefix": "p", "seed": 3}])
    for number in range(1, FLOOR_EVERY + 2):
        await log.append([{"kind": "run", "run": number, **run}, {"kind": "closed", "run": number}])
    await log.append([{"kind": "run", "run": 500, **run}])
    await log.close()
    records = await log.open()
    await log.close()
    history = History(records)
    assert len(records) < 10
    assert (history.prefix, history.seed, list(history.runs)) == ("p", 3, [500])
    assert history.last >= 500


async def test_a_file_takes_a_run_up_where_it_was(tmp_path: Path) -> None:
    async with World(log=SqliteLog(tmp_path / "log")).runtime() as runtime:
        run = runtime.start(Question(size=3), Answer).id
    async with World(log=SqliteLog(tmp_path / "log")).runtime() as runtime:
        assert (await runtime.run(run).result()).total == (4 + 30 + 300) * 1000 + 1


async def test_a_commit_seldom_changes_the_size_of_a_file(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    sizes = set()
    for number in range(60):
        await log.append([{"kind": "closed", "run": number}])
        sizes.add((tmp_path / "log-wal").stat().st_size)
    await log.close()
    assert len(sizes) < 6


async def test_batches_larger_than_what_is_read_at_once_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits together is not kept in one piece that nobody reads any more."""
    monkeypatch.setattr(bodies, "MOST_BYTES", 8 * segments.MOST_CHARACTERS // 1_000)
    monkeypatch.setattr(segments, "MOST_CHARACTERS", segments.MOST_CHARACTERS // 1_000)
    log = SqliteLog(tmp_path / "log")
    await log.open()
    text = "x" * (segments.MOST_CHARACTERS // 10)
    run: dict[str, Any] = {"kind": "run", "run": 1, "caller": None, "started": 1.0, "deadline": None}
    big = [{"kind": "message", "run": 1, "number": number, "scope": 1, "payload": text} for number in range(2, 102)]
    await log.append([run, *big])
    await log.append([{"kind": "closed", "run": 0}])
    await log.close()
    assert await SqliteLog(tmp_path / "log").open() == (run, *big, {"kind": "closed", "run": 0})


async def test_a_payload_that_no_log_would_read_again_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (facts, lines):
        monkeypatch.setattr(module, "MOST_CHARACTERS", 1_000)

    class Large(Payload, topic="sqlite.large"):
        text: str

    @agent("reader")
    async def reader(large: Large) -> Said:
        return Said(number=len(large.text))

    log = MemoryLog()
    async with Runtime([reader], log=log) as runtime:
        answers = [await runtime.ask(Large(text="x" * size), Said) for size in (900, 1_100)]
        incidents = [(one.kind, one.code) for one in runtime.operations.incidents()]
    assert [one.number for one in answers] == [900, 1_100]
    assert incidents == [("not_durable", "payload")]
    assert [one["topic"] for one in log if one["kind"] == "message"].count("sqlite.large@1") == 1
