"""The layering contracts are really enforced: the tree keeps them, and a planted import breaks the right one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "upwards": ("genie/limits.py", "import genie.policy", "Floors import downwards"),
    "hidden in a function": ("genie/errors.py", "def late():\n    import genie.message", "Floors import downwards"),
    "a heavy package": ("genie/policy.py", "import prometheus_client", "nothing heavy"),
    "an agent and a mechanism": ("agents/contracts/money.py", "import genie.bus", "Agents use contracts only"),
    "an agent and the facade": ("agents/contracts/money.py", "from genie import Payload", "imports the facade"),
    "a policy and a mechanism": ("genie/governance/catalogue.py", "import genie.bus", "contracts only, never mech"),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree")
    for folder in ("genie", "agents"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "line", "contract"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_import_is_caught(tree: Path, name: str, line: str, contract: str) -> None:
    file = tree / name
    before = file.read_text()
    file.write_text(f"{before}\n{line}\n")
    try:
        checked = lint(tree)
    finally:
        file.write_text(before)
    broken = [row for row in checked.stdout.splitlines() if row.endswith("BROKEN")]
    assert checked.returncode != 0
    assert any(contract in row for row in broken), checked.stdout
