"""The layering contracts are really enforced: the tree keeps them, and a planted import breaks the right one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def contracts() -> dict[str, dict[str, Any]]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract for contract in read}


def packages() -> set[str]:
    return {path.parent.name for path in (ROOT / "genie").glob("*/__init__.py")}


def test_every_package_has_its_layer_or_is_a_wing() -> None:
    layers = contracts()["layers"]
    placed = {name.strip(" ()") for layer in layers["layers"] for name in layer.split("|")}
    assert placed == packages() - set(layers["exhaustive_ignores"]) | {"__main__"}
    wings = {name.removeprefix("genie.") for name in contracts()["wings"]["source_modules"]}
    assert wings == set(layers["exhaustive_ignores"])


def test_wings_are_kept_from_all_but_contracts_policy_and_errors() -> None:
    forbidden = {name.removeprefix("genie.") for name in contracts()["wings"]["forbidden_modules"]} - {"genie_finance"}
    wings = set(contracts()["layers"]["exhaustive_ignores"])
    assert forbidden == packages() - wings - {"contracts", "policy", "backend", "errors"}


def test_catalogues_are_kept_from_all_but_contracts_and_errors() -> None:
    forbidden = {name.removeprefix("genie.") for name in contracts()["tenant"]["forbidden_modules"]}
    assert forbidden == packages() - {"contracts", "errors"}


def test_every_family_is_kept_from_the_others() -> None:
    families = {path.parent.name for path in (ROOT / "agents" / "genie_finance").glob("*/__init__.py")}
    layers = contracts()["families"]["layers"]
    assert families == {name.strip(" ()") for layer in layers for name in layer.split("|")} - {"index"}


PLANTED = {
    "upwards": ("genie/contracts/limits.py", "import genie.policy.policy", "Packages import downwards"),
    "hidden in a function": (
        "genie/errors/runs.py",
        "def late():\n    import genie.contracts.message",
        "Packages import downwards",
    ),
    "a heavy package": ("genie/policy/policy.py", "import prometheus_client", "nothing heavy"),
    "an agent and the kernel": (
        "agents/genie_finance/contracts/money.py",
        "import genie.bus.bus",
        "contracts and errors alone",
    ),
    "an agent and the facade": (
        "agents/genie_finance/contracts/money.py",
        "from genie import Payload",
        "imports the facade",
    ),
    "an edge and the kernel": ("genie/edges/index.py", "import genie.bus.bus", "Wings import contracts"),
    "a policy and the kernel": ("genie/policies/index.py", "import genie.bus.bus", "Wings import contracts"),
    "a wire and a client of its own": (
        "genie/edges/llm/wires/wire.py",
        "def late():\n    import httpx",
        "Connections are made by genie.edges.http alone",
    ),
    "the library and a catalogue": ("genie/runtime/run.py", "import genie_finance", "imports no catalogue"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Plant every import in one copy of the tree, and return what is said of each broken contract."""
    copy = tmp_path_factory.mktemp("tree")
    for folder, target in (("genie", "genie"), ("agents/genie_finance", "genie_finance")):
        shutil.copytree(ROOT / folder, copy / target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, line, _ in PLANTED.values():
        with (copy / name.removeprefix("agents/")).open("a") as file:
            file.write(f"\n{line}\n")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"]
    checked = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert checked.returncode != 0
    told = checked.stdout.partition("\nBroken contracts\n")[2]
    return re.split(r"\n(?=[^\n]+\n-{5,}\n)", told)


@pytest.mark.parametrize(("name", "line", "contract"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_import_is_caught(broken: list[str], name: str, line: str, contract: str) -> None:
    module = name.removeprefix("agents/").removesuffix(".py").replace("/", ".")
    imported = line.rsplit(maxsplit=1)[-1] if "from" not in line else line.split()[1]
    told = [section for section in broken if contract in section.partition("\n-----")[0]]
    assert any(f"{module} -> {imported} (l." in section for section in told), broken
