"""Mutation checks: small wrong changes (mutants) of the source. A test should fail for each of them.

``mutants_of`` makes the mutants from the syntax tree; ``python -m tools.mutants`` runs the tests against them.
Annotations, ``__repr__``, ``if TYPE_CHECKING``, raised errors, f-strings and log lines are never changed.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

LONGEST = 90
"""Characters of code in the description of a mutant."""
# An order becomes off by one; every other comparison becomes its opposite.
_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPPOSITES = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
_TEXTS = frozenset({"__repr__", "__str__", "_repr_html_"})
_Change = tuple[ast.expr | ast.stmt, str, str]  # a node, the code that replaces it, and the description


class Mutant(NamedTuple):
    """One file, named relative to the root of the tree, with one change."""

    path: str
    line: int
    change: str
    source: str
    """The whole changed file."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.change}"


def _short(code: ast.AST | str) -> str:
    text = " ".join((code if isinstance(code, str) else ast.unparse(code)).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _to(node: ast.expr | ast.stmt, new: str) -> _Change:
    return node, new, f"{_short(node)} -> {_short(new)}"


def _negated(*tests: ast.expr | None) -> Iterator[_Change]:
    for test in tests:
        # Swapping a single `==`, `is` or `in` is its negation already, and `while True` is not a condition.
        swapped = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], _OPPOSITES)
        if test is not None and not swapped and not isinstance(test, ast.Constant):
            yield _to(test, f"not ({ast.unparse(test)})")


def _changes(node: ast.AST) -> Iterator[_Change]:
    """Yield the changes of one node, without those of its children."""
    match node:
        case ast.If(test=test):
            yield from _negated(test)
            yield test, "False", f"if {_short(test)}: body skipped"
        case ast.While(test=test) | ast.IfExp(test=test):
            yield from _negated(test)
        case ast.comprehension(ifs=tests):
            yield from _negated(*tests)
        case ast.match_case(guard=guard):
            yield from _negated(guard)
        case ast.Compare(ops=operators):
            for place, operator in enumerate(operators):
                changed = copy.deepcopy(node)
                changed.ops[place] = _SWAPPED[type(operator)]()
                yield _to(node, ast.unparse(changed))
        case ast.BoolOp(op=operator, values=values):
            swapped = ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            yield _to(node, f"({ast.unparse(swapped)})")
        case (
            ast.Expr(value=ast.Call() | ast.Await(value=ast.Call()))
            | ast.AugAssign(op=ast.Add() | ast.Sub(), value=ast.Constant())
        ):
            yield node, "pass", f"{_short(node)} removed"
        case ast.Return(value=ast.Constant(value=bool() | int() | str() as value) as constant):
            other = "" if value else "x"
            new = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else other
            yield constant, repr(new), f"{_short(node)} -> return {new!r}"
        case _:
            pass


def _walk(node: ast.AST) -> Iterator[_Change]:
    """Yield the changes of a node and of all below it that may be changed."""
    below: Sequence[ast.AST | None] = tuple(ast.iter_child_nodes(node))
    match node:
        case ast.Raise() | ast.Assert() | ast.JoinedStr():
            return
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in _LOGS:
            return
        case ast.If(test=test) if "TYPE_CHECKING" in ast.unparse(test):
            below = ()
        case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
            below = () if name in _TEXTS else body  # no decorators, no annotations
        case ast.AnnAssign(value=value):
            below = (value,)
        case _:
            pass
    if below:
        yield from _changes(node)
    for child in below:
        if child is not None:
            yield from _walk(child)


def mutants_of(source: str, path: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its lines."""
    content = source.encode()
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    made: list[Mutant] = []
    for node, new, change in _walk(ast.parse(source)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        made.append(Mutant(path, node.lineno, change, (content[:begin] + new.encode() + content[end:]).decode()))
    return sorted(made, key=lambda mutant: mutant.line)


def files_in(root: Path, packages: Iterable[str]) -> list[str]:
    """Return the files of packages or modules; ``FileNotFoundError`` if one of them is not in the tree."""
    made: list[str] = []
    for place in (root / package for package in packages):
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        if not files:
            raise FileNotFoundError(f"{place.relative_to(root)}: no Python file in {root.name}")
        made += [file.relative_to(root).as_posix() for file in files]
    return made


def mutants_in(root: Path, packages: Iterable[str]) -> list[Mutant]:
    """Return every mutant of some packages or modules; ``FileNotFoundError`` if one of them is not in the tree."""
    files = files_in(root, packages)
    return [mutant for file in files for mutant in mutants_of((root / file).read_text(encoding="utf-8"), file)]


def without_equivalents(mutants: list[Mutant], file: Path) -> tuple[list[Mutant], list[str]]:
    """Leave out the mutants that a file lists as equivalent: no test can tell them from the source.

    Args:
        mutants: All mutants of some packages.
        file: TOML, ``[[equivalent]]`` with ``file`` (the name alone), ``change``, ``reason``, and ``count``, the number
            of such changes in that file, if it is not one.

    Returns:
        The other mutants, and the entries about these files that do not match, such as those of code that changed.
    """
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    names = {Path(mutant.path).name for mutant in mutants}
    listed = {(entry["file"], entry["change"]): entry.get("count", 1) for entry in entries if entry["reason"].strip()}
    found = Counter((Path(mutant.path).name, mutant.change) for mutant in mutants)
    stale = [f"{name}: {change}" for (name, change), count in listed.items() if name in names
             and found[name, change] != count]  # fmt: skip
    return [mutant for mutant in mutants if (Path(mutant.path).name, mutant.change) not in listed], stale


def sample(mutants: list[Mutant], limit: int | None, seed: int) -> list[Mutant]:
    """Return at most ``limit`` mutants, always the same for a seed; a higher limit keeps those of a lower one."""
    drawn = sorted(range(len(mutants)), key=lambda at: hashlib.sha256(f"{seed}/{mutants[at]}".encode()).digest())
    return [mutants[at] for at in sorted(drawn[:limit])]
