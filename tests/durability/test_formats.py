"""A log that an earlier version has written goes on; one of a later version is refused."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from typing import TYPE_CHECKING

import pytest

from genie import Runtime, agent
from genie.errors import LogError
from genie.journal.bodies import checked
from genie.journal.database import FORMAT, meta
from genie.journal.past import chosen, past_run
from genie.journal.sqlite import SqliteDatabase, SqliteLog
from genie.journal.upkeep import account
from tests.durability.modes import Asked, Said

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return "asyncio"


@agent("answerer")
async def answerer(asked: Asked) -> Said:
    return Said(number=asked.number)


async def left_open(path: Path, questions: int) -> str:
    """Leave questions that nobody has answered; return the id of the first run."""
    async with Runtime([answerer], log=SqliteLog(path)) as runtime:
        runs = [runtime.start(Asked(number=one), Said).id for one in range(questions)]
        return runs[0]


def in_format(path: Path, version: int) -> None:
    """Write every batch of a log as the earliest version did: one JSON array."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT number, body, sha256 FROM batches").fetchall()
    for number, body, digest in rows:
        text = json.dumps(checked(str(path), number, body, digest)[0], separators=(",", ":")).encode()
        packed = zlib.compress(text, 1)
        content = len(packed).to_bytes(4, "big") + packed
        values = (content, hashlib.sha256(content).digest(), number)
        connection.execute("UPDATE batches SET body = ?, sha256 = ? WHERE number = ?", values)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (version,))
    connection.commit()
    connection.close()


def format_of(path: Path) -> int | None:
    """Return the format of a log."""
    database = SqliteDatabase(path)
    database.connect(create=False)
    found = meta(database, "format")
    database.close()
    return found


async def test_a_log_of_the_format_before_goes_on_and_gets_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    run = await left_open(path, 3)
    in_format(path, FORMAT - 1)
    assert format_of(path) == FORMAT - 1  # looking at it changes nothing
    async with Runtime([answerer], log=SqliteLog(path)) as runtime:
        assert await runtime.run(run).result() == Said(number=0)
        await runtime.drain(5)
    assert format_of(path) == FORMAT
    database = SqliteDatabase(path)
    database.connect(create=False)
    found = account(database)
    past = past_run(database, chosen(database, run))
    database.close()
    assert (found.problems, found.accepted, found.in_flight, found.outcomes) == ([], 3, 0, {"handled": 3})
    assert past.id == run


async def test_a_log_of_a_later_format_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "log"
    await left_open(path, 1)
    in_format(path, FORMAT + 1)
    before = path.read_bytes()
    with pytest.raises(LogError) as error:
        await SqliteLog(path).open()
    assert (error.value.state, path.read_bytes()) == ("format", before)
