"""Files that the command writes appear whole or not at all, whatever happens on the way."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from genie.cli.files import whole_file
from genie.cli.scaffold.agent import plan
from genie.errors import InputError

ROOT = Path(__file__).parents[3]
Genie = Callable[..., Result]
Pipeline = Callable[..., str]
COMMAND = [sys.executable, "-c", "from genie.cli import main; main()"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def with_room_for(size: int, *words: str, cwd: Path, toys: Path) -> subprocess.CompletedProcess[str]:
    """Run the command where no file may grow beyond a size, as on a disk that is full from there on."""
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        env={**os.environ, "PYTHONPATH": f"{toys}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("option", ["--journal", "--html"])
@pytest.mark.parametrize("before", [None, "what was there"])
def test_a_full_disk_leaves_what_was_there(
    pipeline: Pipeline, toys: Path, tmp_path: Path, option: str, before: str | None
) -> None:
    path = pipeline("parrot")
    folder = tmp_path / "out"
    folder.mkdir()
    if before is not None:
        (folder / "it").write_text(before)
    done = with_room_for(512, "run", path, "--json", option, "out/it", cwd=tmp_path, toys=toys)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "out/it: cannot be written (File too large); check the folder\n"
    assert names(folder) == ([] if before is None else ["it"])
    assert before is None or (folder / "it").read_text() == before


@pytest.mark.slow
def test_a_full_disk_leaves_no_page_of_a_benchmark(toys: Path, tmp_path: Path) -> None:
    words = ("bench", "fanout", "--fanout", "3", "--requests", "50", "--html", "page.html")
    done = with_room_for(512, *words, cwd=tmp_path, toys=toys)
    assert (done.returncode, done.stderr) == (2, "page.html: cannot be written (File too large); check the folder\n")
    assert names(tmp_path) == []


def test_a_full_disk_leaves_no_half_project(toys: Path, tmp_path: Path) -> None:
    done = with_room_for(512, "new", "project", "ledger", cwd=tmp_path, toys=toys)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ledger: cannot be written (File too large); check the folder\n"
    assert names(tmp_path) == []


def test_a_new_agent_that_cannot_be_written_leaves_the_repository_as_it_was(tmp_path: Path) -> None:
    for name in ("agents/genie_finance/contracts", "tests/agents"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "agents/genie_finance/index.py", tmp_path / "agents/genie_finance")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests/agents/garden").write_text("a file where a folder has to be")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="cannot be"):
        plan(tmp_path, "garden", "rain_gauge", "low")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "agents/genie_finance/garden").exists()


def test_a_folder_that_vanishes_meanwhile_is_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot be written"), whole_file(folder / "it") as file:
        file.write("half")
        shutil.rmtree(folder)
    assert names(tmp_path) == []


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "it") as file:
        file.write("half")
        file.flush()
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.parametrize("option", ["--journal", "--html"])
def test_what_is_no_ordinary_file_is_not_replaced(
    genie: Genie, pipeline: Pipeline, tmp_path: Path, option: str
) -> None:
    path = pipeline("parrot")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, why in (("pipe", "is not a regular file"), ("folder", "is a folder")):
        result = genie("run", path, "--json", option, name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{name}: {why}")
        assert result.stderr.count("\n") == 1
    assert (tmp_path / "pipe").is_fifo()
    assert names(tmp_path) == ["folder", "pipe", "toys.yaml"]


def test_what_is_written_replaces_the_whole(genie: Genie, pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "run.jsonl").write_text("x" * 100_000)
    assert genie("run", pipeline("parrot"), "--quiet", "--journal", "run.jsonl").exit_code == 0
    assert all(json.loads(line)["kind"] for line in (tmp_path / "run.jsonl").read_text().splitlines())
