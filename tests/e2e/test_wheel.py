"""The wheel alone: it holds what the code needs at run time, nothing that tests it, and runs the default pipeline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_packages_and_their_data_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "genie/py.typed",
        "genie/config/bundled/pipelines/insights.yaml",
        "genie/config/bundled/statements/sample.csv",
    } <= names
    for folder in ("genie/reports/html/data", "genie/reports/html/templates"):
        data = {f"{folder}/{path.name}" for path in (ROOT / folder).iterdir()}
        assert data
        assert data <= names
    assert {name.split("/")[0] for name in names} == {"genie", "genie_finance", next(iter(_metadata(names)))}
    templates = "genie/cli/scaffold/templates/"  # what `genie new project` writes, tests included
    assert any(name.startswith(templates) for name in names)
    code = [name for name in names if not name.startswith(templates)]
    assert [name for name in code if re.search(r"test_|conftest|__pycache__|make_sample", name)] == []
    # What detectors were trained into ships; what trains them, and what they are trained and measured on, does not.
    trained = {name.rpartition("/")[2] for name in code if name.startswith("genie/detectors/") and name[-3:] != ".py"}
    assert trained == {"ngrams.bin.gz", "prefilter.json", "words.txt"}


def test_what_ships_is_what_the_tree_shows(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shelved = [name for name in archive.namelist() if name.startswith("genie/config/bundled/")]
        for name in shelved:
            assert archive.read(name) == (ROOT / "config" / name.removeprefix("genie/config/bundled/")).read_bytes()
    pipelines = {path.name for path in (ROOT / "config/pipelines").iterdir()}
    assert {Path(name).name for name in shelved if "/pipelines/" in name} == pipelines


def test_every_file_that_a_shipped_pipeline_names_ships_with_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        pipelines = [name for name in names if name.startswith("genie/config/bundled/pipelines/")]
        named = {
            (name, found)
            for name in pipelines
            for line in archive.read(name).decode().splitlines()
            if not line.startswith("#")
            for found in re.findall(r"[\s\[,]\.\./([\w./-]+)", line)
        }
    assert len(named) > len(pipelines) / 2
    assert [(name, found) for name, found in named if f"genie/config/bundled/{found}" not in names] == []


@pytest.mark.slow
def test_the_wheel_alone_runs_the_default_pipeline(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    code = (
        "import genie, sys; print(genie.__file__, file=sys.stderr); "
        "from genie.cli import main; main(['run', 'insights', '--json'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "empty", capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == str(tmp_path / "site/genie/__init__.py")
    assert json.loads(done.stdout)["status"] == "complete"


def _metadata(names: set[str]) -> set[str]:
    return {name.split("/")[0] for name in names if ".dist-info/" in name}
