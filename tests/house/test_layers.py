"""The layering contracts are really enforced: the tree keeps them, and a planted import breaks the right one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = {
    "errors", "ids", "clock", "markup", "limits", "message", "signature", "protocol", "verdict", "gate", "inspector",
    "policy", "fields", "ports", "declassification",
}  # fmt: skip
"""The contract floors, which wings and tenants stand on."""
READS_YAML = {
    "dialect", "document", "override", "validation", "manifest", "catalogue", "assembly", "entry", "policyfile",
    "config",
}  # fmt: skip
"""Modules between a YAML file and a pipeline; the rest of the core never sees one."""


def contracts() -> dict[str, dict[str, Any]]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract for contract in read}


def modules() -> set[str]:
    return {path.stem for path in (ROOT / "genie").glob("[a-z]*.py")}


@pytest.mark.parametrize(("contract", "allowed"), [("wings", FLOORS), ("agents-narrow", FLOORS)])
def test_what_is_forbidden_to_wings_and_tenants_is_all_but_the_contracts(contract: str, allowed: set[str]) -> None:
    forbidden = {name.removeprefix("genie.") for name in contracts()[contract]["forbidden_modules"]}
    assert modules() - allowed <= forbidden


def test_the_whole_core_is_kept_pure() -> None:
    pure = {name.removeprefix("genie.") for name in contracts()["core-is-pure"]["source_modules"]}
    assert pure == modules() - READS_YAML - {"runtime", "benchmark", "door", "scheduler"}


def test_every_family_is_kept_from_the_others() -> None:
    families = {path.parent.name for path in (ROOT / "agents").glob("*/__init__.py")}  # `rules` holds data
    layers = contracts()["families"]["layers"]
    assert families == {name.strip(" ()") for layer in layers for name in layer.split("|")} - {"index"}


PLANTED = {
    "upwards": ("genie/contracts/limits.py", "import genie.policy.policy", "Floors import downwards"),
    "hidden in a function": (
        "genie/errors.py",
        "def late():\n    import genie.contracts.message",
        "Floors import downwards",
    ),
    "a heavy package": ("genie/policy/policy.py", "import prometheus_client", "nothing heavy"),
    "an agent and a mechanism": (
        "agents/genie_finance/contracts/money.py",
        "import genie.bus.bus",
        "Agents use contracts only",
    ),
    "an agent and the facade": (
        "agents/genie_finance/contracts/money.py",
        "from genie import Payload",
        "imports the facade",
    ),
    "an edge and a mechanism": ("genie/edges/index.py", "import genie.bus.bus", "contracts only, never mech"),
    "a policy and a mechanism": ("genie/policies/index.py", "import genie.bus.bus", "contracts only, never mech"),
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
    broken = [row for row in checked.stdout.splitlines() if " BROKEN" in row]
    assert checked.returncode != 0
    assert any(contract in row for row in broken), checked.stdout
