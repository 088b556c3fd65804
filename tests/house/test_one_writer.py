"""Only ``accounting`` changes a counter of the account: read from the syntax of every module of the library.

A counter is found by its name. An object of another kind that has a counter of such a name changes it through ``self``,
so that no other assignment is ambiguous.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACCOUNTING = ROOT / "genie/inflight/accounting.py"
COUNTERS = {
    "AgentCounters": "accepted charged charged_tokens failed redacted refused retried times",
    "AgentRun": "failed handled times",
    "OutcomeCounters": "cancelled dead_lettered denied expired handled",
    "RunState": "delayed folded held",
    "Scope": "accepted cancelled dead_lettered delayed denied expired handled held in_flight late own_held redacted "
    "unrouted",
    "Totals": "departed late unrouted",
}
"""Class -> its counters. A class that derives from one of these changes them no more than anybody else."""
NAMES = {name for names in COUNTERS.values() for name in names.split()}
INDEX = "deliveries"
"""The set of what is in flight in a scope. Other things of that name are no sets."""
LIST_CHANGES = {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"}
MAY_WRITE = re.compile(
    rf"\.(?:{'|'.join(sorted(NAMES))})\b[^\n]*=|\b(?:for|del|as)\b[^\n]*\.(?:{'|'.join(sorted(NAMES))})\b"
    rf"|\.(?:times|{INDEX})\b[^\n]*\.|(?:set|del)attr|accounting"
)
"""In the text of each module that changes the account, and of few others; only these are parsed."""
SET_CHANGES = {"add", "clear", "difference_update", "discard", "intersection_update", "remove", "update"}


def assigned(node: ast.AST) -> list[ast.expr]:
    """Return what a node of the syntax assigns to, or deletes."""
    match node:
        case ast.Assign(targets=found) | ast.Delete(targets=found):
            parts = found
        case ast.AugAssign(target=one) | ast.AnnAssign(target=one) | ast.For(target=one) | ast.AsyncFor(target=one):
            parts = [one]
        case ast.withitem(optional_vars=ast.expr() as one):
            parts = [one]
        case _:
            parts = []
    flat: list[ast.expr] = []
    while parts:
        part = parts.pop()
        if isinstance(part, ast.Tuple | ast.List):
            parts.extend(part.elts)
        else:
            flat.append(part)
    return flat


def attribute(node: ast.expr) -> ast.Attribute | None:
    """Return the attribute that is changed with an expression, or with a part of it."""
    while isinstance(node, ast.Subscript | ast.Starred):
        node = node.value
    return node if isinstance(node, ast.Attribute) else None


def dynamic(call: ast.Call, *, knows_the_kernel: bool) -> bool:
    """True for a ``setattr`` of a counter, or of whatever a variable names, on anything but ``self`` and a class."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name not in {"setattr", "delattr", "__setattr__", "__delattr__"} or len(call.args) < 2:
        return False
    owner, what = call.args[0], call.args[1]
    if isinstance(owner, ast.Name) and (owner.id in {"self", "cls"} or owner.id[0].isupper()):
        return False
    return what.value in NAMES if isinstance(what, ast.Constant) else knows_the_kernel


def writes(tree: ast.Module) -> list[int]:
    """Return the lines of a module that change the account."""
    protected: dict[int, set[str]] = {}  # of each node in a class: what it may not even change through ``self``
    for owner in ast.walk(tree):
        if isinstance(owner, ast.ClassDef):
            bases = {ast.unparse(base).rpartition(".")[2] for base in owner.bases}
            names = {name for base in bases & COUNTERS.keys() for name in COUNTERS[base].split()}
            protected |= {id(node): names for node in ast.walk(owner)}

    def is_own(node: ast.AST, found: ast.Attribute) -> bool:
        by_self = isinstance(found.value, ast.Name) and found.value.id == "self"
        return by_self and found.attr not in protected.get(id(node), NAMES)

    knows = any(isinstance(node, ast.ImportFrom) and "genie.inflight" in (node.module or "") for node in ast.walk(tree))
    lines = set()
    for node in ast.walk(tree):
        for target in assigned(node):
            found = attribute(target)
            if found is not None and found.attr in NAMES and not is_own(node, found):
                lines.add(found.lineno)
        match node:
            case ast.Call(func=ast.Attribute(value=table, attr=change)) if (found := attribute(table)) is not None:
                if found.attr == "times" and change in LIST_CHANGES and not is_own(node, found):
                    lines.add(node.lineno)
                if found.attr == INDEX and change in SET_CHANGES:
                    lines.add(node.lineno)
        match node:
            case ast.Call() if dynamic(node, knows_the_kernel=knows):
                lines.add(node.lineno)
            case ast.ImportFrom(module="genie.inflight.accounting", names=names):
                lines |= {node.lineno for alias in names if alias.name.startswith("_")}
            case ast.Attribute(value=ast.Name(id="accounting"), attr=name) if name.startswith("_"):
                lines.add(node.lineno)
    return sorted(lines)


def writers(folder: Path) -> dict[str, list[int]]:
    """Return the modules that change the account, with their lines."""
    found = {
        path.relative_to(folder.parent).as_posix(): writes(ast.parse(text))
        for path in sorted(folder.rglob("*.py"))
        if MAY_WRITE.search(text := path.read_text(encoding="utf-8"))
    }
    return {name: lines for name, lines in found.items() if lines}


def test_only_accounting_writes_the_account() -> None:
    assert writers(ROOT / "genie").keys() == {ACCOUNTING.relative_to(ROOT).as_posix()}


def test_the_counters_are_those_of_the_account() -> None:
    tree = ast.parse(ACCOUNTING.read_text(encoding="utf-8"))
    there = {
        owner.name: {node.id if isinstance(node, ast.Name) else node.attr
                     for part in ast.walk(owner) for target in assigned(part)
                     if isinstance(node := target, ast.Name | ast.Attribute)}
        for owner in tree.body if isinstance(owner, ast.ClassDef)
    }  # fmt: skip
    assert [name for name, names in COUNTERS.items() if set(names.split()) - there[name]] == []
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    raised = {
        node.target.attr
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute)
    }
    assert raised <= NAMES


@pytest.mark.parametrize(
    "line",
    [
        "scope.handled += 1",
        "self._bus.late += 1",
        "delivery.message.scope.run.held = 0",
        "run.folded, run.root = counts, root",
        "subscription.counters.times[3] += 1",
        "subscription.counters.times.append(3)",
        "scope.deliveries.discard(delivery)",
        "del scope.in_flight",
        "for scope.handled in range(3): pass",
        "setattr(scope, 'handled', 3)",
        "setattr(counters, outcome.value, 3)",
        "object.__setattr__(scope, 'late', 3)",
        "accounting._count(scope, outcome)",
        "from genie.inflight.accounting import _count",
        "class Other(Scope):\n    def act(self):\n        self.handled += 1",
        "class Other(accounting.Totals):\n    def act(self):\n        self.late = 0",
        "self.handled += 1",
    ],
)
def test_a_write_elsewhere_is_found(line: str) -> None:
    text = f"from genie.inflight.delivery import Delivery\n{line}"
    assert MAY_WRITE.search(text)
    assert writes(ast.parse(text)) != []


@pytest.mark.parametrize(
    "line",
    [
        "accounting.settle(delivery, outcome)",
        "class Own:\n    def act(self):\n        self.handled += 1\n        self.times.append(2)",
        "class Own:\n    def act(self):\n        setattr(self, name, 3)",
        "class Bus(Totals):\n    def __init__(self):\n        self.delayed = None",
        "ticket.deliveries[delivery] = None",
        "ticket.deliveries.pop(delivery)",
        "print(scope.handled, scope.deliveries)",
    ],
)
def test_what_only_looks_like_one_is_not(line: str) -> None:
    assert writes(ast.parse(f"from genie.inflight.delivery import Delivery\n{line}")) == []
