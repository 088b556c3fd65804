"""The floor plan holds: packages at the root, a page for each, short files, a kernel that can be read in an hour.

Each rule is a function of a folder, so that a planted violation in another folder proves that it can fail. That public
things have docstrings is a rule of ruff.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = {"genie": 500, "agents": 500, "tools": 500, "benchmarks": 500, "tests": 700}
"""Folder -> most lines of a file below it. There is no list of exceptions, and none may be added."""
FOREIGN = {"peers"}
"""Folders of files that come from elsewhere and stay as they are: every bus is measured by the same common.py."""
MOST_BUS_LINES = 3_000
"""Of all modules of the kernel together, so that it is read in an hour."""
KERNEL = ("bus", "inflight", "execution", "observation", "policy")
MOST_LINES_WITH_ANY = 40
"""Where values of third parties enter: handlers, scratch, settings, policies."""
ROOT_MODULES = {"__init__.py", "__main__.py"}


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def long_files(root: Path) -> list[str]:
    """Return the files that are longer than their folder allows."""
    return sorted(
        path.relative_to(root).as_posix()
        for folder, longest in LONGEST.items()
        for path in (root / folder).rglob("*.py")
        if not FOREIGN & set(path.relative_to(root).parts) and lines_of(path) > longest
    )


def root_modules(root: Path) -> list[str]:
    """Return the modules at the root of the library that belong into a package."""
    return sorted(path.name for path in (root / "genie").glob("*.py") if path.name not in ROOT_MODULES)


def bus_lines(root: Path) -> int:
    """Return the lines of the kernel."""
    return sum(lines_of(path) for path in (root / "genie/bus").glob("*.py"))


def packages(root: Path) -> list[str]:
    return sorted(path.parent.name for path in (root / "genie").glob("*/__init__.py"))


def is_documented(root: Path, package: str) -> bool:
    """True when a page names the package; the overview and the decision records do not count."""
    pages = [
        path for path in (root / "docs").rglob("*.md") if path.name != "house.md" and "decisions" not in path.parts
    ]
    name = re.compile(rf"\bgenie[./]{package}\b")
    return any(name.search(path.read_text(encoding="utf-8")) for path in pages)


# --- this tree ---


def test_files_are_short() -> None:
    assert long_files(ROOT) == []


def lines_with_any(root: Path) -> int:
    """Lines of the kernel that say ``Any``, imports left out."""
    sources = (path.read_text() for name in KERNEL for path in (root / "genie" / name).glob("*.py"))
    lines = (line for source in sources for line in source.splitlines() if "import" not in line)
    return sum(re.search(r"\bAny\b", line) is not None for line in lines)


def test_the_kernel_knows_its_types() -> None:
    assert lines_with_any(ROOT) <= MOST_LINES_WITH_ANY


def test_a_planted_any_is_counted(tmp_path: Path) -> None:
    for name in KERNEL:
        (tmp_path / "genie" / name).mkdir(parents=True)
    (tmp_path / "genie" / KERNEL[0] / "new.py").write_text("from typing import Any\nx: Any = 1\n")
    assert lines_with_any(tmp_path) == 1


def test_the_root_holds_the_errors_alone() -> None:
    assert root_modules(ROOT) == []


def test_the_kernel_is_read_in_an_hour() -> None:
    assert bus_lines(ROOT) <= MOST_BUS_LINES


@pytest.mark.parametrize("package", packages(ROOT))
def test_a_package_has_a_page(package: str) -> None:
    assert is_documented(ROOT, package), f"no page of docs/ names genie.{package}"


def test_slow_tests_are_left_out_by_default_and_run_by_ci() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    recipe = re.search(r"^test-slow:.*\n\t(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert options["addopts"][-2:] == ["-m", "not slow and not real_model"]
    assert recipe is not None
    assert recipe[1].endswith("-m slow")
    # It reads the files alone that say so themselves: no other one may mark tests.
    others = [path for path in (ROOT / "tests").rglob("*.py") if not path.name.startswith("test_")]
    assert [path for path in others if re.search(r"mark\.slow|add_marker", path.read_text())] == []
    every = re.search(r"^test:.*\n\t(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert every is not None
    assert every[1].endswith('$(if $(ALL),-m "not real_model")')
    assert "make --no-print-directory test ALL=1" in (ROOT / ".ci/run").read_text().splitlines()


# --- planted violations ---


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree that keeps every rule by a hair."""
    for folder, longest in LONGEST.items():
        write(tmp_path / folder / "deep" / "longest.py", longest)
    write(tmp_path / "benchmarks/peers/common.py", 2_000)
    for name in ROOT_MODULES:
        write(tmp_path / "genie" / name, 10)
    for number in range(6):
        write(tmp_path / f"genie/bus/part{number}.py", MOST_BUS_LINES // 6)
    write(tmp_path / "genie/bus/__init__.py", 0)
    write(tmp_path / "genie/bus/inner/deeper.py", 400)
    (tmp_path / "docs/decisions").mkdir(parents=True)
    (tmp_path / "docs/kernel.md").write_text("The kernel is `genie.bus`.")
    return tmp_path


def write(path: Path, lines: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("pass\n" * lines)


def test_a_tree_that_keeps_the_rules_is_let_through(tree: Path) -> None:
    assert (long_files(tree), root_modules(tree), bus_lines(tree)) == ([], [], MOST_BUS_LINES)
    assert [package for package in packages(tree) if not is_documented(tree, package)] == []


@pytest.mark.parametrize("folder", LONGEST)
def test_one_line_too_many_is_caught(tree: Path, folder: str) -> None:
    write(tree / folder / "deep/longest.py", LONGEST[folder] + 1)
    assert long_files(tree) == [f"{folder}/deep/longest.py"]


def test_a_module_at_the_root_is_caught(tree: Path) -> None:
    write(tree / "genie/helpers.py", 1)
    assert root_modules(tree) == ["helpers.py"]


def test_one_line_too_many_in_the_kernel_is_caught(tree: Path) -> None:
    write(tree / "genie/bus/one_more.py", 1)
    assert bus_lines(tree) == MOST_BUS_LINES + 1


@pytest.mark.parametrize("page", ["docs/house.md", "docs/decisions/001.md", "docs/other.md"])
def test_a_package_without_a_page_is_caught(tree: Path, page: str) -> None:
    (tree / "docs/kernel.md").unlink()
    (tree / page).write_text("`genie.bus_tools`" if page == "docs/other.md" else "`genie.bus`")
    assert not is_documented(tree, "bus")


@pytest.mark.parametrize("folder", ["genie/bus", "agents/genie_finance/tax"])
def test_a_public_thing_without_a_docstring_is_caught(folder: str) -> None:
    planted = "class Thing:\n    def act(self) -> None:\n        pass\n\n\ndef make() -> None:\n    pass\n"
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format=json",
        f"--stdin-filename={folder}/planted.py",
        "-",
    ]
    checked = subprocess.run(command, cwd=ROOT, input=planted, capture_output=True, text=True, check=False)
    assert {found["code"] for found in json.loads(checked.stdout)} >= {"D100", "D101", "D102", "D103"}
