"""A timer is data: a due time, a kind and a reference. No timer of the library holds a function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "genie"


def functions_in(source: str) -> list[int]:
    """Return the lines on which a timer is set whose reference is a function, a method or a closure."""
    tree = ast.parse(source)
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    found = []
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"at", "soon"}
        ):
            continue
        owner = node.func.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if name.strip("_") != "timers" or not node.args:
            continue
        ref = node.args[-1]
        is_method = isinstance(ref, ast.Attribute) and (ref.attr in methods or ref.attr in {"wake", "limit", "cancel"})
        is_function = isinstance(ref, ast.Lambda | ast.Call) or (isinstance(ref, ast.Name) and ref.id in methods)
        if is_method or is_function:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", [p for p in sorted(ROOT.rglob("*.py")) if "timers." in p.read_text(encoding="utf-8")])
def test_a_timer_refers_to_an_object(path: Path) -> None:
    assert functions_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("ref", ["waiter.wake", "lambda: None", "partial(end, run)", "give_up", "self._look"])
def test_a_function_is_noticed(ref: str) -> None:
    source = f"def give_up(): pass\ndef _look(self): self._bus.timers.at(1.0, 'call', {ref})\n"
    assert functions_in(source) == [2]
