"""Every test can fail: it asserts, expects an error, or calls a conformance suite or a helper that does.

Read from the syntax, so nothing runs. There is no list of exceptions, and none may be added.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPECTING = {"raises", "warns", "fail", "run_state_machine_as_test"}
"""Names of pytest and Hypothesis that fail a test without the word assert."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[Path, str]
"""A file, and the name of a function in it."""


def called_name(call: ast.Call) -> str:
    """Return the last word of what is called: `raises` of `pytest.raises(...)`."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def calls(function: Function) -> set[str]:
    return {called_name(node) for node in ast.walk(function) if isinstance(node, ast.Call)}


def uses(function: Function) -> set[str]:
    """Return the names that a function reads: what it calls, and what it hands to something else that calls it."""
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


def asserts(node: ast.AST) -> bool:
    match node:
        case ast.Assert() | ast.Raise(exc=ast.Call(func=ast.Name(id="AssertionError"))):
            return True
        case _:
            return False


def fails_itself(function: Function) -> bool:
    """True when the function asserts, expects an error, or calls a conformance suite."""
    return any(map(asserts, ast.walk(function))) or any(
        name in EXPECTING or name.startswith("check_") for name in calls(function)
    )


def imported(tree: ast.Module, root: Path) -> dict[str, Place]:
    """Return the names that a file imports from other files of the tests, each with its place."""
    return {
        alias.asname or alias.name: ((root / node.module.replace(".", "/")).with_suffix(".py"), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def unable_to_fail(folder: Path) -> list[str]:
    """Return `file:line test` of each test that nothing can fail; a helper counts when it can fail itself."""
    functions: dict[Place, Function] = {}
    foreign: dict[Path, dict[str, Place]] = {}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        foreign[path] = imported(tree, folder.parent)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions[path, node.name] = node
    can = {place for place, function in functions.items() if fails_itself(function)}

    def reaches(path: Path, name: str) -> bool:
        return (path, name) in can or foreign[path].get(name) in can

    read = {place: uses(function) for place, function in functions.items() if place not in can}
    while more := {(path, name) for (path, name), used in read.items() if any(reaches(path, one) for one in used)}:
        can |= more
        for place in more:
            del read[place]
    return [
        f"{path.relative_to(folder).as_posix()}:{function.lineno} {name}"
        for (path, name), function in functions.items()
        if name.startswith("test_") and (path, name) not in can
    ]


def test_every_test_can_fail() -> None:
    assert unable_to_fail(ROOT / "tests") == []


@pytest.mark.parametrize(
    "body",
    [
        "assert made",
        "with pytest.raises(ValueError):\n        made()",
        "pytest.fail('never')",
        "await check_event_log(made)",
        "holds(made)",
        "goes_deeper(made)",
        "live(holds, made)",
    ],
)
def test_a_test_that_can_fail_is_let_through(tmp_path: Path, body: str) -> None:
    write(tmp_path, body)
    assert unable_to_fail(tmp_path) == []


@pytest.mark.parametrize("body", ["made()", "print('assert')", "with made():\n        pass", "looks(made)"])
def test_a_test_that_nothing_can_fail_is_caught(tmp_path: Path, body: str) -> None:
    write(tmp_path, body)
    assert unable_to_fail(tmp_path) == ["test_made.py:3 test_it"]


def write(folder: Path, body: str) -> None:
    head = f"from {folder.name}.helpers import goes_deeper, holds, looks"
    (folder / "test_made.py").write_text(f"{head}\n\nasync def test_it():\n    {body}\n")
    (folder / "other.py").write_text("def looks(made):\n    assert made\n")
    (folder / "helpers.py").write_text(
        "def holds(made):\n    assert made\n\ndef goes_deeper(made):\n    holds(made)\n\ndef looks(made):\n    made()\n"
    )
