"""`genie new project`: what it refuses, and that its folder appears whole or not at all."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from genie.cli.scaffold.project import make_project
from genie.errors import InputError

Genie = Callable[..., Result]
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(genie: Genie, *words: str) -> str:
    result = genie("new", "project", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "a Python keyword"),
        ("match", "a Python keyword"),
        ("json", "the standard library"),
        ("genie", "a name of Genie, or of a folder"),
        ("agents", "a name of Genie, or of a folder"),
        ("tests", "a name of Genie, or of a folder"),
        ("pydantic", "is the import name of"),
        ("genie-bus", "installed distribution"),
        ("Ledger", "is not a valid name"),
        ("my ledger", "is not a valid name"),
        ("1st", "is not a valid name"),
        ("a--b", "is not a valid name"),
        ("-", "is not a valid name"),
        ("ledger\x1b[2J", "is not a valid name"),
        ("l" * 41, "is not a valid name"),
        (".", "is not a new folder"),
        ("..", "is not a new folder"),
        ("no/such/ledger", "is not a folder"),
    ],
)
def test_a_name_that_cannot_be_is_one_clear_line(genie: Genie, tmp_path: Path, name: str, why: str) -> None:
    line = refused(genie, "--", name)
    assert why in line
    assert "\x1b" not in line
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_imported_already_is_refused(
    genie: Genie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "ledger").mkdir(parents=True)
    (other / "ledger/__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(other))
    assert "is the import name of" in refused(genie, "ledger")


def test_what_is_there_is_left_alone(genie: Genie, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger/mine.txt").write_text("mine")
    (tmp_path / "till").write_text("a file")
    (tmp_path / "purse").symlink_to(tmp_path / "ledger")
    assert "is not empty" in refused(genie, "ledger")
    assert "is not a folder" in refused(genie, "till")
    assert "is not a folder" in refused(genie, "purse")
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["ledger", "mine.txt", "purse", "till"]


def test_an_empty_folder_is_filled(genie: Genie, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    result = genie("new", "project", "ledger")
    assert result.exit_code == 0
    assert "wrote ledger/pyproject.toml" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("next: cd ledger && python3 -m venv ")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger"]


def test_its_policies_protect_personal_data_and_secrets(tmp_path: Path) -> None:
    make_project(tmp_path / "ledger", version="1.2.3")
    policies = yaml.safe_load((tmp_path / "ledger/pipeline.yaml").read_text())["policies"]
    assert {"pii", "secrets"} <= set(map(str, policies))


def test_it_can_be_installed_with_the_checkout_that_made_it(genie: Genie, tmp_path: Path) -> None:
    """Was: `pip install` of a new project looked for `genie-bus` on the package index, where it is not yet."""
    told = genie("new", "project", "ledger").stdout.splitlines()[-1]
    assert f"pip install '{ROOT}[governance]' && pip install -e '.[test]'" in told
    assert f"$ pip install '{ROOT}[governance]'\n" in (tmp_path / "ledger/README.md").read_text()
    workflow = yaml.safe_load((tmp_path / "ledger/.github/workflows/check.yml").read_text())
    steps = workflow["jobs"]["check"]["steps"]
    install = next(place for place, step in enumerate(steps) if step.get("run") == "pip install './.genie[governance]'")
    taken = steps[install - 1]["with"]
    assert taken["path"] == ".genie"
    assert taken["repository"].startswith("${{ vars.GENIE_REPOSITORY")
    assert steps[install - 2]["if"].startswith("(vars.GENIE_REPOSITORY")
    assert "exit 1" in steps[install - 2]["run"]
    assert steps[install + 1]["run"] == "pip install -e '.[test]'"


def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    make_project(tmp_path / "ledger", version="1.2.3")
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "ledger").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert '"genie-bus[governance]>=1.2"' in (tmp_path / "ledger/pyproject.toml").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of folders are POSIX")
def test_a_folder_that_cannot_be_written_is_one_clear_line(
    genie: Genie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    written: list[Path] = []
    whole = Path.write_text

    def write(path: Path, *rest: object, **more: object) -> None:
        written.append(path)
        if len(written) == 5:
            full()
        whole(path, *rest, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(Path, "write_text", write)
    assert "ledger: cannot be written (No space left on device)" in refused(genie, "ledger")
    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []


def test_the_class_of_the_refusal_is_input() -> None:
    with pytest.raises(InputError):
        make_project(Path("class"), version="1.2.3")
