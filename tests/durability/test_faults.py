"""Real faults: a full disk, a limit, a damaged write-ahead log, and a process that comes back after it was replaced.

Each is a named state, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from genie.cli import main as genie
from genie.errors import LogError
from genie.journal import sqlite as sqlite_log
from genie.journal.sqlite import SqliteLog
from genie.journal.upkeep import account
from tests.durability.faulty import handled_again

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
LONGEST_S = 60.0


@pytest.fixture
def anyio_backend() -> str:
    """Return a backend in real time; the other one is tested where no process is started."""
    return "asyncio"


def command(how: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.durability.faulty", how, str(folder)]


def played(how: str, folder: Path, *before: str) -> list[str]:
    """Return the last words of a process on its bad day."""
    done = subprocess.run(
        [*before, *command(how, folder)], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.stdout.splitlines()


def stopped(folder: Path) -> subprocess.Popen[str]:
    """Start a process that answers, stops itself after five answers, and goes on when it is let."""
    return subprocess.Popen(command("stopped", folder), cwd=ROOT, stdout=subprocess.PIPE, text=True)


def stands_still(process: subprocess.Popen[str]) -> bool:
    """Wait until a process has stopped itself, and return True; False for one that has ended."""
    return os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])


def namespaces() -> bool:
    """Return whether this user may mount something in a namespace of its own."""
    found = shutil.which("unshare")
    if found is None:
        return False
    words = [found, "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return not subprocess.run(words, capture_output=True, check=False).returncode


def check_whole(lines: list[str]) -> None:
    answered = [line for line in lines if line.startswith("answered")]
    assert len(answered) >= 3
    assert lines[len(answered) :] == ["failed full", "refused", "handled again 0"]


@pytest.mark.skipif(not namespaces(), reason="this user may not mount a small disk")
async def test_a_disk_that_is_full_is_named_and_no_answer_is_lost(tmp_path: Path) -> None:
    check_whole(played("full", tmp_path, "unshare", "-rm"))


@pytest.mark.parametrize("most", [4_096, 20_000, 1 << 20])
async def test_the_limit_of_a_files_size_is_named_as_no_room(tmp_path: Path, most: int) -> None:
    lines = played(f"limited {most}", tmp_path)
    if most > 1 << 16:
        check_whole(lines)
    else:
        assert lines == ["not opened full", "handled again 0"]


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Return the folder of a process that was killed after ten answers, before its log was moved into the file."""
    lines = played("killed", tmp_path)
    assert lines[-1] == "answered 10"
    assert (tmp_path / "log-wal").stat().st_size > 10_000
    return tmp_path


def flipped(folder: Path, to: Path, at: int) -> Path:
    """Copy a log with one byte of its write-ahead log changed."""
    to.mkdir()
    for name in ("log", "log-wal", "log.lock"):
        shutil.copy(folder / name, to / name)
    content = bytearray((to / "log-wal").read_bytes())
    content[at] ^= 0xFF
    (to / "log-wal").write_bytes(content)
    return to / "log"


async def test_a_damaged_write_ahead_log_is_named_wherever_it_is_damaged(killed: Path) -> None:
    size = len((killed / "log-wal").read_bytes().rstrip(b"\0"))  # the log writes zeros ahead
    for at in (5, 24, 32, size // 4, size // 2, size - 5_000, size - 100):
        path = flipped(killed, killed / str(at), at)
        log = SqliteLog(path)
        with pytest.raises(LogError) as refused:
            await log.open()
        assert refused.value.state == "damaged", at
        assert refused.value.remedy
    assert await handled_again(killed, 10) == 0


async def test_what_is_missing_at_the_end_is_shown_and_can_be_given_up(killed: Path) -> None:
    path = flipped(killed, killed / "half", (killed / "log-wal").stat().st_size // 2)
    database = SqliteLog(path).database
    database.connect(create=False)
    assert account(database).problems[0][1] == "missing"
    database.close()
    assert CliRunner().invoke(genie, ["journal", "verify", str(path)]).exit_code == 1
    assert CliRunner().invoke(genie, ["journal", "takeover", str(path)]).exit_code == 0
    log = SqliteLog(path)
    await log.open()
    await log.close()


async def test_a_new_log_in_the_place_of_one_that_was_removed_misses_nothing(killed: Path) -> None:
    for name in ("log", "log-wal", "log-shm"):
        (killed / name).unlink(missing_ok=True)
    assert await handled_again(killed, 0) == 0


async def test_a_process_that_was_replaced_while_it_stood_still_answers_nothing_more(tmp_path: Path) -> None:
    with stopped(tmp_path) as old:
        try:
            assert old.stdout is not None
            assert stands_still(old)
            path = tmp_path / "log"
            refused = CliRunner().invoke(genie, ["journal", "prune", str(path), "--older", "1d"])
            assert refused.exit_code == 2
            assert f"process {old.pid} on" in refused.output
            assert f"process {old.pid} on" in CliRunner().invoke(genie, ["journal", "takeover", str(path)]).output
            assert await handled_again(tmp_path, 5) == 0
            old.send_signal(signal.SIGCONT)
            lines = old.stdout.read().splitlines(keepends=True)
        finally:
            old.kill()  # one that stands still would be waited for without an end
    answered = [line for line in lines if line.startswith("answered")]
    assert lines[len(answered) :] == ["failed fenced\n", "refused\n"]
    assert await handled_again(tmp_path, len(answered)) == 0  # also those that were said at the last moment


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_log, "BUSY_S", 0.05)  # the length of a wait, which a test does not wait for


@pytest.mark.usefixtures("_impatient")
async def test_a_log_that_another_program_holds_does_not_open(tmp_path: Path) -> None:
    assert await handled_again(tmp_path, 0) == 0
    other = sqlite3.connect(tmp_path / "log", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogError) as refused:
        await SqliteLog(tmp_path / "log").open()
    assert refused.value.state == "locked"
    other.execute("ROLLBACK")
    other.close()
    assert await handled_again(tmp_path, 0) == 0
