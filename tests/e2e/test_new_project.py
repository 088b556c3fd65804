"""A project of one's own: made outside this repository, built, installed, and used as its owner would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from genie.cli import main

ROOT = Path(__file__).parents[2]
NAME = "rain-ledger"
COMMAND = "from genie.cli import main; main()"


def run(*words: str, cwd: Path, site: Path | None = None, code: int = 0) -> str:
    """Run Python in a folder, with what is installed for this test; return standard output."""
    path = [str(ROOT)] if site is None else [str(site), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-P", *words], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / NAME
    made = CliRunner().invoke(main, ["new", "project", str(folder)])
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture(scope="module")
def site(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the project's own wheel in it: built by its backend, without a network."""
    folder = tmp_path_factory.mktemp("site")
    built = run("-c", f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))", cwd=project)
    with zipfile.ZipFile(folder / built.split()[-1]) as wheel:
        wheel.extractall(folder)
    return folder


def test_its_pipeline_runs(project: Path, site: Path) -> None:
    printed = json.loads(run("-c", COMMAND, "run", "pipeline.yaml", "--json", cwd=project, site=site))
    assert printed["status"] == "complete"
    assert printed["report"] == {"entries": 4, "income": "2400.00", "expense": "1181.35"}
    assert run("-c", COMMAND, "check", "pipeline.yaml", cwd=project, site=site).endswith("it can run\n")


def test_a_line_that_it_cannot_read_makes_a_run_partial(project: Path, site: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("salary,7.00\nrent,nine\n")
    words = ("-c", COMMAND, "run", "pipeline.yaml", "--json", "--input", str(tmp_path / "list.csv"))
    printed = json.loads(run(*words, cwd=project, site=site, code=3))
    assert printed["status"] == "partial"
    assert printed["report"] == {"entries": 1, "income": "7.00", "expense": "0"}
    assert printed["quarantined"] == [{"line": 2, "reason": "is not `what,amount`"}]


def test_its_policies_hold(project: Path, site: Path) -> None:
    words = ("-c", COMMAND, "run", "pipeline.yaml", "--json", "--clearance", "internal")
    printed = json.loads(run(*words, cwd=project, site=site, code=4))
    assert (printed["status"], printed["report"]) == ("denied", None)


@pytest.mark.slow
def test_its_tests_pass(project: Path, site: Path) -> None:
    assert "12 passed" in run("-m", "pytest", "-p", "no:cacheprovider", "-q", cwd=project, site=site)


@pytest.mark.slow
def test_the_doctor_finds_its_entry_point(project: Path, site: Path) -> None:
    printed = json.loads(run("-c", COMMAND, "doctor", "--json", cwd=project, site=site))
    assert any(f"{NAME!r} of {NAME}: 1 name" in found["detail"] for found in printed["findings"])


@pytest.mark.slow
def test_it_is_typed_and_tidy(project: Path, site: Path) -> None:
    run("-m", "ruff", "check", "--no-cache", "--select", "E,F,I,UP,B,RUF", "--line-length", "120", ".", cwd=project)
    run("-m", "ruff", "format", "--no-cache", "--check", "--line-length", "120", ".", cwd=project)
    run("-m", "mypy", "--strict", "--cache-dir", str(site / "mypy"), "src", "tests", cwd=project, site=project / "src")


def test_its_checks_on_a_push_are_what_the_readme_says(project: Path) -> None:
    import yaml

    workflow = yaml.safe_load((project / ".github/workflows/check.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    readme = (project / "README.md").read_text()
    assert {"pip install -e '.[test]'", "pytest", "genie run pipeline.yaml"} <= set(steps)
    assert all(f"$ {step}" in readme for step in ("pip install -e '.[test]'", "pytest", "genie run pipeline.yaml"))
    assert set(workflow["jobs"]["check"]["strategy"]["matrix"]["python"]) == {"3.11", "3.12", "3.13"}
    assert workflow["permissions"] == {"contents": "read"}


def test_no_word_of_the_skeleton_is_left_open(project: Path) -> None:
    texts = {
        path: path.read_text() for path in project.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert [path for path, text in texts.items() if "%%" in text] == []
    assert (project / "src/rain_ledger/totaller.py").is_file()
