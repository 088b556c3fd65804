"""One module alone parks, and one alone makes masked copies: read from the syntax of every module of the library."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALONE = {"Parked": "genie/inflight/pending.py", "mask": "genie/policy/disclosure.py"}
"""What is called -> the one module that calls it."""


def callers(folder: Path, name: str) -> set[str]:
    """Return the modules that call a function or a class of a name, also under another name or through its module."""
    found = set()
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not re.search(rf"\b{name}\b", text):
            continue
        tree = ast.parse(text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        known = {alias.asname or name for node in imports for alias in node.names if alias.name == name} | {name}
        called = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if known & called:
            found.add(path.relative_to(folder.parent).as_posix())
    return found


@pytest.mark.parametrize("name", ALONE)
def test_one_module_alone_calls_it(name: str) -> None:
    assert callers(ROOT / "genie", name) == {ALONE[name]}


@pytest.mark.parametrize("line", ["mask(1)", "policy.mask(1)", "from genie.policy.policy import mask as hide\nhide(1)"])
def test_a_second_caller_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "genie").mkdir()
    (tmp_path / "genie/other.py").write_text(line)
    assert callers(tmp_path / "genie", "mask") == {"genie/other.py"}
