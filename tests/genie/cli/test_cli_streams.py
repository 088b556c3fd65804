"""Standard streams that fail: closed pipes, full disks, closed descriptors, and a folder that has gone."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genie.cli.files import whole_file
from genie.edges.control.database import Ledger
from genie.edges.identity.keys import generate
from genie.errors import InputError

ROOT = Path(__file__).parents[3]
PIPELINE = str(ROOT / "config/pipelines/enquiry.yaml")
COMMAND = [sys.executable, "-c", "from genie.__main__ import main; main()"]
ENVIRON = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'agents'}"}


def ended(redirected: str, *words: str, cwd: Path = ROOT) -> tuple[int, str]:
    """Run the command in a shell with a redirection; return its exit code and what it wrote to stderr."""
    line = f'"$@" {redirected}'
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}", "bash", *COMMAND, *words], capture_output=True, text=True,
        check=False, cwd=cwd, env=ENVIRON, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [("check", PIPELINE), ("--help",)])
def test_a_reader_that_goes_away_ends_the_command_with_141(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # nobody reads, from the first byte on
    done = subprocess.run(
        [*COMMAND, *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, env=ENVIRON, timeout=60
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", [("check", PIPELINE), ("--help",)])
def test_a_closed_standard_output_changes_no_exit_code(words: tuple[str, ...]) -> None:
    assert ended(">&-", *words) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_under_standard_output_is_named() -> None:
    code, told = ended("> /dev/full", "check", PIPELINE)
    assert code == 2
    assert told.startswith("standard output: ")


def test_a_failure_beside_a_file_is_not_blamed_on_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="elsewhere") as raised, whole_file(tmp_path / "report.html") as file:
        file.write("half of it")
        raise OSError(errno.ENOSPC, "elsewhere")
    assert not isinstance(raised.value, InputError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_failed_write_to_a_file_is_blamed_on_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="report.html"), whole_file(tmp_path / "report.html") as file:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, file.fileno())  # the disk is full from now on
        os.close(full)
        file.write("x" * 1_000_000)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_has_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["bash", "-c", 'rmdir "$PWD"; "$@"', "bash", *COMMAND, "doctor"], capture_output=True, text=True, check=False,
        cwd=gone, env=ENVIRON, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "the current folder no longer exists; change to another one\n"


def test_half_a_pair_of_keys_is_not_left_behind(tmp_path: Path) -> None:
    (tmp_path / "k.key.pub").symlink_to(tmp_path / "nowhere" / "k")  # does not exist, and cannot be created
    with pytest.raises(InputError):
        generate(tmp_path / "k.key")
    assert [one.name for one in tmp_path.iterdir()] == ["k.key.pub"]


def test_a_control_file_that_cannot_be_filled_is_not_left_behind(tmp_path: Path) -> None:
    (tmp_path / "c.db-wal").mkdir()  # where SQLite would write
    with pytest.raises(InputError):
        Ledger(tmp_path / "c.db", create=True)
    assert not (tmp_path / "c.db").exists()
