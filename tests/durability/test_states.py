"""A file that cannot be used is a named state with a next step, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from genie.errors import JournalError, LogError
from genie.journal import sqlite as sqlite_log
from genie.journal.lease import LEASE_S, RENEW_S
from genie.journal.sqlite import SqliteLog
from tests.durability.world import Answer, Question, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genie.contracts.ports.journal import LogRecord

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


def batch(number: int, text: str = "") -> list[LogRecord]:
    return [{"kind": "run", "run": number, "caller": None}, {"kind": "message", "run": number, "text": text}]


async def state_of(log: SqliteLog) -> str:
    with pytest.raises(LogError) as refused:
        await log.open()
    assert refused.value.remedy
    return refused.value.state


async def kept_in(path: Path) -> list[int]:
    log = SqliteLog(path)
    records: Sequence[LogRecord] = await log.open()
    await log.close()
    return [one["run"] for one in records if one["kind"] == "run"]


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


async def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    first = SqliteLog(tmp_path / "log")
    await first.open()
    with pytest.raises(LogError, match=rf"process {os.getpid()} on ") as refused:
        await SqliteLog(tmp_path / "log").open()
    assert refused.value.state == "in_use"
    await first.close()
    assert await kept_in(tmp_path / "log") == []


async def test_after_a_takeover_the_old_ones_commits_fail(tmp_path: Path) -> None:
    old, new = SqliteLog(tmp_path / "log"), SqliteLog(tmp_path / "log")
    await old.open()
    await old.append(batch(1))
    assert [one["run"] for one in await new.take_over() if one["kind"] == "run"] == [1]
    for _ in range(2):
        with pytest.raises(LogError) as refused:
            await old.append(batch(2))
        assert refused.value.state == "fenced"
    await new.append(batch(3))
    await old.close()
    assert (
        await state_of(SqliteLog(tmp_path / "log")) == "in_use"
    )  # the old one's lock is free, the new one's lease is not
    await new.close()
    assert await kept_in(tmp_path / "log") == [1, 3]


async def test_a_process_that_hangs_is_replaced_when_its_lease_has_passed(tmp_path: Path) -> None:
    wall = Wall()
    hung = SqliteLog(tmp_path / "log", wall=wall)
    await hung.open()
    wall.at += LEASE_S - 1
    assert await state_of(SqliteLog(tmp_path / "log", wall=wall)) == "in_use"
    wall.at += 2
    new = SqliteLog(tmp_path / "log", wall=wall)
    await new.open()
    with pytest.raises(LogError) as refused:
        await hung.append(batch(1))
    assert refused.value.state == "fenced"
    await hung.close()
    await new.close()


async def test_commits_renew_the_lease(tmp_path: Path) -> None:
    wall = Wall()
    busy = SqliteLog(tmp_path / "log", wall=wall)
    await busy.open()
    for number in range(1, 5):
        wall.at += RENEW_S
        await busy.append(batch(number))
    assert await state_of(SqliteLog(tmp_path / "log", wall=wall)) == "in_use"
    await busy.close()


CHILD = """
import anyio, os, sys, tempfile
from genie.journal.sqlite import SqliteLog
async def main():
    if sys.argv[2:] and os.getuid() == 0:  # root may write anywhere
        first = SqliteLog(tempfile.mkdtemp() + "/log")  # loads every module, as long as they can be read
        await first.open()
        await first.append([{"kind": "run", "run": 1, "caller": None}])
        await first.close()
        os.setgroups([])
        os.setgid(int(sys.argv[2]))
        os.setuid(int(sys.argv[2]))
    log = SqliteLog(sys.argv[1])
    try:
        await log.open()
        await log.append([{"kind": "run", "run": 1, "caller": None}])
    except Exception as error:
        print(getattr(error, "state", type(error).__name__), flush=True)
        return
    print("open", flush=True)
    await anyio.sleep_forever()
anyio.run(main)
"""


def child(path: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), *more], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


async def test_a_process_that_was_killed_is_replaced_at_once(tmp_path: Path) -> None:
    process = child(tmp_path / "log")
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    with pytest.raises(LogError, match=f"process {process.pid} on "):
        await SqliteLog(tmp_path / "log").open()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert await kept_in(tmp_path / "log") == [1]


@pytest.mark.parametrize("closed", ["folder", "file"])
async def test_a_place_that_this_user_cannot_write_to_is_named(closed: str) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        path = folder / "log"
        log = SqliteLog(path)
        await log.open()
        await log.append(batch(7))
        await log.close()
        folder.chmod(0o555 if closed == "folder" else 0o777)
        path.chmod(0o666 if closed == "folder" else 0o444)
        out, _ = child(path, str(NOBODY)).communicate(timeout=60)
        folder.chmod(0o755)
        path.chmod(0o644)
        assert out == "read_only\n"
        assert await kept_in(path) == [7]
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
async def test_a_lock_file_that_is_none_is_named_and_nothing_waits_for_it(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    assert await kept_in(tmp_path / "log") == []
    (tmp_path / "log.lock").unlink()
    make(tmp_path / "log.lock")
    assert await state_of(SqliteLog(tmp_path / "log")) in {"io", "format"}
    reading = SqliteLog(tmp_path / "log").database
    reading.connect(create=False)
    assert reading.must_have() == 0
    reading.close()


@pytest.mark.parametrize("instead", ["nothing", "another log"])
async def test_a_file_that_is_moved_while_it_is_used_takes_nothing_more(tmp_path: Path, instead: str) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    await log.append(batch(1))
    (tmp_path / "away").mkdir()
    for file in list(tmp_path.glob("log*")):
        file.rename(tmp_path / "away" / file.name)
    other = SqliteLog(tmp_path / "log")
    if instead == "another log":
        await other.open()
        await other.append(batch(2))
    with pytest.raises(LogError) as refused:
        await log.append(batch(3))
    assert refused.value.state == "io"
    await log.close()
    if instead == "another log":
        await other.append(batch(4))
        await other.close()
        assert await kept_in(tmp_path / "log") == [2, 4]
    assert await kept_in(tmp_path / "away" / "log") == [1]


async def test_another_log_in_the_place_of_one_is_named_until_it_is_taken_over(tmp_path: Path) -> None:
    for name in ("log", "other"):
        log = SqliteLog(tmp_path / name)
        await log.open()
        await log.append(batch(len(name)))
        await log.close()
    (tmp_path / "other").rename(tmp_path / "log")
    assert await state_of(SqliteLog(tmp_path / "log")) == "damaged"
    taken = SqliteLog(tmp_path / "log")
    await taken.take_over()
    await taken.close()
    assert await kept_in(tmp_path / "log") == [5]


async def test_a_full_disk_is_named_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    log.database.execute("PRAGMA max_page_count=60")
    acknowledged = []
    refused: LogError | None = None
    for number in range(1, 500):
        try:
            await log.append(batch(number, os.urandom(2_000).hex()))
        except LogError as error:
            refused = error
            break
        acknowledged.append(number)
    assert refused is not None
    assert refused.state == "full"
    log.database.execute("PRAGMA max_page_count=100000")
    with pytest.raises(LogError):  # what failed once is not tried again: the disk may have lost what it had taken
        await log.append(batch(1_000))
    await log.close()
    assert await kept_in(tmp_path / "log") == acknowledged


async def test_a_runtime_on_a_full_disk_admits_nothing_and_says_why(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    async with World(log=log).runtime() as runtime:
        log.database.execute("PRAGMA max_page_count=1")
        with pytest.raises(JournalError, match="full"):
            for size in range(1, 100):
                await runtime.ask(Question(size=size), Answer)
        with pytest.raises(JournalError, match="full"):
            runtime.start(Question(size=1), Answer)
        assert ("journal_failed", "full") in [(one.kind, one.code) for one in runtime.operations.incidents()]


async def test_a_file_that_another_program_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_log, "BUSY_S", 0.05)  # the length of a wait, which a test does not wait for
    log = SqliteLog(tmp_path / "log")
    await log.open()
    await log.append(batch(1))
    other = sqlite3.connect(tmp_path / "log", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogError) as refused:
        await log.append(batch(2))
    assert refused.value.state == "locked"
    other.execute("COMMIT")
    other.close()
    await log.close()
    assert await kept_in(tmp_path / "log") == [1]


async def test_a_damaged_page_is_named(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    for number in range(1, 30):
        await log.append(batch(number, os.urandom(500).hex()))
    await log.close()
    whole = (tmp_path / "log").read_bytes()
    states = set()
    for page in range(1, len(whole) // 4096):
        at = page * 4096
        for part in (whole[at : at + 8], whole[at + 2000 : at + 2008]):
            where = whole.index(part, at)
            flipped = bytes(one ^ 0xFF for one in part)
            (tmp_path / "log").write_bytes(whole[:where] + flipped + whole[where + len(part) :])
            try:
                found = await kept_in(tmp_path / "log")
            except LogError as error:
                states.add(error.state)
            else:
                assert found == list(range(1, 30)), page  # a page without content of the log
    assert states
    assert states <= {"damaged", "format", "in_use", "clock"}
    assert "damaged" in states


async def test_a_clock_that_goes_back_is_named_and_times_do_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wall = Wall()
    log = SqliteLog(tmp_path / "log", wall=wall)
    await log.open()
    await log.append(batch(1))
    wall.at -= 3600
    await log.append(batch(2))
    assert log.behind_s == pytest.approx(3600)
    assert "(clock)" in caplog.text
    times = [row[0] for row in log.database.execute("SELECT at FROM batches ORDER BY number")]
    assert times == sorted(times)
    wall.at -= 3600
    with pytest.raises(LogError) as refused:
        await SqliteLog(tmp_path / "log", wall=wall).open()
    assert refused.value.state == "clock"
    await log.close()
    assert await kept_in(tmp_path / "log") == [1, 2]


async def test_batches_that_wait_together_are_one_commit(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log")
    await log.open()
    other = sqlite3.connect(tmp_path / "log", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with anyio.create_task_group() as tasks:
        for number in range(1, 101):
            tasks.start_soon(log.append, batch(number))
        await anyio.wait_all_tasks_blocked()
        other.execute("COMMIT")
    commits = log.database.execute("SELECT count(*) FROM batches")[0][0]
    assert commits <= 3
    other.close()
    await log.close()
    assert sorted(await kept_in(tmp_path / "log")) == list(range(1, 101))
