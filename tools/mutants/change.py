"""Puts a mutant in place of the source: in the functions of a process that has imported it, or at the import."""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.machinery
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

Functions = dict[tuple[str, str, int], list[FunctionType]]
"""The functions of a process, by file, name and first line."""


def functions_of(files: Iterable[Path]) -> Functions:
    """Return the functions of some files that this process has imported."""
    names = {str(file) for file in files}
    made: Functions = {}
    for function in gc.get_objects():
        if type(function) is FunctionType and (code := function.__code__).co_filename in names:
            made.setdefault((code.co_filename, code.co_name, code.co_firstlineno), []).append(function)
    return made


def _outermost(tree: ast.AST, line: int, inside: Sequence[str] = ()) -> list[str]:
    """Return the classes and the function around a line; empty if the line is run by the import."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                if body[0].lineno <= line <= (node.end_lineno or 0):
                    return [*inside, name]
            case ast.ClassDef(name=name):
                if node.lineno <= line <= (node.end_lineno or 0):
                    return _outermost(node, line, [*inside, name])
            case ast.stmt():
                if found := _outermost(node, line, inside):
                    return found
            case _:
                pass
    return []


def _codes(code: CodeType, path: Sequence[str]) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name == path[0]:
            if len(path) == 1:
                yield constant
            else:
                yield from _codes(constant, path[1:])


def _lines(code: CodeType) -> Iterator[tuple[int, int, int | None]]:
    yield from code.co_lines()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _lines(constant)


def put(source: str, file: Path, line: int, functions: Functions) -> bool:
    """Change the function around a line of a file in this process; False where only a new import can do it."""
    original = file.read_text(encoding="utf-8")
    path = _outermost(ast.parse(original), line)
    if not path:
        return False
    name = str(file)
    pairs = zip(_codes(compile(original, name, "exec"), path), _codes(compile(source, name, "exec"), path), strict=True)
    before, after = next(pair for pair in pairs if line in {at for _, _, at in _lines(pair[0])})
    found = functions.get((name, before.co_name, before.co_firstlineno), ())
    if not found or before.co_freevars != after.co_freevars:
        return False
    for function in found:
        function.__code__ = after
    return True


class Changed(importlib.machinery.SourceFileLoader):
    """Loads one module from a changed source."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source.encode()

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code of the changed source."""
        return self.source_to_code(self._source, self.get_filename(fullname))


class Finder(importlib.abc.MetaPathFinder):
    """Finds one module, in order that it is imported from a changed source."""

    def __init__(self, name: str, file: Path, source: str) -> None:
        self._loader = Changed(name, str(file), source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where the module is; None for every other one."""
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if found is None or fullname != self._loader.name:
            return None
        found.loader = self._loader
        return found
